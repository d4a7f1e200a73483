package storage

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sallyport/review"
)

// pack makes a package of files given as name, content, name, content.
func pack(id string, named ...string) *review.Package {
	p := &review.Package{Release: &review.Release{ID: id, Workspace: "study"}, Manifest: []byte("{\"release\": \"" + id + "\"}\n")}
	contents := map[review.Digest]string{}
	for i := 0; i < len(named); i += 2 {
		d := digestOf(named[i+1])
		contents[d] = named[i+1]
		p.Release.Files = append(p.Release.Files, review.ReleasedFile{Path: named[i], SHA256: d, Size: int64(len(named[i+1]))})
	}
	manifest := hashOf(p.Manifest)
	contents[manifest] = string(p.Manifest)
	p.Entries = []review.Entry{{Path: "manifest.json", SHA256: manifest, Size: int64(len(p.Manifest))}}
	for _, f := range p.Release.Files {
		p.Entries = append(p.Entries, review.Entry{Path: "files/" + f.Path, SHA256: f.SHA256, Size: f.Size})
	}
	for i := range p.Entries {
		digest := p.Entries[i].SHA256
		p.Entries[i].Open = func(ctx context.Context) (io.ReadCloser, error) { return p.Open(ctx, digest) }
	}
	p.Open = func(_ context.Context, d review.Digest) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(contents[d])), nil
	}
	return p
}

func newFolder(t testing.TB) (*Folder, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out")
	f, err := OpenFolder(dir)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return f, dir
}

func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, name := range files(t, dir) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		found[name] = string(data)
	}
	return found
}

// unzipped is what a folder holds besides the ZIPs, after holding each of them to
// the package beside it.
func unzipped(t testing.TB, dir string) map[string]string {
	t.Helper()
	found := contents(t, dir)
	for name := range found {
		if path.Ext(name) != ".zip" {
			continue
		}
		z, err := zip.OpenReader(filepath.Join(dir, name))
		must(t, err)
		for _, f := range z.File {
			in := path.Join(path.Dir(name), f.Name)
			r, err := f.Open()
			must(t, err)
			data, err := io.ReadAll(r)
			if want, ok := found[in]; err != nil || !ok || want != string(data) {
				t.Errorf("%s holds %s, which is %v, %v beside it", name, in, ok, err)
			}
		}
		inside := 0
		for other := range found {
			if strings.HasPrefix(other, strings.TrimSuffix(name, ".zip")+"/") {
				inside++
			}
		}
		if len(z.File) != inside {
			t.Errorf("%s holds %d files, and the package %d", name, len(z.File), inside)
		}
		must(t, z.Close())
		delete(found, name)
	}
	return found
}

func TestDeliver(t *testing.T) {
	f, dir := newFolder(t)
	want := map[string]string{
		"study/R1/files/release/a.csv":   "a\n",
		"study/R1/files/release/s/b.csv": "a\n", // the same bytes twice
		"study/R1/files/release/e.txt":   "",
		"study/R1/manifest.json":         "{\"release\": \"R1\"}\n",
	}
	p := pack("R1", "release/a.csv", "a\n", "release/s/b.csv", "a\n", "release/e.txt", "")
	for range 3 { // as after a crash, once delivered
		location, err := f.Deliver(t.Context(), p)
		if err != nil || location != "study/R1" {
			t.Fatalf("Deliver = %q, %v", location, err)
		}
		if diff := cmp.Diff(want, unzipped(t, dir)); diff != "" {
			t.Error(diff)
		}
	}
	_, err := f.Deliver(t.Context(), pack("R2", "release/a.csv", "other"))
	must(t, err)
	if got := files(t, dir); len(got) != len(want)+1+3 {
		t.Errorf("two packages: %v", got)
	}
}

