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
// to become of them, under which path, and the group's context and controls. A
// vote counts only while its basis is the file's: so any change of file, group,
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

// setVote replaces the checker's standing vote.
func (f *File) setVote(v Vote) {
	if old := f.VoteOf(v.Checker); old != nil {
		*old = v
		return
	}
	f.Votes = append(f.Votes, v)
}

// counts reports whether the vote is a decision that rests on the file as it is.
func (v *Vote) counts(g *Group, f *File) bool {
	return v != nil && v.Decision != Undecided && v.Basis == Basis(g, f)
}

// OutcomeOf is the decision on one file by the two checkers of the request's
// seats, and by nobody else: a third opinion never counts.
func (r *Request) OutcomeOf(g *Group, f *File, approvals int) Outcome {
	if len(r.Seats) < approvals {
		return Incomplete
	}
	seen := map[Decision]int{}
	for _, s := range r.Seats {
		v := f.VoteOf(s.Checker)
		if !v.counts(g, f) {
			return Incomplete
		}
		seen[v.Decision]++
	}
	switch {
	case len(seen) > 1:
		return Conflicted
	case seen[Approve] >= approvals:
		return AllApproved
	case seen[Reject] > 0:
		return FileRejected
	default:
		return ChangesRequested
	}
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
	c.Groups = slices.Clone(r.Groups)
	for i := range c.Groups {
		g := &c.Groups[i]
		g.Context, g.Controls = maps.Clone(g.Context), maps.Clone(g.Controls)
		g.Files = slices.Clone(g.Files)
		for j := range g.Files {
			g.Files[j].Votes = slices.Clone(g.Files[j].Votes)
			g.Files[j].Cleaning = slices.Clone(g.Files[j].Cleaning)
		}
	}
	return &c
}
