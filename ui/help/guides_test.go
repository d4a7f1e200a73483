package help

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"sallyport/docs"
)

// small is a folder of two pages and what is given: names and texts in turn.
func small(pages ...string) fstest.MapFS {
	files := fstest.MapFS{"README.md": {Data: []byte("# Guides\n\n[One](one.md)\n")}, "one.md": {Data: []byte("# One\n\nText.\n\n## Part two\n\nMore `code`.\n")}}
	for i := 0; i+1 < len(pages); i += 2 {
		files[pages[i]] = &fstest.MapFile{Data: []byte(pages[i+1])}
	}
	return files
}

// The guides of the repository are all pages.
func TestReadDocs(t *testing.T) {
	g, err := Read(docs.Files())
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(docs.Files(), "*.md")
	if err != nil || len(names) < 20 {
		t.Fatalf("%d pages, %v", len(names), err)
	}
	for _, name := range names {
		p := g.Page(strings.TrimSuffix(name, ".md"))
		if p == nil || p.Title == "" || len(p.Body) < 100 {
			t.Errorf("%s is no page, or nearly empty", name)
		}
	}
	for _, p := range g.Others() {
		t.Logf("docs/README.md does not name %s; it is listed under More", p.Name)
	}
}

func TestReadRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ file, text, want string }{
		"no title":          {"two.md", "Text.\n", "begins with its title"},
		"no such page":      {"two.md", "# Two\n\n[x](three.md)\n", "not there"},
		"no such heading":   {"two.md", "# Two\n\n[x](one.md#part-three)\n", "not there"},
		"no heading here":   {"two.md", "# Two\n\n[x](#nowhere)\n", "not there"},
		"no such file":      {"two.md", "# Two\n\n[x](two.txt)\n", "not there"},
		"no such picture":   {"two.md", "# Two\n\n![x](images/x.png)\n", "not there"},
		"out of the folder": {"two.md", "# Two\n\n[x](../go.mod)\n", "not there"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(small(tc.file, tc.text))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
	if _, err := Read(fstest.MapFS{}); err == nil {
		t.Error("a folder without a table of contents was read")
	}
}

// Links lead to addresses of the program; what a guide must not hold is gone.
func TestBody(t *testing.T) {
	g, err := Read(small("two.md", "# Two\n\n[a](one.md) [b](one.md#part-two) [c](README.md) [d](https://example.org/) [e](javascript:alert(1)) [f](data.json)\n\n<script>x</script>\n\n<b onclick=x>bold</b>\n\n| a |\n|--:|\n| 1 |\n", "data.json", "{}"))
	if err != nil {
		t.Fatal(err)
	}
	body := string(g.Page("two").Body)
	for _, want := range []string{
		`<a href="/help/one">a</a> <a href="/help/one#part-two">b</a> <a href="/help">c</a>`,
		`<a href="https://example.org/" rel="noreferrer">d</a>`, `<a href="/help/files/data.json">f</a>`,
		`<div class="app-scroll" tabindex="0" role="region" aria-label="Table"><table class="nhsuk-table app-table">`, `<th scope="col">a</th>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("there is no %s in\n%s", want, body)
		}
	}
	for _, bad := range []string{"script", "onclick", "style=", "<b>"} {
		if strings.Contains(body, bad) {
			t.Errorf("%q is in\n%s", bad, body)
		}
	}
}

func TestHas(t *testing.T) {
	g, err := Read(small())
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]bool{
		"/help": true, "/help/one": true, "/help/one#part-two": true,
		"/help/one#part": false, "/help/two": false, "/help/README": false, "/one": false, "": false,
	} {
		if g.Has(address) != want {
			t.Errorf("Has(%q) is not %v", address, want)
		}
	}
}

func TestFile(t *testing.T) {
	g, err := Read(docs.Files())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"images/load-surge.svg": true, "deploy/nginx.conf": true, "images/review.png": true,
		"README.md": false, "../go.mod": false, "deploy": false, "": false, "/etc/passwd": false,
	} {
		data, err := g.File(name)
		if (err == nil && len(data) > 0) != want {
			t.Errorf("File(%q) gave %d bytes, %v", name, len(data), err)
		}
	}
}

func TestFind(t *testing.T) {
	g, err := Read(small("two.md", "# Rounding of counts\n\nIntro.\n\n## Midpoint\n\nCounts are rounded to the nearest 5. Élan vital.\n\n## Other\n\nNothing of it; rounded once.\n"))
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"round":                  "/help/two", // the title before the text
		"MIDPOINT":               "/help/two#midpoint",
		"nearest 5":              "/help/two#midpoint",
		"élan":                   "/help/two#midpoint",
		"code":                   "/help/one#part-two",
		"nearest zzz":            "/help/two#midpoint", // the most that there is
		"how is a count rounded": "/help/two",
		"the":                    "/help/two#midpoint",
		"":                       "",
		"<script>":               "",
		"\x00\xff ---":           "",
	} {
		got := ""
		if hits := g.Find(query); len(hits) > 0 {
			got = hits[0].Address
		}
		if got != want {
			t.Errorf("Find(%q) leads to %q, want %q", query, got, want)
		}
	}
	hit := g.Find("nearest")[0]
	want := []Part{{Text: "Counts are rounded to the "}, {Text: "nearest", Found: true}, {Text: " 5. Élan vital."}}
	if d := cmp.Diff(want, hit.Extract); d != "" {
		t.Error(d)
	}
}

// What a new user may ask, and where the answer is: among the first three places.
func TestQuestions(t *testing.T) {
	g, err := Read(docs.Files())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ asked, answer string }{
		{"how do I file a request", "/help/filing"},
		{"withdraw my request", "/help/first-request#follow-it-or-withdraw-it"},
		{"what is a small count", "/help/disclosure#small-counts"},
		{"how to mend findings", "/help/findings#mend-it"},
		{"ask for an exception", "/help/findings#ask-for-an-exception"},
		{"keyboard shortcuts", "/help/workbench#keys"},
		{"forgot my password", "/help/signing-in#when-it-does-not-work"},
		{"lost my phone recovery codes", "/help/signing-in#the-second-step"},
		{"change time zone", "/help/signing-in#your-account"},
		{"turn off emails", "/help/notifications#choosing"},
		{"hand over a review", "/help/reviewing#hand-a-request-over"},
		{"return a request to the researcher", "/help/reviewing#return-a-request"},
		{"why do two checkers disagree", "/help/deciding#together"},
		{"released by mistake", "/help/recall#a-recall-that-was-a-mistake"},
		{"export events as CSV", "/help/auditing#taking-something-away"},
		{"prove that nothing was changed", "/help/evidence"},
		{"how long are files kept", "/help/retention"},
		{"backup and restore", "/help/databases#backups"},
		{"create an API token", "/help/api#getting-in"},
		{"give somebody a role", "/help/access"},
		{"verify a package", "/help/package#check-it-first"},
		{"monthly request command line", "/help/command-line"},
		{"disk full", "/help/operations#disk-low"},
		{"screen reader", "/help/accessibility"},
	} {
		hits := g.Find(tt.asked)
		var first []string
		for _, h := range hits[:min(len(hits), 3)] {
			first = append(first, h.Address)
		}
		if !slices.ContainsFunc(first, func(a string) bool { return a == tt.answer || strings.HasPrefix(a, tt.answer+"#") }) {
			t.Errorf("%q leads to %q, want %s among them", tt.asked, first, tt.answer)
		}
	}
}

// Whatever is looked for, an extract is a piece of the text.
func FuzzFind(f *testing.F) {
	for _, s := range []string{"count", "5", "é", "İ", "a b c d e f g h i j", "\xff\x80", "ſ"} {
		f.Add(s, "A count of 5, é İ ſ \xff and more")
	}
	f.Fuzz(func(t *testing.T, query, text string) {
		g, err := Read(small("two.md", "# Two\n\n## Heading\n\n"+text+"\n"))
		if err != nil {
			t.Skip("it links to what is not there")
		}
		for _, h := range g.Find(query) {
			var b strings.Builder
			for _, p := range h.Extract {
				b.WriteString(p.Text)
			}
			if !holds(g, b.String()) {
				t.Errorf("Find(%q) shows %q, which no section holds", query, b.String())
			}
		}
	})
}

func holds(g *Guides, text string) bool {
	for _, s := range g.sections {
		if strings.Contains(s.text, text) {
			return true
		}
	}
	return false
}

func BenchmarkFind(b *testing.B) {
	g, err := Read(docs.Files())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		g.Find("small count rounding")
	}
}

// A drawing keeps a place of its size on the page, as a photograph does.
func TestDrawings(t *testing.T) {
	files := small("two.md", "# Two\n\n![A plot](images/x.svg)\n")
	files["images/x.svg"] = &fstest.MapFile{Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="72" height="34"/>`)}
	g, err := Read(files)
	if err != nil {
		t.Fatal(err)
	}
	if html := string(g.Page("two").Body); !strings.Contains(html, `src="/help/files/images/x.svg" alt="A plot" width="72" height="34"`) {
		t.Errorf("the drawing is shown as %s", html)
	}
	files["images/x.svg"] = &fstest.MapFile{Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)}
	if _, err := Read(files); err == nil {
		t.Error("a drawing without a size is shown")
	}
}
