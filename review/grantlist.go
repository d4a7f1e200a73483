package review

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sallyport/policy"
)

// ImportOutcome is what becomes of one role of a list.
type ImportOutcome string

const (
	ImportGiven    ImportOutcome = "given"
	ImportProposed ImportOutcome = "proposed" // waits for a second person
	ImportThere    ImportOutcome = "there already"
	ImportWaits    ImportOutcome = "proposed before"
)

// errTried ends a change that was only tried.
var errTried = errors.New("only tried")

// ImportHere is GrantHere for a list: all of its roles or none, in one
// transaction. It says of each what became of it, or with dry what would; nothing
// is kept then. The error names every entry that cannot be, the first being 1.
func (s *Service) ImportHere(ctx context.Context, asks []Ask, dry bool) ([]ImportOutcome, error) {
	if len(asks) == 0 {
		return nil, nil
	}
	grants, err := s.checkList(ctx, asks)
	if err != nil {
		return nil, err
	}
	second, err := s.seconds(ctx)
	if err != nil {
		return nil, err
	}
	var out []ImportOutcome
	err = s.Store.UpdateAccess(ctx, func(open []RoleGrant, waiting []Proposal) (AccessChange, error) {
		var c AccessChange
		c, out = s.giveList(grants, second.clone(), open, waiting)
		if dry || len(c.Events) == 0 {
			return c, errTried
		}
		return c, nil
	})
	if errors.Is(err, errTried) {
		err = nil
	}
	return out, err
}

// checkList is checkAsk for a list: an entry is held to those before it, too.
func (s *Service) checkList(ctx context.Context, asks []Ask) ([]RoleGrant, error) {
	var grants []RoleGrant
	var errs []error
	before := map[Username][]policy.Role{}
	for i, ask := range asks {
		g, err := s.checkAsk(ctx, ask, before[ask.Person]...)
		if err != nil {
			errs = append(errs, fmt.Errorf("entry %d: %w", i+1, err))
			continue
		}
		before[ask.Person] = append(before[ask.Person], ask.Role)
		grants = append(grants, *g)
	}
	return grants, errors.Join(errs...)
}

// giveList gives each role of a list that is not there yet, or proposes it.
func (s *Service) giveList(grants []RoleGrant, second confirmers, open []RoleGrant, waiting []Proposal) (AccessChange, []ImportOutcome) {
	var c AccessChange
	var out []ImportOutcome
	a, now := Actor{Source: "local"}, s.Now()
	for i := range grants {
		g := &grants[i]
		g.Made, g.By = now, a.who()
		is := s.becomes(g, second, open, waiting)
		out = append(out, is)
		switch is {
		case ImportGiven:
			c.Begin, c.Events = append(c.Begin, *g), append(c.Events, s.givenEvent(a, g))
			open = append(slices.Clone(open), *g)
			second.add(g.Person, g.Role, g.Reach)
		case ImportProposed:
			asked := s.propose(a, ProposeGrant, *g, g.Why)
			c.Propose, c.Events = append(c.Propose, asked.Propose...), append(c.Events, asked.Events...)
			waiting = append(slices.Clone(waiting), asked.Propose...)
		}
	}
	return c, out
}

// becomes says what becomes of one role.
func (s *Service) becomes(g *RoleGrant, second confirmers, open []RoleGrant, waiting []Proposal) ImportOutcome {
	now := s.Now()
	switch {
	case slices.ContainsFunc(open, func(h RoleGrant) bool { return h.same(g) && h.InForce(now) && h.Until.Equal(g.Until) }):
		return ImportThere
	case slices.ContainsFunc(waiting, func(p Proposal) bool { return p.Kind == ProposeGrant && p.Waiting(now) && p.Grant.same(g) }):
		return ImportWaits
	case s.Policy.Granting.NeedsTwo(g.Role) && second.enough(g.Person):
		return ImportProposed
	}
	return ImportGiven
}

// givenEvent is the event of a role that was given, which says so when it takes
// two people and there were none yet.
func (s *Service) givenEvent(a Actor, g *RoleGrant) Event {
	e := s.grantEvent(a, EvAccessGranted, g)
	if s.Policy.Granting.NeedsTwo(g.Role) {
		e.Detail["two_people"] = "no"
	}
	return e
}

// confirmers are those who could be a second person.
type confirmers map[Username]bool

func (s *Service) seconds(ctx context.Context) (confirmers, error) {
	people, err := s.everybody(ctx)
	out := confirmers{}
	for i := range people {
		if p := &people[i]; !p.Disabled && p.MaySomewhere(policy.AccessConfirm) {
			out[p.Username] = true
		}
	}
	return out, err
}

func (c confirmers) clone() confirmers {
	out := confirmers{}
	for name := range c {
		out[name] = true
	}
	return out
}

