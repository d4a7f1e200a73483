package ui

import (
	"fmt"
	"strings"

	"sallyport/review"
)

// proofPart is what the events show of two blind reviews, for the page.
type proofPart struct {
	*review.Independence
	Claims   []claimRow
	Checkers []blindRow
	Words    string
	Colour   string
}

type claimRow struct {
	review.Claim
	Colour string
	Seqs   []seqLink
}

type seqLink struct {
	Seq  int64
	Link string
}

type blindRow struct {
	Name  string
	Steps []blindStep
}

type blindStep struct {
	What  string
	Event review.Event
}

func verdictColour(v review.Verdict) string {
	switch v {
	case review.Shown:
		return "green"
	case review.Refuted:
		return "red"
	default:
		return "yellow"
	}
}

func proofOf(v *review.View, in *review.Independence, record string) *proofPart {
	p := &proofPart{Independence: in, Colour: verdictColour(in.Verdict)}
	switch in.Verdict {
	case review.Shown:
		p.Words = "The events show that each checker decided before the other's review could be seen."
	case review.Refuted:
		p.Words = "An event contradicts that both reviews were independent. Look into this."
	default:
		p.Words = "It cannot be shown that both reviews were independent: an event that would show it is missing."
	}
	for _, c := range in.Claims {
		c.Text = named(v, in, c.Text)
		row := claimRow{Claim: c, Colour: verdictColour(c.Verdict)}
		for _, n := range c.Events {
			row.Seqs = append(row.Seqs, seqLink{n, fmt.Sprintf("%s#event-%d", record, n)})
		}
		p.Claims = append(p.Claims, row)
	}
	for _, b := range in.Checkers {
		row := blindRow{Name: personName(v, b.Checker)}
		if b.Routed != nil {
			row.Steps = append(row.Steps, blindStep{"Routed to them", *b.Routed})
		}
		for _, e := range b.Views {
			row.Steps = append(row.Steps, blindStep{"Viewed", e})
		}
		handed := b.Submitted == nil
		for _, e := range b.Votes {
			if !handed && e.Seq > b.Submitted.Seq {
				row.Steps = append(row.Steps, blindStep{"Review handed in", *b.Submitted})
				handed = true
			}
			row.Steps = append(row.Steps, blindStep{decisionWords(review.Decision(e.Detail["decision"])), e})
		}
		if !handed {
			row.Steps = append(row.Steps, blindStep{"Review handed in", *b.Submitted})
		}
		p.Checkers = append(p.Checkers, row)
	}
	return p
}

// named writes the full name of a checker for the username that a statement
// begins with, or speaks of.
func named(v *review.View, in *review.Independence, text string) string {
	for _, b := range in.Checkers {
		name := personName(v, b.Checker)
		if rest, ok := strings.CutPrefix(text, string(b.Checker)+" "); ok {
			return name + " " + rest
		}
		text = strings.Replace(text, "to "+string(b.Checker)+",", "to "+name+",", 1)
		text = strings.Replace(text, "Nothing "+string(b.Checker)+" did", "Nothing "+name+" did", 1)
	}
	return text
}
