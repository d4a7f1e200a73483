package review

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"sync"
	"time"

	"sallyport/policy"
)

// Damage says in which way stored bytes are not those of their digest.
type Damage string

// Ways in which stored bytes can be damaged. Longer, shorter and another
// blob's bytes are all Changed: what is there hashes to something else.
const (
	Changed    Damage = "changed"
	Missing    Damage = "missing"
	Unreadable Damage = "unreadable"
)

// Alarm says that stored bytes are not those of their digest. While it stands,
// nothing that rests on them can be voted on, handed in, approved or released.
// It ends when an operator has brought the bytes back and says so.
type Alarm struct {
	ID     string
	Digest Digest
	Damage Damage
	At     time.Time // when it was found
	// Ended, By and Reason are zero while the alarm stands.
	Ended  time.Time
	By     Username
	Reason string
	// Requests rest on these bytes. Filled in when alarms are read.
	Requests []RequestID
}

// AlarmQuery selects alarms. Zero fields do not restrict.
type AlarmQuery struct {
	Open    bool     // those that stand
	Digests []Digest // for any of these
	Limit   int      // 0 means 1000
}

// Scrub is how far the reading of all stored bytes has come, and how the round
// before ended.
type Scrub struct {
	Begun    time.Time // this round; zero between rounds
	After    Digest    // the last blob read
	Done     int       // blobs read in this round
	Finished time.Time // the round before; zero when there was none
	Total    int       // blobs read in it
}

// IntegrityStore keeps alarms about stored bytes, and which bytes there are.
type IntegrityStore interface {
	// RaiseAlarm keeps an alarm with its event, unless one for the same bytes
	// stands: then it keeps nothing and says false.
	RaiseAlarm(ctx context.Context, a Alarm, e Event) (raised bool, err error)
	// EndAlarm ends an alarm, with Alarm's Ended, By and Reason, and its event.
	// NotFound when there is no such alarm, Conflict when it has ended.
	EndAlarm(ctx context.Context, a Alarm, e Event) error
	// Alarms lists alarms, newest first.
	Alarms(ctx context.Context, q AlarmQuery) ([]Alarm, error)
	// BlobsInUse lists, in order, the digests after one that any request still
	// rests on, at most so many.
	BlobsInUse(ctx context.Context, after Digest, limit int) ([]Digest, error)
	// Scrub and SaveScrub keep how far reading them all has come. Zero before
	// the first.
	Scrub(ctx context.Context) (Scrub, error)
	SaveScrub(ctx context.Context, s Scrub) error
}

// ErrDamaged is what a store answers to a Change whose Rests are under an alarm.
func ErrDamaged() *Error {
	return Errorf(Conflict, "Stored bytes that this request rests on are not those on record. Nothing of it can be decided until an operator has brought them back.")
}

// rests are the bytes that a request's decisions rest on: its files as they
// came and as they would leave.
func (r *Request) rests() []Digest {
	seen := map[Digest]bool{"": true}
	var out []Digest
	for i := range r.Groups {
		for _, f := range r.Groups[i].Files {
			for _, d := range []Digest{f.Digest, f.Release} {
				if f.Kind != WithdrawnF && !seen[d] {
					seen[d] = true
					out = append(out, d)
				}
			}
		}
	}
	return out
}

// decides says whether an action is a step towards release, which must not rest
// on damaged bytes.
func decides(a policy.Action) bool {
	return a == policy.ReviewVote || a == policy.ReviewSubmit || a == policy.ReviewRelease
}

// intact is Conflict while an alarm stands for bytes that the request rests on.
// The store asks again, in the transaction of the change.
func (s *Service) intact(ctx context.Context, r *Request) error {
	bad, err := s.Store.Alarms(ctx, AlarmQuery{Open: true, Digests: r.rests(), Limit: 1})
	if err == nil && len(bad) > 0 {
		return ErrDamaged()
	}
	return err
}

