package help

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
)

// A section is what stands below one heading, or between the title and the first
// heading (its id is then "").
type section struct {
	page        *Page
	id, heading string
	text        string
	words       map[string]int // lower case, and how often
}

// Hit is a section in which words were found.
type Hit struct {
	Page    *Page
	Heading string // "" for the beginning of the page
	Address string
	Extract []Part
	Lacks   []string // of what was looked for, without endings: what does not stand there
}

// Part is a piece of an extract; Found when it is one of the words looked for.
type Part struct {
	Text  string
	Found bool
}

const (
	mostHits  = 25
	mostWords = 8   // of a query; the rest is not looked for
	around    = 110 // bytes of text shown before and after the first word found
)

// Find returns the sections in which the words of a query stand, whatever their
// endings: in the title, in the heading or in the text, the likeliest first. Where
// no section has all of them, it returns those that have most, and says what each
// lacks. Words that every question has, such as "how" and "the", are left out.
func (g *Guides) Find(query string) []Hit {
	words := asked(query)
	if len(words) == 0 {
		return nil
	}
	type scored struct {
		section
		score int
		lacks []string
	}
	var found []scored
	for _, s := range g.sections {
		if n, lacks := s.score(words); n > 0 {
			found = append(found, scored{s, n, lacks})
		}
	}
	slices.SortStableFunc(found, func(a, b scored) int {
		return cmp.Or(cmp.Compare(len(a.lacks), len(b.lacks)), cmp.Compare(b.score, a.score))
	})
	var hits []Hit
	for _, s := range found {
		if len(hits) == mostHits || len(s.lacks) > len(found[0].lacks) {
			break
		}
		h := s.hit(words)
		h.Lacks = s.lacks
		hits = append(hits, h)
	}
	return hits
}

// asked are the words of a query to look for, without their endings.
func asked(query string) []string {
	all := fields(query)
	words := slices.DeleteFunc(slices.Clone(all), func(w string) bool { return slices.Contains(fillers, w) })
	if len(words) == 0 {
		words = all
	}
	words = words[:min(len(words), mostWords)]
	for i, w := range words {
		words[i] = stem(w)
	}
	return words
}

// fillers are words that tell nothing of what is looked for.
var fillers = strings.Fields("a am an and are as at be been by can could did do does for from get has have how i if in is it me my of on or our shall should so that the their them then there this to up was we were what when where which who why will with would you your")

// stem is a word without its ending, so that "releasing" finds "released". What
// is too short to lose one stays.
func stem(word string) string {
	const shortest = 4
	for _, ending := range []string{"ings", "ing", "ies", "ied", "es", "ed", "s", "e", "y"} {
		if cut, ok := strings.CutSuffix(word, ending); ok && len(cut) >= shortest {
			return cut
		}
	}
	return word
}

// score weighs where the words stand, and names those that are nowhere.
func (s *section) score(words []string) (total int, lacks []string) {
	for _, w := range words {
		n := 0
		if begins(fields(s.page.Title), w) {
			n += 4
			if s.id == "" {
				n += 8
			}
		}
		if begins(fields(s.heading), w) {
			n += 10
		}
		for word, times := range s.words {
			if strings.HasPrefix(word, w) {
				n += min(times, 3)
			}
		}
		if n == 0 {
			lacks = append(lacks, w)
		}
		total += n
	}
	return total, lacks
}

func begins(words []string, with string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, with) })
}

func (s *section) hit(words []string) Hit {
	h := Hit{Page: s.page, Heading: s.heading, Address: s.page.Address()}
	if s.id != "" {
		h.Address += "#" + s.id
	}
	h.Extract = extract(s.text, words)
	return h
}

// extract is the text around the first place of one of the words, in parts.
func extract(text string, words []string) []Part {
	start := 0
	for from, word := range spelled(text) {
		if slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(strings.ToLower(word), w) }) {
			start = max(0, from-around)
			break
		}
	}
	if start > 0 {
		start += strings.IndexByte(text[start:], ' ') + 1
	}
	end := min(len(text), start+2*around)
	if end < len(text) {
		if space := strings.LastIndexByte(text[start:end], ' '); space > 0 {
			end = start + space
		}
	}
	var parts []Part
	shown, at := text[start:end], 0
	for from, word := range spelled(shown) {
		if slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(strings.ToLower(word), w) }) {
			parts = append(parts, Part{Text: shown[at:from]}, Part{Text: word, Found: true})
			at = from + len(word)
		}
	}
	return append(parts, Part{Text: shown[at:]})
}

// spelled yields the words of a text with where each begins.
func spelled(text string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		from := -1
		for i, r := range text + " " {
			switch in := unicode.IsLetter(r) || unicode.IsDigit(r); {
			case in && from < 0:
				from = i
			case !in && from >= 0:
				if !yield(from, text[from:i]) {
					return
				}
				from = -1
			}
		}
	}
}

// fields are the words of a text in lower case.
func fields(text string) []string {
	var words []string
	for _, w := range spelled(text) {
		words = append(words, strings.ToLower(w))
	}
	return words
}

// split cuts a page at its headings, and lists these.
func split(p *Page, doc ast.Node, source []byte) []section {
	sections := []section{{page: p}}
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		if h, ok := n.(*ast.Heading); ok {
			id, _ := h.AttributeString("id")
			name, _ := id.([]byte)
			s := section{page: p, id: string(name), heading: plain(h, source)}
			if h.Level == 2 {
				p.Headings = append(p.Headings, Heading{s.id, s.heading})
			}
			sections = append(sections, s)
			continue
		}
		last := &sections[len(sections)-1]
		last.text = strings.TrimSpace(last.text + " " + plain(n, source))
	}
	for i := range sections {
		sections[i].words = map[string]int{}
		for _, w := range fields(sections[i].text) {
			sections[i].words[w]++
		}
	}
	return sections
}

// plain is the text of a part of a page, without its markup.
func plain(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the function below never fails
		switch n := n.(type) {
		case *ast.Text:
			if entering {
				b.Write(n.Segment.Value(source))
				if n.SoftLineBreak() || n.HardLineBreak() {
					b.WriteByte(' ')
				}
			}
		case *ast.CodeBlock, *ast.FencedCodeBlock:
			if entering {
				b.Write(n.Lines().Value(source))
			}
		}
		if !entering && n.Type() == ast.TypeBlock {
			b.WriteByte(' ')
		}
		return ast.WalkContinue, nil
	})
	return strings.Join(strings.Fields(b.String()), " ")
}
