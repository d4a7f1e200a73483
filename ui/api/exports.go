package api

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"sallyport/review"
	"sallyport/ui/export"
)

// streamOut is an answer that is sent from a file as it is read, and then gone.
type streamOut struct{ *export.File }

// stream sends the file.
func (c *call) stream(f streamOut) error {
	defer f.Close() // the file is ours and temporary
	h := c.Response().Header()
	h.Set("Content-Disposition", `attachment; filename="`+strings.ReplaceAll(f.Name, `"`, "_")+`"`)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
	return c.Stream(http.StatusOK, f.Media, f)
}

// export makes a document in the format of the query, CSV when it says none.
func (c *call) export(d export.Document) (streamOut, error) {
	format := export.CSV
	if text := c.query.Get("format"); text != "" {
		var err error
		if format, err = export.ParseFormat(text); err != nil {
			return streamOut{}, invalid("A part of the query cannot be used.", "format", err.Error())
		}
	}
	f, err := export.Make(c.ctx(), c.api.service, c.actor, format, d)
	return streamOut{f}, err
}

// Names of queries that several lists and exports take.
func bounds() []param {
	return []param{
		{name: "since", doc: "only from this day on, such as 2026-12-24 (UTC)"}, {name: "until", doc: "only up to this day, it included"},
	}
}

func withFormat(own []param) []param {
	return append(own, param{name: "format", doc: "csv (the default) or xlsx"})
}

func releaseParams() []param {
	return append([]param{{name: "workspace", doc: "only of this workspace"}, {name: "project", doc: "only of this project"},
		{name: "recalled", doc: "yes: only those of which something was recalled; no: only those that stand whole"}}, bounds()...)
}

func recordParams() []param {
	return append([]param{
		{name: "workspace", doc: "only of this workspace"}, {name: "author", doc: "only of this person"}, {name: "status", doc: "only in this status"},
		{name: "text", doc: "part of the title, or the beginning of the id"}, {name: "person", doc: "filed or reviewed by this person"},
		{name: "path", doc: "with a file whose path holds this"}, {name: "sha256", doc: "with a file whose SHA-256 begins so"},
		{name: "policy", doc: "submitted under this version, or a policy whose SHA-256 begins so"}, {name: "project", doc: "only of this project"},
	}, bounds()...)
}

func auditParams() []param {
	return append([]param{
		{name: "request", doc: "only about this request"}, {name: "actor", doc: "only of this person"}, {name: "type", doc: "only of this type"},
		{name: "workspace", doc: "only of this workspace"}, {name: "path", doc: "only about files of this whole path"},
		{name: "sha256", doc: "only about bytes whose SHA-256 begins so"}, {name: "policy", doc: "only under a policy whose SHA-256 begins so"},
	}, bounds()...)
}

// days reads the bounds of a query.
func (c *call) days() (since, until time.Time, err error) {
	read := func(name string) (t time.Time) {
		if text := c.query.Get(name); text != "" && err == nil {
			var perr error
			if t, perr = time.Parse(time.DateOnly, text); perr != nil {
				err = invalid("A part of the query cannot be used.", name, "This is a day such as 2026-12-24.")
			}
		}
		return t
	}
	since, until = read("since"), read("until")
	if !until.IsZero() {
		until = until.AddDate(0, 0, 1)
	}
	return since, until, err
}

func (c *call) releaseQuery() (review.ReleaseQuery, error) {
	since, until, err := c.days()
	q := review.ReleaseQuery{
		Workspace: review.WorkspaceName(c.query.Get("workspace")), Project: review.ProjectID(c.query.Get("project")), Since: since, Until: until,
	}
	switch recalled := c.query.Get("recalled"); recalled {
	case "":
	case "yes", "no":
		yes := recalled == "yes"
		q.Recalled = &yes
	default:
		return q, invalid("A part of the query cannot be used.", "recalled", "Say yes or no, or leave it out.")
	}
	return q, err
}

func (c *call) recordQuery() (review.RequestQuery, error) {
	since, until, err := c.days()
	q := review.RequestQuery{
		Workspace: review.WorkspaceName(c.query.Get("workspace")), Author: review.Username(c.query.Get("author")), Person: review.Username(c.query.Get("person")),
		Text: c.query.Get("text"), Path: c.query.Get("path"), Digest: review.Digest(c.query.Get("sha256")), Policy: c.query.Get("policy"), Since: since, Until: until,
	}
	if p := c.query.Get("project"); p != "" {
		q.Projects = []review.ProjectID{review.ProjectID(p)}
	}
	if status := c.query.Get("status"); status != "" {
		if !slices.Contains(statuses(), status) {
			return q, invalid("A part of the query cannot be used.", "status", "There is no such status.")
		}
		q.Statuses = []review.Status{review.Status(status)}
	}
	return q, err
}

