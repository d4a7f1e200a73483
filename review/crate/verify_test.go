package crate_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/crate"
	"sallyport/review/ledger"
)

// folder writes files below a new folder.
func folder(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(at), 0o755))
		must(t, os.WriteFile(at, data, 0o644))
	}
	return dir
}

// zipped writes a package as a ZIP.
func zipped(t testing.TB, p *review.Package) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, crate.WriteZIP(t.Context(), &out, "sallyport-"+p.Release.ID, p.Entries))
	return out.Bytes()
}

func file(t testing.TB, data []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "p.zip")
	must(t, os.WriteFile(name, data, 0o644))
	return name
}

func verify(t testing.TB, name, key string) *crate.Verdict {
	t.Helper()
	v, err := crate.Verify(context.Background(), name, key)
	must(t, err)
	return v
}

func TestVerify(t *testing.T) {
	s := newSample(t)
	p := s.pack(t)
	dir, z := folder(t, contents(t, p)), file(t, zipped(t, p))
	for _, name := range []string{dir, z} {
		for key, trusted := range map[string]bool{"": false, s.signer.PublicKey(): true} {
			v := verify(t, name, key)
			if !v.Good || v.Trusted != trusted || v.Events < 8 || v.Fingerprint == "" {
				t.Errorf("with key %q: %+v", key, v)
			}
			if !trusted && (len(v.Notes) != 2 || !strings.Contains(v.Notes[0], "You named no key")) {
				t.Errorf("without a key the notes are %q", v.Notes)
			}
			if trusted && len(v.Notes) > 0 {
				t.Errorf("with the key the notes are %q", v.Notes)
			}
		}
	}
	other, err := ledger.OpenSigner(filepath.Join(t.TempDir(), "keys"))
	must(t, err)
	if v := verify(t, dir, other.PublicKey()); v.Good || v.Trusted {
		t.Errorf("the key of another passes: %+v", v)
	}
}

// A policy that changes while a request is under review, as it does when the
// program is upgraded too, makes no package bad: the one that the request was
// submitted under is in it, and the log bears that out.
func TestPolicyChangedUnderReview(t *testing.T) {
	s := emptySample(t)
	s.file(t)
	later, err := policy.Load(append(bytes.Clone(s.Policy.Source), "# later\n"...))
	must(t, err)
	s.Policy = later
	s.review(t)
	if v := verify(t, file(t, zipped(t, s.pack(t))), s.signer.PublicKey()); !v.Good || !v.Trusted {
		t.Errorf("a package of a policy that changed meanwhile: %+v", v)
	}
}

// TestEveryFlip changes sampled bits of every file, in a folder and in a ZIP.
func TestEveryFlip(t *testing.T) {
	p := newSample(t).pack(t)
	files := contents(t, p)
	dir := folder(t, files)
	rng := rand.New(rand.NewPCG(1, 2))
	for name, data := range files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		places := []int{0, len(data) / 2, len(data) - 1}
		for range 3 {
			places = append(places, rng.IntN(len(data)))
		}
		for _, i := range places {
			bad := bytes.Clone(data)
			bad[i] ^= 1 << rng.IntN(8)
			must(t, os.WriteFile(at, bad, 0o644))
			if v := verify(t, dir, ""); v.Good {
				t.Errorf("a bit of %s at byte %d was changed, and nobody noticed", name, i)
			}
		}
		must(t, os.WriteFile(at, data, 0o644))
	}
	if v := verify(t, dir, ""); !v.Good {
		t.Fatalf("put back, it is not good: %v", v.Problems)
	}
}

