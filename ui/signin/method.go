package signin

import (
	"context"
	"net/url"
	"slices"
	"time"

	"sallyport/policy"
	"sallyport/review"
)

// Method vouches for people who are known elsewhere.
//
// Its errors: Forbidden when the person is refused, Invalid when what was shown
// is not right, Unavailable when the other side cannot be asked or talks
// nonsense. Their words are for the person and hold nothing the other side said.
type Method interface {
	ID() string    // stable: identities are kept under it
	Label() string // for people: "Sign in with LABEL"
	Terms() Terms
	// Refresh asks whether a session's person may still come in. Grant is that
	// of the Profile before.
	Refresh(ctx context.Context, subject string, grant []byte) (*Profile, error)
}

// Terms say how long a method's word counts.
type Terms struct {
	Every time.Duration // how often it is asked again
	Grace time.Duration // how old its word may get while it cannot be asked
}

// Asker is a method that takes a name and a token that is used once.
type Asker interface {
	Method
	Authenticate(ctx context.Context, name, token string) (*Profile, error)
}

// Sender is a method to whose pages the browser is sent.
type Sender interface {
	Method
	// Begin returns where to send the browser. Fresh asks for the person to show
	// anew that it is they.
	Begin(ctx context.Context, a Attempt, fresh bool) (string, error)
	// Finish judges what the browser brought back.
	Finish(ctx context.Context, a Attempt, fresh bool, q url.Values) (*Profile, error)
	// SignOut returns where to send the browser to end the session there too,
	// "" when that is not offered.
	SignOut(ctx context.Context, grant []byte) string
	// BackChannel reads the provider's own word that a session is over.
	BackChannel(ctx context.Context, token string) (subject, key string, err error)
	// Origin is the one that SignOut leads to, for the policy of pages; "" when
	// it is not known.
	Origin() string
}

// Attempt is what one try at signing in is known by; each field is random, used
// once and kept in the browser's session only.
type Attempt struct {
	State, Nonce, Verifier string
}

// Profile is who somebody is to a method, and what follows from it here.
type Profile struct {
	Subject  string // never given to anybody else there
	Key      string // of the session there, "" when it has none
	Username review.Username
	Name     string
	Email    string

	Roles   []policy.Role
	Manages []policy.Role // roles that the method decides on; others stay as they are

	Projects        []review.ProjectID
	ManagesProjects bool
	InProjects      []review.ScopedRole // all roles in one project that the method gives
	Known           []review.Project    // described by the method; added where they are not there yet

	TrainedUntil time.Time // of a checker; zero leaves it as it is
	Grant        []byte    // what Refresh needs, secret
}

// Apply returns the person with what the profile decides, and whether that is
// anything new.
func (p *Profile) Apply(was review.Person) (review.Person, bool) {
	now := was
	now.Roles = slices.DeleteFunc(slices.Clone(was.Roles), func(r policy.Role) bool { return slices.Contains(p.Manages, r) })
	for _, r := range p.Roles {
		if slices.Contains(p.Manages, r) && !slices.Contains(now.Roles, r) {
			now.Roles = append(now.Roles, r)
		}
	}
	if p.ManagesProjects {
		now.Projects = slices.Compact(slices.Sorted(slices.Values(p.Projects)))
	}
	now.Vouched = p.InProjects
	if p.Name != "" {
		now.Name = p.Name
	}
	if !p.TrainedUntil.IsZero() && p.TrainedUntil.Sub(was.TrainedUntil) > 24*time.Hour {
		now.TrainedUntil = p.TrainedUntil
	}
	changed := now.Name != was.Name || !now.TrainedUntil.Equal(was.TrainedUntil) || !same(now.Roles, was.Roles) || !same(now.Projects, was.Projects) ||
		!same(inProjects(now), inProjects(was))
	return now, changed
}

func inProjects(p review.Person) []string {
	var out []string
	for _, v := range p.Vouched {
		out = append(out, string(v.Role)+" of "+string(v.Project))
	}
	return out
}

func same[T ~string](a, b []T) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
