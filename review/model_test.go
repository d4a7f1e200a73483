package review_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
	"sallyport/storage"
	"sallyport/storage/pgtest"
)

// TestMain sets how long the model plays in a usual run; -rapid.checks and
// -rapid.steps on the command line go before it.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.checks": "30", "rapid.steps": "60"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// TestWorkflow plays random people doing random things, and after each thing
// holds what must always hold. The model keeps its own books of who approved
// which bytes, from what was asked of the service, not from what it stored.
func TestWorkflow(t *testing.T) {
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		s, err := storage.Open(context.Background(), pgtest.Address(t, filepath.Join(dir, fmt.Sprint(n, ".db")), schema), time.Now)
		if err != nil {
			rt.Fatal(err)
		}
		defer s.Close()
		m := &model{
			w: reviewtest.NewWorld(t, s), t: t, approvals: map[ballot]string{}, last: map[review.RequestID]review.Status{},
			seen: map[review.RequestID]int64{}, released: map[review.RequestID]left{}, stands: map[review.RequestID][]stand{},
		}
		m.askForAll()
		for i := range 6 {
			m.w.Workspaces.Write(reviewtest.Cohort, fmt.Sprintf("release/%d.csv", i), "n\n10\n")
			m.w.Workspaces.Write(reviewtest.Arms, fmt.Sprintf("release/%d.csv", i), "n\n10\n")
		}
		rt.Repeat(map[string]func(*rapid.T){
			"create": m.create, "add": m.add, "touch": m.touch, "describe": m.describe, "submit": m.submit,
			"withdraw": m.withdraw, "vote": m.vote, "vote all": m.voteAll, "hand in": m.handIn, "comment": m.comment,
			"hand over": m.handOver, "to a specialist": m.specialist, "people change": m.people, "except": m.except, "answer": m.answer,
			"return": m.giveBack, "release": m.release, "reject": m.reject, "work": m.work, "recall": m.recall,
			"submit again": m.submit, "vote all again": m.voteAll, "release again": m.release,
			"": m.invariants,
		})
		m.noticesStayBlind(rt)
	})
}

// ballot is one checker's say on one file.
type ballot struct {
	file    review.FileID
	checker review.Username
}

type model struct {
	w        *reviewtest.World
	t        *testing.T
	requests []review.RequestID
	// approvals maps a standing approval to what it was given to, in the
	// model's own words.
	approvals map[ballot]string
	last      map[review.RequestID]review.Status
	stands    map[review.RequestID][]stand
	seen      map[review.RequestID]int64 // version held to the invariants
	released  map[review.RequestID]left
	writes    int
}

func (m *model) ctx() context.Context { return context.Background() }

func (m *model) anyone(rt *rapid.T) review.Actor {
	return m.w.As(m.t, rapid.SampledFrom(reviewtest.People()).Draw(rt, "person").Username)
}

// stored draws a request and reads it from the store.
func (m *model) stored(rt *rapid.T) *review.Request {
	if len(m.requests) == 0 {
		rt.Skip("no request yet")
	}
	r, err := m.w.Store.Request(m.ctx(), rapid.SampledFrom(m.requests).Draw(rt, "request"))
	if err != nil {
		rt.Fatal(err)
	}
	return r
}

// somebody draws mostly those whom the request concerns.
func (m *model) somebody(rt *rapid.T, r *review.Request) review.Actor {
	names := []review.Username{r.Author, r.Author}
	for _, s := range r.Seats {
		names = append(names, s.Checker, s.Checker, s.Checker)
	}
	names = append(names, rapid.SampledFrom(reviewtest.People()).Draw(rt, "other").Username)
	return m.w.As(m.t, rapid.SampledFrom(names).Draw(rt, "person"))
}

// usually draws the person who can do it, and now and then somebody else.
func (m *model) usually(rt *rapid.T, r *review.Request, names ...review.Username) review.Actor {
	if len(names) == 0 || rapid.IntRange(0, 7).Draw(rt, "stranger") == 0 {
		return m.somebody(rt, r)
	}
	return m.w.As(m.t, rapid.SampledFrom(names).Draw(rt, "person"))
}

// seated are the checkers of the request whose review is not in, or all.
func seated(r *review.Request) []review.Username {
	var open, all []review.Username
	for _, s := range r.Seats {
		all = append(all, s.Checker)
		if s.Submitted.IsZero() {
			open = append(open, s.Checker)
		}
	}
	if len(open) > 0 {
		return open
	}
	return all
}

// known fails on an error that tells a person nothing.
func (m *model) known(rt *rapid.T, err error) bool {
	if err != nil && review.KindOf(err) == review.Internal {
		rt.Fatalf("no clear message: %v", err)
	}
	return err == nil
}

