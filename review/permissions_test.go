package review_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

var update = flag.Bool("update", false, "write docs/permissions.md anew")

// attempts are the use cases behind each action, with input that is good.
func attempts() map[policy.Action]func(*reviewtest.World, review.Actor, *review.Request) error {
	ctx := context.Background()
	first := func(r *review.Request) (review.GroupID, review.File) { return r.Groups[0].ID, r.Groups[0].Files[0] }
	return map[policy.Action]func(*reviewtest.World, review.Actor, *review.Request) error{
		policy.RequestView: func(w *reviewtest.World, a review.Actor, r *review.Request) error {
			_, err := w.Request(ctx, a, r.ID)
			return err
		},
		policy.FileContent: func(w *reviewtest.World, a review.Actor, r *review.Request) error {
			_, f := first(r)
			_, err := w.FileContent(ctx, a, r.ID, f.ID)
			return err
		},
		policy.RequestEdit: func(w *reviewtest.World, a review.Actor, r *review.Request) error {
			return w.EditDetails(ctx, a, r.ID, review.RequestDetails{Purpose: "p"})
		},
		policy.RequestSubmit: func(w *reviewtest.World, a review.Actor, r *review.Request) error {
			ticked, permitted := reviewtest.Checklist()
			return w.Submit(ctx, a, r.ID, ticked, permitted)
		},
		policy.RequestWithdraw: func(w *reviewtest.World, a review.Actor, r *review.Request) error { return w.Withdraw(ctx, a, r.ID) },
		policy.RequestComment: func(w *reviewtest.World, a review.Actor, r *review.Request) error {
			g, _ := first(r)
			return w.Comment(ctx, a, r.ID, review.CommentInput{Group: g, Visibility: review.Public, Text: "a remark"})
		},
		policy.ReviewClaim: func(w *reviewtest.World, a review.Actor, r *review.Request) error { return w.Claim(ctx, a, r.ID) },
		policy.ReviewHandOver: func(w *reviewtest.World, a review.Actor, r *review.Request) error {
			return w.HandOver(ctx, a, r.ID, "", "busy")
		},
		policy.ReviewReassign: func(w *reviewtest.World, a review.Actor, r *review.Request) error {
			from := review.Username("carl")
			for _, s := range r.Seats {
				if s.Submitted.IsZero() {
					from = s.Checker
				}
			}
			return w.Reassign(ctx, a, r.ID, from, "", "busy")
		},
		policy.ReviewVote: func(w *reviewtest.World, a review.Actor, r *review.Request) error {
			_, f := first(r)
			return w.Vote(ctx, a, r.ID, review.VoteInput{File: f.ID, Decision: review.Approve, Seen: f.Release})
		},
		policy.ReviewSubmit: func(w *reviewtest.World, a review.Actor, r *review.Request) error {
			return w.SubmitReview(ctx, a, r.ID)
		},
		policy.ReviewReturn: func(w *reviewtest.World, a review.Actor, r *review.Request) error { return w.Return(ctx, a, r.ID) },
		policy.ReviewReject: func(w *reviewtest.World, a review.Actor, r *review.Request) error {
			return w.RejectRequest(ctx, a, r.ID, "no")
		},
		policy.ReviewRelease: func(w *reviewtest.World, a review.Actor, r *review.Request) error { return w.Release(ctx, a, r.ID) },
		policy.ReleasePackage: func(w *reviewtest.World, a review.Actor, r *review.Request) error {
			_, err := w.ReleasedPackage(ctx, a, r.ID)
			return err
		},
		policy.ReleaseRecall: func(w *reviewtest.World, a review.Actor, r *review.Request) error {
			return w.Recall(ctx, a, r.ID, breach(w))
		},
		policy.RequestHold: func(w *reviewtest.World, a review.Actor, r *review.Request) error {
			return w.Hold(ctx, a, r.ID, "a complaint")
		},
		policy.RecordView: func(w *reviewtest.World, a review.Actor, r *review.Request) error {
			_, err := w.Record(ctx, a, r.ID)
			return err
		},
		policy.RecordExport: func(w *reviewtest.World, a review.Actor, r *review.Request) error {
			return w.AuthoriseOn(ctx, a, policy.RecordExport, r.ID)
		},
		policy.ReviewExport: func(w *reviewtest.World, a review.Actor, r *review.Request) error {
			_, err := w.ReviewRecord(ctx, a, r.ID)
			return err
		},
	}
}

