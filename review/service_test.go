package review_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

func TestARequestGoesTheWholeWay(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, _ := reviewed(t, w)
	must(t, w.Release(ctx, one, id))
	if got := status(t, w, id); got != review.Approved {
		t.Fatalf("status %s before delivery", got)
	}
	if _, err := w.WorkOnce(ctx); err != nil {
		t.Fatal(err)
	}
	if got := status(t, w, id); got != review.Released {
		t.Fatalf("status %s after delivery", got)
	}
	rel, err := w.Store.Release(ctx, id)
	must(t, err)
	files := w.Sink.Delivered[rel.ID]
	if string(files["release/r.html"]) != "<p>report<></p>" || len(files) != 3 {
		t.Errorf("delivered %q", files)
	}
	for _, f := range rel.Files {
		if len(f.Approvals) != 2 || f.Approvals[0].Checker == f.Approvals[1].Checker {
			t.Errorf("%s left with approvals %v", f.Path, f.Approvals)
		}
	}
	rec, err := w.Record(ctx, w.As(t, "aud"), id)
	must(t, err)
	if first, last := rec.Events[0].Type, rec.Events[len(rec.Events)-1].Type; first != review.EvRequestCreated || last != review.EvReleased {
		t.Errorf("the record runs from %s to %s", first, last)
	}
}

func TestTheAuthorAndTheirProjectNeverReview(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, _, _ := submitted(t, w)
	r, _ := w.Store.Request(ctx, id)
	for _, s := range r.Seats {
		if s.Checker == "cyn" || s.Checker == "ann" {
			t.Fatalf("routed to %s", s.Checker)
		}
	}
	_, f := r.File(r.Groups[0].Files[0].ID)
	in := review.VoteInput{File: f.ID, Decision: review.Approve, Seen: f.Release}
	wantKind(t, w.Vote(ctx, w.As(t, "ann"), id, in), review.Forbidden)
	wantKind(t, w.Vote(ctx, w.As(t, "cyn"), id, in), review.Forbidden)
	for _, name := range []review.Username{"tim", "ops"} {
		wantKind(t, w.Vote(ctx, w.As(t, name), id, in), review.NotFound)
	}
}

// A checker who joins the author's project loses the review at once.
func TestJoiningTheProjectEndsTheReview(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, two := reviewed(t, w)
	p := *one.Person
	p.Projects = []review.ProjectID{reviewtest.Study}
	must(t, w.Store.SavePeople(ctx, []review.Person{p}, nil, review.Event{At: time.Now(), Type: review.EvPeopleChanged, Actor: "system"}))
	if err := w.Release(ctx, w.As(t, one.Username), id); err == nil {
		t.Fatal("released by somebody of the project")
	}
	_ = two
}

// A third checker's approval never makes up for one of the two.
func TestAThirdOpinionNeverCounts(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, two := submitted(t, w)
	third := w.As(t, "chen")
	for _, name := range []review.Username{"carl", "cora", "chen"} {
		if name != one.Username && name != two.Username {
			third = w.As(t, name)
		}
	}
	r, _ := w.Store.Request(ctx, id)
	f := r.Groups[0].Files[0]
	wantKind(t, w.Vote(ctx, third, id, review.VoteInput{File: f.ID, Decision: review.Approve, Seen: f.Release}), review.NotFound)
	voteAll(t, w, one, id, review.Approve)
	must(t, w.SubmitReview(ctx, one, id))
	voteAll(t, w, two, id, review.Reject)
	must(t, w.SubmitReview(ctx, two, id))
	wantKind(t, w.Release(ctx, one, id), review.Conflict)
}

func TestSubmittedReviewsCannotBeChangedInTheBlindPhase(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, two := submitted(t, w)
	voteAll(t, w, one, id, review.Approve)
	must(t, w.SubmitReview(ctx, one, id))
	r, _ := w.Store.Request(ctx, id)
	f := r.Groups[0].Files[0]
	change := review.VoteInput{File: f.ID, Decision: review.Reject, Reason: "no", Seen: f.Release}
	wantKind(t, w.Vote(ctx, one, id, change), review.Conflict)
	voteAll(t, w, two, id, review.Approve)
	must(t, w.SubmitReview(ctx, two, id))
	must(t, w.Vote(ctx, one, id, change)) // consolidation
	wantKind(t, w.Release(ctx, two, id), review.Conflict)
}

