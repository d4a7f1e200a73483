package crate

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"sallyport/review"
)

// Files of the payload that tell of the released ones, beside them.
const (
	metadataFile   = "ro-crate-metadata.json"
	recordFile     = "disclosure-record.json"
	summaryFile    = "summary.html"
	policyFile     = "policy.yaml"
	checkpointFile = "evidence/checkpoint.txt" // review.CheckpointPath without payload
	proofsFile     = "evidence/events.json"
)

// Files beside the payload that carry the signature.
const (
	keyFile       = "signature/public-key.txt"
	signatureFile = "signature/tagmanifest-sha512.txt.sig"
)

// aboutFiles says what each of them is.
var aboutFiles = map[string]string{
	recordFile:     "Disclosure-control record",
	summaryFile:    "Summary of the release, for people",
	policyFile:     "Policy under which the release was decided",
	checkpointFile: "Signed checkpoint of the log of events",
	proofsFile:     "Events by which the release was decided, each with the proof that the log holds it",
}

// A Signer signs notes; *ledger.Signer is one.
type Signer interface {
	// Sign returns the message as a signed note. The same message gives the
	// same note.
	Sign(msg []byte) ([]byte, error)
	// PublicKey is the key that the signature is checked with.
	PublicKey() string
}

// Packer is a review.Packer that writes bags.
type Packer struct {
	// Publisher names the organisation that releases.
	Publisher string
	// Signer signs each package; nil leaves it unsigned.
	Signer Signer
}

var _ review.Packer = Packer{}

// Pack implements review.Packer.
func (p Packer) Pack(ctx context.Context, e *review.Evidence) ([]review.SealedFile, error) {
	load, err := p.payload(ctx, e)
	if err != nil {
		return nil, fmt.Errorf("crate: %w", err)
	}
	var tags []part
	if p.Signer != nil {
		tags = append(tags, written(keyFile, []byte(p.Signer.PublicKey()+"\n")))
	}
	all, err := bag(e.Release, load, tags, p.Signer)
	if err != nil {
		return nil, fmt.Errorf("crate: %w", err)
	}
	var files []review.SealedFile
	for _, f := range all {
		files = append(files, review.SealedFile{Path: f.path, Size: f.size, SHA256: f.sha256, Body: f.body, Released: f.released})
	}
	return files, nil
}

// payload is the crate: the released files and all that tells of them.
func (p Packer) payload(ctx context.Context, e *review.Evidence) ([]part, error) {
	var load []part
	for _, f := range e.Release.Files {
		file, err := released(ctx, e, f)
		if err != nil {
			return nil, err
		}
		load = append(load, file)
	}
	rec := newRecord(e)
	record, err := indented(rec)
	if err != nil {
		return nil, err
	}
	page, err := summary(rec)
	if err != nil {
		return nil, err
	}
	about := []part{
		written(payload+recordFile, record),
		written(payload+summaryFile, page),
		written(payload+policyFile, e.Policy.Source),
	}
	if e.Checkpoint != nil {
		proofs, err := indented(newProofs(e))
		if err != nil {
			return nil, err
		}
		about = append(about, written(payload+checkpointFile, e.Checkpoint.Note), written(payload+proofsFile, proofs))
	}
	described, err := metadata(rec, cmp.Or(p.Publisher, "The trusted research environment"), about)
	if err != nil {
		return nil, err
	}
	return append(append(load, about...), written(payload+metadataFile, described)), nil
}

// indented is JSON that people can read too.
func indented(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return out.Bytes(), err
}
