package ui

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"sallyport/policy"
	"sallyport/review"
)

// accessPage is who may do what: the people with their roles, what waits for a
// second person, and what is about to run out.
type accessPage struct {
	People    []accessRow
	Waiting   []proposalItem
	Expiring  []grantItem
	MayChange bool
}

type accessRow struct {
	Person review.Person
	Grants []grantItem
}

// grantItem is a grant in plain words.
type grantItem struct {
	review.RoleGrant
	Name   string // of the person
	Where  string // how far it holds
	Givers string // who gave it, and who confirmed it
	Ender  string
	MayEnd bool // by the one who asks
	Two    bool // it takes two people to give or take
}

// proposalItem is what waits for a second person.
type proposalItem struct {
	review.Proposal
	Grant    grantItem
	Proposer string
	May      bool   // the one who asks may answer it
	Bar      string // why they may not
}

func (u *UI) access(c *call) error {
	rep, err := u.service.Access(c.ctx(), c.actor)
	if err != nil {
		return err
	}
	w := u.accessWords(c, rep)
	p := accessPage{MayChange: c.actor.MaySomewhere(policy.AccessPropose)}
	for _, q := range rep.People {
		p.People = append(p.People, accessRow{q.Person, w.grants(q.Grants)})
	}
	for _, q := range rep.Waiting {
		p.Waiting = append(p.Waiting, w.proposal(q))
	}
	p.Expiring = w.grants(rep.Expiring)
	return c.render(http.StatusOK, "access", frame{Title: "Roles", Wide: true}, p)
}

// accessPersonPage is what one person may do, and why.
type accessPersonPage struct {
	Person  review.Person
	Own     bool // it is the one who asks
	Grants  []grantItem
	Past    []grantItem
	Waiting []proposalItem
	Actions []actionItem
	Give    *giveForm // nil for one who gives no roles here
	Problem string
	Link    string // to where the problem is mended
}

// actionItem is one thing that somebody may do, with the roles that let them.
type actionItem struct {
	Words string
	From  []string
}

type giveForm struct {
	Roles   []option
	Reaches []option
	Until   string // as a browser's date field has it
	Least   string
	Why     field
	Bad     map[string]string
}

type option struct {
	Value, Label string
	Chosen       bool
}

func (u *UI) accessPerson(c *call) error { return u.showAccess(c, http.StatusOK, review.Ask{}, nil) }

// showAccess shows one person, after a failed try to give or take a role with
// what was asked for and what is wrong with it.
func (u *UI) showAccess(c *call, status int, ask review.Ask, wrong error) error {
	rep, err := u.service.Access(c.ctx(), c.actor)
	if err != nil {
		return err
	}
	name := review.Username(c.Param("person"))
	i := slices.IndexFunc(rep.People, func(q review.PersonAccess) bool { return q.Person.Username == name })
	if i < 0 {
		return review.Errorf(review.NotFound, "There is no such person.")
	}
	w := u.accessWords(c, rep)
	p := w.person(&rep.People[i])
	for _, q := range rep.Waiting {
		if q.Grant.Person == name {
			p.Waiting = append(p.Waiting, w.proposal(q))
		}
	}
	if w.mayChange(name) && !p.Person.Disabled {
		p.Give = w.form(ask, fieldErrors(wrong))
	}
	if wrong != nil {
		p.Problem = wrong.Error()
	}
	f := frame{Title: "Roles of " + p.Person.Name, Crumbs: []crumb{{"Roles", "/access"}, {p.Person.Name, ""}}}
	return c.render(status, "access-person", f, p)
}

// ownAccess is a person's own page: what they may do and why. It offers nothing
// to change.
func (u *UI) ownAccess(c *call) error {
	mine, err := u.service.MyAccess(c.ctx(), c.actor)
	if err != nil {
		return err
	}
	p := u.accessWords(c, &review.AccessReport{}).person(mine)
	p.Own = true
	return c.render(http.StatusOK, "access-person", accountFrame("What you may do"), p)
}

