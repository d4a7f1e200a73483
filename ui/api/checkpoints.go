package api

import (
	"encoding/hex"
	"strconv"
	"time"

	"sallyport/review"
	"sallyport/ui/export"
)

type checkpointOut struct {
	Size int64     `json:"size" doc:"events covered, from the first"`
	Root string    `json:"root" doc:"of the tree over them, in hexadecimal"`
	At   time.Time `json:"at"`
	Note string    `json:"note" doc:"the signed note: the only part that proves anything"`
}

func checkpointOf(c *review.Checkpoint) checkpointOut {
	return checkpointOut{c.Size, hex.EncodeToString(c.Root[:]), c.At, string(c.Note)}
}

func (c *call) checkpoints(none) (page[checkpointOut], error) {
	limit, err := c.number("limit", pageSize, 1, maxPage)
	if err != nil {
		return page[checkpointOut]{}, err
	}
	before, err := c.number("before", 0, 0, 1<<53)
	if err != nil {
		return page[checkpointOut]{}, err
	}
	list, err := c.api.service.SignedCheckpoints(c.ctx(), c.actor, before, int(limit)+1)
	if err != nil {
		return page[checkpointOut]{}, err
	}
	out := page[checkpointOut]{Items: each(list[:min(int(limit), len(list))], checkpointOf)}
	if len(list) > int(limit) {
		out.Next = c.next("before", out.Items[limit-1].Size, true)
	}
	return out, nil
}

func (c *call) checkpointNote(none) (textOut, error) {
	point, err := c.api.service.SignedCheckpoint(c.ctx(), c.actor, c.place("size"))
	if err != nil {
		return "", err
	}
	e, err := export.Checkpoint(c.ctx(), c.api.service, c.actor, point)
	if err != nil {
		return "", err
	}
	return textOut(e.Body), nil
}

func (c *call) logKey(none) (textOut, error) {
	text, err := c.api.service.LogKey(c.ctx(), c.actor)
	return textOut(text + "\n"), err
}

func (c *call) eventProof(none) (bytesOut, error) {
	return c.proof(c.api.service.ProveEvent(c.ctx(), c.actor, c.place("seq")))
}

func (c *call) releaseProof(none) (bytesOut, error) {
	return c.proof(c.api.service.ProveRelease(c.ctx(), c.actor, c.requestID()))
}

// proof makes the file of a proof.
func (c *call) proof(p *review.Proven, err error) (bytesOut, error) {
	if err != nil {
		return bytesOut{}, err
	}
	e, err := export.Proof(c.ctx(), c.api.service, c.actor, p)
	if err != nil {
		return bytesOut{}, err
	}
	return bytesOut{e.Media, e.Body}, nil
}

// place is a number of the path; 0, which nothing has, when it is none.
func (c *call) place(part string) int64 {
	n, err := strconv.ParseInt(c.name(part), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
