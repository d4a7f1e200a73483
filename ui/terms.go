package ui

import (
	"fmt"
	"io/fs"
	"strings"

	"sallyport/docs"
)

// term is a word of the field with what it means here.
type term struct{ Key, Means string }

// readGlossary reads the glossary of the guides: what each term means, by the term
// in small letters. Each is a paragraph of one line, "**Term**, another word for it:
// what it means."
func readGlossary() (map[string]string, error) {
	text, err := fs.ReadFile(docs.Files(), "glossary.md")
	if err != nil {
		return nil, fmt.Errorf("reading the glossary: %w", err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(text)) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "**")
		name, rest, end := strings.Cut(rest, "**")
		_, means, said := strings.Cut(rest, ": ")
		if ok && end && said {
			all[strings.ToLower(name)] = strings.ReplaceAll(means, "`", "")
		}
	}
	return all, nil
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
	means, ok := w.glossary[key]
	if !ok {
		return termUse{}, fmt.Errorf("%q is no term of the glossary", key)
	}
	x := termUse{term: term{key, means}, Words: key, ID: "term-" + strings.ReplaceAll(key, " ", "-"), First: !w.told[key]}
	if len(other) > 0 {
		x.Words = other[0]
	}
	if x.First {
		w.told[key] = true
		w.used = append(w.used, x)
	}
	return x, nil
}

// explained are the terms that the page has used so far, in their order.
func (w *words) explained() []termUse { return w.used }
