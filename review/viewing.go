package review

import (
	"bytes"
	"context"
	"time"

	"sallyport/policy"
)

// purpose is why somebody who stands so to a request sees its contents.
func purpose(rel policy.Relation) Purpose {
	switch rel {
	case policy.Author, policy.Member:
		return ForOwnRequest
	case policy.Assigned:
		return ForReview
	}
	return ForAudit
}

// purposeOf is why the service itself moves contents, by what it does.
func purposeOf(t EventType) Purpose {
	switch t {
	case EvPackaged, EvDelivered, EvReleased:
		return ForRelease
	case EvRecalled, EvTakenBack, EvNotTakenBack:
		return ForRecall
	}
	return ""
}

// sameView is how long what a page frames belongs to the view of the page.
const sameView = time.Minute

// FramedContent is FileContent for what a page of the file frames: a picture, a
// report. When the actor's view of just these bytes was put on record within the
// last minute, it is that view, and not another.
func (s *Service) FramedContent(ctx context.Context, a Actor, id RequestID, file FileID) (*FileContent, error) {
	out, r, err := s.fileContent(ctx, a, id, file)
	if err != nil {
		return nil, err
	}
	e := s.viewEvent(a, EvFileViewed, r, file)
	recent, err := s.Store.Events(ctx, EventQuery{Request: id, Actor: a.Username, Types: []EventType{EvFileViewed}, Newest: true, Limit: 20})
	if err != nil {
		return nil, err
	}
	for _, seen := range recent {
		if seen.File == file && seen.Digest == e.Digest && seen.Source == e.Source && !seen.At.Before(e.At.Add(-sameView)) {
			return out, nil
		}
	}
	return out, s.Store.Append(ctx, e)
}

// viewEvent is the event of a person seeing, or taking, a file's contents.
func (s *Service) viewEvent(a Actor, t EventType, r *Request, file FileID) Event {
	g, f := r.File(file)
	e := s.fileEvent(a, t, r, g, f)
	e.Purpose = purpose(relation(a.Person, r))
	if f.Digest != e.Digest {
		e.Detail = map[string]string{"original": string(f.Digest)}
	}
	return e
}

// codeViewed puts on record that somebody saw code of a study.
func (s *Service) codeViewed(ctx context.Context, a Actor, p *Project, ws WorkspaceName, path string, contents []byte, detail map[string]string) error {
	e := s.event(a, EvCodeViewed, nil)
	e.Workspace, e.Path, e.Digest, e.Detail = ws, path, digestBytes(contents), detail
	e.Purpose = workspacePurpose(a, p)
	return s.Store.Append(ctx, e)
}

// workspacePurpose is why somebody sees what ran in a workspace: its project's
// people for their research, anybody else to judge what comes of it.
func workspacePurpose(a Actor, p *Project) Purpose {
	switch {
	case a.In(p.ID):
		return ForResearch
	case a.Has(policy.Checker):
		return ForReview
	}
	return ForAudit
}

// patches joins what a comparison shows.
func patches(changes []CodeChange) []byte {
	var b bytes.Buffer
	for _, c := range changes {
		b.WriteString(c.Path + "\n" + c.Patch)
	}
	return b.Bytes()
}

// RefuseScope puts on record that a token's scopes do not let it do an action
// that its person may do, and returns the refusal.
func (s *Service) RefuseScope(ctx context.Context, a Actor, action policy.Action, token string) error {
	e := s.event(a, EvDenied, nil)
	e.Detail = map[string]string{"action": string(action), "token": token, "why": "scope"}
	if err := s.Store.Append(ctx, e); err != nil {
		return err
	}
	return Errorf(Forbidden, "This token's scopes do not let it do this.")
}
