package checks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"sallyport/checks/table"
	"sallyport/policy"
)

const directIdentifiers = sdc + "direct identifiers must never leave."

// masked shows so much of an identifier that a person finds it again, and no
// more: "943…919".
func masked(s string) string {
	s = strings.TrimSpace(strings.ToValidUTF8(s, "\uFFFD"))
	r := []rune(s)
	if at := strings.IndexByte(s, '@'); at > 0 {
		_, n := utf8.DecodeRuneInString(s)
		return s[:n] + "…@…"
	}
	switch {
	case len(r) >= 9:
		return string(r[:3]) + "…" + string(r[len(r)-3:])
	case len(r) >= 4:
		return string(r[:1]) + "…" + string(r[len(r)-1:])
	}
	return "…"
}

// maskedCells starts a finding about cells of one column with their values
// masked; rows have no key, which could itself be the identifier.
func maskedCells(kind string, t *table.Table, c *table.Column, cells []int) Finding {
	f := Finding{Kind: kind, Table: t.Source.Name, Column: c.Name, ColumnIndex: Int(c.Index),
		Evidence: map[string]any{"cells": len(cells)}}
	for _, i := range cells {
		row := c.Row(i)
		f.Rows = append(f.Rows, Row{Line: t.Line(row), Row: Int(row), Value: masked(c.Cells[i].Raw)})
	}
	return f
}

// textCells lists the cells of a column that are text, so not empty, and satisfy
// f, which must depend on nothing but its text.
func textCells(c *table.Column, f func(string) bool) []int {
	if c.KindCount(table.Text) == 0 {
		return nil
	}
	var out []int
	last, hit := "", false // labels repeat from row to row
	for i := range c.Cells {
		x := &c.Cells[i]
		if x.Kind != table.Text {
			continue
		}
		if x.Raw != last {
			last, hit = x.Raw, f(strings.TrimSpace(x.Raw))
		}
		if hit {
			out = append(out, i)
		}
	}
	return out
}

// inColumns reports, per physical column, the text cells that satisfy cell, and
// headers that do, for a table may have people for columns. Tables printed in a
// text whose lines were already reported are left out.
func inColumns(p *Pass, kind, what string, inText bool, cell func(string) bool) {
	for _, t := range p.Doc.Tables {
		if inText && t.Source.Weak {
			continue
		}
		for _, c := range t.Columns {
			if cell(strings.TrimSpace(c.Name)) {
				p.Report(Finding{Kind: kind, Table: t.Source.Name, Column: masked(c.Name), ColumnIndex: Int(c.Index),
					Message: fmt.Sprintf("The name of a column is %s.", what), Evidence: map[string]any{"cells": 0}})
			}
			if cells := textCells(c, cell); len(cells) > 0 {
				f := maskedCells(kind, t, c, cells)
				f.Message = fmt.Sprintf("%s in %q %s.", counted(len(cells), "cell"), short(c.Name), areOrIs(len(cells), what))
				p.Report(f)
			}
		}
	}
}

func areOrIs(n int, what string) string {
	if n == 1 {
		return "is " + what
	}
	return "are each " + what
}

// maxPlaces bounds the rows of one finding about a text; all places are counted.
const maxPlaces = 20_000

// inText reports the places in printed text that find names, all in one
// finding, and says whether there were any.
func inText(p *Pass, kind, what string, find func(line string) []string) bool {
	if p.Doc.Text == nil {
		return false
	}
	f := Finding{Kind: kind}
	places := 0
	for i, l := range p.Doc.Text.Lines {
		for _, s := range find(l) {
			if places++; places <= maxPlaces {
				f.Rows = append(f.Rows, Row{Line: i + 1, Value: masked(s)})
			}
		}
	}
	if places == 0 {
		return false
	}
	f.Message = fmt.Sprintf("The text holds %s, first at line %d.", what, f.Rows[0].Line)
	if places > 1 {
		f.Message = fmt.Sprintf("The text holds %s in %d places, first at line %d.", what, places, f.Rows[0].Line)
	}
	f.Evidence = map[string]any{"places": places}
	p.Report(f)
	return true
}