func (c *call) auditQuery() (review.EventQuery, error) {
	since, until, err := c.days()
	q := review.EventQuery{
		Request: review.RequestID(c.query.Get("request")), Actor: review.Username(c.query.Get("actor")), Workspace: review.WorkspaceName(c.query.Get("workspace")),
		Path: c.query.Get("path"), Digest: review.Digest(c.query.Get("sha256")), Policy: c.query.Get("policy"), Since: since, Until: until,
	}
	if typ := c.query.Get("type"); typ != "" {
		q.Types = []review.EventType{review.EventType(typ)}
	}
	return q, err
}

func (c *call) exportReleases(none) (streamOut, error) {
	q, err := c.releaseQuery()
	if err != nil {
		return streamOut{}, err
	}
	return c.export(export.Register(c.ctx(), c.api.service, c.actor, q, c.api.now()))
}

func (c *call) exportRecords(none) (streamOut, error) {
	q, err := c.recordQuery()
	if err != nil {
		return streamOut{}, err
	}
	return c.export(export.Requests(c.ctx(), c.api.service, c.actor, q, c.api.now()))
}

func (c *call) exportEvents(none) (streamOut, error) {
	q, err := c.auditQuery()
	if err != nil {
		return streamOut{}, err
	}
	return c.export(export.Events(c.ctx(), c.api.service, c.actor, q, c.api.now()))
}

func (c *call) exportRecord(none) (streamOut, error) {
	rec, err := c.api.service.Record(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return streamOut{}, err
	}
	return c.export(export.Record(rec))
}

func (c *call) exportReview(none) (streamOut, error) {
	v, err := c.api.service.ReviewRecord(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return streamOut{}, err
	}
	return c.export(export.Review(v))
}

// independenceOut is what the events show of the two reviews behind a release.
type independenceOut struct {
	Verdict review.Verdict `json:"verdict"`
	Claims  []claimOut     `json:"claims"`
	Begun   int64          `json:"begun" doc:"number of the event that began the turn that was decided; 0 when there is none"`
	Opened  int64          `json:"opened" doc:"number of the event from which each checker could see the other's votes; 0 when there is none"`
	Decided int64          `json:"decided" doc:"number of the event of the decision; 0 when there is none"`
	Notes   []string       `json:"notes"`
}

type claimOut struct {
	Text    string         `json:"text"`
	Verdict review.Verdict `json:"verdict"`
	Why     string         `json:"why,omitzero" doc:"when it is not shown"`
	Events  []int64        `json:"events"`
}

func (c *call) independence(none) (independenceOut, error) {
	rec, err := c.api.service.Record(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return independenceOut{}, err
	}
	p := rec.Independence
	if p == nil {
		return independenceOut{}, review.Errorf(review.NotFound, "Nothing was released.")
	}
	out := independenceOut{Verdict: p.Verdict, Begun: p.Begun, Opened: p.Opened, Decided: p.Decided, Notes: p.Notes}
	for _, x := range p.Claims {
		out.Claims = append(out.Claims, claimOut{x.Text, x.Verdict, x.Why, x.Events})
	}
	return out, nil
}

// figureOut is one figure: a table, and what it counts.
type figureOut struct {
	ID         string     `json:"id"`
	Title      string     `json:"title"`
	Definition string     `json:"definition"`
	Columns    []string   `json:"columns" doc:"a name that begins with # is of a column of numbers"`
	Rows       [][]string `json:"rows"`
}

func (c *call) figures(none) (page[figureOut], error) {
	f, err := c.readFigures()
	if err != nil {
		return page[figureOut]{}, err
	}
	return page[figureOut]{Items: each(export.Figures(f), func(x *export.Figure) figureOut {
		return figureOut{x.ID, x.Title, x.Definition, x.Columns, x.Rows}
	})}, nil
}

func (c *call) readFigures() (*review.Figures, error) {
	since, until, err := c.days()
	if err != nil {
		return nil, err
	}
	return c.api.service.Figures(c.ctx(), c.actor, since, until)
}

func (c *call) exportFigures(none) (streamOut, error) {
	f, err := c.readFigures()
	if err != nil {
		return streamOut{}, err
	}
	d, err := export.FigureFile(f, c.query.Get("figure"), c.api.now())
	if err != nil {
		return streamOut{}, err
	}
	return c.export(d)
}
