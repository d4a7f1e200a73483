package review

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Host tells what only the program around a service knows: of itself, and of the
// machine that it runs on.
type Host interface {
	Facts() HostFacts
}

// HostFacts are a machine's and a program's. What is not known is zero.
type HostFacts struct {
	Version  string    // of the program
	Database string    // its kind, in a word
	Started  time.Time // the program
	Disks    []Disk
	Backup   time.Time // when the newest backup was made that is known of
}

// Disk is the space of one folder's file system, in bytes.
type Disk struct {
	Folder  string // what lies there, in words: "data", "exports"
	Free    int64  // for this program
	Total   int64
	Problem string // why it could not be asked; "" when it could
}

// Health is what a running service knows of its own condition: facts, and none of
// what people wrote or released. The operator's page, the probes and the metrics
// rest on it.
type Health struct {
	At     time.Time
	Host   HostFacts
	Jobs   []JobHealth // by kind, those alone that wait or were given up
	Signed SignedHealth
	// Leapt says that this instance's clock was set lately, so that nothing is
	// removed for now.
	Leapt bool
}

// JobHealth is one kind of background work.
type JobHealth struct {
	Kind    string
	Waiting int       // to be done or being done
	Failing int       // of those: tried, and to be tried again
	Dead    int       // given up
	Oldest  time.Time // when the one that waits longest was due; zero for none that is
	Since   time.Time // since when the first of the failing fails
}

// SignedHealth is how far the record is signed, and who has seen it.
type SignedHealth struct {
	On        bool  // the record is signed at all
	Newest    int64 // events under the newest checkpoint
	At        time.Time
	Unsigned  int64 // events since
	Every     time.Duration
	Witnesses []WitnessHealth
}

// WitnessHealth is what one witness was sent last.
type WitnessHealth struct {
	Name string
	Size int64     // events under the newest checkpoint that it took; 0 for none
	At   time.Time // when that was signed
}

// Concern is something about the service's condition that a person should look
// at, in a plain sentence. What is stable, for programs.
type Concern struct{ What, Words string }

// From where on a condition is a concern.
const (
	fullDisk    = 10 // percent free, or less
	lateJob     = 15 * time.Minute
	lateBackup  = 8 * 24 * time.Hour
	lateWitness = 24 * time.Hour
)

// Concerns are what is not as it should be, the gravest first. A service that
// knows of no backup is no concern: backups may be made elsewhere.
func (h *Health) Concerns() []Concern {
	var out []Concern
	add := func(what, words string) { out = append(out, Concern{what, words}) }
	for _, d := range h.Host.Disks {
		switch {
		case d.Problem != "":
			add("disk", "The space for "+d.Folder+" cannot be read: "+d.Problem)
		case d.Total > 0 && d.Free*100 <= d.Total*fullDisk:
			add("disk", "Little space is left for "+d.Folder+".")
		}
	}
	for _, j := range h.Jobs {
		switch {
		case j.Dead > 0:
			add("jobs", "Work of the kind "+j.Kind+" was given up.")
		case j.Failing > 0:
			add("jobs", "Work of the kind "+j.Kind+" fails, and is tried again.")
		case !j.Oldest.IsZero() && h.At.Sub(j.Oldest) > lateJob:
			add("jobs", "Work of the kind "+j.Kind+" has waited for longer than it should.")
		}
	}
	out = append(out, h.Signed.concerns(h.At)...)
	if h.Leapt {
		add("retention", "The clock was set, or nothing was on record for days: nothing is removed until a day has passed.")
	}
	if !h.Host.Backup.IsZero() && h.At.Sub(h.Host.Backup) > lateBackup {
		add("backup", "The newest backup is more than a week old.")
	}
	return out
}

