package review

import (
	"bytes"
	"context"
	"io"
	"slices"

	"sallyport/policy"
)

// pack makes the package of an approved release. What had to be written for it
// is kept the first time, so that it is the same package ever after.
func (s *Service) pack(ctx context.Context, rel *Release, r *Request) (*Package, error) {
	seal, err := s.Store.Seal(ctx, rel.ID)
	if KindOf(err) == NotFound {
		seal, err = s.seal(ctx, rel, r)
	}
	if err != nil {
		return nil, err
	}
	return s.packageOf(rel, seal)
}

// seal writes the package and keeps it. Of two workers at it one is first, and
// both go on with what that one wrote.
func (s *Service) seal(ctx context.Context, rel *Release, r *Request) (*Seal, error) {
	e, err := s.evidence(ctx, rel, r)
	if err != nil {
		return nil, err
	}
	files, err := s.Packer.Pack(ctx, e)
	if err != nil {
		return nil, err
	}
	s.step("release.seal")
	if err := s.Store.SaveSeal(ctx, &Seal{Release: rel.ID, Made: s.Now(), Files: files}); err != nil {
		return nil, err
	}
	return s.Store.Seal(ctx, rel.ID)
}

// packageOf puts a package together from what is kept.
func (s *Service) packageOf(rel *Release, seal *Seal) (*Package, error) {
	manifest, err := Manifest(rel)
	if err != nil {
		return nil, err
	}
	p := &Package{Release: rel, Manifest: manifest, Open: s.openReleased}
	for _, f := range seal.Files {
		open := func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(f.Body)), nil }
		if f.Released {
			open = func(ctx context.Context) (io.ReadCloser, error) { return s.openReleased(ctx, f.SHA256) }
		}
		p.Entries = append(p.Entries, Entry{Path: f.Path, Size: f.Size, SHA256: f.SHA256, Open: open})
	}
	return p, nil
}

func (s *Service) openReleased(ctx context.Context, d Digest) (io.ReadCloser, error) {
	s.step("release.file")
	return s.Blobs.Open(ctx, d)
}

// evidence gathers what a package tells of a release.
func (s *Service) evidence(ctx context.Context, rel *Release, r *Request) (e *Evidence, err error) {
	e = &Evidence{Release: rel, Request: r, Open: s.Blobs.Open}
	if e.People, err = s.names(ctx); err != nil {
		return nil, err
	}
	if e.Report, err = s.report(ctx, r); err != nil {
		return nil, err
	}
	if e.Policy, err = s.policyOf(ctx, rel.Policy.SHA256); err != nil {
		return nil, err
	}
	projects, err := s.Store.Projects(ctx)
	if err != nil {
		return nil, err
	}
	e.Project = Project{ID: rel.Project, Name: string(rel.Project)}
	if i := slices.IndexFunc(projects, func(p Project) bool { return p.ID == rel.Project }); i >= 0 {
		e.Project = projects[i]
	}
	if e.Events, err = s.decisionEvents(ctx, rel); err != nil || s.Ledger == nil {
		return e, err
	}
	return e, s.prove(ctx, e)
}

// policyOf is the policy that has a digest: one that was kept when a request was
// submitted under it. Before policies were kept it was the one that is still in
// force, or the one that programs had in them then; Conflict when it was neither.
func (s *Service) policyOf(ctx context.Context, sha256 string) (*policy.Policy, error) {
	p, err := s.Store.Policy(ctx, sha256)
	if KindOf(err) != NotFound {
		return p, err
	}
	first, err := policy.First()
	if err != nil {
		return nil, err
	}
	for _, known := range []*policy.Policy{s.Policy, first} {
		if known.SHA256 == sha256 {
			return known, nil
		}
	}
	return nil, Errorf(Conflict, "The policy under which this request was submitted was not kept. Return it, so that its author submits it under the present one.")
}

// decisionEvents are the events of a request up to the release's approval. What
// was recorded since, a view or a failed delivery, is not part of the decision.
func (s *Service) decisionEvents(ctx context.Context, rel *Release) ([]Event, error) {
	all, err := s.Store.Events(ctx, EventQuery{Request: rel.Request, Limit: maxEvents})
	if err != nil {
		return nil, err
	}
	last := slices.IndexFunc(all, func(e Event) bool {
		return e.Type == EvApproved && e.To == Approved && e.Detail["release"] == rel.ID && e.File == ""
	})
	return all[:last+1], nil
}

// maxEvents is more than one request ever has.
const maxEvents = 100_000

// prove adds a checkpoint of the log, and that the decision is in it.
func (s *Service) prove(ctx context.Context, e *Evidence) error {
	checkpoint, err := s.Ledger.Checkpoint(ctx)
	if err != nil {
		return err
	}
	e.Checkpoint = &checkpoint
	for _, ev := range e.Events {
		if !e.decides(ev) {
			continue
		}
		proof, err := s.Ledger.Inclusion(ctx, ev.Seq, checkpoint.Size)
		if err != nil {
			return err
		}
		e.Proved = append(e.Proved, ProvedEvent{ev, proof})
	}
	return nil
}

// decides picks the events by which the release was decided: votes on what
// leaves, reviews handed in, the approval. An event about another file, or one
// that carries a sentence somebody wrote, is none.
func (e *Evidence) decides(ev Event) bool {
	switch ev.Type {
	case EvSubmitted, EvResubmitted, EvReviewSubmitted, EvPartiallyReviewed, EvReviewed:
		return true
	case EvVoted, EvExceptionAnswered, EvApproved:
		return ev.File == "" || slices.ContainsFunc(e.Release.Files, func(f ReleasedFile) bool {
			return f.Path == ev.Path && f.SHA256 == ev.Digest
		})
	}
	return false
}

// ReleasedPackage is the package of a delivered release, the same bytes that
// left. It is for the author and for auditors; that it was asked for is on
// record before it is returned. Conflict before it is delivered, and, for the
// author, once any of it was recalled.
func (s *Service) ReleasedPackage(ctx context.Context, a Actor, id RequestID) (*Package, error) {
	r, relation, err := s.load(ctx, a, id, policy.ReleasePackage)
	if err != nil {
		return nil, err
	}
	if err := requireStatus(r, Released); err != nil {
		return nil, err
	}
	rel, err := s.Store.Release(ctx, id)
	if err != nil {
		return nil, err
	}
	e := s.event(a, EvPackageDownloaded, r)
	e.Purpose, e.Detail = ForAudit, map[string]string{"release": rel.ID}
	if relation == policy.Author {
		e.Purpose = ForOwnRequest
		if rel.Recalled != nil {
			return nil, Errorf(Conflict, "This release was recalled, so its package is no longer given out.")
		}
	}
	p, _, err := s.verified(ctx, rel) // a read of bytes that changed since fails by itself
	if err != nil {
		return nil, err
	}
	return p, s.Store.Append(ctx, e)
}
