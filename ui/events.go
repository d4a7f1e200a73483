package ui

import (
	"net/http"
	"slices"
	"strconv"

	"sallyport/review"
)

// auditPage is the auditor's home: one field to find anything by, and the log.
type auditPage struct {
	Search   search
	Requests []review.Request // that match what was looked for
	More     string           // address of all of them
	Events   []eventRow
	Types    []review.EventType
	Statuses []review.Status
	Newer    string
	Older    string
	Oldest   string
	Newest   string
	Signed   *newestCheckpoint // nil where nothing is signed
}

// foundRows is how many requests the home shows of those that match.
const foundRows = 10

func (u *UI) audit(c *call) error {
	asked := readSearch(c.QueryParams())
	p := auditPage{Search: asked, Types: review.EventTypes(), Statuses: allStatuses()}
	if asked.Find != "" {
		sr, err := u.find(c, asked, &p)
		if err != nil {
			return err
		}
		asked = sr
	}
	q, err := asked.events()
	if err != nil {
		return err
	}
	after, ascending := seqParam(c, "after"), c.QueryParam("after") != ""
	q.After, q.Before, q.Newest, q.Limit = after, seqParam(c, "before"), !ascending, pageRows+1
	list, err := u.service.Audit(c.ctx(), c.actor, q)
	if err != nil {
		return err
	}
	more := len(list) > pageRows
	list = list[:min(len(list), pageRows)]
	if ascending {
		slices.Reverse(list)
	}
	for _, e := range list {
		p.Events = append(p.Events, eventRowOf(e, string(e.Actor)))
	}
	p.page(q, ascending, more)
	if p.Signed, err = u.newestCheckpoint(c); err != nil {
		return err
	}
	return c.render(http.StatusOK, "audit", frame{Title: "Audit", Wide: true}, p)
}

// find looks for requests by whatever was typed, and says what the log is to
// show of it: what the person did, where the digest is, and for the rest all of
// the request, when it is one. The log knows whole paths only.
func (u *UI) find(c *call, asked search, p *auditPage) (search, error) {
	person, err := u.service.Actor(c.ctx(), review.Username(asked.Find), "")
	sr := asked.sorted(err == nil && person.Person != nil)
	q, err := sr.requests()
	if err != nil {
		return sr, err
	}
	q.Limit = foundRows + 1
	if p.Requests, err = u.service.AllRequests(c.ctx(), c.actor, q); err != nil {
		return sr, err
	}
	if len(p.Requests) == 0 && sr.Text != "" { // no title: perhaps the name of a file
		sr.Text, sr.Path = "", sr.Text
		if q, err = sr.requests(); err != nil {
			return sr, err
		}
		q.Limit = foundRows + 1
		if p.Requests, err = u.service.AllRequests(c.ctx(), c.actor, q); err != nil {
			return sr, err
		}
	}
	if len(p.Requests) > foundRows {
		p.Requests = p.Requests[:foundRows]
		p.More = "/records?" + sr.Query()
	}
	if len(p.Requests) == 1 && (sr.Text != "" || sr.Path != "") {
		sr.Request, sr.Path = string(p.Requests[0].ID), ""
	}
	if sr.Text != "" && sr.Request == "" { // titles of several: no events of all the world
		sr.Path = sr.Text
	}
	sr.Text = ""
	return sr, nil
}

// page links to the neighbouring stretches of the log, by sequence number.
func (p *auditPage) page(q review.EventQuery, ascending, more bool) {
	address := func(name string, at int64) string {
		v := p.Search.values()
		if name != "" {
			v.Set(name, strconv.FormatInt(at, 10))
		}
		return "/audit?" + v.Encode()
	}
	newer := ascending && more || !ascending && q.Before > 0
	older := !ascending && more || ascending && q.After > 0
	if len(p.Events) > 0 && newer {
		p.Newer = address("after", p.Events[0].Seq)
	}
	if len(p.Events) > 0 && older {
		p.Older, p.Oldest = address("before", p.Events[len(p.Events)-1].Seq), address("after", 0)
	}
	if newer {
		p.Newest = address("", 0)
	}
}
