package ui

import (
	"net/http"
	"testing"
	"time"

	"sallyport/review"
)

// Where a request stands is told to each side in working days, with what the
// others did since they were last at work on it, and with nothing of a review
// that the reader may not know of.
func TestStandingOfARequest(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV)
	s.as(t, "ann").get("/requests").has("Yours to finish and submit")
	s.submit(t, request)
	ann := s.as(t, "ann")
	ann.get("/requests").has("With the output checkers", "in 5 working days")
	ann.get(request).has("in 5 working days").lacks("Since you were last here")

	seats := s.seats(t, request)
	seats[0].get("/queue").has("1 request waits for you; 1 file is still to be decided on.")
	s.as(t, "lea").get("/board").has("1 request is under review", "Open reviews of each checker", "Who carries what", "by Person ann", "in 5 working days")
	seats[0].vote(request, "changes", "Round it.").post(request + "/review").want(http.StatusOK)
	ann.get(request).has("Since you were last here", "One of the two reviews is in.").lacks("Both reviews", "Round it.")
	seats[1].get(request).lacks("One of the two reviews is in", "Round it.")

	seats[1].vote(request, "changes", "Please round.").post(request + "/review").want(http.StatusOK)
	seats[0].get(request).has("Both reviews are in.")
	group := ann.get(request).links(groupLink)[0]
	seats[0].post(request+"/comments", "group", group[len(request)+len("/groups/"):], "visibility", "public", "comment", "Round the counts.", "back", request)
	seats[0].post(request + "/return").want(http.StatusOK)
	ann.get(request).has("The checkers returned it. Their comments are below.", "Answer")
	ann.get(request + "/findings").has("The checkers asked")
}

// Who comes back is told what happened since they looked, even when looking was
// all that they did; and within one sitting it is told each time.
func TestSinceTheLastLook(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV)
	s.submit(t, request)
	s.as(t, "ann").get(request).lacks("Since you were last here")
	s.Advance(time.Hour)
	s.seats(t, request)[0].vote(request, "approve", "").post(request + "/review").want(http.StatusOK)
	s.Advance(time.Hour)
	ann := s.as(t, "ann")
	ann.get(request).has("Since you were last here", "One of the two reviews is in.")
	ann.get(request).has("One of the two reviews is in.")
	s.Advance(2 * time.Hour)
	s.as(t, "ann").get(request).lacks("Since you were last here")
}

func TestDueInWorkingDays(t *testing.T) {
	s := newSite(t)
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC) // a Friday
	s.ui.now = func() time.Time { return now }
	for due, want := range map[time.Time]string{
		now.Add(2 * time.Hour):  "today",
		now.Add(-2 * time.Hour): "overdue",
		now.AddDate(0, 0, 3):    "in 1 working day",
		now.AddDate(0, 0, -3):   "overdue by 3 working days",
		now.AddDate(0, 0, 7):    "in 5 working days",
		{}:                      "",
	} {
		if got := s.ui.dueWords(&review.Request{Status: review.Submitted, Due: due}); got != want {
			t.Errorf("due %s: %q, want %q", due, got, want)
		}
	}
	if got := s.ui.dueWords(&review.Request{Status: review.Returned, Due: now}); got != "" {
		t.Errorf("a returned request is due %q", got)
	}
}
