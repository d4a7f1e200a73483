package ui

import (
	"encoding/hex"
	"strconv"

	"sallyport/review"
	"sallyport/ui/export"
)

// signedLog says how the events of a record are held by the signed log.
type signedLog struct {
	review.Checkpoint
	Root    string // hex
	Note    string
	Covered int    // of the events shown
	Proofs  string // of the decisions; "" when nothing was approved
	Event   string // address of one event's proof, but for its number
	Package bool   // the package holds proofs of its own
}

// logOf describes the log, and links each event to its proof for those who may
// have one of any event.
func (p *recordPage) logOf(rec *review.Record, anyEvent bool) *signedLog {
	l := &signedLog{
		Checkpoint: *rec.Checkpoint, Root: hex.EncodeToString(rec.Checkpoint.Root[:]), Note: string(rec.Checkpoint.Note),
		Covered: rec.Checkpoint.Covered(rec.Events), Event: export.EventProof,
	}
	if rec.Release != nil {
		l.Proofs, l.Package = export.ReleaseProof(p.Request.ID), !rec.Release.Delivered.IsZero()
	}
	if !anyEvent {
		l.Event = ""
		return l
	}
	for i := range p.Events {
		p.Events[i].Proved = export.EventProof + strconv.FormatInt(p.Events[i].Seq, 10)
	}
	return l
}
