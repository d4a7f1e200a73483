package review_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

// damages are the sorts of damage that stored bytes can come to.
func damages(w *reviewtest.World, d review.Digest, other []byte) map[string]struct {
	want   review.Damage
	damage func() (restore func())
} {
	change := func(f func([]byte) []byte) func() func() { return func() func() { return w.Blobs.Damage(d, f) } }
	return map[string]struct {
		want   review.Damage
		damage func() func()
	}{
		"changed":      {review.Changed, change(func(b []byte) []byte { b[0] ^= 1; return b })},
		"truncated":    {review.Changed, change(func(b []byte) []byte { return b[:len(b)-1] })},
		"emptied":      {review.Changed, change(func([]byte) []byte { return []byte{} })},
		"longer":       {review.Changed, change(func(b []byte) []byte { return append(b, '\n') })},
		"another blob": {review.Changed, change(func([]byte) []byte { return bytes.Clone(other) })},
		"missing":      {review.Missing, change(func([]byte) []byte { return nil })},
		"unreadable":   {review.Unreadable, func() func() { return w.Blobs.Break(d, errors.New("the disk says no")) }},
	}
}

// At each of the four places at which bytes are read on their way out, every
// sort of damage stops them, raises one alarm, and lets go only when the bytes
// are back and an operator says so.
func TestDamageIsFoundAtEveryPlace(t *testing.T) {
	places := map[string]func(*reviewtest.World, context.Context, review.Actor, review.RequestID, *review.File) error{
		"view": func(w *reviewtest.World, ctx context.Context, a review.Actor, id review.RequestID, f *review.File) error {
			_, err := w.FileContent(ctx, a, id, f.ID)
			return err
		},
		"vote": func(w *reviewtest.World, ctx context.Context, a review.Actor, id review.RequestID, f *review.File) error {
			return w.Vote(ctx, a, id, review.VoteInput{File: f.ID, Decision: review.Approve, Seen: f.Release})
		},
		"release": func(w *reviewtest.World, ctx context.Context, a review.Actor, id review.RequestID, _ *review.File) error {
			return w.Release(ctx, a, id)
		},
	}
	for _, sort := range []string{"changed", "truncated", "emptied", "longer", "another blob", "missing", "unreadable"} {
		for place, read := range places {
			t.Run(place+" "+sort, func(t *testing.T) {
				w, ctx := newWorld(t), context.Background()
				id, one, two := reviewed(t, w)
				r := stored(t, w, id)
				f := &r.Groups[0].Files[0]
				fault := damages(w, f.Release, w.Blobs.Bytes(r.Groups[1].Files[0].Release))[sort]
				restore := fault.damage()
				for range 3 { // one alarm, however often it is met
					wantKind(t, read(w, ctx, one, id, f), review.Unavailable)
				}
				stopped(t, w, id, two, fault.want)
				mended(t, w, id, one, restore)
			})
		}
	}
}

// stopped holds a request with damaged bytes to what must not be possible.
func stopped(t *testing.T, w *reviewtest.World, id review.RequestID, a review.Actor, want review.Damage) {
	t.Helper()
	ctx, r := context.Background(), stored(t, w, id)
	whole := &r.Groups[1].Files[0]
	wantKind(t, w.Vote(ctx, a, id, review.VoteInput{File: whole.ID, Decision: review.Approve, Seen: whole.Release}), review.Conflict)
	if err := w.Release(ctx, a, id); err == nil {
		t.Error("released")
	}
	if w.Sink.Calls != 0 || status(t, w, id) != review.Reviewed {
		t.Errorf("%d deliveries, status %s", w.Sink.Calls, status(t, w, id))
	}
	v, err := w.Request(ctx, a, id)
	must(t, err)
	if !v.Damaged || v.Can["review.vote"] || v.Can["review.release"] || v.Why["review.release"] == "" {
		t.Errorf("the view offers what is stopped: %v", v.Can)
	}
	alarms, err := w.Alarms(ctx, w.As(t, "ops"))
	must(t, err)
	if len(alarms) != 1 || alarms[0].Damage != want || !slices.Contains(alarms[0].Requests, id) {
		t.Fatalf("alarms: %+v", alarms)
	}
	mine, err := w.Alarms(ctx, a)
	must(t, err)
	none, err := w.Alarms(ctx, w.As(t, "ann"))
	must(t, err)
	if len(mine) != 1 || len(none) != 0 {
		t.Errorf("%d alarms shown to the checker, %d to the author", len(mine), len(none))
	}
	if got := onRecord(t, w, review.EvIntegrity); len(got) != 1 || got[0].Detail["damage"] != string(want) {
		t.Errorf("on record: %+v", got)
	}
}

