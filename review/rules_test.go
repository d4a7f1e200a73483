package review_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// change saves a person as altered by fn.
func change(t *testing.T, w *reviewtest.World, name review.Username, fn func(*review.Person)) {
	t.Helper()
	p := *w.As(t, name).Person
	fn(&p)
	must(t, w.Store.SavePeople(context.Background(), []review.Person{p}, nil,
		review.Event{At: time.Now(), Type: review.EvPeopleChanged, Actor: "system"}))
}

func stored(t *testing.T, w *reviewtest.World, id review.RequestID) *review.Request {
	t.Helper()
	r, err := w.Store.Request(context.Background(), id)
	must(t, err)
	return r
}

// third is the checker who has no seat.
func third(t *testing.T, w *reviewtest.World, r *review.Request) review.Username {
	t.Helper()
	for _, name := range []review.Username{"carl", "cora", "chen"} {
		if r.Seat(name) == nil {
			return name
		}
	}
	t.Fatal("all three have seats")
	return ""
}

func TestAnExceptionNeedsBothCheckers(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id := draft(t, w)
	w.Workspaces.Write(reviewtest.Cohort, "release/a.csv", "sex,n\nF,small\n")
	file := stored(t, w, id).Groups[0].Files[0].ID
	ann := w.As(t, "ann")
	wantKind(t, w.AskException(ctx, ann, id, file, "small-count", "because"), review.Invalid) // no such finding yet
	must(t, w.UpdateFile(ctx, ann, id, file))
	must(t, w.AskException(ctx, ann, id, file, "small-count", "published by the ministry"))
	submit(t, w, id)
	r := stored(t, w, id)
	one, two := w.As(t, r.Seats[0].Checker), w.As(t, r.Seats[1].Checker)
	f := r.Groups[0].Files[0]
	approve := review.VoteInput{File: file, Decision: review.Approve, Seen: f.Release}
	wantKind(t, w.Vote(ctx, one, id, approve), review.Invalid)
	wantKind(t, w.AnswerException(ctx, one, id, file, "small-count", false, ""), review.Invalid)
	must(t, w.AnswerException(ctx, one, id, file, "small-count", true, ""))
	voteAll(t, w, one, id, review.Approve)
	v, err := w.Request(ctx, two, id)
	must(t, err)
	if len(v.Groups[0].Files[0].File.Exceptions[0].Answers) != 0 {
		t.Error("one checker sees the other's answer in the blind phase")
	}
	must(t, w.SubmitReview(ctx, one, id))
	must(t, w.AnswerException(ctx, two, id, file, "small-count", false, "the source is not public"))
	wantKind(t, w.Vote(ctx, two, id, approve), review.Invalid)
	for _, f := range r.Outputs() {
		must(t, w.Vote(ctx, two, id, review.VoteInput{File: f.ID, Decision: map[bool]review.Decision{true: review.RequestChanges, false: review.Approve}[f.ID == file], Reason: "no", Seen: f.Release}))
	}
	must(t, w.SubmitReview(ctx, two, id))
	wantKind(t, w.Release(ctx, one, id), review.Conflict)
	must(t, w.AnswerException(ctx, two, id, file, "small-count", true, "")) // consolidation
	must(t, w.Vote(ctx, two, id, approve))
	must(t, w.Release(ctx, one, id))
}

// A later refusal takes an approval's force away even though the vote stands.
func TestARefusedExceptionHoldsBackTheRelease(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id := draft(t, w)
	w.Workspaces.Write(reviewtest.Cohort, "release/a.csv", "small")
	file := stored(t, w, id).Groups[0].Files[0].ID
	must(t, w.UpdateFile(ctx, w.As(t, "ann"), id, file))
	must(t, w.AskException(ctx, w.As(t, "ann"), id, file, "small-count", "why not"))
	submit(t, w, id)
	r := stored(t, w, id)
	for _, s := range r.Seats {
		a := w.As(t, s.Checker)
		must(t, w.AnswerException(ctx, a, id, file, "small-count", true, ""))
		voteAll(t, w, a, id, review.Approve)
		must(t, w.SubmitReview(ctx, a, id))
	}
	one := w.As(t, r.Seats[0].Checker)
	must(t, w.AnswerException(ctx, one, id, file, "small-count", false, "on second thoughts"))
	wantKind(t, w.Release(ctx, one, id), review.Conflict)
}

