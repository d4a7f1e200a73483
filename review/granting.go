package review

import (
	"context"
	"slices"
	"strings"
	"time"

	"sallyport/policy"
)

// RoleGrant is one role of one person within one reach, with who gave it and
// why. It is never deleted: it ends.
type RoleGrant struct {
	ID     string
	Person Username
	Role   policy.Role
	Reach  policy.Reach
	In     string // the project's id or the backend's name; "" for the whole service
	Source string // [FromAccess], "people file", "command line", or the id of a sign-in method
	// By gave the role and Second confirmed it, "" where one person was enough.
	By, Second Username
	Why        string
	Made       time.Time
	Until      time.Time // exclusive; zero is without an end
	Ended      time.Time // zero while it is in force, or ran out by Until
	EndedBy    Username
	EndWhy     string
}

// FromAccess is the source of grants that people gave here. A people file and
// the sign-in methods give and take only what is theirs.
const FromAccess = "access"

// InForce reports whether the grant counts at the time.
func (g *RoleGrant) InForce(at time.Time) bool {
	return g.Ended.IsZero() && (g.Until.IsZero() || at.Before(g.Until))
}

// ProposalKind says what a proposal asks for.
type ProposalKind string

const (
	ProposeGrant  ProposalKind = "grant"
	ProposeRevoke ProposalKind = "revoke"
	// ProposeRevoked asks for the second signature under what one person took
	// away at once.
	ProposeRevoked ProposalKind = "revoked at once"
)

// Proposal waits for a second person.
type Proposal struct {
	ID     string
	Kind   ProposalKind
	Grant  RoleGrant // what is to be given, or is to be taken; its By made the proposal
	By     Username
	Why    string
	Made   time.Time
	Lapses time.Time // exclusive
	// Settled is when it was confirmed or refused; zero while it waits.
	Settled time.Time
	Second  Username
	Outcome ProposalOutcome
}

// ProposalOutcome is what the second person said.
type ProposalOutcome string

const (
	Confirmed ProposalOutcome = "confirmed"
	Refused   ProposalOutcome = "refused"
)

// Waiting reports whether the proposal can still be confirmed.
func (p *Proposal) Waiting(at time.Time) bool { return p.Settled.IsZero() && at.Before(p.Lapses) }

// GrantQuery selects grants, oldest first. Zero fields do not restrict.
type GrantQuery struct {
	Person Username
	Open   bool // not ended; may have run out
}

// AccessChange is one change of who may do what, kept whole or not at all.
type AccessChange struct {
	// People and Projects are added or replaced first, as by Store.SavePeople; the
	// first of Events tells it.
	People   []Person
	Projects []Project

	Begin   []RoleGrant
	End     []RoleGrant // of those that are open, with Ended, EndedBy and EndWhy
	Propose []Proposal
	Settle  []Proposal // of those that are open, with Settled, Second and Outcome
	Events  []Event    // at least one
}

// AccessStore keeps grants and proposals. Package reviewtest holds every
// implementation to these contracts, those of [Store] for times and errors
// included.
type AccessStore interface {
	// Grants lists grants.
	Grants(ctx context.Context, q GrantQuery) ([]RoleGrant, error)
	// Proposals lists proposals, newest first: those not settled, or all of them
	// up to a thousand.
	Proposals(ctx context.Context, open bool) ([]Proposal, error)
	// UpdateAccess shows change the open grants and proposals of everybody in a
	// write transaction, and keeps what it returns. Conflict when a grant or a
	// proposal was ended or settled already; Invalid for a person, a project that
	// is not there. The database itself refuses a confirmation by the person
	// concerned or by whoever proposed.
	UpdateAccess(ctx context.Context, change func(open []RoleGrant, waiting []Proposal) (AccessChange, error)) error
}

// Ask is a role to be given.
type Ask struct {
	Person Username
	Role   policy.Role
	Reach  policy.Reach
	In     string
	Until  time.Time // exclusive; zero for as long as the policy lets it be
	Why    string
}

// checkAsk holds what is asked for to the policy, and returns it as it would be
// given. The person is taken to hold the other roles as well.
func (s *Service) checkAsk(ctx context.Context, ask Ask, others ...policy.Role) (*RoleGrant, error) {
	var err error
	if ask.Why, err = reasonOf(ask.Why); err != nil {
		return nil, err
	}
	p, err := s.Store.Person(ctx, ask.Person)
	if err != nil && KindOf(err) != NotFound {
		return nil, err
	}
	return s.checkAskOf(ctx, p, ask, others...)
}