// mended brings the bytes back, and only an operator's word opens the request.
func mended(t *testing.T, w *reviewtest.World, id review.RequestID, a review.Actor, restore func()) {
	t.Helper()
	ctx, ops := context.Background(), w.As(t, "ops")
	alarms, err := w.Alarms(ctx, ops)
	must(t, err)
	wantKind(t, w.Restored(ctx, ops, alarms[0].ID, "restored"), review.Conflict) // it is not
	restore()
	wantKind(t, w.Release(ctx, a, id), review.Conflict)
	wantKind(t, w.Restored(ctx, ops, alarms[0].ID, " "), review.Invalid)
	wantKind(t, w.Restored(ctx, w.As(t, "lea"), alarms[0].ID, "restored"), review.NotFound)
	wantKind(t, w.Restored(ctx, ops, "nothing", "restored"), review.NotFound)
	must(t, w.Restored(ctx, ops, alarms[0].ID, "restored from last night's copy"))
	wantKind(t, w.Restored(ctx, ops, alarms[0].ID, "again"), review.NotFound)
	if got := onRecord(t, w, review.EvRestored); len(got) != 1 || got[0].Actor != "ops" {
		t.Errorf("on record: %+v", got)
	}
	must(t, w.Release(ctx, a, id))
}

// onRecord are the events of a type.
func onRecord(t *testing.T, w *reviewtest.World, types ...review.EventType) []review.Event {
	t.Helper()
	list, err := w.Store.Events(context.Background(), review.EventQuery{Types: types})
	must(t, err)
	return list
}

// Bytes that are spoilt between the approval and the upload, or while a sink
// reads them, do not leave; the upload does not count.
func TestDamageDuringTheUpload(t *testing.T) {
	for _, sort := range []string{"changed", "truncated", "longer", "another blob", "missing", "unreadable"} {
		for _, step := range []string{"release.verify", "release.deliver", "release.file"} {
			t.Run(sort+" at "+step, func(t *testing.T) {
				w, ctx := newWorld(t), context.Background()
				id, one, _ := reviewed(t, w)
				must(t, w.Release(ctx, one, id))
				r := stored(t, w, id)
				fault, done := damages(w, r.Groups[0].Files[0].Release, w.Blobs.Bytes(r.Groups[1].Files[0].Release))[sort], false
				var restore func()
				w.Step = func(name string) {
					if name == step && !done {
						restore, done = fault.damage(), true
					}
				}
				work(t, w)
				if !done || status(t, w, id) != review.Approved || len(w.Sink.Delivered) != 0 {
					t.Fatalf("status %s, delivered %v", status(t, w, id), w.Sink.Delivered)
				}
				ops := w.As(t, "ops")
				alarms, err := w.Alarms(ctx, ops)
				must(t, err)
				if len(alarms) != 1 || alarms[0].Damage != fault.want {
					t.Fatalf("alarms: %+v", alarms)
				}
				restore()
				w.Advance(time.Hour)
				work(t, w) // the alarm stands
				if len(w.Sink.Delivered) != 0 {
					t.Fatal("delivered under an alarm")
				}
				must(t, w.Restored(ctx, ops, alarms[0].ID, "restored"))
				w.Advance(2 * time.Hour)
				work(t, w)
				if status(t, w, id) != review.Released {
					t.Errorf("status %s once the bytes are back", status(t, w, id))
				}
			})
		}
	}
}

// A sink that reads spoilt bytes, and says that all went well, is not believed.
func TestASinkThatDoesNotLookIsNotBelieved(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, _ := reviewed(t, w)
	must(t, w.Release(ctx, one, id))
	w.Sinks[0].Sink = careless{w.Sink}
	d := stored(t, w, id).Groups[0].Files[0].Release
	w.Step = func(name string) {
		if name == "release.deliver" {
			w.Blobs.Damage(d, func(b []byte) []byte { return bytes.ToUpper(b) })
		}
	}
	work(t, w)
	if status(t, w, id) != review.Approved {
		t.Errorf("status %s", status(t, w, id))
	}
}

// careless ignores every error of what it reads.
type careless struct{ review.Sink }

func (careless) Deliver(ctx context.Context, p *review.Package) (string, error) {
	for _, f := range p.Release.Files {
		if r, err := p.Open(ctx, f.SHA256); err == nil {
			_, _ = new(bytes.Buffer).ReadFrom(r)
			_ = r.Close()
		}
	}
	return "somewhere", nil
}

