package review

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sallyport/policy"
)

// Vote sets the actor's standing decision on one output file. In the
// independent phase it can be changed until the actor's review is submitted; in
// consolidation it can be changed too, and every change is on record. The vote
// is on the bytes that were seen: Conflict if the file is no longer that one.
func (s *Service) Vote(ctx context.Context, a Actor, id RequestID, in VoteInput) error {
	in.Reason = strings.TrimSpace(in.Reason)
	if err := checkLengths(map[string]string{"reason": in.Reason}, maxText); err != nil {
		return err
	}
	r, _, err := s.load(ctx, a, id, policy.ReviewVote)
	if err != nil {
		return err
	}
	blocked, err := s.checkVote(ctx, a, r, in)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, a, id, policy.ReviewVote, func(r *Request, c *Change) error {
		if err := mayReview(r, a); err != nil {
			return err
		}
		g, f := r.File(in.File)
		if f == nil || !r.reviews(a.Username, f) {
			return Errorf(NotFound, "There is no such file for you to vote on.")
		}
		if in.Seen != f.Release {
			return Errorf(Conflict, "The file has changed since you looked at it. Look again, then vote.")
		}
		if in.Decision == Approve && blocked && in.Reason == "" {
			return Errorf(Invalid, "This file has a blocking finding. Say why it may leave all the same.").with("reason", "Say why it may leave all the same.")
		}
		if in.Decision == Approve && !f.excepted([]Username{a.Username}) {
			return Errorf(Invalid, "An exception is asked for. Accept it first; if you cannot, do not approve the file.")
		}
		s.castVote(a, r, c, g, f, in.Decision, in.Reason)
		return nil
	})
	return err
}

// castVote sets the standing vote and puts it on record, with what it was.
func (s *Service) castVote(a Actor, r *Request, c *Change, g *Group, f *File, d Decision, reason string) {
	e := s.fileEvent(a, EvVoted, r, g, f)
	e.Detail = map[string]string{"decision": string(d), "phase": string(r.Phase())}
	if was := f.VoteOf(a.Username); was != nil {
		e.Detail["was"] = string(was.Decision)
	}
	f.setVote(Vote{Checker: a.Username, Decision: d, Reason: reason, Turn: r.Turn, At: s.Now(), Basis: Basis(g, f)})
	c.Events = append(c.Events, e)
}

// RequestGroupChanges votes to request changes on every file of a group that is
// the actor's to decide on, with one reason.
func (s *Service) RequestGroupChanges(ctx context.Context, a Actor, id RequestID, group GroupID, reason string) error {
	reason, err := reasonOf(reason)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, a, id, policy.ReviewVote, func(r *Request, c *Change) error {
		if err := mayReview(r, a); err != nil {
			return err
		}
		g := r.Group(group)
		if g == nil {
			return Errorf(NotFound, "There is no such group.")
		}
		for i := range g.Files {
			if f := &g.Files[i]; r.reviews(a.Username, f) {
				s.castVote(a, r, c, g, f, RequestChanges, reason)
			}
		}
		if len(c.Events) == 0 {
			return Errorf(Conflict, "No file of this group is yours to decide on.")
		}
		return nil
	})
	return err
}

