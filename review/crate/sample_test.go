package crate_test

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/checks"
	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/crate"
	"sallyport/review/ledger"
	"sallyport/review/reviewtest"
	"sallyport/storage"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Markers of what must never be in a package, wherever it comes from.
const (
	inSupporting = "MARKSUPPORTING"
	inWithdrawn  = "MARKWITHDRAWN"
	inComment    = "MARKCOMMENT"
	inReason     = "MARKREASON"
	inContext    = "MARKCONTEXT"
	inFinding    = "MARKFINDING"
	inRemoved    = "MARKREMOVED"
)

// leaky is a checker whose findings hold what they have found.
type leaky struct{}

func (leaky) Engine() string { return checks.EngineVersion }

func (leaky) Run(_ context.Context, p *policy.Policy, set checks.Set) (*checks.Report, error) {
	rep := &checks.Report{Schema: "1", Policy: p.Ref(), Engine: checks.EngineVersion}
	for _, f := range set.Files {
		fr := checks.FileReport{Path: f.Path, Status: "complete", Findings: []checks.Finding{}}
		if strings.HasSuffix(f.Path, "a.csv") {
			fr.Findings = append(fr.Findings, checks.Finding{
				Check: "redaction-recoverable", Kind: "narrow", Severity: policy.Warn, Message: "It is " + inFinding,
				Column: inFinding, ColumnIndex: checks.Int(1), Table: inFinding, Fingerprint: inFinding,
				Rows:     []checks.Row{{Line: 2, Key: inFinding, Value: inFinding}},
				Related:  []checks.CellRef{{Path: inFinding, Value: inFinding}},
				Evidence: map[string]any{"value": inFinding},
			})
		}
		if strings.HasSuffix(f.Path, "r.html") {
			fr.Status, fr.Reason = "incomplete", "It says "+inFinding
		}
		rep.Files = append(rep.Files, fr)
	}
	return rep, nil
}

// removing is a sanitiser that names what it removed.
type removing struct{}

func (removing) Sanitise(p string, data []byte) ([]byte, string, []review.Removal, error) {
	if !strings.HasSuffix(p, ".html") {
		return data, "text/csv", nil, nil
	}
	clean := strings.ReplaceAll(string(data), inRemoved, "")
	return []byte(clean), "text/html", []review.Removal{
		{What: "script", Count: 1, Where: inRemoved}, {What: "element " + inRemoved, Count: 2}, {What: "text chunk (" + inRemoved + ")", Count: 1},
	}, nil
}

// sample is a world in which one release was made.
type sample struct {
	*reviewtest.World
	db      *storage.Store
	signer  *ledger.Signer
	request review.RequestID
	sink    *capture
	extra   []string // names of further outputs
}

// capture is a sink that keeps what it was given.
type capture struct {
	got  []*review.Package
	fail func() error
}

func (c *capture) Deliver(_ context.Context, p *review.Package) (string, error) {
	c.got = append(c.got, p)
	if c.fail != nil {
		return "", c.fail()
	}
	return "here", nil
}

func (c *capture) Withdraw(context.Context, *review.Release, string) (string, error) { return "", nil }

// newSample takes a request with two outputs, an HTML report, a supporting and a
// withdrawn file, through a return, a changed vote, an acknowledgement and an
// exception, to its approval. extra are names of further outputs.
func newSample(t testing.TB, extra ...string) *sample {
	t.Helper()
	s := emptySample(t, extra...)
	s.file(t)
	s.review(t)
	return s
}

// emptySample is the service of a sample, with no request in it.
func emptySample(t testing.TB, extra ...string) *sample {
	t.Helper()
	ctx := context.Background()
	db, err := storage.Open(ctx, filepath.Join(t.TempDir(), "x.db"), time.Now)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	s := &sample{World: reviewtest.NewWorld(t, db), db: db, sink: &capture{}, extra: extra}
	s.signer, err = ledger.OpenSigner(filepath.Join(t.TempDir(), "keys"))
	must(t, err)
	keys, err := ledger.ParseKeys(s.signer.PublicKey())
	must(t, err)
	s.Checker, s.Sanitiser = leaky{}, removing{}
	s.Ledger = &ledger.Log{Store: db, Signer: s.signer, Keys: keys, Now: s.Now}
	s.Packer = crate.Packer{Publisher: "The North Secure Data Environment", Signer: s.signer}
	s.Sinks = []review.NamedSink{{Name: "exports", Sink: s.sink}}
	return s
}

