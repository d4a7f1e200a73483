package api

import (
	"io"

	"sallyport/review"
	"sallyport/review/crate"
	"sallyport/ui/export"
)

func (c *call) releases(none) (page[releaseOut], error) {
	limit, offset, err := c.span()
	if err != nil {
		return page[releaseOut]{}, err
	}
	q, err := c.releaseQuery()
	if err != nil {
		return page[releaseOut]{}, err
	}
	if q.After, err = c.after(); err != nil {
		return page[releaseOut]{}, err
	}
	q.Limit, q.Offset = limit+1, offset
	list, err := c.api.service.Releases(c.ctx(), c.actor, q)
	return pageFrom(c, list, limit, releaseOf, (*review.Release).Place), err
}

func (c *call) records(none) (page[requestSummary], error) {
	limit, offset, err := c.span()
	if err != nil {
		return page[requestSummary]{}, err
	}
	q, err := c.recordQuery()
	if err != nil {
		return page[requestSummary]{}, err
	}
	if q.After, err = c.after(); err != nil {
		return page[requestSummary]{}, err
	}
	q.Limit, q.Offset = limit+1, offset
	list, err := c.api.service.AllRequests(c.ctx(), c.actor, q)
	return pageFrom(c, list, limit, summaryOf, (*review.Request).Place), err
}

func (c *call) record(none) (recordOut, error) {
	rec, err := c.api.service.Record(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return recordOut{}, err
	}
	out := recordOut{Request: viewOf(rec.View), Events: each(rec.Events, eventOf)}
	if rec.Release != nil {
		rel := releaseOf(rec.Release)
		out.Release = &rel
	}
	return out, nil
}

func (c *call) manifest(none) (bytesOut, error) {
	rec, err := c.api.service.Record(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return bytesOut{}, err
	}
	if rec.Release == nil {
		return bytesOut{}, review.Errorf(review.NotFound, "Nothing was released.")
	}
	data, err := review.Manifest(rec.Release)
	return bytesOut{mimeJSON, data}, err
}

func (c *call) audit(none) (page[eventOut], error) {
	limit, err := c.number("limit", pageSize, 1, maxPage)
	if err != nil {
		return page[eventOut]{}, err
	}
	after, err := c.number("after", 0, 0, 1<<53)
	if err != nil {
		return page[eventOut]{}, err
	}
	q, err := c.auditQuery()
	if err != nil {
		return page[eventOut]{}, err
	}
	q.After, q.Limit = after, int(limit)+1
	list, err := c.api.service.Audit(c.ctx(), c.actor, q)
	if err != nil {
		return page[eventOut]{}, err
	}
	out := page[eventOut]{Items: each(list[:min(int(limit), len(list))], eventOf)}
	if len(list) > int(limit) {
		out.Next = c.next("after", out.Items[limit-1].Seq, true)
	}
	return out, nil
}

func (c *call) status(none) (statusOut, error) {
	rep, err := c.api.service.Status(c.ctx(), c.actor)
	if err != nil {
		return statusOut{}, err
	}
	return statusOf(rep), nil
}

func (c *call) retryJob(none) (none, error) {
	return none{}, c.api.service.RetryDead(c.ctx(), c.actor, c.name("job"))
}

// releasedPackage is written to a file first, so that one which cannot be read to
// its end is an error and no half package.
func (c *call) releasedPackage(none) (streamOut, error) {
	p, err := c.api.service.ReleasedPackage(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return streamOut{}, err
	}
	f, err := export.Spool(p.Release.ID+".zip", mimeZIP, func(w io.Writer) error {
		return crate.WriteZIP(c.ctx(), w, p.Release.ID, p.Entries)
	})
	return streamOut{f}, err
}

func (c *call) describe(none) (bytesOut, error) { return bytesOut{mimeJSON, c.api.document}, nil }

func (c *call) me(none) (meOut, error) {
	return meOut{
		Username: c.actor.Username, Name: c.actor.Name, Roles: c.actor.AllRoles(), Projects: c.actor.Projects, Token: tokenOf(c.token),
	}, nil
}

func (c *call) rules(none) (policyOut, error) { return policyOf(c.api.policy), nil }

func (c *call) listTokens(none) (page[tokenOut], error) {
	list, err := c.api.TokensOf(c.ctx(), c.actor)
	return page[tokenOut]{Items: each(list, tokenOf)}, err
}

func (c *call) revokeToken(none) (none, error) {
	return none{}, c.api.RevokeToken(c.ctx(), c.actor, c.name("token"))
}
