package demo_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sallyport/checks/provenance"
	"sallyport/cmd/sallyport/internal/demo"
	"sallyport/policy"
	"sallyport/storage"
)

func prepare(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if made, err := demo.Prepare(dir); err != nil || !made {
		t.Fatalf("Prepare: %v, %v", made, err)
	}
	return dir
}

// digests hashes every ordinary file below dir.
func digests(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.HasSuffix(path, "/.git/index") { // git's cache of file times
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		sum := sha256.Sum256(data)
		all[path] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryDemonstrationIsTheSame(t *testing.T) {
	if diff := cmp.Diff(digests(t, prepare(t)), digests(t, prepare(t))); diff != "" {
		t.Errorf("two demo folders differ:\n%s", diff)
	}
}

// Every file of a release folder is a copy of an output whose level can be
// told, but for the one that is highly sensitive on purpose.
func TestReleasesAreTracedToTheirOutputs(t *testing.T) {
	dir := demo.Workspaces(prepare(t))
	for _, p := range demo.Projects() {
		workspace := filepath.Join(dir, string(p.Workspaces[0]))
		project, err := os.ReadFile(filepath.Join(workspace, "project.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		manifest, err := os.ReadFile(filepath.Join(workspace, "metadata", "manifest.json"))
		if err != nil {
			t.Fatal(err)
		}
		sources := provenance.ReadSources(project, manifest)
		if problems := sources.Problems(); len(problems) > 0 {
			t.Errorf("%s: %v", p.ID, problems)
		}
		all := digests(t, workspace)
		logs := map[string]string{}
		for path, sum := range all {
			if strings.HasSuffix(path, ".log") && strings.HasPrefix(path, "metadata/") {
				logs[path] = sum
			}
		}
		sources.Logs(logs)
		released := 0
		for path, sum := range all {
			if !provenance.IsRelease(path) {
				continue
			}
			released++
			want := provenance.Moderately
			if strings.HasSuffix(path, "/extract.csv") {
				want = provenance.Highly
			}
			if o := sources.Origin(path, sum); o.Level != want || o.Commit == "" && !strings.HasSuffix(path, ".log") {
				t.Errorf("%s %s: level %q, commit %q: %s", p.ID, path, o.Level, o.Commit, o.Why)
			}
		}
		if released < 5 {
			t.Errorf("%s releases only %d files", p.ID, released)
		}
	}
}

func TestAFolderThatIsNotTheDemosIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	precious := filepath.Join(dir, "precious.txt")
	if err := os.WriteFile(precious, []byte("keep"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := demo.Prepare(dir); err == nil {
		t.Error("Prepare took a folder that is not the demo's")
	}
	if err := demo.Remove(dir); err == nil {
		t.Error("Remove took a folder that is not the demo's")
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

func TestADemoFolderIsKeptAndCanBeRemoved(t *testing.T) {
	dir := prepare(t)
	if made, err := demo.Prepare(dir); err != nil || made {
		t.Errorf("a second Prepare: %v, %v", made, err)
	}
	if err := demo.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if demo.Is(dir) {
		t.Error("still there")
	}
}

func TestEveryRoleIsThere(t *testing.T) {
	got := map[policy.Role]int{}
	for _, p := range demo.People() {
		got[p.Roles[0]]++
	}
	want := map[policy.Role]int{policy.Researcher: 2, policy.Checker: 3, policy.Auditor: 1, policy.Operator: 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
}

// The runs of every study are recorded, on commits that its repository holds.
func TestRunsAndCodeBelongTogether(t *testing.T) {
	dir := prepare(t)
	code, err := storage.OpenCode(demo.Code(dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range demo.Projects() {
		data, err := os.ReadFile(filepath.Join(demo.Workspaces(dir), string(p.Workspaces[0]), "metadata", "job_requests.json"))
		if err != nil {
			t.Fatal(err)
		}
		runs, err := provenance.ReadJobRequests(data)
		if err != nil || len(runs) != 2 {
			t.Fatalf("%s: %d runs, %v", p.ID, len(runs), err)
		}
		var commits []string
		repo := ""
		for _, r := range runs {
			commits, repo = append(commits, r.Commit), r.Repo
		}
		changes, err := code.Compare(t.Context(), repo, commits[0], commits[1])
		if err != nil || len(changes) == 0 {
			t.Errorf("%s: %d changes, %v", p.ID, len(changes), err)
		}
	}
}
