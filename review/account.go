package review

import (
	"context"
	"time"
)

// Session is one sign-in of a person in one browser. It gives no rights: those
// are the person's, looked up for every request.
type Session struct {
	ID      string // names it in lists and in the record; no secret
	Person  Username
	Method  string // "local", "demo", or the id of a method of the configuration
	Factors string // what was shown: "password", "password, code", "passkey", ...
	// Subject and Key are who the person and the session are to the method, ""
	// when it does not say.
	Subject, Key string
	// Grant is what the method needs to be asked again, sealed with a key that
	// the store does not have.
	Grant []byte

	Started   time.Time
	Seen      time.Time // last use, to the minute
	Confirmed time.Time // when the person last showed that it is they
	Checked   time.Time // when the method last vouched for the person
	Ended     time.Time // zero while it is open

	Source  string // source address class, as in an Event
	Browser string // family and system: "Firefox on Windows"
}

// SessionQuery selects open sessions. Zero fields do not restrict; at least one
// is set.
type SessionQuery struct {
	ID      string
	Person  Username
	Except  string // the session with this id stays
	Method  string
	Subject string
	Key     string
}

// Credentials are what a person can show to sign in here.
type Credentials struct {
	Person       Username
	PasswordHash string // that of Person.PasswordHash
	// Handle names the person to passkeys: random bytes that say nothing.
	Handle   []byte
	Code     *CodeFactor // nil when there is none
	Passkeys []Passkey
	// Recovery are the SHA-256 of the recovery codes that were not used yet.
	Recovery []string
}

// SecondFactor reports whether a password alone does not let the person in.
func (c *Credentials) SecondFactor() bool { return c.Code != nil || len(c.Passkeys) > 0 }

// CodeFactor is an authenticator app that shows codes which change with time.
type CodeFactor struct {
	Secret []byte    `json:"secret"` // sealed with a key that the store does not have
	Added  time.Time `json:"added"`
	Step   int64     `json:"step"` // of the last code that was taken: no code counts twice
}

// Passkey is a key pair in a device of the person's.
type Passkey struct {
	ID     []byte    `json:"id"`
	Name   string    `json:"name"` // in the person's words
	Record []byte    `json:"record"`
	Added  time.Time `json:"added"`
	Used   time.Time `json:"used"` // last; zero when never
}

// Invitation lets whoever has its link set the password of a person, once.
type Invitation struct {
	Hash    string // SHA-256 of the secret in the link
	Person  Username
	By      Username // "system" from the command line
	Made    time.Time
	Expires time.Time // exclusive
	Used    time.Time // zero while it was not
}

// Identity says that a person here is a subject of a method.
type Identity struct {
	Method  string
	Subject string
	Person  Username
	Linked  time.Time
}

// Failures are failed tries to sign in, counted under one key: 64 characters that
// say nothing of who failed.
type Failures struct {
	N      int       // above 0
	Last   time.Time // when the last one was
	Locked time.Time // no try before this time counts; zero when there is no lock
	Forget time.Time // from when on there were none
}

// Accounts keeps what signing in needs. Package reviewtest holds every
// implementation to these contracts, those of [Store] for times and errors
// included. Whatever is changed is kept together with its events, or not at all.
type Accounts interface {
	// StartSession keeps a new session, and ends the oldest open ones of the
	// person beyond the number given; 0 is no limit.
	StartSession(ctx context.Context, s Session, most int, events ...Event) error
	// Session reads a session, ended or not; NotFound when there is none.
	Session(ctx context.Context, id string) (*Session, error)
	// OpenSessions lists sessions that have not ended, newest first.
	OpenSessions(ctx context.Context, q SessionQuery) ([]Session, error)
	// UpdateSession lets change alter an open session, other than what it is
	// (ID, Person, Method, Started); NotFound when it is not open.
	UpdateSession(ctx context.Context, id string, change func(*Session) error, events ...Event) error
	// EndSessions ends open sessions and says how many; with none, the events
	// are not kept.
	EndSessions(ctx context.Context, q SessionQuery, at time.Time, events ...Event) (int, error)

	// Credentials reads what a person can show; NotFound without the person.
	Credentials(ctx context.Context, name Username) (*Credentials, error)
	// CredentialsByHandle finds them by their handle.
	CredentialsByHandle(ctx context.Context, handle []byte) (*Credentials, error)
	// UpdateCredentials lets change alter them within a write transaction, so
	// that of two who show the same code one is taken.
	UpdateCredentials(ctx context.Context, name Username, change func(*Credentials) ([]Event, error)) error

	// Invite keeps an invitation and ends earlier ones of the person.
	Invite(ctx context.Context, i Invitation, events ...Event) error
	// Invitation reads one that was not used, by its hash; NotFound otherwise.
	Invitation(ctx context.Context, hash string) (*Invitation, error)
	// Accept uses an invitation up and sets the password. NotFound when it was
	// used, or is over at the time.
	Accept(ctx context.Context, hash, passwordHash string, at time.Time, events ...Event) error

	// Identity finds the person that a subject of a method is; NotFound when
	// they are nobody here yet. Identities lists those of a person.
	Identity(ctx context.Context, method, subject string) (Username, error)
	Identities(ctx context.Context, name Username) ([]Identity, error)
	// Link keeps a new identity; Conflict when the subject is somebody already.
	Link(ctx context.Context, i Identity, events ...Event) error
	// Vouch keeps a person as a method vouches for them, with the identity when
	// it is not kept yet; the password stays as it is. Projects and workspaces
	// that are not there yet are added, others stay as they are. Conflict when
	// the subject is somebody else.
	Vouch(ctx context.Context, i Identity, p Person, known []Project, events ...Event) error

	// UpdateFailures lets change alter what is counted under the keys, within a
	// write transaction, so that each of many who fail at once is counted. A key
	// that is not in the map, or whose N is 0 afterwards, has no failures. What is
	// to be forgotten by now is not there any more.
	UpdateFailures(ctx context.Context, keys []string, now time.Time, change func(map[string]Failures)) error

	// Append records events that change nothing.
	Append(ctx context.Context, events ...Event) error
}
