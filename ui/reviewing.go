package ui

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"sallyport/checks/provenance"
	"sallyport/policy"
	"sallyport/review"
)

// queuePage is what is routed to a checker.
type queuePage struct {
	Told          string // at first sight, in a sentence
	Pace          string // how long the work will take
	Plot          *plot  // of when it is due; nil for little work
	Yours, Others []queueRow
	Free          []freeRow // a seat of them can be taken
}

type freeRow struct {
	review.Request
	Name, Claim string
}

type queueRow struct {
	review.QueueItem
	Title, Link string
	DueIn       string // in working days
	Percent     int
}

func (u *UI) queue(c *call) error {
	items, err := u.service.Queue(c.ctx(), c.actor)
	if err != nil {
		return err
	}
	var p queuePage
	for _, it := range items {
		row := queueRow{QueueItem: it, Title: requestTitle(&it.Request), Link: requestPath(it.Request.ID), DueIn: u.dueWords(&it.Request)}
		if it.Files > 0 {
			row.Percent = it.Mine * 100 / it.Files
		}
		if it.YourTurn {
			p.Yours = append(p.Yours, row)
		} else {
			p.Others = append(p.Others, row)
		}
	}
	p.Told = toldOf(p.Yours)
	if err := u.foresee(c, &p); err != nil {
		return err
	}
	if c.actor.MaySomewhere(policy.ReviewClaim) {
		free, err := u.service.Claimable(c.ctx(), c.actor)
		if err != nil {
			return err
		}
		for _, r := range free {
			p.Free = append(p.Free, freeRow{r, requestTitle(&r), requestPath(r.ID) + "/claim"})
		}
	}
	return c.render(http.StatusOK, "queue", frame{Title: "Review queue", Wide: true}, p)
}

// plotFrom is from how many waiting requests on a plot says more than the list.
const plotFrom = 4

// foresee adds how long the waiting work will take, and when it is due.
func (u *UI) foresee(c *call, p *queuePage) error {
	pace, err := u.service.MyPace(c.ctx(), c.actor)
	if err != nil {
		return err
	}
	p.Pace = minePace(pace, p.Yours)
	if len(p.Yours) < plotFrom {
		return nil
	}
	var list []*review.Request
	for i := range p.Yours {
		list = append(list, &p.Yours[i].Request)
	}
	p.Plot = u.duePlot(list)
	return nil
}

// voteForm is a checker's decision on one file.
type voteForm struct {
	Action   string
	Seen     review.Digest // of the bytes shown, so that a vote on others fails
	Decision review.Decision
	Reason   string
	Allowed  bool
	Why      string // it is closed
	Void     bool   // the file changed since the last vote; what was taken back is no vote
	Blocking bool   // approval needs a reason
	At       time.Time
	Others   []otherVote // in consolidation
	TakeBack bool        // the decision can be taken back, unseen by anybody
	// Earlier is what the checker decided before the request was sent back and
	// came again.
	Earlier       review.Decision
	EarlierReason string
	Outcome       review.Outcome
	Errors        map[string]string
	// Conflict is why the decision was not saved although its form was right: what
	// it was on has moved on meanwhile.
	Conflict string
}

type otherVote struct {
	review.Vote
	Name string
	Mine bool
}

// voteFormFor is nil for people who hold no seat, and for files that do not
// leave.
func voteFormFor(v *review.View, f fileEntry, typed *voteForm) *voteForm {
	if f.File.Kind != review.Output || v.Relation != policy.Assigned && len(f.Votes) == 0 {
		if typed != nil {
			return &voteForm{Conflict: typed.Conflict, Reason: typed.Reason}
		}
		return nil
	}
	form := voteForm{Action: f.Link + "/vote", Seen: f.File.Release, Allowed: v.Can[policy.ReviewVote] && f.Yours, Why: v.Why[policy.ReviewVote],
		Blocking: f.Tally.Block > 0 || f.Tally.Incomplete != "" || !f.Tally.Checked, Outcome: f.Outcome}
	if f.Mine != nil {
		form.Decision, form.Reason, form.At = f.Mine.Decision, f.Mine.Reason, f.Mine.At
		form.Earlier, form.EarlierReason = f.Mine.Earlier, f.Mine.EarlierReason
		takenBack := form.Decision == review.Undecided && form.Earlier == ""
		form.Void = f.MineVoid && !takenBack
	}
	form.TakeBack = form.Allowed && v.Phase == review.Independent && form.Decision != "" && form.Decision != review.Undecided
	if typed != nil {
		form.Decision, form.Reason, form.Errors, form.Conflict = typed.Decision, typed.Reason, typed.Errors, typed.Conflict
	}
	if f.Outcome != review.Incomplete || v.Phase != review.Independent {
		for _, vote := range f.Votes {
			form.Others = append(form.Others, otherVote{vote, personName(v, vote.Checker), vote.Checker == v.You})
		}
	}
	return &form
}

