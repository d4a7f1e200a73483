package checks

import (
	"fmt"
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
	FixR:    `df <- df |> select(-nhs_number)`,
	FixPy:   `df = df.drop(columns=["nhs_number"])`,
	Kinds:   []Kind{{"", policy.Block, "values that are NHS numbers by their check digit and their setting"}},
	File: func(p *Pass) error {
		said := inText(p, "", "an NHS number", nhsInLine) || nhsList(p)
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

// nhsList reports a text in which nearly all ten-digit numbers pass the check
// digit, as one that lists them does.
func nhsList(p *Pass) bool {
	if p.Doc.Text == nil {
		return false
	}
	f := Finding{}
	different, places, valid := map[string]bool{}, 0, 0
	for i, l := range p.Doc.Text.Lines {
		eachNumber(l, func(from, to int) {
			if to-from != 10 || glued(l, from, to) {
				return
			}
			if places++; len(different) < maxPlaces {
				different[l[from:to]] = true
			}
			if nhsValid(l[from:to]) {
				if valid++; valid <= maxPlaces {
					f.Rows = append(f.Rows, Row{Line: i + 1, Value: masked(l[from:to])})
				}
			}
		})
	}
	if len(different) < 5 || 10*valid < 9*places {
		return false
	}
	f.Message = fmt.Sprintf("The text lists NHS numbers: %d of %d ten-digit numbers pass the check digit; one in eleven would by chance.", valid, places)
	f.Evidence = map[string]any{"ten_digit_values": places, "valid": valid}
	p.Report(f)
	return true
}

// eachNumber calls f for every run of digits in a line.
func eachNumber(l string, f func(from, to int)) {
	for i := 0; i < len(l); i++ {
		if !isDigit(l[i]) {
			continue
		}
		from := i
		for i < len(l) && isDigit(l[i]) {
			i++
		}
		f(from, i)
	}
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

// hasNHS says whether a text holds the letters NHS at the start of a word.
func hasNHS(s string) bool { return wordNHS(s) >= 0 }

// wordNHS returns where the letters NHS first start a word, or -1.
func wordNHS(s string) int {
	for i := 0; i+3 <= len(s); i++ {
		if s[i]|0x20 == 'n' && strings.EqualFold(s[i:i+3], "nhs") && (i == 0 || !isLetter(s[i-1])) {
			return i
		}
	}
	return -1
}

// nhsInLine finds NHS numbers in prose: after the letters NHS, or grouped and
// with no other digit on the line, which columns of numbers would have. It goes
// over the line a fixed number of times, however many numbers there are.
func nhsInLine(l string) []string {
	digits := 0
	for i := range len(l) {
		if isDigit(l[i]) {
			digits++
		}
	}
	if digits < 10 {
		return nil
	}
	word := wordNHS(l)
	var out []string
	for i := 0; i < len(l); {
		if !isDigit(l[i]) {
			i++
			continue
		}
		n := len(l[i:]) - len(strings.TrimLeft(l[i:], "0123456789"))
		for _, size := range [...]int{10, 12} {
			if i+size > len(l) {
				continue
			}
			number, grouped := nhsDigits(l[i : i+size])
			if number == "" || glued(l, i, i+size) || !nhsValid(number) {
				continue
			}
			if word >= 0 && word < i || grouped && digits == 10 {
				out = append(out, l[i:i+size])
				n = size
			}
		}
		i += n
	}
	return out
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// glued says whether l[from:to] is part of a longer number or word.
func glued(l string, from, to int) bool {
	part := func(c byte) bool { return isDigit(c) || c == '.' || c == '_' || isLetter(c) }
	return from > 0 && (part(l[from-1]) || l[from-1] == '-') || to < len(l) && part(l[to]) && !(l[to] == '.' && (to+1 == len(l) || l[to+1] == ' '))
}
