package checks

import (
	"fmt"
	"regexp"
	"strings"

	"sallyport/checks/table"
	"sallyport/policy"
)

var idPostcode = Check{
	Name: "id-postcode", Version: 1, Title: "Postcodes",
	Doc:     "A UK postcode stands for about fifteen households. With age or sex it often names one person.",
	Source:  directIdentifiers + " The 124 postcode areas and the letters of inward codes are Royal Mail's.",
	Example: "area,n / OX2 6GG,20: reported. QZ9 9ZZ (no such area) and the ICD-10 code E11 9: not.",
	FixR:    `df <- df |> select(-postcode)`,
	FixPy:   `df = df.drop(columns=["postcode"])`,
	Kinds: []Kind{
		{"column", policy.Block, "whole cells are postcodes"},
		{"text", policy.Warn, "a text holds what could be a postcode"},
	},
	File: func(p *Pass) error {
		find := func(l string) []string {
			var out []string
			for i := 2; i+4 <= len(l); i++ {
				if s := postcodeAt(l, i); s != "" {
					out = append(out, s)
				}
			}
			return out
		}
		said := inText(p, "text", "a postcode", find)
		for _, t := range p.Doc.Tables {
			for _, c := range t.Columns {
				if !said || !t.Source.Weak {
					postcodes(p, t, c)
				}
			}
		}
		return nil
	},
}

// postcodes reports whole-cell postcodes. Without the space they look like
// product codes, so then most of a column, or its name, must say so.
func postcodes(p *Pass, t *table.Table, c *table.Column) {
	named := strings.Contains(strings.ToLower(c.Name), "post")
	var spaced, closed []int
	for _, i := range textCells(c, func(s string) bool { return looksInward(s) && isPostcode(strings.ToUpper(s)) }) {
		switch s := strings.TrimSpace(c.Cells[i].Raw); {
		case !named && s != strings.ToUpper(s):
		case strings.Contains(s, " "):
			spaced = append(spaced, i)
		default:
			closed = append(closed, i)
		}
	}
	cells := spaced
	if named || len(closed) >= 3 && 10*len(closed) >= 8*c.Filled() {
		cells = append(cells, closed...)
	}
	if len(cells) == 0 {
		return
	}
	f := maskedCells("column", t, c, cells)
	f.Message = fmt.Sprintf("%s in %q %s.", counted(len(cells), "cell"), short(c.Name), areOrIs(len(cells), "a UK postcode"))
	p.Report(f)
}

// looksInward is a cheap look at the end of a cell: a digit and two letters.
func looksInward(s string) bool {
	n := len(s)
	return n >= 5 && n <= 8 && isLetter(s[n-1]) && isLetter(s[n-2]) && s[n-3] >= '0' && s[n-3] <= '9'
}

// postcodeAt returns the postcode whose only space is l[i], as a word of its own.
func postcodeAt(l string, i int) string {
	if l[i] != ' ' || !isDigit(l[i+1]) || !isUpper(l[i+2]) || !isUpper(l[i+3]) || i+4 < len(l) && (isLetter(l[i+4]) || isDigit(l[i+4]) || l[i+4] == '_') {
		return ""
	}
	from := i
	for from > 0 && i-from <= 4 && (isUpper(l[from-1]) || isDigit(l[from-1])) {
		from--
	}
	if from > 0 && (isLetter(l[from-1]) || l[from-1] == '_') || !isPostcode(l[from:i+4]) {
		return ""
	}
	return l[from : i+4]
}

func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }

var wholePostcode = regexp.MustCompile(`^([A-Z]{1,2})\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}$`)

// isPostcode checks the shape, the area letters and the inward letters.
func isPostcode(s string) bool {
	m := wholePostcode.FindStringSubmatch(s)
	return m != nil && postcodeAreas[m[1]]
}

var postcodeAreas = wordSet(`AB AL B BA BB BD BF BH BL BN BR BS BT BX CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY
	E EC EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG
	NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC
	WD WF WN WR WS WV YO ZE`)

func wordSet(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}
