package ui

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

// One request goes the whole way through the pages, without script: filed,
// reviewed blind, returned, answered, reviewed again, released, audited.
func TestJourney(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV, "release/counts.csv", roundedCSV)
	ann := s.as(t, "ann").get(request).want(http.StatusOK).has("Nothing is missing")
	s.submit(t, request)
	ann.get(request).has("Submitted", "With the checkers").lacks("Check and submit")

	checkers := s.seats(t, request)
	first, second := checkers[0], checkers[1]
	first.vote(request, "approve", "")
	if first.path != request+"/review" {
		t.Errorf("after the last vote the checker is at %s", first.path)
	}
	second.get(request+"/review").has("2 files have no decision of yours yet").lacks("Approved", "Compare")
	first.post(request + "/review").want(http.StatusOK).has("Your review is in.")

	second.post(request+"/return").want(http.StatusUnprocessableEntity).has("Not done yet", "add a public comment")
	group := second.get(request).links(groupLink)[0]
	second.post(request+"/comments", "group", strings.TrimPrefix(group, request+"/groups/"), "comment", " ", "back", group).
		want(http.StatusOK).has("No comment was added")
	second.vote(request, "changes", "Say which year this is.")
	second.post(request+"/comments", "group", strings.TrimPrefix(group, request+"/groups/"), "visibility", "public",
		"comment", "Which *year* is this?", "back", request+"/review").want(http.StatusOK)
	other := second.get(request).links(groupLink)[1]
	second.post(request+"/comments", "group", strings.TrimPrefix(other, request+"/groups/"), "visibility", "public",
		"comment", "And this?", "back", request+"/review").want(http.StatusOK)
	second.post(request+"/review").want(http.StatusOK).has("Compare both reviews", "0 of 2 files approved by both")
	first.get(request+"/review").has("Conflicted", "Say which year this is.", "Which year is this?").lacks("Release…")

	first.get(request + "/return").want(http.StatusOK)
	second.post(request + "/return").want(http.StatusOK).has("with the researcher again")
	ann.get(request).has("Returned", "Which year is this?", "Answer the checkers' comment")
	groups := ann.links(groupLink)
	ann.get(ann.links(fileLink)[0]).has("Say which year this is.", "Outcome: Conflicted")
	for _, g := range groups {
		ann.post(request+"/comments", "group", strings.TrimPrefix(g, request+"/groups/"), "comment", "It is 2025.", "back", g).want(http.StatusOK)
	}
	s.submit(t, request)

	second.get(second.get(request).links(fileLink)[0]).has("Before it came back you decided: Changes requested", "Say which year")
	for _, b := range []*browser{first, second} {
		b.vote(request, "approve", "")
		b.post(request + "/review").want(http.StatusOK)
	}
	second.get(request+"/review").has("2 of 2 files approved by both", "Release…")
	second.get(request+"/release").want(http.StatusOK).has("Exactly these bytes leave", "release/rates.csv")
	second.post(request + "/release").want(http.StatusOK).has("Approved")
	first.post(request + "/release").want(http.StatusOK) // the other checker pressed it too
	if _, err := s.WorkOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := map[string][]byte{"release/rates.csv": []byte(roundedCSV), "release/counts.csv": []byte(roundedCSV)}
	if len(s.Sink.Delivered) != 1 {
		t.Fatalf("%d packages left, want 1", len(s.Sink.Delivered))
	}
	for _, got := range s.Sink.Delivered {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("what left (-want +got):\n%s", diff)
		}
	}
	ann.get(request).has("Released")

	aud := s.as(t, "aud").get("/releases").want(http.StatusOK).has("Rates by region", "ann", "release/rates.csv", "2026-11")
	aud.get(strings.Replace(request, "/requests/", "/records/", 1)).want(http.StatusOK).
		has("Submitted again", "Decided on a file", "Returned to the author", "Released", "What was released", "It is 2025.")
	aud.get("/audit?type=request.released").want(http.StatusOK).has("Approved → Released").lacks("File viewed 20")
	s.as(t, "ops").get("/status").want(http.StatusOK).has("Work flows").lacks("Rates by region")
}

// Until both reviews are in, no page of one checker changes with what the other
// does.
func TestBlind(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV)
	s.submit(t, request)
	checkers := s.seats(t, request)
	first, second := checkers[0], checkers[1]
	file := second.get(request).links(fileLink)[0]
	group := second.links(groupLink)[0]
	pages := []string{"/queue", request, request + "/review", file, group}
	look := func() map[string]string {
		out := map[string]string{}
		for _, p := range pages {
			out[p] = second.get(p).want(http.StatusOK).text()
		}
		return out
	}
	before := look()
	first.vote(request, "reject", "No acceptable output.")
	first.post(request+"/comments", "group", strings.TrimPrefix(group, request+"/groups/"), "visibility", "checkers", "comment", "Hidden remark", "back", "/").want(http.StatusOK)
	if diff := cmp.Diff(before, look()); diff != "" {
		t.Errorf("the other checker's vote and comment show (-before +after):\n%s", diff)
	}
	s.as(t, "ann").get(request).lacks("No acceptable output", "Hidden remark")
}

