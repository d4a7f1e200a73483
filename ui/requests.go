package ui

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sallyport/checks/provenance"
	"sallyport/policy"
	"sallyport/review"
)

func pathSegment(s string) string { return url.PathEscape(s) }

func requestPath(id review.RequestID) string { return "/requests/" + pathSegment(string(id)) }

func filePath(id review.RequestID, f review.FileID) string {
	return requestPath(id) + "/files/" + pathSegment(string(f))
}

func groupPath(id review.RequestID, g review.GroupID) string {
	return requestPath(id) + "/groups/" + pathSegment(string(g))
}

// myRequest is one of the person's requests. Abandoned drafts lie untouched for
// longer than the policy says.
type myRequest struct {
	review.Request
	Abandoned bool
	DueIn     string    // in working days
	Late      bool      // feedback is
	Next      string    // what comes next, in a few words
	Recalled  time.Time // zero when nothing of it was
}

type myRequestsPage struct {
	Requests []myRequest
	Pager    pager
}

func (u *UI) myRequests(c *call) error {
	p := myRequestsPage{Pager: pager{Page: pageParam(c)}}
	list, err := u.service.RequestsPage(c.ctx(), c.actor, pageRows+1, (p.Pager.Page-1)*pageRows)
	if err != nil {
		return err
	}
	if p.Pager.Page > 1 {
		p.Pager.Prev = "/requests?page=" + strconv.Itoa(p.Pager.Page-1)
	}
	if len(list) > pageRows {
		list, p.Pager.Next = list[:pageRows], "/requests?page="+strconv.Itoa(p.Pager.Page+1)
	}
	limit := u.now().AddDate(0, 0, -u.policy.Review.AbandonedDays)
	recalled, err := u.service.RecalledRequests(c.ctx(), c.actor)
	if err != nil {
		return err
	}
	for _, r := range list {
		p.Requests = append(p.Requests, myRequest{r, r.Status == review.Pending && r.Updated.Before(limit), u.dueWords(&r), u.now().After(r.Due), nextWords(r.Status), recalled[r.ID]})
	}
	return c.render(http.StatusOK, "requests", frame{Title: "My requests"}, p)
}

// requestPage is one request as its viewer may see it.
type requestPage struct {
	*review.View
	DueIn    string // in working days
	Since    *sinceView
	State    string // one sentence: where it stands and what comes next
	Missing  []missingGroup
	Lacking  int // things in Missing
	Open     int // findings to be mended or explained
	Reuse    []reusable
	Steps    []step
	Groups   []groupRow
	Totals   tally
	Files    int // outputs and supporting files
	Start    string
	IsAuthor bool
	Reviewer bool   // holds a seat
	Runs     string // address of what ran in the workspace, "" for those who may not see it
	// MayRecall says that the person may read the recall report, and Holds is
	// what they can do about a legal hold, "" for nothing.
	MayRecall bool
	Holds     string
}

// missing is one thing to mend, with the place to mend it.
type missing struct{ Text, Link string }

type groupRow struct {
	review.GroupView
	Link     string
	Files    []fileEntry
	Comments []commentView
	Done     bool // its context and controls are complete
}

// fileEntry is one file in a list of a request's files.
type fileEntry struct {
	review.FileView
	Link    string
	Group   string
	Tally   tally
	Current bool
	Icon    string // one character that goes with State
	State   string // in words: what the viewer has decided, or the outcome
	Read    string // how much of it the checks understood
}

