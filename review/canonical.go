package review

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// Canonical returns the one encoding of the event that its place in the record
// is sealed by: a JSON object in the canonical form of RFC 8785 (keys sorted,
// no white space). Parts that are not set are left out; "at" is in UTC with six
// digits after the second; bytes that are not UTF-8 become U+FFFD. Two programs
// that read the same event compute the same bytes.
func (e Event) Canonical() []byte {
	parts := map[string]any{
		"seq":  e.Seq,
		"at":   e.At.UTC().Format("2006-01-02T15:04:05.000000Z"),
		"type": e.Type,
	}
	for key, text := range map[string]string{
		"actor": string(e.Actor), "request": string(e.Request), "workspace": string(e.Workspace),
		"group": string(e.Group), "file": string(e.File), "path": e.Path,
		"from": string(e.From), "to": string(e.To),
		"digest": string(e.Digest), "findings": string(e.Findings), "policy": e.Policy, "source": e.Source,
		"purpose": string(e.Purpose),
	} {
		if text != "" {
			parts[key] = text
		}
	}
	if e.Turn != 0 {
		parts["turn"] = e.Turn
	}
	if len(e.Detail) > 0 {
		parts["detail"] = e.Detail
	}
	text, err := json.Marshal(parts)
	canonical := jsontext.Value(text)
	if err == nil {
		err = canonical.Canonicalize()
	}
	if err != nil {
		panic(fmt.Sprintf("review: an event has no JSON: %v", err)) // strings and numbers always have
	}
	return canonical
}

// Leaf is the SHA-256 of the canonical encoding: what the record keeps beside
// the event, and what a log over all events is built from.
func (e Event) Leaf() [sha256.Size]byte { return sha256.Sum256(e.Canonical()) }