// inStatus plays a request of ann's into a status, with everything done that an
// action could ask for first. approve says what the checkers think of it.
func inStatus(t *testing.T, w *reviewtest.World, s review.Status, approve bool) *review.Request {
	t.Helper()
	ctx := context.Background()
	if s == review.Pending {
		return stored(t, w, draft(t, w))
	}
	if s == review.Withdrawn {
		id := draft(t, w)
		must(t, w.Withdraw(ctx, w.As(t, "ann"), id))
		return stored(t, w, id)
	}
	id, one, two := submitted(t, w)
	d := review.RequestChanges
	if approve {
		d = review.Approve
	}
	r := stored(t, w, id)
	for _, a := range []review.Actor{one, two} {
		voteAll(t, w, a, id, d)
		for _, g := range r.Groups {
			must(t, w.Comment(ctx, a, id, review.CommentInput{Group: g.ID, Visibility: review.Public, Text: "a remark"}))
		}
	}
	steps := []struct {
		at   review.Status
		next func() error
	}{
		{review.Submitted, func() error { return w.SubmitReview(ctx, one, id) }},
		{review.PartiallyReviewed, func() error { return w.SubmitReview(ctx, two, id) }},
	}
	switch s {
	case review.Returned:
		steps = append(steps, step{review.Reviewed, func() error { return w.Return(ctx, one, id) }})
	case review.Rejected:
		steps = append(steps, step{review.Reviewed, func() error { return w.RejectRequest(ctx, one, id, "no") }})
	default:
		steps = append(steps, step{review.Reviewed, func() error { return w.Release(ctx, one, id) }},
			step{review.Approved, func() error { _, err := w.WorkOnce(ctx); return err }})
	}
	for _, st := range steps {
		if r = stored(t, w, id); r.Status == s {
			return r
		}
		must(t, st.next())
	}
	if s == review.Returned {
		for _, g := range r.Groups {
			must(t, w.Comment(ctx, w.As(t, "ann"), id, review.CommentInput{Group: g.ID, Text: "an answer"}))
		}
	}
	return stored(t, w, id)
}

type step = struct {
	at   review.Status
	next func() error
}

// TestPermissionsTable tries every action in every status as everybody, through
// the use cases, and holds the outcome to docs/permissions.md.
func TestPermissionsTable(t *testing.T) {
	statuses := []review.Status{
		review.Pending, review.Submitted, review.PartiallyReviewed, review.Reviewed,
		review.Approved, review.Released, review.Returned, review.Rejected, review.Withdrawn,
	}
	actions := []policy.Action{
		policy.RequestView, policy.FileContent, policy.RequestEdit, policy.RequestSubmit, policy.RequestWithdraw, policy.RequestComment,
		policy.ReviewClaim, policy.ReviewHandOver, policy.ReviewReassign, policy.ReviewVote, policy.ReviewSubmit,
		policy.ReviewReturn, policy.ReviewReject, policy.ReviewRelease, policy.ReleasePackage, policy.ReleaseRecall, policy.RequestHold, policy.RecordView, policy.RecordExport, policy.ReviewExport,
	}
	try := attempts()
	if len(try) != len(actions) {
		t.Fatalf("%d attempts for %d actions", len(try), len(actions))
	}
	allowed := map[policy.Action]map[review.Status][]string{}
	played := stages{}
	for _, s := range statuses {
		for _, action := range actions {
			if allowed[action] == nil {
				allowed[action] = map[review.Status][]string{}
			}
			// Rejecting is only for what is not approved, releasing only for what is.
			approve := s != review.Returned && s != review.Rejected && (action != policy.ReviewReject || s.Owner() != "checkers")
			allowed[action][s] = played.whoMay(t, s, approve, strings.HasSuffix(string(action), ".view") || strings.HasSuffix(string(action), ".export") || action == policy.FileContent, try[action])
		}
	}
	got := permissionsPage(statuses, actions, allowed)
	const page = "../docs/permissions.md"
	if *update {
		must(t, os.WriteFile(page, []byte(got), 0o644))
	}
	want, err := os.ReadFile(page)
	must(t, err)
	if got != string(want) {
		t.Errorf("what people can do is no longer what docs/permissions.md says; read this, then go test ./review -run TestPermissionsTable -update:\n%s", got)
	}
}