// TestEveryFlipInZIP changes sampled bytes of the ZIP: of the files in it, and of
// what stands between them, names and times among it.
func TestEveryFlipInZIP(t *testing.T) {
	p := newSample(t).pack(t)
	whole := zipped(t, p)
	name := file(t, whole)
	z, err := zip.NewReader(bytes.NewReader(whole), int64(len(whole)))
	must(t, err)
	rng := rand.New(rand.NewPCG(3, 4))
	var places []int64
	for _, f := range z.File {
		from, err := f.DataOffset()
		must(t, err)
		end := from + int64(f.CompressedSize64)
		places = append(places, from-1, from-int64(len(f.Name))-20, end+9) // the name, the time, what follows the file
		for range 3 {
			places = append(places, from+rng.Int64N(int64(f.CompressedSize64)))
		}
	}
	for range 60 {
		places = append(places, rng.Int64N(int64(len(whole))))
	}
	for _, i := range places {
		bad := bytes.Clone(whole)
		bad[i] ^= 1 << rng.IntN(8)
		must(t, os.WriteFile(name, bad, 0o644))
		if v := verify(t, name, ""); v.Good {
			t.Errorf("a bit at byte %d of the ZIP was changed, and nobody noticed", i)
		}
	}
}

// reseal computes the manifests again, as somebody who tampers would.
func reseal(files map[string][]byte) {
	load := func(name string) bool { return strings.HasPrefix(name, "data/") }
	octets, n := 0, 0
	for name, data := range files {
		if load(name) {
			octets, n = octets+len(data), n+1
		}
	}
	var info strings.Builder
	for line := range strings.Lines(string(files["bag-info.txt"])) {
		if strings.HasPrefix(line, "Payload-Oxum:") {
			line = fmt.Sprintf("Payload-Oxum: %d.%d\n", octets, n)
		}
		info.WriteString(line)
	}
	files["bag-info.txt"] = []byte(info.String())
	files["manifest-sha512.txt"] = []byte(manifestOf(files, load))
	files["tagmanifest-sha512.txt"] = []byte(manifestOf(files, func(name string) bool {
		return !load(name) && !strings.HasPrefix(name, "tagmanifest-") && !strings.HasSuffix(name, ".sig")
	}))
}

// sign signs as the service would: what somebody who stole the key could do.
func sign(t testing.TB, s *sample, files map[string][]byte) {
	t.Helper()
	rel, err := s.Store.Release(context.Background(), s.request)
	must(t, err)
	text := fmt.Sprintf("sallyport-package/1\n%s\n%x\n", rel.ID, sha512.Sum512(files["tagmanifest-sha512.txt"]))
	signed, err := s.signer.Sign([]byte(text))
	must(t, err)
	files["signature/tagmanifest-sha512.txt.sig"] = signed
}

// edit changes a record and what describes it.
func edit(t testing.TB, files map[string][]byte, change func(*crate.Record)) {
	t.Helper()
	rec := new(crate.Record)
	must(t, json.Unmarshal(files["data/disclosure-record.json"], rec))
	change(rec)
	text, err := json.Marshal(rec)
	must(t, err)
	files["data/disclosure-record.json"] = text
}

