package crate

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"sallyport/review"
)

// Names of the files of a bag, by RFC 8493.
const (
	declarationFile = "bagit.txt"
	infoFile        = "bag-info.txt"
	manifestFile    = "manifest-sha512.txt"
	tagManifestFile = "tagmanifest-sha512.txt"
	payload         = "data/"
)

// declaration is the whole of bagit.txt.
const declaration = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

// part is one file of a bag while it is made.
type part struct {
	path     string
	size     int64
	sha256   review.Digest
	sha512   string
	body     []byte
	released bool
}

// written is a part whose bytes are made here.
func written(path string, body []byte) part {
	short, long := sha256.Sum256(body), sha512.Sum512(body)
	return part{
		path: path, size: int64(len(body)), sha256: review.Digest(hex.EncodeToString(short[:])),
		sha512: hex.EncodeToString(long[:]), body: body,
	}
}

// released reads a released file through, for its checksum, and holds it to
// what the release says of it.
func released(ctx context.Context, e *review.Evidence, f review.ReleasedFile) (p part, err error) {
	from, err := e.Open(ctx, f.SHA256)
	if err != nil {
		return part{}, err
	}
	defer from.Close() // only read from
	short, long := sha256.New(), sha512.New()
	n, err := io.Copy(io.MultiWriter(short, long), from)
	if err != nil {
		return part{}, err
	}
	if hex.EncodeToString(short.Sum(nil)) != string(f.SHA256) || n != f.Size {
		return part{}, fmt.Errorf("%w: a file to be released", review.ErrCorrupt)
	}
	return part{path: payload + f.Path, size: n, sha256: f.SHA256, sha512: hex.EncodeToString(long.Sum(nil)), released: true}, nil
}

// bag puts the payload into a bag, with further tag files: all files, sorted by
// path. The signature is over the tag manifest, which therefore cannot list it.
func bag(rel *review.Release, load, further []part, signer Signer) ([]part, error) {
	tags := append([]part{
		written(declarationFile, []byte(declaration)),
		written(infoFile, bagInfo(rel, load)),
		written(manifestFile, manifest(load)),
	}, further...)
	last := written(tagManifestFile, manifest(tags))
	all := slices.Concat(tags, load, []part{last})
	if signer != nil {
		signature, err := signer.Sign(signedText(rel.ID, last.sha512))
		if err != nil {
			return nil, err
		}
		all = append(all, written(signatureFile, signature))
	}
	slices.SortFunc(all, func(a, b part) int { return cmp.Compare(a.path, b.path) })
	return all, nil
}

// signedText is what the signature is of: the release, and the checksum of the
// tag manifest, which has the checksum of everything else below it.
func signedText(release, tagManifest string) []byte {
	return []byte("sallyport-package/1\n" + release + "\n" + tagManifest + "\n")
}

// manifest lists files with their checksums, sorted by path, in the form that
// sha512sum writes and reads. Of a path only the line break and the percent
// sign are escaped, as RFC 8493 (2.1.3) says.
func manifest(files []part) []byte {
	var lines bytes.Buffer
	for _, f := range slices.SortedFunc(slices.Values(files), func(a, b part) int { return cmp.Compare(a.path, b.path) }) {
		fmt.Fprintf(&lines, "%s  %s\n", f.sha512, manifestPath.Replace(f.path))
	}
	return lines.Bytes()
}

var manifestPath = strings.NewReplacer("%", "%25", "\n", "%0A", "\r", "%0D")

// bagInfo is what people and tools read first.
func bagInfo(rel *review.Release, load []part) []byte {
	var octets int64
	for _, f := range load {
		octets += f.size
	}
	var lines bytes.Buffer
	for _, field := range [][2]string{
		{"Bag-Software-Agent", "Sallyport"},
		{"Bagging-Date", rel.Approved.UTC().Format(time.DateOnly)},
		{"External-Identifier", Identifier(rel.ID)},
		{"External-Description", "Results released from a trusted research environment: " + title(rel)},
		{"Internal-Sender-Identifier", rel.ID},
		{"Bag-Size", bagSize(octets)},
		{"Payload-Oxum", fmt.Sprintf("%d.%d", octets, len(load))},
	} {
		fmt.Fprintf(&lines, "%s: %s\n", field[0], strings.Join(strings.Fields(field[1]), " "))
	}
	return lines.Bytes()
}

// title is what the release is called.
func title(rel *review.Release) string {
	return cmp.Or(strings.TrimSpace(rel.Title), "results of "+string(rel.Workspace))
}

// bagSize is about how large the payload is, for people.
func bagSize(octets int64) string {
	for _, unit := range []string{"B", "kB", "MB"} {
		if octets < 1000 {
			return fmt.Sprintf("%d %s", octets, unit)
		}
		octets = (octets + 999) / 1000
	}
	return fmt.Sprintf("%d GB", octets)
}

// Identifier is the urn:uuid by which a release is known outside: a UUID of
// version 5, from the release's own identifier.
func Identifier(release string) string { return named("release:" + release) }

// named is the UUID of a thing of ours, by a name that is its own.
func named(what string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("sallyport:"+what)).URN()
}
