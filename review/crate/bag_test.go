package crate_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/review"
	"sallyport/review/crate"
)

// digest is the SHA-256 by which a body is known.
func digest(body string) review.Digest {
	sum := sha256.Sum256([]byte(body))
	return review.Digest(hex.EncodeToString(sum[:]))
}

func TestBag(t *testing.T) {
	blobs := map[review.Digest]string{}
	rel := &review.Release{ID: "REL", Workspace: "cohort", Title: "Rates\nby region", Approved: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	for path, body := range map[string]string{"release/b.csv": "a,b\n", "release/50%/a.csv": "x\n10\n"} {
		d := digest(body)
		blobs[d] = body
		rel.Files = append(rel.Files, review.ReleasedFile{Path: path, SHA256: d, Size: int64(len(body))})
	}
	e := &review.Evidence{Release: rel, Open: func(_ context.Context, d review.Digest) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(blobs[d])), nil
	}}
	files, err := crate.Packer{}.Pack(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	text := map[string]string{}
	for _, f := range files {
		paths = append(paths, f.Path)
		text[f.Path] = string(f.Body)
		if f.Released {
			text[f.Path] = blobs[f.SHA256]
		}
	}
	want := []string{"bag-info.txt", "bagit.txt", "data/release/50%/a.csv", "data/release/b.csv", "manifest-sha512.txt", "tagmanifest-sha512.txt"}
	if d := cmp.Diff(want, paths); d != "" {
		t.Errorf("paths (-want +got):\n%s", d)
	}
	line := func(path, written string) string {
		sum := sha512.Sum512([]byte(text[path]))
		return hex.EncodeToString(sum[:]) + "  " + written + "\n"
	}
	wantManifest := line("data/release/50%/a.csv", "data/release/50%25/a.csv") + line("data/release/b.csv", "data/release/b.csv")
	if d := cmp.Diff(wantManifest, text["manifest-sha512.txt"]); d != "" {
		t.Errorf("manifest (-want +got):\n%s", d)
	}
	wantTags := line("bag-info.txt", "bag-info.txt") + line("bagit.txt", "bagit.txt") + line("manifest-sha512.txt", "manifest-sha512.txt")
	if d := cmp.Diff(wantTags, text["tagmanifest-sha512.txt"]); d != "" {
		t.Errorf("tag manifest (-want +got):\n%s", d)
	}
	wantInfo := `Bag-Software-Agent: Sallyport
Bagging-Date: 2026-11-20
External-Identifier: ` + crate.Identifier("REL") + `
External-Description: Results released from a trusted research environment: Rates by region
Internal-Sender-Identifier: REL
Bag-Size: 9 B
Payload-Oxum: 9.2
`
	if d := cmp.Diff(wantInfo, text["bag-info.txt"]); d != "" {
		t.Errorf("bag-info.txt (-want +got):\n%s", d)
	}
	checkZIP(t, files, text)
}

func checkZIP(t *testing.T, files []review.SealedFile, text map[string]string) {
	t.Helper()
	var entries []review.Entry
	for _, f := range files {
		entries = append(entries, review.Entry{Path: f.Path, Size: f.Size, SHA256: f.SHA256, Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(text[f.Path])), nil
		}})
	}
	var first, second bytes.Buffer
	for _, to := range []*bytes.Buffer{&first, &second} {
		if err := crate.WriteZIP(t.Context(), to, "bag", entries); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same package gave two different ZIPs")
	}
	z, err := zip.NewReader(bytes.NewReader(first.Bytes()), int64(first.Len()))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got[strings.TrimPrefix(f.Name, "bag/")] = string(data)
	}
	if d := cmp.Diff(text, got); d != "" {
		t.Errorf("ZIP (-want +got):\n%s", d)
	}
}
