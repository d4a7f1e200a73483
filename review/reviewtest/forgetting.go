package reviewtest

import (
	"fmt"
	"testing"
	"time"

	"sallyport/review"
)

// forgetSent: finished jobs and settled notices go after their time, and nothing
// else.
func forgetSent(t *testing.T, s review.Store) {
	ctx := t.Context()
	withBytes(t, s, "r1", review.Withdrawn, "one")
	withBytes(t, s, "r2", review.Withdrawn, "two")
	must(t, s.Hold(ctx, review.Hold{ID: "h1", Request: "r2", At: start, By: "aud", Reason: "a complaint"}, happening(review.EvHeld, "r2", 1)))
	send := func(id string, r review.RequestID, due int) review.Job {
		return review.Job{ID: id, Kind: review.JobSend, Request: r, Payload: []byte("{}"), MaxTries: 1, Due: later(due)}
	}
	must(t, s.Enqueue(ctx, send("old.mail", "r1", 1), send("held.mail", "r2", 2), send("young.mail", "r1", 50), send("d1.mail", "", 3), send("dead.mail", "r1", 4), send("waits.mail", "r1", 6)))
	next, taken := taking(t, s)
	for _, minute := range []int{10, 11, 12, 13, 14, 60} {
		id := next(minute, minute+100)
		switch id {
		case "dead.mail":
			must(t, s.RetryJob(ctx, taken(id), later(minute), later(4), "no"))
		case "waits.mail", "d1.mail":
		default:
			must(t, s.FinishJob(ctx, taken(id)))
		}
	}
	about := func(id string, r review.RequestID, minute int, daily bool) review.Notice {
		n := note(id, "ada", later(minute), daily)
		n.Request = r
		return n
	}
	item := about("item", "r1", 1, true)
	must(t, s.KeepNotices(ctx, []review.Notice{about("old", "r1", 1, false), about("held", "r2", 1, false), about("young", "r1", 50, false),
		about("dead", "r1", 1, false), about("waits", "r1", 1, false), about("undigested", "r1", 1, true), item}))
	must(t, s.KeepDigest(ctx, review.Notice{ID: "d1", Kind: review.NoticeDigest, Person: "ada", At: later(2), Items: []review.Notice{item}}))

	o := review.ForgetOptions{Jobs: later(40), Notices: later(40), Dry: true, Events: func(n review.Forgotten) []review.Event {
		e := happening(review.EvRetention, "", 70)
		e.Detail = map[string]string{"jobs": fmt.Sprint(n.Jobs), "notices": fmt.Sprint(n.Notices)}
		return []review.Event{e}
	}}
	before := len(events(t, s))
	want := review.Forgotten{Jobs: 1, Notices: 2}
	none := o
	none.Jobs, none.Notices = time.Time{}, time.Time{}
	for _, x := range []struct {
		name string
		o    review.ForgetOptions
		want review.Forgotten
	}{{"dry", o, want}, {"for ever", none, review.Forgotten{}}} {
		got, err := s.ForgetSent(ctx, x.o)
		must(t, err)
		same(t, x.name, x.want, got)
		same(t, "events", before, len(events(t, s)))
	}
	o.Dry = false
	for i, want := range []review.Forgotten{want, {}} {
		got, err := s.ForgetSent(ctx, o)
		must(t, err)
		same(t, fmt.Sprint("run ", i), want, got)
		same(t, "events", before+1, len(events(t, s)))
	}
	left := map[string]bool{}
	jobs, err := s.Jobs(ctx, review.JobQuery{})
	must(t, err)
	for _, j := range jobs {
		left[j.ID] = true
	}
	list, err := s.Notices(ctx, review.NoticeQuery{Person: "ada"})
	must(t, err)
	for _, n := range list {
		left[n.ID] = true
	}
	same(t, "what is left", map[string]bool{
		"held.mail": true, "young.mail": true, "d1.mail": true, "dead.mail": true, "waits.mail": true,
		"held": true, "young": true, "dead": true, "waits": true, "item": true, "d1": true,
	}, left)
}
