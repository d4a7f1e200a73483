package reviewtest

import (
	"testing"
	"time"

	"sallyport/review"
)

// happening is an event of a request, for what needs one.
func happening(t review.EventType, id review.RequestID, minute int) review.Event {
	return review.Event{At: later(minute), Type: t, Actor: "ops", Request: id}
}

// withBytes creates a request that has ended, or not, with one file for each of
// the contents.
func withBytes(t *testing.T, s review.Store, id review.RequestID, status review.Status, contents ...string) {
	t.Helper()
	r := Draft(id, "ada", review.WorkspaceName(id), start)
	g := review.Group{ID: "g", Name: "g"}
	for i, c := range contents {
		g.Files = append(g.Files, review.File{
			ID: review.FileID(rune('a' + i)), Path: "release/" + c + ".csv", Kind: review.Output, Digest: sum([]byte(c)), Release: sum([]byte(c + " cleaned")),
		})
	}
	r.Groups = []review.Group{g}
	create(t, s, r)
	if status != review.Pending {
		edit(t, s, id, func(r *review.Request) { r.Status = status })
	}
}

func alarms(t *testing.T, s review.Store) {
	ctx := t.Context()
	withBytes(t, s, "r1", review.Submitted, "one", "two")
	withBytes(t, s, "r2", review.Submitted, "one")
	d := sum([]byte("one"))
	want := review.Alarm{ID: "a1", Digest: d, Damage: review.Changed, At: later(1)}
	raised, err := s.RaiseAlarm(ctx, want, happening(review.EvIntegrity, "r1", 1))
	must(t, err)
	same(t, "raised", true, raised)
	before := len(events(t, s))
	raised, err = s.RaiseAlarm(ctx, review.Alarm{ID: "a2", Digest: d, Damage: review.Missing, At: later(2)}, happening(review.EvIntegrity, "r2", 2))
	must(t, err)
	same(t, "raised again", false, raised)
	same(t, "events of an alarm that stands already", before, len(events(t, s)))
	want.Requests = []review.RequestID{"r1", "r2"}
	open, err := s.Alarms(ctx, review.AlarmQuery{Open: true})
	must(t, err)
	same(t, "alarms", []review.Alarm{want}, open)
	other, err := s.Alarms(ctx, review.AlarmQuery{Open: true, Digests: []review.Digest{sum([]byte("two"))}})
	must(t, err)
	same(t, "alarms for other bytes", 0, len(other))

	// What rests on the bytes is refused by the store itself, and nothing else.
	for rests, refused := range map[review.Digest]bool{d: true, sum([]byte("two")): false} {
		_, err := s.Update(ctx, "r1", func(r *review.Request) (review.Change, error) {
			return review.Change{Rests: []review.Digest{rests}, Events: []review.Event{Happened(r, review.EvVoted, later(3))}}, nil
		})
		if refused {
			wantKind(t, err, review.Conflict)
		} else {
			must(t, err)
		}
	}

	want.Ended, want.By, want.Reason = later(5), "ops", "restored from a copy"
	wantKind(t, s.EndAlarm(ctx, review.Alarm{ID: "none", Ended: later(5)}, happening(review.EvRestored, "", 5)), review.NotFound)
	must(t, s.EndAlarm(ctx, want, happening(review.EvRestored, "", 5)))
	wantKind(t, s.EndAlarm(ctx, want, happening(review.EvRestored, "", 6)), review.Conflict)
	all, err := s.Alarms(ctx, review.AlarmQuery{})
	must(t, err)
	same(t, "the ended alarm", []review.Alarm{want}, all)
	raised, err = s.RaiseAlarm(ctx, review.Alarm{ID: "a3", Digest: d, Damage: review.Missing, At: later(7)}, happening(review.EvIntegrity, "", 7))
	must(t, err)
	same(t, "raised anew", true, raised)
	all, err = s.Alarms(ctx, review.AlarmQuery{Limit: 1})
	must(t, err)
	same(t, "the newest", "a3", all[0].ID)
}

