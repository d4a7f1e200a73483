package crate_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"html"
	"maps"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/checks/hostile"
	"sallyport/storage"
)

// acceptedNames are the hostile texts that a workspace lets through as names of
// files: it is asked, with a folder that holds them all.
func acceptedNames(t *testing.T) (names []string) {
	t.Helper()
	root := t.TempDir()
	for _, h := range hostile.Strings() {
		name := "release/" + h + "_.csv"
		if !filepath.IsLocal(name) || path.Clean(name) != name {
			continue
		}
		at := filepath.Join(root, "cohort", filepath.FromSlash(name))
		if os.MkdirAll(filepath.Dir(at), 0o700) == nil {
			_ = os.WriteFile(at, []byte("sex,n\nF,10\n"), 0o600) // not every text can be a name
		}
	}
	w, err := storage.OpenWorkspaces(root, time.Now)
	must(t, err)
	t.Cleanup(func() { _ = w.Close() })
	found, err := w.Workspace(t.Context(), "cohort")
	must(t, err)
	for _, f := range found.Files {
		if f.Problem == "" {
			names = append(names, f.Path)
		}
	}
	return names
}

// TestHostileNames packs files under every hostile name that can be one at all.
// Each place of a package that holds names is read by its own rules, not by ours:
// the manifest's lines, the ZIP's entries, the crate's ids and the page's links
// name the same files, each once, and the page runs nothing.
func TestHostileNames(t *testing.T) {
	names := acceptedNames(t)
	s := newSample(t, names...)
	p := s.pack(t)
	files := contents(t, p)
	for _, name := range names {
		if _, there := files["data/"+name]; !there {
			t.Errorf("%q is not in the package", name)
		}
	}
	if len(names) < 30 {
		t.Errorf("only %d hostile names are accepted", len(names))
	}
	payload := slices.DeleteFunc(slices.Sorted(maps.Keys(files)), func(n string) bool { return !strings.HasPrefix(n, "data/") })

	var listed []string
	line := regexp.MustCompile(`^[0-9a-f]{128}  (data/[^\r\n]+)$`)
	escapes := strings.NewReplacer("%0A", "\n", "%0D", "\r", "%25", "%") // RFC 8493, 2.1.3
	for _, l := range strings.Split(strings.TrimSuffix(string(files["manifest-sha512.txt"]), "\n"), "\n") {
		m := line.FindStringSubmatch(l)
		if m == nil {
			t.Fatalf("a line of the manifest: %q", l)
		}
		listed = append(listed, escapes.Replace(m[1]))
	}
	slices.Sort(listed)
	if d := cmp.Diff(payload, listed); d != "" {
		t.Errorf("the manifest (-want +got):\n%s", d)
	}

	packed := zipped(t, p)
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	must(t, err)
	seen := map[string]bool{}
	for _, f := range z.File {
		if !filepath.IsLocal(f.Name) || seen[f.Name] || !f.Mode().IsRegular() {
			t.Errorf("an entry of the ZIP: %q", f.Name)
		}
		seen[f.Name] = true
	}
	if len(seen) != len(files) {
		t.Errorf("the ZIP has %d entries, want %d", len(seen), len(files))
	}

	var doc struct {
		Graph []map[string]any `json:"@graph"`
	}
	must(t, json.Unmarshal(files["data/ro-crate-metadata.json"], &doc))
	inCrate := map[string]int{}
	for _, n := range doc.Graph {
		id, _ := n["@id"].(string)
		if at, err := url.PathUnescape(id); err == nil && n["@type"] == "File" {
			inCrate["data/"+strings.TrimPrefix(at, "./")]++
			if u, err := url.Parse(id); err != nil || u.IsAbs() || u.Host != "" || u.RawQuery != "" || u.Fragment != "" {
				t.Errorf("the id %q is no relative path: %v", id, err)
			}
		}
	}
	links := map[string]int{}
	page := string(files["data/summary.html"])
	for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if u, err := url.Parse(html.UnescapeString(m[1])); err == nil && u.Host == "" && u.Scheme == "" {
			links["data/"+u.Path]++
		} else if !strings.HasPrefix(m[1], "https://www.opensafely.org") {
			t.Errorf("a link of the summary leads to %q", m[1])
		}
	}
	for _, name := range names {
		if inCrate["data/"+name] != 1 || links["data/"+name] < 1 {
			t.Errorf("%q is %d times in the crate, and linked %d times", name, inCrate["data/"+name], links["data/"+name])
		}
	}
	if bad := regexp.MustCompile(`(?i)<(script|img|svg|iframe|base|meta http-equiv="?refresh|hx-)|<[^>]*\son\w+=|href="?javascript:`).FindString(page); bad != "" {
		t.Errorf("the summary holds %q", bad)
	}

	for _, name := range []string{folder(t, files), file(t, packed)} {
		if v := verify(t, name, s.signer.PublicKey()); !v.Good {
			t.Errorf("it does not verify: %+v", v)
		}
	}
}
