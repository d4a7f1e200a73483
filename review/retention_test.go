package review_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
	"sallyport/storage"
	"sallyport/storage/pgtest"
)

// day is long enough to be past a policy's day.
const day = 24*time.Hour + time.Minute

// withRetention makes a world whose policy keeps things for so long.
func withRetention(t testing.TB, s review.Store, r policy.Retention) *reviewtest.World {
	t.Helper()
	w := reviewtest.NewWorld(t, s)
	p := *w.Policy
	p.Retention = r
	w.Policy = &p
	return w
}

func apply(t *testing.T, w *reviewtest.World, dry bool) *review.RetentionPlan {
	t.Helper()
	plan, err := w.ApplyRetention(context.Background(), dry)
	must(t, err)
	return plan
}

// What the outbox did and what people were told goes after its time, on record,
// and nobody is told again.
func TestWhatWasSentIsForgotten(t *testing.T) {
	w := withRetention(t, openStore(t), policy.Retention{Jobs: 60, Notices: 90})
	ctx := context.Background()
	id, one, _ := reviewed(t, w)
	must(t, w.Release(ctx, one, id))
	left := func() (jobs, notices int) {
		for did := true; did; {
			var err error
			w.Advance(time.Minute)
			did, err = w.WorkOnce(ctx)
			must(t, err)
		}
		list, err := w.Store.Jobs(ctx, review.JobQuery{})
		must(t, err)
		told, err := w.Store.Notices(ctx, review.NoticeQuery{Limit: 1000})
		must(t, err)
		return len(list), len(told)
	}
	jobs, told := left()
	if jobs < 2 || told < 2 {
		t.Fatalf("%d jobs and %d notices", jobs, told)
	}
	for _, step := range []struct {
		days int
		want review.Forgotten
	}{{58, review.Forgotten{}}, {3, review.Forgotten{Jobs: jobs}}, {31, review.Forgotten{Notices: told}}, {1, review.Forgotten{}}} {
		w.Advance(time.Duration(step.days) * day)
		if dry := apply(t, w, true); dry.Forgotten != step.want {
			t.Errorf("after %d more days it is planned to forget %+v, want %+v", step.days, dry.Forgotten, step.want)
		}
		if plan := apply(t, w, false); plan.Forgotten != step.want {
			t.Errorf("after %d more days %+v were forgotten, want %+v", step.days, plan.Forgotten, step.want)
		}
	}
	if j, n := left(); j != 0 || n != 0 || len(w.Sink.Delivered) != 1 {
		t.Errorf("afterwards there are %d jobs and %d notices, and %d packages", j, n, len(w.Sink.Delivered))
	}
	if got := onRecord(t, w, review.EvRetention); len(got) != 2 || got[0].Detail["jobs"] != fmt.Sprint(jobs) || got[1].Detail["notices"] != fmt.Sprint(told) {
		t.Errorf("on record: %+v", got)
	}
}

// Drafts that nobody touches are withdrawn, after their author was told in time.
func TestDraftsExpireAfterNotice(t *testing.T) {
	w := withRetention(t, openStore(t), policy.Retention{Drafts: 30, DraftNotice: 10})
	id := draft(t, w)
	what := func() string {
		dry, plan := apply(t, w, true), apply(t, w, false)
		if len(dry.Items) != len(plan.Items) {
			t.Errorf("planned %+v, done %+v", dry.Items, plan.Items)
		}
		if len(plan.Items) == 0 {
			return ""
		}
		return plan.Items[0].What
	}
	for _, step := range []struct {
		days int
		want string
	}{{19, ""}, {2, "tell the author"}, {0, ""}, {8, ""}, {3, "withdraw the draft"}, {1, ""}} {
		w.Advance(time.Duration(step.days) * day)
		if got := what(); got != step.want {
			t.Fatalf("after %d more days: %q, want %q", step.days, got, step.want)
		}
	}
	if status(t, w, id) != review.Withdrawn || len(onRecord(t, w, review.EvExpiring)) != 1 {
		t.Errorf("status %s, told %d times", status(t, w, id), len(onRecord(t, w, review.EvExpiring)))
	}
}

