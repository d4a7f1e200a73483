package reviewtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"sallyport/checks"
	"sallyport/checks/provenance"
	"sallyport/policy"
	"sallyport/review"
)

// Workspaces are folders in memory. Files under a folder "secret" are highly
// sensitive, all others moderately.
type Workspaces struct {
	mu   sync.Mutex
	data map[review.WorkspaceName]map[string][]byte
}

func newWorkspaces(names ...review.WorkspaceName) *Workspaces {
	w := &Workspaces{data: map[review.WorkspaceName]map[string][]byte{}}
	for _, n := range names {
		w.data[n] = map[string][]byte{}
	}
	return w
}

// Write puts a file into a workspace.
func (w *Workspaces) Write(ws review.WorkspaceName, p, content string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.data[ws][p] = []byte(content)
}

// Workspace implements review.Workspaces.
func (w *Workspaces) Workspace(_ context.Context, ws review.WorkspaceName) (*review.Workspace, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	files, ok := w.data[ws]
	if !ok {
		return nil, review.Errorf(review.NotFound, "There is no such workspace.")
	}
	out := &review.Workspace{Name: ws, Releases: []string{"release"}}
	for p, b := range files {
		out.Files = append(out.Files, review.WorkspaceFile{Path: p, Size: int64(len(b)), Digest: sum(b), Release: strings.HasPrefix(p, "release"), Origin: origin(p)})
	}
	slices.SortFunc(out.Files, func(a, b review.WorkspaceFile) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// Open implements review.Workspaces.
func (w *Workspaces) Open(_ context.Context, ws review.WorkspaceName, p string) (io.ReadCloser, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b, ok := w.data[ws][p]
	if !ok {
		return nil, review.Errorf(review.NotFound, "There is no such file in the workspace.")
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

// Records implements review.Workspaces: these workspaces keep none.
func (w *Workspaces) Records(_ context.Context, ws review.WorkspaceName) (*review.Records, error) {
	return &review.Records{Sources: provenance.ReadSources(nil, nil)}, nil
}

// Log implements review.Workspaces.
func (w *Workspaces) Log(_ context.Context, ws review.WorkspaceName, action string) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if b, ok := w.data[ws]["metadata/"+action+".log"]; ok {
		return b, nil
	}
	return nil, review.Errorf(review.NotFound, "There is no log of that action.")
}

// Origins implements review.Workspaces.
func (w *Workspaces) Origins(_ context.Context, _ review.WorkspaceName, files []review.FileRef) ([]provenance.Origin, error) {
	out := make([]provenance.Origin, len(files))
	for i, f := range files {
		out[i] = origin(f.Path)
	}
	return out, nil
}

func origin(p string) provenance.Origin {
	if slices.Contains(strings.Split(p, "/"), "secret") {
		return provenance.Origin{Level: provenance.Highly, Action: "extract"}
	}
	return provenance.Origin{Level: provenance.Moderately, Path: "output/" + path.Base(p), Action: "tables", Commit: strings.Repeat("a", 40)}
}

// Blobs keeps bytes in memory.
type Blobs struct {
	mu    sync.Mutex
	data  map[review.Digest][]byte
	put   map[review.Digest]time.Time
	wrong map[review.Digest]error
	now   review.Clock
}

func newBlobs(now review.Clock) *Blobs {
	return &Blobs{data: map[review.Digest][]byte{}, put: map[review.Digest]time.Time{}, wrong: map[review.Digest]error{}, now: now}
}

func sum(data []byte) review.Digest {
	s := sha256.Sum256(data)
	return review.Digest(hex.EncodeToString(s[:]))
}

// Put implements review.Blobs.
func (b *Blobs) Put(_ context.Context, r io.Reader, most int64) (review.Digest, int64, error) {
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return "", 0, err
	}
	if int64(len(data)) > most {
		return "", 0, review.Errorf(review.TooLarge, "too large")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.data[sum(data)], b.put[sum(data)] = data, b.now()
	return sum(data), int64(len(data)), nil
}

// Open implements review.Blobs. It does not hash: that its readers do.
func (b *Blobs) Open(_ context.Context, d review.Digest) (io.ReadCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	data, ok := b.data[d]
	if !ok {
		return nil, review.Errorf(review.NotFound, "no such blob")
	}
	if err := b.wrong[d]; err != nil {
		return io.NopCloser(io.MultiReader(bytes.NewReader(data[:len(data)/2]), failing{err})), nil
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

// failing is a reader that fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Remove implements review.Blobs.
func (b *Blobs) Remove(_ context.Context, d review.Digest, before time.Time) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.data[d]; ok && !b.put[d].Before(before) {
		return false, nil
	}
	delete(b.data, d)
	return true, nil
}

// List implements review.Blobs.
func (b *Blobs) List(_ context.Context, before time.Time, each func(review.Digest) error) error {
	b.mu.Lock()
	var old []review.Digest
	for d := range b.data {
		if b.put[d].Before(before) {
			old = append(old, d)
		}
	}
	b.mu.Unlock()
	for _, d := range old {
		if err := each(d); err != nil {
			return err
		}
	}
	return nil
}

// Has reports whether there are bytes under the digest.
func (b *Blobs) Has(d review.Digest) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.data[d]
	return ok
}

// Spoil changes a blob on the disk, as it were.
func (b *Blobs) Spoil(d review.Digest) {
	b.Damage(d, func(data []byte) []byte { return append(data, '!') })
}

// Damage replaces the bytes of a blob by what change makes of them; nil removes
// it. It returns what brings the bytes back.
func (b *Blobs) Damage(d review.Digest, change func([]byte) []byte) (restore func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	good := b.data[d]
	if bad := change(bytes.Clone(good)); bad == nil {
		delete(b.data, d)
	} else {
		b.data[d] = bad
	}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.data[d] = good
		delete(b.wrong, d)
	}
}

// Break makes reading a blob fail half way.
func (b *Blobs) Break(d review.Digest, err error) (restore func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wrong[d] = err
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.wrong, d)
	}
}

