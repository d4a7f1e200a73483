package policy

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Needs that a file type may state; see TypeRule.Needs.
const (
	NeedsTable         = "supporting-table"
	NeedsCodeLink      = "code-link"
	NeedsJustification = "justification"
)

// IntermediateUse is what Field.When calls a group of intermediate data.
const IntermediateUse = "intermediate"

var (
	uses       = []string{"table", "figure", "text", "data", "report", "log"}
	needs      = []string{NeedsTable, NeedsCodeLink, NeedsJustification}
	severities = []Severity{Off, Note, Warn, Block}
)

// rule is one thing that must hold of a policy, and where it is written.
type rule struct {
	ok      bool
	message string
	path    []string
}

// validate returns the first rule that a policy breaks.
func validate(p *Policy, at lines) error {
	rules := slices.Concat(identity(p), fileRules(p), numberRules(p), severityRules(p), retentionRules(p), malwareRules(p), signInRules(p), grantingRules(p),
		fieldRules("context", p.Context), fieldRules("controls", p.Controls), itemRules("checklist", p.Checklist), itemRules("acknowledgements", p.Acknowledgements))
	for _, r := range rules {
		if !r.ok {
			return &LoadError{at.of(r.path...), strings.Join(r.path, ".") + ": " + r.message}
		}
	}
	return nil
}

func identity(p *Policy) []rule {
	link, err := url.Parse(p.PermittedResults.URL)
	return []rule{
		{p.Name != "", "is missing", []string{"name"}},
		{p.Version != "", "is missing", []string{"version"}},
		{p.PermittedResults.Name != "", "is missing", []string{"permitted_results", "name"}},
		{p.PermittedResults.Version != "", "is missing", []string{"permitted_results", "version"}},
		{err == nil && (link.Scheme == "https" || p.PermittedResults.URL == ""), "must be an https link", []string{"permitted_results", "url"}},
	}
}

func fileRules(p *Policy) []rule {
	f := p.Files
	out := []rule{
		{f.MaxBytes > 0 && f.MaxBytes <= 1<<30, "must be between 1 and 1073741824", []string{"files", "max_bytes"}},
		{f.ExceptionMaxBytes >= f.MaxBytes && f.ExceptionMaxBytes <= 1<<30, "must be at least max_bytes and at most 1073741824", []string{"files", "exception_max_bytes"}},
		{f.MaxRows > 0, "must be at least 1", []string{"files", "max_rows"}},
		{f.MaxColumns > 0, "must be at least 1", []string{"files", "max_columns"}},
		{len(f.Types) > 0, "allows no file type", []string{"files", "types"}},
	}
	for _, ext := range slices.Sorted(maps.Keys(f.Types)) {
		t, path := f.Types[ext], []string{"files", "types", ext}
		out = append(out,
			rule{len(ext) > 1 && ext[0] == '.' && ext == strings.ToLower(ext), "must be a lower-case extension with its dot", path},
			rule{slices.Contains(uses, t.Use), fmt.Sprintf("use must be one of %s", strings.Join(uses, ", ")), path})
		for _, n := range t.Needs {
			out = append(out, rule{slices.Contains(needs, n), fmt.Sprintf("needs must be among %s", strings.Join(needs, ", ")), path})
		}
	}
	return out
}

func numberRules(p *Policy) []rule {
	c := p.Counts
	out := []rule{
		{c.Threshold >= 1 && c.Threshold <= 1000, "must be between 1 and 1000", []string{"counts", "threshold"}},
		{c.RoundBase >= 2 && c.RoundBase <= 1000, "must be between 2 and 1000", []string{"counts", "round_base"}},
		{c.Rounding == "required" || c.Rounding == "advised", `must be "required" or "advised"`, []string{"counts", "rounding"}},
		{c.NarrowWidth >= 1, "must be at least 1", []string{"counts", "narrow_width"}},
		{slices.Contains(severities, c.Zero), "must be off, note, warn or block", []string{"counts", "zero"}},
		{p.Models.DFMin >= 0, "must not be negative", []string{"models", "df_min"}},
		{p.Models.ParamsPerObs > 0 && p.Models.ParamsPerObs <= 1, "must be above 0 and at most 1", []string{"models", "params_per_obs"}},
		{p.Dominance.N >= 1, "must be at least 1", []string{"dominance", "n"}},
		{p.Dominance.K > 0 && p.Dominance.K <= 1, "must be above 0 and at most 1", []string{"dominance", "k"}},
		{p.Dominance.P >= 0 && p.Dominance.P <= 1, "must be between 0 and 1", []string{"dominance", "p"}},
		{p.Tails.Min >= 1, "must be at least 1", []string{"tails", "min"}},
		// Two independent approvals are what the service stands for.
		{p.Review.Approvals == 2, "must be 2", []string{"review", "approvals"}},
		{p.Review.FeedbackDays >= 1 && p.Review.FeedbackDays <= 365, "must be between 1 and 365", []string{"review", "feedback_days"}},
	}
	out = append(out,
		rule{p.Review.Holidays == "england" || p.Review.Holidays == "none", `must be "england" or "none"`, []string{"review", "holidays"}},
		rule{p.Review.RemindDays >= 0 && p.Review.RemindDays <= p.Review.FeedbackDays, "must be between 0 and feedback_days", []string{"review", "remind_days"}},
		rule{p.Review.AbandonedDays >= 1, "must be at least 1", []string{"review", "abandoned_days"}})
	for i, day := range p.Review.Closed {
		_, err := time.Parse(time.DateOnly, day)
		out = append(out, rule{err == nil, "must be a date such as 2026-12-24", []string{"review", "closed", strconv.Itoa(i)}})
	}
	return slices.Concat(out, baseRules("accept_bases", c.AcceptBases), baseRules("midpoint", c.Midpoint))
}

func baseRules(name string, bases []int) []rule {
	var out []rule
	for i, b := range bases {
		out = append(out, rule{b >= 2 && b <= 1000, "must be between 2 and 1000", []string{"counts", name, strconv.Itoa(i)}})
	}
	return out
}

func severityRules(p *Policy) []rule {
	var out []rule
	for _, name := range slices.Sorted(maps.Keys(p.Severity)) {
		out = append(out, rule{slices.Contains(severities, p.Severity[name]), "must be off, note, warn or block", []string{"severity", name}})
	}
	return out
}

func fieldRules(section string, fields []Field) []rule {
	var out []rule
	seen := map[string]bool{}
	for i, f := range fields {
		path := []string{section, strconv.Itoa(i)}
		out = append(out,
			rule{f.ID != "" && !seen[f.ID], "id is missing or repeated", path},
			rule{f.Label != "", "label is missing", path})
		for _, w := range f.When {
			out = append(out, rule{w == IntermediateUse || slices.Contains(uses, w), fmt.Sprintf("when must be among %s, %s", strings.Join(uses, ", "), IntermediateUse), path})
		}
		seen[f.ID] = true
	}
	return out
}

func itemRules(section string, items []ChecklistItem) []rule {
	out := []rule{{len(items) > 0, "is missing", []string{section}}}
	seen := map[string]bool{}
	for i, c := range items {
		out = append(out, rule{c.ID != "" && c.Text != "" && !seen[c.ID], "id or text is missing or repeated", []string{section, strconv.Itoa(i)}})
		seen[c.ID] = true
	}
	return out
}
