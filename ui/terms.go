package ui

import (
	"fmt"
	"strings"
)

// term is a word of the field with what it means here, as docs/glossary.md has it.
type term struct{ Key, Means string }

// terms are the words that pages explain where they use them. A test holds them
// to the glossary.
func terms() []term {
	return []term{
		{"acknowledgement", "what a researcher says of one finding, with a code and a sentence. It explains the finding, and neither hides nor lowers it."},
		{"checkpoint", "a signed statement of how many events the record has and what they are, with which nobody can change it later unnoticed."},
		{"consolidation", "the part of a review after both checkers have handed theirs in: all is visible to both, and decisions may change on record."},
		{"context", "what the researcher writes about a group of files, so that it can be understood alone."},
		{"controls", "the redaction and rounding applied to a group of files."},
		{"finding", "what an automated check points at, with the cells and the arithmetic. People decide what it means."},
		{"group", "files of a request that share a description."},
		{"package", "the folder or ZIP in which a release leaves, with the record of how it was checked."},
		{"release folder", "a folder of the workspace named `release`, or `release` with a date, from which files are requested."},
		{"seat", "one of the two places of a request's checkers."},
		{"supporting file", "reviewed with the outputs, and never released: the table under a figure, for example."},
		{"workspace", "the folder in which one study's results lie."},
	}
}

// termUse is one use of a term on a page.
type termUse struct {
	term
	Words string // as the sentence has it: "seats"
	ID    string // of its explanation at the foot of the page
	First bool   // it was not used on the page before
}

// term is a use of a term in other words than its own, where words has any. The
// first on a page leads to what the term means, at the foot of the page.
func (w *words) term(key string, other ...string) (termUse, error) {
	for _, t := range terms() {
		if t.Key != key {
			continue
		}
		x := termUse{term: t, Words: key, ID: "term-" + strings.ReplaceAll(key, " ", "-"), First: !w.told[key]}
		if len(other) > 0 {
			x.Words = other[0]
		}
		if x.First {
			w.told[key] = true
			w.used = append(w.used, x)
		}
		return x, nil
	}
	return termUse{}, fmt.Errorf("%q is no term of the glossary", key)
}

// explained are the terms that the page has used so far, in their order.
func (w *words) explained() []termUse { return w.used }
