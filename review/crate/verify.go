package crate

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"

	"sallyport/review"
	"sallyport/review/ledger"
)

// Verdict is what verification found.
type Verdict struct {
	// Good says that everything is as it must be: Problems is empty.
	Good     bool     `json:"good"`
	Problems []string `json:"problems"` // in plain words
	Notes    []string `json:"notes"`    // what a reader should know besides
	// Trusted says that the key the caller named signed the package. Without it
	// the signature shows only that whoever holds Key made the package.
	Trusted     bool   `json:"trusted"`
	Key         string `json:"key,omitempty"`         // name of the key that signed
	Fingerprint string `json:"fingerprint,omitempty"` // of that key
	Files       int    `json:"files"`                 // in the package, all of them
	Events      int    `json:"events"`                // proven to be in the log
	// Record is the disclosure-control record, for saying what was approved by
	// whom; nil when it cannot be read. Believe it only when Good.
	Record *Record `json:"record,omitempty"`
}

// Verify checks a package, a folder or a ZIP, against nothing but itself and a
// key: every checksum, the signature, the proofs, and that what the record says
// was done follows the policy in it. Key is the text of the public key that the
// reader trusts; with "" the key in the package is used. The error says that
// the package could not be opened at all.
func Verify(ctx context.Context, name, key string) (*Verdict, error) {
	v := &verifier{ctx: ctx, out: &Verdict{Problems: []string{}, Notes: []string{}}}
	if key != "" {
		keys, err := ledger.ParseKeys(key)
		if err != nil {
			return nil, err
		}
		v.keys, v.trusted = &keys, key
	}
	src, err := openSource(name)
	var refused errRefused
	if errors.As(err, &refused) {
		v.problem("The package is refused: %s", refused.why)
		return v.out, nil
	}
	if err != nil {
		return nil, err
	}
	defer src.close() // only read from
	v.src = src
	v.run()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	v.out.Good = len(v.out.Problems) == 0
	return v.out, nil
}

// verifier goes through one package.
type verifier struct {
	ctx     context.Context
	src     *source
	keys    *ledger.Keys // nil until there is one to check with
	trusted string       // text of the key that the caller named
	sums    map[string]sums
	rec     *Record
	out     *Verdict
}

// maxProblems is how many are told of.
const maxProblems = 50

func (v *verifier) problem(format string, args ...any) {
	if len(v.out.Problems) < maxProblems {
		v.out.Problems = append(v.out.Problems, fmt.Sprintf(format, args...))
	}
}

func (v *verifier) note(format string, args ...any) {
	v.out.Notes = append(v.out.Notes, fmt.Sprintf(format, args...))
}

func (v *verifier) run() {
	if !v.checksums() {
		return // nothing in it can be relied on
	}
	v.readRecord()
	if v.rec == nil {
		return
	}
	v.out.Record = v.rec
	v.signature()
	v.bagInfo()
	v.policy()
	v.files()
	v.decisions()
	v.steps()
	v.logged()
	v.described()
	if v.src.zip {
		v.asWritten()
	}
}

// checksums holds every file to the manifests, and the manifests to every file.
// It reports whether the package is one.
func (v *verifier) checksums() bool {
	if text, err := v.src.text(declarationFile); err != nil || string(text) != declaration {
		v.problem("It is no package of this kind: %s is missing or says something else.", declarationFile)
		return false
	}
	v.sums = map[string]sums{}
	for _, name := range v.src.paths() {
		s, err := v.src.sum(v.ctx, name)
		if err != nil {
			v.problem("%s cannot be read as it should be.", name)
			continue
		}
		v.sums[name] = s
	}
	v.out.Files = len(v.src.sizes)
	load := v.manifest(manifestFile, func(name string) bool { return strings.HasPrefix(name, payload) })
	tags := v.manifest(tagManifestFile, func(name string) bool {
		return !strings.HasPrefix(name, payload) && name != tagManifestFile && name != signatureFile
	})
	return load && tags
}