// TestTampered changes a package as somebody would who knows how it is made.
// Without the key no change passes; with the key, none that the rules or the
// proofs speak against.
func TestTampered(t *testing.T) {
	s := newSample(t)
	whole := contents(t, s.pack(t))
	var first crate.PersonFacts
	edit(t, maps.Clone(whole), func(r *crate.Record) { first = r.People[1] })
	for name, test := range map[string]struct {
		change func(map[string][]byte)
		want   string // in a problem, although the key signed
	}{
		"a file changed":   {func(f map[string][]byte) { f["data/release/a.csv"] = []byte("sex,n\nF,11\n") }, "not the file that was approved"},
		"a file added":     {func(f map[string][]byte) { f["data/release/c.csv"] = []byte("x\n") }, "nobody approved it"},
		"a tag file added": {func(f map[string][]byte) { f["notes.txt"] = []byte("x\n") }, "does not belong"},
		"a file removed":   {func(f map[string][]byte) { delete(f, "data/release/a.csv") }, "is not in the package"},
		"files swapped": {func(f map[string][]byte) {
			f["data/release/a.csv"], f["data/release/r.html"] = f["data/release/r.html"], f["data/release/a.csv"]
		}, "not the file that was approved"},
		"a file cut short": {func(f map[string][]byte) { f["data/release/a.csv"] = f["data/release/a.csv"][:5] }, "not the file that was approved"},
		"another policy":   {func(f map[string][]byte) { f["data/policy.yaml"] = append(f["data/policy.yaml"], '#') }, "policy's text"},
		"no proofs":        {func(f map[string][]byte) { delete(f, "data/evidence/events.json") }, "evidence/events.json is missing"},
		"no checkpoint":    {func(f map[string][]byte) { delete(f, "data/evidence/checkpoint.txt") }, "no checkpoint"},
		"an event changed": {func(f map[string][]byte) {
			f["data/evidence/events.json"] = bytes.Replace(f["data/evidence/events.json"], []byte(`"changes"`), []byte(`"approve"`), 1)
		}, "does not bear the package out"},
		"a summary lost": {func(f map[string][]byte) { delete(f, "data/summary.html") }, "summary.html is missing"},
		"one approval fewer": {func(f map[string][]byte) {
			edit(t, f, func(r *crate.Record) {
				r.Files[0].Decisions = slices.DeleteFunc(r.Files[0].Decisions, func(d crate.DecisionFacts) bool { return d.Checker == first.Username })
			})
		}, "has 1 approvals"},
		"one checker twice": {func(f map[string][]byte) {
			edit(t, f, func(r *crate.Record) {
				for i := range r.Files[0].Decisions {
					r.Files[0].Decisions[i].Checker = first.Username
				}
			})
		}, "which counts once"},
		"the author approves": {func(f map[string][]byte) {
			edit(t, f, func(r *crate.Record) {
				for i := range r.Files[1].Decisions {
					if r.Files[1].Decisions[i].Checker == first.Username {
						r.Files[1].Decisions[i].Checker = "ann"
					}
				}
			})
		}, "The author approved"},
		"another checker": {func(f map[string][]byte) {
			edit(t, f, func(r *crate.Record) {
				r.Routing[0].Checker, r.Files[0].Decisions[len(r.Files[0].Decisions)-1].Checker = "zoe", "zoe"
			})
		}, "no vote of zoe"},
		"fewer approvals":  {func(f map[string][]byte) { edit(t, f, func(r *crate.Record) { r.Policy.Approvals = 1 }) }, "something else of the policy"},
		"another releaser": {func(f map[string][]byte) { edit(t, f, func(r *crate.Record) { r.Release.ReleasedBy = "zoe" }) }, "somebody else released"},
		"another time": {func(f map[string][]byte) {
			edit(t, f, func(r *crate.Record) { r.Release.Approved = r.Release.Approved.AddDate(0, 0, 1) })
		}, "another time"},
		"another release": {func(f map[string][]byte) {
			edit(t, f, func(r *crate.Record) { r.Release.ID = "X"; r.Release.Identifier = crate.Identifier("X") })
		}, "signature is of another package"},
		"a step left out": {func(f map[string][]byte) {
			edit(t, f, func(r *crate.Record) { r.History = append(r.History[:2], r.History[4:]...) })
		}, "has a gap"},
		"steps out of order": {func(f map[string][]byte) {
			edit(t, f, func(r *crate.Record) { r.History[0], r.History[1] = r.History[1], r.History[0] })
		}, "out of order"},
		"a field more": {func(f map[string][]byte) {
			f["data/disclosure-record.json"] = bytes.Replace(f["data/disclosure-record.json"], []byte(`"schema"`), []byte(`"more": 1, "schema"`), 1)
		}, "form it should have"},
		"a key twice": {func(f map[string][]byte) {
			f["data/disclosure-record.json"] = bytes.Replace(f["data/disclosure-record.json"], []byte(`"schema"`), []byte(`"schema": "", "schema"`), 1)
		}, "cannot be relied on"},
		"another digest": {func(f map[string][]byte) { edit(t, f, func(r *crate.Record) { r.Files[0].SHA256 = digest("x") }) }, "not the file that was approved"},
		"other metadata": {func(f map[string][]byte) {
			f["data/ro-crate-metadata.json"] = bytes.Replace(f["data/ro-crate-metadata.json"], []byte(`"agent"`), []byte(`"agents"`), -1)
		}, "lacks the decision"},
		"other bag info": {func(f map[string][]byte) {
			f["bag-info.txt"] = bytes.Replace(f["bag-info.txt"], []byte("urn:uuid:"), []byte("urn:uuid:0"), 1)
		}, "another External-Identifier"},
		"a fetch file":        {func(f map[string][]byte) { f["fetch.txt"] = []byte("https://example.org/x - data/x\n") }, "does not belong"},
		"a bag of the future": {func(f map[string][]byte) { f["bagit.txt"] = []byte("BagIt-Version: 2.0\n") }, "no package of this kind"},
	} {
		t.Run(name, func(t *testing.T) {
			files := maps.Clone(whole)
			test.change(files)
			for step, then := range []func(){func() {}, func() { reseal(files) }, func() { sign(t, s, files) }} {
				then()
				v := verify(t, folder(t, files), s.signer.PublicKey())
				if v.Good {
					t.Errorf("passes after step %d of tampering", step)
				}
				if step == 2 && !strings.Contains(strings.Join(v.Problems, "\n"), test.want) {
					t.Errorf("problems %q, want one that says %q", v.Problems, test.want)
				}
			}
		})
	}
}

