package review_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// post is a channel that keeps what it is given, and fails when told to.
type post struct {
	mu   sync.Mutex
	sent []review.Notice
	fail error
}

func (p *post) Send(_ context.Context, n review.Notice) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return p.fail
	}
	p.sent = append(p.sent, n)
	return nil
}

func (p *post) all() []review.Notice {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.sent)
}

func (p *post) failWith(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = err
}

// take returns "person kind" of what was sent since the last time, sorted.
func (p *post) take() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, n := range p.sent {
		out = append(out, strings.TrimSpace(string(n.Person)+" "+string(n.Kind)))
	}
	p.sent = nil
	slices.Sort(out)
	return out
}

// posted is a World with a channel to people and one that many read.
func posted(t testing.TB) (w *reviewtest.World, people, room *post) {
	t.Helper()
	w, people, room = newWorld(t), new(post), new(post)
	w.Notify = review.Notify{
		PublicURL: "https://out.example.org",
		Channels:  []review.NamedChannel{{Name: "mail", Channel: people, Personal: true}, {Name: "room", Channel: room}},
	}
	return w, people, room
}

// deliver sends what is due a moment later.
func deliver(t testing.TB, w *reviewtest.World) {
	t.Helper()
	w.Advance(5 * time.Second)
	drain(t, w)
}

// Who hears of what at once, along a request's life.
func TestWhoHearsOfWhat(t *testing.T) {
	w, people, room := posted(t)
	ctx, ann := context.Background(), w.As(t, "ann")
	hears := func(step string, want, wantRoom []string) {
		t.Helper()
		deliver(t, w)
		deliver(t, w) // also of what was done meanwhile
		slices.Sort(want)
		if diff := cmp.Diff(want, people.take()); diff != "" {
			t.Errorf("%s: people (-want +got):\n%s", step, diff)
		}
		if diff := cmp.Diff(wantRoom, room.take()); diff != "" {
			t.Errorf("%s: the room (-want +got):\n%s", step, diff)
		}
	}
	id, one, two := submitted(t, w)
	a, b := string(one.Username), string(two.Username)
	hears("submitted", []string{a + " assigned", b + " assigned"}, []string{"submitted"})

	r, err := w.Store.Request(ctx, id)
	must(t, err)
	voteAll(t, w, one, id, review.RequestChanges)
	for _, g := range r.Groups {
		must(t, w.Comment(ctx, one, id, review.CommentInput{Group: g.ID, Visibility: review.Public, Text: "Round it."}))
	}
	must(t, w.SubmitReview(ctx, one, id))
	hears("one review is in", nil, nil)

	voteAll(t, w, two, id, review.RequestChanges)
	must(t, w.SubmitReview(ctx, two, id))
	hears("both are in", []string{a + " reviewed"}, []string{"reviewed"}) // two knows

	must(t, w.Comment(ctx, two, id, review.CommentInput{Group: r.Groups[0].ID, Visibility: review.Checkers, Text: "Agreed?"}))
	hears("a comment in consolidation", []string{a + " comment"}, nil)

	must(t, w.Return(ctx, one, id))
	hears("returned", []string{"ann comment", b + " returned"}, []string{"returned"})

	for _, g := range r.Groups {
		must(t, w.Comment(ctx, ann, id, review.CommentInput{Group: g.ID, Text: "It is rounded."}))
	}
	submit(t, w, id)
	hears("resubmitted", []string{a + " resubmitted", b + " resubmitted"}, []string{"resubmitted"})

	for _, c := range []review.Actor{one, two} {
		voteAll(t, w, c, id, review.Approve)
		must(t, w.SubmitReview(ctx, c, id))
	}
	deliver(t, w)
	people.take()
	room.take()
	must(t, w.Release(ctx, two, id))
	hears("released", []string{"ann released"}, []string{"approved", "released"})

	must(t, w.Recall(ctx, w.As(t, "aud"), id, review.BreachInput{Words: "A town can be told.", Severity: review.RecallSerious, Discovered: w.Now()}))
	everybody := []string{"ann recalled", "abe recalled", "cyn recalled", a + " recalled", b + " recalled", "lea recalled", "ops recalled"}
	hears("recalled", everybody, []string{"recalled"})
}

