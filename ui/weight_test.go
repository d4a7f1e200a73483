package ui

import (
	"io/fs"
	"strings"
	"testing"
)

// mostAssets is how many bytes style and script may have together, compressed.
const mostAssets = 200_000

func TestAssetsAreLight(t *testing.T) {
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	if !a.built {
		t.Skip("style and script are not built: run npm run build in ui")
	}
	for _, kind := range compressions() {
		total := int64(0)
		for plain, name := range a.names {
			info, err := fs.Stat(a.files, name+kind.ending)
			if err != nil {
				t.Errorf("%s has no copy compressed as %s: %v", plain, kind.coding, err)
				continue
			}
			total += info.Size()
		}
		if total == 0 || total > mostAssets {
			t.Errorf("style and script have %d bytes as %s, want at most %d", total, kind.coding, mostAssets)
		}
		t.Logf("style and script: %d bytes as %s", total, kind.coding)
	}
	if strings.Count(strings.Join([]string{a.path("app.css"), a.path("app.js")}, " "), "/static/") != 2 {
		t.Error("a page lacks its style or its script")
	}
}

func TestAccepts(t *testing.T) {
	for _, tt := range []struct {
		header, coding string
		want           bool
	}{
		{"", "br", false}, {"gzip", "br", false}, {"gzip, br", "br", true}, {"GZIP", "gzip", true}, {"gzip;q=0.5,br;q=1.0", "br", true},
		{"br;q=0, gzip", "br", false}, {"br;q=0, gzip", "gzip", true}, {"br; q=0.0", "br", false}, {"brotli", "br", false}, {"x-gzip", "gzip", false},
	} {
		if got := accepts(tt.header, tt.coding); got != tt.want {
			t.Errorf("accepts(%q, %q) is %t", tt.header, tt.coding, got)
		}
	}
}