// TestRefused gives a verifier what is no package.
func TestRefused(t *testing.T) {
	entry := func(name string, mode os.FileMode, body string) func(*zip.Writer) error {
		return func(z *zip.Writer) error {
			h := &zip.FileHeader{Name: name, Method: zip.Deflate}
			h.SetMode(mode | 0o644)
			w, err := z.CreateHeader(h)
			if err == nil {
				_, err = io.WriteString(w, body)
			}
			return err
		}
	}
	for name, entries := range map[string][]func(*zip.Writer) error{
		"nothing":             {},
		"a path upwards":      {entry("bag/../../etc/passwd", 0, "x")},
		"an absolute path":    {entry("/etc/passwd", 0, "x")},
		"a backslash":         {entry(`bag\..\x`, 0, "x")},
		"a link":              {entry("bag/bagit.txt", os.ModeSymlink, "/etc/passwd")},
		"a device":            {entry("bag/bagit.txt", os.ModeDevice, "")},
		"the same name":       {entry("bag/bagit.txt", 0, "x"), entry("bag/bagit.txt", 0, "y")},
		"two folders":         {entry("bag/bagit.txt", 0, "x"), entry("gab/bagit.txt", 0, "y")},
		"no folder":           {entry("bagit.txt", 0, "x")},
		"a bomb":              {entry("bag/bagit.txt", 0, strings.Repeat("\x00", 8<<20))},
		"a name that hides":   {entry("bag/a\u202egnp.exe", 0, "x")},
		"a folder that leads": {entry("bag/../../x/", os.ModeDir, "")},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			z := zip.NewWriter(&out)
			for _, add := range entries {
				must(t, add(z))
			}
			must(t, z.Close())
			if v := verify(t, file(t, out.Bytes()), ""); v.Good || len(v.Problems) == 0 || v.Record != nil {
				t.Errorf("it passes: %+v", v)
			}
		})
	}
	t.Run("a link in a folder", func(t *testing.T) {
		dir := folder(t, contents(t, newSample(t).pack(t)))
		must(t, os.Remove(filepath.Join(dir, "data/release/a.csv")))
		must(t, os.Symlink("/etc/hostname", filepath.Join(dir, "data/release/a.csv")))
		if v := verify(t, dir, ""); v.Good || !strings.Contains(v.Problems[0], "link") {
			t.Errorf("%+v", v)
		}
	})
	if _, err := crate.Verify(context.Background(), filepath.Join(t.TempDir(), "nothing"), ""); err == nil {
		t.Error("what is not there was verified")
	}
}

// TestCut truncates a ZIP everywhere.
func TestCut(t *testing.T) {
	whole := zipped(t, newSample(t).pack(t))
	for _, n := range []int{0, 1, 100, len(whole) / 2, len(whole) - 23, len(whole) - 1} {
		if v := verify(t, file(t, whole[:n]), ""); v.Good {
			t.Errorf("cut to %d bytes it passes", n)
		}
	}
}

// FuzzVerify holds a verifier to ending, whatever it is given.
func FuzzVerify(f *testing.F) {
	f.Add(zipped(f, newSample(f).pack(f)))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := crate.Verify(context.Background(), file(t, data), "")
		if err == nil && v.Good && v.Record == nil {
			t.Error("good, and nothing is known of it")
		}
	})
}
