package ui

import (
	"slices"
	"strings"

	"sallyport/policy"
	"sallyport/review"
)

// answerView is what the author answered to one finding, what the checkers
// think of that, and the forms that are open to the viewer. The finding stays
// as it is, whatever is answered.
type answerView struct {
	Action      string
	Fingerprint string
	Code, Text  string
	Link        string // to code, as written
	Given       bool
	Answers     []judgement
	MayAnswer   bool
	MayJudge    bool
	Codes       []policy.ChecklistItem
}

// judgement is one checker's acceptance or refusal, as far as the viewer may
// know it.
type judgement struct {
	review.Answer
	Name string
}

// exceptionView is one exception: asked for, or open to be asked for.
type exceptionView struct {
	Action    string
	Check     string
	Title     string
	Reason    string
	Asked     bool
	Answers   []judgement
	MayAsk    bool
	MayAnswer bool
	Mine      *review.Answer
}

// answers adds the answers to findings and the exceptions of the file shown.
func (u *UI) answers(p *filePage) {
	v, f := p.View, p.File
	edit := v.Can[policy.RequestEdit] && f.File.Kind != review.WithdrawnF
	judge := v.Can[policy.ReviewVote] && f.Yours
	for i := range p.Findings {
		fv := &p.Findings[i]
		a := &answerView{Action: f.Link + "/findings", Fingerprint: fv.finding.Fingerprint, MayAnswer: edit, Codes: u.policy.Acknowledgements}
		if k := f.Acknowledged[a.Fingerprint]; k != nil {
			a.Given, a.Text, a.Link, a.Code, a.MayJudge = true, k.Text, k.CodeLink, u.codeWords(k.Code), judge
			a.Answers = judgements(v, k.Answers)
		}
		if a.Fingerprint != "" && (a.Given || a.MayAnswer) {
			fv.Answer = a
		}
	}
	p.Except = exceptions(p, edit && f.File.Kind == review.Output, judge)
}

func (u *UI) codeWords(code string) string {
	for _, c := range u.policy.Acknowledgements {
		if c.ID == code {
			return c.Text
		}
	}
	return code
}

func judgements(v *review.View, answers []review.Answer) []judgement {
	var out []judgement
	for _, a := range answers {
		out = append(out, judgement{a, personName(v, a.Checker)})
	}
	return out
}

// exceptions lists those asked for, then the blocking checks that the author may
// ask one for. What can never be excepted is not offered; the domain decides.
func exceptions(p *filePage, mayAsk, judge bool) []exceptionView {
	var out []exceptionView
	titles := map[string]string{}
	for _, fv := range p.Findings {
		titles[fv.Check] = fv.Title
	}
	for _, x := range p.File.File.Exceptions {
		e := exceptionView{Action: p.File.Link + "/exception", Check: x.Check, Title: titles[x.Check], Reason: x.Reason, Asked: true,
			Answers: judgements(p.View, x.Answers), MayAsk: mayAsk, MayAnswer: judge}
		for i := range x.Answers {
			if x.Answers[i].Checker == p.You {
				e.Mine = &x.Answers[i]
			}
		}
		out = append(out, e)
	}
	for _, fv := range p.Findings {
		known := slices.ContainsFunc(out, func(e exceptionView) bool { return e.Check == fv.Check })
		if mayAsk && !known && fv.Severity == policy.Block && fv.Check != "unreadable" && fv.Check != "output-level" && fv.Check != "malware" {
			out = append(out, exceptionView{Action: p.File.Link + "/exception", Check: fv.Check, Title: fv.Title, MayAsk: true})
		}
	}
	return out
}

// backToFile ends a form of the file page: with what was done, or with what is
// wrong with it, at the place it was sent from.
func (c *call) backToFile(err error, done, place string) error {
	if review.KindOf(err) == review.Invalid {
		c.setFlash(flash{Text: "That was not saved.", Problems: []string{err.Error()}})
	} else if err != nil {
		return err
	} else {
		c.setFlash(flash{Text: done})
	}
	if c.FormValue("back") == "findings" {
		return c.redirect(requestPath(c.requestID()) + "/findings#" + string(c.fileID()) + "-" + strings.TrimPrefix(place, "finding-"))
	}
	return c.redirect(filePath(c.requestID(), c.fileID()) + "#" + place)
}

