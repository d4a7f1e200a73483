package ui

import (
	"net/http"
	"strings"
	"testing"
)

// A comment may point at a line, and at a cell of a table, which its link leads
// to; a place that is no place is refused.
func TestCommentsPointAtPlaces(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV)
	s.submit(t, request)
	checker := s.seats(t, request)[0]
	file := checker.get(request).links(fileLink)[0]
	group := checker.links(groupLink)[0]
	id := func(path string) string { return path[strings.LastIndex(path, "/")+1:] }
	say := func(text, line, column string) *browser {
		return checker.post(request+"/comments", "group", id(group), "file", id(file), "back", file,
			"visibility", "public", "comment", text, "line", line, "column", column)
	}
	say("Whom does this count?", "3", "2").want(http.StatusOK)
	say("What is this line?", "4", "").want(http.StatusOK)
	say("Never kept", "three", "").want(http.StatusUnprocessableEntity)
	page := checker.get(file).want(http.StatusOK)
	page.has("line 3, people", "line 4").lacks("Never kept")
	for _, anchor := range []string{"#r1c1", "#L4"} {
		if !strings.Contains(page.body, anchor) {
			t.Errorf("no link to %s", anchor)
		}
	}
}
