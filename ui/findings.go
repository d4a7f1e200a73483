package ui

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"sallyport/checks"
	"sallyport/policy"
)

// tally is the findings of one file or request, counted.
type tally struct {
	Checked    bool // false when no findings are stored yet
	Incomplete string
	Block      int
	Warn       int
	Note       int
}

func tallyOf(r *checks.FileReport) tally {
	if r == nil {
		return tally{}
	}
	t := tally{Checked: true}
	if r.Status != "complete" {
		t.Incomplete = cmp.Or(r.Reason, "It could not be read.")
	}
	for _, f := range r.Findings {
		switch f.Severity {
		case policy.Note:
			t.Note++
		case policy.Warn:
			t.Warn++
		default:
			t.Block++
		}
	}
	return t
}

// understood says how much of a file the checks made sense of; a file with
// columns that they did not understand is not a clean one.
func understood(r *checks.FileReport) string {
	if r == nil {
		return ""
	}
	k, m := r.Understood()
	if m == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %s understood", k, plural(m, "numeric column", "numeric columns"))
}

// findingView is one finding as the list beside a file shows it.
type findingView struct {
	N        int // 1, 2, 3, ... within the file, worst first
	ID       string
	Severity policy.Severity
	Title    string // of the check
	Check    string
	Message  string
	Where    string // table and column
	Doubt    string // when the check is not sure of what it read
	Evidence []evidence
	Cells    []cellLink
	More     int // cells that Cells leaves out
	Related  []cellLink
	Doc      *checks.Check // nil for a check that is not in the list
	Selected bool
	Link     string // to the first place it points at
	Rest     string // where the finding stands with all that belongs to it; "" when it does here
	Answer   *answerView

	finding *checks.Finding
}

type evidence struct{ Key, Value string }

// cellLink leads to one cell or line, on whatever page of the file it is.
type cellLink struct {
	Text, Value, Link string
	Sign              string // by which the file marks it, "" for none
}

// shownCells bounds the list of places under one finding; the rest are
// highlighted in the file all the same.
const shownCells = 40

// wholeFindings is how many findings of one file stand in the list with their
// places, their rule and the form for an answer. Of a file with hundreds, the
// others say what they say, and are whole when somebody chooses them: all at once
// would be megabytes.
const wholeFindings = 40

// findingViews orders a file's findings, worst first, and links each to the
// places it points at. base is the file page's address.
func findingViews(r *checks.FileReport, base string, selected string, win window) []findingView {
	if r == nil {
		return nil
	}
	order := make([]*checks.Finding, 0, len(r.Findings))
	for i := range r.Findings {
		order = append(order, &r.Findings[i])
	}
	slices.SortStableFunc(order, func(a, b *checks.Finding) int { return b.Severity.Rank() - a.Severity.Rank() })
	views := make([]findingView, 0, len(order))
	for i, f := range order {
		v := findingView{N: i + 1, ID: cmp.Or(short(f.Fingerprint), fmt.Sprint(i+1)), Severity: f.Severity, Check: f.Check,
			Title: f.Check, Message: f.Message, Where: where(f), Evidence: evidenceOf(f), finding: f}
		if c, ok := checks.Lookup(f.Check); ok {
			v.Doc, v.Title = &c, c.Title
		}
		if f.Confidence > 0 && f.Confidence < 0.75 {
			v.Doubt = fmt.Sprintf("The check is %.0f%% sure of what it reads here.", f.Confidence*100)
		}
		v.Selected = selected != "" && v.ID == selected
		v.link(base, win)
		if i >= wholeFindings && !v.Selected {
			at, _, _ := strings.Cut(v.Link, "#")
			v.Rest = at + "#finding-" + v.ID
		}
		views = append(views, v)
	}
	return views
}

