package ui

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"sallyport/policy"
	"sallyport/review"
)

// pageRows is how many rows a register shows at once.
const pageRows = 100

type releasesPage struct {
	Releases []releaseRow
	Search   search
	Pager    pager
	// Public says that a register without contents is open to anybody.
	Public bool
}

type releaseRow struct {
	review.Release
	Record string
	Bytes  int64
}

func (u *UI) releases(c *call) error {
	sr := readSearch(c.QueryParams())
	q, err := sr.releases()
	if err != nil {
		return err
	}
	if q.After, q.Before, err = c.place(); err != nil {
		return err
	}
	q.Limit = pageRows + 1
	list, err := u.service.Releases(c.ctx(), c.actor, q)
	if err != nil {
		return err
	}
	list, pager := openPager(c, list, (*review.Release).Place)
	p := releasesPage{Public: u.options.Register, Search: sr, Pager: pager}
	for _, r := range list {
		row := releaseRow{Release: r, Record: "/records/" + pathSegment(string(r.Request))}
		for _, f := range r.Files {
			row.Bytes += f.Size
		}
		p.Releases = append(p.Releases, row)
	}
	return c.render(http.StatusOK, "releases", frame{Title: "Releases", Wide: true}, p)
}

// pageParam is the page that the query asks for, from 1; 1 for anything else.
func pageParam(c *call) int {
	n, err := strconv.Atoi(c.QueryParam("page"))
	if err != nil || n < 1 || n > 1_000_000 {
		return 1
	}
	return n
}