func alarmRace(t *testing.T, s review.Store) {
	withBytes(t, s, "r1", review.Submitted, "one")
	won := make(chan bool, 8)
	for _, err := range race(8, func(i int) error {
		a := review.Alarm{ID: "a" + string(rune('0'+i)), Digest: sum([]byte("one")), Damage: review.Changed, At: later(i)}
		raised, err := s.RaiseAlarm(t.Context(), a, happening(review.EvIntegrity, "r1", i))
		won <- raised
		return err
	}) {
		must(t, err)
	}
	n := 0
	for range 8 {
		if <-won {
			n++
		}
	}
	open, err := s.Alarms(t.Context(), review.AlarmQuery{Open: true})
	must(t, err)
	same(t, "raised", 1, n)
	same(t, "standing", 1, len(open))
}

func bytesInUse(t *testing.T, s review.Store) {
	ctx := t.Context()
	withBytes(t, s, "r1", review.Submitted, "one", "two")
	withBytes(t, s, "r2", review.Submitted, "one")
	var list []review.Digest
	for after := review.Digest(""); ; {
		page, err := s.BlobsInUse(ctx, after, 3)
		must(t, err)
		if len(page) == 0 {
			break
		}
		list, after = append(list, page...), page[len(page)-1]
	}
	want := map[review.Digest]bool{}
	for _, c := range []string{"one", "two", "one cleaned", "two cleaned"} {
		want[sum([]byte(c))] = true
	}
	got := map[review.Digest]bool{}
	for i, d := range list {
		got[d] = true
		if i > 0 && list[i-1] >= d {
			t.Error("out of order")
		}
	}
	same(t, "bytes in use", want, got)
	used, err := s.InUse(ctx, sum([]byte("one")))
	must(t, err)
	same(t, "in use", true, used)
	unnamed, err := s.Unnamed(ctx, []review.Digest{sum([]byte("one")), sum([]byte("nobody's")), sum([]byte("two cleaned"))})
	must(t, err)
	same(t, "named by nobody", []review.Digest{sum([]byte("nobody's"))}, unnamed)

	at, err := s.Scrub(ctx)
	must(t, err)
	same(t, "before the first round", review.Scrub{}, at)
	for _, at := range []review.Scrub{{Begun: later(1), After: "ab", Done: 7}, {Finished: later(2), Total: 9}} {
		must(t, s.SaveScrub(ctx, at))
		got, err := s.Scrub(ctx)
		must(t, err)
		same(t, "the round", at, got)
	}
}

func holds(t *testing.T, s review.Store) {
	ctx := t.Context()
	withBytes(t, s, "r1", review.Withdrawn, "one")
	withBytes(t, s, "r2", review.Withdrawn, "two")
	first := review.Hold{ID: "h1", Request: "r1", At: later(1), By: "aud", Reason: "a complaint"}
	must(t, s.Hold(ctx, first, happening(review.EvHeld, "r1", 1)))
	before := len(events(t, s))
	wantKind(t, s.Hold(ctx, review.Hold{ID: "h2", Request: "r1", At: later(2), By: "lea", Reason: "x"}, happening(review.EvHeld, "r1", 2)), review.Conflict)
	wantKind(t, s.LiftHold(ctx, review.Hold{Request: "r2", Lifted: later(2), LiftedBy: "lea"}, happening(review.EvHoldLifted, "r2", 2)), review.Conflict)
	same(t, "events of what was refused", before, len(events(t, s)))
	got, err := s.Holds(ctx, "r1")
	must(t, err)
	same(t, "holds", []review.Hold{first}, got)
	gone, err := s.Retire(ctx, []review.RequestID{"r1"}, retiring(9, false))
	must(t, err)
	same(t, "a held request", 0, len(gone))

	lift := review.Hold{Request: "r1", Lifted: later(3), LiftedBy: "lea", LiftReason: "settled"}
	must(t, s.LiftHold(ctx, lift, happening(review.EvHoldLifted, "r1", 3)))
	wantKind(t, s.LiftHold(ctx, lift, happening(review.EvHoldLifted, "r1", 4)), review.Conflict)
	first.Lifted, first.LiftedBy, first.LiftReason = later(3), "lea", "settled"
	second := review.Hold{ID: "h3", Request: "r1", At: later(5), By: "aud", Reason: "another"}
	must(t, s.Hold(ctx, second, happening(review.EvHeld, "r1", 5)))
	must(t, s.Hold(ctx, review.Hold{ID: "h4", Request: "r2", At: later(6), By: "aud", Reason: "z"}, happening(review.EvHeld, "r2", 6)))
	got, err = s.Holds(ctx, "r1")
	must(t, err)
	same(t, "holds of one", []review.Hold{second, first}, got)
	all, err := s.Holds(ctx, "")
	must(t, err)
	same(t, "holds of all", 3, len(all))
}