func TestChangesVoidApprovals(t *testing.T) {
	changes := map[string]func(t *testing.T, w *reviewtest.World, id review.RequestID, g review.Group){
		"file": func(t *testing.T, w *reviewtest.World, id review.RequestID, g review.Group) {
			w.Workspaces.Write(reviewtest.Cohort, g.Files[0].Path, "sex,n\nF,15\n")
			must(t, w.UpdateFile(context.Background(), w.As(t, "ann"), id, g.Files[0].ID))
		},
		"context": func(t *testing.T, w *reviewtest.World, id review.RequestID, g review.Group) {
			about, controls := reviewtest.Context()
			about["population"] = "others"
			must(t, w.EditGroup(context.Background(), w.As(t, "ann"), id, g.ID, review.GroupDetails{Context: about, Controls: controls}))
		},
		"controls": func(t *testing.T, w *reviewtest.World, id review.RequestID, g review.Group) {
			about, controls := reviewtest.Context()
			controls["rounding"] = "none"
			must(t, w.EditGroup(context.Background(), w.As(t, "ann"), id, g.ID, review.GroupDetails{Context: about, Controls: controls}))
		},
		"group": func(t *testing.T, w *reviewtest.World, id review.RequestID, g review.Group) {
			must(t, w.MoveFile(context.Background(), w.As(t, "ann"), id, g.Files[0].ID, "elsewhere", review.Output))
			describe(t, w, id)
		},
		"supporting file": func(t *testing.T, w *reviewtest.World, id review.RequestID, g review.Group) {
			w.Workspaces.Write(reviewtest.Cohort, "output/more.csv", "a\n1\n")
			_, err := w.AddFiles(context.Background(), w.As(t, "ann"), id, []review.AddFile{{Path: "output/more.csv", Kind: review.Supporting, Group: g.Name}})
			must(t, err)
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			w, ctx := newWorld(t), context.Background()
			id, one, two := reviewed(t, w)
			r, _ := w.Store.Request(ctx, id)
			touched := r.Groups[0].Files[0].ID
			must(t, w.Comment(ctx, one, id, review.CommentInput{Group: r.Groups[0].ID, Visibility: review.Public, Text: "please"}))
			must(t, w.Return(ctx, one, id))
			must(t, w.Comment(ctx, w.As(t, "ann"), id, review.CommentInput{Group: r.Groups[0].ID, Visibility: review.Public, Text: "done"}))
			change(t, w, id, r.Groups[0])
			submit(t, w, id)
			for _, a := range []review.Actor{one, two} {
				wantKind(t, w.SubmitReview(ctx, a, id), review.Invalid) // the touched file needs a new decision
				r, _ = w.Store.Request(ctx, id)
				_, f := r.File(touched)
				must(t, w.Vote(ctx, a, id, review.VoteInput{File: touched, Decision: review.Approve, Seen: f.Release}))
				must(t, w.SubmitReview(ctx, a, id)) // and only that one
			}
			voided := 0
			events, _ := w.Store.Events(ctx, review.EventQuery{Request: id, Types: []review.EventType{review.EvVoteVoided}})
			for _, e := range events {
				if e.File == touched {
					voided++
				}
			}
			if voided < 2 {
				t.Errorf("%d voided votes on record, want 2", voided)
			}
			must(t, w.Release(ctx, one, id))
		})
	}
}

func TestAVoteIsOnTheBytesThatWereSeen(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, _ := submitted(t, w)
	r, _ := w.Store.Request(ctx, id)
	f := r.Groups[2].Files[0]
	wantKind(t, w.Vote(ctx, one, id, review.VoteInput{File: f.ID, Decision: review.Approve, Seen: f.Digest}), review.Conflict)
	must(t, w.Vote(ctx, one, id, review.VoteInput{File: f.ID, Decision: review.Approve, Seen: f.Release}))
}

