package export

import (
	"fmt"
	"strconv"
	"time"

	"sallyport/review"
)

// Figure is one table of figures, with the definition of what it counts: what
// the page shows under the plot, and what is downloaded.
type Figure struct {
	ID         string // in addresses
	Title      string
	Definition string
	Columns    []string // "#name" for numbers
	Rows       [][]string
	// Sum says the whole in a sentence, for who hears the page.
	Sum string
}

// Figures are all the tables of figures, in the order of the page.
func Figures(f *review.Figures) []Figure {
	return []Figure{turnaround(f), months(f), work(f), agreement(f), returns(f), overrode(f), exceptions(f), recalls(f), totals(f)}
}

// FigureFile is the tables as a file: a workbook with a sheet for each, or as
// CSV the one that is named by id, or all in one when none is.
func FigureFile(f *review.Figures, id string, now time.Time) (Document, error) {
	d := Document{Kind: "figures", Name: "figures-" + day(now), Filter: map[string]string{"since": day(f.Since), "until": day(f.Until), "figure": id}}
	for _, x := range Figures(f) {
		t := table(x.ID, x.Columns, x.Rows)
		d.Tables = append(d.Tables, t)
		if x.ID == id {
			d.Flat, d.Name = t, d.Name+"-"+id
		}
	}
	switch {
	case id == "":
		d.Flat = long(d.Tables)
	case d.Flat.Columns == nil:
		return d, review.Errorf(review.Invalid, "There is no such figure.")
	}
	return d, nil
}

func percent(part, whole int) string {
	if whole == 0 {
		return ""
	}
	return strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 1, 64)
}

func turnaround(f *review.Figures) Figure {
	t := f.Turnaround
	out := Figure{
		ID: "turnaround", Title: "Turnaround",
		Definition: fmt.Sprintf("Each turn with the checkers that ended: from a submission or resubmission to the return, rejection or approval. "+
			"A turn counts for the least number of working days in which it ended, at the same time of day. %d working days are promised.", f.Promise),
		Columns: []string{"working days", "#turns", "within the promise"},
		Sum:     fmt.Sprintf("%s ended, %d of them within the promised %d working days. The median is %d.", counted(t.Turns, "turn"), t.Within, f.Promise, t.Median),
	}
	for i, n := range t.Days {
		label := itoa(i + 1)
		if i == len(t.Days)-1 {
			label += " or more"
		}
		out.Rows = append(out.Rows, []string{label, itoa(n), yes(i < f.Promise)})
	}
	return out
}

func months(f *review.Figures) Figure {
	out := Figure{
		ID: "months", Title: "Turnaround by month",
		Definition: "The same turns, by the month in which they ended. The median is in working days.",
		Columns:    []string{"month", "#turns", "#within the promise", "#later", "#percent within", "#median"},
		Sum:        counted(len(f.Turnaround.Months), "month") + " with turns that ended.",
	}
	for _, m := range f.Turnaround.Months {
		out.Rows = append(out.Rows, []string{m.Month.Format("2006-01"), itoa(m.Turns), itoa(m.Within), itoa(m.Turns - m.Within), percent(m.Within, m.Turns), itoa(m.Median)})
	}
	return out
}

func work(f *review.Figures) Figure {
	out := Figure{
		ID: "work", Title: "Work of each checker",
		Definition: "Reviews that were handed in, and the files voted on in them. The time is the median from submission, or from when the seat was theirs if that was later, " +
			"to handing in: by the clock, nights and weekends included. It is no measure of care.",
		Columns: []string{"checker", "#reviews", "#requests", "#files", "#median hours"},
		Sum:     counted(len(f.Work), "checker") + " handed in reviews.",
	}
	for _, w := range f.Work {
		out.Rows = append(out.Rows, []string{string(w.Checker), itoa(w.Reviews), itoa(w.Requests), itoa(w.Files), strconv.FormatFloat(w.Median.Hours(), 'f', 1, 64)})
	}
	return out
}

