package table

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

var nan = math.NaN()

// noParts is shared by all cells that have one number or none.
var noParts = &Parts{Lo: nan, Hi: nan, Second: nan, Third: nan}

// Parse reads one cell. The grammar is that of [Kind]; what fits nothing is
// Text. It never fails, and a cell keeps its Raw text whatever becomes of it.
func Parse(raw string) Cell {
	var c Cell
	c.parse(raw)
	return c
}

// parse reads raw into c, which may hold anything before.
func (c *Cell) parse(raw string) {
	if !c.parsePlain(raw) {
		c.parseOther(raw)
	}
}

// parseOther reads what [Cell.parsePlain] does not.
func (c *Cell) parseOther(raw string) {
	*c = Cell{Raw: raw, Value: nan, Parts: noParts, Kind: Missing}
	c.parseGrammar(raw)
	c.counts = c.Value >= 0 && c.Value < 1<<53 && isWhole(c.Value)
}

func (c *Cell) parseGrammar(raw string) {
	s := trimCell(raw)
	if s == "" {
		return
	}
	switch first := s[0]; {
	case first-'0' <= 9 || first == '.' || first == '-' || first == '+':
		parseNumeric(c, s)
	case first == '<' || first == '>' || first == '=':
		if !parseCompare(c, s) {
			parseWord(c, s)
		}
	default:
		parseWord(c, s)
	}
}

// parsePlain reads what most cells are, "123" and "1.23", without the grammar;
// it leaves c alone when raw is none of them.
func (c *Cell) parsePlain(s string) bool {
	if len(s) == 0 || len(s) > 16 || s[0]-'0' > 9 {
		return false
	}
	var n uint64
	i := 0
	for ; i < len(s) && s[i]-'0' <= 9; i++ {
		n = n*10 + uint64(s[i]-'0')
	}
	if i > 1 && s[0] == '0' || i > 15 {
		return false
	}
	if i == len(s) {
		*c = Cell{Raw: s, Value: float64(n), Parts: noParts, Kind: Number, counts: true}
		return true
	}
	if s[i] != '.' {
		return false
	}
	point := i
	for i++; i < len(s) && s[i]-'0' <= 9; i++ {
		n = n*10 + uint64(s[i]-'0')
	}
	if dec := i - point - 1; i == len(s) && dec > 0 && n < 1<<53 {
		v := float64(n) / pow10[dec]
		*c = Cell{Raw: s, Value: v, Parts: noParts, Kind: Number, Decimals: uint8(dec), counts: isWhole(v)}
		return true
	}
	return false
}

// trimCell removes what surrounds a value without being part of it: white
// space, one pair of quotes, and the invisible characters that could hide a
// number from a reader of the bytes.
func trimCell(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			s = plainRunes(s)
			break
		}
	}
	s = strings.TrimSpace(s)
	if len(s) == 0 || s[0] > '=' {
		return s
	}
	// Spreadsheets are told with ="5" or '5 to show a number as text.
	if s[0] == '=' && len(s) > 2 && s[1] == '"' {
		s = s[1:]
	}
	if s[0] == '"' || s[0] == '\'' {
		s = strings.TrimSpace(strings.Trim(s, s[:1]))
	}
	return s
}

// plainRunes maps the look-alikes of digits, signs and spaces to ASCII and
// drops zero-width and direction characters.
func plainRunes(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < utf8.RuneSelf:
			return r
		case r == 0xA0, r == 0x202F, r == 0x2007, r == 0x2009, r == 0x3000:
			return ' '
		case r == 0x2212, r == 0xFE63, r == 0xFF0D:
			return '-'
		case r >= 0xFF10 && r <= 0xFF19:
			return '0' + r - 0xFF10
		case r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x2069, r == 0xFEFF, r == 0xAD:
			return -1
		}
		return r
	}, s)
}

// number is one number inside a cell.
type number struct {
	value float64
	dec   uint8
	end   int // index after it
	zeros bool
}

