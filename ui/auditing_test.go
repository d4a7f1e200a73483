package ui

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"sallyport/review"
)

// releasedSite plays one request, with a hostile title, to its release.
func releasedSite(t *testing.T) (*site, string) {
	t.Helper()
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", smallCSV)
	s.as(t, "ann").post(request+"/details", "title", `=HYPERLINK("http://x","y")`, "purpose", "+1 for the paper").want(http.StatusOK)
	s.submit(t, request)
	seats := s.seats(t, request)
	for i, b := range seats {
		b.vote(request, "approve", []string{"First reason.", "Second reason."}[i])
		b.post(request + "/review").want(http.StatusOK)
	}
	seats[0].post(request + "/release").want(http.StatusOK)
	return s, request
}

// exported downloads an export, holds its event to its bytes, and returns them.
func (b *browser) exported(address string) []byte {
	b.t.Helper()
	b.get(address).want(http.StatusOK)
	if d := b.header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment; filename=") {
		b.t.Errorf("%s: Content-Disposition %q", address, d)
	}
	list, err := b.site.Store.Events(b.t.Context(), review.EventQuery{Types: []review.EventType{review.EvExported}, Newest: true, Limit: 1})
	if err != nil || len(list) != 1 {
		b.t.Fatalf("%s: no event: %v", address, err)
	}
	sum := sha256.Sum256([]byte(b.body))
	if e := list[0]; string(e.Digest) != hex.EncodeToString(sum[:]) || e.Detail["export"] == "" || e.Detail["rows"] == "" {
		b.t.Errorf("%s: the event %+v does not tell of these bytes", address, e)
	}
	return []byte(b.body)
}

func readCSV(t *testing.T, data []byte) [][]string {
	t.Helper()
	all, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestExports(t *testing.T) {
	s, request := releasedSite(t)
	aud := s.as(t, "aud")
	id := strings.TrimPrefix(request, "/requests/")
	for address, want := range map[string]string{
		"/export/events?type=request.approved":  "request.approved",
		"/export/events?find=rates.csv":         "file.voted",
		"/export/requests?status=APPROVED":      id,
		"/export/releases?workspace=cohort":     "release/rates.csv",
		"/export/releases?project=none":         "",
		"/export/records/" + id:                 "both checkers approved the bytes",
		"/export/requests?since=2026-01-01":     id,
		"/export/requests?until=2026-01-01":     "",
		"/export/requests?person=ann&path=RATE": id,
	} {
		rows := readCSV(t, aud.exported(address))
		text := strings.ToLower(aud.body)
		if want != "" && (len(rows) < 2 || !strings.Contains(text, strings.ToLower(want))) || want == "" && len(rows) != 1 {
			t.Errorf("%s holds %d rows and not %q", address, len(rows), want)
		}
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
					t.Errorf("%s: the cell %q", address, cell)
				}
			}
		}
	}
	aud.get("/export/releases?format=pdf").want(http.StatusUnprocessableEntity)
	aud.get("/export/requests?since=soon").want(http.StatusUnprocessableEntity)
}

func TestRecordWorkbook(t *testing.T) {
	s, request := releasedSite(t)
	data := s.as(t, "aud").exported("/export/records/" + strings.TrimPrefix(request, "/requests/") + "?format=xlsx")
	book, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	want := []string{"Summary", "Files", "Context", "Votes", "Comments", "Findings", "Answers to findings", "Exceptions", "Turns", "Events", "Released", "Independence", "Log"}
	if got := book.GetSheetList(); !slices.Equal(got, want) {
		t.Errorf("sheets %q", got)
	}
	for _, name := range []string{"Summary", "Files", "Votes", "Findings", "Turns", "Events", "Released", "Independence"} {
		if rows, err := book.GetRows(name); err != nil || len(rows) < 2 {
			t.Errorf("sheet %s has %d rows (%v)", name, len(rows), err)
		}
	}
	if title, _ := book.GetCellValue("Summary", "B3"); title != `'=HYPERLINK("http://x","y")` {
		t.Errorf("the title is %q", title)
	}
}