func (m *model) create(rt *rapid.T) {
	a := m.anyone(rt)
	ws := rapid.SampledFrom([]review.WorkspaceName{reviewtest.Cohort, reviewtest.Arms}).Draw(rt, "workspace")
	id, err := m.w.CreateRequest(m.ctx(), a, ws)
	if m.known(rt, err) {
		m.requests = append(m.requests, id)
		m.known(rt, m.w.EditDetails(m.ctx(), a, id, review.RequestDetails{Purpose: "p"}))
		m.addTo(rt, a, id, 2)
		m.describeAs(rt, a, id, "described")
	}
}

func (m *model) add(rt *rapid.T) {
	r := m.stored(rt)
	m.addTo(rt, m.somebody(rt, r), r.ID, 1)
}

func (m *model) addTo(rt *rapid.T, a review.Actor, id review.RequestID, n int) {
	var files []review.AddFile
	for range n {
		files = append(files, review.AddFile{
			Path:  fmt.Sprintf("release/%d.csv", rapid.IntRange(0, 5).Draw(rt, "file")),
			Kind:  rapid.SampledFrom([]review.FileKind{review.Output, review.Output, review.Supporting}).Draw(rt, "kind"),
			Group: rapid.SampledFrom([]string{"g", "h"}).Draw(rt, "group"),
		})
	}
	_, err := m.w.AddFiles(m.ctx(), a, id, files)
	m.known(rt, err)
}

// touch changes one file in one of the ways an author has.
func (m *model) touch(rt *rapid.T) {
	r := m.stored(rt)
	a, f := m.somebody(rt, r), m.file(rt, r)
	var err error
	switch rapid.IntRange(0, 3).Draw(rt, "how") {
	case 0:
		m.writes++
		m.w.Workspaces.Write(r.Workspace, f.Path, fmt.Sprintf("n\n%d\n%s\n", 10*m.writes, rapid.SampledFrom([]string{"", "small"}).Draw(rt, "content")))
		err = m.w.UpdateFile(m.ctx(), a, r.ID, f.ID)
	case 1:
		err = m.w.WithdrawFile(m.ctx(), a, r.ID, f.ID)
	case 2:
		err = m.w.MoveFile(m.ctx(), a, r.ID, f.ID, "h", review.Output)
	default:
		err = m.w.MoveFile(m.ctx(), a, r.ID, f.ID, "g", review.Supporting)
	}
	m.known(rt, err)
}

func (m *model) file(rt *rapid.T, r *review.Request) review.File {
	var all []review.File
	for _, g := range r.Groups {
		all = append(all, g.Files...)
	}
	if len(all) == 0 {
		rt.Skip("no file")
	}
	return rapid.SampledFrom(all).Draw(rt, "file")
}

func (m *model) describe(rt *rapid.T) {
	r := m.stored(rt)
	words := rapid.SampledFrom([]string{"described", "described", "otherwise"}).Draw(rt, "words")
	m.describeAs(rt, m.usually(rt, r, r.Author), r.ID, words)
}

func (m *model) describeAs(rt *rapid.T, a review.Actor, id review.RequestID, words string) {
	r, err := m.w.Store.Request(m.ctx(), id)
	if err != nil {
		rt.Fatal(err)
	}
	for _, g := range r.Groups {
		about, controls := reviewtest.Context()
		about["population"] = words
		m.known(rt, m.w.EditGroup(m.ctx(), a, r.ID, g.ID, review.GroupDetails{Context: about, Controls: controls}))
		if a.Username == r.Author {
			m.known(rt, m.w.Comment(m.ctx(), a, r.ID, review.CommentInput{Group: g.ID, Visibility: review.Public, Text: "see above"}))
		}
	}
}

func (m *model) submit(rt *rapid.T) {
	r := m.stored(rt)
	ticked, permitted := reviewtest.Checklist()
	m.known(rt, m.w.Submit(m.ctx(), m.usually(rt, r, r.Author), r.ID, ticked, permitted))
}

func (m *model) withdraw(rt *rapid.T) {
	r := m.stored(rt)
	if rapid.IntRange(0, 4).Draw(rt, "really") == 0 {
		m.known(rt, m.w.Withdraw(m.ctx(), m.somebody(rt, r), r.ID))
	}
}

func (m *model) vote(rt *rapid.T) {
	r := m.stored(rt)
	d := rapid.SampledFrom([]review.Decision{review.Approve, review.Approve, review.RequestChanges, review.Reject, review.Undecided}).Draw(rt, "decision")
	m.castVote(rt, r, m.somebody(rt, r), m.file(rt, r), d)
}