func TestALargeFileNeedsAnException(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	ann := w.As(t, "ann")
	w.Workspaces.Write(reviewtest.Cohort, "release/big.csv", strings.Repeat("x", 16<<20+1))
	id, err := w.CreateRequest(ctx, ann, reviewtest.Cohort)
	must(t, err)
	add := func(exception string) string {
		res, err := w.AddFiles(ctx, ann, id, []review.AddFile{{Path: "release/big.csv", Kind: review.Output, Exception: exception}})
		must(t, err)
		return res[0].Problem
	}
	if p := add(""); !strings.Contains(p, "exception") {
		t.Errorf("problem %q", p)
	}
	if p := add("it is a map that cannot be split"); p != "" {
		t.Errorf("problem %q", p)
	}
	f := stored(t, w, id).Groups[0].Files[0]
	if len(f.Exceptions) != 1 || f.Exceptions[0].Kind != review.ExceptSize {
		t.Errorf("exceptions %v", f.Exceptions)
	}
}

// A type that the policy does not list leaves only by an exception, as it is.
func TestAnotherTypeNeedsAnException(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id := draft(t, w)
	ann := w.As(t, "ann")
	w.Workspaces.Write(reviewtest.Cohort, "release/d.pdf", "%PDF-")
	_, err := w.AddFiles(ctx, ann, id, []review.AddFile{{Path: "release/d.pdf", Kind: review.Output, Group: "one"}})
	must(t, err)
	ticked, permitted := reviewtest.Checklist()
	wantKind(t, w.Submit(ctx, ann, id, ticked, permitted), review.Invalid)
	f := stored(t, w, id).Groups[0].Files[1]
	must(t, w.AskException(ctx, ann, id, f.ID, "file-type", "the journal asks for it"))
	submit(t, w, id)
	r := stored(t, w, id)
	for _, s := range r.Seats {
		a := w.As(t, s.Checker)
		must(t, w.AnswerException(ctx, a, id, f.ID, "file-type", true, ""))
		voteAll(t, w, a, id, review.Approve)
		must(t, w.SubmitReview(ctx, a, id))
	}
	must(t, w.Release(ctx, w.As(t, r.Seats[0].Checker), id))
	_, err = w.WorkOnce(ctx)
	must(t, err)
	rel, err := w.Store.Release(ctx, id)
	must(t, err)
	if got := string(w.Sink.Delivered[rel.ID]["release/d.pdf"]); got != "%PDF-" {
		t.Errorf("delivered %q", got)
	}
}

func TestAcknowledgementsExplainAndHideNothing(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id := draft(t, w)
	ann := w.As(t, "ann")
	w.Workspaces.Write(reviewtest.Cohort, "release/a.csv", "small")
	file := stored(t, w, id).Groups[0].Files[0].ID
	must(t, w.UpdateFile(ctx, ann, id, file))
	in := review.AcknowledgeInput{Fingerprint: "print-release/a.csv", Code: "organisation-count", Text: "these are practices"}
	wantKind(t, w.Acknowledge(ctx, ann, id, review.AcknowledgeInput{Fingerprint: in.Fingerprint, Code: "invented", Text: "x"}), review.Invalid)
	wantKind(t, w.Acknowledge(ctx, ann, id, review.AcknowledgeInput{Fingerprint: "none", Code: in.Code, Text: "x"}), review.NotFound)
	must(t, w.Acknowledge(ctx, ann, id, in))
	submit(t, w, id)
	r := stored(t, w, id)
	one, two := w.As(t, r.Seats[0].Checker), w.As(t, r.Seats[1].Checker)
	must(t, w.AnswerAcknowledgement(ctx, one, id, in.Fingerprint, false, "they are people"))
	v, err := w.Request(ctx, two, id)
	must(t, err)
	fv := v.Groups[0].Files[0]
	if k := fv.Acknowledged[in.Fingerprint]; k == nil || len(k.Answers) != 0 {
		t.Errorf("the second checker sees %+v", k)
	}
	if len(fv.Report.Findings) != 1 || fv.Report.Findings[0].Severity != policy.Block {
		t.Errorf("findings %+v", fv.Report.Findings)
	}
	wantKind(t, w.Vote(ctx, one, id, review.VoteInput{File: file, Decision: review.Approve, Seen: fv.File.Release}), review.Invalid)
}

