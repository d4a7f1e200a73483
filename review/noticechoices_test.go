package review_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/review"
)

func TestDigest(t *testing.T) {
	w, people, _ := posted(t)
	zone, err := time.LoadLocation("Europe/London")
	must(t, err)
	w.Notify.Zone = zone
	ctx := context.Background()
	must(t, w.ChooseNotices(ctx, w.As(t, "lea"), review.NoticeChoices{Hour: 17, When: map[string]review.When{"withdrawn/leads": review.Daily}}))
	id := draft(t, w) // Friday, 09:00
	submit(t, w, id)
	deliver(t, w)
	people.take()
	w.Advance(time.Hour)
	drain(t, w)
	if got := people.take(); len(got) > 0 {
		t.Errorf("before its hour: %v", got)
	}
	w.Advance(8 * time.Hour)
	drain(t, w)
	deliver(t, w)
	sent := people.all()
	if len(sent) != 1 || sent[0].Person != "lea" || sent[0].Kind != review.NoticeDigest || len(sent[0].Items) != 1 || sent[0].Items[0].Kind != review.NoticeSubmitted ||
		sent[0].Items[0].Link != "https://out.example.org/requests/"+string(id) || sent[0].Email != "lea@example.org" {
		t.Fatalf("%+v", sent)
	}
	people.take()
	w.Advance(24 * time.Hour)
	drain(t, w)
	deliver(t, w)
	if got := people.take(); len(got) > 0 {
		t.Errorf("a digest of nothing: %v", got)
	}
}

func TestChoices(t *testing.T) {
	w, _, _ := posted(t)
	ctx, carl := context.Background(), w.As(t, "carl")
	for name, c := range map[string]review.NoticeChoices{
		"no hour":               {Hour: 24},
		"no such word":          {When: map[string]review.When{"reminder/subject": "hourly"}},
		"no such rule":          {When: map[string]review.When{"released/nobody": review.AtOnce}},
		"another's rule":        {When: map[string]review.When{"released/author": review.AtOnce}},
		"assigned switched off": {When: map[string]review.When{"assigned/subject": review.NotAtAll}},
		"recalled switched off": {When: map[string]review.When{"recalled/assigned": review.NotAtAll}},
	} {
		err := w.ChooseNotices(ctx, carl, c)
		var e *review.Error
		if !errors.As(err, &e) || e.Kind != review.Invalid || len(e.Fields) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, w.ChooseNotices(ctx, carl, review.NoticeChoices{Hour: 6, When: map[string]review.When{
		"reminder/subject": review.NotAtAll, "assigned/subject": review.Daily, "released/assigned": review.Daily,
	}}))
	mine, err := w.NoticeChoices(ctx, carl)
	must(t, err)
	got := map[string]review.When{}
	for _, r := range mine.Rules {
		got[r.Key()] = r.When
	}
	if mine.Hour != 6 || got["reminder/subject"] != review.NotAtAll || got["assigned/subject"] != review.Daily || got["returned/assigned"] != review.AtOnce {
		t.Errorf("%+v", mine)
	}
	if _, told := got["released/leads"]; told {
		t.Error("a checker is offered what leads are told")
	}
	events, err := w.Store.Events(ctx, review.EventQuery{Types: []review.EventType{review.EvNoticesChosen}})
	must(t, err)
	if len(events) != 1 || events[0].Actor != "carl" || events[0].Detail["hour"] != "6" {
		t.Errorf("%+v", events)
	}
	wantKind(t, w.ChooseNotices(ctx, review.Actor{}, review.NoticeChoices{}), review.Unauthenticated)
	wantKind(t, w.ChooseNotices(ctx, w.As(t, "aud"), review.NoticeChoices{Hour: 6}), review.NotFound)
}

func TestTrainingWarnings(t *testing.T) {
	w, people, _ := posted(t)
	ctx := context.Background()
	p := *w.As(t, "carl").Person
	p.TrainedUntil = w.Now().AddDate(0, 0, 20)
	must(t, w.Store.SavePeople(ctx, []review.Person{p}, nil, review.Event{At: w.Now(), Type: review.EvPeopleChanged, Actor: "system"}))
	look := func() []string {
		work, stop := context.WithTimeout(ctx, 300*time.Millisecond)
		defer stop()
		_ = w.Work(work)
		deliver(t, w)
		var out []string
		for _, s := range people.take() {
			if !strings.HasPrefix(s, "lea ") {
				out = append(out, s)
			}
		}
		return out
	}
	// A slow machine may need more than one look until it comes.
	watch := func(wait time.Duration, want []string) []string {
		t.Helper()
		w.Advance(wait)
		out := look()
		for tries := 0; out == nil && want != nil && tries < 20; tries++ {
			out = look()
		}
		return out
	}
	for i, tt := range []struct {
		wait time.Duration
		want []string
	}{{0, []string{"carl training"}}, {time.Hour, nil}, {14 * 24 * time.Hour, []string{"carl training"}}, {time.Hour, nil}, {10 * 24 * time.Hour, nil}} {
		if diff := cmp.Diff(tt.want, watch(tt.wait, tt.want)); diff != "" {
			t.Errorf("look %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestEveryChangeIsTold(t *testing.T) {
	files, err := filepath.Glob("*.go")
	must(t, err)
	var uses []string
	for _, f := range files {
		if source, err := os.ReadFile(f); err != nil {
			t.Fatal(err)
		} else if !strings.HasSuffix(f, "_test.go") && strings.Contains(string(source), "Store.Update(") {
			uses = append(uses, f)
		}
	}
	if diff := cmp.Diff([]string{"noticing.go"}, uses); diff != "" {
		t.Errorf("Store.Update is called beside Service.update (-want +got):\n%s", diff)
	}
}

// Somebody who moves their hour to later in the day has another digest that day, of
// what came since the first.
func TestDigestAtALaterHourOfTheSameDay(t *testing.T) {
	w, people, _ := posted(t)
	ctx := context.Background()
	at := func(hour int) {
		must(t, w.ChooseNotices(ctx, w.As(t, "lea"), review.NoticeChoices{Hour: hour, When: map[string]review.When{"withdrawn/leads": review.Daily}}))
	}
	at(11)
	id := draft(t, w) // Friday, 09:00
	submit(t, w, id)
	deliver(t, w)
	w.Advance(3 * time.Hour)
	drain(t, w)
	deliver(t, w)
	at(17)
	r := stored(t, w, id)
	one := w.As(t, r.Seats[0].Checker)
	must(t, w.Comment(ctx, one, id, review.CommentInput{Group: r.Groups[0].ID, Visibility: review.Public, Text: "A slip."}))
	must(t, w.Return(ctx, one, id))
	must(t, w.Withdraw(ctx, w.As(t, "ann"), id))
	deliver(t, w)
	people.take()
	w.Advance(6 * time.Hour)
	drain(t, w)
	deliver(t, w)
	var kinds []review.NoticeKind
	for _, n := range people.all() {
		for _, item := range n.Items {
			kinds = append(kinds, item.Kind)
		}
	}
	if want := []review.NoticeKind{review.NoticeWithdrawn}; !cmp.Equal(kinds, want) {
		t.Errorf("the second digest of the day: %v, want %v", kinds, want)
	}
}