func TestApprovingABlockingFindingNeedsAReason(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id := draft(t, w)
	w.Workspaces.Write(reviewtest.Cohort, "release/a.csv", "sex,n\nF,small\n")
	r, _ := w.Store.Request(ctx, id)
	must(t, w.UpdateFile(ctx, w.As(t, "ann"), id, r.Groups[0].Files[0].ID))
	submit(t, w, id)
	r, _ = w.Store.Request(ctx, id)
	one, f := w.As(t, r.Seats[0].Checker), r.Groups[0].Files[0]
	in := review.VoteInput{File: f.ID, Decision: review.Approve, Seen: f.Release}
	wantKind(t, w.Vote(ctx, one, id, in), review.Invalid)
	in.Reason = "these are organisations"
	must(t, w.Vote(ctx, one, id, in))
}

func TestSubmissionSaysWhatIsMissing(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	ann := w.As(t, "ann")
	w.Workspaces.Write(reviewtest.Cohort, "release/f.png", "picture")
	id, err := w.CreateRequest(ctx, ann, reviewtest.Cohort)
	must(t, err)
	_, err = w.AddFiles(ctx, ann, id, []review.AddFile{{Path: "release/f.png", Kind: review.Output, Group: "figure"}})
	must(t, err)
	ticked, permitted := reviewtest.Checklist()
	err = w.Submit(ctx, ann, id, ticked, permitted)
	wantKind(t, err, review.Invalid)
	var e *review.Error
	errors.As(err, &e)
	for _, field := range []string{"purpose", "files", "population", "rounding"} {
		if e.Fields[field] == "" {
			t.Errorf("nothing said about %s: %v", field, e.Fields)
		}
	}
	wantKind(t, w.Submit(ctx, ann, id, ticked[1:], permitted), review.Invalid)
	wantKind(t, w.Submit(ctx, ann, id, ticked, "an older version"), review.Invalid)
}

func TestFilesThatMayNotBeAdded(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	ann := w.As(t, "ann")
	w.Workspaces.Write(reviewtest.Cohort, "release/secret/x.csv", "id\n1\n")
	w.Workspaces.Write(reviewtest.Cohort, "output/y.csv", "n\n10\n")
	w.Workspaces.Write(reviewtest.Cohort, "release/big.csv", strings.Repeat("x", 16<<20+1))
	id, err := w.CreateRequest(ctx, ann, reviewtest.Cohort)
	must(t, err)
	results, err := w.AddFiles(ctx, ann, id, []review.AddFile{
		{Path: "release/secret/x.csv", Kind: review.Output},
		{Path: "output/y.csv", Kind: review.Output},
		{Path: "release/big.csv", Kind: review.Output},
		{Path: "release/none.csv", Kind: review.Output},
		{Path: "release/secret/x.csv", Kind: review.Supporting},
	})
	must(t, err)
	for i, part := range []string{"highly sensitive", "release folder", "16 MB", "no such file", "highly sensitive"} {
		if !strings.Contains(results[i].Problem, part) {
			t.Errorf("%s: problem %q, want %q", results[i].Path, results[i].Problem, part)
		}
	}
	r, _ := w.Store.Request(ctx, id)
	if len(r.Groups) != 0 {
		t.Errorf("groups %v", r.Groups)
	}
}

func TestOneActiveRequestPerAuthorAndWorkspace(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, errs[i] = w.CreateRequest(ctx, w.As(t, "ann"), reviewtest.Cohort)
		}()
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			wantKind(t, err, review.Conflict)
		}
	}
	if won != 1 {
		t.Errorf("%d drafts", won)
	}
	_, err := w.CreateRequest(ctx, w.As(t, "abe"), reviewtest.Cohort)
	must(t, err)
	_, err = w.CreateRequest(ctx, w.As(t, "tim"), reviewtest.Cohort)
	wantKind(t, err, review.NotFound)
}