// A service that was stopped for long tells first, and an author who comes back
// is left alone.
func TestDraftsAreNotWithdrawnUntold(t *testing.T) {
	w := withRetention(t, openStore(t), policy.Retention{Drafts: 30, DraftNotice: 10})
	id := draft(t, w)
	w.Advance(400 * day)
	apply(t, w, false)
	if status(t, w, id) != review.Pending {
		t.Fatal("withdrawn without a word")
	}
	w.Advance(9 * day)
	must(t, w.EditDetails(context.Background(), w.As(t, "ann"), id, review.RequestDetails{Purpose: "still at it"}))
	w.Advance(2 * day)
	apply(t, w, false)
	if status(t, w, id) != review.Pending {
		t.Error("withdrawn under the author's hands")
	}
}

// Bytes go when their time is over, the record stays, and bytes that another
// request rests on stay with it.
func TestBytesGoAndTheRecordStays(t *testing.T) {
	s := openStore(t)
	w := withRetention(t, s, policy.Retention{Blobs: policy.BlobRetention{Withdrawn: 10, Released: 100}, Findings: policy.FindingsWithBlobs})
	ctx := context.Background()
	id, one, _ := released(t, w)
	r := stored(t, w, id)
	f, report := r.Groups[0].Files[0], r.Groups[2].Files[0]
	w.Workspaces.Write(reviewtest.CohortNext, "release/x/copy.csv", "sex,n\nF,10\n") // the bytes of a.csv
	next, err := w.CreateRequest(ctx, w.As(t, "ann"), reviewtest.CohortNext)
	must(t, err)
	added, err := w.AddFiles(ctx, w.As(t, "ann"), next, []review.AddFile{{Path: "release/x/copy.csv", Kind: review.Output, Group: "g"}})
	must(t, err)
	if added[0].Problem != "" || stored(t, w, next).Groups[0].Files[0].Digest != f.Digest {
		t.Fatalf("%+v", added)
	}
	w.Advance(101 * day)
	dry := apply(t, w, true)
	if !w.Blobs.Has(report.Release) || len(dry.Items) != 1 || slices.Contains(dry.Items[0].Digests, f.Digest) {
		t.Fatalf("dry run: %+v", dry.Items)
	}
	plan := apply(t, w, false)
	if plan.Removed != 3 || w.Blobs.Has(report.Digest) || w.Blobs.Has(report.Release) || !w.Blobs.Has(f.Digest) {
		t.Errorf("%d blobs removed: %+v", plan.Removed, plan.Items)
	}
	if again := apply(t, w, false); len(again.Items) != 0 || again.Removed != 0 {
		t.Errorf("a second time: %+v", again)
	}
	e := onRecord(t, w, review.EvRetention)
	if len(e) != 1 || e[0].Request != id || e[0].Detail["blobs"] != "3" || e[0].Detail["findings"] != "1" || e[0].Detail["rule"] != "blobs.released" {
		t.Errorf("on record: %+v", e)
	}
	v, err := w.Request(ctx, one, id)
	must(t, err)
	if v.Retired.IsZero() || v.Report != nil || v.Groups[2].Files[0].File.Digest != report.Digest {
		t.Errorf("the view: retired %v, report %v", v.Retired, v.Report)
	}
	_, err = w.FileContent(ctx, one, id, report.ID)
	wantKind(t, err, review.Conflict)
	if n := len(onRecord(t, w, review.EvIntegrity)); n != 0 {
		t.Errorf("%d alarms for bytes whose time was over", n)
	}
	wantKind(t, w.Hold(ctx, w.As(t, "aud"), id, "too late"), review.Conflict)
	verifies(t, s, w)
	// The other request ends, and the last of the bytes go with it.
	must(t, w.Withdraw(ctx, w.As(t, "ann"), next))
	w.Advance(11 * day)
	if apply(t, w, false); w.Blobs.Has(f.Digest) {
		t.Error("the shared bytes stayed")
	}
	verifies(t, s, w)
}

// verifies holds the store to every verification there is.
func verifies(t testing.TB, s *storage.Store, w *reviewtest.World) {
	t.Helper()
	ctx := context.Background()
	if _, err := s.Verify(ctx); err != nil {
		t.Errorf("Verify: %v", err)
	}
	_, err := s.VerifyBytes(ctx, w.Blobs, func(d review.Digest, err error) { t.Errorf("bytes in use are gone: %s: %v", d, err) })
	must(t, err)
}