func (u *UI) vote(c *call) error {
	in := review.VoteInput{File: c.fileID(), Decision: review.Decision(c.FormValue("decision")),
		Reason: c.FormValue("reason"), Seen: review.Digest(c.FormValue("seen"))}
	back, err := u.undoOf(c)
	if err != nil {
		return err
	}
	err = u.service.Vote(c.ctx(), c.actor, c.requestID(), in)
	if bad := fieldErrors(err); bad != nil {
		return u.showFile(c, http.StatusUnprocessableEntity, &voteForm{Decision: in.Decision, Reason: in.Reason, Errors: bad})
	}
	if review.KindOf(err) == review.Conflict {
		return u.lookAgain(c, in, err)
	}
	if err != nil {
		return err
	}
	c.setFlash(voteFlash(in.Decision, c.FormValue("then") == "undone", back))
	if c.FormValue("then") == "next" {
		return u.nextFile(c)
	}
	return c.redirect(filePath(c.requestID(), c.fileID()) + "#vote")
}

// lookAgain answers a decision that came too late with the page as things stand
// now, and with what the person wrote. The decision itself is theirs to make
// again.
func (u *UI) lookAgain(c *call, in review.VoteInput, conflict error) error {
	if err := u.showFile(c, http.StatusConflict, &voteForm{Reason: in.Reason, Conflict: conflict.Error()}); err != nil {
		return conflict
	}
	return nil
}

// voteFlash says what became of a decision, and how to take it back.
func voteFlash(d review.Decision, undone bool, back *undo) flash {
	switch {
	case undone && back != nil && d == review.Undecided:
		return flash{Text: "Your decision on " + printable(back.Name) + " was taken back."}
	case undone:
		return flash{Text: "Your decision on this file is again: " + strings.ToLower(decisionWords(d)) + "."}
	case back == nil:
		return flash{Text: "Your decision on this file was saved: " + strings.ToLower(decisionWords(d)) + "."}
	}
	return flash{Text: "Your decision on " + printable(back.Name) + " was saved: " + strings.ToLower(decisionWords(d)) + ".", Undo: back}
}

// undo takes a decision back to what it was.
type undo struct {
	Action   string
	Name     string // of the file
	Seen     review.Digest
	Decision review.Decision
	Reason   string
}

// undoOf is how a decision that is about to be made is taken back. It is nil
// once reviews are compared: then every change of a vote is for the other
// checker to see.
func (u *UI) undoOf(c *call) (*undo, error) {
	v, err := u.service.Request(c.ctx(), c.actor, c.requestID())
	if err != nil || v.Phase != review.Independent {
		return nil, err
	}
	for _, f := range outputs(v) {
		if f.File.ID != c.fileID() {
			continue
		}
		out := &undo{Action: filePath(v.Request.ID, f.File.ID) + "/vote", Name: baseName(f.File.Path), Seen: f.File.Release, Decision: review.Undecided}
		if f.Mine != nil && !f.MineVoid {
			out.Decision, out.Reason = f.Mine.Decision, f.Mine.Reason
		}
		return out, nil
	}
	return nil, nil
}

// nextFile goes on to the next file that waits for a decision, after this one
// or else from the beginning, and when there is none to the review's end.
func (u *UI) nextFile(c *call) error {
	v, err := u.service.Request(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return err
	}
	files := outputs(v)
	at := slices.IndexFunc(files, func(f review.FileView) bool { return f.File.ID == c.fileID() })
	for i := range files {
		f := files[(at+1+i)%len(files)]
		if f.Yours && f.MineVoid {
			return c.redirect(filePath(v.Request.ID, f.File.ID))
		}
	}
	return c.redirect(requestPath(v.Request.ID) + "/review")
}

// reviewPage is one's own review before it is handed in, and both reviews side
// by side afterwards.
type reviewPage struct {
	*review.View
	Seats   []seatView
	Groups  []reviewGroup
	Open    int // output files without a decision of mine that stands
	Files   int
	Agreed  int // in consolidation: approved by both
	Comment bool
	Runs    string // address of what ran in the workspace
}

type seatView struct {
	review.Seat
	Name string
	You  bool
}

type reviewGroup struct {
	groupRow
	Rows    []reviewRow
	Form    commentForm
	Changes string // where changes to the whole group are asked for, "" when closed
}

// reviewRow is one file with the vote of each seat, in the seats' order; nil
// where the viewer may not see it or there is none.
type reviewRow struct {
	fileEntry
	BySeat []*review.Vote
}

