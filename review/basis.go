package review

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
)

// digestOf hashes parts so that no two different lists of parts look alike:
// each is preceded by its length.
func digestOf(parts ...string) Digest {
	h := sha256.New()
	for _, p := range parts {
		writePart(h, p)
	}
	return Digest(hex.EncodeToString(h.Sum(nil)))
}

func writePart(h hash.Hash, p string) { fmt.Fprintf(h, "%d:%s", len(p), p) }

// Basis is what a vote on a file rests on: the bytes that would leave, what is
// to become of them, under which path, the group's context and controls, its
// supporting files, and the exceptions asked for. A vote counts only while its basis is the file's: so any change of file, group,
// context or controls voids the approvals that rested on it, without anybody
// having to remember to do so.
func Basis(g *Group, f *File) Digest {
	h := sha256.New()
	for _, p := range []string{string(f.Release), string(f.Digest), string(f.Kind), f.Path, string(g.ID)} {
		writePart(h, p)
	}
	for _, m := range []map[string]string{g.Context, g.Controls} {
		writePart(h, fmt.Sprint(len(m)))
		for _, k := range slices.Sorted(maps.Keys(m)) {
			writePart(h, k)
			writePart(h, m[k])
		}
	}
	writePart(h, fmt.Sprint(g.Intermediate, len(f.Exceptions)))
	for _, x := range f.Exceptions {
		writePart(h, string(x.Kind)+" "+x.Check)
		writePart(h, x.Reason)
	}
	// Supporting files are part of what a checker looked at.
	for i := range g.Files {
		if o := &g.Files[i]; o.Kind == Supporting {
			writePart(h, o.Path)
			writePart(h, string(o.Digest))
		}
	}
	return Digest(hex.EncodeToString(h.Sum(nil)))
}

// VoteOf returns the checker's standing vote on the file, or nil.
func (f *File) VoteOf(c Username) *Vote {
	for i := range f.Votes {
		if f.Votes[i].Checker == c {
			return &f.Votes[i]
		}
	}
	return nil
}

// setVote replaces the checker's standing vote, which stays on record.
func (f *File) setVote(v Vote) {
	if old := f.VoteOf(v.Checker); old != nil {
		f.keepPast(*old)
		*old = v
		return
	}
	f.Votes = append(f.Votes, v)
}

// undecide makes a standing vote undecided. What it was stays on record, and
// with its checker to go on from.
func (f *File) undecide(v *Vote) {
	f.keepPast(*v)
	v.Earlier, v.EarlierReason = v.Decision, v.Reason
	v.Decision, v.Reason = Undecided, ""
}

// keepPast puts a vote that no longer stands on record.
func (f *File) keepPast(v Vote) {
	if v.Decision != Undecided {
		f.PastVotes = append(f.PastVotes, v)
	}
}

// counts reports whether the vote is a decision that rests on the file as it is.
func (v *Vote) counts(g *Group, f *File) bool {
	return v != nil && v.Decision != Undecided && v.Basis == Basis(g, f)
}

// CheckersOf are the two who decide on a file: those it is routed to, or else
// those of the request. Fewer while a seat is free.
func (r *Request) CheckersOf(f *File) []Username {
	if len(f.Checkers) > 0 {
		return f.Checkers
	}
	return r.pair()
}

// pair are the checkers of the request as a whole.
func (r *Request) pair() []Username {
	var out []Username
	for _, s := range r.Seats {
		if !s.Specialist {
			out = append(out, s.Checker)
		}
	}
	return out
}

// reviews reports whether the file is the checker's to decide on.
func (r *Request) reviews(c Username, f *File) bool {
	return f.Kind == Output && slices.Contains(r.CheckersOf(f), c)
}

