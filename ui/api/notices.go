package api

import (
	"context"
	"time"

	"sallyport/review"
)

// noticing is what everybody needs who is told what happens.
type noticing interface {
	MyNotices(ctx context.Context, a review.Actor, limit int) ([]review.Notice, error)
	NoticeChoices(ctx context.Context, a review.Actor) (*review.MyChoices, error)
	ChooseNotices(ctx context.Context, a review.Actor, c review.NoticeChoices) error
}

type noticeOut struct {
	ID        string               `json:"id"`
	Kind      review.NoticeKind    `json:"kind"`
	At        time.Time            `json:"at"`
	Subject   string               `json:"subject"`
	Text      string               `json:"text"`
	Request   review.RequestID     `json:"request,omitzero"`
	Workspace review.WorkspaceName `json:"workspace,omitzero"`
	Project   string               `json:"project,omitzero" doc:"name of the project"`
	Requester string               `json:"requester,omitzero" doc:"full name"`
	Purpose   string               `json:"purpose,omitzero" doc:"one line, cut when it is long"`
	Path      string               `json:"path" doc:"page where it can be looked at"`
}

func noticeOf(n *review.Notice) noticeOut {
	return noticeOut{n.ID, n.Kind, n.At, n.Subject, n.Text, n.Request, n.Workspace, n.Project, n.Requester, n.Purpose, n.Path}
}

type choicesOut struct {
	Hour  int       `json:"hour" doc:"of the daily digest, 0 to 23"`
	Zone  string    `json:"zone" doc:"time zone of the hour"`
	Rules []ruleOut `json:"rules" doc:"everything that one can be told of"`
}

type ruleOut struct {
	Key     string          `json:"key"`
	To      review.Audience `json:"to" doc:"as what one is told"`
	Subject string          `json:"subject"`
	When    review.When     `json:"when"`
	Default review.When     `json:"default"`
	Fixed   bool            `json:"fixed" doc:"it cannot be switched off"`
}

type choicesInput struct {
	Hour int               `json:"hour" doc:"of the daily digest, 0 to 23"`
	When map[string]string `json:"when" doc:"at_once, daily or never, by key; what is not there has its default again"`
}

func (c *call) notices(none) (page[noticeOut], error) {
	limit, offset, err := c.span()
	if err != nil {
		return page[noticeOut]{}, err
	}
	list, err := c.api.service.MyNotices(c.ctx(), c.actor, offset+limit+1)
	return pageOf(c, list[min(offset, len(list)):], limit, offset, noticeOf), err
}

func (c *call) noticeChoices(none) (choicesOut, error) {
	mine, err := c.api.service.NoticeChoices(c.ctx(), c.actor)
	if err != nil {
		return choicesOut{}, err
	}
	out := choicesOut{Hour: mine.Hour, Zone: mine.Zone}
	for _, r := range mine.Rules {
		out.Rules = append(out.Rules, ruleOut{r.Key(), r.To, r.Subject, r.When, r.Default, r.Fixed})
	}
	return out, nil
}

func (c *call) chooseNotices(in choicesInput) (none, error) {
	choices := review.NoticeChoices{Hour: in.Hour, When: map[string]review.When{}}
	for key, when := range in.When {
		choices.When[key] = review.When(when)
	}
	return none{}, c.api.service.ChooseNotices(c.ctx(), c.actor, choices)
}
