package ui

import (
	"regexp"
	"strconv"
	"strings"

	"sallyport/checks"
)

// Signs that cells of a finding's arithmetic carry beside their highlight, so
// that it can be followed without telling colours apart.
const (
	signChosen = "◆"
	signTotal  = "Σ"
)

// arithmetic is how a finding's value is known, to be read beside its cells.
type arithmetic struct {
	Lines []sum
	Total bool // a total is among the related cells
	Parts bool
}

// sum is one line of it: as the check wrote it, and in words when it is a total
// less its parts.
type sum struct{ Text, Words string }

// shownSums bounds the lines of arithmetic over a table; the finding has all.
const shownSums = 6

// arithmeticOf finds the equations among a finding's evidence.
func arithmeticOf(v *findingView) *arithmetic {
	if len(v.finding.Related) == 0 {
		return nil
	}
	var out arithmetic
	for _, key := range []string{"arithmetic", "formula", "sums", "example", "relation"} {
		val, ok := v.finding.Evidence[key]
		if !ok {
			continue
		}
		for _, line := range linesOf(val) {
			if line = strings.TrimSpace(line); line != "" && len(out.Lines) < shownSums {
				out.Lines = append(out.Lines, sum{printable(line), subtractionInWords(line)})
			}
		}
	}
	for _, r := range v.Related {
		out.Total = out.Total || r.Sign == signTotal
		out.Parts = out.Parts || r.Sign != "" && r.Sign != signTotal
	}
	if len(out.Lines) == 0 {
		return nil
	}
	return &out
}

// linesOf is a piece of evidence, line by line: fresh from a check, or as it
// comes back from the store.
func linesOf(val any) []string {
	switch v := val.(type) {
	case []string:
		return v
	case []any:
		var out []string
		for _, e := range v {
			out = append(out, inWords(e))
		}
		return out
	}
	return strings.Split(inWords(val), "\n")
}

var subtraction = regexp.MustCompile(`^([0-9][0-9,.]*)((?: - [0-9][0-9,.]*)+) = ([^;]*)(?:; (.*))?$`)

// subtractionInWords says "60 - 10 - 15 = 35" as a sentence, "" for what is no
// such sum.
func subtractionInWords(line string) string {
	m := subtraction.FindStringSubmatch(line)
	if m == nil {
		return ""
	}
	parts := strings.Split(strings.TrimPrefix(m[2], " - "), " - ")
	words := "The total " + m[1] + " less its part " + parts[0]
	if n := len(parts); n > 1 {
		words = "The total " + m[1] + " less its parts " + strings.Join(parts[:n-1], ", ") + " and " + parts[n-1]
	}
	words += " leaves " + printable(m[3])
	if m[4] != "" {
		words += " (" + printable(m[4]) + ")"
	}
	return words + "."
}

// signs gives the cells that explain a finding the signs by which they are told
// apart: the total Σ, where the arithmetic begins with its value, and letters in
// the order in which the check names the others.
func signs(f *checks.Finding, related []cellLink) {
	begins := ""
	for _, key := range []string{"arithmetic", "sums"} {
		if val, ok := f.Evidence[key]; ok && begins == "" {
			if lines := linesOf(val); len(lines) > 0 {
				begins, _, _ = strings.Cut(lines[0], " - ")
			}
		}
	}
	next := 0
	for i := range related {
		if i == 0 && begins != "" && strings.ReplaceAll(related[i].Value, ",", "") == strings.ReplaceAll(begins, ",", "") {
			related[i].Sign = signTotal
			continue
		}
		related[i].Sign = letter(next)
		next++
	}
}

// letter is a, b, ... z, then numbers.
func letter(n int) string {
	if n < 26 {
		return string(rune('a' + n))
	}
	return strconv.Itoa(n + 1)
}
