package crate

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"time"

	"github.com/dustin/go-humanize"

	"sallyport/review"
)

//go:embed summary.tmpl
var summaryText string

// summary writes the page that a person reads first. It needs no network, runs
// nothing, and prints.
func summary(rec *Record) ([]byte, error) {
	names := map[review.Username]string{}
	for _, p := range rec.People {
		names[p.Username] = p.Name
	}
	t, err := template.New("summary").Funcs(template.FuncMap{
		"name": func(u review.Username) string {
			if n := names[u]; n != "" {
				return n
			}
			return string(u)
		},
		"time": func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") },
		"size": func(n int64) string { return humanize.Bytes(uint64(n)) },
		"standing": func(list []DecisionFacts) (out []DecisionFacts) {
			for _, d := range list {
				if d.Standing {
					out = append(out, d)
				}
			}
			return out
		},
		"link":    fileID,
		"outcome": checksInWords,
		"found":   foundIn,
		"step":    stepInWords,
		"count": func(n int, what string) string {
			if n == 1 {
				return "1 " + what
			}
			return fmt.Sprintf("%d %ss", n, what)
		},
	}).Parse(summaryText)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, rec)
	return out.Bytes(), err
}

// foundRow is one finding as the summary shows it.
type foundRow struct {
	Check, Title string
	FindingFacts
}

func foundIn(rec *Record, f FileFacts) (rows []foundRow) {
	for _, res := range f.Checks.Results {
		row := foundRow{Check: res.Check, Title: res.Check}
		for _, c := range rec.Engine.Checks {
			if c.Name == res.Check && c.Title != "" {
				row.Title = c.Title
			}
		}
		for _, x := range res.Findings {
			row.FindingFacts = x
			rows = append(rows, row)
		}
	}
	return rows
}

// stepInWords says what happened.
func stepInWords(s Step) string {
	switch s.Event {
	case review.EvRequestCreated:
		return "Began the request"
	case review.EvSubmitted:
		return "Submitted it for review"
	case review.EvResubmitted:
		return "Submitted it again"
	case review.EvReviewSubmitted:
		return "Handed in a review"
	case review.EvPartiallyReviewed:
		return "The first review was in"
	case review.EvReviewed:
		return "Both reviews were in, and each checker could see the other's"
	case review.EvReturned:
		return "Returned it to its author"
	case review.EvReopened:
		return "Opened it for another review"
	case review.EvApproved:
		return "Approved the release"
	}
	return string(s.Event)
}
