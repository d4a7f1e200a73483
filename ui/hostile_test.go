package ui

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/net/html"

	"sallyport/checks/hostile"
	"sallyport/policy"
	"sallyport/review/reviewtest"
	"sallyport/ui/api"
)

// inert fails unless a page holds nothing but what our templates put into it:
// no script but ours, nothing that runs, fetches from elsewhere or leads to an
// address that is none, and no character that poses as another. Only an author's
// own fields give back what was typed, as it was typed.
func inert(t *testing.T, page, body string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "textarea" {
			if raw := hostile.Raw(n.Data); raw != "" {
				t.Errorf("%s shows %q raw: %q", page, raw, cut(n.Data, 80))
			}
		}
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "iframe", "object", "embed", "base", "style", "template":
			t.Errorf("%s has a <%s>", page, n.Data)
		case "script":
			if n.FirstChild != nil {
				t.Errorf("%s has a script of its own: %s", page, n.FirstChild.Data)
			}
		}
		for _, a := range n.Attr {
			ours := strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "//") || strings.HasPrefix(a.Val, "#") || strings.HasPrefix(a.Val, "?") || a.Val == ""
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "srcdoc", strings.HasPrefix(a.Key, "hx-on"):
				t.Errorf("%s: <%s %s=%q>", page, n.Data, a.Key, a.Val)
			case a.Key == "href" && n.Data == "a" && (strings.HasPrefix(a.Val, "https://") || strings.HasPrefix(a.Val, "http://")):
			case a.Key == "src" || a.Key == "action" || a.Key == "formaction" || a.Key == "href" && n.Data == "a":
				if !ours {
					t.Errorf("%s: <%s %s=%q>", page, n.Data, a.Key, a.Val)
				}
			case a.Key != "value" && hostile.Raw(a.Val) != "":
				t.Errorf("%s: <%s %s> holds %q raw", page, n.Data, a.Key, hostile.Raw(a.Val))
			}
		}
	}
}

// Every hostile text, as the name of a file, of a group, as a title, in a
// description, a comment and a cell: on every page and in every table that shows
// it, it is text.
func TestEveryHostileTextIsInert(t *testing.T) {
	s := newSite(t)
	all := hostile.Strings()
	ann := s.as(t, "ann")
	add := []string{"kind", "output", "group", "each"}
	var cells strings.Builder
	w := csv.NewWriter(&cells)
	_ = w.Write([]string{"region", "people"})
	for _, text := range all {
		if name := "release/" + text + ".csv"; utf8.ValidString(text) && !strings.ContainsAny(text, "/\x00") && len(text) < 200 {
			s.Workspaces.Write(reviewtest.Cohort, name, roundedCSV)
			add = append(add, "file", name)
		}
		_ = w.Write([]string{text, "120"})
	}
	w.Flush()
	s.Workspaces.Write(reviewtest.Cohort, "release/cells.csv", cells.String())
	ann.post("/workspaces/cohort/files", append(add, "file", "release/cells.csv")...).want(http.StatusOK)
	request := ann.path
	inert(t, "the flash", ann.body)
	groups, files := ann.links(groupLink), ann.links(fileLink)
	if len(files) < 40 {
		t.Fatalf("only %d files were added", len(files))
	}
	for i, text := range all {
		group := groups[i%len(groups)]
		ann.post(request+"/comments", "group", strings.TrimPrefix(group, request+"/groups/"), "back", group, "comment", text+" x")
		if i%8 == 0 {
			ann.post(request+"/details", "title", "T "+text, "purpose", text+" x", "concerns", text, "repository", text)
			inert(t, "details", ann.body)
			inert(t, "requests", ann.get("/requests").body)
		}
	}
	pages := []string{"/workspaces/cohort", request, request + "/details", request + "/submit", request + "/withdraw", files[len(files)-1]}
	for i := range groups {
		if i%6 == 0 {
			pages = append(pages, groups[i], files[i])
		}
	}
	for _, page := range pages {
		ann.get(page).want(http.StatusOK)
		inert(t, page, ann.body)
	}
	for i, file := range files {
		if i%4 == 0 {
			if got := ann.get(file + "/download").want(http.StatusOK).header.Get("Content-Disposition"); hostile.Raw(got) != "" || strings.ContainsAny(got, "\n\t") || strings.Count(got, `"`) != 2 {
				t.Errorf("disposition %q", got)
			}
		}
	}
	aud := s.as(t, "aud")
	for _, page := range []string{"/records", strings.Replace(request, "/requests/", "/records/", 1), "/audit", "/audit?person=ann", "/audit?find=%1b%5b31m%3Cscript%3E%e2%80%ae"} {
		aud.get(page).want(http.StatusOK)
		inert(t, page, aud.body)
	}
	for _, page := range []string{"/export/requests", "/export/events", strings.Replace(request, "/requests/", "/export/records/", 1)} {
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(aud.get(page).want(http.StatusOK).body, "\ufeff"))).ReadAll()
		if err != nil || len(rows) < 2 {
			t.Fatalf("%s: %d rows, %v", page, len(rows), err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if hostile.Raw(cell) != "" || cell != "" && strings.ContainsAny(cell[:1], "=+@\t\r") {
					t.Errorf("%s has the cell %q", page, cell)
				}
			}
		}
		inertBook(t, page, aud.get(page+"?format=xlsx").want(http.StatusOK).body)
		inertBook(t, api.Prefix+page, s.exportedToProgram(t, page+"?format=xlsx"))
	}
}

// exportedToProgram is an export as a program of aud's gets it.
func (s *site) exportedToProgram(t *testing.T, path string) string {
	t.Helper()
	secret, _, err := s.ui.options.API.CreateToken(t.Context(), s.As(t, "aud"), api.NewToken{Name: "a test", Scopes: []policy.Scope{policy.ScopeAudit}, Days: 1})
	if err != nil {
		t.Fatal(err)
	}
	res := s.send(asked{Method: http.MethodGet, Path: api.Prefix + path}, nil, "Authorization", "Bearer "+secret)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d", path, res.StatusCode)
	}
	return text(t, res)
}

// inertBook fails unless every cell of a workbook is text that can be seen, and
// none of them a formula or a link.
func inertBook(t *testing.T, name, body string) {
	t.Helper()
	book, err := excelize.OpenReader(strings.NewReader(body))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer book.Close()
	n := 0
	for _, sheet := range book.GetSheetList() {
		rows, err := book.GetRows(sheet)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for y, row := range rows {
			for x, cell := range row {
				at, _ := excelize.CoordinatesToCellName(x+1, y+1)
				formula, _ := book.GetCellFormula(sheet, at)
				link, _, _ := book.GetCellHyperLink(sheet, at)
				if n++; hostile.Raw(cell) != "" || formula != "" || link {
					t.Errorf("%s, %s %s: %q, formula %q, link %t", name, sheet, at, cell, formula, link)
				}
			}
		}
	}
	if n < 10 {
		t.Errorf("%s has %d cells", name, n)
	}
}