var pow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// scanNumber reads [sign] digits with optional thousands groups, fraction and
// exponent, starting at s[i].
func scanNumber(s string, i int) (number, bool) {
	start := i
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	first := i
	var mant uint64
	digits := 0
	for i < len(s) && s[i]-'0' <= 9 {
		mant = mant*10 + uint64(s[i]-'0')
		digits++
		i++
	}
	grouped := false
	if n := i - first; n >= 1 && n <= 3 {
		for i+3 < len(s) && (s[i] == ',' || s[i] == ' ') && isDigits(s[i+1:i+4]) && !(i+4 < len(s) && s[i+4]-'0' <= 9) {
			mant = mant*1000 + uint64(s[i+1]-'0')*100 + uint64(s[i+2]-'0')*10 + uint64(s[i+3]-'0')
			digits += 3
			i += 4
			grouped = true
		}
	}
	whole := digits
	dec := 0
	if i+1 < len(s) && s[i] == '.' && s[i+1]-'0' <= 9 {
		i++
		for i < len(s) && s[i]-'0' <= 9 {
			mant = mant*10 + uint64(s[i]-'0')
			digits++
			dec++
			i++
		}
	} else if whole > 0 && i < len(s) && s[i] == '.' && (i+1 == len(s)) {
		i++ // "12." as R and C print it
	}
	if digits == 0 {
		return number{}, false
	}
	mantEnd := i
	exp, i := scanExponent(s, i)
	n := number{end: i, zeros: whole > 1 && s[first] == '0' && mantEnd-first == whole}
	if digits <= 18 && dec <= 22 && exp == 0 && mant < 1<<53 {
		n.value = float64(mant) / pow10[dec]
	} else {
		text := s[first:i]
		if grouped {
			text = strings.NewReplacer(",", "", " ", "").Replace(text)
		}
		n.value, _ = strconv.ParseFloat(text, 64)
	}
	if s[start] == '-' {
		n.value = -n.value
	}
	if dec -= exp; dec > 0 {
		n.dec = uint8(min(dec, 255))
	}
	return n, true
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i]-'0' > 9 {
			return false
		}
	}
	return len(s) > 0
}

// scanExponent reads "e+05" at s[i], if it is there.
func scanExponent(s string, i int) (exp, end int) {
	if i+1 >= len(s) || s[i] != 'e' && s[i] != 'E' {
		return 0, i
	}
	j := i + 1
	if s[j] == '-' || s[j] == '+' {
		j++
	}
	if end = digitsFrom(s, j); end == j {
		return 0, i
	}
	exp, _ = strconv.Atoi(strings.TrimPrefix(s[i+1:end], "+"))
	return exp, end
}

// parseNumeric reads a cell that begins with a digit, a point or a sign.
func parseNumeric(c *Cell, s string) {
	n, ok := scanNumber(s, 0)
	switch {
	case !ok:
		parseWord(c, s)
	case n.end == len(s):
		if n.zeros && s[0] == '0' {
			c.Kind = Text // a code such as 007
			return
		}
		c.Value, c.Decimals, c.Kind = n.value, n.dec, Number
	case footnote(s[n.end:]):
		c.Value, c.Decimals, c.Kind = n.value, n.dec, Number
	case isDate(s):
		c.Kind = Date
	case parseCompound(c, s, n):
	case parseRange(c, s):
	default:
		parseWord(c, s)
	}
}

// footnote reports nothing but marks that refer to a note below the table.
func footnote(s string) bool {
	s = strings.TrimSpace(s)
	return len(s) <= 6 && strings.Trim(s, "*†‡§¶^") == ""
}

// parseCompound reads "34%", "12 (3.4%)", "1.2 (0.9, 1.5)" and "12/345 (3%)".
func parseCompound(c *Cell, s string, n number) bool {
	i := skipSpace(s, n.end)
	percent := i < len(s) && s[i] == '%'
	if percent {
		i = skipSpace(s, i+1)
		if i == len(s) {
			c.Value, c.Decimals, c.Kind = n.value, n.dec, Percent
			return true
		}
	}
	if i >= len(s) {
		return false
	}
	switch s[i] {
	case '(', '[':
		return parseBracket(c, s, i, n, percent)
	case '/':
		return !percent && parseCountOf(c, s, skipSpace(s, i+1), n)
	}
	return false
}

func skipSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
		i++
	}
	return i
}

// parseBracket reads what follows the main number in brackets: one number (a
// percentage) or two (limits).
func parseBracket(c *Cell, s string, i int, n number, percent bool) bool {
	i = skipSpace(s, i+1)
	if rest := s[i:]; strings.HasPrefix(rest, "95%") {
		j := skipSpace(s, i+3)
		if len(s) >= j+2 && strings.EqualFold(s[j:j+2], "CI") {
			j += 2
			if j < len(s) && s[j] == ':' {
				j++
			}
			i = skipSpace(s, j)
		}
	}
	for i < len(s) && (s[i] == '<' || s[i] == '>') {
		i++
	}
	i = skipSpace(s, i)
	second, ok := scanNumber(s, i)
	if !ok {
		return c.countWithout(s, i, n, percent)
	}
	i = skipSpace(s, second.end)
	bracketPct := i < len(s) && s[i] == '%'
	if bracketPct {
		i = skipSpace(s, i+1)
	}
	if i < len(s) && (s[i] == ')' || s[i] == ']') {
		return c.countPercent(s, i, n, second, percent, bracketPct)
	}
	if d, ok := decimalComma(s, second); ok && !percent {
		c.set(CountPct, n, d, number{value: nan})
		return true
	}
	i = skipJoin(s, i)
	third, ok := scanNumber(s, skipSpace(s, i))
	if i < 0 || !ok {
		return false
	}
	i = skipSpace(s, third.end)
	if i < len(s) && s[i] == '%' {
		i = skipSpace(s, i+1)
	}
	if i != len(s)-1 || s[i] != ')' && s[i] != ']' {
		return false
	}
	c.set(Estimate, n, second, third)
	return true
}

