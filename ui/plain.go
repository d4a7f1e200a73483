package ui

import (
	"net/url"
	"strings"

	"sallyport/checks/markup"
	"sallyport/review"
)

// plainText is what a report or a drawing says, without its markup: the words
// that would leave, in the order in which they stand.
func plainText(content *review.FileContent) string {
	if strings.HasPrefix(content.MediaType, "image/svg+xml") {
		drawing, err := markup.ReadSVG(content.Clean)
		if err != nil {
			return ""
		}
		var lines []string
		for _, l := range drawing.Labels {
			lines = append(lines, strings.TrimSpace(l.Text))
		}
		return strings.Join(lines, "\n")
	}
	page, err := markup.ReadHTML(content.Clean)
	if err != nil {
		return ""
	}
	var b strings.Builder
	b.WriteString(page.Text)
	for _, t := range page.Tables {
		b.WriteString("\n\n" + t.Name + "\n" + strings.Join(t.Header, "\t"))
		for _, r := range t.Records {
			b.WriteString("\n" + strings.Join(r, "\t"))
		}
	}
	return b.String()
}

// aloneAddress is where the same part of a file has the page to itself.
func aloneAddress(link string, q url.Values) string {
	next := url.Values{"alone": {"1"}}
	for _, name := range []string{"view", "page", "table", "q", "sort", "hide", "at", "from"} {
		if q.Has(name) {
			next[name] = q[name]
		}
	}
	return link + "?" + next.Encode()
}
