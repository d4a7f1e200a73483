package review_test

import (
	"context"
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// given is the one open grant of a role of a person.
func given(t *testing.T, w *reviewtest.World, name review.Username, role policy.Role) review.RoleGrant {
	t.Helper()
	all, err := w.Store.Grants(context.Background(), review.GrantQuery{Person: name, Open: true})
	must(t, err)
	for _, g := range all {
		if g.Role == role {
			return g
		}
	}
	t.Fatalf("%s has no open grant of %s: %v", name, role, all)
	return review.RoleGrant{}
}

func waiting(t *testing.T, w *reviewtest.World) review.Proposal {
	t.Helper()
	all, err := w.Store.Proposals(context.Background(), true)
	must(t, err)
	if len(all) != 1 {
		t.Fatalf("%d proposals wait, want 1", len(all))
	}
	return all[0]
}

func TestFourEyes(t *testing.T) {
	ctx, w := context.Background(), newWorld(t)
	ask := review.Ask{Person: "tim", Role: policy.Checker, Reach: policy.WholeService, Why: "trained in November"}
	ops, lea := w.As(t, "ops"), w.As(t, "lea")

	_, err := w.Grant(ctx, w.As(t, "ann"), ask)
	wantKind(t, err, review.NotFound) // who may not, does not learn that it is there
	proposed, err := w.Grant(ctx, ops, ask)
	must(t, err)
	if !proposed || w.As(t, "tim").Has(policy.Checker) {
		t.Fatal("one person gave a guarded role")
	}
	_, err = w.Grant(ctx, lea, ask)
	wantKind(t, err, review.Conflict)
	p := waiting(t, w)
	wantKind(t, w.Confirm(ctx, ops, p.ID, true), review.Forbidden)            // who proposed it
	wantKind(t, w.Confirm(ctx, w.As(t, "aud"), p.ID, true), review.NotFound)  // reads all, changes nothing
	wantKind(t, w.Confirm(ctx, w.As(t, "carl"), p.ID, true), review.NotFound) // not theirs
	must(t, w.Confirm(ctx, lea, p.ID, true))
	wantKind(t, w.Confirm(ctx, lea, p.ID, true), review.NotFound)
	if !w.As(t, "tim").Has(policy.Checker) {
		t.Fatal("what two people agreed on does not count")
	}
	g := given(t, w, "tim", policy.Checker)
	if g.By != "ops" || g.Second != "lea" || g.Why != ask.Why {
		t.Errorf("the grant says %+v", g)
	}

	proposed, err = w.Revoke(ctx, lea, g.ID, "left", false)
	must(t, err)
	if !proposed || !w.As(t, "tim").Has(policy.Checker) {
		t.Fatal("one person took a guarded role away, without haste")
	}
	must(t, w.Confirm(ctx, ops, waiting(t, w).ID, true))
	if w.As(t, "tim").Has(policy.Checker) {
		t.Fatal("a role that was taken away still counts")
	}
}

func TestRefusedAndLapsedProposals(t *testing.T) {
	ctx, w := context.Background(), newWorld(t)
	ask := review.Ask{Person: "tim", Role: policy.Checker, Reach: policy.WholeService, Why: "trained"}
	ops, lea := w.As(t, "ops"), w.As(t, "lea")
	_, err := w.Grant(ctx, ops, ask)
	must(t, err)
	must(t, w.Confirm(ctx, lea, waiting(t, w).ID, false))
	if w.As(t, "tim").Has(policy.Checker) {
		t.Fatal("a refused proposal counts")
	}
	_, err = w.Grant(ctx, ops, ask)
	must(t, err)
	p := waiting(t, w)
	w.Advance(8 * 24 * time.Hour)
	wantKind(t, w.Confirm(ctx, lea, p.ID, true), review.Conflict)
	_, err = w.Grant(ctx, ops, ask) // a lapsed one stands in nobody's way
	must(t, err)
}

// In an emergency one person ends a guarded role, and the second signs after.
func TestRevokedAtOnce(t *testing.T) {
	ctx, w := context.Background(), newWorld(t)
	proposed, err := w.Revoke(ctx, w.As(t, "ops"), given(t, w, "carl", policy.Checker).ID, "laptop stolen", true)
	must(t, err)
	if !proposed || w.As(t, "carl").Has(policy.Checker) {
		t.Fatal("the role was not taken away at once")
	}
	p := waiting(t, w)
	if p.Kind != review.ProposeRevoked {
		t.Fatalf("the proposal asks for %q", p.Kind)
	}
	must(t, w.Confirm(ctx, w.As(t, "lea"), p.ID, false))
	if w.As(t, "carl").Has(policy.Checker) {
		t.Fatal("a refused signature gave the role back: that takes two people anew")
	}
}

func TestWhatCannotBeGiven(t *testing.T) {
	ctx, w := context.Background(), newWorld(t)
	ops := w.As(t, "ops")
	whole := policy.WholeService
	for name, tt := range map[string]struct {
		ask  review.Ask
		want review.Kind
	}{
		"no reason":           {review.Ask{Person: "tim", Role: policy.Researcher, Reach: whole}, review.Invalid},
		"nobody":              {review.Ask{Person: "zoe", Role: policy.Researcher, Reach: whole, Why: "x"}, review.Invalid},
		"to oneself":          {review.Ask{Person: "ops", Role: policy.Researcher, Reach: whole, Why: "x"}, review.Forbidden},
		"no role":             {review.Ask{Person: "tim", Role: "king", Reach: whole, Why: "x"}, review.Invalid},
		"too far":             {review.Ask{Person: "tim", Role: policy.Copilot, Reach: whole, Why: "x"}, review.Invalid},
		"no such project":     {review.Ask{Person: "tim", Role: policy.Copilot, Reach: policy.OneProject, In: "none", Why: "x"}, review.Invalid},
		"no such backend":     {review.Ask{Person: "carl", Role: policy.Lead, Reach: policy.OneBackend, In: "none", Why: "x"}, review.Invalid},
		"too long":            {review.Ask{Person: "tim", Role: policy.Copilot, Reach: policy.OneProject, In: "study", Why: "x", Until: w.Now().AddDate(2, 0, 0)}, review.Invalid},
		"in the past":         {review.Ask{Person: "carl", Role: policy.Researcher, Reach: whole, Why: "x", Until: w.Now().AddDate(0, 0, -1)}, review.Invalid},
		"not together":        {review.Ask{Person: "aud", Role: policy.Checker, Reach: whole, Why: "x"}, review.Conflict},
		"not together either": {review.Ask{Person: "lea", Role: policy.Researcher, Reach: whole, Why: "x"}, review.Conflict},
		"twice":               {review.Ask{Person: "carl", Role: policy.Checker, Reach: whole, Why: "x"}, review.Conflict},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Grant(ctx, ops, tt.ask)
			wantKind(t, err, tt.want)
		})
	}
}

