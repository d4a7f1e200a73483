package ui

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"sallyport/review"
	"sallyport/ui/export"
)

// send makes a document in the format asked for, which puts it on record, and
// sends it.
func (c *call) send(d export.Document) error {
	format := export.CSV
	if text := c.QueryParam("format"); text != "" {
		var err error
		if format, err = export.ParseFormat(text); err != nil {
			return err
		}
	}
	f, err := export.Make(c.ctx(), c.ui.service, c.actor, format, d)
	if err != nil {
		return err
	}
	defer f.Close() // the file is ours and temporary
	c.contentHeaders()
	h := c.Response().Header()
	h.Set("Content-Disposition", disposition("attachment", f.Name))
	h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
	return c.Stream(http.StatusOK, f.Media, f)
}

func (u *UI) exportEvents(c *call) error {
	asked := readSearch(c.QueryParams())
	if asked.Find != "" {
		sr, err := u.find(c, asked, &auditPage{})
		if err != nil {
			return err
		}
		asked = sr
	}
	q, err := asked.events()
	if err != nil {
		return err
	}
	return c.send(export.Events(c.ctx(), u.service, c.actor, q, u.now()))
}

func (u *UI) exportRequests(c *call) error {
	q, err := readSearch(c.QueryParams()).requests()
	if err != nil {
		return err
	}
	return c.send(export.Requests(c.ctx(), u.service, c.actor, q, u.now()))
}

func (u *UI) exportReleases(c *call) error {
	q, err := readSearch(c.QueryParams()).releases()
	if err != nil {
		return err
	}
	return c.send(export.Register(c.ctx(), u.service, c.actor, q, u.now()))
}

func (u *UI) exportRecord(c *call) error {
	rec, err := u.service.Record(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return err
	}
	return c.send(export.Record(rec))
}

func (u *UI) exportReview(c *call) error {
	v, err := u.service.ReviewRecord(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return err
	}
	return c.send(export.Review(v))
}

// printRecord is a request's record made for paper, or for a PDF: nothing to
// click, nothing folded away, its identity on every page. It is an export like
// the others, and on record as one.
func (u *UI) printRecord(c *call) error {
	p, err := u.recordPage(c)
	if err != nil {
		return err
	}
	p.Print = true
	for i := range p.Events {
		p.Events[i].Proved = "" // nothing to click
	}
	f := frame{Title: "Record of request " + string(p.Request.ID), Content: p}
	c.fill(&f)
	var b bytes.Buffer
	if err := u.pages["record-print"].execute(&b, "paper", f, time.UTC); err != nil {
		return fmt.Errorf("page record-print: %w", err)
	}
	err = u.service.RecordExport(c.ctx(), c.actor, review.Export{
		Kind: "record print", Request: p.Request.ID, Rows: len(p.Events), Size: int64(b.Len()), SHA256: digest(b.Bytes()),
	})
	if err != nil {
		return err
	}
	return c.HTMLBlob(http.StatusOK, b.Bytes())
}

func digest(data []byte) review.Digest {
	sum := sha256.Sum256(data)
	return review.Digest(hex.EncodeToString(sum[:]))
}
