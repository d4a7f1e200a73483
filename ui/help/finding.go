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

// Find returns the sections in which every word, or one that begins with it,
// stands: in the title, in the heading or in the text, the likeliest first.
func (g *Guides) Find(query string) []Hit {
	words := fields(query)
	words = words[:min(len(words), mostWords)]
	if len(words) == 0 {
		return nil
	}
	type scored struct {
		section
		score int
	}
	var found []scored
	for _, s := range g.sections {
		if n := s.score(words); n > 0 {
			found = append(found, scored{s, n})
		}
	}
	slices.SortStableFunc(found, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	var hits []Hit
	for _, s := range found[:min(len(found), mostHits)] {
		hits = append(hits, s.hit(words))
	}
	return hits
}

// score weighs where the words stand; 0 when one of them is nowhere.
func (s *section) score(words []string) int {
	total := 0
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
			return 0
		}
		total += n
	}
	return total
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

// extract is the text around the first of the words, in parts.
func extract(text string, words []string) []Part {
	start := 0
	for from, word := range spelled(text) {
		if begins([]string{strings.ToLower(word)}, words[0]) {
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