func (m *model) voteAll(rt *rapid.T) {
	r := m.stored(rt)
	a := m.usually(rt, r, seated(r)...)
	d := rapid.SampledFrom([]review.Decision{review.Approve, review.Approve, review.Approve, review.Approve, review.RequestChanges, review.Reject}).Draw(rt, "decision")
	for _, f := range r.Outputs() {
		m.castVote(rt, r, a, *f, d)
	}
	m.known(rt, m.w.SubmitReview(m.ctx(), a, r.ID))
}

func (m *model) castVote(rt *rapid.T, r *review.Request, a review.Actor, f review.File, d review.Decision) {
	err := m.w.Vote(m.ctx(), a, r.ID, review.VoteInput{File: f.ID, Decision: d, Reason: "because", Seen: f.Release})
	if !m.known(rt, err) {
		return
	}
	if a.Username == r.Author || a.In(r.Project) || !a.Has(policy.Checker) || r.Seat(a.Username) == nil {
		rt.Fatalf("%s voted on a request of %s", a.Username, r.Author)
	}
	g, stored := r.File(f.ID)
	delete(m.approvals, ballot{f.ID, a.Username})
	if d == review.Approve {
		m.approvals[ballot{f.ID, a.Username}] = inWords(g, stored)
	}
}

// inWords is everything an approval rests on, written out.
func inWords(g *review.Group, f *review.File) string {
	var supporting []string
	for _, o := range g.Files {
		if o.Kind == review.Supporting {
			supporting = append(supporting, o.Path+string(o.Digest))
		}
	}
	var exceptions []string
	for _, x := range f.Exceptions {
		exceptions = append(exceptions, x.Check+x.Reason)
	}
	return fmt.Sprint(f.Path, f.Kind, f.Digest, f.Release, g.ID, g.Context, g.Controls, g.Intermediate, supporting, exceptions)
}

func (m *model) handIn(rt *rapid.T) {
	r := m.stored(rt)
	m.known(rt, m.w.SubmitReview(m.ctx(), m.somebody(rt, r), r.ID))
}

func (m *model) comment(rt *rapid.T) {
	r := m.stored(rt)
	if len(r.Groups) == 0 {
		rt.Skip("no group")
	}
	v := rapid.SampledFrom([]review.Visibility{review.Public, review.Checkers}).Draw(rt, "visibility")
	a := m.somebody(rt, r)
	for _, g := range r.Groups {
		m.known(rt, m.w.Comment(m.ctx(), a, r.ID, review.CommentInput{Group: g.ID, Visibility: v, Text: "a remark"}))
	}
}

func (m *model) handOver(rt *rapid.T) {
	r := m.stored(rt)
	to := rapid.SampledFrom([]review.Username{"", "carl", "cora", "chen", "cyn"}).Draw(rt, "to")
	a := m.usually(rt, r, seated(r)...)
	m.known(rt, m.w.HandOver(m.ctx(), a, r.ID, to, "busy"))
	m.forget(r, a.Username)
}

// forget drops the approvals of a checker who has no seat any more.
func (m *model) forget(r *review.Request, name review.Username) {
	if now, err := m.w.Store.Request(m.ctx(), r.ID); err == nil && now.Seat(name) == nil {
		for b := range m.approvals {
			if _, f := now.File(b.file); f != nil && b.checker == name {
				delete(m.approvals, b)
			}
		}
	}
}

func (m *model) specialist(rt *rapid.T) {
	r := m.stored(rt)
	f := m.file(rt, r)
	if len(r.Seats) == 0 {
		rt.Skip("nobody is seated")
	}
	from := rapid.SampledFrom(r.Seats).Draw(rt, "from").Checker
	to := rapid.SampledFrom([]review.Username{"carl", "cora", "chen", "cyn"}).Draw(rt, "to")
	if m.known(rt, m.w.RouteFile(m.ctx(), m.w.As(m.t, "lea"), r.ID, f.ID, from, to, "skilled")) {
		delete(m.approvals, ballot{f.ID, from})
	}
}

// people makes a checker join or leave a project, or lose and regain the role.
func (m *model) people(rt *rapid.T) {
	p := *m.w.As(m.t, rapid.SampledFrom([]review.Username{"carl", "cora", "chen"}).Draw(rt, "person")).Person
	p.Projects, p.Roles = nil, []policy.Role{policy.Checker}
	switch rapid.IntRange(0, 5).Draw(rt, "how") {
	case 0:
		p.Projects = []review.ProjectID{reviewtest.Study}
	case 1:
		p.Roles = []policy.Role{policy.Researcher}
	}
	e := review.Event{At: time.Now(), Type: review.EvPeopleChanged, Actor: "system"}
	if err := m.w.Store.SavePeople(m.ctx(), []review.Person{p}, nil, e); err != nil {
		rt.Fatal(err)
	}
}

