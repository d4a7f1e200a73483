package ui

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A wide table with a finding in every column opens in a page that stays small:
// as many rows as suit its columns, and the list of findings short but whole where
// somebody looks. Its windows together are the table.
func TestWideTablePage(t *testing.T) {
	const rows, columns = 50, 200
	var csv strings.Builder
	csv.WriteString("region")
	for c := range columns - 1 {
		fmt.Fprintf(&csv, ",people_%d", c)
	}
	for r := range rows {
		fmt.Fprintf(&csv, "\nArea %d", r)
		for c := range columns - 1 {
			fmt.Fprintf(&csv, ",%d", (r*7919+c*31)%4001)
		}
	}
	s := newSite(t)
	request := s.draft(t, "release/wide.csv", csv.String()+"\n")
	s.submit(t, request)
	checker := s.seats(t, request)[0].get(request)
	file := checker.links(fileLink)[0]

	start := time.Now()
	checker.get(file).want(http.StatusOK)
	t.Logf("the page has %d bytes, after %v", len(checker.body), time.Since(start))
	if n := strings.Count(checker.body, `<td id="r`); n != cellsPerPage {
		t.Errorf("%d cells, want %d", n, cellsPerPage)
	}
	if len(checker.body) > 1_700_000 {
		t.Errorf("the page has %d bytes, though every cell has a finding", len(checker.body))
	}
	items := strings.Split(checker.body, `<li class="app-finding `)[1:]
	if len(items) <= wholeFindings {
		t.Fatalf("%d findings, want more than %d", len(items), wholeFindings)
	}
	const places = `class="app-places"`
	for i, item := range items {
		if short := i >= wholeFindings; strings.Contains(item, places) == short || strings.Contains(item, "Places and how it is known") != short || !strings.Contains(item, "app-finding__text") {
			t.Fatalf("finding %d, short %v:\n%s", i+1, short, item)
		}
	}
	last := items[len(items)-1]
	at := regexp.MustCompile(`<p><a href="([^"]+)#(finding-[0-9a-f]+)"`).FindStringSubmatch(last)
	if at == nil {
		t.Fatalf("the last finding leads nowhere:\n%s", last)
	}
	checker.get(strings.ReplaceAll(at[1], "&amp;", "&")).want(http.StatusOK)
	items = strings.Split(checker.body, `<li class="app-finding `)[1:]
	if chosen := items[len(items)-1]; !strings.Contains(chosen, `id="`+at[2]+`"`) || !strings.Contains(chosen, places) {
		t.Errorf("the finding chosen is not whole:\n%s", chosen)
	}

	var lines []string
	for page := 1; page <= 3; page++ {
		start = time.Now()
		checker.get(fmt.Sprintf("%s/rows?view=table&table=1&page=%d", file, page)).want(http.StatusOK)
		t.Logf("window %d has %d bytes, after %v", page, len(checker.body), time.Since(start))
		for _, m := range regexp.MustCompile(`<tr id="(r\d+)"`).FindAllStringSubmatch(checker.body, -1) {
			lines = append(lines, m[1])
		}
	}
	for i := range rows {
		if len(lines) != rows || lines[i] != fmt.Sprintf("r%d", i) {
			t.Fatalf("the windows hold the rows %v", lines)
		}
	}
	checker.get(file + "?view=table&cell=r33c150").want(http.StatusOK)
	if !regexp.MustCompile(`<td id="r33c150" class="[^"]*app-cell--chosen`).MatchString(checker.body) || !strings.Contains(checker.body, `<tbody data-page="2"`) {
		t.Error("a cell's address does not open its window")
	}
}
