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
	total := int64(0)
	for plain, name := range a.names {
		info, err := fs.Stat(a.files, name+".gz")
		if err != nil {
			t.Errorf("%s has no compressed copy: %v", plain, err)
			continue
		}
		total += info.Size()
	}
	if total == 0 || total > mostAssets {
		t.Errorf("style and script have %d bytes compressed, want at most %d", total, mostAssets)
	}
	if strings.Count(strings.Join([]string{a.path("app.css"), a.path("app.js")}, " "), "/static/") != 2 {
		t.Error("a page lacks its style or its script")
	}
	t.Logf("style and script: %d bytes compressed", total)
}
