package ui

import (
	"net/http"
	"strconv"
	"strings"

	"sallyport/policy"
	"sallyport/review"
)

// shownNotices is how many notices the page lists.
const shownNotices = 50

// noticesPage is what a person was told, and what they choose to be told.
type noticesPage struct {
	Notices []review.Notice
	Sets    []choiceSet
	Hours   []hourItem
	Zone    string
	Choose  bool // else the choices are only shown
	Sent    bool // a demonstration shows what it would have mailed
	Problem string
}

// choiceSet is what a person is told in one capacity.
type choiceSet struct {
	Legend  string
	Choices []review.NoticeChoice
}

type hourItem struct {
	N      int
	Text   string
	Chosen bool
}

func (u *UI) notices(c *call) error { return u.showNotices(c, http.StatusOK, "") }

func (u *UI) showNotices(c *call, status int, problem string) error {
	list, err := u.service.MyNotices(c.ctx(), c.actor, shownNotices)
	if err != nil {
		return err
	}
	mine, err := u.service.NoticeChoices(c.ctx(), c.actor)
	if err != nil {
		return err
	}
	p := noticesPage{Notices: list, Zone: mine.Zone, Choose: c.actor.MaySomewhere(policy.NoticesChoose), Sent: u.options.Sent != nil, Problem: problem, Sets: choiceSets(mine.Rules)}
	for n := range 24 {
		p.Hours = append(p.Hours, hourItem{n, strconv.Itoa(n) + ":00", n == mine.Hour})
	}
	return c.render(status, "notices", frame{Title: "Notifications"}, p)
}

// choiceSets puts rules together by what the person is when they are told.
func choiceSets(rules []review.NoticeChoice) []choiceSet {
	var out []choiceSet
	for _, words := range []struct {
		to     review.Audience
		legend string
	}{
		{review.ToSubject, "About you"},
		{review.ToAuthor, "Requests that you file"},
		{review.ToAssigned, "Requests that you review"},
		{review.ToMembers, "Requests of others in your projects"},
		{review.ToLeads, "As a lead checker"},
		{review.ToAuditors, "As an auditor"},
		{review.ToOperator, "As an operator"},
	} {
		set := choiceSet{Legend: words.legend}
		for _, r := range rules {
			if r.To == words.to {
				set.Choices = append(set.Choices, r)
			}
		}
		if len(set.Choices) > 0 {
			out = append(out, set)
		}
	}
	return out
}

// chooseNotices takes the form: hour, and a field for each rule by its key.
func (u *UI) chooseNotices(c *call) error {
	hour, err := strconv.Atoi(c.FormValue("hour"))
	if err != nil {
		hour = -1
	}
	choices := review.NoticeChoices{Hour: hour, When: map[string]review.When{}}
	for name, values := range c.Request().PostForm {
		if key, ok := strings.CutPrefix(name, "when."); ok {
			choices.When[key] = review.When(values[0])
		}
	}
	err = u.service.ChooseNotices(c.ctx(), c.actor, choices)
	if bad := fieldErrors(err); bad != nil {
		return u.showNotices(c, http.StatusUnprocessableEntity, err.Error())
	}
	if err != nil {
		return err
	}
	c.setFlash(flash{Text: "Your choices are kept."})
	return c.redirect("/notifications")
}

// sentNotices shows what a demonstration would have mailed.
func (u *UI) sentNotices(c *call) error {
	if !u.options.Demo || u.options.Sent == nil {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	list, err := u.options.Sent()
	if err != nil {
		return err
	}
	return c.render(http.StatusOK, "notices-sent", frame{Title: "Mail of the demonstration", Crumbs: []crumb{{"Notifications", "/notifications"}}}, list)
}
