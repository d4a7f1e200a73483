package reviewtest

import (
	"fmt"
	"testing"
	"time"

	"sallyport/review"
)

// enqueue creates a request that carries jobs.
func enqueue(t *testing.T, s review.Store, list ...review.Job) {
	t.Helper()
	create(t, s, Draft("r1", "ada", "study", start))
	_, err := s.Update(t.Context(), "r1", func(r *review.Request) (review.Change, error) {
		return review.Change{Events: []review.Event{Happened(r, review.EvApproved, start)}, Jobs: list}, nil
	})
	must(t, err)
}

// release makes a job that takes a release to a sink.
func release(id, target string, tries int, due time.Time) review.Job {
	return review.Job{ID: id, Kind: review.JobRelease, Request: "r1", Target: target, MaxTries: tries, Due: due}
}

// taking returns a function that takes the next job, "" when there is none, and
// one that returns the job as it was last taken.
func taking(t *testing.T, s review.Store) (next func(now, lease int) string, taken func(id string) *review.Job) {
	held := map[string]*review.Job{}
	next = func(now, lease int) string {
		t.Helper()
		j, err := s.NextJob(t.Context(), later(now), later(lease))
		if review.KindOf(err) == review.NotFound {
			return ""
		}
		must(t, err)
		held[j.ID] = j
		return j.ID
	}
	return next, func(id string) *review.Job { return held[id] }
}

func jobs(t *testing.T, s review.Store) {
	enqueue(t, s, release("b", "second", 3, later(2)), release("a", "first", 3, later(1)))
	next, taken := taking(t, s)
	same(t, "none is due", "", next(0, 5))
	same(t, "the first due", "a", next(1, 5))
	same(t, "it is leased", "", next(1, 5))
	same(t, "the second", "b", next(2, 9))
	same(t, "both are leased", "", next(4, 9))
	same(t, "a lease that ran out", "a", next(5, 20))
	must(t, s.FinishJob(t.Context(), taken("a")))
	same(t, "a finished job", "", next(8, 20))
	must(t, s.RetryJob(t.Context(), taken("b"), later(9), later(30), "the disk was full"))
	same(t, "put back for later", "", next(29, 40))
	same(t, "tried again", "b", next(30, 40))
	want := release("b", "second", 3, later(30))
	want.Tries, want.Reason, want.State, want.Fence = 2, "the disk was full", review.JobWaiting, 2
	want.Created, want.Failing = later(2), later(9)
	same(t, "the job tried again", &want, taken("b"))
	must(t, s.FinishJob(t.Context(), taken("b")))
	same(t, "finished jobs stay finished", "", next(99, 100))
}

// fencing: whoever lost a job cannot end it, hold it or put it back.
func fencing(t *testing.T, s review.Store) {
	enqueue(t, s, release("a", "first", 2, later(1)))
	next, taken := taking(t, s)
	same(t, "taken", "a", next(1, 5))
	slow := taken("a")
	must(t, s.HoldJob(t.Context(), slow, later(9)))
	same(t, "held on to", "", next(8, 20))
	same(t, "taken by another", "a", next(9, 20))
	refused := func(who string, job *review.Job) {
		t.Helper()
		wantKind(t, s.HoldJob(t.Context(), job, later(99)), review.Conflict)
		wantKind(t, s.FinishJob(t.Context(), job), review.Conflict)
		wantKind(t, s.RetryJob(t.Context(), job, later(10), later(11), who), review.Conflict)
	}
	refused("the slow one", slow)
	same(t, "still the other's", "", next(19, 30))
	must(t, s.RetryJob(t.Context(), taken("a"), later(19), later(20), "no"))
	refused("given up", taken("a"))
	must(t, s.Revive(t.Context(), "a", review.Event{At: later(21), Type: review.EvJobRevived, Actor: "ops"}))
	refused("revived", taken("a"))
	same(t, "revived and taken", "a", next(21, 30))
	refused("the slow one", slow)
	must(t, s.FinishJob(t.Context(), taken("a")))
	refused("done", taken("a"))
}

// fairness: one stuck target holds up nobody else's jobs.
func fairness(t *testing.T, s review.Store) {
	enqueue(t, s)
	var list []review.Job
	for i := range 5 {
		list = append(list, release(fmt.Sprint("stuck-", i), "stuck", 9, later(i)))
	}
	list = append(list, release("other", "well", 9, later(7)), release("none-1", "", 9, later(8)), release("none-2", "", 9, later(8)))
	must(t, s.Enqueue(t.Context(), list...))
	next, taken := taking(t, s)
	for _, want := range []string{"stuck-0", "other", "none-1", "none-2", ""} {
		same(t, "next", want, next(10, 20))
	}
	must(t, s.FinishJob(t.Context(), taken("other")))
	same(t, "the stuck target's others wait", "", next(11, 20))
	must(t, s.RetryJob(t.Context(), taken("stuck-0"), later(12), later(50), "no"))
	same(t, "its next in turn", "stuck-1", next(12, 20))
}