// countPercent ends "12 (3.4%)", and "3.4% (12)", at its closing bracket s[i].
func (c *Cell) countPercent(s string, i int, n, second number, percent, bracketPct bool) bool {
	i = skipSpace(s, i+1)
	if i < len(s) && s[i] == '%' {
		i++
	}
	if i != len(s) && !footnote(s[i:]) || percent && bracketPct {
		return false
	}
	if percent {
		n, second = second, n
	}
	c.set(CountPct, n, second, number{value: nan})
	return true
}

// countWithout reads "12 (NA%)", a count whose percentage could not be computed.
func (c *Cell) countWithout(s string, i int, n number, percent bool) bool {
	inner := strings.ToLower(strings.TrimSpace(strings.Trim(s[i:], "%)] ")))
	if percent || inner != "" && !missing[inner] {
		return false
	}
	c.set(CountPct, n, number{value: nan}, number{value: nan})
	return true
}

// decimalComma reads the rest of "12 (3,4%)" as one percentage.
func decimalComma(s string, whole number) (number, bool) {
	i := whole.end
	if i+1 >= len(s) || s[i] != ',' || whole.dec > 0 {
		return number{}, false
	}
	end := digitsFrom(s, i+1)
	if n := end - i - 1; n < 1 || n > 2 || strings.Trim(s[end:], " )]") != "%" {
		return number{}, false
	}
	frac, _ := strconv.Atoi(s[i+1 : end])
	d := end - i - 1
	return number{value: whole.value + float64(frac)/pow10[d], dec: uint8(d), end: end}, true
}

// skipJoin steps over what stands between two limits, or returns len(s).
func skipJoin(s string, i int) int {
	for _, j := range [...]string{",", ";", "to", "-", "–", "—"} {
		if strings.HasPrefix(s[i:], j) {
			return i + len(j)
		}
	}
	return len(s)
}

func (c *Cell) set(k Kind, n, second, third number) {
	c.Kind, c.Value, c.Decimals = k, n.value, n.dec
	c.Parts = &Parts{Lo: nan, Hi: nan, Second: second.value, Third: third.value, SecondDec: second.dec, ThirdDec: third.dec}
}

func parseCountOf(c *Cell, s string, i int, n number) bool {
	second, ok := scanNumber(s, i)
	if !ok {
		return false
	}
	third := number{value: nan}
	i = skipSpace(s, second.end)
	if i < len(s) && s[i] == '(' {
		third, ok = scanNumber(s, skipSpace(s, i+1))
		if !ok {
			return false
		}
		i = skipSpace(s, third.end)
		if i < len(s) && s[i] == '%' {
			i = skipSpace(s, i+1)
		}
		if i >= len(s) || s[i] != ')' {
			return false
		}
		i++
	}
	if i != len(s) {
		return false
	}
	c.set(CountOf, n, second, third)
	return true
}

// parseRange reads "10-15" and "10 to 15".
func parseRange(c *Cell, s string) bool {
	lo, ok := scanPlain(s, 0)
	if !ok {
		return false
	}
	i := skipSpace(s, lo.end)
	j := skipJoin(s, i)
	if j == len(s) || s[i] == ',' || s[i] == ';' {
		return false
	}
	hi, ok := scanPlain(s, skipSpace(s, j))
	if !ok || hi.end != len(s) {
		return false
	}
	c.Kind = Range
	c.Parts = &Parts{Lo: lo.value, Hi: hi.value, Second: nan, Third: nan}
	return true
}

// scanPlain reads an unsigned number.
func scanPlain(s string, i int) (number, bool) {
	if i >= len(s) || s[i]-'0' > 9 {
		return number{}, false
	}
	return scanNumber(s, i)
}

// parseCompare reads "<5", "<=7", ">100" as the interval of counts it allows.
func parseCompare(c *Cell, s string) bool {
	op := 0
	var less, equal bool
	for op < len(s) && (s[op] == '<' || s[op] == '>' || s[op] == '=') {
		less = less || s[op] == '<'
		equal = equal || s[op] == '='
		op++
	}
	if op > 2 || s[0] == '=' && op == 1 {
		return false
	}
	return c.compare(s, op, less, equal)
}

func (c *Cell) compare(s string, i int, less, equal bool) bool {
	n, ok := scanNumber(s, skipSpace(s, i))
	if !ok || n.end != len(s) {
		return false
	}
	p := &Parts{Lo: 0, Hi: n.value, Second: nan, Third: nan}
	switch {
	case less && !equal && n.value == math.Trunc(n.value):
		p.Hi = n.value - 1
	case !less:
		p.Lo, p.Hi = n.value, math.Inf(1)
		if !equal {
			p.Lo++
		}
	}
	c.Kind, c.Parts = Compare, p
	return true
}