// Each pair of conflicting actions, at once: one wins, the other gets a clear
// message, and the request is in a state that one of them leads to.
func TestRacingActions(t *testing.T) {
	type action func(w *reviewtest.World, one, two review.Actor, id review.RequestID) error
	release := func(w *reviewtest.World, one, _ review.Actor, id review.RequestID) error {
		return w.Release(context.Background(), one, id)
	}
	releaseToo := func(w *reviewtest.World, _, two review.Actor, id review.RequestID) error {
		return w.Release(context.Background(), two, id)
	}
	giveBack := func(w *reviewtest.World, _, two review.Actor, id review.RequestID) error {
		return w.Return(context.Background(), two, id)
	}
	change := func(w *reviewtest.World, _, two review.Actor, id review.RequestID) error {
		r, err := w.Store.Request(context.Background(), id)
		if err != nil {
			return err
		}
		f := r.Groups[0].Files[0]
		return w.Vote(context.Background(), two, id, review.VoteInput{File: f.ID, Decision: review.Reject, Reason: "no", Seen: f.Release})
	}
	for name, pair := range map[string][2]action{
		"release and return": {release, giveBack},
		"release and reject": {release, change},
		"release twice":      {release, releaseToo},
		"return twice":       {giveBack, giveBack},
	} {
		t.Run(name, func(t *testing.T) {
			for range 10 {
				w := newWorld(t)
				id, one, two := reviewed(t, w)
				var wg sync.WaitGroup
				errs := make([]error, 2)
				for i, act := range pair {
					wg.Add(1)
					go func() { defer wg.Done(); errs[i] = act(w, one, two, id) }()
				}
				wg.Wait()
				for _, err := range errs {
					if err != nil && review.KindOf(err) == review.Internal {
						t.Fatalf("no clear message: %v", err)
					}
				}
				consistent(t, w, id, errs)
			}
		})
	}
}

// consistent holds the outcome of a race to the record.
func consistent(t *testing.T, w *reviewtest.World, id review.RequestID, errs []error) {
	t.Helper()
	r, err := w.Store.Request(context.Background(), id)
	must(t, err)
	_, err = w.Store.Release(context.Background(), id)
	if (r.Status == review.Approved || r.Status == review.Released) != (err == nil) {
		t.Fatalf("status %s, release %v, errors %v", r.Status, err, errs)
	}
	if r.Status == review.Approved {
		for g, f := range r.Outputs() {
			if r.OutcomeOf(g, f, 2) != review.AllApproved {
				t.Fatalf("approved with %s %s", f.Path, r.OutcomeOf(g, f, 2))
			}
		}
	}
}

// Whoever may not see contents sees no findings either: they quote the file.
func TestOperatorsAndMembersSeeNoContents(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, _, _ := submitted(t, w)
	r, _ := w.Store.Request(ctx, id)
	file := r.Groups[0].Files[0].ID
	if _, err := w.Request(ctx, w.As(t, "ops"), id); review.KindOf(err) != review.NotFound {
		t.Errorf("operator: %v", err)
	}
	for _, name := range []review.Username{"abe", "lea"} {
		v, err := w.Request(ctx, w.As(t, name), id)
		must(t, err)
		if v.Report != nil || v.Groups[0].Files[0].Report != nil {
			t.Errorf("%s sees findings", name)
		}
		_, err = w.FileContent(ctx, w.As(t, name), id, file)
		wantKind(t, err, review.Forbidden)
	}
	denied, _ := w.Store.Events(ctx, review.EventQuery{Types: []review.EventType{review.EvDenied}})
	if len(denied) != 3 {
		t.Errorf("%d denials on record, want 3", len(denied))
	}
}

func TestViewsAreOnRecordBeforeTheBytes(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, _ := submitted(t, w)
	r, _ := w.Store.Request(ctx, id)
	f := r.Groups[2].Files[0]
	c, err := w.FileContent(ctx, one, id, f.ID)
	must(t, err)
	if string(c.Clean) != "<p>report<></p>" || !strings.Contains(string(c.Original), "script") {
		t.Errorf("clean %q, original %q", c.Clean, c.Original)
	}
	seen, _ := w.Store.Events(ctx, review.EventQuery{Request: id, Types: []review.EventType{review.EvFileViewed}})
	if len(seen) != 1 || seen[0].Actor != one.Username || seen[0].Digest != f.Release {
		t.Errorf("on record: %+v", seen)
	}
}

