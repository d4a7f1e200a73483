package crate

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/mod/sumdb/tlog"

	"sallyport/review"
	"sallyport/review/ledger"
)

// proofsSchema names the form of evidence/events.json.
const proofsSchema = "sallyport-proofs/1"

// proofs are events, each with the path from its leaf to the checkpoint's root.
type proofs struct {
	Schema string        `json:"schema"`
	Size   int64         `json:"size"` // of the log at the checkpoint
	Events []provenEvent `json:"events"`
}

// provenEvent is one event as the log has it, but for white space.
type provenEvent struct {
	Event json.RawMessage `json:"event"`
	Path  [][]byte        `json:"path"` // base64, from the leaf upwards
}

func newProofs(e *review.Evidence) *proofs {
	p := &proofs{Schema: proofsSchema, Size: e.Checkpoint.Size, Events: []provenEvent{}}
	for _, x := range e.Proved {
		one := provenEvent{Event: x.Event.Canonical(), Path: [][]byte{}}
		for _, h := range x.Proof.Hashes {
			one.Path = append(one.Path, h[:])
		}
		p.Events = append(p.Events, one)
	}
	return p
}

// loggedEvent is what a verifier reads of an event.
type loggedEvent struct {
	Seq      int64             `json:"seq"`
	At       string            `json:"at"`
	Type     review.EventType  `json:"type"`
	Actor    review.Username   `json:"actor"`
	Request  review.RequestID  `json:"request"`
	File     review.FileID     `json:"file"`
	Path     string            `json:"path"`
	Turn     int               `json:"turn"`
	From     review.Status     `json:"from"`
	To       review.Status     `json:"to"`
	Digest   review.Digest     `json:"digest"`
	Findings review.Digest     `json:"findings"`
	Policy   string            `json:"policy"`
	Detail   map[string]string `json:"detail"`
}

// proven holds one event to the checkpoint and returns it.
func (p provenEvent) proven(c review.Checkpoint) (ev loggedEvent, err error) {
	canonical := jsontext.Value(append([]byte(nil), p.Event...))
	if err := canonical.Canonicalize(); err != nil {
		return ev, errors.New("an event is no JSON")
	}
	if err := json.Unmarshal(canonical, &ev); err != nil {
		return ev, errors.New("an event is not written as one")
	}
	if ev.Seq < 1 || ev.Seq > c.Size {
		return ev, fmt.Errorf("event %d is not among the %d events of the checkpoint", ev.Seq, c.Size)
	}
	path := make(tlog.RecordProof, len(p.Path))
	for i, h := range p.Path {
		if len(h) != len(path[i]) {
			return ev, fmt.Errorf("the proof of event %d is malformed", ev.Seq)
		}
		copy(path[i][:], h)
	}
	leaf := ledger.LeafHash(sha256.Sum256(canonical))
	if err := tlog.CheckRecord(path, c.Size, tlog.Hash(c.Root), ev.Seq-1, tlog.Hash(leaf)); err != nil {
		return ev, fmt.Errorf("event %d is not the one in the log that the checkpoint signs", ev.Seq)
	}
	return ev, nil
}