func (u *UI) reviewPage(c *call) error {
	v, err := u.service.Request(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return err
	}
	if v.Relation != policy.Assigned {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	return u.showReview(c, http.StatusOK, v)
}

func (u *UI) showReview(c *call, status int, v *review.View) error {
	p := reviewPage{View: v, Runs: c.madeBy(v, &provenance.Origin{}).Runs}
	for _, s := range v.Request.Seats {
		p.Seats = append(p.Seats, seatView{s, personName(v, s.Checker), s.Checker == v.You})
	}
	for i := range v.Groups {
		g := reviewGroup{groupRow: u.groupRow(v, &v.Groups[i])}
		g.Form = commentFormFor(v, g.Group.ID, "", c.Request().URL.Path)
		for _, f := range g.Files {
			if f.File.Kind == review.Output {
				g.Rows = append(g.Rows, reviewRow{f, votesBySeat(v, f.FileView)})
				p.count(f)
			}
		}
		if v.Can[policy.ReviewVote] && g.mine() {
			g.Changes = groupPath(v.Request.ID, g.Group.ID) + "/changes"
		}
		if len(g.Rows) > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
	title := "My review"
	if v.Phase == review.Consolidation {
		title = "Compare reviews"
	}
	return c.render(status, "review", c.requestFrame(v, title), p)
}

func (p *reviewPage) count(f fileEntry) {
	p.Files++
	if f.Yours && f.MineVoid {
		p.Open++
	}
	if f.Outcome == review.AllApproved {
		p.Agreed++
	}
}

// votesBySeat puts the votes that the viewer may see under their checkers.
func votesBySeat(v *review.View, f review.FileView) []*review.Vote {
	out := make([]*review.Vote, len(v.Request.Seats))
	for i, seat := range v.Request.Seats {
		for j := range f.Votes {
			if f.Votes[j].Checker == seat.Checker {
				out[i] = &f.Votes[j]
			}
		}
		if out[i] == nil && seat.Checker == v.You {
			out[i] = f.Mine
		}
	}
	return out
}

func (u *UI) submitReview(c *call) error {
	if err := u.service.SubmitReview(c.ctx(), c.actor, c.requestID()); err != nil {
		return err
	}
	c.setFlash(flash{Text: "Your review is in."})
	return c.redirect(requestPath(c.requestID()) + "/review")
}

func (u *UI) returnPage(c *call) error { return u.showReturn(c, http.StatusOK, "") }

func (u *UI) showReturn(c *call, status int, problem string) error {
	v, err := u.viewFor(c, policy.ReviewReturn)
	if err != nil {
		return err
	}
	p := confirmPage{Heading: "Return to the researcher", Button: "Return request", Problem: problem,
		Text: []string{"The researcher gets the request back, sees the decisions and every public comment, and can submit it again."}}
	if v.Phase == review.Independent {
		p.Text = []string{"This returns the request before both reviews are in, for a slip of the researcher's that makes going on pointless.",
			"Say why in a public comment on a group first. Decisions made in this turn are undone; the record keeps them."}
	} else {
		p.Text = append(p.Text, "Each group with a file that is not approved needs a public comment that says what to change.")
	}
	return u.confirm(c, status, v, p)
}

func (u *UI) returnRequest(c *call) error {
	err := u.service.Return(c.ctx(), c.actor, c.requestID())
	if review.KindOf(err) == review.Invalid {
		return u.showReturn(c, http.StatusUnprocessableEntity, err.Error())
	}
	if err != nil {
		return err
	}
	c.setFlash(flash{Text: "The request is with the researcher again."})
	return c.redirect(requestPath(c.requestID()))
}

func rejectForm(reason, problem string) confirmPage {
	return confirmPage{Heading: "Reject this request", Button: "Reject request", Warning: true,
		Text: []string{"Rejecting ends the request: nothing of it leaves, and the researcher cannot submit it again.",
			"If the files could be released after changes, return the request instead."},
		Reason: &field{ID: "reason", Name: "reason", Label: "Why is this not an acceptable release?", Help: "The researcher reads this.", Value: reason, Error: problem, Rows: 4}}
}

func (u *UI) rejectPage(c *call) error {
	v, err := u.viewFor(c, policy.ReviewReject)
	if err != nil {
		return err
	}
	return u.confirm(c, http.StatusOK, v, rejectForm("", ""))
}

func (u *UI) reject(c *call) error {
	reason := c.FormValue("reason")
	err := u.service.RejectRequest(c.ctx(), c.actor, c.requestID(), reason)
	if bad := fieldErrors(err); bad != nil {
		v, verr := u.viewFor(c, policy.ReviewReject)
		if verr != nil {
			return verr
		}
		return u.confirm(c, http.StatusUnprocessableEntity, v, rejectForm(reason, bad["reason"]))
	}
	if err != nil {
		return err
	}
	c.setFlash(flash{Text: "The request was rejected. Nothing of it leaves."})
	return c.redirect(requestPath(c.requestID()))
}

func (u *UI) releasePage(c *call) error {
	v, err := u.viewFor(c, policy.ReviewRelease)
	if err != nil {
		return err
	}
	p := confirmPage{Heading: "Release these files", Button: "Release now",
		Text: []string{"Both checkers approved every file below. Exactly these bytes leave, and this cannot be taken back."}}
	for _, f := range outputs(v) {
		p.Files = append(p.Files, fileEntryOf(v, "", f))
	}
	return u.confirm(c, http.StatusOK, v, p)
}

func (u *UI) release(c *call) error {
	if err := u.service.Release(c.ctx(), c.actor, c.requestID()); err != nil {
		return err
	}
	c.setFlash(flash{Text: "Approved. The package is on its way out."})
	return c.redirect(requestPath(c.requestID()))
}
