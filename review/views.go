package review

import (
	"context"
	"errors"
	"slices"
	"time"

	"sallyport/checks"
	"sallyport/policy"
)

// Request is the request as the actor may see it now.
func (s *Service) Request(ctx context.Context, a Actor, id RequestID) (*View, error) {
	r, rel, err := s.load(ctx, a, id, policy.RequestView)
	if err != nil {
		return nil, err
	}
	return s.view(ctx, a, r, rel)
}

// view leaves out of a request what the actor may not know, and adds what they
// can do.
func (s *Service) view(ctx context.Context, a Actor, r *Request, rel policy.Relation) (*View, error) {
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	report, err := s.report(ctx, r)
	if err != nil {
		return nil, err
	}
	scans, err := s.scansOf(ctx, r)
	if err != nil {
		return nil, err
	}
	report = s.scannedReport(r, report, scans)
	v := &View{Request: *r.clone(), You: a.Username, Relation: rel, Phase: r.Phase(), Report: report, Names: names}
	blind(&v.Request, a, rel)
	changed := map[string]string{}
	if rel == policy.Author || rel == policy.Member {
		if v.Adding, err = s.adding(ctx, r); err != nil {
			return nil, err
		}
	}
	if rel == policy.Author && r.Status.Owner() == "author" {
		v.Missing = s.missing(r, report)
		if v.Adding.Going() {
			v.Missing = append(v.Missing, Problem{Field: "files", Message: v.Adding.progress()})
		}
		changed = s.changed(ctx, r)
	}
	if err := s.fates(ctx, a, r, v); err != nil {
		return nil, err
	}
	v.Can, v.Why = s.abilities(a, r, v)
	found := reportsByPath(report)
	if report == nil {
		if v.Checking, found, err = s.checking(ctx, r); err != nil {
			return nil, err
		}
	}
	if !a.may(policy.FileContent, r.Project, rel) {
		// Findings quote the file: whoever may not see the one may not see the other.
		v.Report, found = nil, nil
	}
	for i := range v.Request.Groups {
		gv := s.groupView(r, v, &v.Request.Groups[i], found)
		for j := range gv.Files {
			if f := gv.Files[j].File; f.Kind != WithdrawnF {
				gv.Files[j].Changed = changed[f.Path]
				if s.Scanner != nil {
					x := scanOf(f, scans)
					gv.Files[j].Scan = &x
				}
			}
		}
		v.Groups = append(v.Groups, gv)
	}
	return v, nil
}

// fates adds what became of the stored bytes and of the release.
func (s *Service) fates(ctx context.Context, a Actor, r *Request, v *View) error {
	if err := s.intact(ctx, r); KindOf(err) == Conflict {
		v.Damaged = true
	} else if err != nil {
		return err
	}
	if r.Status.Owner() != "system" {
		return nil
	}
	rel, err := s.Store.Release(ctx, r.ID)
	if err != nil && KindOf(err) != NotFound {
		return err
	}
	if err == nil {
		v.Recalled = rel.Recalled
		if v.Deliveries, err = s.deliveryStates(ctx, rel); err != nil {
			return err
		}
	}
	if v.Retired, err = s.Store.RetiredAt(ctx, r.ID); err != nil || !a.may(policy.RequestHold, r.Project, v.Relation) {
		return err
	}
	holds, err := s.Store.Holds(ctx, r.ID)
	if err == nil && len(holds) > 0 && holds[0].Lifted.IsZero() {
		v.Hold = &holds[0]
	}
	return err
}

// acknowledgedIn are the author's answers to findings of a file that are still
// open under the same fingerprint, by fingerprint.
func (r *Request) acknowledgedIn(file FileID, rep *checks.FileReport) map[string]*Acknowledgement {
	if rep == nil {
		return nil
	}
	live := map[string]bool{}
	for _, x := range rep.Findings {
		live[x.Fingerprint] = true
	}
	out := map[string]*Acknowledgement{}
	for i := range r.Acknowledgements {
		if k := &r.Acknowledgements[i]; k.File == file && live[k.Fingerprint] {
			out[k.Fingerprint] = k
		}
	}
	return out
}

