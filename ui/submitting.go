package ui

import (
	"net/http"

	"sallyport/policy"
	"sallyport/review"
)

// submitPage is the last page before a request is handed over.
type submitPage struct {
	*review.View
	Steps     []step
	Questions []question
	Missing   []missing
	Policy    *policy.Policy
	Items     []checkItem
	Errors    []checkItem // items still to be confirmed
	Stale     string      // the permitted results policy changed meanwhile
	Files     int
	Totals    tally
	Resubmit  bool
	Days      int
	Supported int // supporting files
}

type checkItem struct {
	policy.ChecklistItem
	Ticked bool
	Error  string
}

func (u *UI) submitPage(c *call) error {
	v, err := u.viewFor(c, policy.RequestSubmit)
	if err != nil {
		return err
	}
	return u.showSubmit(c, http.StatusOK, v, nil, nil)
}

func (u *UI) showSubmit(c *call, status int, v *review.View, ticked []string, bad map[string]string) error {
	p := submitPage{View: v, Policy: u.policy, Stale: bad["permitted_results"], Days: u.policy.Review.FeedbackDays,
		Resubmit: v.Request.Status == review.Returned}
	p.Steps, p.Questions = u.steps(v, stepChecklist), u.questions(v)
	for _, m := range v.Missing {
		p.Missing = append(p.Missing, missing{m.Message, problemLink(v, m)})
	}
	set := map[string]bool{}
	for _, t := range ticked {
		set[t] = true
	}
	for _, item := range u.policy.Checklist {
		ci := checkItem{item, set[item.ID], bad["checklist."+item.ID]}
		p.Items = append(p.Items, ci)
		if ci.Error != "" {
			p.Errors = append(p.Errors, ci)
		}
	}
	for _, g := range v.Groups {
		for _, f := range g.Files {
			t := tallyOf(f.Report)
			switch f.File.Kind {
			case review.Output:
				p.Files++
			case review.Supporting:
				p.Supported++
			default:
				continue
			}
			p.Totals.Block += t.Block
			p.Totals.Warn += t.Warn
			p.Totals.Note += t.Note
		}
	}
	return c.render(status, "submit", c.requestFrame(v, "Check and submit"), p)
}

func (u *UI) submit(c *call) error {
	ticked := c.Request().PostForm["confirm"]
	err := u.service.Submit(c.ctx(), c.actor, c.requestID(), ticked, c.FormValue("permitted_results"))
	if bad := fieldErrors(err); bad != nil {
		v, verr := u.viewFor(c, policy.RequestSubmit)
		if verr != nil {
			return verr
		}
		return u.showSubmit(c, http.StatusUnprocessableEntity, v, ticked, bad)
	}
	if err != nil {
		return err
	}
	c.setFlash(flash{Text: "Submitted. Two output checkers will review it independently of each other."})
	return c.redirect(requestPath(c.requestID()))
}

// confirmPage asks before something that cannot be taken back.
type confirmPage struct {
	*review.View
	Heading, Button, Cancel string
	Warning                 bool // the button is a warning one
	Text                    []string
	Reason                  *field
	Files                   []fileEntry // concerned
	Problem                 string      // why it was not done
}

func (u *UI) confirm(c *call, status int, v *review.View, p confirmPage) error {
	p.View, p.Cancel = v, requestPath(v.Request.ID)
	return c.render(status, "confirm", c.requestFrame(v, p.Heading), p)
}

func (u *UI) withdrawPage(c *call) error {
	v, err := u.viewFor(c, policy.RequestWithdraw)
	if err != nil {
		return err
	}
	return u.confirm(c, http.StatusOK, v, confirmPage{Heading: "Withdraw this request", Button: "Withdraw request", Warning: true,
		Text: []string{"The request ends here: nothing of it leaves, and it cannot be opened again.",
			"Its record stays. You can file a new request for the same workspace afterwards."}})
}

func (u *UI) withdraw(c *call) error {
	if err := u.service.Withdraw(c.ctx(), c.actor, c.requestID()); err != nil {
		return err
	}
	c.setFlash(flash{Text: "The request was withdrawn."})
	return c.redirect(requestPath(c.requestID()))
}
