package ui

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sallyport/review"
)

// pageRows is how many rows a register shows at once.
const pageRows = 100

type releasesPage struct {
	Releases  []releaseRow
	Workspace string
	Pager     pager
}

type releaseRow struct {
	review.Release
	Record string
	Bytes  int64
}

func (u *UI) releases(c *call) error {
	q := review.ReleaseQuery{Workspace: review.WorkspaceName(c.QueryParam("workspace")), Limit: pageRows + 1}
	page := max(1, intParam(c, "page"))
	q.Offset = (page - 1) * pageRows
	list, err := u.service.Releases(c.ctx(), c.actor, q)
	if err != nil {
		return err
	}
	p := releasesPage{Workspace: string(q.Workspace), Pager: openPager(c, page, len(list) > pageRows)}
	for _, r := range list[:min(len(list), pageRows)] {
		row := releaseRow{Release: r, Record: "/records/" + pathSegment(string(r.Request))}
		for _, f := range r.Files {
			row.Bytes += f.Size
		}
		p.Releases = append(p.Releases, row)
	}
	return c.render(http.StatusOK, "releases", frame{Title: "Releases", Wide: true}, p)
}

func intParam(c *call, name string) int {
	n, err := strconv.Atoi(c.QueryParam(name))
	if err != nil || n < 0 || n > 1_000_000 {
		return 0
	}
	return n
}

// openPager pages through a list whose end is not known.
func openPager(c *call, page int, more bool) pager {
	address := func(n int) string {
		q := c.Request().URL.Query()
		q.Set("page", strconv.Itoa(n))
		return c.Request().URL.Path + "?" + q.Encode()
	}
	p := pager{Page: page}
	if page > 1 {
		p.Prev = address(page - 1)
	}
	if more {
		p.Next = address(page + 1)
	}
	return p
}

type recordsPage struct {
	Requests []review.Request
	Query    review.RequestQuery
	Status   review.Status
	Statuses []review.Status
	Pager    pager
}

func allStatuses() []review.Status {
	return []review.Status{review.Pending, review.Submitted, review.PartiallyReviewed, review.Reviewed, review.Returned,
		review.Approved, review.Released, review.Rejected, review.Withdrawn}
}

func (u *UI) records(c *call) error {
	page := max(1, intParam(c, "page"))
	q := review.RequestQuery{Workspace: review.WorkspaceName(c.QueryParam("workspace")), Author: review.Username(c.QueryParam("author")),
		Limit: pageRows + 1, Offset: (page - 1) * pageRows}
	status := review.Status(c.QueryParam("status"))
	if slices.Contains(allStatuses(), status) {
		q.Statuses = []review.Status{status}
	}
	list, err := u.service.AllRequests(c.ctx(), c.actor, q)
	if err != nil {
		return err
	}
	p := recordsPage{Requests: list[:min(len(list), pageRows)], Query: q, Status: status, Statuses: allStatuses(), Pager: openPager(c, page, len(list) > pageRows)}
	return c.render(http.StatusOK, "records", frame{Title: "All requests", Wide: true}, p)
}

// recordPage is one request's whole record.
type recordPage struct {
	*review.View
	Groups  []groupRow
	Events  []eventRow
	Release *review.Release
	Policy  string
}

// eventRow is one event, its facts in words.
type eventRow struct {
	review.Event
	Who    string
	Words  string
	Detail []evidence
	Link   string // to the request's record
}

func (u *UI) record(c *call) error {
	rec, err := u.service.Record(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return err
	}
	p := recordPage{View: rec.View, Release: rec.Release}
	for i := range rec.View.Groups {
		p.Groups = append(p.Groups, u.groupRow(rec.View, &rec.View.Groups[i]))
	}
	for _, e := range rec.Events {
		p.Events = append(p.Events, eventRowOf(e, personName(rec.View, e.Actor)))
	}
	f := frame{Title: "Record: " + requestTitle(&rec.View.Request), Wide: true, Crumbs: []crumb{{"All requests", "/records"}}}
	return c.render(http.StatusOK, "record", f, p)
}

func eventRowOf(e review.Event, who string) eventRow {
	row := eventRow{Event: e, Who: who, Words: eventWords(e.Type)}
	for _, k := range slices.Sorted(maps.Keys(e.Detail)) {
		row.Detail = append(row.Detail, evidence{strings.ReplaceAll(k, "_", " "), e.Detail[k]})
	}
	if e.Request != "" {
		row.Link = "/records/" + pathSegment(string(e.Request))
	}
	return row
}

type auditPage struct {
	Events  []eventRow
	Query   review.EventQuery
	Type    string
	Types   []review.EventType
	Newer   string
	Older   string
	Filters bool

	OlderText string
}

func (u *UI) audit(c *call) error {
	q := review.EventQuery{Request: review.RequestID(strings.TrimSpace(c.QueryParam("request"))), Actor: review.Username(strings.TrimSpace(c.QueryParam("actor"))),
		After: int64(intParam(c, "after")), Limit: pageRows + 1, Newest: c.QueryParam("after") == ""}
	typ := review.EventType(c.QueryParam("type"))
	if slices.Contains(review.EventTypes(), typ) {
		q.Types = []review.EventType{typ}
	}
	list, err := u.service.Audit(c.ctx(), c.actor, q)
	if err != nil {
		return err
	}
	p := auditPage{Query: q, Type: string(typ), Types: review.EventTypes(), Filters: q.Request != "" || q.Actor != "" || len(q.Types) > 0}
	more := len(list) > pageRows
	list = list[:min(len(list), pageRows)]
	for _, e := range list {
		p.Events = append(p.Events, eventRowOf(e, string(e.Actor)))
	}
	p.page(c, q, more)
	return c.render(http.StatusOK, "audit", frame{Title: "Audit log", Wide: true}, p)
}

// page links to the neighbouring stretches of the log, by sequence number.
func (p *auditPage) page(c *call, q review.EventQuery, more bool) {
	if len(p.Events) == 0 {
		return
	}
	first, last := p.Events[0].Seq, p.Events[len(p.Events)-1].Seq
	address := func(after int64) string {
		v := url.Values{"request": {string(q.Request)}, "actor": {string(q.Actor)}, "type": {p.Type}, "after": {strconv.FormatInt(max(0, after), 10)}}
		return "/audit?" + v.Encode()
	}
	if !q.Newest && more {
		p.Newer = address(last)
	}
	oldest := min(first, last)
	switch {
	case p.Filters && (q.Newest && more || q.After > 0):
		p.Older, p.OlderText = address(0), "From the beginning, in order"
	case !p.Filters && oldest > 1:
		p.Older, p.OlderText = address(oldest-1-pageRows), "← Earlier, in order"
	}
}

// statusPage is an operator's view: that work flows, and nothing of what it is.
type statusPage struct {
	*review.StatusReport
	Counts []statusCount
	Well   bool
}

type statusCount struct {
	Status review.Status
	N      int
}

func (u *UI) status(c *call) error {
	rep, err := u.service.Status(c.ctx(), c.actor)
	if err != nil {
		return err
	}
	p := statusPage{StatusReport: rep, Well: rep.Integrity == 0 && len(rep.DeadJobs) == 0 && len(rep.Overdue) == 0 && len(rep.Unrouted) == 0 && len(rep.Schedules) == 0}
	for _, s := range allStatuses() {
		p.Counts = append(p.Counts, statusCount{s, rep.ByStatus[s]})
	}
	return c.render(http.StatusOK, "status", frame{Title: "Service status"}, p)
}
