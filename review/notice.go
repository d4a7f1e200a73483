package review

import (
	"context"
	"slices"
	"time"

	"sallyport/policy"
)

// NoticeKind names what a notice is about. The words are stable: choices,
// webhooks and the record use them.
type NoticeKind string

// Every kind of notice. The first nine are the airlock events of OpenSAFELY's
// job-server.
const (
	NoticeSubmitted         NoticeKind = "submitted"
	NoticeWithdrawn         NoticeKind = "withdrawn"
	NoticePartiallyReviewed NoticeKind = "partially_reviewed"
	NoticeReviewed          NoticeKind = "reviewed"
	NoticeApproved          NoticeKind = "approved"
	NoticeReleased          NoticeKind = "released"
	NoticeRejected          NoticeKind = "rejected"
	NoticeReturned          NoticeKind = "returned"
	NoticeResubmitted       NoticeKind = "resubmitted"

	NoticeAssigned       NoticeKind = "assigned"
	NoticeUnassigned     NoticeKind = "unassigned"
	NoticeComment        NoticeKind = "comment"
	NoticeReminder       NoticeKind = "reminder"
	NoticeOverdue        NoticeKind = "overdue"
	NoticeDeliveryFailed NoticeKind = "delivery_failed"
	NoticeRecalled       NoticeKind = "recalled"
	NoticeTraining       NoticeKind = "training"
	NoticeDraftReady     NoticeKind = "draft_ready"
	NoticeDraftFailed    NoticeKind = "draft_failed"
	NoticeExpiring       NoticeKind = "expiring" // a draft that the retention policy is about to withdraw
	NoticeExpired        NoticeKind = "expired"  // and one that it has withdrawn
	NoticeDamaged        NoticeKind = "damaged"  // stored bytes that are not those on record
	NoticeHeld           NoticeKind = "held"
	NoticeHoldLifted     NoticeKind = "hold_lifted"

	// NoticeDigest holds others, and nobody chooses it by itself.
	NoticeDigest NoticeKind = "digest"
	// NoticeTest is what an operator sends to see that a channel works.
	NoticeTest NoticeKind = "test"
)

// Audience is whom a notice concerns, and as what. A person is told of one
// change once, as the first that fits in the order of [NoticeRules].
type Audience string

const (
	ToSubject  Audience = "subject"  // the person whom it is about: who was given a seat, whose draft it is
	ToAuthor   Audience = "author"   // who filed the request
	ToMembers  Audience = "members"  // others of the project
	ToAssigned Audience = "assigned" // who holds a seat on the request
	ToLeads    Audience = "leads"    // lead checkers who hold no seat on it
	ToAuditors Audience = "auditors"
	ToOperator Audience = "operators" // they are told neither requester nor purpose
)

// When is how soon somebody is told.
type When string

const (
	AtOnce   When = "at_once"
	Daily    When = "daily" // in one digest a day
	NotAtAll When = "never"
)

// NoticeRule is one row of who hears of what. Its words hold no data: project,
// requester, purpose and a link are added to them, and nothing else ever is.
type NoticeRule struct {
	Kind    NoticeKind
	To      Audience
	Default When
	// Fixed rules cannot be switched off, only moved to the digest.
	Fixed   bool
	Subject string
	Text    string
}

// Key names the rule in a person's choices.
func (r NoticeRule) Key() string { return string(r.Kind) + "/" + string(r.To) }

// Personal reports whether the kind goes to people only, and never to a channel
// that many read: because it concerns one person, or because a checker who read
// it there would learn of the other's review.
func (k NoticeKind) Personal() bool {
	shared := []NoticeKind{
		NoticeSubmitted, NoticeWithdrawn, NoticeReviewed, NoticeApproved, NoticeReleased, NoticeRejected,
		NoticeReturned, NoticeResubmitted, NoticeDeliveryFailed, NoticeDamaged, NoticeRecalled,
	}
	return !slices.Contains(shared, k)
}