// What is missing leads to the exact place where it is mended.
func TestMissingLeadsThere(t *testing.T) {
	s := newSite(t)
	s.Workspaces.Write(reviewtest.Cohort, "release/rates.csv", roundedCSV)
	ann := s.as(t, "ann")
	ann.post("/workspaces/cohort/files", "kind", "output", "group", "each", "file", "release/rates.csv").want(http.StatusOK)
	request := ann.path
	group := ann.links(groupLink)[0]
	got := ann.links(`[^"]*#field-[^"]*`)
	want := []string{request + "/details#field-purpose"}
	for _, f := range []string{"variables", "population", "model", "related", "redaction", "rounding"} {
		want = append(want, group+"#field-"+f)
	}
	slices.Sort(want) // the next thing to do stands first, and again in its place
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(got))); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	for _, link := range got {
		page, anchor, _ := strings.Cut(link, "#")
		if !strings.Contains(ann.get(page).want(http.StatusOK).body, `id="`+anchor+`"`) {
			t.Errorf("%s has no place %s", page, anchor)
		}
	}
	ann.post(request+"/submit").want(http.StatusUnprocessableEntity).has("Not submitted yet", "Before you can submit")
}

// Files that were not added say why, those that were are in.
func TestAddSomeFiles(t *testing.T) {
	s := newSite(t)
	s.Workspaces.Write(reviewtest.Cohort, "release/rates.csv", roundedCSV)
	ann := s.as(t, "ann")
	ann.post("/workspaces/cohort/files", "kind", "output", "group", "new", "new_group", "Rates", "file", "release/rates.csv", "file", "release/gone.csv").
		want(http.StatusOK).has("1 file was added", "release/gone.csv: ")
	request := ann.path
	ann.post("/workspaces/cohort/files", "kind", "output", "group", "in:Rates", "file", "release/rates.csv").want(http.StatusOK).has("No file was added", "already")
	if ann.path != request {
		t.Errorf("a second request was opened at %s", ann.path)
	}
	for _, tt := range []struct{ name, kind, group, newGroup, file, want string }{
		{"no file", "output", "each", "", "", "Choose at least one file"},
		{"no kind", "", "each", "", "release/rates.csv", "outputs or supporting"},
		{"no group", "output", "", "", "release/rates.csv", "which group"},
		{"no name", "output", "new", " ", "release/rates.csv", "a name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			form := []string{"kind", tt.kind, "group", tt.group, "new_group", tt.newGroup}
			if tt.file != "" {
				form = append(form, "file", tt.file)
			}
			ann.post("/workspaces/cohort/files", form...).want(http.StatusUnprocessableEntity).has(tt.want)
		})
	}
}

// The author updates, moves and withdraws files.
func TestAuthorChangesFiles(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV, "release/counts.csv", roundedCSV)
	s.Workspaces.Write(reviewtest.Cohort, "release/rates.csv", smallCSV)
	ann := s.as(t, "ann").get(request).has("changed in the workspace since")
	file := ann.links(fileLink)[0]
	ann.post(file+"/update").want(http.StatusOK).has("checked again", "Blocking", "Small counts")
	ann.post(file+"/move", "group", "new", "new_group", "Together", "kind", "supporting").want(http.StatusOK).has("Supporting file", "Together")
	ann.post(file+"/withdraw").want(http.StatusOK).has("was withdrawn", "Withdrawn")
	ann.get(file).want(http.StatusOK).lacks("Withdraw this file")
}

// An author answers a finding and asks for an exception; each checker judges
// both, and the release needs both to accept.
func TestExceptionsAndAnswers(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", smallCSV)
	ann := s.as(t, "ann").get(request)
	file := ann.links(fileLink)[0]
	fingerprint := ann.get(file).has("Small counts", "Ask for an exception: Small counts", "Answer this finding").values("fingerprint")[0]
	ann.post(file+"/findings", "fingerprint", fingerprint, "code", "not-people", "text", " ").has("That was not saved", "Say in a sentence why")
	ann.post(file+"/findings", "fingerprint", fingerprint, "code", "not-people", "text", "These are hospitals.", "code_link", "a.R:1").
		want(http.StatusOK).has("was saved", "The researcher answers: The value does not count people.", "These are hospitals.")
	ann.post(file+"/exception", "check", "small-count", "reason", "").has("Say why the file must leave")
	ann.post(file+"/exception", "check", "small-count", "reason", "They count hospitals.").want(http.StatusOK).has("Both checkers must accept it", "They count hospitals.")
	s.submit(t, request)
	checkers := s.seats(t, request)
	for _, b := range checkers {
		b.get(file).has("These are hospitals.", "They count hospitals.").lacks("accepts it", "Ask for an exception")
		b.post(file+"/findings/answer", "fingerprint", fingerprint, "accept", "no", "reason", "").has("That was not saved")
		b.post(file+"/findings/answer", "fingerprint", fingerprint, "accept", "yes").want(http.StatusOK).has("accepts it")
		b.post(file+"/exception/answer", "check", "small-count", "accept", "yes").want(http.StatusOK)
		b.vote(request, "approve", "Hospitals, not people.")
		b.post(request + "/review").want(http.StatusOK)
	}
	checkers[0].post(request + "/release").want(http.StatusOK).has("Approved")
	ann.post(file+"/exception", "check", "small-count", "reason", "Again.").want(http.StatusConflict)
}

