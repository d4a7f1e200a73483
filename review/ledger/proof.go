package ledger

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/mod/sumdb/tlog"

	"sallyport/review"
)

// ProofFormat names the form of a proof file.
const ProofFormat = "sallyport-inclusion-proof-1"

// MaxProof is the length of a proof file, in bytes, that is still read.
const MaxProof = 32 << 20

// ProofFile proves that events are in the log of a signed checkpoint. With the
// public key it needs nothing else to be checked.
type ProofFile struct {
	Format     string   `json:"format"`
	About      string   `json:"about"`      // in words: an event, a release
	Checkpoint string   `json:"checkpoint"` // the signed note
	Events     []Proven `json:"events"`
}

// Proven is one event, whole, with its path to the checkpoint's root.
type Proven struct {
	Event  jsontext.Value `json:"event"`
	Hashes []tlog.Hash    `json:"hashes"`
}

// NewProofFile puts a proof file together. The events have one proof each, in
// the same order, all for the size of the checkpoint.
func NewProofFile(about string, c review.Checkpoint, events []review.Event, proofs []review.Proof) *ProofFile {
	p := &ProofFile{Format: ProofFormat, About: about, Checkpoint: string(c.Note)}
	for i, e := range events {
		one := Proven{Event: e.Canonical(), Hashes: []tlog.Hash{}}
		for _, h := range proofs[i].Hashes {
			one.Hashes = append(one.Hashes, h)
		}
		p.Events = append(p.Events, one)
	}
	return p
}

// JSON is the file's text.
func (p *ProofFile) JSON() ([]byte, error) {
	text, err := json.Marshal(p, jsontext.WithIndent("  "))
	return append(text, '\n'), err
}

// ParseProof reads a proof file, strictly: it must be written exactly as JSON
// writes it, so that there is one file for one proof. It checks nothing of what
// the file says.
func ParseProof(text []byte) (*ProofFile, error) {
	if len(text) > MaxProof {
		return nil, errors.New("it is too long for a proof")
	}
	var p ProofFile
	if err := json.Unmarshal(text, &p, json.RejectUnknownMembers(true)); err != nil {
		return nil, errors.New("it is no proof file")
	}
	if p.Format != ProofFormat {
		return nil, fmt.Errorf("it is not of the form %s", ProofFormat)
	}
	if len(p.Events) == 0 {
		return nil, errors.New("it proves nothing: there is no event in it")
	}
	if again, err := p.JSON(); err != nil || !bytes.Equal(again, text) {
		return nil, errors.New("it was changed since it was written")
	}
	return &p, nil
}

// ProvenEvent is what a proven event says, as far as people ask first.
type ProvenEvent struct {
	Seq     int64            `json:"seq"`
	At      time.Time        `json:"at"`
	Type    review.EventType `json:"type"`
	Actor   review.Username  `json:"actor"`
	Request review.RequestID `json:"request"`
	Path    string           `json:"path"`
	Digest  review.Digest    `json:"digest"`
}

// Check holds the file to the keys: the checkpoint is signed by one of them, and
// every event is in the log that it signs. It returns both, or says what is
// wrong.
func (p *ProofFile) Check(keys Keys) (review.Checkpoint, []ProvenEvent, error) {
	c, err := keys.Checkpoint([]byte(p.Checkpoint))
	if err != nil {
		return c, nil, fmt.Errorf("the checkpoint: %w", err)
	}
	var events []ProvenEvent
	for i := range p.Events {
		e, _, err := p.Events[i].check(c)
		if err != nil {
			return c, nil, fmt.Errorf("event %d of the file: %w", i+1, err)
		}
		events = append(events, e)
	}
	return c, events, nil
}

func (p *Proven) check(c review.Checkpoint) (e ProvenEvent, leaf Hash, err error) {
	canonical := jsontext.Value(append([]byte(nil), p.Event...))
	if err := canonical.Canonicalize(); err != nil {
		return e, leaf, errors.New("it is no JSON object")
	}
	if err := json.Unmarshal(canonical, &e); err != nil || e.Seq < 1 || e.Seq > c.Size {
		return e, leaf, errors.New("it is no event of the log")
	}
	leaf = LeafHash(sha256.Sum256(canonical))
	if err := tlog.CheckRecord(tlog.RecordProof(p.Hashes), c.Size, c.Root, e.Seq-1, leaf); err != nil {
		return e, leaf, fmt.Errorf("it is not event %d of the log that the checkpoint signs", e.Seq)
	}
	return e, leaf, nil
}

// Claims are all hashes of the log that a file proves, given the keys: each
// narrows down where a log that was rebuilt differs.
func (p *ProofFile) Claims(keys Keys, source string) ([]Claim, error) {
	c, _, err := p.Check(keys)
	if err != nil {
		return nil, err
	}
	claims := []Claim{CheckpointClaim(c, source)}
	for i := range p.Events {
		e, leaf, err := p.Events[i].check(c)
		if err != nil {
			return nil, err
		}
		words := fmt.Sprintf("%s, which proves event %d,", source, e.Seq)
		claims = append(claims, Claim{e.Seq - 1, e.Seq, leaf, words})
		for j, span := range path(0, c.Size, e.Seq-1) {
			claims = append(claims, Claim{span.lo, span.hi, Hash(p.Events[i].Hashes[j]), words})
		}
	}
	return claims, nil
}

type span struct{ lo, hi int64 }

// path names the parts of the tree over lo to hi whose hashes a proof of leaf n
// holds, in the proof's order (RFC 6962, section 2.1.1).
func path(lo, hi, n int64) []span {
	if lo+1 >= hi {
		return nil
	}
	middle := lo + 1
	for step := int64(1); lo+2*step < hi; step *= 2 {
		middle = lo + 2*step
	}
	if n < middle {
		return append(path(lo, middle, n), span{middle, hi})
	}
	return append(path(middle, hi, n), span{lo, middle})
}