// retiring is how requests are retired in the tests.
func retiring(minute int, dry bool) review.RetireOptions {
	return review.RetireOptions{At: later(minute), Dry: dry, Findings: true, Events: func(gone []review.Retired) []review.Event {
		var out []review.Event
		for _, x := range gone {
			out = append(out, happening(review.EvRetention, x.Request, minute))
		}
		return out
	}}
}

func retire(t *testing.T, s review.Store) {
	ctx := t.Context()
	withBytes(t, s, "open", review.Pending, "zero")
	withBytes(t, s, "r1", review.Withdrawn, "one", "shared")
	withBytes(t, s, "r2", review.Rejected, "shared")
	withBytes(t, s, "hurt", review.Withdrawn, "hurt")
	_, err := s.RaiseAlarm(ctx, review.Alarm{ID: "a", Digest: sum([]byte("hurt")), Damage: review.Changed, At: later(1)}, happening(review.EvIntegrity, "hurt", 1))
	must(t, err)
	ids, before := []review.RequestID{"open", "r1", "hurt", "nowhere"}, len(events(t, s))
	planned, err := s.Retire(ctx, ids, retiring(5, true))
	must(t, err)
	same(t, "events of a dry run", before, len(events(t, s)))
	list, err := s.Removals(ctx)
	must(t, err)
	same(t, "removals of a dry run", 0, len(list))
	at, err := s.RetiredAt(ctx, "r1")
	must(t, err)
	same(t, "retired by a dry run", time.Time{}, at)

	gone, err := s.Retire(ctx, ids, retiring(5, false))
	must(t, err)
	same(t, "what a dry run said", planned, gone)
	same(t, "retired", 1, len(gone))
	same(t, "of", review.RequestID("r1"), gone[0].Request)
	same(t, "bytes that nobody else has", 2, len(gone[0].Digests)) // as it came and cleaned; the shared ones stay
	same(t, "events", before+1, len(events(t, s)))
	if at, err = s.RetiredAt(ctx, "r1"); err != nil || !at.Equal(later(5)) {
		t.Errorf("retired at %v, %v", at, err)
	}
	gone, err = s.Retire(ctx, ids, retiring(6, false))
	must(t, err)
	same(t, "retired again", 0, len(gone))
	wantKind(t, s.Hold(ctx, review.Hold{ID: "h", Request: "r1", At: later(7), By: "aud", Reason: "late"}, happening(review.EvHeld, "r1", 7)), review.Conflict)

	list, err = s.Removals(ctx)
	must(t, err)
	same(t, "to be removed", 2, len(list))
	for i, x := range list {
		used, err := s.InUse(ctx, x.Digest)
		must(t, err)
		same(t, "in use", false, used)
		for range 2 { // ending twice is no error
			must(t, s.EndRemoval(ctx, x, later(8), i == 0))
		}
	}
	list, err = s.Removals(ctx)
	must(t, err)
	same(t, "left to be removed", 0, len(list))
	used, err := s.InUse(ctx, sum([]byte("shared")))
	must(t, err)
	same(t, "shared bytes in use", true, used)
	gone, err = s.Retire(ctx, []review.RequestID{"r2"}, retiring(9, false))
	must(t, err)
	same(t, "the last of the shared bytes", 2, len(gone[0].Digests))
	unnamed, err := s.Unnamed(ctx, []review.Digest{sum([]byte("shared"))})
	must(t, err)
	same(t, "retired bytes are named all the same", 0, len(unnamed))
	gone, err = s.Retire(ctx, []review.RequestID{"hurt"}, retiring(9, false))
	must(t, err)
	same(t, "bytes under an alarm", 0, len(gone))
}

