package ui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"sallyport/checks/browsertest"
	"sallyport/review/reviewtest"
)

// Each way to show a file, at three widths: pictures with their zoom and texts,
// two files side by side, a tree, a log.
func TestFilesInBrowser(t *testing.T) {
	script := axe(t)
	s := newSite(t)
	if !s.ui.AssetsBuilt() {
		t.Skip("style and script are not built: run npm run build in ui")
	}
	s.Sanitiser = cleaner{}
	names := []string{"plot.svg", "plot.csv", "tree.json", "run.log", "report.html", "long.json"}
	contents := []string{plotSVG, roundedCSV, `{"models": [{"name": "a", "n": 120, "terms": [1, 2, 3]}, {"name": "b", "n": null}], "year": 2025}`,
		"started\n\x1b[31mwarning\x1b[0m: 120 rows\n", "<!doctype html><title>R</title><script>1</script><p>Rates rose.</p><table><tr><th>region<th>people<tr><td>North<td>120<tr><td>South<td>340</table>",
		"[" + strings.Repeat("7,", 999) + "7]"}
	form := []string{"kind", "output", "group", "new", "new_group", "All"}
	for i, name := range names {
		s.Workspaces.Write(reviewtest.Cohort, "release/"+name, contents[i])
		form = append(form, "file", "release/"+name)
	}
	ann := s.as(t, "ann")
	ann.post("/workspaces/cohort/files", form...).want(200)
	files := map[string]string{}
	for _, link := range ann.links(fileLink) {
		for _, name := range names {
			if strings.Contains(ann.get(link).body, "<title>"+name) {
				files[name] = link
			}
		}
	}
	s.Workspaces.Write(reviewtest.Cohort, "release/plot.csv", strings.Replace(roundedCSV, "120", "125", 1))
	b := &browserTab{t, browsertest.Start(t), s}
	b.open("/sign-in")
	b.do(chromedp.Click("#demo-ann"), chromedp.WaitReady("#signed-in-as"))
	table := files["plot.csv"][strings.LastIndexByte(files["plot.csv"], '/')+1:]
	for _, width := range []int64{1440, 1024, 390} {
		for name, path := range map[string]string{
			"figure": files["plot.svg"] + "?view=image&zoom=200", "beside": files["plot.svg"] + "?view=image&beside=" + table,
			"tree": files["tree.json"], "log": files["run.log"], "report-source": files["report.html"] + "?view=document&beside=source", "report-table": files["report.html"] + "?view=table",
			"report-alone": files["report.html"] + "?view=document&alone=1", "report-plain": files["report.html"] + "?view=plain", "version": files["plot.csv"] + "?view=table&beside=version",
		} {
			b.look(script, fmt.Sprintf("show-%s-%d", name, width), path, width)
		}
	}
	b.open(files["plot.svg"] + "?view=image&zoom=200")
	if most := evaluate[string](b, `getComputedStyle(document.querySelector('.app-image img')).maxWidth`); most != "none" {
		t.Errorf("at 200%% a figure is held to %s of its sheet", most)
	}
	b.do(chromedp.EmulateViewport(1440, 900))
	b.open(files["plot.svg"] + "?view=image&beside=" + table)
	if apart := evaluate[bool](b, `(() => { const [a, c] = [...document.querySelectorAll('.app-beside__pane')].map(p => p.getBoundingClientRect()); return a.right <= c.left && Math.abs(a.top - c.top) < 2 })()`); !apart {
		t.Error("the two files do not stand side by side")
	}
	b.open(files["report.html"] + "?view=document&alone=1")
	if kept := evaluate[string](b, `[...document.querySelectorAll('iframe')].map(f => f.getAttribute('sandbox')).join('|')`); kept != "" || evaluate[int](b, `document.querySelectorAll('iframe[sandbox]').length`) != 1 {
		t.Errorf("in a page of its own the report is in the sandbox %q", kept)
	}
	b.open(files["long.json"])
	b.until("the first of many are there", `document.querySelectorAll('.app-json > details > ul > li').length == 201`)
	b.do(chromedp.Click(`.app-json a[data-more]`))
	b.until("more of them came, in their place", `document.querySelectorAll('.app-json > details > ul > li').length == 401 && location.search == ''`)
	b.open(files["plot.csv"] + "?view=table&cell=r1c1")
	b.until("the cell that the address names has the focus", `document.activeElement.id == 'r1c1'`)
}