func (u *UI) grantRole(c *call) error {
	reach, in, _ := strings.Cut(c.FormValue("for"), ":")
	ask := review.Ask{
		Person: review.Username(c.Param("person")), Role: policy.Role(c.FormValue("role")), Reach: policy.Reach(reach), In: in, Why: c.FormValue("reason"),
	}
	wrong := func(err error) error { return u.showAccess(c, http.StatusUnprocessableEntity, ask, err) }
	if text := c.FormValue("until"); text != "" {
		var err error
		if ask.Until, err = time.Parse(time.DateOnly, text); err != nil {
			return wrong(&review.Error{Kind: review.Invalid, Message: "The role was not given.", Fields: map[string]string{"until": "Give a day, such as 2027-06-30."}})
		}
	}
	proposed, err := u.service.Grant(c.ctx(), c.actor, ask)
	if mendable(err) {
		return wrong(err)
	}
	return c.accessChanged(err, proposed, "/access/people/"+string(ask.Person),
		"The role is given, and counts from their next request on.", "Proposed. It counts once a second person has confirmed it.")
}

// mendable reports whether an error is shown beside the form.
func mendable(err error) bool {
	k := review.KindOf(err)
	return err != nil && (k == review.Invalid || k == review.Conflict || k == review.Forbidden)
}

func (c *call) accessChanged(err error, proposed bool, to, done, waits string) error {
	if err != nil {
		return err
	}
	if proposed {
		done = waits
	}
	c.setFlash(flash{Text: done})
	return c.redirect(to)
}

// revokeRole ends a role, or proposes to. A grant is looked for among those of
// the person in the address only.
func (u *UI) revokeRole(c *call) error {
	rep, err := u.service.Access(c.ctx(), c.actor)
	if err != nil {
		return err
	}
	theirs := func(q review.PersonAccess) bool {
		return string(q.Person.Username) == c.Param("person") &&
			slices.ContainsFunc(q.Grants, func(g review.RoleGrant) bool { return g.ID == c.Param("grant") })
	}
	if !slices.ContainsFunc(rep.People, theirs) {
		return review.Errorf(review.NotFound, "There is no such grant.")
	}
	atOnce := c.FormValue("when") == "now"
	proposed, err := u.service.Revoke(c.ctx(), c.actor, c.Param("grant"), c.FormValue("reason"), atOnce)
	if mendable(err) {
		return u.showAccess(c, http.StatusUnprocessableEntity, review.Ask{}, err)
	}
	waits := "Proposed. It ends once a second person has confirmed it."
	if atOnce {
		waits = "The role has ended. A second person is asked to put their name under it."
	}
	return c.accessChanged(err, proposed, "/access/people/"+c.Param("person"), "The role has ended, from their next request on.", waits)
}

func (u *UI) answerProposal(c *call) error {
	yes := c.FormValue("answer") == "yes"
	if !yes && c.FormValue("answer") != "no" {
		return review.Errorf(review.Invalid, "Say yes or no.")
	}
	err := u.service.Confirm(c.ctx(), c.actor, c.Param("proposal"), yes)
	done := "Confirmed."
	if !yes {
		done = "Refused. Nothing was changed by it."
	}
	return c.accessChanged(err, false, "/access", done, "")
}

// accessWords puts who may do what into words, for whoever asks.
type accessWords struct {
	u     *UI
	c     *call
	rep   *review.AccessReport
	names map[review.Username]string
}

func (u *UI) accessWords(c *call, rep *review.AccessReport) *accessWords {
	w := &accessWords{u, c, rep, map[review.Username]string{c.actor.Username: c.actor.Name}}
	for _, q := range rep.People {
		w.names[q.Person.Username] = q.Person.Name
	}
	return w
}

// mayChange reports whether the one who asks may change what somebody may do.
func (w *accessWords) mayChange(name review.Username) bool {
	return w.c.actor.MaySomewhere(policy.AccessPropose) && name != w.c.actor.Username
}

func (w *accessWords) name(name review.Username) string { return cmp.Or(w.names[name], string(name)) }