// checkAskOf is checkAsk for a person as they will be; nil for nobody.
func (s *Service) checkAskOf(ctx context.Context, p *Person, ask Ask, others ...policy.Role) (*RoleGrant, error) {
	if p == nil || p.Disabled {
		return nil, Errorf(Invalid, "There is no such person, or their account is closed.").with("person", "Choose somebody who can sign in.")
	}
	if !slices.Contains(policy.Reaches(ask.Role), ask.Reach) {
		return nil, errReach(ask.Role)
	}
	if err := s.checkReach(ctx, ask); err != nil {
		return nil, err
	}
	now, g := s.Now(), s.Policy.Granting
	if days, bound := g.MostDays[ask.Role]; bound {
		last := now.AddDate(0, 0, days)
		if ask.Until.IsZero() {
			ask.Until = last
		}
		if ask.Until.After(last) {
			return nil, Errorf(Invalid, "The role %s is given for %d days at most.", ask.Role, days).with("until", "Choose an earlier day.")
		}
	}
	if !ask.Until.IsZero() && !ask.Until.After(now) {
		return nil, Errorf(Invalid, "The end lies in the past.").with("until", "Choose a day to come.")
	}
	stands := p.at(now)
	if other := g.Against(ask.Role, append(stands.AllRoles(), others...)); other != "" {
		return nil, Errorf(Conflict, "%s has the role %s, which does not go together with %s. End that one first.", p.Name, other, ask.Role)
	}
	if ask.Role == policy.Checker && !p.TrainedUntil.After(now) {
		return nil, Errorf(Conflict, "%s has no current training as an output checker. Put its end into the people file first.", p.Username)
	}
	return &RoleGrant{
		ID: newID(), Person: ask.Person, Role: ask.Role, Reach: ask.Reach, In: ask.In, Source: FromAccess, Why: ask.Why, Until: ask.Until,
	}, nil
}