// Notices about lateness: each checker's own reminder, and the leads' once.
func TestRemindersAndOverdue(t *testing.T) {
	w, people, room := posted(t)
	lea := w.As(t, "lea")
	must(t, w.ChooseNotices(context.Background(), lea, review.NoticeChoices{Hour: 8, When: map[string]review.When{"overdue/leads": review.AtOnce}}))
	_, one, two := submitted(t, w)
	deliver(t, w)
	people.take()
	room.take()
	w.Advance(10 * 24 * time.Hour) // Monday the 30th, past the promised day
	drain(t, w)
	deliver(t, w)
	want := []string{"lea digest", "lea overdue", string(one.Username) + " reminder", string(two.Username) + " reminder"}
	slices.Sort(want)
	if diff := cmp.Diff(want, people.take()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	drain(t, w)
	deliver(t, w)
	if got := people.take(); len(got) > 0 {
		t.Errorf("again on the same day: %v", got)
	}
	if got := room.take(); len(got) > 0 {
		t.Errorf("the room hears %v, by which a checker could tell what the other has done", got)
	}
}

// A lead who reviews the request is told what a checker is told, and no more.
func TestASeatedLeadStaysBlind(t *testing.T) {
	w, people, _ := posted(t)
	ctx := context.Background()
	for _, name := range []review.Username{"carl", "cora", "chen"} {
		p := *w.As(t, name).Person
		p.Roles = []policy.Role{policy.Checker, policy.Lead}
		must(t, w.Store.SavePeople(ctx, []review.Person{p}, nil, review.Event{At: w.Now(), Type: review.EvPeopleChanged, Actor: "system"}))
		must(t, w.ChooseNotices(ctx, w.As(t, name), review.NoticeChoices{When: map[string]review.When{"partially_reviewed/leads": review.AtOnce}}))
	}
	id, one, two := submitted(t, w)
	deliver(t, w)
	people.take()
	voteAll(t, w, one, id, review.Approve)
	must(t, w.SubmitReview(ctx, one, id))
	deliver(t, w)
	var third string
	for _, name := range []review.Username{"carl", "cora", "chen"} {
		if name != one.Username && name != two.Username {
			third = string(name)
		}
	}
	if diff := cmp.Diff([]string{third + " partially_reviewed"}, people.take()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A channel that is down for long holds up no review, and what it missed arrives
// once it is back: whole, and each notice once.
func TestAnOutageHoldsNothingUp(t *testing.T) {
	w, people, room := posted(t)
	ctx := context.Background()
	people.failWith(errors.New("down"))
	room.failWith(errors.New("down"))
	id, one, two := submitted(t, w)
	must(t, w.Comment(ctx, one, id, review.CommentInput{Group: groupOf(t, w, id), Visibility: review.Public, Text: "Not this."}))
	drain(t, w)
	must(t, w.Return(ctx, one, id))
	r, err := w.Store.Request(ctx, id)
	must(t, err)
	if r.Status != review.Returned || !r.Due.IsZero() || r.Turn != 3 {
		t.Fatalf("a return by half: %s, turn %d", r.Status, r.Turn)
	}
	for _, g := range r.Groups {
		must(t, w.Comment(ctx, w.As(t, "ann"), id, review.CommentInput{Group: g.ID, Text: "Mended."}))
	}
	submit(t, w, id)
	for _, c := range []review.Actor{one, two} {
		deliver(t, w)
		voteAll(t, w, c, id, review.Approve)
		must(t, w.SubmitReview(ctx, c, id))
	}
	must(t, w.Release(ctx, one, id))
	drain(t, w)
	if got := status(t, w, id); got != review.Released {
		t.Fatalf("the release waits for the mail: %s", got)
	}
	deliver(t, w)
	people.failWith(nil)
	room.failWith(nil)
	for range 12 {
		w.Advance(2 * time.Minute)
		drain(t, w)
	}
	seen := map[string]bool{}
	for _, n := range append(people.all(), room.all()...) {
		if seen[n.ID] {
			t.Errorf("%s %s came twice", n.Person, n.Kind)
		}
		seen[n.ID] = true
	}
	got := people.take()
	for _, want := range []string{"ann comment", "ann released", string(one.Username) + " assigned", string(two.Username) + " resubmitted"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is lost: %v", want, got)
		}
	}
	if got := room.take(); !slices.Contains(got, "returned") {
		t.Errorf("the room lost its notices: %v", got)
	}
}

func groupOf(t testing.TB, w *reviewtest.World, id review.RequestID) review.GroupID {
	t.Helper()
	r, err := w.Store.Request(context.Background(), id)
	must(t, err)
	return r.Groups[0].ID
}

// Killed after the commit, or at any step on the way out, the notice arrives all
// the same; what arrives twice has one id.
func TestAKilledProcessLosesNoNotice(t *testing.T) {
	for _, at := range []string{"", "notify.send", "notify.channel", "job.finish"} {
		t.Run("killed at "+at, func(t *testing.T) {
			w, people, _ := posted(t)
			_, one, two := submitted(t, w)
			w.Advance(5 * time.Second)
			for n := range 4 { // it dies more than once
				killed := *w.Service
				killed.Step = func(step string) {
					if step == at {
						panic(fmt.Sprint("killed ", n))
					}
				}
				func() {
					defer func() { _ = recover() }()
					if at != "" {
						_, err := killed.WorkOnce(context.Background())
						must(t, err)
					}
				}()
				w.Advance(time.Minute) // its lease ends
			}
			drain(t, w)
			deliver(t, w)
			ids := map[string][]string{}
			for _, n := range people.all() {
				who := string(n.Person) + " " + string(n.Kind)
				if !slices.Contains(ids[who], n.ID) {
					ids[who] = append(ids[who], n.ID)
				}
			}
			for _, name := range []review.Username{one.Username, two.Username} {
				if got := ids[string(name)+" assigned"]; len(got) != 1 {
					t.Errorf("%s was told by %d messages", name, len(got))
				}
			}
		})
	}
}

// A store whose writes fail now and then loses no notice and makes none twice.
func TestNoticesOverAFailingStore(t *testing.T) {
	for _, fault := range []reviewtest.Fault{reviewtest.Before, reviewtest.Within, reviewtest.After} {
		w, people, _ := posted(t)
		_, one, two := submitted(t, w)
		failing := *w.Service
		failing.Store = &reviewtest.Faults{Store: w.Store, Plan: reviewtest.EveryNth(3, fault)}
		for range 60 {
			w.Advance(5 * time.Second)
			_, err := failing.WorkOnce(context.Background())
			if err != nil && !errors.Is(err, reviewtest.ErrFault) {
				t.Fatal(err)
			}
		}
		w.Advance(time.Hour)
		drain(t, w)
		ids := map[string]int{}
		for _, n := range people.all() {
			ids[n.ID]++
		}
		if len(ids) != 2 {
			t.Errorf("fault %d: %d different notices, want those of %s and %s: %v", fault, len(ids), one.Username, two.Username, ids)
		}
	}
}

// Nothing that a request holds but its purpose is in a notice.
func TestNoticesHoldNoContents(t *testing.T) {
	w, people, room := posted(t)
	w.Notify.Channels[1].Kinds = review.NoticeKinds() // all of them, also what it should not carry
	const marker = "MARKER"
	ctx, ann := context.Background(), w.As(t, "ann")
	w.Workspaces.Write(reviewtest.Cohort, "release/MARKERfile.csv", "MARKERcolumn\nMARKERcell\n")
	id, err := w.CreateRequest(ctx, ann, reviewtest.Cohort)
	must(t, err)
	must(t, w.EditDetails(ctx, ann, id, review.RequestDetails{
		Title: "MARKERtitle", Purpose: "for\tthe\r\npaper", Concerns: "MARKERconcern", Repository: "https://example.org/MARKERrepo", ProjectNumber: "MARKERnumber",
	}))
	_, err = w.AddFiles(ctx, ann, id, []review.AddFile{{Path: "release/MARKERfile.csv", Kind: review.Output, Group: "MARKERgroup"}})
	must(t, err)
	about, controls := reviewtest.Context()
	for _, fields := range []map[string]string{about, controls} {
		for k := range fields {
			fields[k] = "MARKER" + k
		}
	}
	must(t, w.EditGroup(ctx, ann, id, groupOf(t, w, id), review.GroupDetails{Context: about, Controls: controls}))
	submit(t, w, id)
	r, err := w.Store.Request(ctx, id)
	must(t, err)
	one, two := w.As(t, r.Seats[0].Checker), w.As(t, r.Seats[1].Checker)
	say := func(a review.Actor) {
		t.Helper()
		must(t, w.Comment(ctx, a, id, review.CommentInput{Group: r.Groups[0].ID, Visibility: review.Public, Text: "MARKERcomment"}))
	}
	vote := func(a review.Actor, d review.Decision) {
		t.Helper()
		f := r.Groups[0].Files[0]
		must(t, w.Vote(ctx, a, id, review.VoteInput{File: f.ID, Decision: d, Reason: "MARKERreason", Seen: f.Release}))
		must(t, w.SubmitReview(ctx, a, id))
	}
	say(one)
	vote(one, review.RequestChanges)
	vote(two, review.RequestChanges)
	say(two)
	must(t, w.Return(ctx, one, id))
	say(ann)
	submit(t, w, id)
	vote(one, review.Approve)
	vote(two, review.Approve)
	w.Sink.Fail = func() error { return errors.New("MARKERsink") }
	must(t, w.Release(ctx, one, id))
	for range 40 {
		deliver(t, w)
	}
	w.Sink.Fail = nil
	w.Advance(48 * time.Hour)
	drain(t, w)
	deliver(t, w)
	all := append(people.all(), room.all()...)
	kinds := map[review.NoticeKind]bool{}
	for _, n := range all {
		kinds[n.Kind] = true
		if text := reviewtest.JSON(t, n); strings.Contains(text, marker) {
			t.Errorf("%s to %q: %s", n.Kind, n.Person, text)
		}
		if n.To != review.ToOperator && n.Kind != review.NoticeDigest && n.Purpose != "for the paper" {
			t.Errorf("%s to %q gives the purpose as %q", n.Kind, n.Person, n.Purpose)
		}
		if n.To == review.ToOperator && n.Purpose+n.Requester+string(n.Author) != "" {
			t.Errorf("an operator reads %+v", n)
		}
	}
	for _, k := range []review.NoticeKind{review.NoticeAssigned, review.NoticeComment, review.NoticeReturned, review.NoticeReviewed, review.NoticeReleased, review.NoticeDeliveryFailed, review.NoticeDigest} {
		if !kinds[k] {
			t.Errorf("no notice of kind %s was made: the test shows too little", k)
		}
	}
}

// A thousand people are told of one change, each once.
func TestAThousandNotices(t *testing.T) {
	w, people, _ := posted(t)
	ctx := context.Background()
	id, one, _ := submitted(t, w)
	deliver(t, w)
	people.take()
	var crowd []review.Person
	for i := range 1000 {
		crowd = append(crowd, review.Person{
			Username: review.Username(fmt.Sprintf("p%d", i)), Name: "P", Email: "p@example.org",
			Roles: []policy.Role{policy.Operator, policy.Lead}, // an operator is nothing else
		})
		if i < 999 {
			crowd[i].Roles = []policy.Role{policy.Lead}
		}
	}
	must(t, w.Store.SavePeople(ctx, crowd, nil, review.Event{At: w.Now(), Type: review.EvPeopleChanged, Actor: "system"}))
	p := *w.As(t, "lea").Person
	must(t, w.Store.SavePeople(ctx, []review.Person{p}, nil, review.Event{At: w.Now(), Type: review.EvPeopleChanged, Actor: "system"}))
	w.Store = everyoneAtOnce{w.Store}
	w.Service.Store = w.Store
	must(t, w.Comment(ctx, one, id, review.CommentInput{Group: groupOf(t, w, id), Visibility: review.Public, Text: "No."}))
	must(t, w.Return(ctx, one, id))
	w.Advance(5 * time.Second)
	work, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- w.Work(work) }()
	leads := func() (n int) {
		for _, x := range people.all() {
			if x.To == review.ToLeads {
				n++
			}
		}
		return n
	}
	for end := time.Now().Add(time.Minute); leads() < 1000 && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	<-done
	seen := map[string]bool{}
	for _, n := range people.all() {
		seen[n.ID] = true
	}
	if n := leads(); n != 1000 || len(seen) != len(people.all()) {
		t.Errorf("%d leads were told, by %d messages of %d ids", n, len(people.all()), len(seen))
	}
}

// everyoneAtOnce is a store in which everybody asked to hear of returns at once.
type everyoneAtOnce struct{ review.Store }

func (s everyoneAtOnce) NoticeChoices(ctx context.Context) (map[review.Username]review.NoticeChoices, error) {
	people, err := s.People(ctx)
	all := map[review.Username]review.NoticeChoices{}
	for _, p := range people {
		all[p.Username] = review.NoticeChoices{When: map[string]review.When{"returned/leads": review.AtOnce}}
	}
	return all, err
}

// A digest comes once a day at the person's hour, in the service's zone, and
// holds what waited for it.
// What may not be switched off stays; choices are one's own, and on record.
// Whose training expires soon is told once for each of the days ahead.
// Every change of a request goes by the one way that tells people.