func TestWildcardsAreHeldToTheirCount(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	ann := w.As(t, "ann")
	for _, n := range []string{"rate_by_sex", "rate_by_age", "other"} {
		w.Workspaces.Write(reviewtest.Cohort, "release/"+n+".csv", "n\n10\n")
	}
	id, err := w.CreateRequest(ctx, ann, reviewtest.Cohort)
	must(t, err)
	about, controls := reviewtest.Context()
	d := review.GroupDetails{Context: about, Controls: controls, Pattern: "release/rate_by_*.csv", PatternCount: 3}
	_, err = w.AddMatching(ctx, ann, id, "rates", d)
	wantKind(t, err, review.Invalid)
	d.PatternCount = 2
	_, err = w.AddMatching(ctx, ann, id, "rates", d)
	must(t, err)
	res, err := w.AddFiles(ctx, ann, id, []review.AddFile{{Path: "release/other.csv", Kind: review.Output, Group: "rates"}})
	must(t, err)
	if !strings.Contains(res[0].Problem, "wildcard") {
		t.Errorf("problem %q", res[0].Problem)
	}
	g := stored(t, w, id).Groups[0]
	must(t, w.EditGroup(ctx, ann, id, g.ID, d))
	must(t, w.WithdrawFile(ctx, ann, id, g.Files[0].ID))
	v, err := w.Request(ctx, ann, id)
	must(t, err)
	if !slices.ContainsFunc(v.Missing, func(p review.Problem) bool { return p.Field == "pattern" }) {
		t.Errorf("missing %v", v.Missing)
	}
}

func TestIntermediateDataAndLogsNeedAJustification(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id := draft(t, w)
	g := stored(t, w, id).Groups[0]
	about, controls := reviewtest.Context()
	delete(about, "justification")
	must(t, w.EditGroup(ctx, w.As(t, "ann"), id, g.ID, review.GroupDetails{Context: about, Controls: controls}))
	v, _ := w.Request(ctx, w.As(t, "ann"), id)
	if len(v.Missing) != 0 {
		t.Fatalf("missing %v", v.Missing)
	}
	must(t, w.EditGroup(ctx, w.As(t, "ann"), id, g.ID, review.GroupDetails{Context: about, Controls: controls, Intermediate: true}))
	v, _ = w.Request(ctx, w.As(t, "ann"), id)
	if len(v.Missing) != 1 || v.Missing[0].Field != "justification" {
		t.Errorf("missing %v", v.Missing)
	}
}

func TestReusingContextFillsOnlyWhatIsEmpty(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	old, one, _ := reviewed(t, w)
	must(t, w.Release(ctx, one, old))
	_, err := w.WorkOnce(ctx)
	must(t, err)
	ann := w.As(t, "ann")
	w.Workspaces.Write(reviewtest.Cohort, "release/a.csv", "sex,n\nF,15\n")
	id, err := w.CreateRequest(ctx, ann, reviewtest.Cohort)
	must(t, err)
	_, err = w.AddFiles(ctx, ann, id, []review.AddFile{{Path: "release/a.csv", Kind: review.Output, Group: "new name"}})
	must(t, err)
	g := stored(t, w, id).Groups[0].ID
	must(t, w.EditGroup(ctx, ann, id, g, review.GroupDetails{Context: map[string]string{"population": "mine"}}))
	must(t, w.ReuseContext(ctx, ann, id, old))
	r := stored(t, w, id)
	if got := r.Groups[0].Context; got["population"] != "mine" || got["variables"] != "described" || r.Purpose != "for the paper" || r.Reused != old {
		t.Errorf("context %v, purpose %q", got, r.Purpose)
	}
	wantKind(t, w.ReuseContext(ctx, w.As(t, "tim"), id, old), review.NotFound)
}

// Identical contents at another path are not the file that was released; the
// same file is.
func TestReleasedFilesOnlyAsSupportingFiles(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	old, one, _ := reviewed(t, w)
	must(t, w.Release(ctx, one, old))
	_, err := w.WorkOnce(ctx)
	must(t, err)
	ann := w.As(t, "ann")
	w.Workspaces.Write(reviewtest.Cohort, "release/copy.csv", "sex,n\nF,10\n")
	id, err := w.CreateRequest(ctx, ann, reviewtest.Cohort)
	must(t, err)
	res, err := w.AddFiles(ctx, ann, id, []review.AddFile{
		{Path: "release/a.csv", Kind: review.Output}, {Path: "release/copy.csv", Kind: review.Output}, {Path: "release/b.csv", Kind: review.Supporting},
	})
	must(t, err)
	if !strings.Contains(res[0].Problem, "released already") || res[1].Problem != "" || res[2].Problem != "" {
		t.Errorf("results %+v", res)
	}
}

