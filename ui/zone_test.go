package ui

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport/review"
)

// The operator's page tells the service's condition at first sight.
func TestStatusTellsTheCondition(t *testing.T) {
	s := newSite(t)
	s.Host = host{review.HostFacts{Version: "v1.2.3", Database: "SQLite", Started: s.Now(), Disks: []review.Disk{{Folder: "data", Free: 1 << 30, Total: 100 << 30}}}}
	aud := s.as(t, "aud").get("/status").want(http.StatusOK)
	aud.has("Something needs attention", "Little space is left for data.", "1.0 GiB free of 100 GiB", "v1.2.3, on SQLite", "None is known of", "No witness is configured", "Nothing waits, and nothing was given up.", "by choosing a name")
	s.Host = host{review.HostFacts{Backup: s.Now().Add(-50 * time.Hour)}}
	aud.get("/status").has("Work flows", "The newest that is known was made", "2 days ago")
	s.Host = host{}
	tellsWhatIsMissingAtFirst(t, s)
}

type host struct{ review.HostFacts }

func (h host) Facts() review.HostFacts { return h.HostFacts }

// Each reader is told times by the clock they chose, with UTC beside; whoever
// chose none by the service's.
func TestTimesAreToldByTheReadersClock(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, func(o *Options) { o.Zone = london })
	request := s.draft(t, "release/rates.csv", smallCSV)
	s.submit(t, request)
	at := func(zone string) string {
		l, err := review.ZoneNamed(zone)
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Store.Request(t.Context(), review.RequestID(strings.TrimPrefix(request, "/requests/")))
		if err != nil {
			t.Fatal(err)
		}
		return r.Submitted.In(l).Format("2 January 2006, 15:04 MST")
	}
	ann, checker := s.as(t, "ann"), s.as(t, s.checkerOf(t, request))
	ann.get(request).has(at("Europe/London"), "Times are those of Europe/London")
	if !strings.Contains(ann.body, `id="offer-zone"`) {
		t.Error("who chose no zone is not offered their browser's")
	}
	ann.post("/account/zone", "zone", "Asia/Tokyo", "back", request).want(http.StatusOK).
		has("Times are shown by the clock of Asia/Tokyo now.", at("Asia/Tokyo"), "Times are those of Asia/Tokyo")
	if ann.path != request || !strings.Contains(ann.body, `title="`+at("UTC")) || strings.Contains(ann.body, `id="offer-zone"`) {
		t.Errorf("at %s: UTC is not on hover, or the zone is offered again", ann.path)
	}
	checker.get(request).has(at("Europe/London"))
	for _, bad := range []string{"Nowhere/Town", "Local", "../../etc/passwd", strings.Repeat("A", 65)} {
		ann.post("/account/zone", "zone", bad).want(http.StatusUnprocessableEntity).has("Choose a time zone of the list")
	}
	ann.post("/account/zone", "zone", "", "back", "//elsewhere.example").want(http.StatusOK)
	ann.get(request).has(at("Europe/London"))
	events, err := s.Store.Events(t.Context(), review.EventQuery{Types: []review.EventType{review.EvZoneChosen}})
	if err != nil || len(events) != 2 || events[0].Detail["zone"] != "Asia/Tokyo" {
		t.Errorf("on record: %v, %v", events, err)
	}
}
