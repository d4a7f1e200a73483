package checks

import (
	"fmt"
	"regexp"
	"strings"

	"sallyport/checks/table"
	"sallyport/policy"
)

var idNHSNumber = Check{
	Name: "id-nhs-number", Version: 1, Title: "NHS numbers",
	Doc: "An NHS number names one patient for life. One number in eleven passes the check digit by chance, " +
		"so more is asked for: the way it is written, what the column is called, or a whole column that passes.",
	Source:  directIdentifiers + " Check digit: NHS Data Dictionary, NHS number (modulus 11).",
	Example: "943 476 5919 in a cell: reported. Sixty ten-digit person-days, of which five or six pass the check digit: not.",
	FixR:    `select(-nhs_number)`, FixPy: `df = df.drop(columns=["nhs_number"])`,
	Kinds: []Kind{{"", policy.Block, "values that are NHS numbers by their check digit and their setting"}},
	File: func(p *Pass) error {
		said := inText(p, "", "an NHS number", nhsInLine)
		for _, t := range p.Doc.Tables {
			for _, c := range t.Columns {
				if !said || !t.Source.Weak {
					nhsColumn(p, t, c)
				}
			}
		}
		return nil
	},
}

// nhsColumn reports a column in which NHS numbers are found by grouping, by the
// column's name, or because nearly all of its ten-digit values pass.
func nhsColumn(p *Pass, t *table.Table, c *table.Column) {
	numbers := c.Numbers() > 0 && c.Max() >= 1e9
	if !numbers && c.KindCount(table.Text) == 0 && c.KindCount(table.Date) == 0 {
		return
	}
	named := c.HasToken("nhs")
	var valid, grouped []int
	ten := map[string]bool{}
	candidates := 0
	for i := range c.Cells {
		s := strings.TrimSpace(c.Cells[i].Raw)
		digits, spaced := nhsDigits(s)
		if digits == "" {
			if c.Cells[i].Kind == table.Text && len(nhsInLine(s)) > 0 && hasNHS(s) {
				grouped = append(grouped, i)
			}
			continue
		}
		candidates++
		ten[digits] = true
		if nhsValid(digits) {
			valid = append(valid, i)
			if spaced {
				grouped = append(grouped, i)
			}
		}
	}
	cells, why := grouped, "written in groups of 3, 3 and 4"
	switch {
	case named && len(valid) > 0:
		cells, why = valid, "the column's name says so"
	case len(ten) >= 5 && 10*len(valid) >= 9*candidates && 2*candidates >= c.Filled():
		cells, why = valid, "nine in ten ten-digit values pass the check digit; one in eleven would by chance"
	}
	if len(cells) == 0 {
		return
	}
	f := maskedCells("", t, c, cells)
	f.Message = fmt.Sprintf("%s in %q: NHS numbers by their check digit, and %s.", counted(len(cells), "value"), short(c.Name), why)
	f.Evidence["ten_digit_values"], f.Evidence["valid"], f.Evidence["why"] = candidates, len(valid), why
	p.Report(f)
}

// nhsDigits returns the ten digits of a cell that holds nothing else, and
// whether they stand in groups of 3, 3 and 4.
func nhsDigits(s string) (digits string, grouped bool) {
	switch len(s) {
	case 10:
	case 12:
		if s[3] != s[7] || s[3] != ' ' && s[3] != '-' {
			return "", false
		}
		s, grouped = s[:3]+s[4:7]+s[8:], true
	default:
		return "", false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return "", false
		}
	}
	return s, grouped
}

// nhsValid checks ten digits by modulus 11; ten equal digits are no number.
func nhsValid(s string) bool {
	sum, same := 0, true
	for i := range 9 {
		sum += int(s[i]-'0') * (10 - i)
		same = same && s[i] == s[0]
	}
	check := 11 - sum%11
	if check == 11 {
		check = 0
	}
	return check == int(s[9]-'0') && !(same && s[9] == s[0])
}

var (
	nhsLike    = regexp.MustCompile(`\d{3}[ -]\d{3}[ -]\d{4}|\d{10}`)
	nhsWord    = regexp.MustCompile(`(?i)\bnhs`)
	otherDigit = regexp.MustCompile(`\d`)
)

func hasNHS(s string) bool { return nhsWord.MatchString(s) }

// nhsInLine finds NHS numbers in prose: after the letters NHS, or grouped and
// with no other number on the line, which columns of numbers would have.
func nhsInLine(l string) []string {
	var out []string
	for _, at := range nhsLike.FindAllStringIndex(l, -1) {
		s := l[at[0]:at[1]]
		digits, grouped := nhsDigits(s)
		alone := !otherDigit.MatchString(l[:at[0]]) && !otherDigit.MatchString(l[at[1]:])
		if digits == "" || !nhsValid(digits) || glued(l, at[0], at[1]) {
			continue
		}
		if hasNHS(l[:at[0]]) || grouped && alone {
			out = append(out, s)
		}
	}
	return out
}

// glued says whether l[from:to] is part of a longer number or word.
func glued(l string, from, to int) bool {
	part := func(c byte) bool {
		return c >= '0' && c <= '9' || c == '.' || c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z'
	}
	return from > 0 && (part(l[from-1]) || l[from-1] == '-') || to < len(l) && part(l[to]) && !(l[to] == '.' && (to+1 == len(l) || l[to+1] == ' '))
}