// checkVote holds the vote to its form and reads the bytes it is on, so that
// nobody approves what the store no longer has. It reports whether the file has
// a blocking finding that no exception is asked for.
func (s *Service) checkVote(ctx context.Context, a Actor, r *Request, in VoteInput) (blocked bool, err error) {
	switch in.Decision {
	case Approve, Undecided:
	case RequestChanges, Reject:
		if in.Reason == "" {
			return false, Errorf(Invalid, "Give a reason, so that the author knows what to do.").with("reason", "Give a reason.")
		}
	default:
		return false, Errorf(Invalid, "Choose approve, request changes or reject.").with("decision", "Choose one.")
	}
	_, f := r.File(in.File)
	if f == nil || f.Kind != Output {
		return false, Errorf(NotFound, "There is no such file to vote on.")
	}
	if in.Decision != Approve {
		return false, nil
	}
	if f.Release == "" {
		return false, Errorf(Invalid, "This file cannot be approved, because it cannot be released: %s", f.CleanError)
	}
	if err := s.wholeFile(ctx, a, r, f); err != nil {
		return false, err
	}
	scans, err := s.scansOf(ctx, r)
	if err != nil {
		return false, err
	}
	if s.Scanner != nil {
		if p := malwareProblem(f, scans); p != nil {
			return false, p
		}
	}
	report, err := s.Store.Report(ctx, r.ReportKey)
	if err != nil {
		return false, err
	}
	rep := reportsByPath(report)[f.Path]
	if rep == nil || rep.Status != "complete" {
		return true, nil // not checked to the end is never a pass
	}
	for _, x := range rep.Findings {
		blocked = blocked || x.Severity == policy.Block && !f.asks(x.Check)
	}
	return blocked, nil
}

// mayReview says whether the actor's review is open now.
func mayReview(r *Request, a Actor) error {
	if err := requireStatus(r, Submitted, PartiallyReviewed, Reviewed); err != nil {
		return err
	}
	seat := r.Seat(a.Username)
	if seat == nil {
		return errNoRequest()
	}
	if r.Phase() == Independent && !seat.Submitted.IsZero() {
		return Errorf(Conflict, "You have submitted your review. It can be changed once the other review is in.")
	}
	return nil
}

// SubmitReview hands in the actor's review of this turn. Every output file must
// have their decision, resting on the file as it is.
func (s *Service) SubmitReview(ctx context.Context, a Actor, id RequestID) error {
	_, err := s.change(ctx, a, id, policy.ReviewSubmit, func(r *Request, c *Change) error {
		if err := requireStatus(r, Submitted, PartiallyReviewed); err != nil {
			return err
		}
		if err := mayReview(r, a); err != nil {
			return err
		}
		for g, f := range r.Outputs() {
			if err := decided(r, g, f, a.Username); err != nil {
				return err
			}
		}
		r.Seat(a.Username).Submitted = s.Now()
		c.Events = append(c.Events, s.event(a, EvReviewSubmitted, r))
		if r.Status == Submitted {
			c.Events = append(c.Events, s.transition(a, r, PartiallyReviewed, EvPartiallyReviewed))
		}
		if s.reviewStatus(r) == Reviewed {
			c.Events = append(c.Events, s.transition(a, r, Reviewed, EvReviewed))
		}
		return nil
	})
	return err
}

// decided says what the checker has still to decide on a file that is theirs.
func decided(r *Request, g *Group, f *File, who Username) error {
	if !r.reviews(who, f) {
		return nil
	}
	if !f.VoteOf(who).counts(g, f) {
		return Errorf(Invalid, "Decide on every file first: %s has no decision of yours.", f.Path)
	}
	for i := range f.Exceptions {
		if answerOf(f.Exceptions[i].Answers, who) == nil {
			return Errorf(Invalid, "Accept or refuse the exception asked for %s first.", f.Path)
		}
	}
	return nil
}

// CommentInput is a remark on a group; on a file of it, and a place in the
// file, when these are set.
type CommentInput struct {
	Group        GroupID
	File         FileID
	Line, Column int // see Comment
	Visibility   Visibility
	Text         string
}

