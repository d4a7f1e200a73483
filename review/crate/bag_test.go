package crate_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sallyport/review"
	"sallyport/review/crate"
)

// digest is the SHA-256 by which a body is known.
func digest(body string) review.Digest {
	sum := sha256.Sum256([]byte(body))
	return review.Digest(hex.EncodeToString(sum[:]))
}

// manifestOf is what sha512sum would write of files, paths escaped as RFC 8493
// says.
func manifestOf(files map[string][]byte, which func(path string) bool) string {
	var lines strings.Builder
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if which(path) {
			fmt.Fprintf(&lines, "%x  %s\n", sha512.Sum512(files[path]), strings.ReplaceAll(path, "%", "%25"))
		}
	}
	return lines.String()
}

// TestBag holds a package to RFC 8493.
func TestBag(t *testing.T) {
	s := newSample(t)
	p := s.pack(t)
	files := contents(t, p)
	load := func(path string) bool { return strings.HasPrefix(path, "data/") }
	octets, n := 0, 0
	for path, data := range files {
		if load(path) {
			octets, n = octets+len(data), n+1
		}
	}
	rel := p.Release
	for path, want := range map[string]string{
		"bagit.txt":           "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
		"manifest-sha512.txt": manifestOf(files, load),
		"tagmanifest-sha512.txt": manifestOf(files, func(path string) bool {
			return !load(path) && !strings.HasPrefix(path, "tagmanifest-") && !strings.HasSuffix(path, ".sig")
		}),
		"bag-info.txt": fmt.Sprintf(`Bag-Software-Agent: Sallyport
Bagging-Date: 2026-11-20
External-Identifier: %s
External-Description: Results released from a trusted research environment: Rates by <sex> & age
Internal-Sender-Identifier: %s
Bag-Size: %d kB
Payload-Oxum: %d.%d
`, crate.Identifier(rel.ID), rel.ID, (octets+999)/1000, octets, n),
		"data/release/a.csv":            "sex,n\nF,10\nM,[REDACTED]\n",
		"data/release/50% & more/b.csv": "sex,n\nM,20\n",
		"data/release/r.html":           "<p>report</p>",
	} {
		if d := cmp.Diff(want, string(files[path])); d != "" {
			t.Errorf("%s (-want +got):\n%s", path, d)
		}
	}
	if !strings.HasPrefix(crate.Identifier(rel.ID), "urn:uuid:") {
		t.Errorf("the identifier is %s", crate.Identifier(rel.ID))
	}
}

func TestZIP(t *testing.T) {
	p := newSample(t).pack(t)
	var first, second bytes.Buffer
	for _, to := range []*bytes.Buffer{&first, &second} {
		must(t, crate.WriteZIP(t.Context(), to, "bag", p.Entries))
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same package gave two different ZIPs")
	}
	z, err := zip.NewReader(bytes.NewReader(first.Bytes()), int64(first.Len()))
	must(t, err)
	got := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		data, err := io.ReadAll(r)
		must(t, err)
		got[strings.TrimPrefix(f.Name, "bag/")] = data
	}
	if d := cmp.Diff(contents(t, p), got); d != "" {
		t.Errorf("ZIP (-want +got):\n%s", d)
	}
}