// A role ends by itself when its time is over, without anybody doing anything.
func TestRolesRunOut(t *testing.T) {
	ctx, w := context.Background(), newWorld(t)
	id := draft(t, w)
	ask := review.Ask{Person: "tim", Role: policy.Copilot, Reach: policy.OneProject, In: "study", Why: "helps", Until: w.Now().AddDate(0, 0, 10)}
	proposed, err := w.Grant(ctx, w.As(t, "ops"), ask)
	must(t, err)
	if proposed {
		t.Fatal("a copilot takes two people")
	}
	v, err := w.Request(ctx, w.As(t, "tim"), id)
	must(t, err)
	if v.Relation != policy.Helper || !v.Can[policy.RequestComment] || v.Can[policy.RequestEdit] || v.Report != nil {
		t.Errorf("a copilot is %s and can %v", v.Relation, v.Can)
	}
	must(t, w.Comment(ctx, w.As(t, "tim"), id, review.CommentInput{Group: v.Request.Groups[0].ID, Text: "Round the rates as well."}))
	if list, err := w.Requests(ctx, w.As(t, "tim")); err != nil || len(list) != 1 {
		t.Errorf("a copilot's list holds %d requests, %v", len(list), err)
	}
	w.Advance(11 * 24 * time.Hour)
	_, err = w.Request(ctx, w.As(t, "tim"), id)
	wantKind(t, err, review.NotFound)
}

