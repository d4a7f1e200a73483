package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Granting says how roles are given to people.
type Granting struct {
	// FourEyes are the roles that one person proposes and another confirms,
	// neither of them the one concerned. A document may add to [Guarded], and
	// not take away from it.
	FourEyes []Role `yaml:"four_eyes"`
	// MostDays is the longest, in days, that a role may be given for at once; a
	// role that is not named may be given without an end.
	MostDays map[Role]int `yaml:"most_days"`
	// Incompatible are roles that nobody may be given together, beyond those
	// that [Effective] never lets count together.
	Incompatible [][]Role `yaml:"incompatible"`
	// ProposalDays is how long a proposal waits for its second person; 0 means 7.
	ProposalDays int `yaml:"proposal_days"`
}

// Guarded are the roles that decide on what leaves, see everything or keep the
// service: they always need two people.
func Guarded() []Role { return []Role{Checker, Lead, Auditor, Operator} }

// NeedsTwo reports whether the role takes two people to give.
func (g Granting) NeedsTwo(r Role) bool {
	return slices.Contains(Guarded(), r) || slices.Contains(g.FourEyes, r)
}

// Waits is how many days a proposal waits.
func (g Granting) Waits() int {
	if g.ProposalDays == 0 {
		return 7
	}
	return g.ProposalDays
}

// Against returns a role among held that does not go together with r, "" when
// there is none.
func (g Granting) Against(r Role, held []Role) Role {
	for _, h := range held {
		if h != r && (alone(r) || alone(h) || reads(r, h) || reads(h, r) || g.excluded(r, h)) {
			return h
		}
	}
	return ""
}

func alone(r Role) bool { return r == Operator || r == Service }

func reads(auditor, r Role) bool { return auditor == Auditor && slices.Contains(acting(), r) }

func (g Granting) excluded(a, b Role) bool {
	return slices.ContainsFunc(g.Incompatible, func(pair []Role) bool { return slices.Contains(pair, a) && slices.Contains(pair, b) })
}

// Reach is how far a role may hold.
type Reach string

const (
	WholeService Reach = "service"
	OneProject   Reach = "project"
	OneBackend   Reach = "backend" // all projects of a backend, also later ones
)

// Reaches says how far a role may be given; nothing for what is no role.
func Reaches(r Role) []Reach {
	switch r {
	case Operator:
		return []Reach{WholeService}
	case Collaborator, Copilot, Service, InProject:
		return []Reach{OneProject}
	case Researcher, CoreDeveloper, DataInvestigator:
		return []Reach{WholeService, OneProject}
	case Checker, Lead, Auditor:
		return []Reach{WholeService, OneProject, OneBackend}
	}
	return nil
}

// Joins reports whether whoever holds the role in a project belongs to it.
func Joins(r Role) bool {
	switch r {
	case InProject, Researcher, CoreDeveloper, DataInvestigator, Collaborator, Service:
		return true
	}
	return false
}

func grantingRules(p *Policy) []rule {
	g := p.Granting
	known := append(Roles(), InProject)
	names := make([]string, len(known))
	for i, r := range known {
		names[i] = string(r)
	}
	isRole := "must be one of " + strings.Join(names, ", ")
	out := []rule{{g.ProposalDays >= 0 && g.ProposalDays <= 90, "must be between 1 and 90", []string{"grants", "proposal_days"}}}
	for i, r := range g.FourEyes {
		out = append(out, rule{slices.Contains(known, r), isRole, []string{"grants", "four_eyes", strconv.Itoa(i)}})
	}
	if len(g.FourEyes) > 0 {
		for _, r := range Guarded() {
			out = append(out, rule{slices.Contains(g.FourEyes, r), fmt.Sprintf("must name %s", r), []string{"grants", "four_eyes"}})
		}
	}
	for r, days := range g.MostDays {
		out = append(out,
			rule{slices.Contains(known, r), isRole, []string{"grants", "most_days", string(r)}},
			rule{days >= 1 && days <= 3650, "must be between 1 and 3650", []string{"grants", "most_days", string(r)}})
	}
	for i, pair := range g.Incompatible {
		path := []string{"grants", "incompatible", strconv.Itoa(i)}
		out = append(out, rule{len(pair) == 2 && pair[0] != pair[1], "must be two roles", path})
		for _, r := range pair {
			out = append(out, rule{slices.Contains(known, r), isRole, path})
		}
	}
	return out
}
