package ui

import (
	"net/http"
	"path"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"sallyport/checks/table"
	"sallyport/policy"
	"sallyport/review"
)

// changesPath is the address of what changed in a file of a request.
func changesPath(id review.RequestID, f review.FileID) string { return filePath(id, f) + "/changes" }

// changesPage is one file before and after its last change.
type changesPage struct {
	*review.View
	File      *review.File
	Link      string // to the file itself
	Workspace bool   // what it is compared with is not part of the request
	Same      bool
	Table     *tableChange
	Lines     []diffLine
	Before    string // addresses of the two images
	After     string
	Cannot    string // why it is not shown
}

// tableChange is what changed in one table.
type tableChange struct {
	*table.Difference
	Rows []rowChange
	More int // rows that are not shown
}

// rowChange is one row that differs.
type rowChange struct {
	table.RowDifference
	What string // "added", "removed", "changed"
	Line int    // in the newer file, or in the older for a removed row
}

// Limits on what one page of differences shows.
const (
	rowsOfDifference   = 500
	linesOfDifference  = 5000
	largestLineByLine  = 2 << 20 // bytes of either version
	contextOfLines     = 3
	columnsOfDiffering = 200
)

func (u *UI) changes(c *call) error {
	v, err := u.service.Request(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return err
	}
	two, err := u.service.Versions(c.ctx(), c.actor, c.requestID(), c.fileID())
	if err != nil {
		return err
	}
	p := changesPage{View: v, File: &two.File, Link: filePath(v.Request.ID, two.File.ID), Workspace: two.Workspace}
	p.Same = string(two.Before) == string(two.After)
	if !p.Same {
		p.compare(two)
	}
	return c.render(http.StatusOK, "changes", c.requestFrame(v, "What changed in "+baseName(two.File.Path)), p)
}

// compare shows the difference as what the file is: cells of tables, two
// images, or lines.
func (p *changesPage) compare(two *review.Versions) {
	if strings.HasPrefix(two.File.MediaType, "image/") {
		p.Before, p.After = changesPath(p.Request.ID, p.File.ID)+"/"+review.BeforeChange, changesPath(p.Request.ID, p.File.ID)+"/"+review.AfterChange
		return
	}
	if strings.EqualFold(path.Ext(two.File.Path), ".csv") {
		before, after := readTable(two.Before), readTable(two.After)
		if before != nil && after != nil {
			p.Table = tableChangeOf(before, after)
			return
		}
	}
	switch {
	case !readable(two.Before) || !readable(two.After):
		p.Cannot = "This type of file cannot be compared here. Download it to see it."
	case max(len(two.Before), len(two.After)) > largestLineByLine:
		p.Cannot = "This file is too large to be compared line by line."
	default:
		p.Lines = lineDifference(string(two.Before), string(two.After))
		if len(p.Lines) == 0 {
			p.Cannot = "The two versions differ only in how their lines end."
		} else if len(p.Lines) > linesOfDifference {
			p.Lines = p.Lines[:linesOfDifference]
			p.Cannot = "Only the first differences are shown."
		}
	}
}

// readTable reads a table with its records; nil when it cannot be read as one.
func readTable(data []byte) *table.Table {
	src, _, err := table.ReadCSV(data)
	if err != nil {
		return nil
	}
	return table.Understand(src)
}

func tableChangeOf(before, after *table.Table) *tableChange {
	d := table.Diff(before, after)
	out := &tableChange{Difference: d}
	out.Columns = d.Columns[:min(len(d.Columns), columnsOfDiffering)]
	for _, r := range d.Rows {
		if len(out.Rows) == rowsOfDifference {
			break
		}
		row := rowChange{RowDifference: r, What: "changed"}
		row.Cells = r.Cells[:min(len(r.Cells), columnsOfDiffering)]
		switch {
		case r.Before < 0:
			row.What = "added"
		case r.After < 0:
			row.What = "removed"
		}
		if r.After >= 0 {
			row.Line = after.Line(r.After)
		} else {
			row.Line = before.Line(r.Before)
		}
		out.Rows = append(out.Rows, row)
	}
	out.More = len(d.Rows) - len(out.Rows)
	return out
}

// lineDifference is the difference of two texts by lines.
func lineDifference(before, after string) []diffLine {
	before, after = wholeLines(before), wholeLines(after)
	unified, err := udiff.ToUnified("before", "after", before, udiff.Lines(before, after), contextOfLines)
	if err != nil {
		return nil
	}
	return patchLines(unified)
}

// wholeLines ends every line with one line feed, so that the way lines end is no
// difference.
func wholeLines(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	if s != "" && !strings.HasSuffix(s, "\n") {
		s += "\n"
	}
	return s
}

// version sends one version of an image from the sandbox, and nothing else.
func (u *UI) version(c *call) error {
	data, media, err := u.service.VersionContent(c.ctx(), c.actor, c.requestID(), c.fileID(), c.Param("version"))
	if err != nil {
		return err
	}
	shown := showable(media)
	if !strings.HasPrefix(shown, "image/") {
		return review.Errorf(review.NotFound, "Only images are shown side by side.")
	}
	c.contentHeaders()
	return c.Blob(http.StatusOK, shown, data)
}

// changesOf leads to what changed in a file, when its viewer can have seen an
// earlier version of it; "" when there is none.
func changesOf(v *review.View, f *review.FileView) string {
	author := v.Relation == policy.Author && (f.Changed == "changed" || len(f.File.Previous) > 0)
	if v.Can[policy.FileContent] && (author || f.File.Updated()) {
		return changesPath(v.Request.ID, f.File.ID)
	}
	return ""
}
