package storage

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/checks/provenance"
	"sallyport/review"
)

const pipeline = `version: "4"
actions:
  tables:
    run: python:latest python tables.py
    outputs:
      moderately_sensitive:
        tables: output/*.csv
  extract:
    run: ehrql:v1 generate-dataset d.py
    outputs:
      highly_sensitive:
        rows: output/rows/*.csv
`

// study makes a folder of workspaces with one in it, called study: a pipeline,
// two outputs, a log, and copies of them in release folders.
func study(t testing.TB) (*Workspaces, string) {
	t.Helper()
	base := t.TempDir()
	dir := filepath.Join(base, "study")
	entry := func(name, level, content string) string {
		return fmt.Sprintf(`%q:{"level":%q,"job_id":"j","job_request":"1","action":%q,"commit":%q,"size":%d,"timestamp":1700000000.5,"content_hash":%q,"excluded":false,"message":null}`,
			name, level, map[string]string{"moderately_sensitive": "tables", "highly_sensitive": "extract"}[level],
			strings.Repeat("c", 40), len(content), digestOf(content))
	}
	manifest := `{"workspace":"study","repo":"https://example.org/r","outputs":{` +
		entry("output/t.csv", "moderately_sensitive", "a,b\n") + "," + entry("output/rows/r.csv", "highly_sensitive", "id\n1\n") + "}}"
	for name, content := range map[string]string{
		"project.yaml":               pipeline,
		"metadata/manifest.json":     manifest,
		"metadata/tables.log":        "it ran\n",
		"output/t.csv":               "a,b\n",
		"output/rows/r.csv":          "id\n1\n",
		"release/t.csv":              "a,b\n",
		"release/sub/rows.csv":       "id\n1\n",
		"release/log.txt":            "it ran\n",
		"release/empty.txt":          "",
		"release-2026-11-21/own.csv": "made by hand\n",
		"release_20261122/t.csv":     "a,b\n",
		"notes/private.txt":          "not shown",
	} {
		write(t, filepath.Join(dir, name), content)
	}
	w, err := OpenWorkspaces(base, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w, dir
}

func write(t testing.TB, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func listStudy(t testing.TB, w *Workspaces) *review.Workspace {
	t.Helper()
	ws, err := w.Workspace(t.Context(), "study")
	must(t, err)
	return ws
}

// entry finds a listed file.
func entry(t testing.TB, ws *review.Workspace, name string) review.WorkspaceFile {
	t.Helper()
	i := slices.IndexFunc(ws.Files, func(f review.WorkspaceFile) bool { return f.Path == name })
	if i < 0 {
		t.Fatalf("%s is not listed", name)
	}
	return ws.Files[i]
}

func TestWorkspace(t *testing.T) {
	w, _ := study(t)
	for range 2 { // the second time from memory
		ws := listStudy(t, w)
		if diff := cmp.Diff([]string{"release", "release-2026-11-21", "release_20261122"}, ws.Releases); diff != "" {
			t.Error(diff)
		}
		if len(ws.Problems) > 0 {
			t.Errorf("problems: %q", ws.Problems)
		}
		got := map[string]string{}
		for _, f := range ws.Files {
			got[f.Path] = fmt.Sprintf("%d %v %s %s%s", f.Size, f.Release, f.Origin.Level, f.Origin.Path, f.Problem)
		}
		if diff := cmp.Diff(map[string]string{
			"output/rows/r.csv":          "5 false highly_sensitive output/rows/r.csv",
			"output/t.csv":               "4 false moderately_sensitive output/t.csv",
			"release-2026-11-21/own.csv": "13 true  ",
			"release/empty.txt":          "0 true  ",
			"release/log.txt":            "7 true moderately_sensitive metadata/tables.log",
			"release/sub/rows.csv":       "5 true highly_sensitive output/rows/r.csv",
			"release/t.csv":              "4 true moderately_sensitive output/t.csv",
			"release_20261122/t.csv":     "4 true moderately_sensitive output/t.csv",
		}, got); diff != "" {
			t.Error(diff)
		}
		if got, want := entry(t, ws, "release/t.csv").Digest, digestOf("a,b\n"); got != want {
			t.Errorf("digest %q, want %q", got, want)
		}
		if !slices.IsSortedFunc(ws.Files, func(a, b review.WorkspaceFile) int { return strings.Compare(a.Path, b.Path) }) {
			t.Error("the files are not sorted by path")
		}
	}
}

// TestWorkspaceFollowsChanges changes a file, the manifest and the pipeline: no
// level is shown that was true only before.
func TestWorkspaceFollowsChanges(t *testing.T) {
	w, dir := study(t)
	old := time.Now().Add(-time.Hour)
	must(t, os.Chtimes(filepath.Join(dir, "release/t.csv"), old, old))
	level := func() provenance.Level { return entry(t, listStudy(t, w), "release/t.csv").Origin.Level }
	if level() != provenance.Moderately {
		t.Fatal("the copy has not its origin's level")
	}
	write(t, filepath.Join(dir, "release/t.csv"), "x,b\n")
	if level() != provenance.Unknown {
		t.Error("a changed copy keeps its level")
	}
	write(t, filepath.Join(dir, "release/t.csv"), "a,b\n")
	if level() != provenance.Moderately {
		t.Error("the level does not come back with the bytes")
	}
	info, err := os.Stat(filepath.Join(dir, "release/t.csv"))
	must(t, err)
	write(t, filepath.Join(dir, "release/t.csv"), "x,b\n")
	must(t, os.Chtimes(filepath.Join(dir, "release/t.csv"), info.ModTime(), info.ModTime()))
	if level() != provenance.Unknown {
		t.Error("a copy changed within one tick of the clock keeps its level")
	}
	write(t, filepath.Join(dir, "release/t.csv"), "a,b\n")
	write(t, filepath.Join(dir, "project.yaml"), strings.Replace(pipeline, "moderately", "highly", 1))
	if level() == provenance.Moderately {
		t.Error("a changed pipeline is not read")
	}
	write(t, filepath.Join(dir, "project.yaml"), pipeline)
	must(t, os.Remove(filepath.Join(dir, "metadata/manifest.json")))
	if level() != provenance.Unknown {
		t.Error("a removed manifest is not missed")
	}
}

// TestWorkspaceBrokenRecords: records that cannot be read leave no level, and
// say so.
func TestWorkspaceBrokenRecords(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, dir string){
		"the pipeline is a link": func(t *testing.T, dir string) {
			must(t, os.Rename(filepath.Join(dir, "project.yaml"), filepath.Join(dir, "p")))
			must(t, os.Symlink("p", filepath.Join(dir, "project.yaml")))
		},
		"the pipeline is no YAML": func(t *testing.T, dir string) { write(t, filepath.Join(dir, "project.yaml"), "{[") },
		"the pipeline is empty":   func(t *testing.T, dir string) { write(t, filepath.Join(dir, "project.yaml"), "") },
		"the manifest is a pipe": func(t *testing.T, dir string) {
			must(t, os.Remove(filepath.Join(dir, "metadata/manifest.json")))
			must(t, syscall.Mkfifo(filepath.Join(dir, "metadata/manifest.json"), 0o644))
		},
		"the manifest is cut off": func(t *testing.T, dir string) { must(t, os.Truncate(filepath.Join(dir, "metadata/manifest.json"), 40)) },
		"the metadata is a link": func(t *testing.T, dir string) {
			must(t, os.Rename(filepath.Join(dir, "metadata"), filepath.Join(dir, "m")))
			must(t, os.Symlink("m", filepath.Join(dir, "metadata")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, dir := study(t)
			spoil(t, dir)
			ws := listStudy(t, w)
			if len(ws.Problems) == 0 {
				t.Error("no problem is shown")
			}
			found, err := w.Origins(t.Context(), "study", []review.FileRef{{Path: "output/t.csv", Digest: digestOf("a,b\n")}})
			must(t, err)
			if got := found[0]; got.Level != provenance.Unknown || got.Why == "" {
				t.Errorf("origin %+v, want an unknown level and the reason", got)
			}
			if f := entry(t, ws, "release/t.csv"); f.Origin.Level != provenance.Unknown {
				t.Errorf("listed as %q", f.Origin.Level)
			}
		})
	}
}

func TestWorkspaceNames(t *testing.T) {
	w, dir := study(t)
	write(t, filepath.Join(filepath.Dir(dir), "file"), "")
	must(t, os.Symlink("study", filepath.Join(filepath.Dir(dir), "link")))
	for _, name := range []review.WorkspaceName{"", ".", "..", "../study", "nothing", "file", "study/release", "/study", "study\n", "study/", "stu\u200bdy"} {
		if _, err := w.Workspace(t.Context(), name); review.KindOf(err) != review.NotFound {
			t.Errorf("Workspace(%q): %v, want NotFound", name, err)
		}
		if _, err := w.Open(t.Context(), name, "release/t.csv"); review.KindOf(err) != review.NotFound {
			t.Errorf("Open(%q): %v, want NotFound", name, err)
		}
	}
	if _, err := w.Workspace(t.Context(), "link"); review.KindOf(err) != review.Invalid {
		t.Errorf("a workspace that is a link: %v, want Invalid", err)
	}
}

// hostile puts one of everything that must not be read into the release folder
// and returns, by path, a word of the reason.
func hostile(t *testing.T, dir string) map[string]string {
	t.Helper()
	at := func(name string) string { return filepath.Join(dir, "release", name) }
	must(t, os.Symlink("/etc/passwd", at("absolute-link.csv")))
	must(t, os.Symlink("../../../outside.txt", at("outside-link.csv")))
	must(t, os.Symlink("../output/rows/r.csv", at("inside-link.csv")))
	must(t, os.Symlink("nowhere", at("dangling-link.csv")))
	must(t, os.Symlink("loop.csv", at("loop.csv")))
	must(t, syscall.Mkfifo(at("pipe.csv"), 0o644))
	socket, err := net.Listen("unix", at("sock"))
	must(t, err)
	t.Cleanup(func() { socket.Close() })
	must(t, os.Symlink("../output", at("linked-folder")))
	reasons := map[string]string{
		"release/absolute-link.csv": "link", "release/outside-link.csv": "link", "release/inside-link.csv": "link",
		"release/dangling-link.csv": "link", "release/loop.csv": "link", "release/pipe.csv": "pipe", "release/sock": "socket",
		"release/linked-folder": "link",
	}
	if os.Geteuid() == 0 {
		if err := syscall.Mknod(at("null"), syscall.S_IFCHR|0o666, 1<<8|3); err == nil {
			reasons["release/null"] = "device"
		}
	}
	for name, reason := range map[string]string{
		"line\nbreak.csv": "control", "escape\x1b[31m.csv": "control", "nul-free\x7f.csv": "control",
		"right\u202eto-left.csv": "seen", "zero\u200bwidth.csv": "seen", "mark\u200f.csv": "seen", "filler\u3164.csv": "seen",
		"bom\ufeff.csv": "seen", "selector\ufe0f.csv": "seen", "wide\u3000space.csv": "seen", "braille\u2800.csv": "seen",
		"not-utf8\xff.csv": "UTF-8", `back\slash.csv`: "backslash", " space.csv": "space", "space.csv ": "space",
	} {
		write(t, at(name), "x")
		reasons["release/"+name] = reason
	}
	return reasons
}

func TestWorkspaceHostile(t *testing.T) {
	w, dir := study(t)
	reasons := hostile(t, dir)
	ws := listStudy(t, w)
	listed := map[string]review.WorkspaceFile{}
	for _, f := range ws.Files {
		if nameProblem(f.Path) != "" && !strings.Contains(f.Path, `\`) && strings.TrimSpace(f.Path) == f.Path && !strings.Contains(f.Path, "/ ") {
			t.Errorf("%q is shown as it is", f.Path)
		}
		listed[f.Path] = f
	}
	for name, reason := range reasons {
		f, ok := listed[shown(name)]
		if !ok || !strings.Contains(f.Problem, reason) {
			t.Errorf("%q is listed (%v) with %q, want a word of %q", name, ok, f.Problem, reason)
		}
		if f.Origin != (provenance.Origin{}) {
			t.Errorf("%q has an origin", name)
		}
		_, err := w.Open(t.Context(), "study", name)
		if review.KindOf(err) != review.Invalid || !strings.Contains(err.Error(), reason) {
			t.Errorf("Open(%q): %v, want Invalid with a word of %q", name, err, reason)
		}
	}
}

func TestWorkspaceOpen(t *testing.T) {
	w, dir := study(t)
	write(t, filepath.Join(filepath.Dir(dir), "outside.txt"), "secret")
	must(t, os.Symlink("output", filepath.Join(dir, "release-linked")))
	read := func(name string) (string, error) {
		f, err := w.Open(context.Background(), "study", name)
		if err != nil {
			return "", err
		}
		defer f.Close()
		data, err := io.ReadAll(f)
		return string(data), err
	}
	for name, want := range map[string]string{
		"release/t.csv": "a,b\n", "release/empty.txt": "", "output/rows/r.csv": "id\n1\n", "release/sub/rows.csv": "id\n1\n",
	} {
		if got, err := read(name); err != nil || got != want {
			t.Errorf("Open(%q) = %q, %v", name, got, err)
		}
	}
	for name, kind := range map[string]review.Kind{
		"":                                    review.Invalid,
		".":                                   review.Invalid,
		"release":                             review.Invalid,
		"release/":                            review.Invalid,
		"release/sub":                         review.Invalid,
		"release/../output/t.csv":             review.Invalid,
		"release/../../outside.txt":           review.Invalid,
		"../outside.txt":                      review.Invalid,
		"/etc/passwd":                         review.Invalid,
		"release//t.csv":                      review.Invalid,
		"release/./t.csv":                     review.Invalid,
		"release/t.csv\x00.txt":               review.Invalid,
		"release/" + strings.Repeat("n", 4e3): review.Invalid,
		"release/" + strings.Repeat("é", 150): review.Invalid,
		"release-linked/t.csv":                review.Invalid,
		"project.yaml":                        review.Invalid,
		"metadata/manifest.json":              review.Invalid,
		"notes/private.txt":                   review.Invalid,
		"release/none.csv":                    review.NotFound,
		"release/none/t.csv":                  review.NotFound,
		"release/t.csv/x":                     review.NotFound,
		"release-none/t.csv":                  review.NotFound,
	} {
		if _, err := read(name); err == nil || review.KindOf(err) != kind {
			t.Errorf("Open(%q): %v, want kind %d", name, err, kind)
		} else if strings.Contains(err.Error(), dir) {
			t.Errorf("Open(%q) tells where the workspace is: %v", name, err)
		}
	}
}

// TestWorkspaceUnsteady changes a file between its opening and its end.
func TestWorkspaceUnsteady(t *testing.T) {
	for name, change := range map[string]func(file string) error{
		"grows": func(file string) error {
			f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString("more")
			return err
		},
		"shrinks":  func(file string) error { return os.Truncate(file, 1) },
		"vanishes": os.Remove,
		"is replaced": func(file string) error {
			if err := os.WriteFile(file+"2", []byte("a,b\n"), 0o644); err != nil {
				return err
			}
			return os.Rename(file+"2", file)
		},
		"is rewritten": func(file string) error {
			return os.Chtimes(file, time.Now(), time.Now().Add(time.Second))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, dir := study(t)
			f, err := w.Open(t.Context(), "study", "release/t.csv")
			must(t, err)
			defer f.Close()
			must(t, change(filepath.Join(dir, "release/t.csv")))
			if _, err := io.ReadAll(f); err == nil || review.KindOf(err) != review.Invalid {
				t.Errorf("reading to the end: %v, want Invalid", err)
			}
		})
	}
}

func TestWorkspaceLimits(t *testing.T) {
	w, dir := study(t)
	deep := filepath.Join(dir, "release", strings.Repeat("d/", maxDepth+3))
	write(t, filepath.Join(deep, "x.csv"), "x")
	for i := range maxEntries + 10 {
		write(t, filepath.Join(dir, "output/many", fmt.Sprintf("%d.csv", i)), "")
	}
	ws := listStudy(t, w)
	if len(ws.Files) > maxEntries {
		t.Errorf("%d files are listed", len(ws.Files))
	}
	if len(ws.Problems) != 2 || !strings.Contains(ws.Problems[0], "deep") || !strings.Contains(ws.Problems[1], "more than") {
		t.Errorf("problems: %q, want one of depth and one of number", ws.Problems)
	}
	entry(t, ws, "release/t.csv") // the flood of outputs does not hide it
}

func FuzzNameProblem(f *testing.F) {
	for _, name := range []string{"release/t.csv", "", "..", "a/../b", "/a", "a\x00", "a\u202eb", "é/ü", "a//b", "\xff", `a\b`, " a", "a."} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if nameProblem(name) == "" && !filepath.IsLocal(filepath.FromSlash(name)) {
			t.Errorf("%q is accepted and not local", name)
		}
		if text := shown(name); strings.ContainsFunc(text, hidden) || len(text) > 12*(maxShown+1) {
			t.Errorf("%q is shown as %q", name, text)
		}
	})
}
