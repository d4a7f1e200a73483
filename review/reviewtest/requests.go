package reviewtest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"sallyport/review"
)

func fullRequest(t *testing.T, s review.Store) {
	want := FullRequest("r1")
	create(t, s, want)
	same(t, "the request", want, read(t, s, "r1"))
}

// updateLevels changes one thing at each level of the aggregate, one update
// each, and reads the whole after every one.
func updateLevels(t *testing.T, s review.Store) {
	want := FullRequest("r1")
	create(t, s, want)
	for _, step := range []struct {
		name   string
		change func(*review.Request)
	}{
		{"nothing", func(*review.Request) {}},
		{"the request", func(r *review.Request) { r.Title, r.Status, r.Due = "New", review.Reviewed, later(9) }},
		{"clearing times", func(r *review.Request) { r.Due, r.Submitted = r.Decided, r.Decided }},
		{"a group's context", func(r *review.Request) { r.Groups[1].Context = map[string]string{"only": "this"} }},
		{"an empty group", func(r *review.Request) { r.Groups = append(r.Groups, review.Group{ID: "new", Name: "n"}) }},
		{"a file moves to another group", func(r *review.Request) {
			moved := r.Groups[0].Files[0]
			r.Groups[0].Files = r.Groups[0].Files[1:]
			r.Groups[1].Files = append(r.Groups[1].Files, moved)
		}},
		{"groups change places", func(r *review.Request) { r.Groups[0], r.Groups[2] = r.Groups[2], r.Groups[0] }},
		{"a file's bytes", func(r *review.Request) { r.Groups[1].Files[0].Digest = sum([]byte("new")) }},
		{"a vote changes", func(r *review.Request) { r.Groups[1].Files[0].Votes[1].Decision = review.Undecided }},
		{"a vote goes", func(r *review.Request) { r.Groups[1].Files[0].Votes = r.Groups[1].Files[0].Votes[:1] }},
		{"votes come", func(r *review.Request) {
			r.Groups[1].Files[0].Votes = append(r.Groups[1].Files[0].Votes,
				review.Vote{Checker: "dave", Decision: review.Approve, At: later(1)})
		}},
		{"a seat is taken by another", func(r *review.Request) { r.Seats[0].Checker = "erin" }},
		{"a comment is made public", func(r *review.Request) { r.Comments[1].Visibility = review.Public }},
		{"a file and its votes go", func(r *review.Request) { r.Groups[1].Files = r.Groups[1].Files[1:] }},
		{"a group and all in it goes", func(r *review.Request) { r.Groups = r.Groups[:1] }},
		{"all goes", func(r *review.Request) { r.Groups, r.Seats, r.Comments = nil, nil, nil }},
	} {
		step.change(want)
		want.Version++
		same(t, step.name+": returned", want, edit(t, s, "r1", step.change))
		same(t, step.name+": kept", want, read(t, s, "r1"))
	}
}

func sameID(t *testing.T, s review.Store) {
	create(t, s, Draft("r1", "ada", "one", start))
	other := Draft("r1", "bob", "two", start)
	wantKind(t, s.Create(t.Context(), other, Happened(other, review.EvRequestCreated, start)), review.Conflict)
	same(t, "the first", Draft("r1", "ada", "one", start), read(t, s, "r1"))
}

// oneActive goes through every status: another request is refused while the
// first one is active, and only then.
func oneActive(t *testing.T, s review.Store) {
	create(t, s, Draft("r1", "ada", "study", start))
	create(t, s, Draft("r2", "ada", "other", start))
	create(t, s, Draft("r3", "bob", "study", start))
	for i, status := range []review.Status{
		review.Pending, review.Submitted, review.PartiallyReviewed, review.Reviewed, review.Returned,
		review.Approved, review.Released, review.Rejected, review.Withdrawn,
	} {
		edit(t, s, "r1", func(r *review.Request) { r.Status = status })
		next := Draft(review.RequestID(fmt.Sprintf("next%d", i)), "ada", "study", start)
		err := s.Create(t.Context(), next, Happened(next, review.EvRequestCreated, start))
		if status.Active() {
			wantKind(t, err, review.Conflict)
			wantKind(t, second(s.Request(t.Context(), next.ID)), review.NotFound)
			continue
		}
		must(t, err)
		edit(t, s, next.ID, func(r *review.Request) { r.Status = review.Withdrawn })
	}
	create(t, s, Draft("last", "ada", "study", start))
	_, err := s.Update(t.Context(), "r1", edited(func(r *review.Request) { r.Status = review.Returned }))
	wantKind(t, err, review.Conflict)
}

