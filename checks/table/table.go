package table

// Source is a table as text, before it is understood. Readers of CSV, HTML,
// JSON and printed blocks all produce it.
type Source struct {
	Name    string     // within the file: "" (CSV), "table 2", "$.a", "line 40"
	Header  []string   // first row; may be empty strings
	Records [][]string // data rows; may be ragged
	// Lines holds the 1-based record number in the file of the header (index 0)
	// and of each data row after it. In CSV the header is 1 and a quoted line
	// break does not count.
	Lines []int
	// Weak says that the rows were guessed from printed text: findings drop a
	// level.
	Weak bool
}

// Kind is what one cell is, by its grammar.
type Kind uint8

const (
	Missing  Kind = iota // "", NA, NaN, null, -, .
	Number               // 12  1,234  5e2  12.0
	Percent              // 34.5%
	CountPct             // 12 (3.4%): Value is the count, Second the percent
	CountOf              // 12/345 or 12/345 (3.4%): Second is the 345, Third the percent
	Estimate             // 1.2 (0.9, 1.5): Second and Third are the limits
	Range                // 10-15
	Compare              // <5  <=7  >100
	Redacted             // [REDACTED], suppressed, *, [c]
	Date
	Bool
	Text // the rest, codes with leading zeros included
	// Statistic is a number in a count column whose row is labelled as a mean, an
	// SD or the like; Value is kept. [Parse] never gives it.
	Statistic
)

// Cell is one cell, parsed once. Value is the main number (NaN when there is
// none). Decimals counts the digits printed after the point of Value.
//
// Parts is never nil in a cell made by [Parse]; make cells no other way.
type Cell struct {
	Raw   string
	Value float64
	*Parts
	Kind     Kind
	Decimals uint8
	counts   bool // Value could be a count: whole, exact and not negative
}

// Parts holds what only some kinds of cell have, so that plain cells stay small.
type Parts struct {
	// Lo and Hi hold the written interval of Range and Compare ([0,4] for "<5",
	// an infinite Hi for ">100"), else NaN.
	Lo, Hi float64
	// Second and Third numbers of compound cells (NaN when absent), and their
	// decimals.
	Second, Third       float64
	SecondDec, ThirdDec uint8
}

// Role is what a column holds.
type Role string

const (
	Count        Role = "count"
	Denominator  Role = "denominator"
	PersonTime   Role = "ptime"
	PercentRole  Role = "percent"
	Rate         Role = "rate"
	Mean         Role = "mean"
	SD           Role = "sd"
	SE           Role = "se"
	Median       Role = "median"
	Min          Role = "min"
	Max          Role = "max"
	Percentile   Role = "pctile"
	EstimateRole Role = "estimate"
	CI           Role = "ci"
	PValue       Role = "pvalue"
	Stat         Role = "stat"
	DF           Role = "df"
	Weight       Role = "weight"
	Ordinal      Role = "ordinal"
	DateRole     Role = "date"
	BirthDate    Role = "dob"
	Geo          Role = "geo"
	OrgCode      Role = "orgcode"
	OrgCount     Role = "orgcount"
	ID           Role = "id"
	Code         Role = "code"
	Category     Role = "category"
	BoolRole     Role = "bool"
	FreeText     Role = "free_text"
	EstCI        Role = "est_ci"
	Empty        Role = "empty"
	Unknown      Role = "unknown_numeric"
)

// Column is one column, real or virtual. A virtual column is one level of a
// long table (`value[n]`), or the percent half of "n (p%)" cells; it keeps the
// Index of the physical column and names its rows in At.
type Column struct {
	Index      int    // physical, 0-based
	Name       string // header as shown
	Role       Role
	Confidence float64  // 0..1
	Reasons    []string // why this role, in words
	Cells      []Cell
	At         []int // data row of each cell; nil means cell i is row i
	Base       Base  // rounding its counts show
	// Half says that this virtual column is the percent half of compound cells.
	Half bool

	f *features
	h *header
}

// Row returns the 0-based data row of cell i.
func (c *Column) Row(i int) int {
	if c.At == nil {
		return i
	}
	return c.At[i]
}

// Base is the rounding scheme that a column's values show.
type Base struct {
	State  BaseState
	Scheme Scheme
	K      int     // distinct positive integers seen
	P      float64 // chance of so many hits under no rounding
	Pooled bool    // taken from the other count columns of the table
}

// BaseState says how sure the scheme is.
type BaseState string

const (
	BaseNone      BaseState = ""             // not a count column
	Rounded       BaseState = "rounded"      // all values conform, and not by chance
	RoundedStrays BaseState = "strays"       // nearly all conform
	Unrounded     BaseState = "unrounded"    // no scheme fits
	Inconclusive  BaseState = "inconclusive" // too few values to tell
)

// Scheme is a way of rounding: Family "near", "mid" (midpoint), "midd"
// (difference of two midpoints) or "" (exact), to base B.
type Scheme struct {
	Family string
	B      int
}

// Table is one understood table. Data rows are numbered as records of the
// Source, so a row that was joined into the header keeps its number and belongs
// to no column.
type Table struct {
	Source  *Source
	Header  []string  // after joining multi-row headers
	Rows    int       // data rows, trailing blank and joined ones not counted
	Skip    int       // leading records joined into the header
	Columns []*Column // physical columns, in order
	Virtual []*Column // what checks look at: long and compound columns split, others as they are
	Layout  string    // "wide" or "long"
	Keys    []int     // physical dimension columns that name a row
	Pooled  Base      // rounding that all count columns together show

	keys *keyCache
}