// Whoever helps a project never checks what comes out of it, not even when they
// held the seat before.
func TestCopilotsDoNotCheck(t *testing.T) {
	ctx, w := context.Background(), newWorld(t)
	id, one, _ := submitted(t, w)
	_, err := w.Grant(ctx, w.As(t, "lea"), review.Ask{Person: one.Username, Role: policy.Copilot, Reach: policy.OneProject, In: "study", Why: "helps"})
	must(t, err)
	one = w.As(t, one.Username)
	v, err := w.Request(ctx, one, id)
	must(t, err)
	if v.Relation != policy.Helper || v.Can[policy.ReviewVote] {
		t.Errorf("a checker who helps the project is %s and can %v", v.Relation, v.Can)
	}
	wantKind(t, w.SubmitReview(ctx, one, id), review.Forbidden)
}

// A role of one project or backend counts there and nowhere else, and never for
// what is about the whole service.
func TestReach(t *testing.T) {
	ctx, w := context.Background(), newWorld(t)
	id := draft(t, w)
	must(t, w.Store.SavePeople(ctx, []review.Person{{Username: "zed", Name: "Zed"}, {Username: "bea", Name: "Bea"}},
		[]review.Project{{ID: "study", Name: "A study", Number: "1", Backend: "TPP", Workspaces: []review.WorkspaceName{"cohort", "cohort-next"}}},
		review.Event{At: w.Now(), Type: review.EvPeopleChanged, Actor: "system"}))
	both := func(ask review.Ask) {
		t.Helper()
		_, err := w.Grant(ctx, w.As(t, "ops"), ask)
		must(t, err)
		must(t, w.Confirm(ctx, w.As(t, "lea"), waiting(t, w).ID, true))
	}
	both(review.Ask{Person: "zed", Role: policy.Auditor, Reach: policy.OneProject, In: "trial", Why: "audit of the trial"})
	_, err := w.Request(ctx, w.As(t, "zed"), id)
	wantKind(t, err, review.NotFound)
	both(review.Ask{Person: "bea", Role: policy.Auditor, Reach: policy.OneBackend, In: "TPP", Why: "audit of a backend"})
	bea := w.As(t, "bea")
	_, err = w.Record(ctx, bea, id)
	must(t, err)
	if list, err := w.AllRequests(ctx, bea, review.RequestQuery{}); err != nil || len(list) != 1 {
		t.Errorf("an auditor of the backend sees %d records, %v", len(list), err)
	}
	if list, err := w.AllRequests(ctx, w.As(t, "zed"), review.RequestQuery{}); err != nil || len(list) != 0 {
		t.Errorf("an auditor of another project sees %d records, %v", len(list), err)
	}
	_, err = w.Audit(ctx, bea, review.EventQuery{})
	wantKind(t, err, review.NotFound)
	// Whom a role of one backend shows a record may take it away too, and no other;
	// nobody takes away what is of the whole service by it.
	exports := map[string]review.Export{
		"record": {Kind: "record csv", Request: id}, "list": {Kind: "requests csv", Listed: true}, "log": {Kind: "events csv"},
	}
	for name, want := range map[review.Username]map[string]review.Kind{
		"bea": {"log": review.NotFound}, "zed": {"record": review.NotFound, "log": review.NotFound},
		"aud": {}, "abe": {"record": review.Forbidden, "list": review.NotFound, "log": review.NotFound},
	} {
		for what, x := range exports {
			err := w.RecordExport(ctx, w.As(t, name), x)
			if (err == nil) != (want[what] == 0) || err != nil && review.KindOf(err) != want[what] {
				t.Errorf("%s exports a %s: %v, want %v", name, what, err, want[what])
			}
		}
	}
}

