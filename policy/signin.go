package policy

import (
	"fmt"
	"slices"
	"strconv"
)

// SignIn says what people must show to come in. A server may ask for more, and
// never for less.
type SignIn struct {
	// SecondFactor lists the roles that do nothing with a password alone. Nil, of
	// a policy that does not say, is [StrictRoles]; an empty list is nobody.
	SecondFactor []Role `yaml:"second_factor"`
}

// StrictRoles are those who decide on what leaves, or see everything, or keep the
// service running.
func StrictRoles() []Role { return []Role{Checker, Lead, Auditor, Operator} }

// SecondFactor lists the roles that need a second factor, with those that a
// server asks it of besides.
func (p *Policy) SecondFactor(more []Role) []Role {
	roles := p.SignIn.SecondFactor
	if roles == nil {
		roles = StrictRoles()
	}
	roles = slices.Clone(roles)
	for _, r := range more {
		if !slices.Contains(roles, r) {
			roles = append(roles, r)
		}
	}
	return roles
}

func signInRules(p *Policy) []rule {
	var out []rule
	for i, r := range p.SignIn.SecondFactor {
		known := slices.ContainsFunc(Grants(), func(g Grant) bool { return g.Role == r })
		out = append(out, rule{known, fmt.Sprintf("there is no role %q", r), []string{"sign_in", "second_factor", strconv.Itoa(i)}})
	}
	return out
}
