package policy

// Severity says how much weight a finding carries. It never decides anything:
// people do.
type Severity string

const (
	// Off silences a kind of finding altogether.
	Off Severity = "off"
	// Note is context for the reader.
	Note Severity = "note"
	// Warn is probably a breach, or needs the researcher's explanation.
	Warn Severity = "warn"
	// Block contradicts an explicit rule on its face; approval needs a
	// recorded disposition by each checker.
	Block Severity = "block"
)

// Rank orders severities: Off < Note < Warn < Block. An unknown severity ranks
// as Block, so that a slip in a policy never hides a finding.
func (s Severity) Rank() int {
	switch s {
	case Off:
		return 0
	case Note:
		return 1
	case Warn:
		return 2
	default:
		return 3
	}
}

// Lower returns the next weaker severity, and never goes below Note.
func (s Severity) Lower() Severity {
	if s == Block {
		return Warn
	}
	return Note
}

// Policy is what one organisation allows to leave, as data. Load it; the zero
// value allows nothing. Numbers are counts of people unless said otherwise.
type Policy struct {
	Name    string `yaml:"name"`
	Version string `yaml:"version"`

	PermittedResults PermittedResults    `yaml:"permitted_results"`
	Files            Files               `yaml:"files"`
	Counts           Counts              `yaml:"counts"`
	Models           Models              `yaml:"models"`
	Dominance        Dominance           `yaml:"dominance"`
	Tails            Tails               `yaml:"tails"`
	Severity         map[string]Severity `yaml:"severity"` // key "check" or "check/kind"
	Context          []Field             `yaml:"context"`
	Controls         []Field             `yaml:"controls"`
	Checklist        []ChecklistItem     `yaml:"checklist"`
	Review           Review              `yaml:"review"`
	Retention        Retention           `yaml:"retention"`
	Malware          Malware             `yaml:"malware"`
	SignIn           SignIn              `yaml:"sign_in"`
	// Granting says how roles are given: see [Granting].
	Granting Granting `yaml:"grants"`
	// Acknowledgements are the ways in which an author may answer a finding.
	Acknowledgements []ChecklistItem `yaml:"acknowledgements"`
	// CurationBackends are the backends on which data curation may be done.
	CurationBackends []string `yaml:"curation_backends"`

	// SHA256 is the hex digest of the YAML text the policy was loaded from. It
	// names the policy in findings, decisions and release manifests.
	SHA256 string `yaml:"-"`
	// Source is that YAML text, kept so that a release can carry it in full.
	Source []byte `yaml:"-"`
}

// Ref names a policy precisely, for records.
type Ref struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

// Ref returns the policy's name, version and digest.
func (p *Policy) Ref() Ref { return Ref{p.Name, p.Version, p.SHA256} }

// PermittedResults is the organisation's permitted study results policy, whose
// version in force a researcher confirms at submission.
type PermittedResults struct {
	Name    string `yaml:"name"`
	Version string `yaml:"version"`
	URL     string `yaml:"url"`
}

// Files limits what kind of file may be requested.
type Files struct {
	// Types maps a lower-case extension with its dot (".csv") to its rule. An
	// extension that is not listed needs an exception.
	Types    map[string]TypeRule `yaml:"types"`
	MaxBytes int64               `yaml:"max_bytes"` // 16 MB = 16 777 216
	// ExceptionMaxBytes is the largest file that may be asked for as an
	// exception to MaxBytes.
	ExceptionMaxBytes int64 `yaml:"exception_max_bytes"`
	MaxRows           int   `yaml:"max_rows"`    // data rows of one table
	MaxColumns        int   `yaml:"max_columns"` // above it a note
	// Copy lets people copy contents that a page shows. Without it pages prevent
	// copying and say so; this reminds people of a rule and is no barrier to
	// anybody who means to break it.
	Copy bool `yaml:"copy"`
}

// TypeRule says what an allowed file type is for and what it needs.
type TypeRule struct {
	Use string `yaml:"use"` // table, figure, text, data, report or log
	// Needs lists what a group with such a file must carry: "supporting-table",
	// "code-link", "justification".
	Needs []string `yaml:"needs"`
}

// Counts holds the rules for counts of people.
type Counts struct {
	Threshold   int      `yaml:"threshold"`    // T: counts 1..T must not be shown
	RoundBase   int      `yaml:"round_base"`   // B
	AcceptBases []int    `yaml:"accept_bases"` // further nearest-b bases that count as rounded; multiples of B always do
	Midpoint    []int    `yaml:"midpoint"`     // midpoint bases that count as rounded
	Rounding    string   `yaml:"rounding"`     // "required" or "advised"
	NarrowWidth int      `yaml:"narrow_width"` // W: an attacker's interval narrower than this is too narrow
	Zero        Severity `yaml:"zero"`
}

// Models holds the rules for regression outputs.
type Models struct {
	DFMin        int     `yaml:"df_min"`
	ParamsPerObs float64 `yaml:"params_per_obs"`
}

// Dominance holds the (n,k) and p-percent rules for magnitude tables.
type Dominance struct {
	N int     `yaml:"n"`
	K float64 `yaml:"k"` // share of the total held by the N largest
	P float64 `yaml:"p"` // share of the largest left as protection
}

// Tails holds the rule for percentiles.
type Tails struct {
	Min int `yaml:"min"` // people beyond a percentile
}

// Field is one thing a researcher writes about a group of files.
type Field struct {
	ID       string `yaml:"id"`
	Label    string `yaml:"label"`
	Help     string `yaml:"help"`
	Required bool   `yaml:"required"`
	// When limits the field to groups that contain such a use of file (see
	// TypeRule.Use); empty means every group.
	When []string `yaml:"when"`
}

// ChecklistItem is one statement the researcher confirms at submission.
type ChecklistItem struct {
	ID   string `yaml:"id"`
	Text string `yaml:"text"`
}

// Review holds the rules of the review itself.
type Review struct {
	Approvals    int `yaml:"approvals"`     // independent approvals a file needs; at least 2
	FeedbackDays int `yaml:"feedback_days"` // working days promised
	// Holidays names the bank holidays that are no working days: "england" or
	// "none". Closed adds single days, as 2006-01-02.
	Holidays string   `yaml:"holidays"`
	Closed   []string `yaml:"closed"`
	// RemindDays is how many working days before the promise a checker is
	// reminded, and again each working day after it.
	RemindDays int `yaml:"remind_days"`
	// AbandonedDays is how long a draft may lie untouched before it is shown as
	// abandoned.
	AbandonedDays int `yaml:"abandoned_days"`
}