// Board and register show whoever has a role for some projects what is of these.
func TestReachOfLists(t *testing.T) {
	ctx, w := context.Background(), newWorld(t)
	id, one, _ := reviewed(t, w)
	must(t, w.Store.SavePeople(ctx, []review.Person{{Username: "zed", Name: "Zed"}, {Username: "zoe", Name: "Zoe"}, {Username: "lou", Name: "Lou"}, {Username: "liz", Name: "Liz"}}, nil,
		review.Event{At: w.Now(), Type: review.EvPeopleChanged, Actor: "system"}))
	for name, in := range map[review.Username]review.ProjectID{"zed": "trial", "zoe": "study", "lou": "trial", "liz": "study"} {
		role := policy.Auditor
		if name[0] == 'l' {
			role = policy.Lead
		}
		_, err := w.Grant(ctx, w.As(t, "ops"), review.Ask{Person: name, Role: role, Reach: policy.OneProject, In: string(in), Why: "a test"})
		must(t, err)
		must(t, w.Confirm(ctx, w.As(t, "lea"), waiting(t, w).ID, true))
	}
	for name, want := range map[review.Username]int{"lou": 0, "liz": 1} {
		b, err := w.Board(ctx, w.As(t, name))
		if err != nil || len(b.Requests) != want || len(b.Checkers) != 4 {
			t.Errorf("%s sees a board of %d requests and %d checkers, want %d and 4: %v", name, len(b.Requests), len(b.Checkers), want, err)
		}
		_, err = w.Status(ctx, w.As(t, name))
		wantKind(t, err, review.NotFound)
	}
	must(t, w.Release(ctx, one, id))
	work(t, w)
	for name, want := range map[review.Username]int{"zed": 0, "zoe": 1} {
		for _, q := range []review.ReleaseQuery{{}, {Project: "study"}, {Projects: []review.ProjectID{"study"}}} {
			if list, err := w.Releases(ctx, w.As(t, name), q); err != nil || len(list) != want {
				t.Errorf("%s sees %d releases of %+v, want %d: %v", name, len(list), q, want, err)
			}
		}
		_, err := w.Figures(ctx, w.As(t, name), time.Time{}, time.Time{})
		wantKind(t, err, review.NotFound)
	}
}

// Whoever leaves a project has no part in its requests any more, their own too.
func TestLeavingAProject(t *testing.T) {
	ctx, w := context.Background(), newWorld(t)
	id := draft(t, w)
	must(t, w.Store.SavePeople(ctx, []review.Person{{Username: "ann", Name: "Ann", Roles: []policy.Role{policy.Researcher}}}, nil,
		review.Event{At: w.Now(), Type: review.EvPeopleChanged, Actor: "system"}))
	_, err := w.Request(ctx, w.As(t, "ann"), id)
	wantKind(t, err, review.NotFound)
	wantKind(t, w.Submit(ctx, w.As(t, "ann"), id, nil, ""), review.NotFound)
	if list, err := w.Requests(ctx, w.As(t, "ann")); err != nil || len(list) != 0 {
		t.Errorf("the list holds %d requests, %v", len(list), err)
	}
}

// A checker whose training is over decides nothing.
func TestTrainingOver(t *testing.T) {
	ctx, w := context.Background(), newWorld(t)
	id, one, _ := submitted(t, w)
	w.Advance(4 * 366 * 24 * time.Hour)
	_, err := w.Request(ctx, w.As(t, one.Username), id)
	wantKind(t, err, review.NotFound)
}

// A program's account prepares drafts and hands nothing in.
func TestServiceAccount(t *testing.T) {
	ctx, w := context.Background(), newWorld(t)
	must(t, w.Store.SavePeople(ctx, []review.Person{{Username: "bot", Name: "Monthly tables"}}, nil, review.Event{At: w.Now(), Type: review.EvPeopleChanged, Actor: "system"}))
	_, err := w.Grant(ctx, w.As(t, "ops"), review.Ask{Person: "bot", Role: policy.Service, Reach: policy.OneProject, In: "study", Why: "monthly"})
	must(t, err)
	bot := w.As(t, "bot")
	id, err := w.CreateRequest(ctx, bot, reviewtest.Cohort)
	must(t, err)
	must(t, w.EditDetails(ctx, bot, id, review.RequestDetails{Purpose: "monthly tables"}))
	wantKind(t, w.Submit(ctx, bot, id, nil, ""), review.Forbidden)
	if g := given(t, w, "bot", policy.Service); g.Until.IsZero() {
		t.Error("the policy bounds the role, and the grant has no end")
	}
}