// changed says which files of an author's request are no longer, in the
// workspace, what they were when they were added.
func (s *Service) changed(ctx context.Context, r *Request) map[string]string {
	out := map[string]string{}
	w, err := s.Workspaces.Workspace(ctx, r.Workspace)
	if err != nil {
		return out // the workspace page says what is wrong with the folder
	}
	now := map[string]WorkspaceFile{}
	for _, f := range w.Files {
		now[f.Path] = f
	}
	for i := range r.Groups {
		for _, f := range r.Groups[i].Files {
			switch there, ok := now[f.Path]; {
			case f.Kind == WithdrawnF:
			case !ok || there.Problem != "":
				out[f.Path] = "gone"
			case there.Size != f.Size || there.Digest != "" && there.Digest != f.Digest:
				out[f.Path] = "changed"
			}
		}
	}
	return out
}

// report returns the findings in force, nil when there are none yet.
func (s *Service) report(ctx context.Context, r *Request) (*checks.Report, error) {
	if r.Findings == "" {
		return nil, nil
	}
	report, err := s.Store.Report(ctx, r.ReportKey)
	if KindOf(err) == NotFound {
		at, rerr := s.Store.RetiredAt(ctx, r.ID)
		if rerr == nil && !at.IsZero() {
			return nil, nil // gone with the bytes it quoted
		}
		err = errors.Join(err, rerr)
	}
	return report, err
}

func (s *Service) groupView(r *Request, v *View, g *Group, found map[string]*checks.FileReport) GroupView {
	gv := GroupView{Group: g}
	whole := r.Group(g.ID)
	for j := range g.Files {
		f := &g.Files[j]
		fv := FileView{File: f, Votes: f.Votes, Outcome: Incomplete}
		if f.Kind != WithdrawnF {
			fv.Report = found[f.Path]
		}
		_, stored := r.File(f.ID)
		if v.Relation == policy.Assigned && r.reviews(v.You, stored) {
			fv.Yours = true
			mine := stored.VoteOf(v.You)
			fv.MineVoid = !mine.counts(whole, stored)
			if mine != nil {
				m := *mine
				fv.Mine = &m
			}
		}
		fv.Acknowledged = v.Request.acknowledgedIn(f.ID, fv.Report)
		if sees(v.Relation, r) && f.Kind == Output {
			fv.Outcome = r.OutcomeOf(whole, stored, s.Policy.Review.Approvals)
		}
		gv.Files = append(gv.Files, fv)
	}
	for _, c := range v.Request.Comments {
		if c.Group == g.ID {
			gv.Comments = append(gv.Comments, c)
		}
	}
	return gv
}

// sees reports whether somebody in this relation (other than an auditor) may
// know the votes: the two checkers once both reviews are in, everyone else once
// the request is out of the checkers' hands.
func sees(rel policy.Relation, r *Request) bool {
	switch r.Status {
	case Submitted, PartiallyReviewed, Pending:
		return false
	case Reviewed:
		return rel == policy.Assigned
	default:
		return true
	}
}

// blind removes from a copy of a request what the actor may not know. An
// auditor, who can change nothing, sees all. What is left must not even hint:
// a version or a time of change that moves with the other's vote would.
func blind(r *Request, a Actor, rel policy.Relation) {
	if a.may(policy.RecordView, r.Project, rel) {
		return
	}
	r.Version = 0
	if r.Status.Owner() == "checkers" {
		r.Updated = r.Submitted
	}
	open := sees(rel, r)
	own := func(c Username) bool { return rel == policy.Assigned && c == a.Username }
	for i := range r.Groups {
		for j := range r.Groups[i].Files {
			f := &r.Groups[i].Files[j]
			f.PastVotes = nil // for auditors
			f.Votes = slices.DeleteFunc(f.Votes, func(v Vote) bool { return !open && !own(v.Checker) })
			for k := range f.Exceptions {
				x := &f.Exceptions[k]
				x.Answers = slices.DeleteFunc(x.Answers, func(y Answer) bool { return !open && !own(y.Checker) })
			}
		}
	}
	for i := range r.Acknowledgements {
		k := &r.Acknowledgements[i]
		k.Answers = slices.DeleteFunc(k.Answers, func(y Answer) bool { return !open && !own(y.Checker) })
	}
	for i := range r.Seats {
		if !open && r.Seats[i].Checker != a.Username {
			r.Seats[i].Submitted, r.Seats[i].Reminded = time.Time{}, time.Time{}
		}
		if rel == policy.Author || rel == policy.Member || rel == policy.Helper {
			r.Seats[i].Why = ""
		}
	}
	r.Comments = slices.DeleteFunc(r.Comments, func(c Comment) bool { return !seesComment(r, a, rel, c) })
}

