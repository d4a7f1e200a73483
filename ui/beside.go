package ui

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sallyport/checks/markup"
	"sallyport/policy"
	"sallyport/review"
)

// besideView is a second file, or the same file as it was supplied, next to what
// the page shows: the figure of a table, the table under a figure, the source
// before cleaning.
type besideView struct {
	Title, Link string
	Close       string // address without it
	Image       string // address of a picture
	Table       *tableView
	Text        *textView
	Cannot      string
	Version     bool   // it is another version of the same file
	First       string // address of the first cell that differs
	Differs     string // how much of it differs, in words
}

// besideSource asks for the file's own source as it was supplied.
const besideSource = "source"

// besides lists what can be put next to the file: for a picture the tables of its
// group, for a table the pictures, and for a cleaned file its source.
func (p *filePage) besides(pol *policy.Policy, choices []choice) []tab {
	at := func(what string) string {
		return p.File.Link + "?" + url.Values{"view": {p.Shown}, "beside": {what}}.Encode() + "#content"
	}
	var out []tab
	if p.Shown != "original" && slices.ContainsFunc(choices, func(c choice) bool { return c.view == "original" }) && len(choices) > 1 {
		out = append(out, tab{Name: "the source as supplied", Link: at(besideSource)})
	}
	sameText := p.Shown != "text" || p.win.lines == "text" // else what is shown was cleaned, and the other version is not
	if as, ok := comparedAs[p.Shown]; p.Changes != "" && sameText && ok {
		link := p.File.Link + "?" + url.Values{"view": {as}, "beside": {besideVersion}}.Encode() + "#content"
		out = append(out, tab{Name: p.otherVersion() + comparedWords[p.Shown], Link: link})
	}
	wanted := map[string][]string{"image": {"table"}, "table": {"figure"}, "columns": {"figure"}}[p.Shown]
	for _, f := range neighbours(p.List) {
		if !f.Current && slices.Contains(wanted, use(pol, f)) && f.File.Kind != review.WithdrawnF {
			out = append(out, tab{Name: baseName(f.File.Path), Link: at(string(f.File.ID))})
		}
	}
	return out
}

// showBeside builds what the address asks to have next to the file. The other
// file's view is on record like any.
func (p *filePage) showBeside(u *UI, c *call, content *review.FileContent, what string) error {
	back := p.File.Link + "?view=" + p.Shown + "#content"
	if what == besideSource {
		text := viewText(content.Original, nil, 1, false, 0)
		p.Beside = &besideView{Title: "Source as supplied", Link: p.File.Link + "?view=original#content", Close: back, Text: &text}
		return nil
	}
	if what == besideVersion {
		return p.showVersion(u, c, content, back)
	}
	at := slices.IndexFunc(neighbours(p.List), func(f fileEntry) bool { return string(f.File.ID) == what && !f.Current })
	if at < 0 {
		return nil
	}
	other := neighbours(p.List)[at]
	shown, err := u.service.FramedContent(c.ctx(), c.actor, c.requestID(), other.File.ID)
	if err != nil {
		return err
	}
	b := &besideView{Title: other.File.Path, Link: other.Link, Close: back}
	p.Beside = b
	file := u.read(c.ctx(), shown)
	switch choices := viewsOf(shown, file.doc); {
	case len(choices) == 0:
		b.Cannot = "This type of file has no safe way to be shown here."
	case choices[0].view == "image":
		b.Image = other.Link + "/content"
	case len(file.tables) > 0:
		view := viewTable(file.tables[0], nil, findingViews(other.Report, other.Link, "", windowOf(file.doc, true)), tableQuery{}, 1)
		b.Table = &view
	default:
		text := viewText(shown.Clean, nil, 1, false, 0)
		b.Text = &text
	}
	return nil
}

// neighbours are the group of the file that is shown.
func neighbours(list []fileGroup) []fileEntry {
	for _, g := range list {
		if slices.ContainsFunc(g.Files, func(f fileEntry) bool { return f.Current }) {
			return g.Files
		}
	}
	return nil
}

// picture is how an image is shown, and what is known of it.
type picture struct {
	Zoom    string // "fit", "100" or "200"
	Zooms   []tab
	Size    string // in pixels, "" when not known
	Removed bool   // cleaning took something out
	Labels  []string
	More    int // labels that are not listed
}

// shownLabels bounds the texts listed of a drawing.
const shownLabels = 300

func (p *filePage) showPicture(file *readFile, zoom string) {
	v := &picture{Zoom: zoom, Removed: len(p.File.File.Cleaning) > 0}
	if zoom != "100" && zoom != "200" {
		v.Zoom = "fit"
	}
	for _, z := range []tab{{Name: "Fit", Link: "fit"}, {Name: "100%", Link: "100"}, {Name: "200%", Link: "200"}} {
		v.Zooms = append(v.Zooms, tab{z.Name, p.File.Link + "?view=image&zoom=" + z.Link + "#content", z.Link == v.Zoom})
	}
	if pic := file.doc.Picture; pic != nil {
		v.Size = fmt.Sprintf("%d × %d pixels", pic.Width, pic.Height)
	}
	if d := file.doc.Drawing; d != nil {
		v.Labels, v.More = labelsOf(d)
	}
	p.Picture = v
}

// labelsOf lists the texts of a drawing in its order, each once.
func labelsOf(d *markup.Drawing) (labels []string, more int) {
	for _, l := range d.Labels {
		text := printable(strings.TrimSpace(l.Text))
		switch {
		case text == "" || slices.Contains(labels, text):
		case len(labels) == shownLabels:
			more++
		default:
			labels = append(labels, text)
		}
	}
	return labels, more
}

func use(pol *policy.Policy, f fileEntry) string {
	return pol.Files.Types[extensionOf(f.File.Path)].Use
}

func extensionOf(name string) string {
	at := strings.LastIndexByte(baseName(name), '.')
	if at < 0 {
		return ""
	}
	return strings.ToLower(baseName(name)[at:])
}

// whole is the number of the line that is asked for uncut, 0 for none.
func whole(q url.Values) int {
	n, _ := strconv.Atoi(q.Get("whole"))
	return max(n, 0)
}
