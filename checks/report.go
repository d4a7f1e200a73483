package checks

import (
	"strings"

	"sallyport/policy"
)

// Report is the findings of one run over a set: the documented JSON object of
// `sallyport check --format json`.
type Report struct {
	Schema  string       `json:"schema"` // "1"
	Policy  policy.Ref   `json:"policy"`
	Engine  string       `json:"engine"`
	Files   []FileReport `json:"files"` // in the set's order
	Summary Summary      `json:"summary"`
}

// FileReport is what was found in one file. Status "complete" with no findings
// means "no automated finding", never "safe".
type FileReport struct {
	Path     string        `json:"path"`
	SHA256   string        `json:"sha256,omitempty"`
	Size     int64         `json:"size"`
	Type     Type          `json:"type,omitempty"`
	Status   string        `json:"status"` // "complete" or "incomplete"
	Reason   string        `json:"reason,omitempty"`
	Findings []Finding     `json:"findings"`
	Tables   []TableReport `json:"tables,omitempty"`
}

// TableReport says how one table was understood.
type TableReport struct {
	Name    string         `json:"name"`
	Rows    int            `json:"rows"`
	Columns []ColumnReport `json:"columns"`
}

// ColumnReport says how one column was understood. Base is the rounding its
// counts show: "5", "midpoint 6", "none", or "" where it holds no counts or
// cannot be told.
type ColumnReport struct {
	Index      int      `json:"index"`
	Name       string   `json:"name"`
	Role       string   `json:"role"`
	Base       string   `json:"base,omitempty"`
	Confidence float64  `json:"confidence,omitempty"`
	Reasons    []string `json:"reasons,omitempty"`
}

// Summary counts files and findings.
type Summary struct {
	Files      int `json:"files"`
	Block      int `json:"block"`
	Warn       int `json:"warn"`
	Note       int `json:"note"`
	Incomplete int `json:"incomplete"`
}

// Overran begins the reason of a file at which the process that examined it had
// to be stopped, see package confine. Nothing else should read such a file.
const Overran = "examining the file was stopped: "

// Overran says that the file brought down the process that examined it.
func (f *FileReport) Overran() bool { return strings.Contains(f.Reason, Overran) }

// Fail makes the file incomplete, for one more reason.
func (f *FileReport) Fail(reason string) {
	if f.Status = "incomplete"; f.Reason != "" {
		reason = f.Reason + "; " + reason
	}
	f.Reason = reason
}