// Before two people can confirm, the machine's command line gives guarded roles;
// from then on it proposes.
func TestBootstrap(t *testing.T) {
	ctx, w := context.Background(), newWorld(t)
	ask := review.Ask{Person: "tim", Role: policy.Checker, Reach: policy.WholeService, Why: "first checker"}
	proposed, err := w.GrantHere(ctx, ask)
	must(t, err)
	if !proposed {
		t.Fatal("the command line gives a guarded role alone, though there are two who could confirm")
	}
	must(t, w.Confirm(ctx, w.As(t, "lea"), waiting(t, w).ID, true))
	must(t, w.RevokeHere(ctx, given(t, w, "lea", policy.Lead).ID, "left"))
	ask.Person, ask.Why = "abe", "second"
	if proposed, err = w.GrantHere(ctx, ask); err != nil || proposed {
		t.Fatalf("with one person left who could confirm: proposed %v, %v", proposed, err)
	}
	events, err := w.Store.Events(ctx, review.EventQuery{Types: []review.EventType{review.EvAccessGranted}})
	must(t, err)
	if last := events[len(events)-1]; last.Actor != "system" || last.Detail["two_people"] != "no" {
		t.Errorf("the record does not say that nobody confirmed: %+v", last)
	}
}

// That a role ran out is on record once, from the next round of the work that
// comes round.
func TestRunningOutIsOnRecord(t *testing.T) {
	ctx, w := context.Background(), newWorld(t)
	_, err := w.Grant(ctx, w.As(t, "ops"), review.Ask{Person: "tim", Role: policy.Copilot, Reach: policy.OneProject, In: "study", Why: "helps", Until: w.Now().AddDate(0, 0, 10)})
	must(t, err)
	ended := func() []review.Event {
		work(t, w)
		events, err := w.Store.Events(ctx, review.EventQuery{Types: []review.EventType{review.EvAccessEnded}})
		must(t, err)
		return events
	}
	if n := len(ended()); n != 0 {
		t.Fatalf("%d roles ended before their time", n)
	}
	w.Advance(11 * 24 * time.Hour)
	ended()
	events := ended()
	if len(events) != 1 || events[0].Actor != "system" || events[0].Detail["how"] != "ran out" || events[0].Detail["person"] != "tim" {
		t.Errorf("on record: %+v", events)
	}
}

// Who comes in by an invitation has no guarded role until somebody else than
// whoever invited them says that it was they; other roles count at once.
func TestInvitedWaits(t *testing.T) {
	ctx, w := context.Background(), newWorld(t)
	waits, err := w.Invited(ctx, w.As(t, "carl"), "ops")
	must(t, err)
	if len(waits) != 1 || waits[0] != policy.Checker || w.As(t, "carl").Has(policy.Checker) {
		t.Fatalf("%v waits, and carl is %v", waits, w.As(t, "carl").Roles)
	}
	p := waiting(t, w)
	wantKind(t, w.Confirm(ctx, w.As(t, "ops"), p.ID, true), review.Forbidden) // who has seen the link
	must(t, w.Confirm(ctx, w.As(t, "lea"), p.ID, true))
	if !w.As(t, "carl").Has(policy.Checker) {
		t.Fatal("what was confirmed does not count")
	}
	if waits, err = w.Invited(ctx, w.As(t, "ann"), "ops"); err != nil || len(waits) != 0 || !w.As(t, "ann").Has(policy.Researcher) {
		t.Errorf("a researcher waits for %v, %v", waits, err)
	}
	// One who is needed to confirm anything is not locked out.
	if waits, err = w.Invited(ctx, w.As(t, "lea"), "system"); err != nil || len(waits) != 0 || !w.As(t, "lea").Has(policy.Lead) {
		t.Errorf("a lead waits for %v, %v", waits, err)
	}
}
