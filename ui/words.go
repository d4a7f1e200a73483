package ui

import (
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
)

// words is what the words of a page depend on besides its content: whose clock
// its times are told by, and which terms it has explained already.
type words struct {
	zone *time.Location
	told map[string]bool
	used []termUse // the same, in order
	// glossary is what each term means.
	glossary map[string]string
}

// datetime is "21 November 2026, 14:05 GMT", a dash for no time.
func (w *words) datetime(t time.Time) string { return w.as(t, "2 January 2006, 15:04 MST") }

// date is "21 November 2026", a dash for no time.
func (w *words) date(t time.Time) string { return w.as(t, "2 January 2006") }

// clock is "14:05 GMT".
func (w *words) clock(t time.Time) string { return w.as(t, "15:04 MST") }

func (w *words) as(t time.Time, layout string) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(w.zone).Format(layout)
}

// stamp is a time to the second; "" for none.
func (w *words) stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(w.zone).Format("2 January 2006, 15:04:05 MST")
}

// utc is the same moment by the clock that the record keeps, "" where the page is
// told by it anyway.
func (w *words) utc(t time.Time) string {
	if t.IsZero() || w.zone == time.UTC {
		return ""
	}
	return t.UTC().Format("2 January 2006, 15:04 UTC")
}

// place is the name of the zone, for a sentence.
func (w *words) place() string { return zoneName(w.zone) }

// zoneName is a zone as people read it: "New York" of "America/New_York".
func zoneName(zone *time.Location) string {
	if zone == time.UTC {
		return "UTC"
	}
	return zone.String()
}

// date is a day by the clock of whoever is asking.
func (c *call) date(t time.Time) string { return (&words{zone: c.zone()}).date(t) }

// zone is that of whoever is asking: their own, else the service's.
func (c *call) zone() *time.Location { return c.actor.ZoneOr(c.ui.zone) }

// spares is how many sets of one page's templates are kept for the next reader.
const spares = 4

// A pageSet is the templates of one page. Their functions tell times by the clock of
// whoever reads, so that each rendering has a set of its own: a spare one, or a
// copy of the first, which is never executed, since html/template copies no
// others.
type pageSet struct {
	first *template.Template
	funcs func(*words) template.FuncMap
	spare chan *wording
	// glossary is what the terms mean that the page may use.
	glossary map[string]string
}

// wording is one set of a page's templates with the words they call for.
type wording struct {
	set *template.Template
	*words
}

func newPage(first *template.Template, funcs func(*words) template.FuncMap, glossary map[string]string) *pageSet {
	return &pageSet{first: first, funcs: funcs, spare: make(chan *wording, spares), glossary: glossary}
}

// execute writes one template of the page, its times by the clock of zone.
func (p *pageSet) execute(out io.Writer, name string, content any, zone *time.Location) error {
	w, err := p.take()
	if err != nil {
		return err
	}
	w.zone, w.told, w.used = zone, map[string]bool{}, nil
	err = w.set.ExecuteTemplate(out, name, content)
	select {
	case p.spare <- w:
	default:
	}
	return err
}

func (p *pageSet) take() (*wording, error) {
	select {
	case w := <-p.spare:
		return w, nil
	default:
	}
	set, err := p.first.Clone()
	if err != nil {
		return nil, fmt.Errorf("copying templates: %w", err)
	}
	w := &wording{words: &words{glossary: p.glossary}}
	w.set = set.Funcs(p.funcs(w.words))
	return w, nil
}

// softParts cuts a name after its underscores and slashes: between the parts a
// line may end. After a hyphen, and at a space, it may anyway.
func softParts(name string) []string {
	var parts []string
	for {
		at := strings.IndexAny(name, "_/") + 1
		if at == 0 {
			return append(parts, name)
		}
		parts, name = append(parts, name[:at]), name[at:]
	}
}
