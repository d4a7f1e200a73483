package checks

import (
	"sallyport/policy"
)

// Finding is one thing a check points at: one per check, table and column, with
// every cell concerned in Rows. Its text may hold disclosive values, so it is
// shown only to people who may see the file, and never enters logs, metrics or
// notifications. The JSON form is the documented output of `sallyport check`.
type Finding struct {
	Check      string          `json:"check"`          // id, e.g. "small-count"
	Kind       string          `json:"kind,omitempty"` // kind within the check, e.g. "exact"; see Check.Kinds
	Severity   policy.Severity `json:"severity"`       // set by the runner from the policy, unless Fixed
	Confidence float64         `json:"confidence"`     // 0..1, how sure the check is of what it reads
	Message    string          `json:"message"`        // one plain sentence

	Table       string `json:"table,omitempty"`        // name of the table within the file; "" for a CSV's only table
	Column      string `json:"column,omitempty"`       // header as shown
	ColumnIndex *int   `json:"column_index,omitempty"` // 0-based

	Rows    []Row     `json:"rows,omitempty"`    // the cells concerned, all of them
	Related []CellRef `json:"related,omitempty"` // cells that explain them: the total, the parts, the rate

	// Evidence is what a person needs to redo the arithmetic by hand: formulas
	// ("51 - 10 - 15 - 25 = 1"), intervals, k, p. Keys are stable per check.
	Evidence map[string]any `json:"evidence,omitempty"`

	// Fingerprint names this finding across runs: a hash of check, version,
	// policy, path, table, column, row keys and raw values. The runner sets it.
	Fingerprint string `json:"fingerprint"`
}

// Row is one cell (or record) that a finding concerns.
type Row struct {
	Line  int    `json:"line"`            // 1-based record in the file; the header is 1
	Row   *int   `json:"row,omitempty"`   // 0-based data row
	Key   string `json:"key,omitempty"`   // dimension values, "region=East; sex=F"
	Value string `json:"value,omitempty"` // the cell as written
}

// CellRef points at a cell of this or another file.
type CellRef struct {
	Path        string `json:"path,omitempty"` // "" means the finding's own file
	Line        int    `json:"line,omitempty"`
	Row         *int   `json:"row,omitempty"`
	Column      string `json:"column,omitempty"`
	ColumnIndex *int   `json:"column_index,omitempty"`
	Value       string `json:"value,omitempty"`
}

// Int returns a pointer to n, for the optional positions of Row and CellRef.
func Int(n int) *int { return &n }