// OutcomeOf is the decision on one file by its two checkers, and by nobody
// else: a third opinion never counts.
func (r *Request) OutcomeOf(g *Group, f *File, approvals int) Outcome {
	checkers := r.CheckersOf(f)
	if len(checkers) < approvals {
		return Incomplete
	}
	seen := map[Decision]int{}
	for _, c := range checkers {
		v := f.VoteOf(c)
		if !v.counts(g, f) {
			return Incomplete
		}
		seen[v.Decision]++
	}
	switch {
	case len(seen) > 1:
		return Conflicted
	case seen[Approve] >= approvals && f.excepted(checkers):
		return AllApproved
	case seen[Approve] >= approvals:
		return Incomplete
	case seen[Reject] > 0:
		return FileRejected
	default:
		return ChangesRequested
	}
}

// excepted reports whether each of the checkers accepted each exception.
func (f *File) excepted(checkers []Username) bool {
	for i := range f.Exceptions {
		for _, c := range checkers {
			if a := answerOf(f.Exceptions[i].Answers, c); a == nil || !a.Accept {
				return false
			}
		}
	}
	return true
}

// answerOf returns the checker's answer, or nil.
func answerOf(answers []Answer, c Username) *Answer {
	for i := range answers {
		if answers[i].Checker == c {
			return &answers[i]
		}
	}
	return nil
}

// setAnswer replaces the checker's answer.
func setAnswer(answers []Answer, a Answer) []Answer {
	if old := answerOf(answers, a.Checker); old != nil {
		*old = a
		return answers
	}
	return append(answers, a)
}

// Seat returns the seat of the checker, or nil.
func (r *Request) Seat(c Username) *Seat {
	for i := range r.Seats {
		if r.Seats[i].Checker == c {
			return &r.Seats[i]
		}
	}
	return nil
}

// Group returns the group by id, or nil.
func (r *Request) Group(id GroupID) *Group {
	for i := range r.Groups {
		if r.Groups[i].ID == id {
			return &r.Groups[i]
		}
	}
	return nil
}

// File returns the file and its group, or nils.
func (r *Request) File(id FileID) (*Group, *File) {
	for i := range r.Groups {
		for j := range r.Groups[i].Files {
			if r.Groups[i].Files[j].ID == id {
				return &r.Groups[i], &r.Groups[i].Files[j]
			}
		}
	}
	return nil, nil
}

// Outputs yields the files that are to leave, with their groups.
func (r *Request) Outputs() func(yield func(*Group, *File) bool) {
	return func(yield func(*Group, *File) bool) {
		for i := range r.Groups {
			for j := range r.Groups[i].Files {
				if f := &r.Groups[i].Files[j]; f.Kind == Output && !yield(&r.Groups[i], f) {
					return
				}
			}
		}
	}
}

// Phase of the review that the request is in.
func (r *Request) Phase() Phase {
	switch r.Status {
	case Submitted, PartiallyReviewed:
		return Independent
	case Reviewed:
		return Consolidation
	default:
		return NoReview
	}
}

// clone copies a request so that a view can leave things out of it.
func (r *Request) clone() *Request {
	c := *r
	c.Checklist = slices.Clone(r.Checklist)
	c.Seats = slices.Clone(r.Seats)
	c.Comments = slices.Clone(r.Comments)
	c.Acknowledgements = slices.Clone(r.Acknowledgements)
	for i := range c.Acknowledgements {
		c.Acknowledgements[i].Answers = slices.Clone(c.Acknowledgements[i].Answers)
	}
	c.Groups = slices.Clone(r.Groups)
	for i := range c.Groups {
		g := &c.Groups[i]
		g.Context, g.Controls = maps.Clone(g.Context), maps.Clone(g.Controls)
		g.Files = slices.Clone(g.Files)
		for j := range g.Files {
			g.Files[j].copyLists()
		}
	}
	return &c
}

// copyLists gives a copied file lists of its own.
func (f *File) copyLists() {
	f.Votes, f.Cleaning, f.Previous = slices.Clone(f.Votes), slices.Clone(f.Cleaning), slices.Clone(f.Previous)
	f.Checkers, f.PastVotes = slices.Clone(f.Checkers), slices.Clone(f.PastVotes)
	f.Exceptions = slices.Clone(f.Exceptions)
	for i := range f.Exceptions {
		f.Exceptions[i].Answers = slices.Clone(f.Exceptions[i].Answers)
	}
}