func agreement(f *review.Figures) Figure {
	out := Figure{
		ID: "agreement", Title: "Agreement between checkers",
		Definition: "Files on which both decided, each blind to the other, by how the votes stood when both reviews were in; what was changed afterwards does not count. " +
			"Cohen’s kappa is the agreement beyond what the two would reach by chance with their habits: 1 is always, 0 is chance. " +
			"It says little where nearly all files are approved: then it can be low, or undefined, although the two hardly ever differ. Read it with the counts beside it, and not at all below some 50 files.",
		Columns: []string{"checkers", "#files", "#alike", "#percent alike", "#kappa"},
		Sum:     "Pairs of checkers who decided on the same files: " + itoa(len(f.Pairs)) + ".",
	}
	names := []string{"approve", "changes", "reject"}
	for _, a := range names {
		for _, b := range names {
			out.Columns = append(out.Columns, "#"+a+" / "+b)
		}
	}
	for _, p := range f.Pairs {
		kappa := "not defined"
		if p.Defined {
			kappa = strconv.FormatFloat(p.Kappa, 'f', 2, 64)
		}
		row := []string{string(p.A) + " and " + string(p.B), itoa(p.Files), itoa(p.Agree), percent(p.Agree, p.Files), kappa}
		for i := range p.Votes {
			for _, n := range p.Votes[i] {
				row = append(row, itoa(n))
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

func returns(f *review.Figures) Figure {
	r := f.Returns
	out := Figure{
		ID: "returns", Title: "Why requests came back",
		Definition: "Turns that ended with the request back at its author. Findings are blocking ones and warnings on the files that were not approved by both, at the moment of the return, by check: " +
			"they accompany a return, and need not be its reason. Public comments give the reasons in words, in each record.",
		Columns: []string{"what", "severity", "#number"},
		Sum:     fmt.Sprintf("%s, %d before both reviews were in; %s with changes requested, %d rejected; %s.", counted(r.N, "return"), r.Early, counted(r.Changes, "file"), r.Rejected, counted(r.Comments, "public comment")),
	}
	for _, x := range r.Findings {
		out.Rows = append(out.Rows, []string{x.Check, string(x.Severity), itoa(x.N)})
	}
	for _, x := range []struct {
		what string
		n    int
	}{{"returns", r.N}, {"of these early, for a slip", r.Early}, {"files with changes requested", r.Changes}, {"files rejected", r.Rejected}, {"public comments by checkers", r.Comments}} {
		out.Rows = append(out.Rows, []string{x.what, "", itoa(x.n)})
	}
	return out
}

func overrode(f *review.Figures) Figure {
	out := Figure{
		ID: "overrode", Title: "Findings that checkers approved all the same",
		Definition: "Blocking findings and warnings on files that were released, as they stood at the decision, by check. A blocking finding is approved only with a reason, or an accepted exception.",
		Columns:    []string{"check", "severity", "#findings"},
		Sum:        fmt.Sprintf("Findings of %s, in %s.", counted(len(f.Overrode), "kind"), counted(f.Releases, "release")),
	}
	if f.Unsaid > 0 {
		out.Definition += fmt.Sprintf(" %d decisions are older than the events that say this, and are not counted.", f.Unsaid)
	}
	for _, x := range f.Overrode {
		out.Rows = append(out.Rows, []string{x.Check, string(x.Severity), itoa(x.N)})
	}
	return out
}

func exceptions(f *review.Figures) Figure {
	out := Figure{
		ID: "exceptions", Title: "Exceptions",
		Definition: "Exceptions that authors asked for, and the answers of single checkers: each exception needs both.",
		Columns:    []string{"from the check", "#asked", "#accepted", "#refused"},
		Sum:        fmt.Sprintf("Exceptions from %s.", counted(len(f.Exceptions), "check")),
	}
	for _, x := range f.Exceptions {
		out.Rows = append(out.Rows, []string{x.Check, itoa(x.Asked), itoa(x.Accepted), itoa(x.Refused)})
	}
	return out
}

func recalls(f *review.Figures) Figure {
	out := Figure{
		ID: "recalls", Title: "Recalls by month",
		Definition: "Reports of a breach by which a release, or a part of it, was taken back, by the month of the report, with the severity that the reporter gave. A release may be recalled in parts, each time counted.",
		Columns:    []string{"month", "#recalls", "#low", "#moderate", "#serious"},
		Sum:        counted(f.Recalls, "recall") + ".",
	}
	for _, m := range f.RecallMonths {
		out.Rows = append(out.Rows, []string{m.Month.Format("2006-01"), itoa(m.Recalls), itoa(m.Low), itoa(m.Moderate), itoa(m.Serious)})
	}
	return out
}

func totals(f *review.Figures) Figure {
	return Figure{
		ID: "totals", Title: "Releases and recalls",
		Definition: "Decisions to release, by when they were made, and recalls, by when the breach was reported; a release may be recalled in parts, each time counted.",
		Columns:    []string{"what", "#number"},
		Rows:       [][]string{{"releases", itoa(f.Releases)}, {"recalls", itoa(f.Recalls)}},
		Sum:        counted(f.Releases, "release") + ", " + counted(f.Recalls, "recall") + ".",
	}
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return itoa(n) + " " + what + "s"
}