func (s SignedHealth) concerns(now time.Time) []Concern {
	var out []Concern
	if s.On && s.Every > 0 && s.Unsigned > 0 && !s.At.IsZero() && now.Sub(s.At) > 2*s.Every {
		out = append(out, Concern{"checkpoint", "The record has grown, and was not signed when it was time."})
	}
	for _, w := range s.Witnesses {
		if s.Newest > w.Size && (w.At.IsZero() || s.At.Sub(w.At) > lateWitness) {
			out = append(out, Concern{"witness", "The witness " + w.Name + " has not taken the newest checkpoints."})
		}
	}
	return out
}

// Health reads the service's condition. It authorises nobody: what it returns is
// for the service's own probes and metrics, and for Status, which does.
func (s *Service) Health(ctx context.Context) (*Health, error) {
	h := &Health{At: s.Now(), Leapt: s.Steady.inDoubt()}
	if s.Host != nil {
		h.Host = s.Host.Facts()
	}
	var err error
	if h.Jobs, err = s.jobHealth(ctx, h.At); err != nil {
		return nil, err
	}
	h.Signed, err = s.signedHealth(ctx)
	return h, err
}

// jobHealth counts what waits and what was given up, by kind.
func (s *Service) jobHealth(ctx context.Context, now time.Time) ([]JobHealth, error) {
	list, err := s.Store.Jobs(ctx, JobQuery{States: []JobState{JobWaiting, JobDead}, Limit: 100_000})
	if err != nil {
		return nil, err
	}
	kinds := map[string]*JobHealth{}
	for _, j := range list {
		k := kinds[j.Kind]
		if k == nil {
			k = &JobHealth{Kind: j.Kind}
			kinds[j.Kind] = k
		}
		k.add(j, now)
	}
	var out []JobHealth
	for _, k := range kinds {
		out = append(out, *k)
	}
	slices.SortFunc(out, func(a, b JobHealth) int { return cmp.Compare(a.Kind, b.Kind) })
	return out, nil
}

func (k *JobHealth) add(j Job, now time.Time) {
	if j.State == JobDead {
		k.Dead++
		return
	}
	k.Waiting++
	if !j.Failing.IsZero() {
		k.Failing++
		if k.Since.IsZero() || j.Failing.Before(k.Since) {
			k.Since = j.Failing
		}
	}
	if !j.Due.After(now) && (k.Oldest.IsZero() || j.Due.Before(k.Oldest)) {
		k.Oldest = j.Due
	}
}

// signedHealth tells how far the record is signed.
func (s *Service) signedHealth(ctx context.Context) (SignedHealth, error) {
	out := SignedHealth{On: s.Ledger != nil, Every: s.Checkpoints.Every}
	if !out.On {
		return out, nil
	}
	newest, err := s.Ledger.Newest(ctx)
	if err != nil && KindOf(err) != NotFound {
		return out, err
	}
	out.Newest, out.At = newest.Size, newest.At
	last, err := s.Store.Events(ctx, EventQuery{Newest: true, Limit: 1})
	if err != nil {
		return out, err
	}
	if len(last) > 0 {
		out.Unsigned = last[0].Seq - newest.Size
	}
	for _, w := range s.Checkpoints.Witnesses {
		seen, err := s.witnessHealth(ctx, w.Name)
		if err != nil {
			return out, err
		}
		out.Witnesses = append(out.Witnesses, seen)
	}
	return out, nil
}

// witnessHealth finds the newest checkpoint that a witness took.
func (s *Service) witnessHealth(ctx context.Context, name string) (WitnessHealth, error) {
	out := WitnessHealth{Name: name}
	done, err := s.Store.Jobs(ctx, JobQuery{Kinds: []string{JobWitness}, Target: name, States: []JobState{JobDone}, Newest: true, Limit: 1})
	if err != nil || len(done) == 0 {
		return out, err
	}
	_, digits, _ := strings.Cut(done[0].ID, JobWitness+"-"+name+"-")
	if out.Size, err = strconv.ParseInt(digits, 10, 64); err != nil {
		return out, nil // a job of another form says that there is one, and not which
	}
	list, err := s.Ledger.Checkpoints(ctx, out.Size+1, 1)
	if err == nil && len(list) > 0 && list[0].Size == out.Size {
		out.At = list[0].At
	}
	return out, err
}
