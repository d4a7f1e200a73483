package ledger

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"sallyport/review"
)

// Entry is one place of the record as it is stored.
type Entry struct {
	Seq     int64
	Present bool   // the event is there
	Leaf    Hash   // computed again from the event
	Sealed  Hash   // the leaf that is stored with the event
	Nodes   []byte // the hashes that it completes in the stored tree; empty when they are gone
}

// Claim is a hash that was signed once: of the tree over the events Lo+1 to Hi.
type Claim struct {
	Lo, Hi int64
	Hash   Hash
	Source string // what says so, in plain words
}

// CheckpointClaim is what a checkpoint says about the log.
func CheckpointClaim(c review.Checkpoint, source string) Claim {
	return Claim{Hi: c.Size, Hash: c.Root, Source: source}
}

// Result is what became of a claim.
type Result struct {
	Claim
	// Events says that the events, as they are now, have the hash; Tree that the
	// stored tree has it.
	Events, Tree bool
	// Short says that the record ends before Hi.
	Short bool
}

// Difference is where the record is not what it was: somewhere in the events
// From to To, which are one unless nothing tells which.
type Difference struct {
	From, To int64
	What     string // in plain words
}

// Report is what verifying found.
type Report struct {
	Size    int64
	Root    Hash
	Differ  int64       // events that are not as they were sealed, or not there
	First   *Difference // nil when all is as it was
	Results []Result    // one for each claim, by Hi
}

// Verifier computes the tree again from the events, one after another, and holds
// it to the stored tree and to what was signed. Its memory does not grow.
type Verifier struct {
	events Tree  // over the events as they are
	holes  bool  // an event is missing: from there the first tree cannot be known
	stored *Tree // over the leaves that the stored tree has, once they differ
	claims []Result
	next   int // the first of claims that is not decided
	first  *Difference
	differ int64
}

// NewVerifier makes a verifier that knows what was signed.
func NewVerifier(claims ...Claim) *Verifier {
	v := new(Verifier)
	for _, c := range claims {
		v.claims = append(v.claims, Result{Claim: c})
	}
	slices.SortStableFunc(v.claims, func(a, b Result) int { return cmp.Compare(a.Hi, b.Hi) })
	return v
}

// Add takes the next place, in order and without gaps. It returns false when
// there is no sense in going on: the stored tree itself has a hole.
func (v *Verifier) Add(e Entry) bool {
	seq := v.size() + 1
	if len(e.Nodes) < len(Hash{}) {
		what := "is gone, and its place in the tree with it"
		if e.Present {
			what = "has no place in the tree over the record"
		}
		v.found(seq, what)
		return false
	}
	leaf, kept := LeafHash(e.Leaf), Hash(e.Nodes[:len(Hash{})])
	if what := v.hold(e, leaf, kept); what != "" {
		v.found(seq, what)
	}
	for ; v.next < len(v.claims) && v.claims[v.next].Hi == seq; v.next++ {
		v.decide(&v.claims[v.next])
	}
	return true
}

// hold lets the trees grow by one event and says what is wrong with it, "" for
// nothing.
func (v *Verifier) hold(e Entry, leaf, kept Hash) string {
	if v.stored == nil && (!e.Present || leaf != kept) {
		v.stored = v.events.clone()
	}
	var done []Hash
	if v.stored != nil {
		done = v.stored.Append(kept)
	}
	if !e.Present {
		v.holes = true
		return "is gone: the tree over the record still has its place"
	}
	if !v.holes {
		own := v.events.Append(leaf)
		if v.stored == nil {
			done = own
		}
	}
	switch {
	case e.Leaf != e.Sealed && kept == LeafHash(e.Sealed):
		return "was changed after it was recorded: it no longer has the seal that it was given"
	case e.Leaf != e.Sealed:
		return "was changed, or another was put in its place: it has neither its seal nor its place in the tree"
	case leaf != kept:
		return "was changed and sealed anew: the tree over the record has its earlier seal"
	case !sameHashes(e.Nodes, done):
		return "is as it was sealed, and the tree that is stored over it is not the tree of the events"
	}
	return ""
}

