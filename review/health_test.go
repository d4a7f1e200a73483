package review_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/review"
)

// What is not as it should be is told, and nothing else.
func TestConcerns(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	before := func(d time.Duration) time.Time { return now.Add(-d) }
	signed := func(change func(*review.SignedHealth)) review.SignedHealth {
		s := review.SignedHealth{On: true, Newest: 100, At: before(time.Hour), Unsigned: 3, Every: time.Hour,
			Witnesses: []review.WitnessHealth{{Name: "vault", Size: 100, At: before(time.Hour)}}}
		change(&s)
		return s
	}
	same := func(*review.SignedHealth) {}
	for _, test := range []struct {
		name   string
		health review.Health
		want   []string
	}{
		{"all is well", review.Health{Signed: signed(same), Host: review.HostFacts{Backup: before(24 * time.Hour), Disks: []review.Disk{{Free: 50, Total: 100}}},
			Jobs: []review.JobHealth{{Kind: "send", Waiting: 2, Oldest: before(time.Minute)}}}, nil},
		{"no backup is known of", review.Health{}, nil},
		{"an old backup", review.Health{Host: review.HostFacts{Backup: before(9 * 24 * time.Hour)}}, []string{"backup"}},
		{"a full disk", review.Health{Host: review.HostFacts{Disks: []review.Disk{{Free: 10, Total: 100}}}}, []string{"disk"}},
		{"a disk that does not answer", review.Health{Host: review.HostFacts{Disks: []review.Disk{{Problem: "gone"}}}}, []string{"disk"}},
		{"work given up", review.Health{Jobs: []review.JobHealth{{Kind: "send", Dead: 1}}}, []string{"jobs"}},
		{"work that fails", review.Health{Jobs: []review.JobHealth{{Kind: "send", Waiting: 1, Failing: 1}}}, []string{"jobs"}},
		{"work that waits long", review.Health{Jobs: []review.JobHealth{{Kind: "send", Waiting: 1, Oldest: before(time.Hour)}}}, []string{"jobs"}},
		{"work for later", review.Health{Jobs: []review.JobHealth{{Kind: "digest", Waiting: 1}}}, nil},
		{"unsigned for long", review.Health{Signed: signed(func(s *review.SignedHealth) { s.At, s.Witnesses = before(3*time.Hour), nil })}, []string{"checkpoint"}},
		{"old, and nothing new", review.Health{Signed: signed(func(s *review.SignedHealth) { s.At, s.Unsigned = before(90*time.Hour), 0 })}, nil},
		{"a witness that is behind", review.Health{Signed: signed(func(s *review.SignedHealth) {
			s.Witnesses[0] = review.WitnessHealth{Name: "vault", Size: 10, At: before(72 * time.Hour)}
		})}, []string{"witness"}},
		{"a witness that has nothing", review.Health{Signed: signed(func(s *review.SignedHealth) { s.Witnesses[0] = review.WitnessHealth{Name: "vault"} })}, []string{"witness"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.health.At = now
			var got []string
			for _, c := range test.health.Concerns() {
				got = append(got, c.What)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

type aHost struct{}

func (aHost) Facts() review.HostFacts { return review.HostFacts{Version: "v9"} }

// Health counts the work that waits, and knows what each witness was sent last.
func TestHealth(t *testing.T) {
	w := newWorld(t)
	w.Sign(t)
	w.Host = aHost{}
	w.Checkpoints = review.Checkpoints{Every: time.Hour, Events: 1, Witnesses: []review.NamedWitness{{Name: "vault", Witness: &observer{note: map[int64]string{}}}, {Name: "never", Witness: &observer{note: map[int64]string{}}}}}
	ctx := t.Context()
	_, err := w.WorkOnce(ctx)
	must(t, err)
	c, err := w.Ledger.Checkpoint(ctx)
	must(t, err)
	for i, size := range []int64{1, c.Size} {
		id := review.JobWitness + "-vault-" + strconv.FormatInt(size, 10)
		must(t, w.Store.Enqueue(ctx, review.Job{ID: id, Kind: review.JobWitness, Target: "vault", Payload: []byte("1\nnote"), MaxTries: 3, Due: w.Now().Add(time.Duration(i-9) * time.Second)}))
		for did := true; did; {
			did, err = w.WorkOnce(ctx)
			must(t, err)
		}
	}
	must(t, w.Store.Enqueue(ctx, review.Job{ID: "later", Kind: review.JobDigest, MaxTries: 3, Due: w.Now().Add(time.Hour)}))
	h, err := w.Health(ctx)
	must(t, err)
	if h.Host.Version != "v9" || h.Signed.Newest != c.Size || h.Signed.Unsigned != 0 {
		t.Errorf("%+v", h)
	}
	want := []review.WitnessHealth{{Name: "vault", Size: c.Size, At: c.At}, {Name: "never"}}
	if diff := cmp.Diff(want, h.Signed.Witnesses); diff != "" {
		t.Errorf("witnesses (-want +got):\n%s", diff)
	}
	var waiting int
	for _, j := range h.Jobs {
		waiting += j.Waiting
		if j.Kind == review.JobDigest && (j.Waiting != 1 || !j.Oldest.IsZero()) {
			t.Errorf("%+v", j)
		}
	}
	if waiting == 0 {
		t.Error("nothing waits")
	}
	if _, err := w.Status(ctx, review.Actor{}); review.KindOf(err) != review.Unauthenticated && review.KindOf(err) != review.Forbidden {
		t.Errorf("nobody is told: %v", err)
	}
}
