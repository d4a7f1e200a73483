package ui

import (
	"net/http"
	"strconv"
	"strings"

	"sallyport/review"
	"sallyport/review/ledger"
	"sallyport/ui/export"
)

// checkpointsPage lists what was signed, and says which key signs.
type checkpointsPage struct {
	logKey
	Checkpoints []checkpointRow
	Newer       bool // the list does not begin with the newest
	Older       string
}

// logKey is the key in use. It is the service's word: an auditor compares it with
// the public key that came to them another way.
type logKey struct {
	Name        string // of the log
	Fingerprint string // as sha256sum prints it for the file
}

type checkpointRow struct {
	review.Checkpoint
	Root string // in groups
	Note string // address
}

func checkpointRowOf(c review.Checkpoint) checkpointRow {
	return checkpointRow{c, ledger.Fingerprint(c.Root), "/audit/checkpoints/" + strconv.FormatInt(c.Size, 10)}
}

// newestCheckpoint is what the audit page says at its head; nil where nothing is
// signed.
type newestCheckpoint struct {
	logKey
	Newest *checkpointRow // nil before the first
	Since  int            // events that it does not cover
}

func (u *UI) newestCheckpoint(c *call) (*newestCheckpoint, error) {
	key, err := u.readLogKey(c)
	if review.KindOf(err) == review.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p := &newestCheckpoint{logKey: key}
	list, err := u.service.SignedCheckpoints(c.ctx(), c.actor, 0, 1)
	if err != nil {
		return nil, err
	}
	last, err := u.service.Audit(c.ctx(), c.actor, review.EventQuery{Newest: true, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(last) > 0 {
		p.Since = int(last[0].Seq)
	}
	if len(list) > 0 {
		row := checkpointRowOf(list[0])
		p.Newest, p.Since = &row, p.Since-int(row.Size)
	}
	return p, nil
}

func (u *UI) readLogKey(c *call) (logKey, error) {
	text, err := u.service.LogKey(c.ctx(), c.actor)
	name, _, _ := strings.Cut(text, "+")
	return logKey{name, ledger.KeyFingerprint(text)}, err
}

func (u *UI) checkpoints(c *call) error {
	key, err := u.readLogKey(c)
	if err != nil {
		return err
	}
	before := seqParam(c, "before")
	list, err := u.service.SignedCheckpoints(c.ctx(), c.actor, before, pageRows+1)
	if err != nil {
		return err
	}
	p := checkpointsPage{logKey: key, Newer: before > 0}
	for _, point := range list[:min(len(list), pageRows)] {
		p.Checkpoints = append(p.Checkpoints, checkpointRowOf(point))
	}
	if len(list) > pageRows {
		p.Older = "/audit/checkpoints?before=" + strconv.FormatInt(list[pageRows-1].Size, 10)
	}
	return c.render(http.StatusOK, "checkpoints", frame{Title: "Checkpoints", Wide: true, Crumbs: []crumb{{"Audit", "/audit"}}}, p)
}

func (u *UI) checkpointNote(c *call) error {
	point, err := u.service.SignedCheckpoint(c.ctx(), c.actor, int64Param(c, "size"))
	if err != nil {
		return err
	}
	return c.sendEvidence(export.Checkpoint(c.ctx(), u.service, c.actor, point))
}

// logKey sends the public key as the file that the commands take. It says nothing
// of anybody, so it leaves no event.
func (u *UI) logKey(c *call) error {
	text, err := u.service.LogKey(c.ctx(), c.actor)
	if err != nil {
		return err
	}
	return c.sendEvidence(&export.Evidence{Name: ledger.PublicFile, Media: "text/plain; charset=utf-8", Body: []byte(text + "\n")}, nil)
}

func (u *UI) eventProof(c *call) error {
	p, err := u.service.ProveEvent(c.ctx(), c.actor, int64Param(c, "seq"))
	if err != nil {
		return err
	}
	return c.sendEvidence(export.Proof(c.ctx(), u.service, c.actor, p))
}

func (u *UI) releaseProof(c *call) error {
	p, err := u.service.ProveRelease(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return err
	}
	return c.sendEvidence(export.Proof(c.ctx(), u.service, c.actor, p))
}

// sendEvidence sends a small file to keep.
func (c *call) sendEvidence(e *export.Evidence, err error) error {
	if err != nil {
		return err
	}
	c.contentHeaders()
	c.Response().Header().Set("Content-Disposition", disposition("attachment", e.Name))
	return c.Blob(http.StatusOK, e.Media, e.Body)
}

// int64Param is a number of the path; 0, which nothing has, when it is none.
func int64Param(c *call, name string) int64 {
	n, err := strconv.ParseInt(c.Param(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