// Comment adds a remark. Checkers say whether the author may see it (after the
// turn); the author's own are public. The same words on the same place, sent again
// within a minute, are one comment.
func (s *Service) Comment(ctx context.Context, a Actor, id RequestID, in CommentInput) error {
	in.Text = strings.TrimSpace(in.Text)
	if in.Text == "" {
		return Errorf(Invalid, "Write something first.").with("comment", "Write something first.")
	}
	if err := checkLengths(map[string]string{"comment": in.Text}, maxText); err != nil {
		return err
	}
	if in.Line < 0 || in.Column < 0 || in.File == "" && (in.Line > 0 || in.Column > 0) {
		return Errorf(Invalid, "A place is a line and column of a file.")
	}
	_, err := s.change(ctx, a, id, policy.RequestComment, func(r *Request, c *Change) error {
		group := r.Group(in.Group)
		if group == nil || in.File != "" && !slices.ContainsFunc(group.Files, func(x File) bool { return x.ID == in.File }) {
			return Errorf(NotFound, "There is no such group or file.")
		}
		k := Comment{
			ID: CommentID(newID()), Group: in.Group, File: in.File, Line: in.Line, Column: in.Column,
			Author: a.Username, Visibility: Public, Text: in.Text, Turn: r.Turn, At: s.Now(),
		}
		if rel := relation(a.Person, r); rel == policy.Author || rel == policy.Helper {
			if err := requireStatus(r, Pending, Returned); err != nil {
				return err
			}
		} else {
			if err := requireStatus(r, Submitted, PartiallyReviewed, Reviewed); err != nil {
				return err
			}
			if in.Visibility != Public && in.Visibility != Checkers {
				return Errorf(Invalid, "Say who may see the comment.").with("visibility", "Choose one.")
			}
			k.ByChecker, k.Visibility, k.Independent = true, in.Visibility, r.Phase() == Independent
		}
		if slices.ContainsFunc(r.Comments, k.repeats) {
			return errSame
		}
		r.Comments = append(r.Comments, k)
		e := s.event(a, EvCommented, r)
		e.Group, e.File = in.Group, in.File
		e.Detail = map[string]string{"visibility": string(k.Visibility), "comment": string(k.ID)}
		c.Events = append(c.Events, e)
		return nil
	})
	if errors.Is(err, errSame) {
		return nil
	}
	return err
}

// sentAgain is how long the same words, by the same person on the same place, are
// the comment that is there already: a button pressed twice, or a browser that sent
// a form again because its answer was lost.
const sentAgain = time.Minute

// repeats reports whether a new comment is one that is there, sent once more.
func (k Comment) repeats(old Comment) bool {
	since := k.At.Sub(old.At)
	k.ID, k.At, k.Published = old.ID, old.At, old.Published
	return k == old && since < sentAgain
}

// PublishComment makes a checkers-only comment public, in consolidation and in
// the turn it was made in. Either of the checkers may.
func (s *Service) PublishComment(ctx context.Context, a Actor, id RequestID, comment CommentID) error {
	_, err := s.change(ctx, a, id, policy.RequestComment, func(r *Request, c *Change) error {
		if err := requireStatus(r, Reviewed); err != nil {
			return err
		}
		i := slices.IndexFunc(r.Comments, func(k Comment) bool { return k.ID == comment })
		if i < 0 || !r.Comments[i].ByChecker {
			return Errorf(NotFound, "There is no such comment.")
		}
		k := &r.Comments[i]
		if k.Turn != r.Turn || k.Visibility == Public {
			return Errorf(Conflict, "Only a checkers' comment of this turn can be made public.")
		}
		k.Visibility, k.Published = Public, s.Now()
		e := s.event(a, EvCommentPublished, r)
		e.Group, e.File, e.Detail = k.Group, k.File, map[string]string{"comment": string(k.ID)}
		c.Events = append(c.Events, e)
		return nil
	})
	return err
}

