package ui

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"sallyport/checks/provenance"
	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

func TestWhatIsMissingIsGroupedByFile(t *testing.T) {
	s := newSite(t)
	s.Workspaces.Write(reviewtest.Cohort, "release/<i>a.csv", roundedCSV)
	ann := s.as(t, "ann")
	ann.post("/workspaces/cohort/files", "kind", "output", "group", "each", "file", "release/<i>a.csv").want(http.StatusOK)
	ann.has("<i>a.csv: ", " things", "Say why the release is necessary").lacks("Outcome")
	if !strings.Contains(ann.body, "&lt;i&gt;a.csv</bdi>: ") {
		t.Error("the group's name is markup")
	}
}

func TestFilesAreAddedByWildcard(t *testing.T) {
	s := newSite(t)
	for _, name := range []string{"release/rate_by_age.csv", "release/rate_by_sex.csv", "release/other.csv"} {
		s.Workspaces.Write(reviewtest.Cohort, name, roundedCSV)
	}
	ann := s.as(t, "ann")
	const at = "/workspaces/cohort/matching"
	ann.post(at, "pattern", "release/rate_by_*.csv", "pattern_count", "many").want(http.StatusUnprocessableEntity).has("State how many files")
	ann.post(at, "pattern", "release/rate_by_*.csv", "pattern_count", "3").want(http.StatusUnprocessableEntity).has("captures 2 files, and you state 3")
	ann.post(at, "pattern", "release/rate_by_*.csv", "pattern_count", "2", "group", "Rates").want(http.StatusOK).
		has("2 files were added", "rate_by_age.csv", "rate_by_sex.csv", "Rates").lacks("other.csv")
}

func TestAnEarlierDescriptionIsReused(t *testing.T) {
	s := newSite(t)
	first := s.draft(t, "release/rates.csv", roundedCSV)
	ann := s.as(t, "ann")
	ann.post(first + "/withdraw").want(http.StatusOK)
	ann.post("/workspaces/cohort/files", "kind", "output", "group", "each", "file", "release/rates.csv").want(http.StatusOK)
	second := ann.path
	ann.has("Describe these files as in an earlier request")
	ann.post(second+"/reuse", "from", strings.TrimPrefix(first, "/requests/")).want(http.StatusOK).has("was taken from the earlier request")
	ann.get(ann.links(groupLink)[0]).want(http.StatusOK).has("Counts of about 1,550 people")
	s.as(t, "tim").post(second+"/reuse", "from", strings.TrimPrefix(first, "/requests/")).want(http.StatusNotFound)
}

func TestALeadRoutesOneFile(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV, "release/notes.txt", "One line.\n")
	file := strings.TrimPrefix(s.as(t, "ann").get(request).links(fileLink)[0], request+"/files/")
	s.submit(t, request)
	var seated []string
	third := ""
	for _, name := range []string{"carl", "cora", "chen"} {
		if slices.Contains(s.as(t, name).get("/queue").links(requestLink), request) {
			seated = append(seated, name)
		} else {
			third = name
		}
	}
	lea := s.as(t, "lea")
	lea.get("/board").want(http.StatusOK).has("Route single files")
	lea.get(request+"/route").want(http.StatusOK).has("release/rates.csv", "Person "+third)
	lea.post(request+"/route", "instead", file+" "+seated[0], "to", third, "reason", "").want(http.StatusUnprocessableEntity).has("Give a reason")
	lea.post(request+"/route", "instead", file+" "+seated[0], "to", third, "reason", "Knows tables").want(http.StatusOK).has("The file was routed", "routed by itself")
	if !slices.Contains(s.as(t, third).get("/queue").links(requestLink), request) {
		t.Error("the specialist does not find the request in the queue")
	}
	s.as(t, "ann").get(request + "/route").want(http.StatusNotFound)
	s.as(t, seated[1]).get(request + "/route").want(http.StatusNotFound)
}

func TestChangesAreAskedForAWholeGroup(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV)
	group := s.as(t, "ann").get(request).links(groupLink)[0]
	s.submit(t, request)
	b := s.seats(t, request)[0]
	b.get(request + "/review").want(http.StatusOK).has("Request changes to the whole group")
	b.post(group+"/changes", "reason", "").want(http.StatusOK).has("Nothing was decided", "Give a reason")
	b.post(group+"/changes", "reason", "Round <b>all</b> of it").want(http.StatusOK).has("Changes requested", "Round <b>all</b> of it")
	s.as(t, "ann").post(group+"/changes", "reason", "x").want(http.StatusNotFound)
	s.as(t, "tim").post(group+"/changes", "reason", "x").want(http.StatusNotFound)
}

// A band such as "80+" must not stand apart from "18-39".
func TestColumnsAreAlignedAsOne(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/ages.csv", "age_band,people\n18-39,120\n40-79,345\n80+,[REDACTED]\n")
	ann := s.as(t, "ann").get(request)
	ann.get(ann.links(fileLink)[0]).want(http.StatusOK)
	for _, cell := range []string{`id="r0c0" class="app-first">18-39`, `id="r2c0" class="app-first">80+`, `id="r0c1" class="app-n">120`, `id="r2c1" class="app-n">[REDACTED]`} {
		if !strings.Contains(ann.body, strings.ReplaceAll(cell, "+", "&#43;")) {
			t.Errorf("no %s in %s", cell, ann.body)
		}
	}
}