// A hold keeps the bytes, and lifting it lets them go.
func TestHold(t *testing.T) {
	w, ctx := withRetention(t, openStore(t), policy.Retention{Blobs: policy.BlobRetention{Withdrawn: 10}}), context.Background()
	id := draft(t, w)
	must(t, w.Withdraw(ctx, w.As(t, "ann"), id))
	aud, lea := w.As(t, "aud"), w.As(t, "lea")
	wantKind(t, w.Hold(ctx, aud, id, " "), review.Invalid)
	wantKind(t, w.Hold(ctx, w.As(t, "ann"), id, "mine"), review.Forbidden)
	must(t, w.Hold(ctx, aud, id, "a complaint"))
	wantKind(t, w.Hold(ctx, lea, id, "again"), review.Conflict)
	w.Advance(400 * day)
	if plan := apply(t, w, false); plan.Held != 1 || plan.Removed != 0 {
		t.Errorf("held: %+v", plan)
	}
	v, err := w.Request(ctx, aud, id)
	must(t, err)
	if v.Hold == nil || v.Hold.Reason != "a complaint" {
		t.Errorf("the hold shown: %+v", v.Hold)
	}
	must(t, w.LiftHold(ctx, lea, id, "it is settled"))
	wantKind(t, w.LiftHold(ctx, lea, id, "again"), review.Conflict)
	if plan := apply(t, w, false); plan.Removed == 0 {
		t.Errorf("lifted: %+v", plan)
	}
}

// Recalled releases have a time of their own, which is never by default.
func TestRecalledBytesStay(t *testing.T) {
	w, ctx := withRetention(t, openStore(t), policy.Retention{Blobs: policy.BlobRetention{Released: 10}}), context.Background()
	id, one, _ := released(t, w)
	must(t, w.Recall(ctx, one, id, breach(w)))
	work(t, w)
	w.Advance(4000 * day)
	if plan := apply(t, w, false); len(plan.Items) != 0 {
		t.Errorf("went: %+v", plan.Items)
	}
}

// Bytes that somebody stored a moment ago stay, and a run that is cut short at
// any step is finished by the next.
func TestRetentionIsFinishedAfterACrash(t *testing.T) {
	for _, at := range []string{"retention.remove", "retention.removed"} {
		s := openStore(t)
		w, ctx := withRetention(t, s, policy.Retention{Blobs: policy.BlobRetention{Withdrawn: 10}}), context.Background()
		id := draft(t, w)
		f := stored(t, w, id).Groups[0].Files[0]
		must(t, w.Withdraw(ctx, w.As(t, "ann"), id))
		w.Advance(11 * day)
		w.Step = func(name string) {
			if name == at {
				panic("killed")
			}
		}
		func() {
			defer func() { _ = recover() }()
			_, _ = w.ApplyRetention(ctx, false)
		}()
		w.Step = nil
		pending, err := s.Removals(ctx)
		must(t, err)
		if len(pending) == 0 || len(onRecord(t, w, review.EvRetention)) != 1 {
			t.Fatalf("%s: %d removals noted, events %v", at, len(pending), onRecord(t, w, review.EvRetention))
		}
		next, err := w.CreateRequest(ctx, w.As(t, "ann"), reviewtest.Cohort) // the same bytes again
		must(t, err)
		_, err = w.AddFiles(ctx, w.As(t, "ann"), next, []review.AddFile{{Path: f.Path, Kind: review.Output, Group: "g"}})
		must(t, err)
		apply(t, w, false)
		if left, err := s.Removals(ctx); err != nil || len(left) != 0 || !w.Blobs.Has(f.Digest) {
			t.Errorf("%s: left %v, %v; the new request's bytes are there: %v", at, left, err, w.Blobs.Has(f.Digest))
		}
		verifies(t, s, w)
	}
}