func (s *Service) checkReach(ctx context.Context, ask Ask) error {
	if ask.Reach == policy.WholeService {
		if ask.In != "" {
			return Errorf(Invalid, "The whole service has no name.")
		}
		return nil
	}
	projects, err := s.Store.Projects(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(projects, func(p Project) bool {
		return ask.Reach == policy.OneProject && string(p.ID) == ask.In || ask.Reach == policy.OneBackend && ask.In != "" && p.Backend == ask.In
	}) {
		return nil
	}
	return Errorf(Invalid, "There is no such %s.", ask.Reach).with("in", "Choose one that is there.")
}

// errReach says how far a role can be given.
func errReach(r policy.Role) *Error {
	var ways []string
	for _, reach := range policy.Reaches(r) {
		ways = append(ways, map[policy.Reach]string{policy.WholeService: "the whole service", policy.OneProject: "one project", policy.OneBackend: "a backend"}[reach])
	}
	if len(ways) == 0 {
		return Errorf(Invalid, "The role %q cannot be given: there is none of that name.", r).with("role", "Choose a role.")
	}
	return Errorf(Invalid, "The role %s cannot be given so far.", r).with("in", "This role is given for "+strings.Join(ways, ", or ")+".")
}

// same reports whether two grants are of the same role within the same reach.
func (g *RoleGrant) same(h *RoleGrant) bool {
	return g.Person == h.Person && g.Role == h.Role && g.Reach == h.Reach && g.In == h.In
}

// Grant gives a role. When the policy asks for two people it only proposes, and
// the proposal waits for [Service.Confirm]; proposed says so. Nobody gives
// themselves anything.
func (s *Service) Grant(ctx context.Context, a Actor, ask Ask) (proposed bool, err error) {
	if err := s.Authorise(ctx, a, policy.AccessPropose); err != nil {
		return false, err
	}
	if ask.Person == a.Username {
		return false, errOwnRights()
	}
	return s.give(ctx, a, ask, s.Policy.Granting.NeedsTwo(ask.Role))
}

func errOwnRights() *Error {
	return Errorf(Forbidden, "Nobody changes what they may do themselves. Ask somebody else.")
}

func (s *Service) give(ctx context.Context, a Actor, ask Ask, two bool) (proposed bool, err error) {
	g, err := s.checkAsk(ctx, ask)
	if err != nil {
		return false, err
	}
	return two, s.Store.UpdateAccess(ctx, func(open []RoleGrant, waiting []Proposal) (AccessChange, error) {
		now := s.Now()
		g.Made, g.By = now, a.who()
		if slices.ContainsFunc(open, func(h RoleGrant) bool { return h.same(g) && h.InForce(now) && h.Until.Equal(g.Until) }) {
			return AccessChange{}, Errorf(Conflict, "%s has this role already.", g.Person)
		}
		if slices.ContainsFunc(waiting, func(p Proposal) bool {
			return p.Kind == ProposeGrant && p.Waiting(now) && p.Grant.same(g)
		}) {
			return AccessChange{}, Errorf(Conflict, "This is proposed already, and waits for a second person.")
		}
		if two {
			return s.propose(a, ProposeGrant, *g, g.Why), nil
		}
		return AccessChange{Begin: []RoleGrant{*g}, Events: []Event{s.givenEvent(a, g)}}, nil
	})
}

func (s *Service) propose(a Actor, kind ProposalKind, g RoleGrant, why string) AccessChange {
	now := s.Now()
	p := Proposal{
		ID: newID(), Kind: kind, Grant: g, By: a.who(), Why: why, Made: now, Lapses: now.AddDate(0, 0, s.Policy.Granting.Waits()),
	}
	e := s.grantEvent(a, EvAccessProposed, &g)
	e.Detail["proposal"], e.Detail["kind"] = p.ID, string(kind)
	return AccessChange{Propose: []Proposal{p}, Events: []Event{e}}
}

// who is the actor, the service itself on the command line.
func (a Actor) who() Username {
	if a.Person == nil {
		return "system"
	}
	return a.Username
}

func (s *Service) grantEvent(a Actor, t EventType, g *RoleGrant) Event {
	e := s.event(a, t, nil)
	e.Actor = a.who()
	e.Detail = map[string]string{"grant": g.ID, "person": string(g.Person), "role": string(g.Role), "reach": string(g.Reach)}
	for key, value := range map[string]string{"in": g.In, "source": g.Source} {
		if value != "" {
			e.Detail[key] = value
		}
	}
	if !g.Until.IsZero() {
		e.Detail["until"] = g.Until.UTC().Format(time.RFC3339)
	}
	return e
}

// Revoke takes a role away. Of a guarded role it proposes it, and atOnce ends it
// now and proposes that a second person puts their name to it afterwards.
func (s *Service) Revoke(ctx context.Context, a Actor, grant, why string, atOnce bool) (proposed bool, err error) {
	if err := s.Authorise(ctx, a, policy.AccessPropose); err != nil {
		return false, err
	}
	if why, err = reasonOf(why); err != nil {
		return false, err
	}
	err = s.Store.UpdateAccess(ctx, func(open []RoleGrant, waiting []Proposal) (AccessChange, error) {
		g := openGrant(open, grant, s.Now())
		if g == nil {
			return AccessChange{}, Errorf(NotFound, "There is no such grant.")
		}
		if g.Person == a.who() {
			return AccessChange{}, errOwnRights()
		}
		proposed = s.Policy.Granting.NeedsTwo(g.Role)
		if !proposed {
			return s.end(a, *g, why, ""), nil
		}
		if slices.ContainsFunc(waiting, func(p Proposal) bool {
			return p.Kind == ProposeRevoke && p.Grant.ID == grant && p.Waiting(s.Now())
		}) && !atOnce {
			return AccessChange{}, Errorf(Conflict, "This is proposed already, and waits for a second person.")
		}
		if !atOnce {
			return s.propose(a, ProposeRevoke, *g, why), nil
		}
		c := s.propose(a, ProposeRevoked, *g, why)
		ended := s.end(a, *g, why, "at once")
		c.End, c.Events = ended.End, append(ended.Events, c.Events...)
		return c, nil
	})
	return proposed, err
}

func openGrant(open []RoleGrant, id string, now time.Time) *RoleGrant {
	i := slices.IndexFunc(open, func(g RoleGrant) bool { return g.ID == id && g.InForce(now) })
	if i < 0 {
		return nil
	}
	return &open[i]
}

func (s *Service) end(a Actor, g RoleGrant, why, how string) AccessChange {
	g.Ended, g.EndedBy, g.EndWhy = s.Now(), a.who(), why
	e := s.grantEvent(a, EvAccessEnded, &g)
	if how != "" {
		e.Detail["how"] = how
	}
	return AccessChange{End: []RoleGrant{g}, Events: []Event{e}}
}

// Confirm is the second person's yes, or no, to a proposal: neither whoever made
// it nor the one whom it concerns.
func (s *Service) Confirm(ctx context.Context, a Actor, proposal string, yes bool) error {
	if err := s.Authorise(ctx, a, policy.AccessConfirm); err != nil {
		return err
	}
	return s.Store.UpdateAccess(ctx, func(open []RoleGrant, waiting []Proposal) (AccessChange, error) {
		now := s.Now()
		i := slices.IndexFunc(waiting, func(p Proposal) bool { return p.ID == proposal })
		if i < 0 {
			return AccessChange{}, Errorf(NotFound, "There is no such proposal.")
		}
		p := waiting[i]
		switch {
		case !p.Waiting(now):
			return AccessChange{}, Errorf(Conflict, "This proposal has lapsed. Make it again.")
		case p.By == a.Username || p.Grant.Person == a.Username:
			return AccessChange{}, Errorf(Forbidden, "A second person confirms: not whoever proposed it, and not the one whom it concerns.")
		}
		p.Settled, p.Second, p.Outcome = now, a.Username, Confirmed
		if !yes {
			p.Outcome = Refused
		}
		c, err := s.carryOut(ctx, a, &p, open, yes)
		if err != nil {
			return c, err
		}
		e := s.grantEvent(a, EvAccessSettled, &p.Grant)
		e.Detail["proposal"], e.Detail["kind"], e.Detail["outcome"] = p.ID, string(p.Kind), string(p.Outcome)
		c.Settle, c.Events = []Proposal{p}, append(c.Events, e)
		return c, nil
	})
}

// carryOut is what follows from a proposal that is settled.
func (s *Service) carryOut(ctx context.Context, a Actor, p *Proposal, open []RoleGrant, yes bool) (AccessChange, error) {
	switch {
	case yes && p.Kind == ProposeGrant:
		g := p.Grant
		// What was right when it was proposed need not be so any more.
		if _, err := s.checkAsk(ctx, Ask{g.Person, g.Role, g.Reach, g.In, g.Until, g.Why}); err != nil {
			return AccessChange{}, err
		}
		g.Made, g.By, g.Second = s.Now(), p.By, a.Username
		return AccessChange{Begin: []RoleGrant{g}, Events: []Event{s.grantEvent(a, EvAccessGranted, &g)}}, nil
	case yes && p.Kind == ProposeRevoke:
		if g := openGrant(open, p.Grant.ID, s.Now()); g != nil {
			return s.end(a, *g, p.Why, ""), nil
		}
	}
	return AccessChange{}, nil // refused, or it has ended meanwhile
}

// GrantHere is Grant from the command line of the machine, for whoever runs the
// service there. Until two people can confirm, it gives guarded roles without a
// second person, and the record says so; from then on it proposes them.
func (s *Service) GrantHere(ctx context.Context, ask Ask) (proposed bool, err error) {
	two := false
	if s.Policy.Granting.NeedsTwo(ask.Role) {
		if two, err = s.Bootstrapped(ctx, ask.Person); err != nil {
			return false, err
		}
	}
	return s.give(ctx, Actor{Source: "local"}, ask, two)
}

// RevokeHere is Revoke from the command line of the machine: at once, with a
// second signature asked for under a guarded role.
func (s *Service) RevokeHere(ctx context.Context, grant, why string) error {
	why, err := reasonOf(why)
	if err != nil {
		return err
	}
	a := Actor{Source: "local"}
	return s.Store.UpdateAccess(ctx, func(open []RoleGrant, _ []Proposal) (AccessChange, error) {
		g := openGrant(open, grant, s.Now())
		if g == nil {
			return AccessChange{}, Errorf(NotFound, "There is no such grant.")
		}
		c := s.end(a, *g, why, "command line")
		if s.Policy.Granting.NeedsTwo(g.Role) {
			asked := s.propose(a, ProposeRevoked, *g, why)
			c.Propose, c.Events = asked.Propose, append(c.Events, asked.Events...)
		}
		return c, nil
	})
}

// Bootstrapped reports whether there are two people who could confirm something
// about a person.
func (s *Service) Bootstrapped(ctx context.Context, about Username) (bool, error) {
	second, err := s.seconds(ctx)
	return second.enough(about), err
}