// seqParam is the number of an event, or of so many events, in the query; 0, which
// none has, for anything else.
func seqParam(c *call, name string) int64 {
	n, err := strconv.ParseInt(c.QueryParam(name), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// place is where in a list the page begins that is asked for, or before which it
// ends.
func (c *call) place() (after, before review.Place, err error) {
	if after, err = review.ParsePlace(c.QueryParam("after")); err == nil {
		before, err = review.ParsePlace(c.QueryParam("before"))
	}
	return after, before, err
}

// openPager cuts a page out of a list that was read one element further, and leads
// to those beside it. Their addresses name the place where they begin or end, so
// that one far down costs no more than the first; the number is told along.
func openPager[T any](c *call, list []T, place func(*T) review.Place) ([]T, pager) {
	address := func(page int, edge string, at review.Place) string {
		q := c.Request().URL.Query()
		q.Del("after")
		q.Del("before")
		q.Del("page")
		if page > 1 {
			q.Set(edge, at.String())
			q.Set("page", strconv.Itoa(page))
		}
		if len(q) == 0 {
			return c.Request().URL.Path
		}
		return c.Request().URL.Path + "?" + q.Encode()
	}
	p := pager{Page: pageParam(c)}
	more := len(list) > pageRows
	if c.QueryParam("before") != "" {
		list, more = list[max(0, len(list)-pageRows):], true // it is the nearest to the place that stay
	} else if c.QueryParam("after") == "" {
		p.Page = 1
	}
	list = list[:min(len(list), pageRows)]
	if p.Page > 1 && len(list) > 0 {
		p.Prev = address(p.Page-1, "before", place(&list[0]))
	} else if p.Page > 1 {
		p.Prev = address(1, "", review.Place{})
	}
	if more && len(list) > 0 {
		p.Next = address(p.Page+1, "after", place(&list[len(list)-1]))
	}
	return list, p
}

type recordsPage struct {
	Requests []review.Request
	Search   search
	Statuses []review.Status
	Pager    pager
}

func allStatuses() []review.Status {
	return []review.Status{review.Pending, review.Submitted, review.PartiallyReviewed, review.Reviewed, review.Returned,
		review.Approved, review.Released, review.Rejected, review.Withdrawn}
}

func (u *UI) records(c *call) error {
	sr := readSearch(c.QueryParams())
	q, err := sr.requests()
	if err != nil {
		return err
	}
	if q.After, q.Before, err = c.place(); err != nil {
		return err
	}
	q.Limit = pageRows + 1
	list, err := u.service.AllRequests(c.ctx(), c.actor, q)
	if err != nil {
		return err
	}
	list, pager := openPager(c, list, (*review.Request).Place)
	p := recordsPage{Requests: list, Search: sr, Statuses: allStatuses(), Pager: pager}
	return c.render(http.StatusOK, "records", frame{Title: "All requests", Wide: true}, p)
}

// recordPage is one request's whole record.
type recordPage struct {
	*review.View
	Groups  []groupRow
	Events  []eventRow
	Release *review.Release
	Proof   *proofPart
	Log     *signedLog
	Address string // of the record
	// Last is the number of the newest event, and Digest the SHA-256 over the
	// sealed forms of all events shown, in order.
	Last   int64
	Digest string
	Made   time.Time
	Print  bool
	// Confirmed are the statements that the author confirmed at submission, in the
	// words of the policy in force; Reworded says that it was submitted under another.
	Confirmed []string
	Reworded  bool
}

// eventRow is one event, its facts in words.
type eventRow struct {
	review.Event
	Who    string
	Words  string
	Detail []aFact
	Near   string // from how near it was asked for, "" when that is not known
	Link   string // to the request's record
	Proved string // where the proof is that the log holds it; "" for none
}

func (u *UI) record(c *call) error {
	p, err := u.recordPage(c)
	if err != nil {
		return err
	}
	f := frame{Title: "Record: " + requestTitle(&p.Request), Wide: true, Crumbs: []crumb{{"All requests", "/records"}}}
	return c.render(http.StatusOK, "record", f, p)
}

func (u *UI) recordPage(c *call) (*recordPage, error) {
	rec, err := u.service.Record(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return nil, err
	}
	p := &recordPage{View: rec.View, Release: rec.Release, Address: "/records/" + pathSegment(string(rec.View.Request.ID)), Made: u.now()}
	for i := range rec.View.Groups {
		p.Groups = append(p.Groups, u.groupRow(rec.View, &rec.View.Groups[i]))
	}
	r := &rec.View.Request
	p.Confirmed = confirmedWords(u.policy.Checklist, r.Checklist)
	p.Reworded = len(p.Confirmed) > 0 && r.Policy.SHA256 != u.policy.SHA256
	sum := sha256.New()
	for _, e := range rec.Events {
		leaf := e.Leaf()
		sum.Write(leaf[:])
		p.Last = e.Seq
		p.Events = append(p.Events, eventRowOf(e, personName(rec.View, e.Actor)))
	}
	p.Digest = hex.EncodeToString(sum.Sum(nil))
	if rec.Checkpoint != nil {
		p.Log = p.logOf(rec, c.actor.MaySomewhere(policy.AuditExport))
	}
	if rec.Independence != nil {
		p.Proof = proofOf(rec.View, rec.Independence, p.Address)
	}
	return p, nil
}

// confirmedWords are statements of the checklist by id, as the policy words them; one
// that it has no more is told by its name.
func confirmedWords(list []policy.ChecklistItem, ids []string) []string {
	var out []string
	for _, id := range ids {
		text := capital(strings.ReplaceAll(id, "-", " "))
		if i := slices.IndexFunc(list, func(c policy.ChecklistItem) bool { return c.ID == id }); i >= 0 {
			text = list[i].Text
		}
		out = append(out, text)
	}
	return out
}

func eventRowOf(e review.Event, who string) eventRow {
	row := eventRow{Event: e, Who: who, Words: eventWords(e.Type), Near: sourceWords(e.Source)}
	for _, k := range slices.Sorted(maps.Keys(e.Detail)) {
		row.Detail = append(row.Detail, factOf(&e, k))
	}
	if e.Request != "" {
		row.Link = "/records/" + pathSegment(string(e.Request))
	}
	return row
}

// statusPage is an operator's view: that work flows, and nothing of what it is.
type statusPage struct {
	*review.StatusReport
	Condition *healthView
	Counts    []statusCount
	Plot      *plot // of the counts; nil where there are none
	Well      bool
	Nothing   string // what of all that could need attention there is none of
	Needs     []need // before the first release; none when all is there
	// CanRetry says that the reader may have dead letters tried again.
	CanRetry bool
	// Restores says that the person may record that damaged bytes are back.
	Restores bool
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
	p := statusPage{StatusReport: rep, Condition: u.healthOf(rep.Health), Restores: c.actor.MaySomewhere(policy.BlobRestore)}
	p.Well = flows(rep) && len(p.Condition.Concerns) == 0
	for _, s := range allStatuses() {
		p.Counts = append(p.Counts, statusCount{s, rep.ByStatus[s]})
	}
	p.Nothing = nothingOf(rep)
	p.Plot = statusPlot(p.Counts)
	if list := needs(rep.Beginning, !rep.Health.Host.Backup.IsZero()); lacking(list) {
		p.Needs = list
	}
	p.CanRetry = c.actor.MaySomewhere(policy.JobRetry)
	return c.render(http.StatusOK, "status", frame{Title: "Service status", Wide: true}, p)
}

// nothingOf lists what of all that could need attention there is none of.
func nothingOf(rep *review.StatusReport) string {
	var none []string
	for _, x := range []struct {
		what string
		some bool
	}{
		{"overdue reviews", len(rep.Overdue) > 0}, {"requests without two checkers", len(rep.Unrouted) > 0},
		{"background work given up", len(rep.DeadJobs) > 0}, {"monthly drafts not completed", len(rep.Schedules) > 0},
		{"damaged stored files", len(rep.Alarms) > 0 || rep.Integrity > 0},
	} {
		if !x.some {
			none = append(none, x.what)
		}
	}
	return strings.Join(none, ", ")
}

// flows reports whether nothing is overdue, stuck or damaged.
func flows(rep *review.StatusReport) bool {
	return len(rep.Alarms) == 0 && len(rep.DeadJobs) == 0 && len(rep.Overdue) == 0 && len(rep.Unrouted) == 0 && len(rep.Schedules) == 0 &&
		(rep.Malware == nil || rep.Malware.Problem == "" && rep.Malware.Infected == 0)
}

// retryJob has something that was given up tried again.
func (u *UI) retryJob(c *call) error {
	if err := u.service.RetryDead(c.ctx(), c.actor, c.FormValue("job")); err != nil {
		return err
	}
	c.setFlash(flash{Text: "It is tried again."})
	return c.redirect("/status")
}
