package ui

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"sallyport/policy"
	"sallyport/review"
)

// recallPage asks what is wrong with a release before anything is taken back.
type recallPage struct {
	*review.View
	Files      []recallFile
	Whole      bool
	Words      string
	Severities []recallSeverity
	Discovered string // as a browser's date and time field has it, in UTC
	Latest     string
	Bad        map[string]string
	Back       string
}

type recallFile struct {
	Path     string
	Chosen   bool
	Recalled bool // before
}

type recallSeverity struct {
	Value        review.RecallSeverity
	Label, About string
	Chosen       bool
}

// fieldTime is how a browser writes a date with a time of day.
const fieldTime = "2006-01-02T15:04"

func severities(chosen review.RecallSeverity) []recallSeverity {
	var out []recallSeverity
	for _, s := range review.RecallSeverities() {
		label, about := recallWords(s)
		out = append(out, recallSeverity{s, label, about, s == chosen})
	}
	return out
}

func recallWords(s review.RecallSeverity) (label, about string) {
	switch s {
	case review.RecallLow:
		return "Low", "A rule was broken, and nobody can be told apart."
	case review.RecallModerate:
		return "Moderate", "Somebody might be told apart, with effort or with other data."
	default:
		return "Serious", "Somebody can be told apart."
	}
}

func (u *UI) recallPage(c *call) error {
	v, err := u.viewFor(c, policy.ReleaseRecall)
	if err != nil {
		return err
	}
	return u.showRecall(c, http.StatusOK, v, review.BreachInput{Discovered: u.now().UTC()}, nil)
}

func (u *UI) showRecall(c *call, status int, v *review.View, in review.BreachInput, bad map[string]string) error {
	p := recallPage{View: v, Whole: len(in.Files) == 0, Words: in.Words, Severities: severities(in.Severity), Bad: bad,
		Latest: u.now().UTC().Format(fieldTime), Back: requestPath(v.Request.ID)}
	if !in.Discovered.IsZero() {
		p.Discovered = in.Discovered.UTC().Format(fieldTime)
	}
	for _, f := range outputs(v) {
		p.Files = append(p.Files, recallFile{f.File.Path, slices.Contains(in.Files, f.File.Path), v.Recalled.Covers(f.File.Path)})
	}
	return c.render(status, "recall", c.requestFrame(v, "Report and recall"), p)
}

func (u *UI) recall(c *call) error {
	in := review.BreachInput{Words: c.FormValue("words"), Severity: review.RecallSeverity(c.FormValue("severity"))}
	bad := map[string]string{}
	if c.FormValue("which") == "files" {
		if in.Files = c.Request().PostForm["file"]; len(in.Files) == 0 {
			bad["files"] = "Choose the files, or the release as a whole."
		}
	}
	in.Discovered, _ = time.Parse(fieldTime, c.FormValue("discovered")) // zero is refused below, in words
	if len(bad) == 0 {
		err := u.service.Recall(c.ctx(), c.actor, c.requestID(), in)
		if err == nil {
			c.setFlash(flash{Text: "Recalled. Every place it went to is asked to take it back, and the people concerned are told."})
			return c.redirect(requestPath(c.requestID()) + "/recall/report")
		}
		if bad = fieldErrors(err); bad == nil {
			return err
		}
	}
	v, err := u.viewFor(c, policy.ReleaseRecall)
	if err != nil {
		return err
	}
	return u.showRecall(c, http.StatusUnprocessableEntity, v, in, bad)
}

// recallReportPage is everything about a recalled release, to be read, printed
// or kept as JSON.
type recallReportPage struct {
	*review.RecallReport
	Rows    []recallMoment
	Seen    []recallSeen
	Until   string // how long it was out after it was discovered
	Path    string
	Problem string // of the note
}

type recallMoment struct {
	review.Moment
	Title, Who string
}

type recallSeen struct {
	review.Seen
	Who string
}

func (u *UI) recallReport(c *call) error { return u.showReport(c, http.StatusOK, "") }

func (u *UI) showReport(c *call, status int, problem string) error {
	rep, err := u.service.RecallReport(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return err
	}
	p := recallReportPage{RecallReport: rep, Path: requestPath(rep.Request.ID) + "/recall", Problem: problem}
	who := func(name review.Username) string {
		if full := rep.Names[name]; full != "" {
			return full
		}
		return string(name)
	}
	for _, m := range rep.Timeline {
		p.Rows = append(p.Rows, recallMoment{m, momentWords(m), who(m.By)})
	}
	for _, s := range rep.Seen {
		p.Seen = append(p.Seen, recallSeen{s, who(s.By)})
	}
	if !rep.Withdrawn.IsZero() {
		p.Until = rep.Withdrawn.Sub(rep.Release.Recalled.Reports[0].Discovered).Round(time.Minute).String()
	}
	f := frame{Title: "Recall report", Wide: true, Crumbs: []crumb{{requestTitle(&rep.Request), requestPath(rep.Request.ID)}}}
	f.UTC = true
	return c.render(status, "recall-report", f, p)
}

