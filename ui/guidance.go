package ui

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"sallyport/policy"
)

// guide says how far one field of a group has come.
type guide struct {
	ID, Label string
	Done      bool
	Hints     []string // gentle: none of them stops anything
}

// What makes a text look thin, or like data that was pasted into it.
const (
	thinText    = 25 // characters
	manyNumbers = 20
)

var (
	number    = regexp.MustCompile(`\d[\d,.]*`)
	noneFound = regexp.MustCompile(`(?i)^\s*(none|no|n/?a|not applicable)\b`)
)

// guides looks at what was written, field by field.
func guides(fields []policy.Field, values map[string]string) []guide {
	out := make([]guide, 0, len(fields))
	for _, f := range fields {
		text := strings.TrimSpace(values[f.ID])
		g := guide{ID: f.ID, Label: f.Label, Done: text != "" || !f.Required}
		g.Hints = hints(f, text)
		out = append(out, g)
	}
	return out
}

func hints(f policy.Field, text string) []string {
	var out []string
	if text == "" {
		if f.Required {
			return []string{"Still to be written."}
		}
		return nil
	}
	none := noneFound.MatchString(text)
	if len([]rune(text)) < thinText && !none {
		out = append(out, "Short. A checker reads this without you beside them: would a sentence more help?")
	}
	if wantsNumber(f) && !none && !strings.ContainsFunc(text, unicode.IsDigit) {
		out = append(out, "No number yet: say how many, rounded as in the file.")
	}
	if dataRows(text) >= 2 {
		out = append(out, "This looks like rows of data. Describe the data; do not paste it.")
	} else if n := len(number.FindAllString(text, -1)); n > manyNumbers {
		out = append(out, fmt.Sprintf("There are %d numbers in this text. Please check that none is a data point.", n))
	}
	return out
}

// dataRows counts the lines that look like rows of a table: three cells or
// more, all short, one of them a bare number.
func dataRows(text string) int {
	n := 0
	for line := range strings.Lines(text) {
		cells := strings.FieldsFunc(strings.TrimSpace(line), func(r rune) bool { return strings.ContainsRune(",\t;|", r) })
		bare := false
		long := slices.ContainsFunc(cells, func(cell string) bool {
			cell = strings.TrimSpace(cell)
			bare = bare || cell != "" && number.FindString(cell) == cell
			return len(cell) > 20
		})
		if len(cells) >= 3 && bare && !long {
			n++
		}
	}
	return n
}

// wantsNumber reports whether a field's own words ask for a count or threshold.
func wantsNumber(f policy.Field) bool {
	words := strings.ToLower(f.Label + " " + f.Help)
	return strings.Contains(words, "how many") || strings.Contains(words, "threshold") ||
		strings.Contains(words, "degrees of freedom") || strings.Contains(words, "the base")
}
