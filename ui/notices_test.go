package ui

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// told makes a release and everything that people are told of it.
func told(t *testing.T) (*site, string) {
	t.Helper()
	return toldAbout(t, "release/rates.csv", roundedCSV, "")
}

// toldAbout is told of a file and, unless it is empty, a comment.
func toldAbout(t *testing.T, name, content, comment string) (*site, string) {
	t.Helper()
	s := newSite(t, func(o *Options) {
		o.Sent = func() ([]SentMail, error) {
			return []SentMail{{At: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), To: "Ann <ann@example.org>", Subject: "<b>Hello</b>", Text: "A mail."}}, nil
		}
	})
	request := s.draft(t, name, content)
	for _, p := range reviewtest.People() { // everybody asks for everything
		a := s.As(t, p.Username)
		if !a.MaySomewhere(policy.NoticesChoose) {
			continue
		}
		mine, err := s.NoticeChoices(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		c := review.NoticeChoices{When: map[string]review.When{}}
		for _, r := range mine.Rules {
			c.When[r.Key()] = review.AtOnce
		}
		if err := s.ChooseNotices(t.Context(), a, c); err != nil {
			t.Fatal(err)
		}
	}
	if comment != "" {
		ann := s.as(t, "ann").get(request)
		group := ann.links(groupLink)[0]
		ann.post(request+"/comments", "group", strings.TrimPrefix(group, request+"/groups/"), "back", group, "comment", comment).want(http.StatusOK)
	}
	s.submit(t, request)
	for _, b := range s.seats(t, request) {
		b.vote(request, "approve", "").post(request + "/review").want(http.StatusOK)
	}
	s.seats(t, request)[0].post(request + "/release").want(http.StatusOK)
	for range 2 {
		s.Advance(time.Minute)
		for {
			did, err := s.WorkOnce(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if !did {
				break
			}
		}
	}
	return s, request
}

// Whoever is told can follow the link.
func TestEveryNoticeLeadsSomewhere(t *testing.T) {
	s, request := told(t)
	for _, p := range reviewtest.People() {
		b := s.as(t, string(p.Username))
		list, err := s.MyNotices(t.Context(), s.As(t, p.Username), 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range list {
			if b.get(n.Path); b.status != http.StatusOK {
				t.Errorf("%s is told %q and led to %s: status %d", p.Username, n.Subject, n.Path, b.status)
			}
		}
	}
	s.as(t, "ann").get("/notifications").want(http.StatusOK).has("Your release request was released", "A study, Person ann").linked(request)
	s.as(t, "lea").get("/notifications").has("A release request was released", "As a lead checker").lacks("Requests that you file")
	s.as(t, "tim").get("/notifications").has("Nothing yet.")
}

func (b *browser) linked(path string) *browser {
	b.t.Helper()
	if !strings.Contains(b.body, `href="`+path+`"`) {
		b.t.Errorf("%s has no link to %s", b.path, path)
	}
	return b
}

func TestNoticeChoicesPage(t *testing.T) {
	s := newSite(t)
	carl := s.as(t, "carl")
	carl.get("/notifications").want(http.StatusOK).has("Time zone: UTC", "A release request is routed to you for review")
	carl.post("/notifications", "hour", "6", "when.reminder/subject", "never", "when.assigned/subject", "daily").want(http.StatusOK).has("Your choices are kept.")
	if !strings.Contains(carl.body, `<option value="6" selected>`) || !strings.Contains(carl.body, `<option value="never" selected>`) {
		t.Errorf("the choices are not shown:\n%s", carl.body)
	}
	carl.post("/notifications", "hour", "6", "when.assigned/subject", "never").want(http.StatusUnprocessableEntity).has("cannot be chosen")
	aud := s.as(t, "aud").get("/notifications").want(http.StatusOK).has("As an auditor", "is not chosen by itself").lacks("Save choices")
	aud.post("/notifications", "hour", "6").want(http.StatusNotFound)
	carl.post("/notifications", "hour", "noon").want(http.StatusUnprocessableEntity)
	carl.post("/notifications", "hour", "6", "when.released/author", "daily").want(http.StatusUnprocessableEntity) // not a checker's
}

// Only a demonstration shows what would have been mailed.
func TestSentMails(t *testing.T) {
	s, _ := told(t)
	s.as(t, "ann").get("/notifications").has("see what it would have sent")
	b := s.as(t, "ann").get("/notifications/sent").want(http.StatusOK).has("A mail.", "Ann <ann@example.org>")
	if strings.Contains(b.body, "<b>Hello") {
		t.Error("a subject is markup")
	}
	newSite(t).as(t, "ann").get("/notifications/sent").want(http.StatusNotFound)
}
