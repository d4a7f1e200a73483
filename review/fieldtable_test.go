package review

import (
	"os"
	"strings"
	"testing"
	"time"

	"sallyport/policy"
)

// fieldRows are the rows of the table of fields in docs/security.md, by their
// first cell, each with how to tell that a view holds what carl, a checker, wrote.
var fieldRows = map[string]func(*Request) bool{
	"a vote and its reason": func(r *Request) bool { return len(r.Groups[0].Files[0].Votes) > 0 },
	"an answer to an exception or to an answered finding": func(r *Request) bool {
		return len(r.Groups[0].Files[0].Exceptions[0].Answers)+len(r.Acknowledgements[0].Answers) == 2
	},
	"a comment for checkers only":                     func(r *Request) bool { return hasComment(r, "inner") },
	"a public comment of a checker":                   func(r *Request) bool { return hasComment(r, "outer") },
	"that and when a review was handed in, reminders": func(r *Request) bool { return !r.Seats[0].Submitted.IsZero() && !r.Seats[0].Reminded.IsZero() },
	"votes that no longer stand":                      func(r *Request) bool { return len(r.Groups[0].Files[0].PastVotes) > 0 },
	"the request's version, and the time of its last change while checkers have it": func(r *Request) bool {
		return r.Version != 0 && !r.Updated.Equal(r.Submitted)
	},
	"why a checker has the seat": func(r *Request) bool { return r.Seats[0].Why != "" },
}

func hasComment(r *Request, id CommentID) bool {
	for _, c := range r.Comments {
		if c.ID == id {
			return true
		}
	}
	return false
}

// reviewedBy is a request in a status, with all that carl can write on it.
func reviewedBy(status Status) *Request {
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	answers := []Answer{{Checker: "carl", Turn: 1}}
	return &Request{
		Author: "ann", Project: "p", Status: status, Turn: 1, Version: 9, Submitted: at, Updated: at.Add(time.Hour),
		Seats: []Seat{{Checker: "carl", Why: "turn", Submitted: at.Add(time.Minute), Reminded: at.Add(time.Second)}, {Checker: "dora", Why: "turn"}},
		Groups: []Group{{Files: []File{{
			Votes: []Vote{{Checker: "carl", Turn: 1}}, PastVotes: []Vote{{Checker: "carl"}}, Exceptions: []Exception{{Answers: answers}},
		}}}},
		Acknowledgements: []Acknowledgement{{Answers: answers}},
		Comments: []Comment{
			{ID: "inner", Author: "carl", ByChecker: true, Visibility: Checkers, Turn: 1},
			{ID: "outer", Author: "carl", ByChecker: true, Visibility: Public, Turn: 1},
		},
	}
}

// TestFieldTable holds the table of fields in docs/security.md to the code: each
// cell says in which part of a review somebody sees a field, and they see it then
// and at no other time.
func TestFieldTable(t *testing.T) {
	page, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	viewers := []struct {
		actor Actor
		rel   policy.Relation
	}{
		{Actor{Person: &Person{Username: "carl", Roles: []policy.Role{policy.Checker}}}, policy.Assigned},
		{Actor{Person: &Person{Username: "dora", Roles: []policy.Role{policy.Checker}}}, policy.Assigned},
		{Actor{Person: &Person{Username: "ann", Roles: []policy.Role{policy.Researcher}}}, policy.Author},
		{Actor{Person: &Person{Username: "aud", Roles: []policy.Role{policy.Auditor}}}, policy.Other},
	}
	// The parts of a review: it is under way, both reviews are in, it has left the
	// checkers' hands.
	parts := [][]Status{{Submitted, PartiallyReviewed}, {Reviewed}, {Returned, Approved, Released, Rejected}}
	words := map[string]string{"always": "yyy", "when both": "-yy", "when the request is out of": "--y", "when it is out of": "--y", "never": "---", "no": "---"}
	_, table, _ := strings.Cut(string(page), "## Who sees which field of a review")
	table, _, _ = strings.Cut(table, "\n## ")
	found := 0
	for _, line := range strings.Split(table, "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		visible := fieldRows[cells[0]]
		if visible == nil || len(cells) != len(viewers)+1 {
			if len(cells) == len(viewers)+1 && cells[0] != "field" && !strings.HasPrefix(cells[0], "what a file holds") {
				t.Errorf("the table has a row that nothing holds to the code: %s", cells[0])
			}
			continue
		}
		found++
		for i, v := range viewers {
			want, best := "", 0
			for start, when := range words {
				if strings.HasPrefix(cells[i+1], start) && len(start) > best {
					want, best = when, len(start)
				}
			}
			got := ""
			for _, statuses := range parts {
				sees := 0
				for _, status := range statuses {
					r := reviewedBy(status)
					blind(r, v.actor, v.rel)
					if visible(r) {
						sees++
					}
				}
				got += map[int]string{0: "-", len(statuses): "y"}[sees]
			}
			if got != want {
				t.Errorf("%s: %s sees it %q (under way, both in, out of hands), and the table says %q, %q", cells[0], v.actor.Username, got, cells[i+1], want)
			}
		}
	}
	if found != len(fieldRows) {
		t.Errorf("%d of %d fields are in the table", found, len(fieldRows))
	}
}

// A project and its helpers see what the author does; a lead and an operator no more.
func TestFieldsForOthers(t *testing.T) {
	for name, v := range map[string]struct {
		role policy.Role
		rel  policy.Relation
	}{
		"member": {policy.Researcher, policy.Member}, "helper": {policy.Copilot, policy.Helper}, "lead": {policy.Lead, policy.Other}, "operator": {policy.Operator, policy.Other},
	} {
		for _, status := range []Status{Submitted, PartiallyReviewed, Reviewed, Returned, Approved, Released, Rejected} {
			theirs, authors := reviewedBy(status), reviewedBy(status)
			blind(theirs, Actor{Person: &Person{Username: "x", Roles: []policy.Role{v.role}}}, v.rel)
			blind(authors, Actor{Person: &Person{Username: "ann", Roles: []policy.Role{policy.Researcher}}}, policy.Author)
			for field, visible := range fieldRows {
				if visible(theirs) && !visible(authors) && field != "why a checker has the seat" {
					t.Errorf("%s sees more than the author of a request that is %s: %s", name, status, field)
				}
			}
		}
	}
}