// stages keeps worlds in which a status was played, until an attempt succeeds
// there: a refused one changes nothing.
type stages map[string]*stage

type stage struct {
	w *reviewtest.World
	r *review.Request
}

func (all stages) at(t *testing.T, s review.Status, approve bool) *stage {
	t.Helper()
	key := fmt.Sprint(s, approve)
	if all[key] == nil {
		w := newWorld(t)
		inTheProject(t, w)
		all[key] = &stage{w, inStatus(t, w, s, approve)}
	}
	return all[key]
}

// whoMay tries an action as everybody, beginning anew whenever it succeeded and
// was more than reading.
func (all stages) whoMay(t *testing.T, s review.Status, approve, reads bool, try func(*reviewtest.World, review.Actor, *review.Request) error) []string {
	t.Helper()
	var who []string
	for _, p := range everybody {
		w, r := all.at(t, s, approve).w, all.at(t, s, approve).r
		name := p.name
		if strings.HasPrefix(p.who, "assigned") {
			name = seatOf(r, p.who == "assigned, review submitted")
		}
		if p.who == "other checker" {
			name = freeChecker(r)
		}
		if name == "" {
			continue
		}
		err := try(w, w.As(t, name), r)
		if err != nil && review.KindOf(err) == review.Internal {
			t.Errorf("%s as %s: %v", s, p.who, err)
		}
		if err == nil {
			who = append(who, p.who)
			if !reads {
				delete(all, fmt.Sprint(s, approve))
			}
		}
	}
	return who
}

// everybody is each way of standing to a request of ann's.
var everybody = []struct {
	who  string
	name review.Username
}{
	{"author", "ann"}, {"member", "abe"}, {"member who checks", "cyn"}, {"assigned", ""}, {"assigned, review submitted", ""},
	{"other checker", ""}, {"other researcher", "tim"}, {"lead", "lea"}, {"auditor", "aud"}, {"operator", "ops"},
	{"collaborator", "col"}, {"copilot", "pia"}, {"service account", "bot"},
}

// inTheProject adds those who have a role in the project of the request alone.
func inTheProject(t *testing.T, w *reviewtest.World) {
	t.Helper()
	roles := map[review.Username]policy.Role{"col": policy.Collaborator, "pia": policy.Copilot, "bot": policy.Service}
	for name, role := range roles {
		e := review.Event{At: w.Now(), Type: review.EvPeopleChanged, Actor: "system"}
		must(t, w.Store.SavePeople(t.Context(), []review.Person{{Username: name, Name: string(name)}}, nil, e))
		_, err := w.Grant(t.Context(), w.As(t, "ops"), review.Ask{Person: name, Role: role, Reach: policy.OneProject, In: string(reviewtest.Study), Why: "a test"})
		must(t, err)
	}
}

func seatOf(r *review.Request, submitted bool) review.Username {
	for _, s := range r.Seats {
		if s.Submitted.IsZero() != submitted {
			return s.Checker
		}
	}
	return ""
}

func freeChecker(r *review.Request) review.Username {
	for _, name := range []review.Username{"carl", "cora", "chen"} {
		if r.Seat(name) == nil {
			return name
		}
	}
	return ""
}

