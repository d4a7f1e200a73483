package api_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

// The same change under the same key is made once, and answered alike.
func TestSameKey(t *testing.T) {
	s := newSite(t)
	ann := s.as(t, "ann")
	body := object{"workspace": "cohort"}
	ann.post("/requests", body, "Idempotency-Key", `"k-1"`).want(http.StatusCreated)
	first, at := string(ann.body), ann.header.Get("Location")
	if ann.header.Get("Idempotent-Replayed") != "" {
		t.Error("the first answer says that it is a later one")
	}
	for _, key := range []string{`"k-1"`, "k-1"} {
		ann.post("/requests", body, "Idempotency-Key", key).want(http.StatusCreated)
		if string(ann.body) != first || ann.header.Get("Location") != at || ann.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("the second answer to %s: %s at %s", key, ann.body, ann.header.Get("Location"))
		}
	}
	ann.post("/requests", object{"workspace": "cohort-next"}, "Idempotency-Key", "k-1").want(http.StatusUnprocessableEntity)
	ann.post("/requests/x/withdraw", nil, "Idempotency-Key", "k-1").want(http.StatusUnprocessableEntity)
	ann.post("/requests", body, "Idempotency-Key", "k-2").want(http.StatusConflict)

	// A refusal is an answer too.
	id := strings.TrimPrefix(at, v1+"/requests/")
	for range 2 { // an answer without a body is given again without one
		ann.post("/requests/"+id+"/withdraw", nil, "Idempotency-Key", "k-3").want(http.StatusNoContent)
		if media, set := ann.header["Content-Type"]; set {
			t.Errorf("an answer without a body is of type %q", media)
		}
	}
	ann.post("/requests", body, "Idempotency-Key", "k-2").want(http.StatusConflict)
	if ann.header.Get("Idempotent-Replayed") != "true" {
		t.Error("the refusal was not kept")
	}
	// Another person's key of the same name is another key.
	s.as(t, "abe").post("/requests", body, "Idempotency-Key", "k-1").want(http.StatusCreated)

	s.Advance(23 * time.Hour)
	ann.post("/requests", body, "Idempotency-Key", "k-1").want(http.StatusCreated)
	if string(ann.body) != first {
		t.Error("the answer was forgotten before its day was over")
	}
	s.Advance(2 * time.Hour)
	ann.post("/requests", body, "Idempotency-Key", "k-1").want(http.StatusCreated)
	if string(ann.body) == first {
		t.Error("the answer was kept for more than a day")
	}
}

// A clock that leaps ahead frees keys: a repeat is decided by the change's own rules.
// Set back, it keeps answers for longer.
func TestSameKeyAndTheClock(t *testing.T) {
	s := newSite(t)
	ann := s.as(t, "ann")
	body := object{"workspace": "cohort"}
	ann.post("/requests", body, "Idempotency-Key", "k").want(http.StatusCreated)
	first := string(ann.body)
	s.Advance(-3 * time.Hour)
	ann.post("/requests", body, "Idempotency-Key", "k").want(http.StatusCreated)
	if string(ann.body) != first {
		t.Error("the answer was forgotten")
	}
	s.Advance(40 * 24 * time.Hour)
	ann.post("/requests", body, "Idempotency-Key", "k").want(http.StatusConflict)
}

// Whoever adds files again under a key whose answer is gone is told of them as the
// first time.
func TestAddedUnderAForgottenKey(t *testing.T) {
	s := newSite(t)
	id := s.draft(t, "release/one.csv")
	ann := s.as(t, "ann")
	s.Workspaces.Write(reviewtest.Cohort, "release/two.csv", "sex,n\nF,20\n")
	files := object{"files": []object{{"path": "release/two.csv", "kind": "output", "group": "g"}}}
	ann.post("/requests/"+id+"/files", files, "Idempotency-Key", "k").want(http.StatusOK)
	first := string(ann.body)
	s.Advance(25 * time.Hour)
	ann.post("/requests/"+id+"/files", files, "Idempotency-Key", "k").want(http.StatusOK)
	if ann.header.Get("Idempotent-Replayed") != "" || string(ann.body) != first {
		t.Errorf("first %s, then %s", first, ann.body)
	}
}

// A kept answer is given to nobody who may not ask any more.
func TestKeptAnswersAreGuarded(t *testing.T) {
	s := newSite(t)
	ann := s.as(t, "ann")
	ann.post("/requests", object{"workspace": "cohort"}, "Idempotency-Key", "k").want(http.StatusCreated)
	p, err := s.store.Person(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	p.Roles = nil
	if err := s.store.SavePeople(t.Context(), []review.Person{*p}, nil, review.Event{At: s.Now(), Type: review.EvPeopleChanged}); err != nil {
		t.Fatal(err)
	}
	ann.post("/requests", object{"workspace": "cohort"}, "Idempotency-Key", "k").want(http.StatusNotFound)
}

func TestOddKeys(t *testing.T) {
	s := newSite(t)
	ann := s.as(t, "ann")
	for _, key := range []string{"", `""`, "a b", `a"b`, `"a`, strings.Repeat("x", 201), "käse"} {
		ann.post("/requests", object{"workspace": "cohort"}, "Idempotency-Key", key).want(http.StatusUnprocessableEntity)
	}
}

// Of many who send the same change at once, all get its answer or are told to
// wait for it, and it is made once.
func TestSameKeyAtOnce(t *testing.T) {
	s := newSite(t)
	ann := s.as(t, "ann")
	var wait sync.WaitGroup
	statuses := make([]int, 8)
	for i := range statuses {
		wait.Go(func() {
			req, err := http.NewRequest(http.MethodPost, s.url+v1+"/requests", strings.NewReader(`{"workspace":"cohort"}`))
			if err != nil {
				return
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Authorization", "Bearer "+ann.secret)
			req.Header.Set("Idempotency-Key", "k")
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				return
			}
			res.Body.Close()
			statuses[i] = res.StatusCode
		})
	}
	wait.Wait()
	for _, status := range statuses {
		if status != http.StatusCreated && status != http.StatusConflict {
			t.Errorf("status %d", status)
		}
	}
	list, err := s.store.Requests(context.Background(), review.RequestQuery{Author: "ann"})
	if err != nil || len(list) != 1 {
		t.Errorf("%d drafts, want 1: %v", len(list), err)
	}
	ann.post("/requests", `{"workspace":"cohort"}`, "Idempotency-Key", "k").want(http.StatusCreated)
}

// What failed for a fault of the service is tried again, not told again.
func TestFaultsAreNotKept(t *testing.T) {
	s := newSite(t)
	id := s.draft(t, "release/one.csv")
	s.submit(t, id)
	one, two := s.seats(t, id)
	for _, p := range []*program{one, two} {
		p.voteAll(id, "approve", "")
		p.post("/requests/"+id+"/review", nil).want(http.StatusNoContent)
	}
	store := s.Service.Store
	s.Service.Store = broken{store}
	one.post("/requests/"+id+"/release", nil, "Idempotency-Key", "k").want(http.StatusInternalServerError)
	if p := into[problem](one); strings.Contains(p.Detail, "gone") || p.RequestID == "" {
		t.Errorf("the fault shows: %+v", p)
	}
	s.Service.Store = store
	one.post("/requests/"+id+"/release", nil, "Idempotency-Key", "k").want(http.StatusAccepted)
}

// broken is a store whose disk is gone as soon as people are listed.
type broken struct{ review.Store }

func (broken) People(context.Context) ([]review.Person, error) {
	return nil, errors.New("the disk is gone")
}
