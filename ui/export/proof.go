package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"sallyport/review"
	"sallyport/review/ledger"
)

// Evidence is a small file that shows something to whoever has the public key.
// It is on record: its bytes may go out.
type Evidence struct {
	Name, Media string
	Body        []byte
}

// Proof makes the file that "sallyport audit check-proof" takes, and puts it on
// record for the actor.
func Proof(ctx context.Context, s Service, a review.Actor, p *review.Proven) (*Evidence, error) {
	text, err := ledger.NewProofFile(p.About, p.Checkpoint, p.Events, p.Proofs).JSON()
	if err != nil {
		return nil, err
	}
	name := "proof-of-release-" + string(p.Request)
	filter := map[string]string{"checkpoint": strconv.FormatInt(p.Checkpoint.Size, 10)}
	if p.Request == "" {
		seq := strconv.FormatInt(p.Events[0].Seq, 10)
		name, filter["event"] = "proof-of-event-"+seq, seq
	}
	e := &Evidence{name + ".json", "application/json", text}
	return e, e.record(ctx, s, a, review.Export{Kind: "proof json", Request: p.Request, Filter: filter, Rows: len(p.Events)})
}

// Checkpoint is the signed note of a checkpoint, put on record for the actor.
func Checkpoint(ctx context.Context, s Service, a review.Actor, c *review.Checkpoint) (*Evidence, error) {
	size := strconv.FormatInt(c.Size, 10)
	e := &Evidence{"checkpoint-" + size + ".txt", "text/plain; charset=utf-8", c.Note}
	return e, e.record(ctx, s, a, review.Export{Kind: "checkpoint note", Filter: map[string]string{"checkpoint": size}, Rows: 1})
}

func (e *Evidence) record(ctx context.Context, s Service, a review.Actor, x review.Export) error {
	sum := sha256.Sum256(e.Body)
	x.Size, x.SHA256 = int64(len(e.Body)), review.Digest(hex.EncodeToString(sum[:]))
	return s.RecordExport(ctx, a, x)
}