func (u *UI) request(c *call) error {
	v, err := u.service.Request(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return err
	}
	p := requestPage{View: v, State: stateSentence(v), IsAuthor: v.Relation == policy.Author, Reviewer: v.Relation == policy.Assigned}
	_, p.MayRecall = v.Can[policy.ReleaseRecall]
	if _, may := v.Can[policy.RequestHold]; may && v.Hold != nil {
		p.Holds = "Lift the legal hold"
	} else if v.Can[policy.RequestHold] {
		p.Holds = "Put a legal hold on it"
	}
	p.Runs = c.madeBy(v, &provenance.Origin{}).Runs
	p.Steps, p.DueIn = u.steps(v, ""), u.dueWords(&v.Request)
	if p.Since, err = u.since(c, v); err != nil {
		return err
	}
	p.Missing, p.Lacking = missingByGroup(v), len(v.Missing)
	if p.Steps != nil {
		p.Open = len(u.unanswered(v))
	}
	if p.IsAuthor && v.Can[policy.RequestEdit] && p.Lacking > 0 && len(v.Groups) > 0 {
		if p.Reuse, err = u.reusable(c, v); err != nil {
			return err
		}
	}
	for i := range v.Groups {
		row := u.groupRow(v, &v.Groups[i])
		p.Groups = append(p.Groups, row)
		for _, f := range row.Files {
			p.add(f)
		}
	}
	f := c.requestFrame(v, "")
	if v.Checking != nil || v.Adding.Going() {
		f.Again = checkingAgain
	}
	return c.render(http.StatusOK, "request", f, p)
}

// checkingAgain is after how many seconds a page without script asks how far the
// checks are.
const checkingAgain = 5

func (p *requestPage) add(f fileEntry) {
	if f.File.Kind == review.WithdrawnF {
		return
	}
	p.Files++
	if p.Start == "" || p.Reviewer && f.Mine != nil {
		p.Start = f.Link
	}
	p.Totals.Block += f.Tally.Block
	p.Totals.Warn += f.Tally.Warn
	p.Totals.Note += f.Tally.Note
	p.Totals.Checked = p.Totals.Checked || f.Tally.Checked
}

func (u *UI) groupRow(v *review.View, g *review.GroupView) groupRow {
	row := groupRow{GroupView: *g, Link: groupPath(v.Request.ID, g.Group.ID), Done: true}
	for _, m := range v.Missing {
		if m.Group == g.Group.ID && m.File == "" {
			row.Done = false
		}
	}
	for _, f := range g.Files {
		row.Files = append(row.Files, fileEntryOf(v, g.Group.Name, f))
	}
	for _, cm := range g.Comments {
		row.Comments = append(row.Comments, commentViewOf(v, cm))
	}
	return row
}

func fileEntryOf(v *review.View, group string, f review.FileView) fileEntry {
	e := fileEntry{FileView: f, Link: filePath(v.Request.ID, f.File.ID), Group: group, Tally: tallyOf(f.Report), Read: understood(f.Report)}
	e.Icon, e.State = fileState(v, f)
	return e
}

// fileState says where a file stands for this viewer, with a sign that goes
// with the words.
func fileState(v *review.View, f review.FileView) (icon, words string) {
	switch {
	case f.File.Kind == review.WithdrawnF:
		return "–", "Withdrawn"
	case f.Outcome != "" && f.Outcome != review.Incomplete:
		return outcomeIcon(f.Outcome), capital(string(f.Outcome))
	case f.Mine != nil && f.MineVoid && f.Mine.Decision != review.Undecided:
		return "↻", "Changed since your vote"
	case f.Mine != nil && !f.Yours:
		return "", "Routed to another checker"
	case f.Mine != nil:
		return decisionIcon(f.Mine.Decision), decisionWords(f.Mine.Decision)
	case f.Yours && v.Phase != review.NoReview:
		return "○", "To review"
	case v.Request.Status.Owner() == "checkers":
		return "", "With the checkers"
	default:
		return "", ""
	}
}

func decisionIcon(d review.Decision) string {
	switch d {
	case review.Approve:
		return "✓"
	case review.RequestChanges:
		return "✎"
	case review.Reject:
		return "✕"
	default:
		return "○"
	}
}

func outcomeIcon(o review.Outcome) string {
	switch o {
	case review.AllApproved:
		return "✓"
	case review.ChangesRequested:
		return "✎"
	case review.FileRejected:
		return "✕"
	case review.Conflicted:
		return "≠"
	default:
		return "○"
	}
}