// Sink remembers what was delivered, by release and path. Fail, when set, is
// asked first.
type Sink struct {
	mu        sync.Mutex
	Delivered map[string]map[string][]byte
	Withdrawn []string // releases, once for each call
	Calls     int
	Fail      func() error
}

// NewSink makes a sink that has nothing yet.
func NewSink() *Sink { return &Sink{Delivered: map[string]map[string][]byte{}} }

// Deliver implements review.Sink.
func (s *Sink) Deliver(ctx context.Context, p *review.Package) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Calls++
	if s.Fail != nil {
		if err := s.Fail(); err != nil {
			return "", err
		}
	}
	files := map[string][]byte{}
	for _, f := range p.Release.Files {
		r, err := p.Open(ctx, f.SHA256)
		if err != nil {
			return "", err
		}
		files[f.Path], err = io.ReadAll(r)
		r.Close()
		if err != nil {
			return "", err
		}
	}
	s.Delivered[p.Release.ID] = files
	return "memory:" + p.Release.ID, nil
}

// Withdraw implements review.Sink.
func (s *Sink) Withdraw(_ context.Context, rel *review.Release, _ string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Fail != nil {
		if err := s.Fail(); err != nil {
			return "", err
		}
	}
	delete(s.Delivered, rel.ID)
	s.Withdrawn = append(s.Withdrawn, rel.ID)
	return "The files were deleted.", nil
}

// sanitiser takes the word "script" out of HTML and refuses the word "broken".
type sanitiser struct{}

func (sanitiser) Sanitise(p string, data []byte) ([]byte, string, []review.Removal, error) {
	if path.Ext(p) == ".pdf" {
		return nil, "", nil, review.Errorf(review.Invalid, "it cannot be cleaned")
	}
	if path.Ext(p) != ".html" {
		return data, "text/plain", nil, nil
	}
	if bytes.Contains(data, []byte("broken")) {
		return nil, "text/html", nil, review.Errorf(review.Invalid, "it cannot be read as HTML")
	}
	clean := bytes.ReplaceAll(data, []byte("script"), nil)
	return clean, "text/html", []review.Removal{{What: "script element", Count: bytes.Count(data, []byte("script"))}}, nil
}

// plainChecker finds two things: a blocking small count in any file that holds
// the word "small", and that a PDF is not of an allowed type.
type plainChecker struct{}

func (plainChecker) Engine() string { return "plain-1" }

func (plainChecker) Run(_ context.Context, p *policy.Policy, set checks.Set) (*checks.Report, error) {
	rep := &checks.Report{Schema: "1", Policy: p.Ref(), Engine: "plain-1"}
	for _, f := range set.Files {
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			return nil, err
		}
		fr := checks.FileReport{Path: f.Path, Size: int64(len(data)), Status: "complete"}
		if bytes.Contains(data, []byte("small")) {
			fr.Findings = append(fr.Findings, checks.Finding{Check: "small-count", Severity: policy.Block, Confidence: 1, Message: "a small count", Fingerprint: "print-" + f.Path})
		}
		if path.Ext(f.Path) == ".pdf" {
			fr.Findings = append(fr.Findings, checks.Finding{Check: "file-type", Kind: "not-allowed", Severity: policy.Block, Confidence: 1, Message: "not an allowed type", Fingerprint: "type-" + f.Path},
				checks.Finding{Check: "unreadable", Severity: policy.Block, Confidence: 1, Message: "cannot be examined", Fingerprint: "read-" + f.Path})
			fr.Status, fr.Reason = "incomplete", "this type of content cannot be examined"
		}
		rep.Files = append(rep.Files, fr)
	}
	rep.Summary.Files = len(rep.Files)
	return rep, nil
}

// Bytes are what is stored under a digest, whatever they are.
func (b *Blobs) Bytes(d review.Digest) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.data[d])
}
