package ui

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sallyport/policy"
	"sallyport/review"
)

// permissions reads docs/permissions.md, which TestPermissionsTable (package
// review) holds the use cases to: who may do an action in a status.
func permissions(t *testing.T) map[policy.Action]map[review.Status][]string {
	t.Helper()
	page, err := os.ReadFile("../docs/permissions.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[policy.Action]map[review.Status][]string{}
	var at policy.Action
	for line := range strings.Lines(string(page)) {
		if action, ok := strings.CutPrefix(line, "## "); ok {
			at = policy.Action(strings.TrimSpace(action))
			out[at] = map[review.Status][]string{}
			continue
		}
		cells := strings.Split(line, " | ")
		if status := review.Status(strings.TrimPrefix(cells[0], "| ")); len(cells) == 2 && slices.Contains(allStatuses(), status) {
			out[at][status] = strings.Split(strings.TrimSuffix(strings.TrimSpace(cells[1]), " |"), "; ")
		}
	}
	return out
}

// onPage is how the page of permissions names somebody who stands so to a
// request; "" for somebody of whom it says nothing.
func onPage(p review.Username, r *review.Request) string {
	fixed := map[review.Username]string{
		"ann": "author", "abe": "member", "cyn": "member who checks", "tim": "other researcher", "lea": "lead", "aud": "auditor", "ops": "operator",
		"col": "collaborator", "pia": "copilot",
	}
	if seat := r.Seat(p); seat != nil {
		return map[bool]string{true: "assigned", false: "assigned, review submitted"}[seat.Submitted.IsZero()]
	}
	if p == freeOf(r) || slices.Contains([]review.Username{"carl", "cora", "chen"}, p) {
		return "other checker"
	}
	return fixed[p]
}

// testNames lists the tests of this package.
func testNames(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		source, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(source)) {
			if name, ok := strings.CutPrefix(line, "func Test"); ok {
				name, _, _ = strings.Cut(name, "(")
				out = append(out, "Test"+name)
			}
		}
	}
	return out
}
