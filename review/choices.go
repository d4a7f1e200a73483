package review

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"sallyport/policy"
)

// MyNotices are the actor's newest notices, with their words.
func (s *Service) MyNotices(ctx context.Context, a Actor, limit int) ([]Notice, error) {
	if err := signedIn(a); err != nil {
		return nil, err
	}
	list, err := s.Store.Notices(ctx, NoticeQuery{Person: a.Username, Limit: limit})
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(n Notice) bool { return n.Kind == NoticeDigest })
	for i := range list {
		s.word(&list[i])
	}
	return list, nil
}

func signedIn(a Actor) error {
	if a.Person == nil {
		return Errorf(Unauthenticated, "Sign in first.")
	}
	return nil
}

// NoticeChoice is one rule that can concern a person, and what they chose.
type NoticeChoice struct {
	NoticeRule
	When When
}

// MyChoices is what the actor is told, and when.
type MyChoices struct {
	Hour  int            // of the daily digest
	Zone  string         // of the hour: the person's own, else that of digests
	Rules []NoticeChoice // those that can concern them, in the order of the table
}

// NoticeChoices tells what the actor is told of, and when.
func (s *Service) NoticeChoices(ctx context.Context, a Actor) (*MyChoices, error) {
	if err := signedIn(a); err != nil {
		return nil, err
	}
	all, err := s.Store.NoticeChoices(ctx)
	if err != nil {
		return nil, err
	}
	mine := chosenBy(all, a.Username)
	out := &MyChoices{Hour: mine.Hour, Zone: s.zoneOf(a.Person).String()}
	for _, r := range NoticeRules() {
		if r.mayConcern(a.Person) {
			out.Rules = append(out.Rules, NoticeChoice{r, mine.For(r)})
		}
	}
	return out, nil
}

// chosenBy are a person's choices, or the ones of who made none.
func chosenBy(all map[Username]NoticeChoices, name Username) NoticeChoices {
	c, chosen := all[name]
	if !chosen {
		c.Hour = digestHour
	}
	return c
}

// mayConcern reports whether a person with these roles is ever told by the rule.
func (r NoticeRule) mayConcern(p *Person) bool {
	return slices.ContainsFunc(policy.Effective(p.AllRoles()), func(x policy.Role) bool { return slices.Contains(r.roles(), x) })
}

// ChooseNotices keeps what the actor chose, by NoticeRule.Key; what is not there
// keeps its default. Invalid, with fields by key or "hour", for what cannot be
// chosen, NotFound for who only reads.
func (s *Service) ChooseNotices(ctx context.Context, a Actor, c NoticeChoices) error {
	if err := s.Authorise(ctx, a, policy.NoticesChoose); err != nil {
		return err
	}
	wrong := Errorf(Invalid, "Some of this cannot be chosen.")
	if c.Hour < 0 || c.Hour > 23 {
		wrong.with("hour", "Choose an hour from 0 to 23.")
	}
	kept := NoticeChoices{Hour: c.Hour, When: map[string]When{}}
	for key, when := range c.When {
		i := slices.IndexFunc(NoticeRules(), func(r NoticeRule) bool { return r.Key() == key && r.mayConcern(a.Person) })
		switch {
		case i < 0:
			wrong.with(key, "You are told of nothing by this name.")
		case when != AtOnce && when != Daily && when != NotAtAll:
			wrong.with(key, "Choose at once, daily or never.")
		case when == NotAtAll && NoticeRules()[i].Fixed:
			wrong.with(key, "This cannot be switched off.")
		case when != NoticeRules()[i].Default:
			kept.When[key] = when
		}
	}
	if len(wrong.Fields) > 0 {
		return wrong
	}
	what, err := json.Marshal(kept.When)
	if err != nil {
		return err
	}
	e := s.event(a, EvNoticesChosen, nil)
	e.Detail = map[string]string{"hour": strconv.Itoa(kept.Hour), "when": string(what)}
	return s.Store.SaveNoticeChoices(ctx, a.Username, kept, e)
}