// All stored bytes are read again in rounds that go on where they were broken
// off, and damage is found that nobody has met.
func TestScrub(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, _, _ := reviewed(t, w)
	f := stored(t, w, id).Groups[2].Files[0] // the report, cleaned
	w.Blobs.Spoil(f.Digest)
	restore := w.Blobs.Damage(f.Release, func([]byte) []byte { return nil })
	for range 3 {
		round, err := w.ScrubStep(ctx)
		must(t, err)
		if !round {
			t.Fatal("four blobs are more than one step")
		}
	}
	alarms, err := w.Alarms(ctx, w.As(t, "ops"))
	must(t, err)
	got := map[review.Digest]review.Damage{}
	for _, a := range alarms {
		got[a.Digest] = a.Damage
	}
	if diff := cmp.Diff(map[review.Digest]review.Damage{f.Digest: review.Changed, f.Release: review.Missing}, got); diff != "" {
		t.Error(diff)
	}
	if n := len(onRecord(t, w, review.EvIntegrity)); n != 2 {
		t.Errorf("%d events", n)
	}
	st, err := w.Status(ctx, w.As(t, "ops"))
	must(t, err)
	if st.Scrub.Total != 4 || st.Scrub.Finished.IsZero() {
		t.Errorf("the round: %+v", st.Scrub)
	}
	restore()
	bad := 0
	n, err := w.VerifyBlobs(ctx, func(review.Digest, review.Damage) { bad++ })
	must(t, err)
	if n != 4 || bad != 1 {
		t.Errorf("%d of %d damaged", bad, n)
	}
}

// Operators and leads hear of damaged bytes once, however often they are met,
// and operators are told neither whose they are nor which.
func TestDamageIsTold(t *testing.T) {
	w, people, room := posted(t)
	id, one, _ := reviewed(t, w)
	deliver(t, w)
	people.take()
	room.take()
	f := &stored(t, w, id).Groups[0].Files[0]
	w.Blobs.Damage(f.Release, func(b []byte) []byte { b[0] ^= 1; return b })
	for range 3 {
		_, err := w.FileContent(context.Background(), one, id, f.ID)
		wantKind(t, err, review.Unavailable)
		deliver(t, w)
	}
	for _, n := range people.all() {
		if n.Person == "ops" && (n.Path != "/status" || n.Requester != "" || strings.Contains(n.Text+n.Subject, f.Path)) {
			t.Errorf("the operator reads %+v", n)
		}
	}
	if diff := cmp.Diff([]string{"lea damaged", "ops damaged"}, people.take()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"damaged"}, room.take()); diff != "" {
		t.Errorf("on the shared channel (-want +got):\n%s", diff)
	}
}

// listedBefore is a store whose list of the bytes in use is a moment old: those
// that are gone were given up since.
type listedBefore struct {
	review.Store
	gone review.Digest
}

func (s listedBefore) BlobsInUse(ctx context.Context, after review.Digest, limit int) ([]review.Digest, error) {
	list, err := s.Store.BlobsInUse(ctx, after, limit)
	if after < s.gone {
		list = append(list, s.gone)
	}
	return list, err
}

// countedReads counts how often bytes are opened.
type countedReads struct {
	review.Blobs
	n map[review.Digest]int
}

func (b countedReads) Open(ctx context.Context, d review.Digest) (io.ReadCloser, error) {
	b.n[d]++
	return b.Blobs.Open(ctx, d)
}

// Bytes that the retention policy removes while all are being read raise no alarm.
// Each is read once.
func TestBytesGivenUpWhileAllAreReadAreNotDamaged(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	reviewed(t, w)
	reads := countedReads{w.Blobs, map[review.Digest]int{}}
	gone := review.Digest(strings.Repeat("f", 64))
	w.Service.Store, w.Service.Blobs = listedBefore{w.Store, gone}, reads
	if _, err := w.ScrubStep(ctx); err != nil {
		t.Fatal(err)
	}
	clear(reads.n)
	n, err := w.VerifyBlobs(ctx, func(d review.Digest, damage review.Damage) { t.Errorf("%s is %s", d, damage) })
	must(t, err)
	if alarms := onRecord(t, w, review.EvIntegrity); n != 5 || len(alarms) != 0 {
		t.Errorf("%d read, alarms %+v", n, alarms)
	}
	for d, times := range reads.n {
		if times != 1 {
			t.Errorf("%s was read %d times", d, times)
		}
	}
}
