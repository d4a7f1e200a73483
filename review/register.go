package review

import (
	"bytes"
	"cmp"
	"context"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// PublicRelease is what anybody may know of a release: that it left, for which
// project, how much it was and under which policy. It has no contents, nobody's
// name, no address of the record, and no time but the day.
type PublicRelease struct {
	Day       time.Time // on which it was first delivered; midnight, UTC
	Project   string    // its name; "" when the project is not known any more
	Number    string    // the project's, "" when it has none
	Workspace WorkspaceName
	Title     string
	Files     []TypeCount // the most frequent first
	// Names are the paths of the files that still stand; nil unless the register
	// shows names.
	Names []string
	// Policy is the version that it was decided under.
	Policy string
	// Checkpoint is how many events the checkpoint in the package covers, which
	// orders it among checkpoints that were published; 0 when there is none.
	Checkpoint int64
	Recalled   *PublicRecall // nil for nothing
}

// PublicRecall is that a release, or a part of it, was taken back.
type PublicRecall struct {
	Day   time.Time // of the first report; midnight, UTC
	Whole bool
}

// TypeCount is how many files there are of a type.
type TypeCount struct {
	Type string // one of publicTypes, or "other"
	N    int
}

// publicTypes are the types that the register tells apart. A name's ending that
// is none of these is part of the name, and could say anything.
func publicTypes() []string {
	return []string{"csv", "html", "jpeg", "json", "log", "png", "svg", "txt"}
}

// CheckpointPath is where a package holds its checkpoint of the log.
const CheckpointPath = "data/evidence/checkpoint.txt"

// ProofsPath is where it holds the events of the decision with their proofs.
const ProofsPath = "data/evidence/events.json"

// freshRegister is how old the register may be. It is read by whoever wants to,
// so its cost must not grow with how often it is.
const freshRegister = time.Minute

// PublicRegister says that the register is public, and keeps what it shows.
type PublicRegister struct {
	// Names has the register show the names of files.
	Names bool

	mu    sync.Mutex
	list  []PublicRelease
	read  time.Time
	sizes map[string]int64 // checkpoint's, by release: it never changes
}

// PublicReleases is the register of releases as anybody may see it, newest day
// first; within a day the order says nothing. NotFound unless the register is
// public. The caller does not change the list, which is at most a minute old. It
// authorises nobody: there is nobody to authorise.
func (s *Service) PublicReleases(ctx context.Context) ([]PublicRelease, error) {
	p := s.Public
	if p == nil {
		return nil, Errorf(NotFound, "There is no public register.")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := s.Now()
	if age := now.Sub(p.read); p.list != nil && age >= 0 && age < freshRegister {
		return p.list, nil
	}
	list, err := p.load(ctx, s.Store)
	if err != nil {
		return nil, err
	}
	p.list, p.read = list, now
	return list, nil
}

// load reads all releases, page by page.
func (p *PublicRegister) load(ctx context.Context, store Store) ([]PublicRelease, error) {
	projects, err := store.Projects(ctx)
	if err != nil {
		return nil, err
	}
	by := map[ProjectID]Project{}
	for _, x := range projects {
		by[x.ID] = x
	}
	list := []PublicRelease{}
	next := func(after Place, limit int) ([]Release, error) {
		return store.Releases(ctx, ReleaseQuery{Limit: limit, After: after})
	}
	for some, err := range Pages(500, next, (*Release).Place) {
		if err != nil {
			return nil, err
		}
		if err := p.measure(ctx, store, some); err != nil {
			return nil, err
		}
		for i := range some {
			if r := &some[i]; !r.left().IsZero() {
				list = append(list, p.entry(r, by[r.Project]))
			}
		}
	}
	slices.SortFunc(list, func(a, b PublicRelease) int {
		return cmp.Or(b.Day.Compare(a.Day), cmp.Compare(a.Project, b.Project), cmp.Compare(a.Workspace, b.Workspace),
			cmp.Compare(a.Title, b.Title), cmp.Compare(a.Checkpoint, b.Checkpoint))
	})
	return list, nil
}

// measure finds the sizes of the checkpoints that are not known yet.
func (p *PublicRegister) measure(ctx context.Context, store Store, some []Release) error {
	var unknown []string
	for i := range some {
		if _, ok := p.sizes[some[i].ID]; !ok && !some[i].left().IsZero() {
			unknown = append(unknown, some[i].ID)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	notes, err := store.SealedText(ctx, CheckpointPath, unknown)
	if err != nil {
		return err
	}
	if p.sizes == nil {
		p.sizes = map[string]int64{}
	}
	for _, id := range unknown {
		p.sizes[id] = noteSize(notes[id])
	}
	return nil
}

// noteSize is the number of events that a checkpoint covers, its second line; 0
// when there is none.
func noteSize(note []byte) int64 {
	lines := bytes.SplitN(note, []byte("\n"), 3)
	if len(lines) < 3 {
		return 0
	}
	n, err := strconv.ParseInt(string(lines[1]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (p *PublicRegister) entry(r *Release, of Project) PublicRelease {
	out := PublicRelease{
		Day: day(r.left()), Project: of.Name, Number: of.Number, Workspace: r.Workspace, Title: r.Title,
		Files: countTypes(r.Files), Policy: r.Policy.Version, Checkpoint: p.sizes[r.ID],
	}
	if r.Recalled != nil {
		out.Recalled = &PublicRecall{Day: day(r.Recalled.Since), Whole: r.Recalled.Whole}
	}
	if !p.Names {
		return out
	}
	for _, f := range r.Files {
		if !r.Recalled.Covers(f.Path) { // the name may be what is wrong
			out.Names = append(out.Names, f.Path)
		}
	}
	return out
}

func countTypes(files []ReleasedFile) []TypeCount {
	counts := map[string]int{}
	for _, f := range files {
		t := strings.TrimPrefix(strings.ToLower(path.Ext(f.Path)), ".")
		if t == "jpg" {
			t = "jpeg"
		}
		if !slices.Contains(publicTypes(), t) {
			t = "other"
		}
		counts[t]++
	}
	var out []TypeCount
	for t, n := range counts {
		out = append(out, TypeCount{t, n})
	}
	slices.SortFunc(out, func(a, b TypeCount) int { return cmp.Or(b.N-a.N, cmp.Compare(a.Type, b.Type)) })
	return out
}

// left is when the release first arrived anywhere; zero before.
func (r *Release) left() time.Time {
	first := r.Delivered
	for _, d := range r.Deliveries {
		if !d.At.IsZero() && (first.IsZero() || d.At.Before(first)) {
			first = d.At
		}
	}
	return first
}

func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