func (s *sample) file(t testing.TB) {
	ctx, ann := context.Background(), s.As(t, "ann")
	for path, body := range map[string]string{
		"release/a.csv": "sex,n\nF,10\nM,[REDACTED]\n", "release/50% & more/b.csv": "sex,n\nM,20\n",
		"release/r.html": "<p>report" + inRemoved + "</p>", "output/s.csv": inSupporting, "release/w.csv": inWithdrawn,
	} {
		s.Workspaces.Write(reviewtest.Cohort, path, body)
	}
	id, err := s.CreateRequest(ctx, ann, reviewtest.Cohort)
	must(t, err)
	s.request = id
	must(t, s.EditDetails(ctx, ann, id, review.RequestDetails{Title: "Rates by <sex> & age", Purpose: "For the paper on \"rates\"."}))
	add := []review.AddFile{
		{Path: "release/a.csv", Kind: review.Output, Group: inContext}, {Path: "release/50% & more/b.csv", Kind: review.Output, Group: "two"},
		{Path: "release/r.html", Kind: review.Output, Group: "report"}, {Path: "output/s.csv", Kind: review.Supporting, Group: "two"},
		{Path: "release/w.csv", Kind: review.Output, Group: "two"},
	}
	for i, name := range s.extra {
		s.Workspaces.Write(reviewtest.Cohort, name, fmt.Sprintf("sex,n\nF,%d\n", 10*(i+3)))
		add = append(add, review.AddFile{Path: name, Kind: review.Output, Group: "two"})
	}
	results, err := s.AddFiles(ctx, ann, id, add)
	must(t, err)
	for _, r := range results {
		if r.Problem != "" {
			t.Fatalf("%q: %s", r.Path, r.Problem)
		}
	}
	must(t, s.WithdrawFile(ctx, ann, id, results[4].File))
	must(t, s.Acknowledge(ctx, ann, id, review.AcknowledgeInput{
		Fingerprint: inFinding, Code: policy.Default().Acknowledgements[0].ID, Text: inReason, CodeLink: "analysis/" + inReason + ".R:1@x",
	}))
	s.describe(t)
}

func (s *sample) describe(t testing.TB) {
	ctx, ann := context.Background(), s.As(t, "ann")
	v, err := s.Request(ctx, ann, s.request)
	must(t, err)
	about, controls := reviewtest.Context()
	for k := range about {
		about[k] = inContext
	}
	for _, g := range v.Groups {
		must(t, s.EditGroup(ctx, ann, s.request, g.Group.ID, review.GroupDetails{Context: about, Controls: controls}))
	}
	ticked, permitted := reviewtest.Checklist()
	must(t, s.Submit(ctx, ann, s.request, ticked, permitted))
}

func (s *sample) vote(t testing.TB, a review.Actor, d review.Decision) {
	ctx := context.Background()
	r, err := s.Store.Request(ctx, s.request)
	must(t, err)
	for _, f := range r.Outputs() {
		if d != review.Approve && !strings.HasSuffix(f.Path, "a.csv") {
			continue
		}
		must(t, s.Vote(ctx, a, s.request, review.VoteInput{File: f.ID, Decision: d, Reason: inReason, Seen: f.Release}))
	}
}

func (s *sample) review(t testing.TB) {
	ctx := context.Background()
	r, err := s.Store.Request(ctx, s.request)
	must(t, err)
	one, two := s.As(t, r.Seats[0].Checker), s.As(t, r.Seats[1].Checker)
	s.vote(t, one, review.RequestChanges)
	err = s.Comment(ctx, one, s.request, review.CommentInput{Group: r.Groups[0].ID, Visibility: review.Checkers, Text: inComment})
	must(t, err)
	must(t, s.AnswerAcknowledgement(ctx, one, s.request, inFinding, true, inReason))
	s.vote(t, one, review.Approve)
	s.vote(t, two, review.Approve)
	must(t, s.AnswerAcknowledgement(ctx, two, s.request, inFinding, false, inReason))
	must(t, s.SubmitReview(ctx, one, s.request))
	must(t, s.SubmitReview(ctx, two, s.request))
	must(t, s.Release(ctx, one, s.request))
}

// pack delivers what is due, and returns the package that the sink was given.
func (s *sample) pack(t testing.TB) *review.Package {
	t.Helper()
	for range 10 {
		did, err := s.WorkOnce(context.Background())
		must(t, err)
		if !did {
			break
		}
	}
	if len(s.sink.got) == 0 {
		t.Fatal("nothing was delivered")
	}
	return s.sink.got[len(s.sink.got)-1]
}

// contents reads a package whole, by path.
func contents(t testing.TB, p *review.Package) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, e := range p.Entries {
		r, err := e.Open(context.Background())
		must(t, err)
		data, err := io.ReadAll(r)
		must(t, err)
		r.Close()
		if int64(len(data)) != e.Size || digest(string(data)) != e.SHA256 {
			t.Errorf("%s is not as its entry says", e.Path)
		}
		out[e.Path] = data
	}
	return out
}
