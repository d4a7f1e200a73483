package review

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sallyport/policy"
)

// RetentionStore keeps what is removed when its time is over, and what must
// stay all the same.
type RetentionStore interface {
	// Retire says that nobody keeps the bytes of these requests for their sake
	// any more, and returns those it did so for. Requests that are open, held,
	// retired before, or whose bytes are under an alarm are left out. Bytes that
	// only retired requests rest on are noted for removal, in the same
	// transaction as the events made of it. With dry nothing is kept.
	Retire(ctx context.Context, ids []RequestID, o RetireOptions) ([]Retired, error)
	// RetiredAt is when the bytes of a request were given up; zero when they
	// are kept.
	RetiredAt(ctx context.Context, id RequestID) (time.Time, error)
	// Removals lists the blobs noted for removal that are not removed yet.
	Removals(ctx context.Context) ([]BlobRemoval, error)
	// EndRemoval says how a removal ended: done, or not, because somebody stored
	// or needs the same bytes anew.
	EndRemoval(ctx context.Context, r BlobRemoval, ended time.Time, done bool) error
	// InUse reports whether a request that is not retired rests on the bytes.
	InUse(ctx context.Context, d Digest) (bool, error)

	// Unnamed returns those of the digests that no request ever rested on, open,
	// ended or retired.
	Unnamed(ctx context.Context, digests []Digest) ([]Digest, error)

	// RemovePackage notes that a package is removed from a sink, with its event;
	// false when that was noted before.
	RemovePackage(ctx context.Context, release, sink string, at time.Time, e Event) (bool, error)
	// DropSessions forgets sign-ins that were over at a time.
	DropSessions(ctx context.Context, over time.Time) (int, error)
	// ForgetSent forgets jobs that are done and were last due before a time, and
	// notices from before a time that nothing has still to be done about; what is
	// about a held request stays. With dry nothing is changed. The events made of
	// how many there are are kept in the same transaction; there are none of none.
	ForgetSent(ctx context.Context, o ForgetOptions) (Forgotten, error)

	// Hold keeps a legal hold with its event. Conflict when the request is held.
	Hold(ctx context.Context, h Hold, e Event) error
	// LiftHold ends the hold of a request: Hold's Lifted, LiftedBy and
	// LiftReason. Conflict when it is not held.
	LiftHold(ctx context.Context, h Hold, e Event) error
	// Holds lists the holds of a request, or of all, newest first.
	Holds(ctx context.Context, id RequestID) ([]Hold, error)
}

// RetireOptions is how [RetentionStore.Retire] is done.
type RetireOptions struct {
	At       time.Time
	Findings bool // findings that only retired requests have go too
	Dry      bool
	// Events makes the events of what is retired.
	Events func([]Retired) []Event
}

// ForgetOptions is how [RetentionStore.ForgetSent] is done. What is before a zero
// time is nothing.
type ForgetOptions struct {
	Jobs, Notices time.Time
	Dry           bool
	Events        func(Forgotten) []Event
}

// Forgotten counts what [RetentionStore.ForgetSent] forgets.
type Forgotten struct{ Jobs, Notices int }

// Retired is one request whose bytes are given up.
type Retired struct {
	Request  RequestID
	Digests  []Digest // removed with it: nobody else rests on them
	Findings int      // reports removed with it
}

// BlobRemoval is one blob noted for removal.
type BlobRemoval struct {
	Digest Digest
	At     time.Time
}

// Hold keeps the bytes of a request, whatever the policy says.
type Hold struct {
	ID      string
	Request RequestID
	At      time.Time
	By      Username
	Reason  string
	// Zero while it is in force.
	Lifted     time.Time
	LiftedBy   Username
	LiftReason string
}

// PackageKeeper is a sink in a place of our own, whose packages can be removed
// when their time is over. Nothing is said there, and nothing is recalled.
type PackageKeeper interface {
	// RemovePackage removes what Deliver put there. Idempotent.
	RemovePackage(ctx context.Context, rel *Release, location string) error
}

// RetentionItem is one thing that the policy says is to go, or to be told of.
type RetentionItem struct {
	Rule      string // the key in the policy: "drafts", "blobs.released", "packages", ...
	What      string // "tell the author", "withdraw the draft", "remove the bytes", "remove the package"
	Request   RequestID
	Workspace WorkspaceName
	Status    Status
	Since     time.Time // from when the days are counted
	Days      policy.Days
	Digests   []Digest // that go
	Findings  int
	Sink      string
}