// problemLink leads to the exact place where a problem is mended.
func problemLink(v *review.View, m review.Problem) string {
	id := v.Request.ID
	switch {
	case m.File != "":
		return filePath(id, m.File) + "#file-actions"
	case m.Group != "" && m.Field == "comment":
		return groupPath(id, m.Group) + "#comments"
	case m.Group != "" && m.Field != "":
		return groupPath(id, m.Group) + "#field-" + url.PathEscape(m.Field)
	case m.Group != "":
		return groupPath(id, m.Group)
	case m.Field == "files":
		return workspacePath(v.Request.Workspace)
	case m.Field == "checklist" || m.Field == "permitted-results":
		return requestPath(id) + "/submit#checklist"
	default:
		return requestPath(id) + "/details#field-" + url.PathEscape(m.Field)
	}
}

// stateSentence says in one line where a request stands and what comes next.
func stateSentence(v *review.View) string {
	r := &v.Request
	author := v.Relation == policy.Author
	switch r.Status {
	case review.Pending:
		return "This is a draft. Nobody else works on it until it is submitted."
	case review.Returned:
		if author {
			return "The checkers gave it back to you. Read their comments, mend what they ask for, answer each, and submit again."
		}
		return "It is with the researcher again, who has been asked for changes."
	case review.Submitted, review.PartiallyReviewed:
		if v.Relation == policy.Assigned {
			return "You are reviewing this independently: neither checker sees what the other thinks until both reviews are in."
		}
		return "It is with the output checkers. Nothing in it can change while they review it."
	case review.Reviewed:
		if v.Relation == policy.Assigned {
			return "Both reviews are in. Compare them, agree, then return, reject or release."
		}
		return "Both reviews are in, and the checkers are agreeing on the outcome."
	case review.Approved:
		return "It is approved, and its package is on the way out."
	case review.Released:
		if v.Recalled != nil {
			return "The approved files were released, and recalled afterwards."
		}
		return "The approved files have been released."
	case review.Rejected:
		if v.Recalled != nil {
			return "It was recalled before it left. Nothing of it is out."
		}
		return "The request was rejected. Nothing of it leaves."
	case review.Withdrawn:
		return "The researcher withdrew this request. Nothing of it leaves."
	default:
		return ""
	}
}

// requestFrame is the frame of the page of a request, or of one with a title below it.
func (c *call) requestFrame(v *review.View, title string) frame {
	own := requestTitle(&v.Request)
	f := frame{Title: own, Wide: true, Crumbs: []crumb{c.listCrumb(v)}}
	if title != "" {
		f.Title = title
		f.Crumbs = append(f.Crumbs, crumb{own, requestPath(v.Request.ID)})
	}
	return f
}

func (c *call) listCrumb(v *review.View) crumb {
	switch {
	case v.Relation == policy.Author || v.Relation == policy.Member:
		return crumb{string(v.Request.Workspace), workspacePath(v.Request.Workspace)}
	case c.has(policy.Checker) || c.has(policy.Lead):
		return crumb{"Review queue", "/queue"}
	default:
		return crumb{"All requests", "/records"}
	}
}

func requestTitle(r *review.Request) string {
	if t := strings.TrimSpace(r.Title); t != "" {
		return t
	}
	return "Release from " + string(r.Workspace)
}

// field is one input of a form, with what is wrong with it.
type field struct {
	ID, Name, Label, Help, Value, Error string
	Save                                string // where a script saves it by itself, "" for nowhere
	Required, Long, Bad                 bool
	Rows                                int
}

// detailsPage is what the request as a whole carries.
type detailsPage struct {
	*review.View
	Steps  []step
	Fields []field
	Errors []field // those with an Error, for the summary
}

