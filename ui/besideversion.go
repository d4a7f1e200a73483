package ui

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"sallyport/checks/table"
	"sallyport/review"
)

// besideVersion asks for the version that the file is compared with: the one
// before the last update, or for an author whose workspace has moved on the one
// that lies there now.
const besideVersion = "version"

// comparedAs says as what two versions of a file are compared, by how it is shown.
// A report is compared by what it says, and JSON as it is laid out.
var comparedAs = map[string]string{"image": "image", "table": "table", "text": "text", "original": "original",
	"plain": "plain", "document": "plain", "pretty": "pretty", "tree": "pretty"}

// comparedWords says so where it is not how the file is shown now.
var comparedWords = map[string]string{"document": ", as plain text", "tree": ", laid out"}

// workspaceMovedOn reports whether the file is compared with the workspace's.
func (p *filePage) workspaceMovedOn() bool { return p.File.Changed == "changed" }

func (p *filePage) otherVersion() string {
	if p.workspaceMovedOn() {
		return "the version in the workspace now"
	}
	return "the version before"
}

// showVersion puts the other version beside the one that the page shows, with
// what differs marked in both. Its view is on record.
func (p *filePage) showVersion(u *UI, c *call, content *review.FileContent, back string) error {
	if p.Changes == "" {
		return nil
	}
	b := &besideView{Title: "The version before the last update", Link: p.Changes, Close: back, Version: true}
	which := review.BeforeChange
	if p.workspaceMovedOn() {
		b.Title, which = "The version in the workspace now", review.AfterChange
	}
	p.Beside = b
	if p.Shown == "image" {
		b.Image = p.Changes + "/" + which
		return nil
	}
	two, err := u.service.Versions(c.ctx(), c.actor, c.requestID(), c.fileID())
	if err != nil {
		return err
	}
	other := two.Before
	if two.Workspace {
		other = two.After
	}
	switch {
	case p.Table != nil:
		p.tablesTogether(content.Original, other)
	case p.Text != nil && !readable(other):
		b.Cannot = "The other version is no text."
	case p.Text != nil:
		p.textsTogether(content, other)
	}
	return nil
}

// tablesTogether shows the same window of the other version's table, and marks
// the cells and rows of both that differ.
func (p *filePage) tablesTogether(here, other []byte) {
	mine, theirs := readTable(here), readTable(other)
	if mine == nil || theirs == nil {
		p.Beside.Cannot = "The other version has no table that can be put beside this one."
		return
	}
	ask := p.Table.Ask
	if len(theirs.Header) != len(mine.Header) {
		ask = tableQuery{}
	}
	view := viewTable(&tableSheet{Table: theirs, size: p.Table.Size}, nil, nil, ask, p.Table.Pager.Page)
	p.Beside.Table = &view
	p.Table.Tools.Rows = "" // further windows would come without their marks
	d := table.Diff(mine, theirs)
	ours, its := versionMarks{changed: map[place]bool{}, rows: map[int]string{}}, versionMarks{changed: map[place]bool{}, rows: map[int]string{}}
	columns := columnsOf(mine.Header, theirs.Header, len(d.Columns))
	cells := 0
	for _, row := range d.Rows {
		if row.Before < 0 {
			its.rows[row.After] = p.rowWord(true)
		} else if row.After < 0 {
			ours.rows[row.Before] = p.rowWord(false)
		}
		for i, cell := range row.Cells {
			if cell.Changed && row.Before >= 0 && row.After >= 0 {
				cells++
				ours.changed[place{row.Before, columns[i].mine}] = true
				its.changed[place{row.After, columns[i].theirs}] = true
			}
		}
	}
	if at, ok := first(ours.changed); ok {
		next := url.Values{"view": {"table"}, "table": {"1"}, "beside": {besideVersion}, "cell": {fmt.Sprintf("r%dc%d", at.row, at.column)}}
		p.Beside.First = p.File.Link + "?" + next.Encode() + "#table"
	}
	ours.mark(p.Table)
	its.mark(&view)
	p.Beside.Differs = differsInWords(cells, len(ours.rows), len(its.rows))
}

// first is the uppermost of some places, and of those the leftmost.
func first(places map[place]bool) (at place, ok bool) {
	for p := range places {
		if !ok || p.row < at.row || p.row == at.row && p.column < at.column {
			at, ok = p, true
		}
	}
	return at, ok
}

// rowWord says of a row that only one version has what became of it in time.
func (p *filePage) rowWord(beside bool) string {
	if beside == p.workspaceMovedOn() {
		return "added"
	}
	return "removed"
}