// Whatever happened, after retention every verification passes, and no bytes of
// an open, held or kept request are gone.
func TestRetentionNeverTakesTooMuch(t *testing.T) {
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		s, err := storage.Open(context.Background(), pgtest.Address(t, filepath.Join(dir, time.Duration(n).String()+".db"), schema), time.Now)
		if err != nil {
			rt.Fatal(err)
		}
		defer s.Close()
		keep := rapid.IntRange(0, 40)
		w := withRetention(t, s, policy.Retention{Drafts: 40, DraftNotice: 5, Findings: policy.FindingsWithBlobs, Blobs: policy.BlobRetention{
			Withdrawn: policy.Days(keep.Draw(rt, "withdrawn")), Rejected: policy.Days(keep.Draw(rt, "rejected")), Released: policy.Days(keep.Draw(rt, "released")),
		}})
		ctx := context.Background()
		var all []review.RequestID
		count := rapid.IntRange(1, 5).Draw(rt, "requests")
		for i := range count {
			var id review.RequestID
			fate := rapid.IntRange(0, 3).Draw(rt, "fate")
			if fate == 0 && i < count-1 {
				fate = 1 // what is released cannot be asked for again
			}
			switch fate {
			case 0:
				id, _, _ = released(t, w)
			case 1:
				id = draft(t, w)
				must(t, w.Withdraw(ctx, w.As(t, "ann"), id))
			case 2:
				var one, two review.Actor
				id, one, two = submitted(t, w)
				for _, a := range []review.Actor{one, two} {
					voteAll(t, w, a, id, review.Reject)
					must(t, w.SubmitReview(ctx, a, id))
				}
				must(t, w.RejectRequest(ctx, one, id, "no"))
			default:
				id = draft(t, w)
				must(t, w.Withdraw(ctx, w.As(t, "ann"), id))
				must(t, w.Hold(ctx, w.As(t, "aud"), id, "a complaint"))
			}
			all = append(all, id)
			// The next one shares all bytes with this one.
			w.Advance(time.Duration(rapid.IntRange(0, 30).Draw(rt, "days")) * day)
			apply(t, w, false)
			verifies(t, s, w)
		}
		for _, id := range all {
			at, err := s.RetiredAt(ctx, id)
			must(t, err)
			r := stored(t, w, id)
			for _, g := range r.Groups {
				for _, f := range g.Files {
					if at.IsZero() && (!w.Blobs.Has(f.Digest) || !w.Blobs.Has(f.Release)) {
						rt.Fatalf("bytes of %s, which is %s, are gone", f.Path, r.Status)
					}
				}
			}
			if holds, _ := s.Holds(ctx, id); len(holds) > 0 && !at.IsZero() {
				rt.Fatal("a held request was retired")
			}
		}
	})
}

// longRegister is a store with many releases, all delivered long ago.
type longRegister struct {
	review.Store
	list    []review.Release
	removed map[string]int
}

func (l *longRegister) Releases(_ context.Context, q review.ReleaseQuery) ([]review.Release, error) {
	var old []review.Release
	for _, r := range l.list {
		if q.Until.IsZero() || r.Approved.Before(q.Until) {
			old = append(old, r)
		}
	}
	asked := 0
	return pagesOf(old, &asked)(q.After, q.Limit)
}

func (l *longRegister) RemovePackage(_ context.Context, release, _ string, _ time.Time, _ review.Event) (bool, error) {
	if l.removed[release]++; l.removed[release] > 1 {
		return false, errors.New("removed twice in one run")
	}
	return true, nil
}

// place is a sink of our own.
type place struct{ *reviewtest.Sink }

func (place) RemovePackage(context.Context, *review.Release, string) error { return nil }

// Each package goes when its time is over, and none before, of however many.
func TestPackagesOfALongRegister(t *testing.T) {
	l := &longRegister{Store: openStore(t), removed: map[string]int{}}
	w := withRetention(t, l.Store, policy.Retention{Packages: 30})
	w.Service.Store = l
	w.Sinks = []review.NamedSink{{Name: "exports", Sink: place{w.Sink}}}
	now, due := w.Now(), 0
	for i := range 1000 {
		at := now.Add(-time.Duration(i) * time.Hour)
		delivered := at.Add(12*time.Hour + 30*time.Minute)
		if i%7 == 0 {
			delivered = time.Time{}
		} else if now.AddDate(0, 0, -30).After(delivered) {
			due++
		}
		l.list = append(l.list, review.Release{ID: fmt.Sprintf("REL%04d", i), Request: review.RequestID(fmt.Sprintf("R%04d", i)), Approved: at,
			Deliveries: []review.Delivery{{Sink: "exports", At: delivered}}})
	}
	plan := apply(t, w, false)
	if len(plan.Items) != due || len(l.removed) != due || due < 200 {
		t.Errorf("%d of %d packages removed, %d noted", len(plan.Items), due, len(l.removed))
	}
}