func sameHashes(stored []byte, done []Hash) bool {
	if len(stored) != len(done)*len(Hash{}) {
		return false
	}
	for i, h := range done {
		if !bytes.Equal(stored[i*len(h):(i+1)*len(h)], h[:]) {
			return false
		}
	}
	return true
}

func (v *Verifier) found(seq int64, what string) {
	v.differ++
	if v.first == nil {
		v.first = &Difference{seq, seq, what}
	}
}

// size is how many entries of the stored tree were taken.
func (v *Verifier) size() int64 {
	if v.stored != nil {
		return v.stored.size
	}
	return v.events.size
}

// decide holds a claim, whose last event was just added, to both trees.
func (v *Verifier) decide(r *Result) {
	r.Events = !v.holes && v.events.from(r.Lo) == r.Hash
	r.Tree = r.Events
	if v.stored != nil {
		r.Tree = v.stored.from(r.Lo) == r.Hash
	}
}

// from is the hash of the part of the tree after its first lo leaves, where that
// part is a subtree by RFC 6962; else a hash that nothing has.
func (t *Tree) from(lo int64) Hash {
	at := int64(0)
	for i, node := range Edge(t.size) {
		if at == lo {
			h := t.edge[len(t.edge)-1]
			for j := len(t.edge) - 2; j >= i; j-- {
				h = tlog.NodeHash(t.edge[j], h)
			}
			return h
		}
		at = node.Seq
	}
	// A complete subtree in the middle of a larger one that it completes.
	for level, h := range t.done {
		if t.size-int64(1)<<level == lo {
			return h
		}
	}
	return Hash{}
}

// Finish ends the verification. Count is how many events the record holds, and
// last the number of its last: alike in a record without gaps.
func (v *Verifier) Finish(count, last int64) Report {
	r := Report{Size: v.size(), Results: v.claims}
	if v.first == nil && (last > r.Size || count != last) {
		seq, what := r.Size+1, "was added to the record behind its tree"
		if last <= r.Size {
			what = "cannot be told from others of its number"
		}
		v.found(seq, what)
	}
	for i := v.next; i < len(v.claims); i++ {
		v.claims[i].Short = true
	}
	if v.first == nil {
		v.first = v.signedOtherwise(r.Size)
	}
	r.First, r.Differ, r.Root = v.first, v.differ, v.events.Root()
	return r
}

// signedOtherwise finds what differs when the record agrees with its own tree
// and not with what was signed: the fewest events of which one must be another
// than it was.
func (v *Verifier) signedOtherwise(size int64) *Difference {
	var worst *Result
	for i := range v.claims {
		c := &v.claims[i]
		if !c.Short && !c.Events && (worst == nil || c.Hi < worst.Hi || c.Hi == worst.Hi && c.Lo > worst.Lo) {
			worst = c
		}
	}
	if worst == nil {
		if v.next < len(v.claims) {
			c := v.claims[len(v.claims)-1]
			return &Difference{size + 1, c.Hi, fmt.Sprintf("is gone: the record ends at event %d, and %s says that it had %d", size, c.Source, c.Hi)}
		}
		return nil
	}
	from, to := v.narrow(worst.Lo+1, worst.Hi)
	return &Difference{from, to, "is not the one that was signed, and the tree was rebuilt over it: " + worst.Source + " has another hash"}
}

// narrow takes off both ends of a stretch of events what other claims vouch for.
func (v *Verifier) narrow(from, to int64) (int64, int64) {
	for changed := true; changed; {
		changed = false
		for _, c := range v.claims {
			switch {
			case !c.Events:
			case c.Lo < from && from <= c.Hi && c.Hi < to:
				from, changed = c.Hi+1, true
			case from-1 < c.Lo && c.Lo < to && to <= c.Hi:
				to, changed = c.Lo, true
			}
		}
	}
	return from, to
}