// second drops a result and keeps the error.
func second[T any](_ T, err error) error { return err }

func oneActiveRace(t *testing.T, s review.Store) {
	results := race(10, func(i int) error {
		r := Draft(review.RequestID(fmt.Sprintf("r%d", i)), "ada", "study", start)
		return s.Create(t.Context(), r, Happened(r, review.EvRequestCreated, start))
	})
	won := 0
	for _, err := range results {
		if err == nil {
			won++
			continue
		}
		wantKind(t, err, review.Conflict)
	}
	list, err := s.Requests(t.Context(), review.RequestQuery{})
	must(t, err)
	if won != 1 || len(list) != 1 || len(events(t, s)) != 1 {
		t.Errorf("%d creations succeeded, %d requests and %d events are kept, want one of each", won, len(list), len(events(t, s)))
	}
}

// race runs n calls at once and returns their errors.
func race(n int, call func(i int) error) []error {
	results := make([]error, n)
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() { results[i] = call(i) })
	}
	wait.Wait()
	return results
}

func notFound(t *testing.T, s review.Store) {
	wantKind(t, second(s.Request(t.Context(), "nobody")), review.NotFound)
	wantKind(t, second(s.Update(t.Context(), "nobody", edited(func(*review.Request) {}))), review.NotFound)
	wantKind(t, second(s.Release(t.Context(), "nobody")), review.NotFound)
	wantKind(t, second(s.Report(t.Context(), review.ReportKey{})), review.NotFound)
	wantKind(t, second(s.Person(t.Context(), "nobody")), review.NotFound)
	wantKind(t, second(s.NextJob(t.Context(), start, later(1))), review.NotFound)
	nobody := &review.Job{ID: "nobody"}
	wantKind(t, s.HoldJob(t.Context(), nobody, start), review.NotFound)
	wantKind(t, s.FinishJob(t.Context(), nobody), review.NotFound)
	wantKind(t, s.RetryJob(t.Context(), nobody, start, start, ""), review.NotFound)
	wantKind(t, s.Revive(t.Context(), "nobody", review.Event{At: start, Type: review.EvJobRevived, Actor: "ops"}), review.NotFound)
	same(t, "events", 0, len(events(t, s)))
}

func noEvent(t *testing.T, s review.Store) {
	r := Draft("r1", "ada", "study", start)
	if err := s.Create(t.Context(), r); err == nil {
		t.Error("a request was created without an event")
	}
	create(t, s, r)
	for name, list := range map[string][]review.Event{
		"none":            nil,
		"of another":      {Happened(Draft("r2", "ada", "x", start), review.EvRequestEdited, start)},
		"without a time":  {{Type: review.EvRequestEdited, Request: "r1"}},
		"without a type":  {{At: start, Request: "r1"}},
		"one good of two": {Happened(r, review.EvRequestEdited, start), {Type: review.EvRequestEdited, Request: "r1"}},
	} {
		_, err := s.Update(t.Context(), "r1", func(r *review.Request) (review.Change, error) {
			r.Title = "changed"
			return review.Change{Events: list}, nil
		})
		if err == nil {
			t.Errorf("a change with an event %s was kept", name)
		}
	}
	same(t, "the request", r, read(t, s, "r1"))
	same(t, "events", 1, len(events(t, s)))
}