// A checker's export holds what their pages do: before both reviews are in,
// nothing of the other's.
func TestReviewExportIsBlind(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV)
	s.submit(t, request)
	seats := s.seats(t, request)
	address := "/export/reviews/" + strings.TrimPrefix(request, "/requests/")
	for i, b := range seats {
		b.vote(request, "changes", []string{"First reason.", "Second reason."}[i])
	}
	if seats[0].exported(address); !strings.Contains(seats[0].body, "First reason.") || strings.Contains(seats[0].body, "Second reason.") {
		t.Error("the export before both reviews are in is not the checker's own")
	}
	seats[0].post(request + "/review").want(http.StatusOK)
	if seats[1].exported(address + "?format=xlsx"); len(seats[1].body) == 0 {
		t.Error("nothing was exported")
	}
	for _, b := range []string{"chen", "carl", "cora"} {
		other := s.as(t, b)
		if other.get("/queue"); !slices.Contains(other.links(requestLink), request) {
			other.get(address).want(http.StatusNotFound)
		}
	}
	s.as(t, "ann").get(address).want(http.StatusNotFound)
	seats[1].post(request + "/review").want(http.StatusOK)
	if seats[0].exported(address); !strings.Contains(seats[0].body, "Second reason.") {
		t.Error("the export after both reviews are in lacks the other's")
	}
}

func TestFindAnything(t *testing.T) {
	s, request := releasedSite(t)
	aud := s.as(t, "aud")
	r, err := s.Store.Request(t.Context(), review.RequestID(strings.TrimPrefix(request, "/requests/")))
	if err != nil {
		t.Fatal(err)
	}
	record := "/records/" + string(r.ID)
	for _, find := range []string{"hyperlink", string(r.ID), "rates.csv", string(r.Groups[0].Files[0].Digest)[:12], "ann"} {
		if aud.get("/audit?find=" + find).want(http.StatusOK); !slices.Contains(aud.links(`/records/[A-Z0-9]+`), record) {
			t.Errorf("looking for %q does not find the request", find)
		}
	}
	aud.get("/audit?find=nothing-of-the-kind").has("No request matches", "No event matches")
	aud.get("/audit?find=rates").has("Approved for release") // part of a file's name
	aud.get("/figures").want(http.StatusOK).has("Turnaround", "1 turn ended, 1 of them within", "small-count", "Cohen’s kappa")
	if rows := readCSV(t, aud.exported("/export/figures?figure=overrode")); len(rows) < 2 {
		t.Errorf("the findings that were overridden: %q", rows)
	}
	aud.get(record).has("Independence of the two reviews", "shown", "The events show that each checker decided before")
	aud.get(record+"/print").want(http.StatusOK).has("record of request "+string(r.ID), "Independence", "First reason.").lacks("Sign out")
}

// The log pages both ways, and each way shows every event once.
func TestLogPagesBothWays(t *testing.T) {
	s := newSite(t)
	for range 240 {
		if err := s.Store.Append(t.Context(), review.Event{At: s.Now(), Type: review.EvFileViewed, Actor: "zed"}); err != nil {
			t.Fatal(err)
		}
	}
	aud := s.as(t, "aud")
	walk := func(start, link string) []string {
		var seen []string
		at := start
		for range 10 {
			aud.get(at).want(http.StatusOK)
			var rows []string
			for _, m := range regexp.MustCompile(`id="event-(\d+)"`).FindAllStringSubmatch(aud.body, -1) {
				rows = append(rows, m[1])
			}
			if link == "Newer" {
				slices.Reverse(rows)
			}
			seen = append(seen, rows...)
			m := regexp.MustCompile(`href="([^"]*)" rel="\w+">(?:← )?` + link).FindStringSubmatch(aud.body)
			if m == nil {
				return seen
			}
			at = strings.ReplaceAll(m[1], "&amp;", "&")
		}
		t.Fatal("the pages do not end")
		return nil
	}
	down, up := walk("/audit?person=zed", "Older"), walk("/audit?person=zed&after=0", "Newer")
	slices.Reverse(up)
	if len(down) != 240 || !slices.Equal(down, up) || len(slices.Compact(slices.Clone(down))) != 240 {
		t.Errorf("%d events going back, %d going on", len(down), len(up))
	}
}
