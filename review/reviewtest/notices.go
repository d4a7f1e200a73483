package reviewtest

import (
	"testing"
	"time"

	"sallyport/review"
)

// note makes a notice to somebody.
func note(id string, to review.Username, at time.Time, daily bool) review.Notice {
	return review.Notice{
		ID: id, Kind: review.NoticeReturned, To: review.ToAuthor, Person: to, At: at, Request: "r1", Workspace: "cohort",
		Project: "A study", Requester: "Ada", Author: "ada", Actor: "carl", Purpose: "for the paper", Path: "/requests/r1", Daily: daily,
	}
}

func notices(t *testing.T, s review.Store) {
	ctx := t.Context()
	one, two, other := note("n1", "ada", start, false), note("n2", "ada", start.Add(time.Second), true), note("n3", "bo", start, false)
	must(t, s.KeepNotices(ctx, []review.Notice{one, two, other}))
	again := one
	again.Purpose = "changed"
	must(t, s.KeepNotices(ctx, []review.Notice{again, note("n4", "ada", start.Add(2*time.Second), true)}))
	for name, test := range map[string]struct {
		q    review.NoticeQuery
		want []review.Notice
	}{
		"by id":      {review.NoticeQuery{ID: "n1"}, []review.Notice{one}},
		"a person's": {review.NoticeQuery{Person: "ada", Limit: 2}, []review.Notice{note("n4", "ada", start.Add(2*time.Second), true), two}},
		"waiting":    {review.NoticeQuery{Person: "ada", Waiting: true}, []review.Notice{note("n4", "ada", start.Add(2*time.Second), true), two}},
		"nobody's":   {review.NoticeQuery{Person: "cy"}, nil},
	} {
		got, err := s.Notices(ctx, test.q)
		must(t, err)
		same(t, name, test.want, got)
	}
}

func digests(t *testing.T, s review.Store) {
	ctx := t.Context()
	one, two, other := note("n1", "ada", start, true), note("n2", "ada", start.Add(time.Second), true), note("n3", "bo", start, true)
	must(t, s.KeepNotices(ctx, []review.Notice{one, two, other}))
	d := review.Notice{ID: "d1", Kind: review.NoticeDigest, Person: "ada", At: start.Add(time.Hour), Items: []review.Notice{one, other}}
	must(t, s.KeepDigest(ctx, d))
	d.Items = []review.Notice{two}
	must(t, s.KeepDigest(ctx, d)) // again, it does nothing
	waiting, err := s.Notices(ctx, review.NoticeQuery{Waiting: true})
	must(t, err)
	same(t, "waiting: another's is not taken", []review.Notice{two, other}, waiting)
	taken, err := s.Notices(ctx, review.NoticeQuery{Digest: "d1"})
	must(t, err)
	one.Digest = "d1"
	same(t, "taken", []review.Notice{one}, taken)
}

func choices(t *testing.T, s review.Store) {
	ctx := t.Context()
	must(t, s.SavePeople(ctx, []review.Person{{Username: "ada", Name: "Ada"}}, nil, review.Event{At: start, Type: review.EvPeopleChanged, Actor: "system"}))
	e := review.Event{At: start, Type: review.EvNoticesChosen, Actor: "ada"}
	want := review.NoticeChoices{Hour: 7, When: map[string]review.When{"returned/author": review.Daily}}
	must(t, s.SaveNoticeChoices(ctx, "ada", review.NoticeChoices{Hour: 6}, e))
	must(t, s.SaveNoticeChoices(ctx, "ada", want, e))
	if err := s.SaveNoticeChoices(ctx, "ada", review.NoticeChoices{Hour: 1}, review.Event{}); err == nil {
		t.Error("choices were kept without their event")
	}
	got, err := s.NoticeChoices(ctx)
	must(t, err)
	same(t, "choices", map[review.Username]review.NoticeChoices{"ada": want}, got)
	events, err := s.Events(ctx, review.EventQuery{Types: []review.EventType{review.EvNoticesChosen}})
	must(t, err)
	if len(events) != 2 {
		t.Errorf("%d events", len(events))
	}
}