// Notice is what one person, or a channel that many read, is told. It never
// holds contents, names of files or groups, titles or comments.
type Notice struct {
	// ID is the same whenever the same notice is made again.
	ID   string
	Kind NoticeKind
	To   Audience // "" on a shared channel
	// Person is who is told, Email their address; both empty on a shared channel.
	Person Username
	Email  string
	Name   string // of the person
	At     time.Time

	Request   RequestID // may be empty
	Workspace WorkspaceName
	Project   string // its name
	Requester string // full name
	Author    Username
	Actor     Username // who did it; for programs only, never in words to people
	Purpose   string   // one line, cut when long

	Subject, Text string // of its rule
	// Path is where to look, on this service; Link is the whole address.
	Path, Link string

	// Daily waits for the digest; Digest is the one that took it.
	Daily  bool
	Digest string
	// Items are the notices of a digest, oldest first.
	Items []Notice
}

// Channel carries notices out of the service. Sending the same notice twice must
// be recognisable by its ID where it arrives.
type Channel interface {
	// Send hands one notice over, or fails within a minute; it is then tried
	// again, later.
	Send(ctx context.Context, n Notice) error
}

// NamedChannel is a channel as it is configured.
type NamedChannel struct {
	Name    string // stable: it is part of the names of jobs
	Channel Channel
	// Personal channels send each person their own notices. Others get one
	// notice for all who read them.
	Personal bool
	// Kinds is what a shared channel carries; empty means whatever may be shared.
	// A kind that is Personal goes there only when it is named, which is right
	// only for a program that shows it to no checker.
	Kinds []NoticeKind
}

// carries reports whether a shared channel carries the kind.
func (c NamedChannel) carries(k NoticeKind) bool {
	if len(c.Kinds) > 0 {
		return slices.Contains(c.Kinds, k)
	}
	return !k.Personal()
}

// NoticeChoices is what a person chose to be told, and when.
type NoticeChoices struct {
	// Hour of the daily digest, 0 to 23, in the service's time zone.
	Hour int `json:"hour"`
	// When, by NoticeRule.Key; a rule that is not there has its default.
	When map[string]When `json:"when,omitempty"`
}

// digestHour is when digests go to who chose nothing else.
const digestHour = 8

// For is when the person is told by the rule.
func (c NoticeChoices) For(r NoticeRule) When {
	w, chosen := c.When[r.Key()]
	if !chosen || w == NotAtAll && r.Fixed {
		return r.Default
	}
	return w
}

// NoticeQuery selects notices. Zero fields do not restrict.
type NoticeQuery struct {
	ID      string
	Person  Username
	Digest  string // taken by this digest
	Waiting bool   // for a digest
	Limit   int    // 0 means 100
}

// NoticeStore keeps what people were told, and what they chose.
type NoticeStore interface {
	// KeepNotices keeps notices, all or none; one whose ID is there already stays
	// as it is. What a rule or a channel adds (Subject, Text, Link, Email, Name) is
	// not kept.
	KeepNotices(ctx context.Context, list []Notice) error
	// KeepDigest keeps a digest, and makes it that of its items, which wait no
	// longer; both or neither. Again, it does nothing.
	KeepDigest(ctx context.Context, digest Notice) error
	// Notices lists notices, newest first, without items.
	Notices(ctx context.Context, q NoticeQuery) ([]Notice, error)
	// NoticeChoices are those of the people who made any.
	NoticeChoices(ctx context.Context) (map[Username]NoticeChoices, error)
	// SaveNoticeChoices keeps one person's, with its event.
	SaveNoticeChoices(ctx context.Context, name Username, c NoticeChoices, e Event) error
}

// rulesOf are the rules of a kind, in order.
func rulesOf(k NoticeKind) []NoticeRule {
	return slices.DeleteFunc(NoticeRules(), func(r NoticeRule) bool { return r.Kind != k })
}

// roles are those whose people the rule can concern.
func (r NoticeRule) roles() []policy.Role {
	filing := []policy.Role{policy.Researcher, policy.CoreDeveloper, policy.DataInvestigator}
	switch r.To {
	case ToAuthor, ToMembers:
		return filing
	case ToLeads:
		return []policy.Role{policy.Lead}
	case ToAuditors:
		return []policy.Role{policy.Auditor}
	case ToOperator:
		return []policy.Role{policy.Operator}
	}
	if r.Kind == NoticeDraftReady || r.Kind == NoticeDraftFailed {
		return filing
	}
	return []policy.Role{policy.Checker}
}
