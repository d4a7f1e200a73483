package review

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sallyport/policy"
)

// RecallSeverity is how bad a breach is, as its reporter judges it.
type RecallSeverity string

// Severities of a breach.
const (
	RecallLow      RecallSeverity = "low"      // a rule was broken, nobody can be told apart
	RecallModerate RecallSeverity = "moderate" // somebody might be told apart, with effort or other data
	RecallSerious  RecallSeverity = "serious"  // somebody can be told apart
)

// RecallSeverities lists them, the mildest first.
func RecallSeverities() []RecallSeverity {
	return []RecallSeverity{RecallLow, RecallModerate, RecallSerious}
}

// Recall is that a release, or files of it, were taken back. It is never undone:
// what was recalled by mistake is noted as such and requested anew.
type Recall struct {
	Since   time.Time // the first report
	Whole   bool      // no file of the release stands
	Reports []BreachReport
}

// Covers reports whether a file of the release is recalled.
func (r *Recall) Covers(path string) bool {
	return r != nil && (r.Whole || slices.ContainsFunc(r.Reports, func(b BreachReport) bool { return slices.Contains(b.Files, path) }))
}

// BreachReport is one report of a released file, written once.
type BreachReport struct {
	ID      string
	Release string
	At      time.Time
	By      Username
	Whole   bool     // the release as a whole
	Files   []string // paths; all those of the release when Whole
	// Words say what is wrong, without a number: they go to people outside.
	Words       string
	Severity    RecallSeverity
	Discovered  time.Time
	Withdrawals []Withdrawal // one for each sink that answered, oldest first
	Notes       []RecallNote // what was said of it afterwards, oldest first
}

// Withdrawal is what one sink could take back.
type Withdrawal struct {
	Sink  string
	At    time.Time
	Done  bool // false: the sink cannot, and people have to
	Words string
}

// RecallNote is something said of a recall afterwards.
type RecallNote struct {
	ID    string
	At    time.Time
	By    Username
	Words string
}

// RecallChange is what a change adds to the recalls of its request's release.
// Of names the report that a withdrawal or a note belongs to.
type RecallChange struct {
	Report     *BreachReport
	Of         string
	Withdrawal *Withdrawal // a second one of the same sink is ignored
	Note       *RecallNote
}

// RecallStore reads what was recalled. Changes are part of Change; Release and
// Releases carry it too.
type RecallStore interface {
	// RecalledRequests says of which requests something was recalled, and since
	// when.
	RecalledRequests(ctx context.Context) (map[RequestID]time.Time, error)
}

// ErrCannotWithdraw is what a sink's Withdraw returns, or wraps, when it has no
// way to take anything back: it is not asked again, and people are told.
var ErrCannotWithdraw = errors.New("this place cannot take anything back")

// BreachInput is what a person reports.
type BreachInput struct {
	Files      []string // paths; none for the whole release
	Words      string
	Severity   RecallSeverity
	Discovered time.Time
}

// maxWords is the longest report or note, in characters.
const maxWords = 2000