func momentWords(m review.Moment) string {
	switch m.What {
	case "":
		return "Discovered"
	case review.EvApproved:
		return "Approved for release"
	case review.EvReleased:
		return "Delivered to " + m.Where
	case review.EvRecalled:
		return "Reported and recalled"
	case review.EvTakenBack:
		return "Taken back by " + m.Where
	case review.EvNotTakenBack:
		return m.Where + " cannot take it back"
	default:
		return "Note"
	}
}

func (u *UI) recallJSON(c *call) error {
	rep, err := u.service.RecallReport(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	if err := enc.Encode(rep.Document()); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Disposition", disposition("attachment", "recall-"+rep.Release.ID+".json"))
	h.Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, "application/json", b.Bytes())
}

func (u *UI) noteRecall(c *call) error {
	err := u.service.NoteRecall(c.ctx(), c.actor, c.requestID(), c.FormValue("report"), c.FormValue("words"))
	if bad := fieldErrors(err); bad != nil {
		return u.showReport(c, http.StatusUnprocessableEntity, bad["words"])
	}
	if err != nil {
		return err
	}
	c.setFlash(flash{Text: "The note is on record. What was recalled stays recalled."})
	return c.redirect(requestPath(c.requestID()) + "/recall/report")
}

// holdPage puts a legal hold on a request, or lifts it.
func (u *UI) holdPage(c *call) error { return u.showHold(c, http.StatusOK, "", "") }

func (u *UI) showHold(c *call, status int, reason, problem string) error {
	v, err := u.service.Request(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return err
	}
	if _, mine := v.Can[policy.RequestHold]; !mine {
		return review.Errorf(review.Forbidden, "You may see this request, but not do this to it.")
	}
	p := confirmPage{Heading: "Put a legal hold on this request", Button: "Hold it", Text: []string{
		"While the hold lasts, none of the stored bytes of this request are removed, whatever the retention policy says.",
		"The hold and your reason are put on record."}}
	if v.Hold != nil {
		p.Heading, p.Button = "Lift the legal hold", "Lift the hold"
		p.Text = []string{"Held since " + c.date(v.Hold.At) + ": " + v.Hold.Reason,
			"Once it is lifted, the times of the retention policy count again, and bytes whose time is over are removed within a day."}
	}
	p.Reason = &field{ID: "reason", Label: "Reason", Value: reason, Error: problem, Rows: 3, Required: true, Long: true}
	return u.confirm(c, status, v, p)
}

func (u *UI) hold(c *call) error {
	v, err := u.service.Request(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return err
	}
	do, said := u.service.Hold, "The request is held."
	if v.Hold != nil {
		do, said = u.service.LiftHold, "The hold is lifted."
	}
	err = do(c.ctx(), c.actor, c.requestID(), c.FormValue("reason"))
	if bad := fieldErrors(err); bad != nil {
		return u.showHold(c, http.StatusUnprocessableEntity, c.FormValue("reason"), bad["reason"])
	}
	if err != nil {
		return err
	}
	c.setFlash(flash{Text: said})
	return c.redirect(requestPath(c.requestID()))
}

// restoredPage asks an operator what happened to damaged bytes.
type restoredPage struct {
	review.Alarm
	Reason field
}

func (u *UI) restoredPage(c *call) error { return u.showRestored(c, http.StatusOK, field{}) }

func (u *UI) showRestored(c *call, status int, f field) error {
	list, err := u.service.Alarms(c.ctx(), c.actor)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(a review.Alarm) bool { return a.ID == c.Param("alarm") })
	if i < 0 {
		return review.Errorf(review.NotFound, "There is no such alarm, or it has ended.")
	}
	f.ID, f.Label, f.Rows, f.Long, f.Required = "reason", "What happened, and how the bytes were brought back", 4, true, true
	return c.render(status, "restored", frame{Title: "Record that bytes are back", Crumbs: []crumb{{"Service status", "/status"}}}, restoredPage{list[i], f})
}

func (u *UI) restored(c *call) error {
	reason := strings.TrimSpace(c.FormValue("reason"))
	err := u.service.Restored(c.ctx(), c.actor, c.Param("alarm"), reason)
	if bad := fieldErrors(err); bad != nil {
		return u.showRestored(c, http.StatusUnprocessableEntity, field{Value: reason, Error: bad["reason"]})
	}
	if review.KindOf(err) == review.Conflict {
		return u.showRestored(c, http.StatusConflict, field{Value: reason, Error: err.Error()})
	}
	if err != nil {
		return err
	}
	c.setFlash(flash{Text: "The bytes are back and were read again. What rests on them can go on."})
	return c.redirect("/status")
}

// alarmed counts the alarms that the person should know of on every page.
func (c *call) alarmed() int {
	if !c.actor.MaySomewhere(policy.ReviewVote) && !c.actor.MaySomewhere(policy.BlobRestore) {
		return 0
	}
	list, err := c.ui.service.Alarms(c.ctx(), c.actor)
	if err != nil {
		c.ui.log.ErrorContext(c.ctx(), "asking for alarms", "error", err)
	}
	return len(list)
}