// manifest compares one manifest with the files that it must list: those, and
// no others. It reports whether the manifest could be read.
func (v *verifier) manifest(file string, mine func(string) bool) bool {
	text, err := v.src.text(file)
	if err != nil {
		v.problem("%s is missing or cannot be read.", file)
		return false
	}
	want, err := parseManifest(text)
	if err != nil {
		v.problem("%s is not a manifest: %v.", file, err)
		return false
	}
	for _, name := range v.src.paths() {
		if !mine(name) {
			continue
		}
		switch sum, listed := want[name]; {
		case !listed:
			v.problem("%s is in the package and not in %s: somebody added it.", name, file)
		case v.sums[name].sha512 != sum:
			v.problem("%s is not as it was written: its checksum differs.", name)
		}
	}
	var missing []string
	for name := range want {
		if _, there := v.src.sizes[name]; !there || !mine(name) {
			missing = append(missing, name)
		}
	}
	sort.Strings(missing)
	for _, name := range missing {
		v.problem("%s is in %s and not in the package: somebody removed it.", name, file)
	}
	return true
}

// signature holds the tag manifest, and with it everything, to the key.
func (v *verifier) signature() {
	if v.keys == nil {
		text, err := v.src.text(keyFile)
		if err != nil {
			v.problem("The package is not signed: it holds no key.")
			return
		}
		keys, err := ledger.ParseKeys(string(text))
		if err != nil {
			v.problem("%s holds no key.", keyFile)
			return
		}
		v.keys = &keys
	}
	signed, err := v.src.text(signatureFile)
	if err != nil {
		v.problem("The package is not signed.")
		return
	}
	text, by, err := v.keys.Open(signed)
	if err != nil && v.trusted != "" {
		v.problem("The package is not signed by the key that you named: %v.", err)
		return
	}
	if err != nil {
		v.problem("The signature of the package is wrong: %v.", err)
		return
	}
	if text != string(signedText(v.rec.Release.ID, v.sums[tagManifestFile].sha512)) {
		v.problem("The signature is of another package, or of this one before it was changed.")
		return
	}
	v.out.Key = by
	v.fingerprint()
}

// fingerprint says which key it was, so that people can compare it.
func (v *verifier) fingerprint() {
	text := v.trusted
	if text == "" {
		enclosed, err := v.src.text(keyFile)
		if err != nil {
			return
		}
		text = string(enclosed)
	} else {
		v.out.Trusted = true
	}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); strings.HasPrefix(line, v.out.Key) {
			v.out.Fingerprint = Fingerprint(line)
		}
	}
	if !v.out.Trusted {
		v.note("You named no key, so the signature shows only that all of this is from whoever holds the key above.")
		v.note("Ask those who released it, by another way, for their public key or whether its fingerprint is theirs.")
	}
}

// bagInfo holds bag-info.txt to the release.
func (v *verifier) bagInfo() {
	var load []part
	for name, size := range v.src.sizes {
		if strings.HasPrefix(name, payload) {
			load = append(load, part{path: name, size: size})
		}
	}
	rel := v.rec.Release
	want := bagInfo(&review.Release{ID: rel.ID, Workspace: rel.Workspace, Title: rel.Title, Approved: rel.Approved}, load)
	fields := func(text []byte) map[string]string {
		out := map[string]string{}
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(line, ":")
			out[name] = strings.TrimSpace(value)
		}
		return out
	}
	text, err := v.src.text(infoFile)
	if err != nil {
		v.problem("%s is missing or cannot be read.", infoFile)
		return
	}
	is, should := fields(text), fields(want)
	for _, name := range []string{"Payload-Oxum", "External-Identifier", "Internal-Sender-Identifier", "Bagging-Date"} {
		if is[name] != should[name] {
			v.problem("%s says another %s than the release has.", infoFile, name)
		}
	}
}