// seesComment says who may read a comment: its author always; the other checker
// once both reviews of the turn are in; the requester and their project when it
// is public and the turn is over. Others (leads) read what the requester may.
func seesComment(r *Request, a Actor, rel policy.Relation, c Comment) bool {
	over := c.Turn < r.Turn
	switch {
	case c.Author == a.Username:
		return true
	case rel == policy.Assigned:
		return !c.ByChecker || over || r.Phase() == Consolidation || r.Phase() == NoReview
	default:
		return c.Visibility == Public && (!c.ByChecker || over || r.Status.Owner() != "checkers")
	}
}

// abilities says what the actor can do now, and why not where they would expect
// to.
func (s *Service) abilities(a Actor, r *Request, v *View) (map[policy.Action]bool, map[policy.Action]string) {
	can, why, rel := map[policy.Action]bool{}, map[policy.Action]string{}, v.Relation
	set := func(action policy.Action, err error) {
		if !a.may(action, r.Project, rel) {
			return
		}
		if err == nil && v.Damaged && decides(action) {
			err = ErrDamaged()
		}
		can[action] = err == nil
		if err != nil {
			why[action] = err.Error()
		}
	}
	authors := requireStatus(r, Pending, Returned)
	for _, action := range []policy.Action{policy.RequestEdit, policy.RequestSubmit, policy.RequestWithdraw} {
		set(action, authors)
	}
	checkers := requireStatus(r, Submitted, PartiallyReviewed, Reviewed)
	if rel == policy.Author || rel == policy.Helper {
		set(policy.RequestComment, authors)
	} else {
		set(policy.RequestComment, checkers)
	}
	set(policy.FileContent, nil)
	set(policy.ReleasePackage, requireStatus(r, Released))
	if v.Recalled != nil && rel == policy.Author {
		can[policy.ReleasePackage] = false
	}
	set(policy.ReleaseRecall, recallable(r, v.Recalled))
	set(policy.RequestHold, holdable(v))
	if rel == policy.Assigned {
		set(policy.ReviewVote, mayReview(r, a))
		submit := requireStatus(r, Submitted, PartiallyReviewed)
		if submit == nil {
			submit = mayReview(r, a)
		}
		set(policy.ReviewSubmit, submit)
		set(policy.ReviewReturn, checkers)
		set(policy.ReviewReject, requireStatus(r, Reviewed))
		set(policy.ReviewRelease, s.releasable(r))
		set(policy.ReviewHandOver, submit)
	}
	return can, why
}

// holdable says why no hold can be put on the request now, if so.
func holdable(v *View) error {
	switch {
	case v.Hold != nil:
		return Errorf(Conflict, "This request is held already.")
	case !v.Retired.IsZero():
		return errRemoved(v.Retired)
	}
	return nil
}

// releasable says why the request cannot be released now, if it cannot.
func (s *Service) releasable(r *Request) error {
	if err := requireStatus(r, Reviewed); err != nil {
		return err
	}
	for g, f := range r.Outputs() {
		if out := r.OutcomeOf(g, f, s.Policy.Review.Approvals); out != AllApproved {
			return Errorf(Conflict, "%s is %s.", f.Path, out)
		}
	}
	return nil
}
