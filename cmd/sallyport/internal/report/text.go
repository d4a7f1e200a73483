package report

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"sallyport/checks"
	"sallyport/policy"
)

// How many cells of one finding the text shows: 20 of one that blocks, five of
// any other. JSON has them all.
const (
	maxRows  = 20
	someRows = 5
)

// text writes one block per file, worst first, and one line of summary.
func text(w io.Writer, r Result) error {
	out := bufio.NewWriter(w)
	for _, i := range checks.Order(r.Files, nil) {
		writeFile(out, &r.Files[i])
	}
	for _, s := range r.Skipped {
		_, _ = fmt.Fprintf(out, "%s\n  not looked at: %s\n\n", Safe(s.Path), s.Reason)
	}
	if ids := findingIDs(r.Files); len(ids) > 0 {
		_, _ = fmt.Fprintf(out, "What a finding means and how to mend it in R or Python: sallyport check --explain ID (here: %s)\n", strings.Join(ids, ", "))
	}
	_, _ = fmt.Fprintln(out, summary(r))
	return out.Flush() // reports any failure of the writes before
}

func writeFile(w io.Writer, f *checks.FileReport) {
	_, _ = fmt.Fprintf(w, "%s\n", Safe(f.Path))
	if f.Status != "complete" {
		_, _ = fmt.Fprintf(w, "  INCOMPLETE  %s\n", Safe(orElse(f.Reason, "it could not be checked")))
	}
	known, all := f.Understood()
	if len(f.Findings) == 0 && f.Status == "complete" {
		_, _ = fmt.Fprintf(w, "  %s\n\n", noFinding(known, all))
		return
	}
	for _, finding := range worstFirst(f.Findings) {
		// The reason of an incomplete file has been said above.
		if finding.Check != "unreadable" || f.Status == "complete" {
			writeFinding(w, finding)
		}
	}
	if known < all {
		_, _ = fmt.Fprintf(w, "  %d of %d numeric columns understood; the others were not examined as counts.\n", known, all)
	}
	_, _ = fmt.Fprintln(w)
}

// noFinding never says that a file is safe.
func noFinding(known, all int) string {
	if all == 0 {
		return "no automated finding; it has no numeric columns"
	}
	return fmt.Sprintf("no automated finding; %d of %d numeric columns understood", known, all)
}

func worstFirst(findings []checks.Finding) []*checks.Finding {
	sorted := make([]*checks.Finding, len(findings))
	for i := range findings {
		sorted[i] = &findings[i]
	}
	slices.SortStableFunc(sorted, func(a, b *checks.Finding) int { return b.Severity.Rank() - a.Severity.Rank() })
	return sorted
}

func writeFinding(w io.Writer, f *checks.Finding) {
	_, _ = fmt.Fprintf(w, "  %-5s  %s%s\n", strings.ToUpper(string(f.Severity)), Safe(f.Check), place(f))
	_, _ = fmt.Fprintf(w, "         %s\n", Safe(f.Message))
	for _, line := range workings(f) {
		_, _ = fmt.Fprintf(w, "         %s\n", line)
	}
	most := someRows
	if f.Severity.Rank() >= policy.Block.Rank() {
		most = maxRows
	}
	for i, row := range f.Rows {
		if i == most {
			_, _ = fmt.Fprintf(w, "           and %d more (all are in --format json)\n", len(f.Rows)-most)
			break
		}
		_, _ = fmt.Fprintf(w, "           line %-5d %s\n", row.Line, cell(row.Value, row.Key))
	}
	for i, ref := range f.Related {
		if i == most {
			_, _ = fmt.Fprintf(w, "           and %d more related cells\n", len(f.Related)-most)
			break
		}
		_, _ = fmt.Fprintf(w, "           see %s\n", reference(ref))
	}
}