// One box chooses every file of a folder that can be added, and files of one folder
// can share a group; a group that is described gives its words to another, which
// nothing is saved of until somebody saves it.
func TestAWholeFolderIsAddedAndDescribedOnce(t *testing.T) {
	s := newSite(t)
	names := []string{"release/age/rates.csv", "release/age/notes.txt", "release/sex/rates.csv"}
	for _, name := range names {
		s.Workspaces.Write(reviewtest.Cohort, name, roundedCSV)
	}
	ann := s.as(t, "ann")
	const at = "/workspaces/cohort/files"
	ann.get("/workspaces/cohort").has("Choose all 3 files of release that can be added")
	ann.post(at, "kind", "output", "group", "folder", "all", "no-such-folder").want(http.StatusUnprocessableEntity).has("Choose at least one file.")
	ann.post(at, "kind", "output", "group", "folder", "all", "release", "file", names[0]).want(http.StatusOK).has("3 files were added")
	request, groups := ann.path, ann.links(groupLink)
	if len(groups) != 2 {
		t.Fatalf("the files are in the groups %q, want those of two folders", groups)
	}
	ann.post(at, "kind", "output", "group", "folder", "all", "release").want(http.StatusUnprocessableEntity).has("Choose at least one file.") // all are in it

	ann.get(groups[1]).lacks("Begin with the description of another group")
	ann.post(groups[0], "context.variables", "Age in years.", "controls.rounding", "To 5.", "then", "request").want(http.StatusOK)
	ann.post(groups[1], "context.variables", "Sex as recorded.", "then", "request").want(http.StatusOK)
	ann.get(groups[1]).has("Begin with the description of another group").lacks("To 5.")
	like := groups[1] + "?like=" + strings.TrimPrefix(groups[0], request+"/groups/")
	ann.get(like).has("Sex as recorded.", "To 5.", "It is not saved yet").lacks("Age in years.")
	ann.get(groups[1]).lacks("To 5.")
	ann.get(groups[1] + "?like=another").want(http.StatusOK).lacks("It is not saved yet")
	manyGroupsAreOfferedInAList(t, s, request)
}

// A request of many groups offers them in one list instead of a button each.
func manyGroupsAreOfferedInAList(t *testing.T, s *site, request string) {
	t.Helper()
	form := []string{"kind", "output", "group", "each"}
	for _, n := range strings.Split("abcde", "") {
		s.Workspaces.Write(reviewtest.Cohort, "release/"+n+".csv", roundedCSV)
		form = append(form, "file", "release/"+n+".csv")
	}
	s.Workspaces.Write(reviewtest.Cohort, "release/late.csv", roundedCSV)
	ann := s.as(t, "ann").get("/workspaces/cohort").lacks("A group that is there:")
	ann.post("/workspaces/cohort/files", form...).want(http.StatusOK).has("5 files were added")
	ann.get("/workspaces/cohort").has("A group that is there:").lacks("Group “a.csv”")
	ann.post("/workspaces/cohort/files", "kind", "output", "group", "in", "in_group", "c.csv", "file", "release/late.csv").want(http.StatusOK).has("1 file was added")
	if groups := ann.get(request).links(groupLink); len(groups) != 7 {
		t.Errorf("%d groups, want the file in one of the 7", len(groups))
	}
}

// Where nothing is known of any file, the page says what is missing once, and offers
// nothing that would be refused; many files in several folders suggest a group each.
func TestWorkspaceSaysWhatItsFilesSuggest(t *testing.T) {
	file := func(name string, level provenance.Level) review.WorkspaceFile {
		return review.WorkspaceFile{Path: name, Release: strings.HasPrefix(name, "release/"), Origin: provenance.Origin{Level: level}}
	}
	var deep, flat []review.WorkspaceFile
	for _, n := range strings.Split("abcdefghijkl", "") {
		deep = append(deep, file("release/"+n+"/t.csv", provenance.Moderately))
		flat = append(flat, file("release/"+n+".csv", provenance.Moderately))
	}
	for _, x := range []struct {
		name               string
		files              []review.WorkspaceFile
		untraced, byFolder bool
	}{
		{"no file", nil, false, false},
		{"nothing to release", []review.WorkspaceFile{file("output/a.csv", provenance.Unknown)}, false, false},
		{"none is known", []review.WorkspaceFile{file("release/a.csv", provenance.Unknown), file("output/a.csv", provenance.Unknown)}, true, false},
		{"one of two is known", []review.WorkspaceFile{file("release/a.csv", provenance.Unknown), file("output/a.csv", provenance.Moderately)}, false, false},
		{"many in folders", deep, false, true},
		{"ten in folders", deep[:10], false, false},
		{"many in one", flat, false, false},
	} {
		p := workspacePage{Workspace: &review.Workspace{Releases: []string{"release"}, Files: x.files}}
		p.sort(nil, policy.Default())
		if p.Untraced != x.untraced || p.ByFolder != x.byFolder {
			t.Errorf("%s: untraced %v, by folder %v", x.name, p.Untraced, p.ByFolder)
		}
	}
}
