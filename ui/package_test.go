package ui

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/review"
	"sallyport/review/crate"
)

// TestPackage downloads the package of a release from its pages, and holds it to
// what left.
func TestPackage(t *testing.T) {
	s, request := releasedSite(t)
	ann, aud := s.as(t, "ann"), s.as(t, "aud")
	address := request + "/package"
	ann.get(address).want(http.StatusConflict) // not delivered yet
	if _, err := s.WorkOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for name, b := range map[string]*browser{"ann": ann, "aud": aud} {
		page := map[string]string{"ann": request, "aud": strings.Replace(request, "/requests/", "/records/", 1)}[name]
		if b.get(page).want(http.StatusOK); !strings.Contains(b.body, `href="`+address+`"`) {
			t.Errorf("the page of %s does not lead to the package", name)
		}
		b.get(address).want(http.StatusOK)
		bodies = append(bodies, b.body)
		if d := b.header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment; filename=") || b.header.Get("Content-Type") != "application/zip" {
			t.Errorf("%s is sent as %q", name, d)
		}
	}
	if bodies[0] != bodies[1] {
		t.Error("two people get two packages")
	}
	file := filepath.Join(t.TempDir(), "p.zip")
	if err := os.WriteFile(file, []byte(bodies[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := crate.Verify(t.Context(), file, "")
	if err != nil || v.Record == nil || len(v.Record.Files) != 1 || v.Record.Files[0].Path != "release/rates.csv" {
		t.Errorf("what was downloaded says %+v, %v", v, err)
	}
	list, err := s.Store.Events(t.Context(), review.EventQuery{Types: []review.EventType{review.EvPackageDownloaded}})
	if err != nil || len(list) != 2 || list[0].Detail["release"] == "" || list[0].Purpose == "" {
		t.Errorf("events %+v, %v", list, err)
	}
	for _, other := range []string{"abe", "tim", "ops", "lea"} {
		if b := s.as(t, other); b.get(address).status == http.StatusOK {
			t.Errorf("%s gets the package", other)
		}
	}
}