// Return gives the request back to its author. In consolidation each group with
// a file that is not approved needs a public comment of this turn; before (an
// early return, for an author's slip) one public comment by the actor is
// enough. The votes of an unfinished turn are undone, and stay on the record.
func (s *Service) Return(ctx context.Context, a Actor, id RequestID) error {
	r, _, err := s.load(ctx, a, id, policy.ReviewReturn)
	if err != nil {
		return err
	}
	report, err := s.report(ctx, r)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, a, id, policy.ReviewReturn, func(r *Request, c *Change) error {
		if err := requireStatus(r, Submitted, PartiallyReviewed, Reviewed); err != nil {
			return err
		}
		early := r.Status != Reviewed
		grounds := ""
		if early {
			if !hasPublicComment(r, "", a.Username) {
				return Errorf(Invalid, "Tell the author why it comes back: add a public comment to a group first.")
			}
			s.undoTurn(a, r, c)
		} else {
			grounds = weighty(r, report, func(g *Group, f *File) bool { return r.OutcomeOf(g, f, s.Policy.Review.Approvals) != AllApproved })
			for i := range r.Groups {
				if g := &r.Groups[i]; s.wantsChanges(r, g) && !hasPublicComment(r, g.ID, "") {
					return Errorf(Invalid, "Changes are requested in %q: add a public comment there, so that the author knows what to do.", g.Name)
				}
			}
		}
		e := s.transition(a, r, Returned, EvReturned)
		if early {
			e.note("early", "true")
		}
		e.note(detailFindings, grounds)
		r.Due = time.Time{}
		c.Events = append(c.Events, e)
		return nil
	})
	return err
}

// undoTurn takes back the standing votes of this turn, each with its event.
func (s *Service) undoTurn(a Actor, r *Request, c *Change) {
	for g, f := range r.Outputs() {
		for i := range f.Votes {
			v := &f.Votes[i]
			if v.Turn != r.Turn || v.Decision == Undecided {
				continue
			}
			e := s.fileEvent(a, EvVoteVoided, r, g, f)
			e.Detail = map[string]string{"checker": string(v.Checker), "was": string(v.Decision), "why": "early return"}
			c.Events = append(c.Events, e)
			f.undecide(v)
		}
		for i := range f.Exceptions {
			f.Exceptions[i].Answers = slices.DeleteFunc(f.Exceptions[i].Answers, func(x Answer) bool { return x.Turn == r.Turn })
		}
	}
	for i := range r.Acknowledgements {
		k := &r.Acknowledgements[i]
		k.Answers = slices.DeleteFunc(k.Answers, func(x Answer) bool { return x.Turn == r.Turn })
	}
}

// wantsChanges reports whether a file of the group is not approved by both.
func (s *Service) wantsChanges(r *Request, g *Group) bool {
	for i := range g.Files {
		if f := &g.Files[i]; f.Kind == Output && r.OutcomeOf(g, f, s.Policy.Review.Approvals) != AllApproved {
			return true
		}
	}
	return false
}

// hasPublicComment looks for a checker's public comment of this turn, on the
// group and by the person unless these are empty.
func hasPublicComment(r *Request, g GroupID, by Username) bool {
	return slices.ContainsFunc(r.Comments, func(c Comment) bool {
		return c.ByChecker && c.Visibility == Public && c.Turn == r.Turn &&
			(g == "" || c.Group == g) && (by == "" || c.Author == by)
	})
}

// RejectRequest ends the request: nothing of it may leave. Only after both
// reviews are in, and with a reason, which becomes a public comment.
func (s *Service) RejectRequest(ctx context.Context, a Actor, id RequestID, reason string) error {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return Errorf(Invalid, "Give a reason, so that the author understands.").with("reason", "Give a reason.")
	}
	if err := checkLengths(map[string]string{"reason": reason}, maxText); err != nil {
		return err
	}
	_, err := s.change(ctx, a, id, policy.ReviewReject, func(r *Request, c *Change) error {
		if err := requireStatus(r, Reviewed); err != nil {
			return err
		}
		for g, f := range r.Outputs() {
			if out := r.OutcomeOf(g, f, s.Policy.Review.Approvals); out == AllApproved {
				return Errorf(Conflict, "Both of you approved %s. Change the votes first, or return the request.", f.Path)
			}
		}
		g := &r.Groups[0]
		r.Comments = append(r.Comments, Comment{
			ID: CommentID(newID()), Group: g.ID, Author: a.Username, ByChecker: true, Visibility: Public,
			Text: fmt.Sprintf("Request rejected: %s", reason), Turn: r.Turn, At: s.Now(),
		})
		c.Events = append(c.Events, s.transition(a, r, Rejected, EvRejected))
		r.Decided = s.Now()
		return nil
	})
	return err
}