func removePackages(t *testing.T, s review.Store) {
	approve(t, s, fullRelease("rel1", "r1"))
	for i, want := range []bool{true, false} {
		first, err := s.RemovePackage(t.Context(), "rel1", "exports", later(i), happening(review.EvRetention, "r1", i))
		must(t, err)
		same(t, "first", want, first)
	}
	first, err := s.RemovePackage(t.Context(), "rel1", "archive", later(3), happening(review.EvRetention, "r1", 3))
	must(t, err)
	same(t, "from another sink", true, first)
	n := 0
	for _, e := range events(t, s) {
		if e.Type == review.EvRetention {
			n++
		}
	}
	same(t, "events", 2, n)
	if dropped, err := s.DropSessions(t.Context(), later(1)); err != nil || dropped != 0 {
		t.Errorf("%d sessions dropped, %v", dropped, err)
	}
}

func recalls(t *testing.T, s review.Store) {
	ctx := t.Context()
	rel := fullRelease("rel1", "r1")
	approve(t, s, rel)
	approve(t, s, fullRelease("rel2", "r2"))
	carry := func(id review.RequestID, c review.RecallChange) error {
		_, err := s.Update(ctx, id, func(r *review.Request) (review.Change, error) {
			return review.Change{Recall: c, Events: []review.Event{Happened(r, review.EvRecalled, later(r.Version))}}, nil
		})
		return err
	}
	first := review.BreachReport{
		ID: "b1", Release: "rel1", At: later(1), By: "carl", Files: []string{rel.Files[0].Path},
		Words: "a small count – in a table", Severity: review.RecallModerate, Discovered: later(0),
	}
	must(t, carry("r1", review.RecallChange{Report: &first}))
	whole := review.BreachReport{ID: "b2", Release: "rel1", At: later(3), By: "aud", Whole: true, Files: []string{"x"}, Words: "all of it", Severity: review.RecallSerious, Discovered: later(2)}
	must(t, carry("r1", review.RecallChange{Report: &whole}))
	taken := review.Withdrawal{Sink: "exports", At: later(4), Done: true, Words: "deleted"}
	must(t, carry("r1", review.RecallChange{Of: "b1", Withdrawal: &taken}))
	must(t, carry("r1", review.RecallChange{Of: "b1", Withdrawal: &review.Withdrawal{Sink: "exports", At: later(5), Words: "a second answer"}}))
	cannot := review.Withdrawal{Sink: "archive", At: later(5), Words: "people have to"}
	must(t, carry("r1", review.RecallChange{Of: "b1", Withdrawal: &cannot}))
	note := review.RecallNote{ID: "n1", At: later(6), By: "aud", Words: "looked into"}
	must(t, carry("r1", review.RecallChange{Of: "b2", Note: &note}))
	first.Withdrawals, whole.Notes = []review.Withdrawal{taken, cannot}, []review.RecallNote{note}
	want := &review.Recall{Since: later(1), Whole: true, Reports: []review.BreachReport{first, whole}}
	got, err := s.Release(ctx, "r1")
	must(t, err)
	same(t, "the recall", want, got.Recalled)
	list, err := s.Releases(ctx, review.ReleaseQuery{})
	must(t, err)
	for _, r := range list {
		if r.ID == "rel1" {
			same(t, "the recall in a list", want, r.Recalled)
		} else if r.Recalled != nil {
			t.Errorf("%s is recalled too", r.ID)
		}
	}
	since, err := s.RecalledRequests(ctx)
	must(t, err)
	same(t, "recalled requests", map[review.RequestID]time.Time{"r1": later(1)}, since)

	// Nothing of one request's recall can be said by another, and a failed change
	// keeps nothing.
	before := len(events(t, s))
	for name, c := range map[string]review.RecallChange{
		"another's release": {Report: &review.BreachReport{ID: "b3", Release: "rel1", At: later(7), By: "x", Words: "x", Severity: review.RecallLow, Discovered: later(7)}},
		"another's report":  {Of: "b1", Withdrawal: &review.Withdrawal{Sink: "third", At: later(7)}},
		"a note on it":      {Of: "b2", Note: &review.RecallNote{ID: "n2", At: later(7), By: "x", Words: "x"}},
	} {
		if carry("r2", c) == nil {
			t.Errorf("%s was taken", name)
		}
	}
	same(t, "events of what was refused", before, len(events(t, s)))
	got, err = s.Release(ctx, "r1")
	must(t, err)
	same(t, "the recall afterwards", want, got.Recalled)
}