func failedChange(t *testing.T, s review.Store) {
	want := FullRequest("r1")
	create(t, s, want)
	_, err := s.Update(t.Context(), "r1", func(r *review.Request) (review.Change, error) {
		r.Title, r.Groups = "changed", nil
		return review.Change{Events: []review.Event{Happened(r, review.EvRequestEdited, start)}}, errTest
	})
	if !errors.Is(err, errTest) {
		t.Errorf("error %v, want the change's own", err)
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = s.Update(t.Context(), "r1", func(r *review.Request) (review.Change, error) {
			r.Title = "changed"
			panic("a fault in a use case")
		})
	}()
	same(t, "the request", want, read(t, s, "r1"))
	same(t, "events", 1, len(events(t, s)))
}

func identity(t *testing.T, s review.Store) {
	want := Draft("r1", "ada", "study", start)
	create(t, s, want)
	for name, change := range map[string]func(*review.Request){
		"id":        func(r *review.Request) { r.ID = "r2" },
		"author":    func(r *review.Request) { r.Author = "bob" },
		"workspace": func(r *review.Request) { r.Workspace = "other" },
		"project":   func(r *review.Request) { r.Project = "other" },
		"created":   func(r *review.Request) { r.Created = later(1) },
		"two files of one id": func(r *review.Request) {
			f := review.File{ID: "f", Path: "release/a.csv", Kind: review.Output}
			r.Groups = []review.Group{{ID: "g", Files: []review.File{f, f}}}
		},
	} {
		if _, err := s.Update(t.Context(), "r1", edited(change)); err == nil {
			t.Errorf("a change of %s was kept", name)
		}
	}
	same(t, "the request", want, read(t, s, "r1"))
}

// racingUpdates has ten writers add one comment each, five times: none is lost,
// and every version is somebody's.
func racingUpdates(t *testing.T, s review.Store) {
	create(t, s, Draft("r1", "ada", "study", start))
	const writers, rounds = 10, 5
	versions := make([][]int64, writers)
	for _, err := range race(writers, func(i int) error {
		for round := range rounds {
			kept, err := s.Update(t.Context(), "r1", edited(func(r *review.Request) {
				id := review.CommentID(fmt.Sprintf("c%d-%d", i, round))
				r.Comments = append(r.Comments, review.Comment{ID: id, Author: "ada", Visibility: review.Public, At: start})
			}))
			if err != nil {
				return err
			}
			versions[i] = append(versions[i], kept.Version)
		}
		return nil
	}) {
		must(t, err)
	}
	r := read(t, s, "r1")
	same(t, "version", int64(1+writers*rounds), r.Version)
	same(t, "comments", writers*rounds, len(r.Comments))
	seen := map[int64]bool{}
	for _, list := range versions {
		for _, v := range list {
			if seen[v] || v < 2 || v > 1+writers*rounds {
				t.Errorf("version %d was given twice, or is out of range", v)
			}
			seen[v] = true
		}
	}
	for i, e := range events(t, s) {
		same(t, "seq", int64(i+1), e.Seq)
	}
}

// isolated reads while a change is being made: the change is not there yet.
func isolated(t *testing.T, s review.Store) {
	create(t, s, Draft("r1", "ada", "study", start))
	edit(t, s, "r1", func(r *review.Request) {
		r.Title = "new"
		same(t, "title seen by others", "", read(t, s, "r1").Title)
		same(t, "events seen by others", 1, len(events(t, s)))
	})
	same(t, "title afterwards", "new", read(t, s, "r1").Title)
}

// faults has every second write fail, before, within and after: a write has
// happened as a whole or not at all, and its events with it.
func faults(t *testing.T, s review.Store) {
	create(t, s, Draft("r1", "ada", "study", start))
	titles, written := 0, 1
	for _, fault := range []Fault{Before, Within, After} {
		faulty := &Faults{Store: s, Plan: EveryNth(2, fault)}
		for i := range 6 {
			_, err := faulty.Update(t.Context(), "r1", edited(func(r *review.Request) { r.Title += "x" }))
			failed := i%2 == 1
			if failed != errors.Is(err, ErrFault) {
				t.Fatalf("write %d: %v", i+1, err)
			}
			if !failed || fault == After {
				titles, written = titles+1, written+1
			}
		}
		r := read(t, s, "r1")
		same(t, "changes kept", titles, len(r.Title))
		same(t, "version", int64(written), r.Version)
		same(t, "events", written, len(events(t, s)))
	}
}
