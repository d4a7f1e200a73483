package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"sallyport/checks"
	"sallyport/cmd/sallyport/internal/input"
	"sallyport/policy"
)

// Result is one run of `sallyport check`.
type Result struct {
	*checks.Report
	// Skipped lists what was left alone in the folders walked.
	Skipped []input.Skipped `json:"skipped,omitempty"`
}

// Write writes r in a format: "text", "json" or "sarif".
func Write(w io.Writer, format string, r Result, all []checks.Check) error {
	switch format {
	case "json":
		return JSON(w, r)
	case "sarif":
		return JSON(w, sarifLog(r, all))
	case "text":
		return text(w, r)
	default:
		return fmt.Errorf("unknown format %q", format)
	}
}

// JSON writes v as one indented object, safe to show on a terminal.
func JSON(w io.Writer, v any) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	return escapeJSON(w, buf.Bytes())
}

// Reaches reports whether anything in the report is at or above a severity. A
// file that could not be checked counts as a block: incomplete is never a pass.
func Reaches(r *checks.Report, level policy.Severity) bool {
	if r.Summary.Incomplete > 0 {
		return true
	}
	for i := range r.Files {
		for _, f := range r.Files[i].Findings {
			if f.Severity.Rank() >= level.Rank() {
				return true
			}
		}
	}
	return false
}
