package checks

import (
	"context"

	"sallyport/policy"
)

// Kind is one grade of a check's findings.
type Kind struct {
	Name     string          // "" for the only kind
	Severity policy.Severity // default, unless the policy names "check/kind" or "check"
	Doc      string          // what it means, one sentence
}

// A Check finds one sort of problem. It is data plus one function; [Validate]
// holds it to having all of its words.
type Check struct {
	Name    string // id, stable: "small-count"
	Version int    // raised when the same input may give other findings
	Title   string // "Small counts"
	Doc     string // for the reader of a finding: what it is and why it matters
	Source  string // the rule it rests on, with its public document
	Example string // a worked example, input and finding
	FixR    string // how to mend it in R
	FixPy   string // how to mend it in Python
	Kinds   []Kind

	// File looks at one file alone. Set looks at all files of a request, and at
	// what was released before. A check has one or both.
	File func(*Pass) error
	Set  func(*SetPass) error
}

// Pass is one check's view of one file.
type Pass struct {
	// Context is done when the time for this check is up.
	Context context.Context
	Check   *Check
	Policy  *policy.Policy
	Doc     *Document
	// Workspace says that the origins of files were looked up; see [Set].
	Workspace bool
	report    func(Finding)
}

// Report adds a finding. Check, Kind and Confidence (1 when zero) are completed,
// and Severity is set from the policy: "check/kind", then "check", then the
// kind's default. A check that must deviate (a count column of low confidence
// drops a level) sets Severity itself, and the policy may then only silence it.
func (p *Pass) Report(f Finding) { p.report(f) }

// Severity is what the policy says of a kind of this check's findings.
func (p *Pass) Severity(kind string) policy.Severity { return severityOf(p.Policy, p.Check, kind) }

// SetPass is one check's view of a whole set.
type SetPass struct {
	// Context is done when the time for this check is up.
	Context context.Context
	Check   *Check
	Policy  *policy.Policy
	Docs    []*Document // in the set's order; unreadable ones are left out
	Earlier []*Document // what the workspace released before
	memo    *factMemo
	report  func(path string, f Finding)
}

// Report adds a finding to the file at path, which must be one of Docs.
func (p *SetPass) Report(path string, f Finding) { p.report(path, f) }

// Severity is what the policy says of a kind of this check's findings.
func (p *SetPass) Severity(kind string) policy.Severity { return severityOf(p.Policy, p.Check, kind) }