// place names the table and column of a finding.
func place(f *checks.Finding) string {
	var s string
	if f.Table != "" {
		s += ", table " + Safe(f.Table)
	}
	switch {
	case f.Column != "":
		s += fmt.Sprintf(", column %q", Safe(f.Column))
	case f.ColumnIndex != nil:
		s += fmt.Sprintf(", column %d (no name)", *f.ColumnIndex+1)
	}
	return s
}

func cell(value, key string) string {
	s := Safe(value)
	if value == "" {
		s = "(row)"
	}
	if key != "" {
		s += "   where " + Safe(key)
	}
	return s
}

func reference(r checks.CellRef) string {
	var parts []string
	if r.Path != "" {
		parts = append(parts, Safe(r.Path))
	}
	if r.Line > 0 {
		parts = append(parts, fmt.Sprintf("line %d", r.Line))
	}
	if r.Column != "" {
		parts = append(parts, fmt.Sprintf("column %q", Safe(r.Column)))
	}
	s := strings.Join(parts, ", ")
	if r.Value != "" {
		s += ": " + Safe(r.Value)
	}
	return s
}

// workings are the parts of the evidence that are written out as sentences or
// sums. Bare words and numbers, and why a column was read as it was, are left to
// the JSON.
func workings(f *checks.Finding) []string {
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(f.Evidence)) {
		s := strings.Join(sentences(f.Evidence[key]), "; ")
		if key != "why" && strings.Contains(s, " ") {
			lines = append(lines, fmt.Sprintf("%s: %s", Safe(strings.ReplaceAll(key, "_", " ")), Safe(s)))
		}
	}
	return lines
}

func sentences(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []string:
		return v
	case []any:
		var all []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				all = append(all, s)
			}
		}
		return all
	default:
		return nil
	}
}

func findingIDs(files []checks.FileReport) []string {
	ids := map[string]bool{}
	for i := range files {
		for _, f := range files[i].Findings {
			ids[f.Check] = true
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

func summary(r Result) string {
	s := r.Summary
	line := fmt.Sprintf("%s: %d block, %d warn, %s", count(s.Files, "file"), s.Block, s.Warn, count(s.Note, "note"))
	if s.Incomplete > 0 {
		line += fmt.Sprintf("; %d incomplete, which is never a pass", s.Incomplete)
	}
	if s.Block+s.Warn+s.Note+s.Incomplete == 0 {
		line = count(s.Files, "file") + ": no automated finding"
	}
	return fmt.Sprintf("%s. Policy %s %s. Two output checkers decide, whatever this says.", line, Safe(r.Policy.Name), Safe(r.Policy.Version))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// Explain writes what a check looks for, the rule it rests on, an example and
// how to mend it.
func Explain(w io.Writer, c *checks.Check) error {
	out := bufio.NewWriter(w)
	_, _ = fmt.Fprintf(out, "%s: %s\n\n%s\n", c.Name, c.Title, c.Doc)
	if len(c.Kinds) > 0 {
		_, _ = fmt.Fprint(out, "\nSeverity, unless the policy says otherwise\n")
	}
	for _, k := range c.Kinds {
		name := k.Name
		if name != "" {
			name = " " + name
		}
		_, _ = fmt.Fprintf(out, "  %-5s%s  %s\n", k.Severity, name, k.Doc)
	}
	for _, part := range []struct{ title, body string }{
		{"The rule it rests on", c.Source}, {"Example", c.Example}, {"How to mend it in R", c.FixR}, {"How to mend it in Python", c.FixPy},
	} {
		_, _ = fmt.Fprintf(out, "\n%s\n  %s\n", part.title, strings.ReplaceAll(strings.TrimSpace(part.body), "\n", "\n  "))
	}
	return out.Flush()
}

// sarifLevel is the SARIF word for a severity.
func sarifLevel(s policy.Severity) string {
	switch s {
	case policy.Block:
		return "error"
	case policy.Warn:
		return "warning"
	case policy.Off:
		return "none"
	default:
		return "note"
	}
}