// wholeFile hashes a file again, as it came and as it would leave.
func (s *Service) wholeFile(ctx context.Context, a Actor, r *Request, f *File) error {
	if err := s.checkBlob(ctx, a, r, f.Digest, io.Discard); err != nil || f.Release == "" || f.Release == f.Digest {
		return err
	}
	return s.checkBlob(ctx, a, r, f.Release, io.Discard)
}

// readBlob reads a blob whole; see checkBlob.
func (s *Service) readBlob(ctx context.Context, a Actor, r *Request, d Digest) ([]byte, error) {
	var b bytes.Buffer
	err := s.checkBlob(ctx, a, r, d, &b)
	return append([]byte{}, b.Bytes()...), err
}

// checkBlob reads a blob to its end into w and holds it to its digest. Bytes
// that differ raise an alarm, and stop everything that rests on them. r is the
// request they are read for; nil for none.
func (s *Service) checkBlob(ctx context.Context, a Actor, r *Request, d Digest, w io.Writer) error {
	err := hashThrough(ctx, s.Blobs, d, w)
	damage := damageOf(ctx, err)
	if damage == "" {
		return err
	}
	if r != nil && damage == Missing {
		at, rerr := s.Store.RetiredAt(ctx, r.ID)
		if rerr != nil {
			return errors.Join(rerr, err)
		}
		if !at.IsZero() {
			return errRemoved(at)
		}
	}
	return s.alarm(ctx, a, r, d, damage, err)
}

// hashThrough copies a blob, and is ErrCorrupt when it is not what its digest
// says, whatever the blob store thinks of it.
func hashThrough(ctx context.Context, blobs Blobs, d Digest, w io.Writer) error {
	rc, err := blobs.Open(ctx, d)
	if err != nil {
		return err
	}
	defer rc.Close() // only read from
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(sum, w), Interruptible(ctx, rc)); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != string(d) {
		return ErrCorrupt
	}
	return nil
}

// Interruptible reads from r until ctx ends: what is read next is ctx's error then.
func Interruptible(ctx context.Context, r io.Reader) io.Reader { return interruptible{ctx, r} }

type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i interruptible) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}

// damageOf says what an error of reading stored bytes means for them: "" when
// it says nothing, because the reading was interrupted or is to be tried again.
func damageOf(ctx context.Context, err error) Damage {
	switch {
	case err == nil, ctx.Err() != nil, KindOf(err) == Unavailable:
		return ""
	case errors.Is(err, ErrCorrupt):
		return Changed
	case KindOf(err) == NotFound:
		return Missing
	default:
		return Unreadable
	}
}

// alarm puts damaged bytes on record, once for each time they are damaged, and
// returns what the person who met them is told.
func (s *Service) alarm(ctx context.Context, a Actor, r *Request, d Digest, damage Damage, cause error) error {
	e := s.event(a, EvIntegrity, r)
	e.Digest, e.Detail = d, map[string]string{"damage": string(damage)}
	alarm := Alarm{ID: newID(), Digest: d, Damage: damage, At: e.At}
	raised, err := s.Store.RaiseAlarm(ctx, alarm, e)
	if err != nil {
		return errors.Join(err, cause)
	}
	if raised {
		if err := s.tellOfDamage(ctx, r, alarm); err != nil {
			s.Log.ErrorContext(ctx, "nobody is told of an alarm but on the pages", "error", err)
		}
		s.Log.ErrorContext(ctx, "stored bytes are not those of their digest", "digest", d, "damage", damage, "request", e.Request)
	}
	return &Error{Kind: Unavailable, Err: cause,
		Message: "The stored bytes of this file are not those on record. Nothing can be done with it until an operator has looked into it."}
}