func permissionsPage(statuses []review.Status, actions []policy.Action, allowed map[policy.Action]map[review.Status][]string) string {
	var b strings.Builder
	b.WriteString("# Who may do what, when\n\n" +
		"Made by trying every action in every status as everybody, through the use cases\n" +
		"(`go test ./review -run TestPermissionsTable -update`); the same test holds the\n" +
		"program to this page. Who is not named is refused, and what they may not see\n" +
		"does not exist for them. \"Assigned\" is a checker whose review of the turn is not\n" +
		"submitted yet. Releasing an approved or released request again is allowed and\n" +
		"does nothing, so that a double click is no error. The requests tried have both\n" +
		"seats taken; a free seat can be claimed by any eligible checker.\n\n")
	for _, action := range actions {
		fmt.Fprintf(&b, "## %s\n\n| status | who |\n|---|---|\n", action)
		for _, s := range statuses {
			who := strings.Join(allowed[action][s], "; ")
			if who == "" {
				who = "nobody"
			}
			fmt.Fprintf(&b, "| %s | %s |\n", s, who)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// Every pair of actions that are open in a status, at once: each ends with
// success or a clear message, the events still form one chain, and a release
// holds only what both approved.
func TestEveryPairOfActionsAtOnce(t *testing.T) {
	open := map[review.Status][]policy.Action{
		review.Pending:           {policy.RequestEdit, policy.RequestSubmit, policy.RequestWithdraw},
		review.Submitted:         {policy.ReviewVote, policy.ReviewSubmit, policy.ReviewReturn, policy.ReviewHandOver, policy.ReviewReassign, policy.RequestComment},
		review.PartiallyReviewed: {policy.ReviewVote, policy.ReviewSubmit, policy.ReviewReturn, policy.ReviewHandOver, policy.ReviewReassign},
		review.Reviewed:          {policy.ReviewVote, policy.ReviewReturn, policy.ReviewReject, policy.ReviewRelease},
		review.Released:          {policy.ReleaseRecall},
		review.Returned:          {policy.RequestEdit, policy.RequestSubmit, policy.RequestWithdraw},
	}
	try := attempts()
	for s, actions := range open {
		for i, one := range actions {
			for _, two := range actions[i:] {
				w := newWorld(t)
				r := inStatus(t, w, s, s != review.Returned)
				errs := make(chan error, 2)
				for n, action := range []policy.Action{one, two} {
					go func() { errs <- try[action](w, w.As(t, whoDoes(r, action, n)), r) }()
				}
				for range 2 {
					if err := <-errs; err != nil && review.KindOf(err) == review.Internal {
						t.Errorf("%s: %s and %s: no clear message: %v", s, one, two, err)
					}
				}
				consistent(t, w, r.ID, nil)
				unbroken(t, w, r.ID)
			}
		}
	}
}

// whoDoes is somebody to whom the action is open, another one for n = 1 where
// there are two.
func whoDoes(r *review.Request, action policy.Action, n int) review.Username {
	switch {
	case action == policy.ReleaseRecall && n == 1:
		return "aud"
	case action == policy.ReviewReassign:
		return "lea"
	case !strings.HasPrefix(string(action), "review.") && action != policy.RequestComment && action != policy.ReleaseRecall:
		return r.Author
	}
	if action == policy.ReviewSubmit || action == policy.ReviewHandOver || r.Status == review.PartiallyReviewed {
		return seatOf(r, false)
	}
	return r.Seats[n%len(r.Seats)].Checker
}

// unbroken holds the events of a request to one chain that ends in its status.
func unbroken(t *testing.T, w *reviewtest.World, id review.RequestID) {
	t.Helper()
	events, err := w.Store.Events(context.Background(), review.EventQuery{Request: id})
	must(t, err)
	var at review.Status
	for _, e := range events {
		if e.Type == review.EvDenied {
			continue
		}
		if e.From != at {
			t.Errorf("%s starts from %s, after %s", e.Type, e.From, at)
		}
		at = e.To
	}
	if got := status(t, w, id); got != at {
		t.Errorf("the events end in %s, the request is %s", at, got)
	}
}