func detailFields(d review.RequestDetails) []field {
	return []field{
		{ID: "title", Label: "Title", Help: "A few words that tell this request from your others.", Value: d.Title, Required: true},
		{ID: "project_number", Label: "Project number", Help: "As it stands on your project's page.", Value: d.ProjectNumber, Required: true},
		{ID: "repository", Label: "Repository", Help: "The address of the study code, https://…", Value: d.Repository, Required: true},
		{ID: "purpose", Label: "Why is this release necessary for the project's purpose?", Long: true, Rows: 5, Value: d.Purpose, Required: true,
			Help: "For example: draft tables for a paper, results to share with the project's clinical group."},
		{ID: "concerns", Label: "Disclosure concerns", Long: true, Rows: 4, Value: d.Concerns,
			Help: `What in these files could identify someone, taken alone or together with other data? Write "none that I see" if so.`},
	}
}

func (u *UI) detailsPage(c *call) error {
	v, err := u.editable(c)
	if err != nil {
		return err
	}
	r := v.Request
	fields := detailFields(review.RequestDetails{Title: r.Title, ProjectNumber: r.ProjectNumber, Repository: r.Repository, Purpose: r.Purpose, Concerns: r.Concerns})
	return c.render(http.StatusOK, "details", c.requestFrame(v, "About this request"), u.detailsOf(v, fields))
}

// editable reads the request, and answers as forbidden when the person may not
// edit it now.
func (u *UI) editable(c *call) (*review.View, error) {
	return u.viewFor(c, policy.RequestEdit)
}

// viewFor reads the request for an action, which must be open to the person in
// its present status; else the reason comes back as the error.
func (u *UI) viewFor(c *call, action policy.Action) (*review.View, error) {
	v, err := u.service.Request(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return nil, err
	}
	if !v.Can[action] {
		if why := v.Why[action]; why != "" {
			return nil, review.Errorf(review.Conflict, "%s", why)
		}
		return nil, review.Errorf(review.Forbidden, "This is not open to you in the request's present state.")
	}
	return v, nil
}

func (u *UI) saveDetails(c *call) error {
	d := review.RequestDetails{Title: c.FormValue("title"), ProjectNumber: c.FormValue("project_number"),
		Repository: c.FormValue("repository"), Purpose: c.FormValue("purpose"), Concerns: c.FormValue("concerns")}
	err := u.service.EditDetails(c.ctx(), c.actor, c.requestID(), d)
	if bad := fieldErrors(err); bad != nil {
		v, verr := u.editable(c)
		if verr != nil {
			return verr
		}
		p := u.detailsOf(v, detailFields(d))
		p.Errors = markErrors(p.Fields, bad)
		return c.render(http.StatusUnprocessableEntity, "details", c.requestFrame(v, "About this request"), p)
	}
	if err != nil {
		return err
	}
	c.setFlash(flash{Text: "Saved."})
	if c.FormValue("then") == "next" {
		return u.goOn(c, requestPath(c.requestID())+"/details")
	}
	return c.redirect(requestPath(c.requestID()))
}

// detailsOf is the page with its fields, each of which saves by itself.
func (u *UI) detailsOf(v *review.View, fields []field) detailsPage {
	for i := range fields {
		fields[i].Save = requestPath(v.Request.ID) + "/details/field"
	}
	return detailsPage{View: v, Steps: u.steps(v, stepContext), Fields: fields}
}

// fieldErrors returns what is wrong with which field, nil when err is not about
// fields.
func fieldErrors(err error) map[string]string {
	var e *review.Error
	if errors.As(err, &e) && e.Kind == review.Invalid && len(e.Fields) > 0 {
		return e.Fields
	}
	return nil
}

// markErrors puts each error to its field and returns the fields that have one.
func markErrors(fields []field, bad map[string]string) []field {
	var out []field
	for i := range fields {
		if text := bad[fields[i].ID]; text != "" {
			fields[i].Error = text
			out = append(out, fields[i])
		}
	}
	return out
}

// outputs lists a request's files that count, in order.
func outputs(v *review.View) []review.FileView {
	var out []review.FileView
	for _, g := range v.Groups {
		out = append(out, g.Files...)
	}
	return slices.DeleteFunc(out, func(f review.FileView) bool { return f.File.Kind != review.Output })
}