// Alarms lists the alarms that stand, for those who watch the service, and for
// a checker those about requests that are routed to them.
func (s *Service) Alarms(ctx context.Context, a Actor) ([]Alarm, error) {
	if a.Person == nil {
		return nil, nil
	}
	all := a.MaySomewhere(policy.StatusView)
	if !all && !a.MaySomewhere(policy.ReviewVote) {
		return nil, nil
	}
	list, err := s.Store.Alarms(ctx, AlarmQuery{Open: true})
	if err != nil || all || len(list) == 0 {
		return list, err
	}
	mine, err := s.Store.Requests(ctx, RequestQuery{Checker: a.Username, Limit: maxQueue})
	if err != nil {
		return nil, err
	}
	routed := map[RequestID]bool{}
	for i := range mine {
		routed[mine[i].ID] = relation(a.Person, &mine[i]) == policy.Assigned
	}
	var out []Alarm
	for _, x := range list {
		var about []RequestID
		for _, id := range x.Requests {
			if routed[id] {
				about = append(about, id)
			}
		}
		if x.Requests = about; len(about) > 0 {
			out = append(out, x)
		}
	}
	return out, nil
}

// Restored ends an alarm, for an operator who has brought the bytes back. They
// are read again first: Conflict while they are still not what they should be.
func (s *Service) Restored(ctx context.Context, a Actor, alarm, reason string) error {
	if err := s.Authorise(ctx, a, policy.BlobRestore); err != nil {
		return err
	}
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return Errorf(Invalid, "Say what happened and how the bytes were brought back.").with("reason", "Say what happened and how the bytes were brought back.")
	}
	if err := checkLengths(map[string]string{"reason": reason}, maxText); err != nil {
		return err
	}
	open, err := s.Store.Alarms(ctx, AlarmQuery{Open: true})
	if err != nil {
		return err
	}
	for _, x := range open {
		if x.ID != alarm {
			continue
		}
		if err := hashThrough(ctx, s.Blobs, x.Digest, io.Discard); err != nil {
			if d := damageOf(ctx, err); d != "" {
				return Errorf(Conflict, "The bytes are not back: what is stored under %s is %s. Restore it from a copy, then record it.", x.Digest, d)
			}
			return err
		}
		e := s.event(a, EvRestored, nil)
		e.Digest, e.Detail = x.Digest, map[string]string{"reason": reason}
		x.Ended, x.By, x.Reason = e.At, a.Username, reason
		return s.Store.EndAlarm(ctx, x, e)
	}
	return Errorf(NotFound, "There is no such alarm, or it has ended.")
}

// scrubStep bounds what one step of reading all stored bytes takes on, so that
// the service's own work hardly notices: a step is done every few seconds.
const scrubStep = 50

// scrubPause is how long a round rests after the one before.
const scrubPause = 24 * time.Hour

// ScrubStep reads the next few stored blobs and raises alarms for those that
// are damaged. It goes on from where the last step, of this or another process,
// ended. Round says that it was the last step of a round; there is nothing to
// do for a day then.
func (s *Service) ScrubStep(ctx context.Context) (round bool, err error) {
	at, err := s.Store.Scrub(ctx)
	if err != nil {
		return false, err
	}
	now := s.Now()
	if at.Begun.IsZero() {
		if now.Sub(at.Finished) < scrubPause {
			return true, nil
		}
		at.Begun, at.After, at.Done = now, "", 0
	}
	list, err := s.Store.BlobsInUse(ctx, at.After, scrubStep)
	if err != nil {
		return false, err
	}
	for _, d := range list {
		if _, err := s.scrub(ctx, d); err != nil {
			return false, err
		}
		at.After = d
		at.Done++
	}
	if len(list) < scrubStep {
		at.Finished, at.Total, at.Begun, at.After, at.Done = s.Now(), at.Done, time.Time{}, "", 0
	}
	return at.Begun.IsZero(), s.Store.SaveScrub(ctx, at)
}

// scrub reads one blob. That it is damaged is for the alarm, and no error. Bytes
// that were given up since they were listed are not damaged.
func (s *Service) scrub(ctx context.Context, d Digest) (Damage, error) {
	err := hashThrough(ctx, s.Blobs, d, io.Discard)
	damage := damageOf(ctx, err)
	if damage == Missing {
		if used, err := s.Store.InUse(ctx, d); err != nil || !used {
			return "", err
		}
	}
	if damage == "" {
		return "", err
	}
	if KindOf(s.alarm(ctx, system(), nil, d, damage, err)) != Unavailable {
		return damage, err
	}
	return damage, nil
}

