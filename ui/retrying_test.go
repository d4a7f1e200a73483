package ui

import (
	"net/http"
	"testing"
	"time"

	"sallyport/review"
)

// What was given up is shown to an operator, and to an auditor without the button;
// the button has it tried again, once, and it goes out.
func TestTryAgain(t *testing.T) {
	s := newSite(t)
	s.Sink.Fail = func() error {
		return &review.Error{Kind: review.Unavailable, Message: "The place refused the token.", Err: review.ErrRefused}
	}
	request, _, checker := s.releasedRequest(t)
	for range 5 {
		s.Advance(2 * time.Hour)
		s.work(t)
	}
	s.as(t, "ann").get(request).want(http.StatusOK).has("The place refused the token.")
	ops := s.as(t, "ops").get("/status").want(http.StatusOK).has("Something needs attention", "release to exports", "The place refused the token.", "Try again", "What to do", "overdue reviews, requests without two checkers, monthly drafts")
	jobs := ops.values("job")
	if len(jobs) != 1 {
		t.Fatalf("the page offers %q", jobs)
	}
	s.as(t, "aud").get("/status").lacks("Try again")
	s.as(t, "aud").post("/status/retry", "job", jobs[0]).want(http.StatusNotFound)
	s.as(t, checker).post("/status/retry", "job", jobs[0]).want(http.StatusNotFound)
	ops.post("/status/retry", "job", "another").want(http.StatusNotFound)

	s.Sink.Fail = nil
	ops.get("/status").post("/status/retry", "job", jobs[0]).want(http.StatusOK).has("It is tried again.").lacks("Try again")
	ops.post("/status/retry", "job", jobs[0]).want(http.StatusNotFound)
	s.work(t)
	if len(s.Sink.Delivered) != 1 {
		t.Errorf("%d packages left", len(s.Sink.Delivered))
	}
	s.as(t, "ann").get(request).want(http.StatusOK).has("Released").lacks("refused the token")
	ops.get("/status").has("Work flows")
}
