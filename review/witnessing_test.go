package review_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// observer is a witness that remembers, and refuses while it is told to.
type observer struct {
	mu   sync.Mutex
	seen []int64
	note map[int64]string
	fail error
}

func (o *observer) Observe(_ context.Context, size int64, signed []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fail != nil {
		return o.fail
	}
	o.seen, o.note[size] = append(o.seen, size), string(signed)
	return nil
}

func (o *observer) sizes() []int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]int64(nil), o.seen...)
}

// working runs the service as a server does until a condition holds, or for a
// while when it is not to hold.
func working(t *testing.T, w *reviewtest.World, patience time.Duration, until func() bool) bool {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Work(ctx) }()
	defer func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if until() {
			return true
		}
	}
	return false
}

// A service that runs signs the log when it has grown by the number of events or
// after the time, sends each checkpoint to its witness once, also after it was
// started again, and leaves a log that did not grow alone.
func TestCheckpointsGoToWitnesses(t *testing.T) {
	w := newWorld(t)
	w.Sign(t)
	o := &observer{note: map[int64]string{}}
	w.Checkpoints = review.Checkpoints{Every: time.Hour, Events: 5, Witnesses: []review.NamedWitness{{Name: "vault", Witness: o}}}
	newest := func() review.Checkpoint {
		c, err := w.Ledger.Newest(t.Context())
		must(t, err)
		return c
	}
	arrived := func() bool { c := newest(); return o.note[c.Size] == string(c.Note) }
	reached := func(what string, size int64) {
		t.Helper()
		if !working(t, w, 20*time.Second, func() bool { o.mu.Lock(); defer o.mu.Unlock(); return newest().Size >= size && arrived() }) {
			t.Fatalf("%s: the witness has %v, and the log is signed to %d", what, o.sizes(), newest().Size)
		}
	}
	grow := func(n int) {
		for range n {
			must(t, w.Store.Append(t.Context(), review.Event{At: w.Now(), Type: review.EvSignIn}))
		}
	}
	reached("what was signed before", 1)
	grow(4)
	if before := newest().Size; working(t, w, 300*time.Millisecond, func() bool { return newest().Size > before }) {
		t.Error("it was signed before it was due")
	}
	grow(1)
	reached("five events", 6)
	grow(1)
	w.Advance(2 * time.Hour)
	reached("an hour", 7)
	w.Advance(2 * time.Hour)
	before := o.sizes()
	working(t, w, 300*time.Millisecond, func() bool { return false })
	if after := o.sizes(); len(after) != len(before) {
		t.Errorf("nothing grew, and the witness got %v after %v", after, before)
	}
	seen := map[int64]bool{}
	for _, size := range o.sizes() {
		if seen[size] {
			t.Errorf("the checkpoint of %d was sent twice", size)
		}
		seen[size] = true
	}
}

// A witness that is away is tried again, and the failure is on record and names
// no more than it; one that is no longer configured is given up in time.
func TestAWitnessThatIsAway(t *testing.T) {
	w := newWorld(t)
	w.Sign(t)
	away := &observer{note: map[int64]string{}, fail: errors.New("dial tcp 192.0.2.7: no route")}
	w.Checkpoints = review.Checkpoints{Witnesses: []review.NamedWitness{{Name: "vault", Witness: away}}}
	jobs := func() []review.Job {
		list, err := w.Store.Jobs(t.Context(), review.JobQuery{Kinds: []string{review.JobWitness}})
		must(t, err)
		return list
	}
	failing := func() bool { list := jobs(); return len(list) == 1 && list[0].Reason != "" }
	if !working(t, w, 20*time.Second, failing) {
		t.Fatalf("jobs %+v", jobs())
	}
	if j := jobs()[0]; j.Target != "vault" || j.MaxTries < 10 || j.Reason != "An unexpected failure. The log has it, under the job's name." {
		t.Errorf("job %+v", j)
	}
	list, err := w.Store.Events(t.Context(), review.EventQuery{Types: []review.EventType{review.EvJobFailed}})
	must(t, err)
	if len(list) == 0 || list[0].Detail["target"] != "vault" {
		t.Errorf("events %+v", list)
	}
	w.Checkpoints.Witnesses = nil
	w.Advance(24 * time.Hour)
	_, err = w.WorkOnce(t.Context())
	must(t, err)
	if list := jobs(); len(list) != 1 || list[0].Tries < 2 {
		t.Errorf("without its witness: %+v", list)
	}
	away.fail = nil
	w.Checkpoints.Witnesses = []review.NamedWitness{{Name: "vault", Witness: away}}
	w.Advance(24 * time.Hour)
	if !working(t, w, 20*time.Second, func() bool { return len(away.sizes()) == 1 }) || away.note[1] == "" {
		t.Errorf("back again it has %v", away.sizes())
	}
}

// Each start is on record, with what differs from the one before.
func TestStarted(t *testing.T) {
	w := newWorld(t)
	other := *policy.Default()
	other.SHA256, other.Version = "0123", "2"
	first := w.Policy
	for _, test := range []struct {
		name, configuration string
		policy              *policy.Policy
		want                []review.EventType
	}{
		{"the first", "aaa", first, []review.EventType{review.EvServerStarted}},
		{"the same again", "aaa", first, []review.EventType{review.EvServerStarted}},
		{"another configuration", "bbb", first, []review.EventType{review.EvServerStarted, review.EvReconfigured}},
		{"another policy", "bbb", &other, []review.EventType{review.EvServerStarted, review.EvPolicyChanged}},
		{"both back", "aaa", first, []review.EventType{review.EvServerStarted, review.EvPolicyChanged, review.EvReconfigured}},
	} {
		last, err := w.Store.Events(t.Context(), review.EventQuery{Newest: true, Limit: 1})
		must(t, err)
		w.Policy = test.policy
		must(t, w.Started(t.Context(), "1.2", test.configuration))
		list, err := w.Store.Events(t.Context(), review.EventQuery{After: last[0].Seq})
		must(t, err)
		if len(list) != len(test.want) {
			t.Fatalf("%s: %d events", test.name, len(list))
		}
		for i, e := range list {
			if e.Type != test.want[i] || e.Actor != "system" || e.Detail["program"] != "1.2" || e.Detail["configuration"] != test.configuration ||
				e.Policy != test.policy.SHA256 || i > 0 && e.Detail["was"] == "" {
				t.Errorf("%s: %+v", test.name, e)
			}
		}
	}
}
