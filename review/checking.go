package review

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"sallyport/checks"
	"sallyport/policy"
)

func digestBytes(b []byte) Digest {
	sum := sha256.Sum256(b)
	return Digest(hex.EncodeToString(sum[:]))
}

// ReportDigest names findings by content: the SHA-256 of their JSON.
func ReportDigest(rep *checks.Report) (Digest, error) {
	b, err := json.Marshal(rep)
	if err != nil {
		return "", err
	}
	return digestBytes(b), nil
}

// recheck makes the findings of the request's files as they are now, unless the
// same files were checked before under the same policy and engine, and puts
// them in force. It is called after each change of the files, never at a view.
// Of many files the checks go on behind.
func (s *Service) recheck(ctx context.Context, a Actor, id RequestID) error {
	if large := cmp.Or(s.Behind, s.later); large != nil {
		r, err := s.Store.Request(ctx, id)
		if err != nil {
			return err
		}
		if r.files() >= large.From {
			if s.later == nil {
				s.recheckBehind(ctx, a, r)
			}
			return nil
		}
	}
	return s.recheckNow(ctx, a, id, nil)
}

// recheckNow does the same before it returns. Done, when not nil, is told of
// each file, and says that nobody waits.
func (s *Service) recheckNow(ctx context.Context, a Actor, id RequestID, done func(int, *checks.FileReport)) error {
	if err := s.scanNew(ctx, a, id); err != nil {
		return err
	}
	// A few rounds: if the files change while the checks run, the newer files
	// are checked instead.
	for range 5 {
		r, err := s.Store.Request(ctx, id)
		if err != nil {
			return err
		}
		set, key, err := s.checkSet(ctx, r)
		if err != nil {
			return err
		}
		if r.ReportKey == key {
			return nil
		}
		set.Urgent, set.Done = done == nil, done
		digest, heaviest, err := s.reportFor(ctx, key, set, watched(&set))
		if err != nil {
			return err
		}
		checked := setDigest(r)
		_, err = s.update(ctx, id, func(r *Request) (Change, error) {
			if setDigest(r) != checked {
				return Change{}, errNothing
			}
			r.ReportKey, r.Findings, r.Worst = key, digest, heaviest
			e := s.event(a, EvChecked, r)
			e.Detail = map[string]string{"engine": key.Engine}
			return Change{Events: []Event{e}}, nil
		})
		if !errors.Is(err, errNothing) {
			return err
		}
	}
	return Errorf(Conflict, "The files of this request keep changing. Try again in a moment.")
}

// reportFor returns the digest and the worst of the findings under the key, made
// now if they were never made.
//
// Findings that were made while the storage could not be reached tell of the
// storage and not of the files. They are not kept, for they would stand for good.
func (s *Service) reportFor(ctx context.Context, key ReportKey, set checks.Set, outage func() error) (Digest, policy.Severity, error) {
	rep, err := s.Store.Report(ctx, key)
	if KindOf(err) == NotFound {
		if rep, err = s.Checker.Run(ctx, s.Policy, set); err != nil {
			return "", "", err
		}
		if err = outage(); err != nil {
			return "", "", err
		}
		if err = s.Store.SaveReport(ctx, key, rep); err != nil {
			return "", "", err
		}
		// What is in force is what was kept first, if two were at it.
		rep, err = s.Store.Report(ctx, key)
	}
	if err != nil {
		return "", "", err
	}
	d, err := ReportDigest(rep)
	return d, worst(rep), err
}

// watched has a set remember the first failure of the storage to give its files'
// bytes, and returns what tells it: nil when there was none.
func watched(set *checks.Set) (outage func() error) {
	var mu sync.Mutex
	var first error
	note := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		if first == nil && KindOf(err) != NotFound && !errors.Is(err, ErrCorrupt) { // those are damage, and told as such
			first = &Error{Kind: Unavailable, Message: "Stored bytes cannot be read just now. Try again.", Err: err}
		}
	}
	for _, files := range [][]checks.File{set.Files, set.Earlier} {
		for i := range files {
			open := files[i].Open
			files[i].Open = func() (io.ReadCloser, error) {
				rc, err := open()
				if err != nil {
					note(err)
					return nil, err
				}
				return noting{rc, note}, nil
			}
		}
	}
	return func() error {
		mu.Lock()
		defer mu.Unlock()
		return first
	}
}

// noting tells of a failure to read.
type noting struct {
	io.ReadCloser
	note func(error)
}

func (r noting) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.note(err)
	}
	return n, err
}

// checkSet is the request's files as the checks take them, with everything that
// left the workspace before, and the key of their findings.
func (s *Service) checkSet(ctx context.Context, r *Request) (checks.Set, ReportKey, error) {
	set := checks.Set{Workspace: true}
	for i := range r.Groups {
		g := &r.Groups[i]
		for j := range g.Files {
			if f := &g.Files[j]; f.Kind != WithdrawnF {
				set.Files = append(set.Files, s.checkFile(ctx, g, f))
			}
		}
	}
	past, err := s.Store.Releases(ctx, ReleaseQuery{Workspace: r.Workspace, Limit: maxEarlier})
	if err != nil {
		return set, ReportKey{}, err
	}
	parts := []string{string(setDigest(r))}
	for _, rel := range past {
		for _, f := range rel.Files {
			set.Earlier = append(set.Earlier, checks.File{Path: f.Path, Open: s.opener(ctx, f.SHA256)})
			parts = append(parts, f.Path, string(f.SHA256))
		}
	}
	return set, ReportKey{Set: digestOf(parts...), Policy: s.Policy.SHA256, Engine: s.Checker.Engine()}, nil
}

// maxEarlier is how many earlier releases of the workspace are compared with,
// newest first.
const maxEarlier = 200

func (s *Service) checkFile(ctx context.Context, g *Group, f *File) checks.File {
	origin := f.Origin
	return checks.File{
		Path: f.Path, Open: s.opener(ctx, f.Digest), Supporting: f.Kind == Supporting,
		Group: string(g.ID), Context: groupText(g), Origin: &origin,
	}
}

// groupText is what the author wrote about a group, in the order of the ids.
func groupText(g *Group) string {
	var b strings.Builder
	for _, m := range []map[string]string{g.Context, g.Controls} {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			b.WriteString(k + ": " + m[k] + "\n")
		}
	}
	return b.String()
}

func (s *Service) opener(ctx context.Context, d Digest) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return s.Blobs.Open(ctx, d) }
}

// setDigest names what the checks look at in a request.
func setDigest(r *Request) Digest {
	var parts []string
	for i := range r.Groups {
		g := &r.Groups[i]
		for j := range g.Files {
			if f := &g.Files[j]; f.Kind != WithdrawnF {
				parts = append(parts, f.Path, string(f.Kind), string(f.Digest), string(g.ID), groupText(g))
			}
		}
	}
	return digestOf(parts...)
}