// RetentionPlan is what applying the policy now would do, or has done.
type RetentionPlan struct {
	At       time.Time
	Items    []RetentionItem
	Held     int // requests past their time that a hold keeps
	Sessions int // dropped; 0 in a dry run
	Removed  int // blobs removed; 0 in a dry run
	// Forgotten are the jobs of the outbox, and the notices, that go.
	Forgotten Forgotten
}

// ApplyRetention does what the policy says about how long things stay. A dry
// run changes nothing. What it does is on record before anything is removed,
// and a run that was cut short is finished by the next.
func (s *Service) ApplyRetention(ctx context.Context, dry bool) (*RetentionPlan, error) {
	plan := &RetentionPlan{At: s.Now()}
	err := errors.Join(s.expireDrafts(ctx, plan, dry), s.retire(ctx, plan, dry), s.expirePackages(ctx, plan, dry), s.expireUnnamed(ctx, plan, dry), s.forgetSent(ctx, plan, dry))
	if err != nil || dry {
		return plan, err
	}
	if d := s.Policy.Retention.Sessions; d != policy.Never {
		if plan.Sessions, err = s.Store.DropSessions(ctx, before(plan.At, d)); err != nil {
			return plan, err
		}
	}
	n, err := s.removeBlobs(ctx)
	plan.Removed += n
	return plan, err
}

// forgetSent forgets what the outbox did, and what people were told, long ago.
func (s *Service) forgetSent(ctx context.Context, plan *RetentionPlan, dry bool) (err error) {
	rules := s.Policy.Retention
	o := ForgetOptions{Dry: dry, Events: func(n Forgotten) []Event {
		e := s.event(system(), EvRetention, nil)
		e.Detail = map[string]string{
			"rule": "outbox", "jobs": fmt.Sprint(n.Jobs), "jobs_days": rules.Jobs.String(), "notices": fmt.Sprint(n.Notices), "notices_days": rules.Notices.String(),
		}
		return []Event{e}
	}}
	if rules.Jobs != policy.Never {
		o.Jobs = before(plan.At, rules.Jobs)
	}
	if rules.Notices != policy.Never {
		o.Notices = before(plan.At, rules.Notices)
	}
	plan.Forgotten, err = s.Store.ForgetSent(ctx, o)
	return err
}

func before(now time.Time, d policy.Days) time.Time { return now.AddDate(0, 0, -int(d)) }

// retirePage is how many requests are looked at and retired at once.
const retirePage = 200

// eachRequest calls do for every request in one of the statuses, in pages.
func (s *Service) eachRequest(ctx context.Context, do func([]Request) error, statuses ...Status) error {
	next := func(after Place, limit int) ([]Request, error) {
		return s.Store.Requests(ctx, RequestQuery{Statuses: statuses, Limit: limit, After: after})
	}
	for list, err := range Pages(retirePage, next, (*Request).Place) {
		if err != nil {
			return err
		}
		if err := do(list); err != nil {
			return err
		}
	}
	return nil
}

// expireDrafts tells authors of drafts that nobody has touched for long, and
// withdraws those whose authors were told in time and did nothing.
func (s *Service) expireDrafts(ctx context.Context, plan *RetentionPlan, dry bool) error {
	rules := s.Policy.Retention
	if rules.Drafts == policy.Never {
		return nil
	}
	tell := before(plan.At, rules.Drafts-policy.Days(rules.DraftNotice))
	var old []Request
	err := s.eachRequest(ctx, func(list []Request) error {
		for _, r := range list {
			if r.Updated.Before(tell) {
				old = append(old, r)
			}
		}
		return nil
	}, Pending, Returned)
	if err != nil {
		return err
	}
	for _, r := range old {
		told, err := s.Store.Events(ctx, EventQuery{Request: r.ID, Types: []EventType{EvExpiring}, Newest: true, Limit: 1})
		if err != nil {
			return err
		}
		item := RetentionItem{Rule: "drafts", What: "tell the author", Request: r.ID, Workspace: r.Workspace, Status: r.Status, Since: r.Updated, Days: rules.Drafts}
		if len(told) > 0 && told[0].At.After(r.Updated) {
			if !r.Updated.Before(before(plan.At, rules.Drafts)) || !told[0].At.Before(before(plan.At, policy.Days(rules.DraftNotice))) {
				continue
			}
			item.What = "withdraw the draft"
		}
		plan.Items = append(plan.Items, item)
		if dry {
			continue
		}
		if err := s.expireDraft(ctx, &r, item); err != nil {
			return err
		}
	}
	return nil
}

