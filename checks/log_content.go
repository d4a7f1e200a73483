package checks

import (
	"fmt"

	"sallyport/checks/text"
	"sallyport/policy"
)

var logContent = Check{
	Name: "log-content", Version: 1, Title: "What a log or text says",
	Doc: "Logs are released in exceptional cases only, because a program prints whatever comes by: counts in a sentence, identifiers, " +
		"the first rows of the data. Tables printed in a text are checked as tables, one level lower, since their columns are guessed.",
	Source:  "OpenSAFELY documentation, requesting file release: error logs only in exceptional circumstances; " + sdc + "any statistic describing 7 or fewer.",
	Example: `"n = 3 events" in a log: reported. "Model 4 of 5; 12,345 patients": not.`,
	FixR: `# print that a step is done, and no counts; keep only the lines that matter
message("model fitted")
lines <- grep("patients|n =", lines, value = TRUE, invert = TRUE)`,
	FixPy: `# print that a step is done, and no counts; keep only the lines that matter
print("model fitted")
lines = [line for line in lines if "patients" not in line and "n =" not in line]`,
	Kinds: []Kind{
		{"exceptional", policy.Note, "a log, which needs a justification"},
		{"small-count", policy.Warn, "a phrase states a count within the threshold"},
		{"patient-id", policy.Warn, "it names a patient identifier"},
		{"trace", policy.Note, "it holds the trace of an error, which may quote data"},
		{"cut", policy.Note, "it says that something was left out"},
	},
	File: func(p *Pass) error {
		if p.Policy.Files.Types[p.Doc.Ext].Use == "log" {
			p.Report(Finding{Kind: "exceptional", Message: "Logs are released in exceptional cases only, and only what is truly needed of them."})
		}
		if t := p.Doc.Text; t != nil {
			statedCounts(p, t)
			lines(p, t, "patient-id", t.PatientIDs, "a patient identifier", true)
			lines(p, t, "trace", t.Faults, "an error's trace, which may quote data", false)
			lines(p, t, "cut", t.Cut, "something left out", false)
		}
		return nil
	},
}

// statedCounts reports phrases with counts of 1 to the threshold.
func statedCounts(p *Pass, t *text.Text) {
	f := Finding{Kind: "small-count", Evidence: map[string]any{}}
	phrases := []string{}
	for _, x := range t.Phrases {
		if x.Count >= 1 && x.Count <= p.Policy.Counts.Threshold {
			f.Rows = append(f.Rows, Row{Line: x.Line, Value: short(x.Text)})
			phrases = append(phrases, short(x.Text))
		}
	}
	if f.Rows == nil {
		return
	}
	f.Evidence["phrases"] = phrases[:min(len(phrases), 20)]
	f.Message = fmt.Sprintf("%s with a count of 1 to %d, first %q at line %d.", counted(len(f.Rows), "phrase"), p.Policy.Counts.Threshold, f.Rows[0].Value, f.Rows[0].Line)
	p.Report(f)
}

// lines reports some lines of a text. Their contents are shown only where they
// are the point.
func lines(p *Pass, t *text.Text, kind string, at []int, what string, show bool) {
	if len(at) == 0 {
		return
	}
	f := Finding{Kind: kind, Message: fmt.Sprintf("%s of %s, first at line %d.", counted(len(at), "sign"), what, at[0])}
	for _, l := range at {
		r := Row{Line: l}
		if show {
			r.Value = short(t.Lines[l-1])
		}
		f.Rows = append(f.Rows, r)
	}
	p.Report(f)
}