var idEmail = Check{
	Name: "id-email", Version: 1, Title: "Email addresses",
	Doc: "An email address names a person. It has no place in a result.", Source: directIdentifiers,
	Example: "who,n / a.b@nhs.net,20: reported. A column of numbers is not looked at.",
	FixR:    `df <- df |> select(-email)`,
	FixPy:   `df = df.drop(columns=["email"])`,
	Kinds: []Kind{
		{"column", policy.Block, "a cell of a table holds an email address"},
		{"text", policy.Warn, "an email address in a text; it may be that of an author"},
	},
	File: func(p *Pass) error {
		find := func(l string) []string {
			var out []string
			for from := 0; ; {
				at := strings.IndexByte(l[from:], '@')
				if at < 0 {
					return out
				}
				at += from
				// An address has at most 64 bytes before the sign and 255 after it.
				start := max(from, at-64)
				m := email.FindStringIndex(l[start:min(len(l), at+256)])
				if from = at + 1; m != nil && start+m[0] < at && at < start+m[1] {
					out = append(out, l[start+m[0]:start+m[1]])
					from = start + m[1]
				}
			}
		}
		said := inText(p, "text", "an email address", find)
		inColumns(p, "column", "an email address", said, func(s string) bool { return find(s) != nil })
		return nil
	},
}

var email = regexp.MustCompile(`\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b`)

var idPhone = Check{
	Name: "id-phone", Version: 1, Title: "Telephone numbers",
	Doc: "A telephone number leads to a person. It has no place in a result.", Source: directIdentifiers,
	Example: "contact,n / 020 7946 0958,20: reported. 7946095812, without the leading zero, is not.",
	FixR:    `df <- df |> select(-phone)`,
	FixPy:   `df = df.drop(columns=["phone"])`,
	Kinds: []Kind{
		{"column", policy.Block, "a whole cell is a UK telephone number"},
		{"text", policy.Warn, "a telephone number in a text, introduced as one"},
	},
	File: func(p *Pass) error {
		said := inText(p, "text", "a telephone number", func(l string) []string {
			return firstGroups(phoneInText, l, "tel", "Tel", "TEL", "hone", "HONE", "obile", "OBILE")
		})
		inColumns(p, "column", "a telephone number", said, isPhone)
		return nil
	},
}

var (
	phone       = regexp.MustCompile(`^(?:\+44 ?(?:\(0\) ?)?|\(?0)(?:7\d{3}|1\d{3}|1\d1|11\d|20|2\d|3\d{2}|8\d{2})\)?[ -]?\d{3,4}[ -]?\d{3,4}$`)
	phoneInText = regexp.MustCompile(`(?i)(?:tel|telephone|phone|mobile)(?: no| number)?[.:\s]{1,4}((?:\+44|0)[\d ()-]{9,14}\d)`)
)

// isPhone wants a whole cell with ten or eleven digits after the +44 or the 0.
func isPhone(s string) bool {
	if len(s) < 10 || len(s) > 20 || s[0] != '0' && s[0] != '+' && s[0] != '(' {
		return false
	}
	digits := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			digits++
		}
	}
	return digits >= 10 && digits <= 13 && phone.MatchString(s)
}

// firstGroups returns the first group of every match. A line without one of the
// words is not searched.
func firstGroups(re *regexp.Regexp, l string, words ...string) []string {
	if !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(l, w) }) {
		return nil
	}
	var out []string
	for _, m := range re.FindAllStringSubmatch(l, -1) {
		out = append(out, m[1])
	}
	return out
}

var idDateOfBirth = Check{
	Name: "id-date-of-birth", Version: 1, Title: "Dates of birth",
	Doc: "A date of birth, with anything else, singles a person out. Use age bands.", Source: directIdentifiers,
	Example: "date_of_birth,n / 1950-01-02,20: reported. year_of_birth with counts is a summary by year, and is not.",
	FixR: `df <- df |>
  mutate(age_group = cut(age, c(0, 18, 40, 65, 80, Inf), right = FALSE)) |>
  select(-date_of_birth)`,
	FixPy: `df["age_group"] = pd.cut(df["age"], [0, 18, 40, 65, 80, 130], right=False)
df = df.drop(columns=["date_of_birth"])`,
	Kinds: []Kind{{"", policy.Block, "a column of dates of birth, or one in a text"}},
	File: func(p *Pass) error {
		said := inText(p, "", "a date of birth", func(l string) []string {
			return firstGroups(birthInText, l, "irth", "IRTH", "orn", "BORN", "dob", "DOB", "d.o.b", "D.O.B")
		})
		for _, t := range p.Doc.Tables {
			for _, c := range t.Columns {
				if said && t.Source.Weak {
					break
				}
				if c.Role != table.BirthDate || c.Filled() == 0 || summaryByYear(t, c) {
					continue
				}
				f := maskedCells("", t, c, filled(c))
				f.Confidence = c.Confidence
				f.Message = fmt.Sprintf("%q holds dates of birth.", short(c.Name))
				f.Evidence["why"] = c.Reasons
				p.Report(f)
			}
		}
		return nil
	},
}