func (w *accessWords) grants(list []review.RoleGrant) []grantItem {
	out := make([]grantItem, len(list))
	for i, g := range list {
		out[i] = w.grant(g)
	}
	return out
}

func (w *accessWords) grant(g review.RoleGrant) grantItem {
	item := grantItem{RoleGrant: g, Name: w.name(g.Person), Where: w.where(g.Reach, g.In), Ender: w.name(g.EndedBy)}
	item.Givers = w.giver(g.By, g.Source)
	if g.Second != "" {
		item.Givers += " and " + w.name(g.Second)
	}
	item.Two = w.u.policy.Granting.NeedsTwo(g.Role)
	item.MayEnd = w.mayChange(g.Person)
	return item
}

// giver is who gave a role: the service itself stands for where it was told to.
func (w *accessWords) giver(by review.Username, source string) string {
	if by != "system" {
		return w.name(by)
	}
	if source == review.FromAccess {
		return "the command line"
	}
	return "the " + source
}

func (w *accessWords) where(reach policy.Reach, in string) string {
	switch reach {
	case policy.OneProject:
		for _, p := range w.rep.Projects {
			if string(p.ID) == in {
				return "the project " + p.Name
			}
		}
		return "the project " + in
	case policy.OneBackend:
		return "the projects of the backend " + in
	default:
		return "the whole service"
	}
}

func (w *accessWords) proposal(p review.Proposal) proposalItem {
	item := proposalItem{Proposal: p, Grant: w.grant(p.Grant), Proposer: w.giver(p.By, review.FromAccess)}
	switch {
	case !w.c.actor.MaySomewhere(policy.AccessConfirm):
	case p.By == w.c.actor.Username:
		item.Bar = "You proposed this. Somebody else confirms it."
	case p.Grant.Person == w.c.actor.Username:
		item.Bar = "This is about you. Somebody else confirms it."
	default:
		item.May = true
	}
	return item
}

func (w *accessWords) person(q *review.PersonAccess) accessPersonPage {
	p := accessPersonPage{Person: q.Person, Grants: w.grants(q.Grants), Past: w.grants(q.Past)}
	slices.Reverse(p.Past)
	at := map[policy.Action]int{}
	for _, x := range q.Actions {
		i, there := at[x.Action]
		if !there {
			i = len(p.Actions)
			at[x.Action] = i
			p.Actions = append(p.Actions, actionItem{Words: actionWords(x.Action)})
		}
		p.Actions[i].From = append(p.Actions[i].From, roleName(x.Role)+relationWords(x.Relations))
	}
	return p
}

func (w *accessWords) form(ask review.Ask, bad map[string]string) *giveForm {
	f := &giveForm{Bad: bad, Least: w.u.now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)}
	if !ask.Until.IsZero() {
		f.Until = ask.Until.Format(time.DateOnly)
	}
	f.Roles = append(f.Roles, option{"", "Choose a role", ask.Role == ""})
	for _, r := range append(policy.Roles(), policy.InProject) {
		label := roleName(r)
		if w.u.policy.Granting.NeedsTwo(r) {
			label += " (takes two people)"
		}
		f.Roles = append(f.Roles, option{string(r), label, r == ask.Role})
	}
	add := func(reach policy.Reach, in, label string) {
		value := string(reach)
		if in != "" {
			value += ":" + in
		}
		f.Reaches = append(f.Reaches, option{value, label, reach == ask.Reach && in == ask.In})
	}
	add("", "", "Choose how far it holds")
	add(policy.WholeService, "", "The whole service")
	var backends []string
	for _, p := range w.rep.Projects {
		add(policy.OneProject, string(p.ID), "The project "+printable(p.Name))
		if p.Backend != "" && !slices.Contains(backends, p.Backend) {
			backends = append(backends, p.Backend)
		}
	}
	for _, b := range backends {
		add(policy.OneBackend, b, "The projects of the backend "+printable(b))
	}
	f.Why = field{ID: "reason", Label: "Why", Help: "It stays on record.", Value: ask.Why, Error: bad["reason"], Rows: 2, Long: true, Required: true}
	return f
}