// add counts somebody whose new role makes them one.
func (c confirmers) add(name Username, r policy.Role, reach policy.Reach) {
	if reach == policy.WholeService && policy.Somewhere([]policy.Role{r}, policy.AccessConfirm) {
		c[name] = true
	}
}

// enough reports whether two people could confirm something about somebody.
func (c confirmers) enough(about Username) bool {
	n := len(c)
	if c[about] {
		n--
	}
	return n >= 2
}

// FilePeople are the people of a people file, as it may save them.
type FilePeople struct {
	People []Person // without the roles that it does not give alone
	Asks   []Ask    // for those roles, which ImportPeople proposes
	Alone  bool     // it gives guarded roles alone, because there are no two people yet

	why    string
	second confirmers // once it is saved
}

// ImportPeople keeps the people of a file, their projects, the event e that tells
// of them, and the proposals for the roles that they are not given alone, all of
// it or nothing.
func (s *Service) ImportPeople(ctx context.Context, f *FilePeople, projects []Project, e Event) error {
	grants, err := s.checkPeople(ctx, f)
	if err != nil {
		return err
	}
	return s.Store.UpdateAccess(ctx, func(open []RoleGrant, waiting []Proposal) (AccessChange, error) {
		c, _ := s.giveList(grants, f.second.clone(), open, waiting)
		c.People, c.Projects, c.Events = f.People, projects, append([]Event{e}, c.Events...)
		return c, nil
	})
}

// checkPeople holds what a file asks for to the policy, its people being as they
// will be: with what the file gives them, and what people gave them here.
func (s *Service) checkPeople(ctx context.Context, f *FilePeople) ([]RoleGrant, error) {
	given, err := s.Store.Grants(ctx, GrantQuery{Open: true})
	if err != nil {
		return nil, err
	}
	var grants []RoleGrant
	var errs []error
	before := map[Username][]policy.Role{}
	for _, ask := range f.Asks {
		i := slices.IndexFunc(f.People, func(p Person) bool { return p.Username == ask.Person })
		p := f.People[i]
		p.Roles = slices.Clone(p.Roles)
		for _, g := range given {
			if g.Person == p.Username && g.Source == FromAccess && g.InForce(s.Now()) {
				p.Roles = append(p.Roles, g.Role)
			}
		}
		g, err := s.checkAskOf(ctx, &p, ask, before[p.Username]...)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		before[p.Username] = append(before[p.Username], ask.Role)
		grants = append(grants, *g)
	}
	return grants, errors.Join(errs...)
}

// FromFile holds what a people file says to the rule of two people: a guarded
// role that somebody does not hold yet is taken out and asked for, unless fewer
// than two people could confirm it, those counted whom the file itself makes
// leads and operators. Invalid or Conflict when such a role cannot be given.
func (s *Service) FromFile(ctx context.Context, people []Person, why string) (*FilePeople, error) {
	all, err := s.everybody(ctx)
	if err != nil {
		return nil, err
	}
	second, err := s.seconds(ctx)
	if err != nil {
		return nil, err
	}
	held := map[Username][]policy.Role{}
	for i := range all {
		if p := &all[i]; !p.Disabled {
			held[p.Username] = p.Roles
		}
	}
	f := &FilePeople{People: slices.Clone(people), why: why}
	var errs []error
	for _, first := range []bool{true, false} { // who can confirm comes first
		for i := range f.People {
			p := &f.People[i]
			errs = append(errs, s.withhold(f, p, held[p.Username], second, first))
		}
	}
	f.second = second
	return f, errors.Join(errs...)
}

// withhold takes the guarded roles out of a person that need a second person,
// those that let them confirm or the others.
func (s *Service) withhold(f *FilePeople, p *Person, held []policy.Role, second confirmers, confirming bool) error {
	var kept []policy.Role
	for _, r := range p.Roles {
		mine := policy.Somewhere([]policy.Role{r}, policy.AccessConfirm) == confirming
		switch {
		case !mine || p.Disabled || !s.Policy.Granting.NeedsTwo(r) || slices.Contains(held, r):
			kept = append(kept, r)
		case !second.enough(p.Username):
			kept, f.Alone = append(kept, r), true
			second.add(p.Username, r, policy.WholeService)
		default:
			if other := s.Policy.Granting.Against(r, p.Roles); other != "" {
				return Errorf(Conflict, "%s cannot be %s and %s.", p.Username, other, r)
			}
			if r == policy.Checker && !p.TrainedUntil.After(s.Now()) {
				return Errorf(Conflict, "%s has no current training as an output checker.", p.Username)
			}
			f.Asks = append(f.Asks, Ask{Person: p.Username, Role: r, Reach: policy.WholeService, Why: f.why})
		}
	}
	p.Roles = kept
	return nil
}