// A checkers-only comment can be made public once both reviews are in.
func TestPublishComment(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV)
	s.submit(t, request)
	checkers := s.seats(t, request)
	group := checkers[0].get(request).links(groupLink)[0]
	checkers[0].post(request+"/comments", "group", strings.TrimPrefix(group, request+"/groups/"), "visibility", "checkers", "comment", "Between us", "back", request).
		want(http.StatusOK).lacks("Let the researcher read it")
	for _, b := range checkers {
		b.vote(request, "approve", "").post(request + "/review").want(http.StatusOK)
	}
	publish := regexp.MustCompile(`action="(/requests/[A-Z0-9]+/comments/[A-Z0-9]+/publish)"`).FindStringSubmatch(checkers[1].get(request + "/review").body)
	if publish == nil {
		t.Fatal("the comment cannot be made public")
	}
	checkers[1].post(publish[1]).want(http.StatusOK).has("will see this comment")
	checkers[1].post(request + "/return").want(http.StatusOK)
	s.as(t, "ann").get(request).has("Between us")
}

// A group keeps its wildcard and the number of files it captures.
func TestGroupPattern(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV)
	ann := s.as(t, "ann").get(request)
	group := ann.links(groupLink)[0]
	ann.post(group, "pattern", "release/r*.csv", "pattern_count", "1", "intermediate", "1", "then", "stay").want(http.StatusOK).has("Saved.")
	if got := append(ann.values("pattern"), ann.values("pattern_count")...); !cmp.Equal(got, []string{"release/r*.csv", "1"}) {
		t.Errorf("the group keeps %q", got)
	}
	ann.post(group, "pattern", "release/r*.csv", "pattern_count", "x", "then", "stay")
	if ann.status != http.StatusUnprocessableEntity {
		t.Errorf("a wildcard without a number of files: status %d", ann.status)
	}
}

// A lead moves a seat; a checker hands theirs over; who loses a seat loses
// sight of the request.
func TestSeatsMove(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV)
	s.submit(t, request)
	checkers := s.seats(t, request)
	checkers[0].get(request).has("Hand my seat over")
	checkers[0].get(request + "/hand-over").want(http.StatusOK)
	checkers[0].post(request+"/hand-over", "reason", " ").want(http.StatusUnprocessableEntity)
	checkers[0].post(request+"/hand-over", "reason", "I know them.").want(http.StatusOK).has("handed over")
	checkers[0].get(request).want(http.StatusNotFound)

	lea := s.as(t, "lea")
	if lea.path != "/board" {
		t.Errorf("a lead starts at %s", lea.path)
	}
	lea.has("cohort", "by Person ann", "Person chen", "Open reviews")
	from := lea.values("from")
	lea.post(request+"/reassign", "from", from[0], "to", "nobody", "reason", "Away.").lacks("The seat was moved.")
	lea.post(request+"/reassign", "from", from[0], "to", "", "reason", "").want(http.StatusOK).has("The seat was not moved")
	lea.post(request+"/reassign", "from", from[0], "to", "", "reason", "Away.").want(http.StatusOK).has("The seat was moved.")
	if got := lea.get("/board").values("from"); len(got) != 2 || slices.Contains(got, from[0]) {
		t.Errorf("the seats are held by %q, want two without %s", got, from[0])
	}
}

// With too few checkers a place stays free, and one who can may take it.
func TestClaim(t *testing.T) {
	s := newSite(t)
	people := reviewtest.People()
	for i := range people {
		people[i].Disabled = people[i].Username == "cora" || people[i].Username == "chen"
	}
	event := review.Event{At: s.Now(), Type: review.EvPeopleChanged, Actor: "system"}
	if err := s.Store.SavePeople(t.Context(), people, nil, event); err != nil {
		t.Fatal(err)
	}
	request := s.draft(t, "release/rates.csv", roundedCSV)
	s.submit(t, request)
	if err := s.Store.SavePeople(t.Context(), reviewtest.People(), nil, event); err != nil {
		t.Fatal(err)
	}
	s.as(t, "lea").get("/board").has("a seat is free")
	cora := s.as(t, "cora").get("/queue").has("With a free seat", "Release from cohort")
	cora.get(request).want(http.StatusNotFound)
	cora.post(request+"/claim").want(http.StatusOK).has("The seat is yours.", "Review the files")
	s.as(t, "chen").post(request + "/claim").want(http.StatusNotFound)
}
