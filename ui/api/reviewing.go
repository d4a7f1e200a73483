package api

import (
	"sallyport/review"
)

func (c *call) content(none) (bytesOut, error) {
	form := c.query.Get("form")
	if form != "" && form != "clean" && form != "original" {
		return bytesOut{}, invalid("A part of the query cannot be used.", "form", "This is clean or original.")
	}
	f, err := c.api.service.FileContent(c.ctx(), c.actor, c.requestID(), c.fileID())
	if err != nil {
		return bytesOut{}, err
	}
	if err := f.View.Withheld(); err != nil {
		return bytesOut{}, err
	}
	if form == "original" {
		return fileBytes(f.Original), nil
	}
	if f.View.File.Release == "" {
		return bytesOut{}, review.Errorf(review.Conflict, "This file cannot be released, so there are no bytes that would leave.")
	}
	return fileBytes(f.Clean), nil
}

// fileBytes is a researcher's file: never shown by a browser, always saved.
func fileBytes(data []byte) bytesOut {
	if data == nil {
		data = []byte{}
	}
	return bytesOut{mimeBytes, data}
}

func (c *call) download(none) (bytesOut, error) {
	data, _, err := c.api.service.Download(c.ctx(), c.actor, c.requestID(), c.fileID())
	return fileBytes(data), err
}

func (c *call) versions(none) (versionsOut, error) {
	v, err := c.api.service.Versions(c.ctx(), c.actor, c.requestID(), c.fileID())
	if err != nil {
		return versionsOut{}, err
	}
	return versionsOut{v.File.ID, v.File.Path, v.Workspace, v.Before, v.After}, nil
}

func (c *call) versionContent(none) (bytesOut, error) {
	clean, _, err := c.api.service.VersionContent(c.ctx(), c.actor, c.requestID(), c.fileID(), c.name("which"))
	return fileBytes(clean), err
}

func (c *call) queue(none) (page[queueItem], error) {
	list, err := c.api.service.Queue(c.ctx(), c.actor)
	if err != nil {
		return page[queueItem]{}, err
	}
	return cutPage(c, list, queueItemOf)
}

func (c *call) claimable(none) (page[requestSummary], error) {
	list, err := c.api.service.Claimable(c.ctx(), c.actor)
	if err != nil {
		return page[requestSummary]{}, err
	}
	return cutPage(c, list, summaryOf)
}

func (c *call) board(none) (boardOut, error) {
	b, err := c.api.service.Board(c.ctx(), c.actor)
	if err != nil {
		return boardOut{}, err
	}
	return boardOf(b), nil
}

func (c *call) claim(none) (none, error) {
	return none{}, c.api.service.Claim(c.ctx(), c.actor, c.requestID())
}

func (c *call) handOver(in handOverInput) (none, error) {
	return none{}, c.api.service.HandOver(c.ctx(), c.actor, c.requestID(), in.To, in.Reason)
}

func (c *call) reassign(in reassignInput) (none, error) {
	return none{}, c.api.service.Reassign(c.ctx(), c.actor, c.requestID(), in.From, in.To, in.Reason)
}

func (c *call) routeFile(in routeFileInput) (none, error) {
	return none{}, c.api.service.RouteFile(c.ctx(), c.actor, c.requestID(), c.fileID(), in.From, in.To, in.Reason)
}

func (c *call) vote(in voteInput) (none, error) {
	v := review.VoteInput{File: c.fileID(), Decision: in.Decision, Reason: in.Reason, Seen: in.Seen}
	return none{}, c.api.service.Vote(c.ctx(), c.actor, c.requestID(), v)
}

func (c *call) requestChanges(in reasonInput) (none, error) {
	return none{}, c.api.service.RequestGroupChanges(c.ctx(), c.actor, c.requestID(), c.groupID(), in.Reason)
}

func (c *call) answerException(in exceptionAnswerInput) (none, error) {
	return none{}, c.api.service.AnswerException(c.ctx(), c.actor, c.requestID(), c.fileID(), in.Check, in.Accept, in.Reason)
}

func (c *call) answerAcknowledgement(in acknowledgeAnswerInput) (none, error) {
	return none{}, c.api.service.AnswerAcknowledgement(c.ctx(), c.actor, c.requestID(), in.Fingerprint, in.Accept, in.Reason)
}

func (c *call) submitReview(none) (none, error) {
	return none{}, c.api.service.SubmitReview(c.ctx(), c.actor, c.requestID())
}

func (c *call) returnRequest(none) (none, error) {
	return none{}, c.api.service.Return(c.ctx(), c.actor, c.requestID())
}

func (c *call) reject(in reasonInput) (none, error) {
	return none{}, c.api.service.RejectRequest(c.ctx(), c.actor, c.requestID(), in.Reason)
}

func (c *call) release(none) (accepted, error) {
	return accepted{"The request is approved. Its package is on the way out."}, c.api.service.Release(c.ctx(), c.actor, c.requestID())
}