// expireDraft does it, unless the author has come back meanwhile.
func (s *Service) expireDraft(ctx context.Context, was *Request, item RetentionItem) error {
	_, err := s.update(ctx, was.ID, func(r *Request) (Change, error) {
		if !r.Updated.Equal(was.Updated) || r.Status != was.Status {
			return Change{}, errNothing
		}
		if item.What == "tell the author" {
			e := s.event(system(), EvExpiring, r)
			e.Detail = map[string]string{"rule": item.Rule, "withdrawn_after": was.Updated.AddDate(0, 0, int(item.Days)).Format(time.DateOnly)}
			return Change{Events: []Event{e}}, nil
		}
		e := s.transition(system(), r, Withdrawn, EvWithdrawn)
		e.Detail = map[string]string{"rule": item.Rule}
		r.Decided, r.Updated = e.At, e.At
		return Change{Events: []Event{e}}, nil
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// kept says how long the bytes of an ended request stay, and from when.
func (s *Service) kept(r *Request, recalled time.Time) (rule string, since time.Time, days policy.Days) {
	b := s.Policy.Retention.Blobs
	since = r.Decided
	if r.Released.After(since) {
		since = r.Released
	}
	switch {
	case !recalled.IsZero():
		return "blobs.recalled", recalled, b.Recalled
	case r.Status == Released:
		return "blobs.released", since, b.Released
	case r.Status == Rejected:
		return "blobs.rejected", since, b.Rejected
	default:
		return "blobs.withdrawn", since, b.Withdrawn
	}
}

// retire gives up the bytes of requests that ended long enough ago.
func (s *Service) retire(ctx context.Context, plan *RetentionPlan, dry bool) error {
	recalled, err := s.Store.RecalledRequests(ctx)
	if err != nil {
		return err
	}
	held, err := s.heldRequests(ctx, "")
	if err != nil {
		return err
	}
	return s.eachRequest(ctx, func(list []Request) error {
		due := map[RequestID]RetentionItem{}
		var ids []RequestID
		for i := range list {
			r := &list[i]
			rule, since, days := s.kept(r, recalled[r.ID])
			if days == policy.Never || since.IsZero() || !since.Before(before(plan.At, days)) {
				continue
			}
			if held[r.ID] {
				plan.Held++
				continue
			}
			due[r.ID] = RetentionItem{Rule: rule, What: "remove the bytes", Request: r.ID, Workspace: r.Workspace, Status: r.Status, Since: since, Days: days}
			ids = append(ids, r.ID)
		}
		if len(ids) == 0 {
			return nil
		}
		done, err := s.Store.Retire(ctx, ids, RetireOptions{
			At: plan.At, Findings: s.Policy.Retention.Findings == policy.FindingsWithBlobs, Dry: dry,
			Events: func(gone []Retired) []Event { return s.retiredEvents(gone, due) },
		})
		for _, x := range done {
			item := due[x.Request]
			item.Digests, item.Findings = x.Digests, x.Findings
			plan.Items = append(plan.Items, item)
		}
		return err
	}, Released, Rejected, Withdrawn)
}

// digestsPerEvent keeps an event of a readable size.
const digestsPerEvent = 50

// retiredEvents says, for each request, which bytes went and why.
func (s *Service) retiredEvents(gone []Retired, due map[RequestID]RetentionItem) []Event {
	var out []Event
	for _, x := range gone {
		item := due[x.Request]
		for first := 0; first == 0 || first < len(x.Digests); first += digestsPerEvent {
			part := x.Digests[first:min(first+digestsPerEvent, len(x.Digests))]
			e := s.event(system(), EvRetention, nil)
			e.Request, e.Workspace, e.From, e.To = x.Request, item.Workspace, item.Status, item.Status
			e.Detail = map[string]string{
				"rule": item.Rule, "days": item.Days.String(), "since": item.Since.Format(time.DateOnly),
				"blobs": fmt.Sprint(len(x.Digests)), "findings": fmt.Sprint(x.Findings), "digests": joinDigests(part),
			}
			out = append(out, e)
		}
	}
	return out
}

func joinDigests(list []Digest) string {
	parts := make([]string, len(list))
	for i, d := range list {
		parts[i] = string(d)
	}
	return strings.Join(parts, " ")
}

// freshBlob is the age up to which a blob is never removed: somebody may have
// stored the same bytes a moment ago, for a request that is not kept yet.
const freshBlob = 24 * time.Hour

// removeBlobs removes what was noted for removal, by this run or one that was
// cut short. Bytes that a request rests on anew stay.
func (s *Service) removeBlobs(ctx context.Context) (n int, err error) {
	list, err := s.Store.Removals(ctx)
	if err != nil {
		return 0, err
	}
	for _, x := range list {
		used, err := s.Store.InUse(ctx, x.Digest)
		if err != nil {
			return n, err
		}
		if !used {
			s.step("retention.remove")
			gone, err := s.Blobs.Remove(ctx, x.Digest, s.Now().Add(-freshBlob))
			if err != nil {
				return n, err
			}
			if !gone {
				continue // too fresh: another day
			}
			n++
		}
		s.step("retention.removed")
		if err := s.Store.EndRemoval(ctx, x, s.Now(), !used); err != nil {
			return n, err
		}
	}
	return n, nil
}

// expirePackages removes packages from places of our own.
func (s *Service) expirePackages(ctx context.Context, plan *RetentionPlan, dry bool) error {
	days := s.Policy.Retention.Packages
	if days == policy.Never {
		return nil
	}
	keepers := map[string]PackageKeeper{}
	for _, k := range s.Sinks {
		if keeper, ok := k.Sink.(PackageKeeper); ok {
			keepers[k.Name] = keeper
		}
	}
	if len(keepers) == 0 {
		return nil
	}
	held, err := s.heldRequests(ctx, "")
	if err != nil {
		return err
	}
	due := before(plan.At, days)
	next := func(after Place, limit int) ([]Release, error) {
		return s.Store.Releases(ctx, ReleaseQuery{Until: due, Limit: limit, After: after}) // delivered after it was approved
	}
	for list, err := range Pages(retirePage, next, (*Release).Place) {
		if err != nil {
			return err
		}
		for i := range list {
			rel := &list[i]
			if held[rel.Request] || rel.Recalled != nil {
				continue
			}
			for _, d := range rel.Deliveries {
				if keeper := keepers[d.Sink]; keeper != nil && !d.At.IsZero() && d.At.Before(due) {
					if err := s.expirePackage(ctx, plan, dry, rel, d, keeper); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

func (s *Service) expirePackage(ctx context.Context, plan *RetentionPlan, dry bool, rel *Release, d Delivery, keeper PackageKeeper) error {
	e := s.event(system(), EvRetention, nil)
	e.Request, e.Workspace, e.From, e.To = rel.Request, rel.Workspace, Released, Released
	e.Detail = map[string]string{"rule": "packages", "days": s.Policy.Retention.Packages.String(), "since": d.At.Format(time.DateOnly), "release": rel.ID, "sink": d.Sink}
	item := RetentionItem{Rule: "packages", What: "remove the package", Request: rel.Request, Workspace: rel.Workspace, Status: Released,
		Since: d.At, Days: s.Policy.Retention.Packages, Sink: d.Sink}
	if dry {
		gone, err := s.Store.Events(ctx, EventQuery{Request: rel.Request, Types: []EventType{EvRetention}})
		if err != nil {
			return err
		}
		for _, was := range gone {
			if was.Detail["rule"] == "packages" && was.Detail["sink"] == d.Sink {
				return nil
			}
		}
		plan.Items = append(plan.Items, item)
		return nil
	}
	first, err := s.Store.RemovePackage(ctx, rel.ID, d.Sink, e.At, e)
	if err != nil {
		return err
	}
	if first {
		plan.Items = append(plan.Items, item)
	}
	s.step("retention.package")
	return keeper.RemovePackage(ctx, rel, d.Location)
}

// errRemoved is what a person is told who asks for bytes whose time is over.
func errRemoved(at time.Time) *Error {
	return Errorf(Conflict, "The stored bytes were removed under the retention policy on %s. Their digests and sizes, and everything that was decided, stay on record.", at.UTC().Format("2 January 2006"))
}
