package review_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"sallyport/policy"
	"sallyport/review"
)

// An author hears that a draft is about to be withdrawn before it is, and again
// when it was; nobody else hears of the first.
func TestExpiringDraftsAreTold(t *testing.T) {
	w := withRetention(t, openStore(t), policy.Retention{Drafts: 30, DraftNotice: 10})
	p := new(post)
	w.Notify.Channels = []review.NamedChannel{{Name: "mail", Channel: p, Personal: true}}
	id := draft(t, w)
	work(t, w)
	p.take()
	w.Advance(21 * day)
	apply(t, w, false)
	work(t, w)
	w.Advance(day)
	work(t, w)
	if got := p.take(); !slices.Equal(got, []string{"ann expiring"}) || status(t, w, id) != review.Pending {
		t.Errorf("told %q while the draft is %s", got, status(t, w, id))
	}
	w.Advance(11 * day)
	apply(t, w, false)
	work(t, w)
	w.Advance(day)
	work(t, w)
	if got := p.take(); !slices.Contains(got, "ann expired") || status(t, w, id) != review.Withdrawn {
		t.Errorf("told %q when the draft is %s", got, status(t, w, id))
	}
}

// Leads hear that a request is held and that it no longer is; a hold that was
// refused is told to nobody.
func TestHoldsAreTold(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	p := new(post)
	w.Notify.Channels = []review.NamedChannel{{Name: "mail", Channel: p, Personal: true}}
	id := draft(t, w)
	told := func() []string {
		work(t, w)
		w.Advance(day)
		work(t, w)
		return slices.DeleteFunc(p.take(), func(s string) bool { return s == "lea digest" || s == "aud digest" })
	}
	aud := w.As(t, "aud")
	for _, step := range []struct {
		do   func() error
		want []string
		kind review.Kind
	}{
		{func() error { return w.Hold(ctx, aud, id, "a complaint") }, []string{"lea held"}, 0},
		{func() error { return w.Hold(ctx, aud, id, "again") }, nil, review.Conflict},
		{func() error { return w.LiftHold(ctx, aud, id, "settled") }, []string{"lea hold_lifted"}, 0},
		{func() error { return w.LiftHold(ctx, aud, id, "again") }, nil, review.Conflict},
	} {
		if err := step.do(); step.want == nil {
			wantKind(t, err, step.kind)
		} else {
			must(t, err)
		}
		if got := told(); !slices.Equal(got, step.want) {
			t.Errorf("told %q, want %q", got, step.want)
		}
	}
}

// Bytes that no request ever named go after their time, with an event; those
// that any request named, or that are young, stay.
func TestUnnamedBytesGo(t *testing.T) {
	s := openStore(t)
	w := withRetention(t, s, policy.Retention{Blobs: policy.BlobRetention{Unnamed: 7}})
	ctx := context.Background()
	id := draft(t, w)
	must(t, w.Withdraw(ctx, w.As(t, "ann"), id))
	named := stored(t, w, id).Groups[0].Files[0].Digest
	old := putBytes(t, w.Blobs, "added, and then the browser was closed")
	w.Advance(6 * day)
	if plan := apply(t, w, false); len(plan.Items) != 0 || !w.Blobs.Has(old) {
		t.Errorf("too early: %+v", plan)
	}
	w.Advance(2 * day)
	young := putBytes(t, w.Blobs, "just now")
	if plan := apply(t, w, true); len(plan.Items) != 1 || !w.Blobs.Has(old) {
		t.Errorf("the dry run: %+v", plan)
	}
	killed := false
	w.Step = func(name string) {
		if name == "retention.unnamed" && !killed {
			killed = true
			panic("killed")
		}
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = w.ApplyRetention(ctx, false)
	}()
	if !killed || !w.Blobs.Has(old) {
		t.Fatal("not killed between the record and the removal")
	}
	plan := apply(t, w, false)
	if plan.Removed != 1 || w.Blobs.Has(old) || !w.Blobs.Has(named) || !w.Blobs.Has(young) {
		t.Errorf("done: %+v; old there %v, named there %v, young there %v", plan, w.Blobs.Has(old), w.Blobs.Has(named), w.Blobs.Has(young))
	}
	e := onRecord(t, w, review.EvRetention)
	if len(e) != 2 || e[1].Detail["rule"] != "blobs.unnamed" || e[1].Detail["digests"] != string(old) {
		t.Errorf("on record: %+v", e)
	}
	if plan := apply(t, w, false); len(plan.Items) != 0 {
		t.Errorf("again: %+v", plan.Items)
	}
	verifies(t, s, w)
}

func putBytes(t *testing.T, b review.Blobs, text string) review.Digest {
	t.Helper()
	d, _, err := b.Put(context.Background(), strings.NewReader(text), 1000)
	must(t, err)
	return d
}
