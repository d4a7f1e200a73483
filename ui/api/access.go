package api

import (
	"context"
	"slices"
	"time"

	"sallyport/policy"
	"sallyport/review"
)

// accessing is what those need who see, give and take roles.
type accessing interface {
	Access(ctx context.Context, a review.Actor) (*review.AccessReport, error)
	MyAccess(ctx context.Context, a review.Actor) (*review.PersonAccess, error)
	Grant(ctx context.Context, a review.Actor, ask review.Ask) (proposed bool, err error)
	Revoke(ctx context.Context, a review.Actor, grant, why string, atOnce bool) (proposed bool, err error)
	Confirm(ctx context.Context, a review.Actor, proposal string, yes bool) error
}

type accessOut struct {
	People   []personRolesOut `json:"people"`
	Waiting  []proposalOut    `json:"waiting" doc:"for a second person, newest first"`
	Expiring []grantOut       `json:"expiring" doc:"within a month, the soonest first"`
}

type personRolesOut struct {
	Username review.Username `json:"username"`
	Name     string          `json:"name"`
	Disabled bool            `json:"disabled,omitzero" doc:"the account is closed: no role counts"`
	Grants   []grantOut      `json:"grants" doc:"in force"`
}

type personAccessOut struct {
	Username review.Username `json:"username"`
	Name     string          `json:"name"`
	Disabled bool            `json:"disabled,omitzero" doc:"the account is closed: no role counts"`
	Grants   []grantOut      `json:"grants" doc:"in force"`
	Past     []grantOut      `json:"past"`
	Actions  []groundsOut    `json:"actions" doc:"what the roles let the person do, and where"`
}

type grantOut struct {
	ID      string          `json:"id"`
	Person  review.Username `json:"person"`
	Role    policy.Role     `json:"role"`
	Reach   policy.Reach    `json:"reach"`
	In      string          `json:"in,omitzero" doc:"the project's id or the backend's name"`
	Source  string          `json:"source" doc:"access, or what else said so: people file, command line, a sign-in method"`
	By      review.Username `json:"by"`
	Second  review.Username `json:"second,omitzero" doc:"who confirmed it"`
	Why     string          `json:"why"`
	Made    time.Time       `json:"made,omitzero"`
	Until   time.Time       `json:"until,omitzero" doc:"from then on it does not count"`
	Ended   time.Time       `json:"ended,omitzero"`
	EndedBy review.Username `json:"ended_by,omitzero"`
	EndWhy  string          `json:"end_why,omitzero"`
}

type groundsOut struct {
	Action    policy.Action     `json:"action"`
	Role      policy.Role       `json:"role"`
	Relations []policy.Relation `json:"relations" doc:"to what it may be done; empty for anything"`
}

type proposalOut struct {
	ID     string              `json:"id"`
	Kind   review.ProposalKind `json:"kind" doc:"revoked at once: the role has ended already"`
	Grant  proposedOut         `json:"grant"`
	By     review.Username     `json:"by"`
	Why    string              `json:"why"`
	Made   time.Time           `json:"made"`
	Lapses time.Time           `json:"lapses"`
}

// proposedOut is the role that a proposal is about.
type proposedOut struct {
	ID     string          `json:"id"`
	Person review.Username `json:"person"`
	Role   policy.Role     `json:"role"`
	Reach  policy.Reach    `json:"reach"`
	In     string          `json:"in,omitzero"`
	Until  time.Time       `json:"until,omitzero"`
}

type grantInput struct {
	Person review.Username `json:"person"`
	Role   policy.Role     `json:"role"`
	Reach  policy.Reach    `json:"reach"`
	In     string          `json:"in,omitzero" doc:"the project's id or the backend's name"`
	Until  time.Time       `json:"until,omitzero" doc:"as long as the policy lets it be when it is not there"`
	Reason string          `json:"reason"`
}

type revokeInput struct {
	Reason string `json:"reason"`
	AtOnce bool   `json:"at_once,omitzero" doc:"end a role that takes two people now; the second signs afterwards"`
}

type answerInput struct {
	Confirm bool `json:"confirm" doc:"false refuses"`
}

// proposedAnswer says whether a second person is needed.
type proposedAnswer struct {
	Proposed bool `json:"proposed" doc:"a second person has to confirm"`
}

func (c *call) access(none) (accessOut, error) {
	rep, err := c.api.service.Access(c.ctx(), c.actor)
	if err != nil {
		return accessOut{}, err
	}
	return accessOut{
		People: each(rep.People, func(p *review.PersonAccess) personRolesOut {
			return personRolesOut{p.Person.Username, p.Person.Name, p.Person.Disabled, each(p.Grants, roleGrantOf)}
		}),
		Waiting:  each(rep.Waiting, proposalOf),
		Expiring: each(rep.Expiring, roleGrantOf),
	}, nil
}

func (c *call) personAccess(none) (personAccessOut, error) {
	rep, err := c.api.service.Access(c.ctx(), c.actor)
	if err != nil {
		return personAccessOut{}, err
	}
	for i := range rep.People {
		if string(rep.People[i].Person.Username) == c.name("person") {
			return personAccessOf(&rep.People[i]), nil
		}
	}
	return personAccessOut{}, review.Errorf(review.NotFound, "There is no such person.")
}

func (c *call) ownAccess(none) (personAccessOut, error) {
	mine, err := c.api.service.MyAccess(c.ctx(), c.actor)
	if err != nil {
		return personAccessOut{}, err
	}
	return personAccessOf(mine), nil
}

func personAccessOf(p *review.PersonAccess) personAccessOut {
	return personAccessOut{
		p.Person.Username, p.Person.Name, p.Person.Disabled, each(p.Grants, roleGrantOf), each(p.Past, roleGrantOf),
		each(p.Actions, groundsOf),
	}
}

func groundsOf(x *review.ActionGrounds) groundsOut {
	out := groundsOut{x.Action, x.Role, []policy.Relation{}}
	if !slices.Contains(x.Relations, policy.Anyone) {
		out.Relations = x.Relations
	}
	return out
}

func roleGrantOf(g *review.RoleGrant) grantOut {
	return grantOut{g.ID, g.Person, g.Role, g.Reach, g.In, g.Source, g.By, g.Second, g.Why, g.Made, g.Until, g.Ended, g.EndedBy, g.EndWhy}
}

func proposalOf(p *review.Proposal) proposalOut {
	g := p.Grant
	return proposalOut{p.ID, p.Kind, proposedOut{g.ID, g.Person, g.Role, g.Reach, g.In, g.Until}, p.By, p.Why, p.Made, p.Lapses}
}

func (c *call) grantRole(in grantInput) (proposedAnswer, error) {
	proposed, err := c.api.service.Grant(c.ctx(), c.actor, review.Ask{
		Person: in.Person, Role: in.Role, Reach: in.Reach, In: in.In, Until: in.Until, Why: in.Reason,
	})
	return proposedAnswer{proposed}, err
}

func (c *call) revokeRole(in revokeInput) (proposedAnswer, error) {
	proposed, err := c.api.service.Revoke(c.ctx(), c.actor, c.name("grant"), in.Reason, in.AtOnce)
	return proposedAnswer{proposed}, err
}

func (c *call) answerProposal(in answerInput) (none, error) {
	return none{}, c.api.service.Confirm(c.ctx(), c.actor, c.name("proposal"), in.Confirm)
}
