package policy

import (
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Retention says how long things stay. What a policy does not say is kept for
// ever. The record itself always is.
type Retention struct {
	// Drafts is how long a draft may lie untouched before it is withdrawn, its
	// author having been told DraftNotice days before.
	Drafts      Days `yaml:"drafts"`
	DraftNotice int  `yaml:"draft_notice"`
	// Blobs are the stored bytes, from the end of their request.
	Blobs BlobRetention `yaml:"blobs"`
	// Findings is "with-blobs" when findings, which quote the files, go as the
	// bytes do; "never" or "" when they stay.
	Findings string `yaml:"findings"`
	// Packages are those in the service's own export folder, from the delivery.
	Packages Days `yaml:"packages"`
	// Sessions are those that are over.
	Sessions Days `yaml:"sessions"`
	// Jobs are those of the outbox that are done, from when they were last due.
	Jobs Days `yaml:"jobs"`
	// Notices are those that were sent.
	Notices Days `yaml:"notices"`
	// Events is always Never: proofs rest on them.
	Events Days `yaml:"events"`
}

// FindingsWithBlobs is the value of Retention.Findings that lets them go.
const FindingsWithBlobs = "with-blobs"

// BlobRetention is for how long stored bytes outlive their request.
type BlobRetention struct {
	Withdrawn Days `yaml:"withdrawn"`
	Rejected  Days `yaml:"rejected"`
	Released  Days `yaml:"released"`
	// Recalled is counted from the last report; it takes the place of Released.
	Recalled Days `yaml:"recalled"`
	// Unnamed are bytes that no request ever named, because adding them was cut
	// short, counted from when they were stored.
	Unnamed Days `yaml:"unnamed"`
}

// Days is a number of days, or Never. In a document it is a whole number above
// 0, or the word "never".
type Days int

// Never is the zero value: the thing is kept.
const Never Days = 0

// UnmarshalYAML reads a number of days or "never".
func (d *Days) UnmarshalYAML(n *yaml.Node) error {
	if n.Value == "never" {
		*d = Never
		return nil
	}
	days, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || days < 1 || days > maxDays {
		return &LoadError{n.Line, fmt.Sprintf(`must be "never" or a number of days from 1 to %d`, maxDays)}
	}
	*d = Days(days)
	return nil
}

// MinOutbox is the fewest days for which finished jobs and notices are kept: an
// effect is brought about once because its job is remembered, and some are asked
// for again and again for a month, as the warning that a training ends.
const MinOutbox Days = 60

// maxDays is a hundred years.
const maxDays = 36525

func (d Days) String() string {
	if d == Never {
		return "never"
	}
	return strconv.Itoa(int(d)) + " days"
}

func retentionRules(p *Policy) []rule {
	r := p.Retention
	long := func(d Days) bool { return d == Never || d >= MinOutbox }
	tooShort := fmt.Sprintf(`must be "never" or at least %d: what was sent is not sent again because it is remembered`, MinOutbox)
	return []rule{
		{long(r.Jobs), tooShort, []string{"retention", "jobs"}},
		{long(r.Notices), tooShort, []string{"retention", "notices"}},
		{r.DraftNotice >= 0 && (r.Drafts == Never || r.DraftNotice < int(r.Drafts)), "must be less than drafts", []string{"retention", "draft_notice"}},
		{r.Drafts == Never || r.DraftNotice >= 1, "must be at least 1: authors are told before a draft is withdrawn", []string{"retention", "draft_notice"}},
		{r.Findings == "" || r.Findings == "never" || r.Findings == FindingsWithBlobs, `must be "never" or "with-blobs"`, []string{"retention", "findings"}},
		{r.Events == Never, `must be "never": the record and its proofs rest on every event`, []string{"retention", "events"}},
	}
}
