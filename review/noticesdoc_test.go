package review_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"sallyport/review"
)

// The guide's table is the program's: who hears of what, when, in which words.
func TestNoticesTable(t *testing.T) {
	const page, mark = "../docs/notifications.md", "-update -->\n"
	source, err := os.ReadFile(page)
	must(t, err)
	text, _, found := strings.Cut(string(source), mark)
	if !found {
		t.Fatal("the page has no place for the table")
	}
	want := text + mark + "\n" + noticesTable()
	if *update {
		must(t, os.WriteFile(page, []byte(want), 0o644))
	} else if want != string(source) {
		t.Error("docs/notifications.md does not say who hears of what as it is: go test ./review -run TestNoticesTable -update")
	}
}

func noticesTable() string {
	when := map[review.When]string{review.AtOnce: "at once", review.Daily: "digest", review.NotAtAll: "never"}
	var b strings.Builder
	b.WriteString("| kind | who is told | unless they choose | may be switched off | shared channels | subject |\n|---|---|---|---|---|---|\n")
	for _, r := range review.NoticeRules() {
		off, shared := "yes", "yes"
		if r.Fixed {
			off = "no"
		}
		if r.Kind.Personal() {
			shared = "no"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", r.Kind, r.To, when[r.Default], off, shared, r.Subject)
	}
	return b.String()
}

// The table leaves nothing open: each row has its words, and is there once.
func TestNoticeRulesAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range review.NoticeRules() {
		if seen[r.Key()] || r.Subject == "" || r.Text == "" || r.Fixed && r.Default == review.NotAtAll || strings.ContainsAny(r.Subject+r.Text, "\r\n<>%") {
			t.Errorf("%+v", r)
		}
		seen[r.Key()] = true
	}
	for _, must := range []string{"assigned/subject", "recalled/author", "recalled/members", "recalled/assigned"} {
		for _, r := range review.NoticeRules() {
			if r.Key() == must && !r.Fixed {
				t.Errorf("%s can be switched off", must)
			}
		}
	}
}