// check says what of the form is wrong.
func (in *BreachInput) check(rel *Release, now time.Time) error {
	e := Errorf(Invalid, "The report is not complete.")
	in.Words = strings.TrimSpace(in.Words)
	if why := wordsProblem(in.Words); why != "" {
		e.with("words", why)
	}
	if !slices.Contains(RecallSeverities(), in.Severity) {
		e.with("severity", "Say how serious it is.")
	}
	switch {
	case in.Discovered.IsZero():
		e.with("discovered", "Say when it was discovered.")
	case in.Discovered.After(now):
		e.with("discovered", "This is in the future.")
	case in.Discovered.Before(rel.Approved.Truncate(24 * time.Hour)):
		e.with("discovered", "This is before the files were approved.")
	}
	slices.Sort(in.Files)
	in.Files = slices.Compact(in.Files)
	for _, path := range in.Files {
		if !slices.ContainsFunc(rel.Files, func(f ReleasedFile) bool { return f.Path == path }) {
			e.with("files", "A file that is named is not part of the release.")
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// wordsProblem says why a text cannot be sent to people outside. Numbers are
// refused as a whole: a report must say what is wrong, and not tell it again.
func wordsProblem(text string) string {
	switch {
	case text == "":
		return "Say in words what is wrong."
	case utf8.RuneCountInString(text) > maxWords:
		return fmt.Sprintf("This is longer than %d characters.", maxWords)
	case strings.ContainsFunc(text, unicode.IsNumber):
		return "Leave out every number, so that nothing of the data is told again: write “a small count in the second table”, not the count."
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }):
		return "This holds characters that cannot be shown."
	}
	return ""
}

// Recall takes a release, or files of it, back: every sink is asked to withdraw
// it, the people concerned are told, and the mark stays. A release that is on
// its way is stopped as a whole. Conflict when all that is named was recalled
// before.
func (s *Service) Recall(ctx context.Context, a Actor, id RequestID, in BreachInput) error {
	if _, _, err := s.load(ctx, a, id, policy.ReleaseRecall); err != nil {
		return err
	}
	for {
		before, err := s.Store.Request(ctx, id)
		if err != nil {
			return err
		}
		rel, err := s.Store.Release(ctx, id)
		if KindOf(err) == NotFound {
			return errNotReleased()
		}
		if err != nil {
			return err
		}
		if err := in.check(rel, s.Now()); err != nil {
			return err
		}
		_, err = s.change(ctx, a, id, policy.ReleaseRecall, func(r *Request, c *Change) error {
			if r.Version != before.Version {
				return errMoved
			}
			return s.recall(a, r, rel, in, c)
		})
		if !errors.Is(err, errMoved) {
			return err
		}
	}
}

func errNotReleased() *Error {
	return Errorf(Conflict, "Nothing of this request has been released, so nothing can be recalled.")
}

// recall makes the change of a recall.
func (s *Service) recall(a Actor, r *Request, rel *Release, in BreachInput, c *Change) error {
	if err := recallable(r, rel.Recalled); err != nil {
		return err
	}
	report := BreachReport{
		ID: newID(), Release: rel.ID, At: s.Now(), By: a.Username, Whole: len(in.Files) == 0 || r.Status == Approved,
		Files: in.Files, Words: in.Words, Severity: in.Severity, Discovered: in.Discovered.UTC(),
	}
	if len(report.Files) == len(rel.Files) {
		report.Whole = true
	}
	if report.Whole {
		report.Files = nil
		for _, f := range rel.Files {
			report.Files = append(report.Files, f.Path)
		}
	}
	if !slices.ContainsFunc(report.Files, func(p string) bool { return !rel.Recalled.Covers(p) }) {
		return Errorf(Conflict, "This was recalled before. Add a note to its report instead.")
	}
	e := s.event(a, EvRecalled, r)
	if r.Status == Approved {
		e = s.stopRelease(a, r, rel)
	}
	e.Purpose = ForRecall
	e.Detail = map[string]string{
		"recall": report.ID, "release": rel.ID, "files": fmt.Sprint(len(report.Files)), "whole": fmt.Sprint(report.Whole),
		"severity": string(report.Severity), "discovered": report.Discovered.Format(time.RFC3339), "words_sha256": string(digestBytes([]byte(report.Words))),
	}
	c.Events = append(c.Events, e)
	c.Recall = RecallChange{Report: &report}
	for _, d := range rel.Deliveries {
		j := s.job(report.ID+"."+d.Sink, JobWithdraw, r.ID, d.Sink)
		j.Payload = []byte(report.ID)
		c.Jobs = append(c.Jobs, j)
	}
	return nil
}

// stopRelease ends a request whose release is on its way: it counts as released
// when some of its places have it already, and as rejected when none has.
func (s *Service) stopRelease(a Actor, r *Request, rel *Release) Event {
	if slices.ContainsFunc(rel.Deliveries, func(d Delivery) bool { return !d.At.IsZero() }) {
		e := s.transition(a, r, Released, EvRecalled)
		r.Released = e.At
		return e
	}
	return s.transition(a, r, Rejected, EvRecalled)
}

// recallable says why nothing of a request can be recalled now, if so.
func recallable(r *Request, done *Recall) error {
	switch {
	case r.Status != Released && r.Status != Approved:
		return errNotReleased()
	case done != nil && done.Whole:
		return Errorf(Conflict, "All of this release was recalled before.")
	}
	return nil
}

// withdraw asks one sink to take a recalled release back.
func (s *Service) withdraw(ctx context.Context, job *Job) error {
	rel, err := s.Store.Release(ctx, job.Request)
	if err != nil {
		return err
	}
	of := string(job.Payload)
	report := rel.report(of)
	if report == nil {
		return fmt.Errorf("release %s has no recall %q", rel.ID, of)
	}
	if slices.ContainsFunc(report.Withdrawals, func(w Withdrawal) bool { return w.Sink == job.Target }) {
		return nil
	}
	sink, err := s.sink(job.Target)
	if err != nil {
		return err
	}
	location := ""
	if d := rel.At(job.Target); d != nil {
		location = d.Location
	}
	words, err := sink.Withdraw(ctx, rel, location)
	cannot := errors.Is(err, ErrCannotWithdraw)
	if err != nil && !cannot {
		return err
	}
	_, err = s.update(ctx, job.Request, func(r *Request) (Change, error) {
		e := s.event(system(), EvTakenBack, r)
		if cannot {
			e.Type = EvNotTakenBack
		}
		e.Purpose, e.Detail = ForRecall, map[string]string{"recall": of, "release": rel.ID, "sink": job.Target, "words": words}
		w := Withdrawal{Sink: job.Target, At: e.At, Done: !cannot, Words: words}
		return Change{Events: []Event{e}, Recall: RecallChange{Of: of, Withdrawal: &w}}, nil
	})
	return err
}

// report finds one of the reports of a release.
func (r *Release) report(id string) *BreachReport {
	if r.Recalled == nil {
		return nil
	}
	for i := range r.Recalled.Reports {
		if r.Recalled.Reports[i].ID == id {
			return &r.Recalled.Reports[i]
		}
	}
	return nil
}

// NoteRecall adds a note to a report: that it was mistaken, or what was done
// since. It undoes nothing.
func (s *Service) NoteRecall(ctx context.Context, a Actor, id RequestID, report, words string) error {
	if _, _, err := s.load(ctx, a, id, policy.ReleaseRecall); err != nil {
		return err
	}
	words = strings.TrimSpace(words)
	if why := wordsProblem(words); why != "" {
		return Errorf(Invalid, "%s", why).with("words", why)
	}
	rel, err := s.Store.Release(ctx, id)
	if KindOf(err) == NotFound {
		return errNotReleased()
	}
	if err != nil {
		return err
	}
	if rel.report(report) == nil {
		return Errorf(NotFound, "There is no such report.")
	}
	_, err = s.change(ctx, a, id, policy.ReleaseRecall, func(r *Request, c *Change) error {
		e := s.event(a, EvRecallNoted, r)
		e.Detail = map[string]string{"recall": report, "words_sha256": string(digestBytes([]byte(words)))}
		c.Events = append(c.Events, e)
		c.Recall = RecallChange{Of: report, Note: &RecallNote{ID: newID(), At: e.At, By: a.Username, Words: words}}
		return nil
	})
	return err
}

// errRecalledFile is what a researcher is told who asks for a recalled file.
func errRecalledFile(since time.Time) *Error {
	return Errorf(Conflict, "This file was recalled on %s and can no longer be opened here. Delete every copy you have; the request says why.", since.UTC().Format("2 January 2006"))
}