func differsInWords(cells, here, beside int) string {
	if cells+here+beside == 0 {
		return "Every cell is the same in both versions."
	}
	parts := []string{plural(cells, "cell differs", "cells differ") + ", marked ≠ in both"}
	if here > 0 {
		parts = append(parts, plural(here, "row is", "rows are")+" only in the version on this page")
	}
	if beside > 0 {
		parts = append(parts, plural(beside, "row is", "rows are")+" only in the other")
	}
	return strings.Join(parts, "; ") + "."
}

// columnPair is a column's place in either version; -1 where there is none.
type columnPair struct{ mine, theirs int }

// columnsOf finds the columns of a table.Difference in both tables: those of the
// other version, then those that only the first has.
func columnsOf(mine, theirs []string, n int) []columnPair {
	free := map[string][]int{}
	for i, name := range mine {
		free[name] = append(free[name], i)
	}
	var out []columnPair
	taken := map[int]bool{}
	for i, name := range theirs {
		at := columnPair{-1, i}
		if list := free[name]; len(list) > 0 {
			at.mine, free[name] = list[0], list[1:]
			taken[at.mine] = true
		}
		out = append(out, at)
	}
	for i := range mine {
		if !taken[i] {
			out = append(out, columnPair{i, -1})
		}
	}
	for len(out) < n {
		out = append(out, columnPair{-1, -1})
	}
	return out
}

// versionMarks is what differs in one of two versions.
type versionMarks struct {
	changed map[place]bool
	rows    map[int]string // that only this version has
}

// signDiffers marks a cell that is another in the version beside it.
const signDiffers = "≠"

func (m versionMarks) mark(v *tableView) {
	var columns []int
	for _, h := range v.Header {
		if !h.Hidden {
			columns = append(columns, h.Index)
		}
	}
	for i := range v.Rows {
		row := &v.Rows[i]
		row.Change = m.rows[row.Index]
		for j := range row.Cells {
			c := &row.Cells[j]
			if j < len(columns) && m.changed[place{row.Index, columns[j]}] {
				c.Changed, c.Plain, c.Mark = true, false, signDiffers
				c.Class = strings.TrimSpace(c.Class + " app-cell--changed")
			}
		}
	}
}

// textsTogether shows the same page of the other version's text, and marks the
// lines of both that differ. What a report or a drawing says is taken from both as
// they were supplied: the other version was not cleaned, and cleaning is no
// difference.
func (p *filePage) textsTogether(content *review.FileContent, other []byte) {
	here := content.Clean
	switch p.Shown {
	case "original":
		here = content.Original
	case "plain":
		supplied := func(data []byte) []byte {
			return []byte(plainText(&review.FileContent{MediaType: content.MediaType, Clean: data}))
		}
		here, other = supplied(content.Original), supplied(other)
		again := viewText(here, nil, p.Text.Pager.Page, false, 0)
		again.Pager, again.More = p.Text.Pager, p.Text.More
		p.Text = &again
	case "pretty":
		here, _ = pretty(content.Clean)
		other, _ = pretty(other)
	}
	text := viewText(other, nil, p.Text.Pager.Page, false, 0)
	p.Beside.Text = &text
	if max(len(here), len(other)) > largestLineByLine {
		p.Beside.Differs = "The two versions are too long to be compared line by line."
		return
	}
	mine, theirs := linesThatDiffer(string(here), string(other))
	for i := range p.Text.Lines {
		p.Text.Lines[i].Changed = mine[p.Text.Lines[i].N]
	}
	for i := range text.Lines {
		text.Lines[i].Changed = theirs[text.Lines[i].N]
	}
	p.Beside.Differs = "Every line is the same in both versions."
	if len(mine)+len(theirs) > 0 {
		p.Beside.Differs = strconv.Itoa(len(mine)) + " of the lines on this page's side and " + strconv.Itoa(len(theirs)) + " of the other's differ, marked ≠."
	}
	if p.Shown == "plain" {
		p.Beside.Differs += " Both are as supplied, before cleaning."
	}
}

// linesThatDiffer are the lines, from 1, of either text that the other has not
// there.
func linesThatDiffer(before, after string) (old, now map[int]bool) {
	before, after = wholeLines(before), wholeLines(after)
	old, now = map[int]bool{}, map[int]bool{}
	line, shift := 1, 0
	at := 0
	for _, e := range udiff.Lines(before, after) {
		line += strings.Count(before[at:e.Start], "\n")
		gone, came := strings.Count(before[e.Start:e.End], "\n"), strings.Count(e.New, "\n")
		for i := range gone {
			old[line+i] = true
		}
		for i := range came {
			now[line+shift+i] = true
		}
		line, shift, at = line+gone, shift+came-gone, e.End
	}
	return old, now
}
