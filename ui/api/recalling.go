package api

import (
	"time"

	"sallyport/review"
)

type recallInput struct {
	Files      []string              `json:"files,omitzero" doc:"paths; not there for the release as a whole"`
	Words      string                `json:"words" doc:"what is wrong, in words without any number: they go to people outside"`
	Severity   review.RecallSeverity `json:"severity" doc:"low, moderate or serious"`
	Discovered time.Time             `json:"discovered"`
}

type recallNoteInput struct {
	Report string `json:"report" doc:"the id of the report that it is about"`
	Words  string `json:"words" doc:"without any number"`
}

// recallOut is what the view of a request, or a release, says of a recall.
type recallOut struct {
	Since time.Time `json:"since"`
	Whole bool      `json:"whole" doc:"no file of the release stands"`
	Files []string  `json:"files" doc:"paths of what was recalled"`
}

func recallOf(r *review.Recall) *recallOut {
	if r == nil {
		return nil
	}
	out := recallOut{Since: r.Since, Whole: r.Whole, Files: []string{}}
	for _, b := range r.Reports {
		out.Files = append(out.Files, b.Files...)
	}
	return &out
}

type alarmOut struct {
	ID       string             `json:"id"`
	SHA256   review.Digest      `json:"sha256"`
	Damage   review.Damage      `json:"damage" doc:"changed, missing or unreadable"`
	At       time.Time          `json:"at"`
	Requests []review.RequestID `json:"requests" doc:"which rest on these bytes, and are stopped"`
}

func alarmOf(a *review.Alarm) alarmOut {
	return alarmOut{a.ID, a.Digest, a.Damage, a.At, append([]review.RequestID{}, a.Requests...)}
}

func (c *call) recall(in recallInput) (none, error) {
	return none{}, c.api.service.Recall(c.ctx(), c.actor, c.requestID(), review.BreachInput{
		Files: in.Files, Words: in.Words, Severity: in.Severity, Discovered: in.Discovered,
	})
}

func (c *call) recallReport(none) (review.RecallDocument, error) {
	rep, err := c.api.service.RecallReport(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return review.RecallDocument{}, err
	}
	return rep.Document(), nil
}

func (c *call) noteRecall(in recallNoteInput) (none, error) {
	return none{}, c.api.service.NoteRecall(c.ctx(), c.actor, c.requestID(), in.Report, in.Words)
}

func (c *call) hold(in reasonInput) (none, error) {
	return none{}, c.api.service.Hold(c.ctx(), c.actor, c.requestID(), in.Reason)
}

func (c *call) liftHold(in reasonInput) (none, error) {
	return none{}, c.api.service.LiftHold(c.ctx(), c.actor, c.requestID(), in.Reason)
}

func (c *call) endAlarm(in reasonInput) (none, error) {
	return none{}, c.api.service.Restored(c.ctx(), c.actor, c.name("alarm"), in.Reason)
}