func TestReturnNeedsWordsAndResubmissionAnAnswer(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, two := submitted(t, w)
	voteAll(t, w, one, id, review.RequestChanges)
	must(t, w.SubmitReview(ctx, one, id))
	voteAll(t, w, two, id, review.Approve)
	must(t, w.SubmitReview(ctx, two, id))
	wantKind(t, w.Return(ctx, one, id), review.Invalid)
	r, _ := w.Store.Request(ctx, id)
	for _, g := range r.Groups {
		must(t, w.Comment(ctx, two, id, review.CommentInput{Group: g.ID, Visibility: review.Public, Text: "round it"}))
	}
	must(t, w.Return(ctx, one, id))
	ticked, permitted := reviewtest.Checklist()
	wantKind(t, w.Submit(ctx, w.As(t, "ann"), id, ticked, permitted), review.Invalid)
	for _, g := range r.Groups {
		must(t, w.Comment(ctx, w.As(t, "ann"), id, review.CommentInput{Group: g.ID, Visibility: review.Public, Text: "rounded"}))
	}
	submit(t, w, id)
	r, _ = w.Store.Request(ctx, id)
	for _, f := range r.Outputs() {
		if v := f.VoteOf(one.Username); v.Decision != review.Undecided {
			t.Errorf("%s: %s by the one who asked for changes", f.Path, v.Decision)
		}
		if v := f.VoteOf(two.Username); v.Decision != review.Approve {
			t.Errorf("%s: %s by the one who approved", f.Path, v.Decision)
		}
	}
}

func TestEarlyReturnErasesNothing(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, two := submitted(t, w)
	voteAll(t, w, one, id, review.Approve)
	r, _ := w.Store.Request(ctx, id)
	g := r.Groups[0].ID
	must(t, w.Comment(ctx, one, id, review.CommentInput{Group: g, Visibility: review.Checkers, Text: "between us"}))
	wantKind(t, w.Return(ctx, two, id), review.Invalid)
	must(t, w.Comment(ctx, two, id, review.CommentInput{Group: g, Visibility: review.Public, Text: "wrong file?"}))
	must(t, w.Return(ctx, two, id))
	r, _ = w.Store.Request(ctx, id)
	if len(r.Comments) != 2 {
		t.Errorf("%d comments left", len(r.Comments))
	}
	for g, f := range r.Outputs() {
		if r.OutcomeOf(g, f, 2) != review.Incomplete {
			t.Errorf("%s is %s", f.Path, r.OutcomeOf(g, f, 2))
		}
	}
	events, _ := w.Store.Events(ctx, review.EventQuery{Request: id, Types: []review.EventType{review.EvVoted, review.EvVoteVoided}})
	if len(events) != 6 {
		t.Errorf("%d votes and undone votes on record, want 6", len(events))
	}
	if past := r.Groups[0].Files[0].PastVotes; len(past) != 1 || past[0].Decision != review.Approve || past[0].Reason != "because" {
		t.Errorf("the undone vote is on record as %+v", past)
	}
	v, err := w.Request(ctx, w.As(t, "ann"), id)
	must(t, err)
	if len(v.Groups[0].Comments) != 1 {
		t.Errorf("the author sees %d comments, want the public one", len(v.Groups[0].Comments))
	}
}

func TestAuditorsChangeNothing(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, _, _ := reviewed(t, w)
	aud := w.As(t, "aud")
	r, _ := w.Store.Request(ctx, id)
	g, f := r.Groups[0], r.Groups[0].Files[0]
	for name, err := range map[string]error{
		"vote":    w.Vote(ctx, aud, id, review.VoteInput{File: f.ID, Decision: review.Approve, Seen: f.Release}),
		"release": w.Release(ctx, aud, id),
		"comment": w.Comment(ctx, aud, id, review.CommentInput{Group: g.ID, Visibility: review.Public, Text: "hello"}),
		"edit":    w.EditDetails(ctx, aud, id, review.RequestDetails{}),
		"return":  w.Return(ctx, aud, id),
	} {
		if review.KindOf(err) != review.Forbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Audit(ctx, aud, review.EventQuery{}); err != nil {
		t.Error(err)
	}
	if _, err := w.Audit(ctx, w.As(t, "carl"), review.EventQuery{}); policy.Somewhere([]policy.Role{policy.Checker}, policy.AuditView) || review.KindOf(err) != review.NotFound {
		t.Errorf("a checker reads the log: %v", err)
	}
}