// VerifyBlobs reads every stored blob that is in use, now, and raises alarms.
// Bad is told of each that is damaged.
func (s *Service) VerifyBlobs(ctx context.Context, bad func(Digest, Damage)) (n int, err error) {
	var after Digest
	for {
		list, err := s.Store.BlobsInUse(ctx, after, scrubStep)
		if err != nil || len(list) == 0 {
			return n, err
		}
		for _, d := range list {
			damage, err := s.scrub(ctx, d)
			if damage != "" {
				bad(d, damage)
			}
			if err != nil {
				return n, err
			}
			after = d
			n++
		}
	}
}

// guarded is a package whose bytes are hashed as a sink reads them, so that an
// upload counts only when what went up is what was approved.
type guarded struct {
	s   *Service
	r   *Request
	mu  sync.Mutex
	bad error
}

// guard puts a hash between a package and its sink, whichever way the sink reads
// the bytes. The verdict is for after Deliver: an upload whose bytes differed is
// none.
func (s *Service) guard(r *Request, p *Package) (wrapped *Package, verdict func() error) {
	g := &guarded{s: s, r: r}
	sizes := map[Digest]int64{}
	for _, f := range p.Release.Files {
		sizes[f.SHA256] = f.Size
	}
	w := *p
	w.Open = func(ctx context.Context, d Digest) (io.ReadCloser, error) {
		size, stored := sizes[d]
		if !stored {
			return nil, Errorf(NotFound, "These bytes are not part of the release.")
		}
		return g.open(ctx, hashing{want: d, size: size, stored: true}, func(ctx context.Context) (io.ReadCloser, error) { return p.Open(ctx, d) })
	}
	w.Entries = make([]Entry, len(p.Entries))
	for i, e := range p.Entries {
		_, stored := sizes[e.SHA256]
		w.Entries[i] = e
		w.Entries[i].Open = func(ctx context.Context) (io.ReadCloser, error) {
			return g.open(ctx, hashing{want: e.SHA256, size: e.Size, stored: stored}, e.Open)
		}
	}
	return &w, func() error {
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.bad
	}
}

func (g *guarded) open(ctx context.Context, h hashing, open func(context.Context) (io.ReadCloser, error)) (io.ReadCloser, error) {
	rc, err := open(ctx)
	if err != nil {
		return nil, g.failed(ctx, h.want, h.stored, err)
	}
	h.ReadCloser, h.g, h.ctx, h.sum = rc, g, ctx, sha256.New()
	return &h, nil
}

// failed remembers that some bytes were not those approved. Those that are
// stored as blobs raise an alarm.
func (g *guarded) failed(ctx context.Context, d Digest, stored bool, err error) error {
	if damage := damageOf(ctx, err); stored && damage != "" {
		err = g.s.alarm(ctx, system(), g.r, d, damage, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.bad == nil {
		g.bad = fmt.Errorf("uploading: %w", err)
	}
	return err
}

// hashing reads through a hash that must match once as many bytes are read as
// there should be, so that a sink which never asks for the end is held to it too.
type hashing struct {
	io.ReadCloser
	g      *guarded
	ctx    context.Context
	sum    hash.Hash
	want   Digest
	size   int64 // that the bytes should have
	read   int64
	stored bool
	err    error
}

func (h *hashing) Read(p []byte) (int, error) {
	if h.err != nil {
		return 0, h.err
	}
	n, err := h.ReadCloser.Read(p)
	h.sum.Write(p[:n])
	h.read += int64(n)
	ended := errors.Is(err, io.EOF)
	if h.read > h.size || (ended || h.read == h.size) && hex.EncodeToString(h.sum.Sum(nil)) != string(h.want) {
		err, ended = ErrCorrupt, false
	}
	if err != nil && !ended {
		err = h.g.failed(h.ctx, h.want, h.stored, err)
	}
	h.err = err
	return n, err
}