// The same file asked for again, as by somebody who never heard the first answer,
// is a success that changes nothing; another kind, group or contents is not the same.
func TestAddedAgain(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	ann := w.As(t, "ann")
	w.Workspaces.Write(reviewtest.Cohort, "release/a.csv", "sex,n\nF,20\n")
	id, err := w.CreateRequest(ctx, ann, reviewtest.Cohort)
	must(t, err)
	add := func(path string, kind review.FileKind, group string) review.AddResult {
		t.Helper()
		res, err := w.AddFiles(ctx, ann, id, []review.AddFile{{Path: path, Kind: kind, Group: group}})
		must(t, err)
		return res[0]
	}
	first := add("release/a.csv", review.Output, "Rates")
	before := stored(t, w, id)
	if again := add("release/a.csv", review.Output, " Rates "); first.File == "" || first.Before || again.File != first.File || !again.Before || again.Problem != "" {
		t.Errorf("first %+v, then %+v", first, again)
	}
	if diff := cmp.Diff(before, stored(t, w, id)); diff != "" {
		t.Error(diff)
	}
	for _, other := range []struct {
		what string
		add  func() review.AddResult
	}{
		{"kind", func() review.AddResult { return add("release/a.csv", review.Supporting, "Rates") }},
		{"group", func() review.AddResult { return add("release/a.csv", review.Output, "") }},
		{"contents", func() review.AddResult {
			w.Workspaces.Write(reviewtest.Cohort, "release/a.csv", "sex,n\nF,30\n")
			return add("release/a.csv", review.Output, "Rates")
		}},
	} {
		if r := other.add(); r.Before || r.File != "" || r.Problem != review.AddedBefore {
			t.Errorf("another %s: %+v", other.what, r)
		}
	}
}

// A submitted review stands when its checker's training ends, and does not when
// they come to belong to the project.
// An HTML report goes to a specialist: exactly two decide on each file, and the
// specialist sees and decides on theirs only.
func TestPublishingACommentInConsolidation(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, two := submitted(t, w)
	g := stored(t, w, id).Groups[0].ID
	must(t, w.Comment(ctx, one, id, review.CommentInput{Group: g, Visibility: review.Checkers, Text: "between us"}))
	k := stored(t, w, id).Comments[0].ID
	wantKind(t, w.PublishComment(ctx, two, id, k), review.Conflict) // blind phase
	for _, a := range []review.Actor{one, two} {
		voteAll(t, w, a, id, review.RequestChanges)
		must(t, w.SubmitReview(ctx, a, id))
	}
	must(t, w.PublishComment(ctx, two, id, k))
	wantKind(t, w.PublishComment(ctx, two, id, k), review.Conflict) // once
}

func TestGroupLevelRequestForChanges(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, _ := submitted(t, w)
	g := stored(t, w, id).Groups[1]
	must(t, w.RequestGroupChanges(ctx, one, id, g.ID, "round these"))
	_, f := stored(t, w, id).File(g.Files[0].ID)
	if v := f.VoteOf(one.Username); v == nil || v.Decision != review.RequestChanges || v.Reason != "round these" {
		t.Errorf("vote %+v", v)
	}
}

func TestWhoMayFileWhere(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	projects := []review.Project{
		{ID: "tests", Name: "Platform tests", Kind: review.TestingProject, Workspaces: []review.WorkspaceName{"w-tests"}},
		{ID: "curation", Name: "Curation", Kind: review.CurationProject, Backend: "TPP", Workspaces: []review.WorkspaceName{"w-curation"}},
		{ID: "elsewhere", Name: "Curation elsewhere", Kind: review.CurationProject, Backend: "Other", Workspaces: []review.WorkspaceName{"w-elsewhere"}},
	}
	all := []review.ProjectID{reviewtest.Study, "tests", "curation", "elsewhere"}
	person := func(name review.Username, r policy.Role) review.Person {
		return review.Person{Username: name, Name: string(name), Roles: []policy.Role{r}, Projects: all}
	}
	people := []review.Person{person("res", policy.Researcher), person("dev", policy.CoreDeveloper), person("inv", policy.DataInvestigator)}
	must(t, w.Store.SavePeople(ctx, people, projects, review.Event{At: time.Now(), Type: review.EvPeopleChanged, Actor: "system"}))
	allowed := map[string]bool{
		"res cohort": true, "dev w-tests": true, "dev w-curation": true, "inv w-curation": true,
	}
	for _, p := range people {
		for _, ws := range []review.WorkspaceName{reviewtest.Cohort, "w-tests", "w-curation", "w-elsewhere"} {
			_, err := w.CreateRequest(ctx, w.As(t, p.Username), ws)
			if want := allowed[fmt.Sprintf("%s %s", p.Username, ws)]; (err == nil) != want {
				t.Errorf("%s in %s: %v", p.Username, ws, err)
			}
		}
	}
}