var birthInText = regexp.MustCompile(`(?i)\b(?:d\.?o\.?b\.?|date of birth|born on)\W{1,4}(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4})\b`)

// summaryByYear recognises counts by year or month of birth.
func summaryByYear(t *table.Table, c *table.Column) bool {
	return len(t.Counts()) > 0 && c.AllWhole() && (c.Min() >= 1850 && c.Max() <= 2100 || c.Min() >= 1 && c.Max() <= 12)
}

// filled lists the cells that are not missing.
func filled(c *table.Column) []int {
	var out []int
	for i := range c.Cells {
		if c.Cells[i].Kind != table.Missing {
			out = append(out, i)
		}
	}
	return out
}

var idColumn = Check{
	Name: "id-column", Version: 1, Title: "Identifier column",
	Doc:     "A column of identifiers ties each row to a person or a record, even when the identifier is a pseudonym.",
	Source:  directIdentifiers,
	Example: "patient_id,x with thirty different ids: reported. Another id column is reported as a question.",
	FixR:    `df <- df |> select(-patient_id)`,
	FixPy:   `df = df.drop(columns=["patient_id"])`,
	Kinds: []Kind{
		{"patient", policy.Block, "the name says that it identifies patients"},
		{"summary", policy.Warn, "a summary of patient identifiers: its minimum, maximum and quartiles are those of patients"},
		{"other", policy.Warn, "it identifies something; is it people?"},
	},
	File: func(p *Pass) error {
		for _, t := range p.Doc.Tables {
			for _, c := range t.Columns {
				if c.Role == table.ID && c.Filled() > 0 && !countsOf(c) {
					reportIDColumn(p, t, c)
				}
			}
		}
		return nil
	},
}

// countsOf says that the name counts identifiers: "n_patient_id".
func countsOf(c *table.Column) bool {
	words := c.Tokens()
	if len(words) == 0 {
		return false
	}
	switch words[0] {
	case "n", "num", "number", "count", "total", "unique", "distinct":
		return len(words) > 1 && c.AllWhole()
	}
	last := words[len(words)-1]
	return last == "n" || last == "count"
}

// isSummary recognises what pandas' describe() and its like print: rows named
// for statistics.
func isSummary(t *table.Table) bool {
	for _, c := range t.Columns {
		if c.KindCount(table.Text) < 3 {
			continue
		}
		names := textCells(c, func(s string) bool {
			switch strings.ToLower(s) {
			case "mean", "std", "sd", "min", "max", "median":
				return true
			}
			return false
		})
		if distinct(c, names) >= 3 {
			return true
		}
	}
	return false
}

func reportIDColumn(p *Pass, t *table.Table, c *table.Column) {
	kind, message := "other", fmt.Sprintf("%q looks like a column of identifiers (%s). What do they identify?", short(c.Name), counted(c.Distinct(), "different value"))
	if strings.Contains(strings.ToLower(c.Name), "patient") {
		kind, message = "patient", fmt.Sprintf("%q identifies patients (%s).", short(c.Name), counted(c.Distinct(), "different value"))
	}
	if kind == "patient" && isSummary(t) {
		kind, message = "summary", fmt.Sprintf("%q summarises patient identifiers: its minimum, maximum and quartiles are those of patients.", short(c.Name))
	}
	f := maskedCells(kind, t, c, filled(c))
	f.Confidence, f.Message = c.Confidence, message
	f.Evidence["different"], f.Evidence["why"] = c.Distinct(), c.Reasons
	if t.Source.Weak {
		f.Severity = p.Severity(kind).Lower()
	}
	p.Report(f)
}