// link fills in the places of a finding.
func (v *findingView) link(base string, win window) {
	f := v.finding
	for i, row := range f.Rows {
		if i == shownCells {
			v.More = len(f.Rows) - shownCells
			break
		}
		text := row.Key
		if text == "" {
			text = fmt.Sprintf("line %d", row.Line)
		}
		v.Cells = append(v.Cells, cellLink{Text: text, Value: row.Value, Link: win.link(base, v.ID, f.Table, row.Row, f.ColumnIndex, row.Line)})
	}
	for i, ref := range f.Related {
		if i == shownCells {
			break
		}
		text := strings.TrimSpace(ref.Column + " line " + fmt.Sprint(ref.Line))
		l := cellLink{Text: text, Value: ref.Value}
		if ref.Path == "" {
			l.Link = win.link(base, v.ID, f.Table, ref.Row, ref.ColumnIndex, ref.Line)
		} else {
			l.Text = ref.Path + ": " + text
		}
		v.Related = append(v.Related, l)
	}
	signs(f, v.Related)
	v.Link = win.link(base, v.ID, f.Table, nil, f.ColumnIndex, 0)
	if len(v.Cells) > 0 {
		v.Link = v.Cells[0].Link
	}
}

func where(f *checks.Finding) string {
	var parts []string
	if f.Table != "" {
		parts = append(parts, f.Table)
	}
	if f.Column != "" {
		parts = append(parts, "column "+f.Column)
	}
	if n := len(f.Rows); n > 1 {
		parts = append(parts, plural(n, "cell", "cells"))
	}
	return strings.Join(parts, ", ")
}

// evidenceOf lists what a person needs to redo the arithmetic, by key.
func evidenceOf(f *checks.Finding) []evidence {
	var out []evidence
	for k, val := range f.Evidence {
		out = append(out, evidence{strings.ReplaceAll(k, "_", " "), printableText(inWords(val))})
	}
	slices.SortFunc(out, func(a, b evidence) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

// inWords writes one value of the evidence for a reader: lists of plain values
// on one line, lists of records one record a line.
func inWords(val any) string {
	switch v := val.(type) {
	case string:
		return v
	case []any:
		lines := slices.ContainsFunc(v, func(e any) bool { _, record := e.(map[string]any); return record })
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = inWords(e)
		}
		if lines {
			return strings.Join(parts, "\n")
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		var parts []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, strings.ReplaceAll(k, "_", " ")+" "+inWords(v[k]))
		}
		return strings.Join(parts, "; ")
	default:
		return inJSON(val)
	}
}

// inJSON is for numbers, and for evidence that was never stored: both read the
// same as when they come back from the store.
func inJSON(val any) string {
	text, err := json.Marshal(val)
	if err != nil {
		return ""
	}
	var plain any
	if json.Unmarshal(text, &plain) != nil {
		return string(text)
	}
	switch plain.(type) {
	case []any, map[string]any:
		return inWords(plain)
	}
	return string(text)
}

// window is how a file is cut into pages, so that a link can name the page that
// its target is on.
type window struct {
	lines  string         // the view whose lines findings count
	tables map[string]int // table names to their place
	sizes  []int          // rows per page, by table
	skips  []int          // rows joined into the header, by table
}

// link is the address of a cell, a column, a line, or of the finding alone.
func (w window) link(base, id, table string, row, column *int, line int) string {
	q := url.Values{}
	if id != "" {
		q.Set("finding", id)
	}
	place, known := w.tables[table]
	anchor := "finding-" + id
	switch {
	case known && (row != nil || column != nil):
		q.Set("view", "table")
		q.Set("table", fmt.Sprint(place+1))
		anchor = "table"
		if column != nil {
			anchor = fmt.Sprintf("h%d", *column)
		}
		if row != nil {
			q.Set("page", fmt.Sprint(max(0, *row-w.skips[place])/w.sizes[place]+1))
			anchor = fmt.Sprintf("r%d", *row)
			if column != nil {
				anchor = fmt.Sprintf("r%dc%d", *row, *column)
			}
		}
	case line > 0:
		q.Set("view", w.lines)
		q.Set("page", fmt.Sprint((line-1)/linesPerPage+1))
		anchor = fmt.Sprintf("L%d", line)
	}
	return base + "?" + q.Encode() + "#" + anchor
}