func TestRemindersComeOnceADay(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, _ := submitted(t, w) // on a Friday, due the Friday after
	count := func() int {
		_, err := w.WorkOnce(ctx)
		must(t, err)
		events, _ := w.Store.Events(ctx, review.EventQuery{Request: id, Types: []review.EventType{review.EvReminded}})
		return len(events)
	}
	if n := count(); n != 0 {
		t.Fatalf("%d reminders on the first day", n)
	}
	w.Advance(6 * 24 * time.Hour) // Thursday
	if n := count() + count(); n != 4 {
		t.Errorf("%d and again %d reminders the day before, want 2", n-count(), count())
	}
	voteAll(t, w, one, id, review.Approve)
	must(t, w.SubmitReview(ctx, one, id))
	w.Advance(24 * time.Hour)
	if n := count(); n != 3 {
		t.Errorf("%d reminders, want one more: for the review that is not in", n)
	}
	w.Advance(24 * time.Hour) // Saturday
	if n := count(); n != 3 {
		t.Errorf("%d reminders, want none on a Saturday", n)
	}
	b, err := w.Board(ctx, w.As(t, "lea"))
	must(t, err)
	if len(b.Requests) != 1 || !b.Requests[0].Overdue || b.Requests[0].Request.Purpose != "" {
		t.Errorf("the lead sees %+v", b.Requests)
	}
}

func TestAbandonedDraftsAreShown(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	draft(t, w)
	w.Advance(31 * 24 * time.Hour)
	st, err := w.Status(ctx, w.As(t, "ops"))
	must(t, err)
	if len(st.Abandoned) != 1 || st.Abandoned[0].Purpose != "" {
		t.Errorf("abandoned %+v", st.Abandoned)
	}
}

func TestVersionsOfAFile(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id := draft(t, w)
	ann, file := w.As(t, "ann"), stored(t, w, id).Groups[0].Files[0].ID
	_, err := w.Versions(ctx, ann, id, file)
	wantKind(t, err, review.Conflict)
	w.Workspaces.Write(reviewtest.Cohort, "release/a.csv", "sex,n\nF,15\n")
	v, err := w.Request(ctx, ann, id)
	must(t, err)
	if v.Groups[0].Files[0].Changed != "changed" {
		t.Errorf("shown as %q", v.Groups[0].Files[0].Changed)
	}
	for _, step := range []func() error{func() error { return nil }, func() error { return w.UpdateFile(ctx, ann, id, file) }} {
		must(t, step())
		got, err := w.Versions(ctx, ann, id, file)
		must(t, err)
		if !strings.Contains(string(got.Before), "10") || !strings.Contains(string(got.After), "15") {
			t.Errorf("before %q, after %q", got.Before, got.After)
		}
	}
}

// An early decision is shown again after a resubmission made it undecided.
func TestTheEarlierDecisionIsKept(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, two := submitted(t, w)
	for _, a := range []review.Actor{one, two} {
		voteAll(t, w, a, id, review.RequestChanges)
		must(t, w.SubmitReview(ctx, a, id))
	}
	for _, g := range stored(t, w, id).Groups {
		must(t, w.Comment(ctx, one, id, review.CommentInput{Group: g.ID, Visibility: review.Public, Text: "please"}))
	}
	must(t, w.Return(ctx, one, id))
	for _, g := range stored(t, w, id).Groups {
		must(t, w.Comment(ctx, w.As(t, "ann"), id, review.CommentInput{Group: g.ID, Text: "done"}))
	}
	submit(t, w, id)
	v, err := w.Request(ctx, one, id)
	must(t, err)
	if m := v.Groups[0].Files[0].Mine; m == nil || m.Decision != review.Undecided || m.Earlier != review.RequestChanges || m.EarlierReason != "because" {
		t.Errorf("shown %+v", m)
	}
}