func (m *model) except(rt *rapid.T) {
	r := m.stored(rt)
	f := m.file(rt, r)
	reason := rapid.SampledFrom([]string{"", "published", "otherwise known"}).Draw(rt, "reason")
	m.known(rt, m.w.AskException(m.ctx(), m.usually(rt, r, r.Author), r.ID, f.ID, "small-count", reason))
}

func (m *model) answer(rt *rapid.T) {
	r := m.stored(rt)
	a := m.usually(rt, r, seated(r)...)
	accept := rapid.IntRange(0, 3).Draw(rt, "accept") > 0
	for _, f := range r.Outputs() {
		m.known(rt, m.w.AnswerException(m.ctx(), a, r.ID, f.ID, "small-count", accept, "because"))
	}
}

func (m *model) giveBack(rt *rapid.T) {
	r := m.stored(rt)
	a := m.usually(rt, r, seated(r)...)
	for _, g := range r.Groups {
		m.known(rt, m.w.Comment(m.ctx(), a, r.ID, review.CommentInput{Group: g.ID, Visibility: review.Public, Text: "please change this"}))
	}
	m.known(rt, m.w.Return(m.ctx(), a, r.ID))
}

func (m *model) reject(rt *rapid.T) {
	r := m.stored(rt)
	if rapid.IntRange(0, 4).Draw(rt, "really") == 0 {
		m.known(rt, m.w.RejectRequest(m.ctx(), m.usually(rt, r, seated(r)...), r.ID, "no"))
	}
}

func (m *model) release(rt *rapid.T) {
	r := m.stored(rt)
	before := r.Status
	if !m.known(rt, m.w.Release(m.ctx(), m.usually(rt, r, seated(r)...), r.ID)) || before != review.Reviewed {
		return
	}
	rel, err := m.w.Store.Release(m.ctx(), r.ID)
	if err != nil {
		rt.Fatal(err)
	}
	outputs := 0
	for g, f := range r.Outputs() {
		outputs++
		two := r.CheckersOf(f)
		if len(two) != 2 || two[0] == two[1] {
			rt.Fatalf("%s left with checkers %v", f.Path, two)
		}
		for _, name := range two {
			if p := m.w.As(m.t, name); p.In(r.Project) || name == r.Author {
				rt.Fatalf("%s left by the approval of %s, who belongs to the project", f.Path, name)
			}
			if got := m.approvals[ballot{f.ID, name}]; got != inWords(g, f) {
				rt.Fatalf("%s left: %s approved %q, it is %q", f.Path, name, got, inWords(g, f))
			}
		}
		if !slices.ContainsFunc(rel.Files, func(x review.ReleasedFile) bool { return x.Path == f.Path && x.SHA256 == f.Release }) {
			rt.Fatalf("%s is not in the release", f.Path)
		}
	}
	if outputs == 0 || outputs != len(rel.Files) {
		rt.Fatalf("%d files left of %d", len(rel.Files), outputs)
	}
}

// recall reports a release, by somebody who may, or not, and for all of it or one
// file.
func (m *model) recall(rt *rapid.T) {
	r := m.stored(rt)
	rel, err := m.w.Store.Release(m.ctx(), r.ID)
	if err != nil {
		rt.Skip("nothing is released")
	}
	in := breach(m.w)
	if rapid.Bool().Draw(rt, "one file") {
		in.Files = []string{rapid.SampledFrom(rel.Files).Draw(rt, "file").Path}
	}
	names := []review.Username{"lea", "aud"}
	for _, s := range r.Seats {
		names = append(names, s.Checker)
	}
	a := m.usually(rt, r, names...)
	if !m.known(rt, m.w.Recall(m.ctx(), a, r.ID, in)) {
		return
	}
	if a.Username == r.Author || a.In(r.Project) || r.Status != review.Released && r.Status != review.Approved {
		rt.Fatalf("%s recalled a request that is %s", a.Username, r.Status)
	}
}

// recalledStays holds a recalled release to what must be true of it: it stays
// recalled, the record of what left does not change, nothing of it is out once
// every job is done, and it never goes on its way again.
// left is what the model remembers of a release.
func (m *model) work(rt *rapid.T) {
	if _, err := m.w.WorkOnce(m.ctx()); err != nil {
		rt.Fatal(err)
	}
}

// invariants hold after every step.
// chain holds the events of a request to its status: each starts where the one
// before ended, only along the arrows, and the last one ends where it is.
// blindness compares everything each checker can fetch with what they could
// fetch had the other not voted or commented in this turn.
// without is the store as it would be had one checker not voted or commented in
// this turn. That a review is in is known from the status, and stays.