// TestDeliverAfterCrash starts with what a killed delivery leaves.
func TestDeliverAfterCrash(t *testing.T) {
	f, dir := newFolder(t)
	write(t, filepath.Join(dir, "study", unfinished+"R1-ABC", "files/release/a.csv"), "half")
	write(t, filepath.Join(dir, "study", rubbish+"R1-DEF", "files/release/a.csv"), "half removed")
	write(t, filepath.Join(dir, "study", unfinished+"R2-ABC", "files/release/a.csv"), "of another release")
	_, err := f.Deliver(t.Context(), pack("R1", "release/a.csv", "a\n"))
	must(t, err)
	if diff := cmp.Diff(map[string]string{
		"study/R1/files/release/a.csv":                            "a\n",
		"study/R1/manifest.json":                                  "{\"release\": \"R1\"}\n",
		"study/" + unfinished + "R2-ABC" + "/files/release/a.csv": "of another release",
	}, unzipped(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// TestDeliverRefuses: whatever is wrong, nothing is to be seen.
func TestDeliverRefuses(t *testing.T) {
	broken := errors.New("broken")
	ended, end := context.WithCancel(t.Context())
	end()
	for name, test := range map[string]struct {
		ctx   context.Context
		alter func(p *review.Package)
		want  error
	}{
		"other bytes":  {t.Context(), func(p *review.Package) { p.Entries[2].SHA256 = digestOf("else") }, review.ErrCorrupt},
		"another size": {t.Context(), func(p *review.Package) { p.Entries[2].Size++ }, review.ErrCorrupt},
		"no bytes": {t.Context(), func(p *review.Package) {
			p.Open = func(context.Context, review.Digest) (io.ReadCloser, error) { return nil, broken }
		}, broken},
		"nobody waits":         {ended, func(*review.Package) {}, context.Canceled},
		"the same name twice":  {t.Context(), func(p *review.Package) { p.Entries[2].Path = p.Entries[1].Path }, os.ErrExist},
		"a path out of it":     {t.Context(), func(p *review.Package) { p.Entries[2].Path = "../../../x" }, nil},
		"an absolute path":     {t.Context(), func(p *review.Package) { p.Entries[2].Path = "/x" }, nil},
		"a release named ..":   {t.Context(), func(p *review.Package) { p.Release.ID = ".." }, nil},
		"a release with /":     {t.Context(), func(p *review.Package) { p.Release.ID = "a/b" }, nil},
		"a hidden workspace":   {t.Context(), func(p *review.Package) { p.Release.Workspace = ".study" }, nil},
		"an unnamed workspace": {t.Context(), func(p *review.Package) { p.Release.Workspace = "" }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f, dir := newFolder(t)
			p := pack("R1", "release/a.csv", "a\n", "release/b.csv", "b\n")
			test.alter(p)
			location, err := f.Deliver(test.ctx, p)
			if err == nil || location != "" || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("Deliver = %q, %v, want %v", location, err, test.want)
			}
			if left := files(t, filepath.Dir(dir)); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestDeliverTampered: a delivered package that was altered is told, and not
// written over.
func TestDeliverTampered(t *testing.T) {
	for name, tamper := range map[string]func(dir string) error{
		"a file":     func(dir string) error { return replace(filepath.Join(dir, "files/release/a.csv"), "b\n") },
		"a ZIP":      func(dir string) error { return replace(dir+".zip", "PK") },
		"a manifest": func(dir string) error { return replace(filepath.Join(dir, "manifest.json"), "{}") },
		"one more":   func(dir string) error { return os.WriteFile(filepath.Join(dir, "files/more.csv"), nil, 0o644) },
		"one fewer":  func(dir string) error { return os.Remove(filepath.Join(dir, "files/release/a.csv")) },
	} {
		t.Run(name, func(t *testing.T) {
			f, dir := newFolder(t)
			p := pack("R1", "release/a.csv", "a\n", "release/b.csv", "b\n")
			_, err := f.Deliver(t.Context(), p)
			must(t, err)
			must(t, tamper(filepath.Join(dir, "study/R1")))
			altered := contents(t, dir)
			if _, err := f.Deliver(t.Context(), p); !errors.Is(err, review.ErrCorrupt) {
				t.Errorf("Deliver: %v, want ErrCorrupt", err)
			}
			if diff := cmp.Diff(altered, contents(t, dir)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func replace(file, content string) error {
	if err := os.Remove(file); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(content), 0o644)
}

// TestDeliverTogether: workers with the same release, after a lease ran out,
// may fail one another; what can be seen is whole at every moment.
func TestDeliverTogether(t *testing.T) {
	f, dir := newFolder(t)
	for round := range 20 {
		var named []string
		for i := range 10 {
			named = append(named, fmt.Sprintf("release/%d/t.csv", i), strings.Repeat("a\n", 1000*i))
		}
		p := pack(fmt.Sprint("R", round), named...)
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				_, err := f.Deliver(context.Background(), p)
				if errors.Is(err, review.ErrCorrupt) {
					t.Errorf("a package that is not whole was seen: %v", err)
				}
			})
		}
		wait.Wait()
		_, err := f.Deliver(t.Context(), p) // as the outbox does in the end
		must(t, err)
	}
	if got := files(t, dir); len(got) != 20*12 {
		t.Errorf("%d files on disk, want those of 20 packages: %v", len(got), got)
	}
}

// TestWithdraw: the package goes, a note stays, and nothing is put there again.
func TestWithdraw(t *testing.T) {
	f, dir := newFolder(t)
	p, other := pack("R1", "release/a.csv", "a\n"), pack("R2", "release/b.csv", "b\n")
	for _, one := range []*review.Package{p, other} {
		_, err := f.Deliver(t.Context(), one)
		must(t, err)
	}
	want := map[string]string{
		"study/R1.withdrawn.txt":       string(review.Tombstone(p.Release)),
		"study/R2/files/release/b.csv": "b\n",
		"study/R2/manifest.json":       string(other.Manifest),
	}
	for range 2 {
		what, err := f.Withdraw(t.Context(), p.Release, "study/R1")
		must(t, err)
		if !strings.Contains(what, "deleted") {
			t.Errorf("it says %q", what)
		}
		if diff := cmp.Diff(want, unzipped(t, dir)); diff != "" {
			t.Error(diff)
		}
	}
	if _, err := f.Deliver(t.Context(), p); review.KindOf(err) != review.Conflict {
		t.Errorf("delivered after the withdrawal: %v", err)
	}
	// Half removed by a process that was killed.
	write(t, filepath.Join(dir, "study", rubbish+"R1-ABC", "files/release/a.csv"), "a\n")
	_, err := f.Withdraw(t.Context(), p.Release, "study/R1")
	must(t, err)
	// One that never arrived leaves its note all the same.
	_, err = f.Withdraw(t.Context(), pack("R3").Release, "")
	must(t, err)
	want["study/R3.withdrawn.txt"] = string(review.Tombstone(pack("R3").Release))
	if diff := cmp.Diff(want, unzipped(t, dir)); diff != "" {
		t.Error(diff)
	}
}
