package checks

import (
	"fmt"
	"maps"
	"slices"

	"sallyport/checks/markup"
	"sallyport/policy"
)

var htmlRemoved = Check{
	Name: "html-removed", Version: 1, Title: "What cleaning takes out of a report",
	Doc: "A report is released without script, styling, and anything fetched from elsewhere or hidden from the reader. " +
		"What only a script draws, such as an interactive table, is then missing: say it in a plain table instead. " +
		"Hidden texts and the data of widgets are examined all the same.",
	Source:  "OpenSAFELY documentation, requesting file release: HTML is stripped of script and styling, and needs a link to its code.",
	Example: "An R Markdown report with a DT table: its script is noted, and the table that would be missing is a warning.",
	FixR: `# tables that need no script, and one file with everything in it
knitr::kable(df)                       # in place of DT::datatable(df)
rmarkdown::html_document(self_contained = TRUE, theme = NULL)`,
	FixPy: `# tables that need no script
html = df.to_html(index=False)         # in place of an interactive table
# and matplotlib in place of plotly`,
	Kinds: []Kind{
		{"remote-script", policy.Warn, "a script is fetched from elsewhere"},
		{"remote", policy.Warn, "an image, style sheet or page is fetched from elsewhere"},
		{"embedded", policy.Warn, "another page or object is embedded"},
		{"embedded-file", policy.Warn, "a file is written into an address, as for a download button"},
		{"widget", policy.Warn, "a table or figure that only a script draws"},
		{"hidden", policy.Warn, "text that no reader of the page sees"},
		{"script", policy.Note, "scripts and event handlers"},
		{"styling", policy.Note, "styling"},
		{"form", policy.Note, "form fields"},
		{"comment", policy.Note, "comments in the source"},
	},
	File: checkHTMLRemoved,
}

// hiddenKinds says which kind of finding each sort of hidden text is; sorts
// that are not listed are none.
var hiddenKinds = map[string]string{
	"hidden element": "hidden", "metadata": "hidden", "description": "hidden", "embedded page part": "hidden",
	"form field": "hidden", "embedded file": "embedded-file", "comment": "comment",
}

func checkHTMLRemoved(p *Pass) error {
	page := p.Doc.Page
	if page == nil {
		return nil
	}
	c := page.Counts
	hidden := hiddenTexts(page)
	for _, k := range []struct {
		kind, message string
		n             int
	}{
		{"remote-script", "The report fetches scripts from elsewhere, which go: %s.", c.RemoteScripts},
		{"remote", "The report fetches files from elsewhere, which will be missing: %s.", c.Remote},
		{"embedded", "The report embeds other pages or objects, which go: %s.", c.Embedded},
		{"embedded-file", "The report carries files to download, which go: %s.", hidden["embedded-file"]},
		{"widget", "Tables or figures that only a script draws will be missing: %s.", c.Widgets},
		{"hidden", "The report holds text that no reader sees, which goes: %s.", hidden["hidden"]},
		{"script", "The report holds script, which goes: %s.", c.Scripts + len(page.Data)},
		{"styling", "The report is styled; the styling goes: %s.", c.Styles},
		{"form", "The report holds form fields, which go: %s.", c.Forms},
		{"comment", "The report's source holds comments, which go: %s.", hidden["comment"]},
	} {
		if k.n > 0 {
			p.Report(Finding{Kind: k.kind, Message: fmt.Sprintf(k.message, counted(k.n, "place")), Evidence: map[string]any{"places": k.n}})
		}
	}
	return nil
}

func hiddenTexts(page *markup.Page) map[string]int {
	n := map[string]int{}
	for _, h := range page.Hidden {
		n[hiddenKinds[h.Kind]]++
	}
	return n
}

// sortedNames lists a set in order.
func sortedNames(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