func (u *UI) askException(c *call) error {
	reason, done := c.FormValue("reason"), "The exception is asked for. Both checkers must accept it."
	if c.FormValue("take-back") != "" {
		reason, done = "", "The exception is no longer asked for."
	} else if reason == "" {
		return c.backToFile(review.Errorf(review.Invalid, "Say why the file must leave all the same."), "", "exceptions")
	}
	err := u.service.AskException(c.ctx(), c.actor, c.requestID(), c.fileID(), c.FormValue("check"), reason)
	return c.backToFile(err, done, "exceptions")
}

func (u *UI) answerException(c *call) error {
	err := u.service.AnswerException(c.ctx(), c.actor, c.requestID(), c.fileID(), c.FormValue("check"), c.FormValue("accept") == "yes", c.FormValue("reason"))
	return c.backToFile(err, "Your answer to the exception was saved.", "exceptions")
}

func (u *UI) acknowledge(c *call) error {
	in := review.AcknowledgeInput{Fingerprint: c.FormValue("fingerprint"), Code: c.FormValue("code"), Text: c.FormValue("text"), CodeLink: c.FormValue("code_link")}
	done := "Your answer to the finding was saved. The finding stays, and the checkers read both."
	if c.FormValue("take-back") != "" {
		in.Code, done = "", "Your answer to the finding was taken back."
	} else if in.Code == "" {
		return c.backToFile(review.Errorf(review.Invalid, "Choose one of the answers."), "", "finding-"+short(in.Fingerprint))
	}
	return c.backToFile(u.service.Acknowledge(c.ctx(), c.actor, c.requestID(), in), done, "finding-"+short(in.Fingerprint))
}

// mostAtOnce is how many findings one answer may be given to.
const mostAtOnce = 200

// acknowledgeAll gives one answer to every finding of a check that waits for one,
// each on record by itself. It stops at the first that is refused.
func (u *UI) acknowledgeAll(c *call) error {
	v, err := u.editable(c)
	if err != nil {
		return err
	}
	in := review.AcknowledgeInput{Code: c.FormValue("code"), Text: c.FormValue("text"), CodeLink: c.FormValue("code_link")}
	if in.Code == "" {
		err = review.Errorf(review.Invalid, "Choose one of the answers.")
	}
	n := 0
	for _, e := range u.explain(v) {
		if e.Doc.Name != c.FormValue("check") {
			continue
		}
		for _, f := range e.waiting() {
			if in.Fingerprint = f.Answer.Fingerprint; err == nil && n < mostAtOnce {
				if err = u.service.Acknowledge(c.ctx(), c.actor, c.requestID(), in); err == nil {
					n++
				}
			}
		}
	}
	switch {
	case review.KindOf(err) == review.Invalid:
		c.setFlash(flash{Text: "That was not saved.", Problems: []string{err.Error()}})
	case err != nil:
		return err
	default:
		c.setFlash(flash{Text: plural(n, "finding has", "findings have") + " your answer now. The findings stay, and the checkers read both."})
	}
	return c.redirect(requestPath(c.requestID()) + "/findings")
}

func (u *UI) answerAcknowledgement(c *call) error {
	fingerprint := c.FormValue("fingerprint")
	err := u.service.AnswerAcknowledgement(c.ctx(), c.actor, c.requestID(), fingerprint, c.FormValue("accept") == "yes", c.FormValue("reason"))
	return c.backToFile(err, "Your view of the researcher's answer was saved.", "finding-"+short(fingerprint))
}

func (u *UI) publish(c *call) error {
	if err := u.service.PublishComment(c.ctx(), c.actor, c.requestID(), review.CommentID(c.Param("comment"))); err != nil {
		return err
	}
	c.setFlash(flash{Text: "The researcher will see this comment once the request goes back."})
	return c.redirect(requestPath(c.requestID()) + "/review")
}