// enqueued: a job without a request; the same ID twice is one job.
func enqueued(t *testing.T, s review.Store) {
	first := review.Job{ID: "digest-1", Kind: review.JobDigest, Target: "mail", Payload: []byte(`{"to":"ada"}`), MaxTries: 2, Due: later(1)}
	again := first
	again.Payload, again.Due = []byte("other"), later(9)
	must(t, s.Enqueue(t.Context(), first, again))
	must(t, s.Enqueue(t.Context(), again))
	next, taken := taking(t, s)
	same(t, "taken", "digest-1", next(1, 5))
	want := first
	want.Tries, want.State, want.Fence, want.Created = 1, review.JobWaiting, 1, later(1)
	same(t, "the first one", &want, taken("digest-1"))
	must(t, s.FinishJob(t.Context(), taken("digest-1")))
	must(t, s.Enqueue(t.Context(), again))
	same(t, "done for ever", "", next(99, 100))
	if err := s.Enqueue(t.Context(), review.Job{ID: "x", Kind: review.JobDigest, Due: later(1)}); err == nil {
		t.Error("a job that may not be tried was kept")
	}
	list, err := s.Jobs(t.Context(), review.JobQuery{Kinds: []string{review.JobDigest}, States: []review.JobState{review.JobDone}})
	must(t, err)
	same(t, "digests that are done", 1, len(list))
	list, err = s.Jobs(t.Context(), review.JobQuery{Request: "r1"})
	must(t, err)
	same(t, "jobs of a request", 0, len(list))
}

func deadJobs(t *testing.T, s review.Store) {
	enqueue(t, s, release("fails", "one", 2, later(1)), release("kills", "two", 1, later(50)))
	next, taken := taking(t, s)
	for try := range 2 {
		same(t, "taken", "fails", next(10*try+1, 10*try+2))
		dead, err := s.DeadJobs(t.Context())
		must(t, err)
		same(t, "dead before the last try", 0, len(dead))
		must(t, s.RetryJob(t.Context(), taken("fails"), later(10*try+3), later(10*try+5), "no"))
	}
	same(t, "taken, and the process is killed", "kills", next(50, 51))
	same(t, "no more", "", next(60, 61))
	dead, err := s.DeadJobs(t.Context())
	must(t, err)
	same(t, "dead jobs", 2, len(dead))
	want := release("fails", "one", 2, later(15))
	want.Tries, want.Reason, want.State, want.Fence = 2, "no", review.JobDead, 2
	want.Created, want.Failing = later(1), later(3)
	same(t, "the failing one", want, dead[0])
	if dead[1].ID != "kills" || dead[1].Reason == "" || !dead[1].Failing.Equal(later(60)) {
		t.Errorf("the job that kills its worker: %+v, want it with a reason", dead[1])
	}
	before := len(events(t, s))
	revive := review.Event{At: later(70), Type: review.EvJobRevived, Actor: "ops", Request: "r1"}
	must(t, s.Revive(t.Context(), "kills", revive))
	wantKind(t, s.Revive(t.Context(), "kills", revive), review.Conflict)
	same(t, "events of one revival", before+1, len(events(t, s)))
	same(t, "tried again", "kills", next(70, 71))
	same(t, "its tries begin anew", 1, taken("kills").Tries)
}

func jobRace(t *testing.T, s review.Store) {
	enqueue(t, s, release("a", "first", 9, start))
	won := 0
	for _, err := range race(8, func(int) error {
		return second(s.NextJob(t.Context(), later(1), later(5)))
	}) {
		if err == nil {
			won++
			continue
		}
		wantKind(t, err, review.NotFound)
	}
	same(t, "workers with the job", 1, won)
}

// putOff: a job that a server with a clock far ahead made, or put off, is not waited
// for; one that is due tomorrow is.
func putOff(t *testing.T, s review.Store) {
	ahead := start.Add(review.LongestWait + time.Second)
	enqueue(t, s, release("failed", "first", 3, start), release("made", "second", 3, ahead), release("digest", "", 3, later(24*60)))
	next, taken := taking(t, s)
	same(t, "before it fails", "failed", next(0, 5))
	must(t, s.RetryJob(t.Context(), taken("failed"), later(3*60), start.Add(review.LongestRest+time.Second), "no"))
	same(t, "put off by a clock ahead", "failed", next(0, 5))
	must(t, s.RetryJob(t.Context(), taken("failed"), later(1), start.Add(review.LongestRest), "no"))
	same(t, "made by a clock ahead", "made", next(0, 5))
	same(t, "the others wait", "", next(0, 5))
}
