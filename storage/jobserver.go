package storage

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sallyport/review"
)

// JobServerSettings say where an OpenSAFELY job server is.
type JobServerSettings struct {
	URL   string // of its interface, with the version: https://jobs.example.org/api/v2
	Token string // this backend's
	// CAFile holds the certificates that vouch for the server; the machine's own
	// when empty.
	CAFile string
	// Timeout is how long one call may take; two minutes when zero.
	Timeout time.Duration
}

// JobServer is a review.Sink that uploads the files of a release to an
// OpenSAFELY job server, version 2 of its interface. It takes the files alone,
// and no package around them.
type JobServer struct {
	base    string
	token   string
	timeout time.Duration
	client  *http.Client
}

var _ review.Sink = (*JobServer)(nil)

const (
	// answerLimit is how much of an answer is read.
	answerLimit = 64 << 10
	// callTime is how long one call may take when nothing else is said.
	callTime = 2 * time.Minute
)

// OpenJobServer prepares to use a job server. It asks nothing of it yet.
func OpenJobServer(s JobServerSettings) (*JobServer, error) {
	if err := protected(s.URL); err != nil {
		return nil, fmt.Errorf("storage: opening a job server: %w", err)
	}
	if s.Token == "" || strings.ContainsAny(s.Token, "\r\n") {
		return nil, errors.New("storage: opening a job server: no token is given")
	}
	roots, err := certificates(s.CAFile)
	if err != nil {
		return nil, fmt.Errorf("storage: opening a job server: %w", err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	transport.TLSHandshakeTimeout, transport.ResponseHeaderTimeout = connectTime, answerTime
	j := &JobServer{base: strings.TrimRight(s.URL, "/"), token: s.Token, timeout: s.Timeout, client: &http.Client{
		Transport: transport,
		// The token is for this server, and a redirect may lead to another.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if j.timeout == 0 {
		j.timeout = callTime
	}
	return j, nil
}

// certificates reads who may vouch for a server; nil for the machine's own.
func certificates(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return pool, nil
}

// Close lets go of idle connections.
func (j *JobServer) Close() error {
	j.client.CloseIdleConnections()
	return nil
}

// jobRelease announces a release.
type jobRelease struct {
	Files    []jobFile       `json:"files"`
	Metadata jobMetadata     `json:"metadata"`
	Review   json.RawMessage `json:"review"` // always null: reviews stay here
}

type jobFile struct {
	Name     string          `json:"name"`
	URL      string          `json:"url"`
	Size     int64           `json:"size"`
	SHA256   review.Digest   `json:"sha256"`
	Date     string          `json:"date"`
	Metadata json.RawMessage `json:"metadata"`
	Review   json.RawMessage `json:"review"`
}

// jobMetadata makes the announcement one, however often it is sent.
type jobMetadata struct {
	Tool      string `json:"tool"`
	AirlockID string `json:"airlock_id"`
}

// Deliver announces the release, which is idempotent by the request's
// identifier, and uploads its files, which the server takes once each. The
// location is the server's address of the release.
func (j *JobServer) Deliver(ctx context.Context, p *review.Package) (string, error) {
	id, err := j.announce(ctx, p.Release)
	if err != nil {
		return "", fmt.Errorf("storage: announcing %s: %w", p.Release.ID, err)
	}
	at := j.base + "/releases/release/" + id
	for _, f := range p.Release.Files {
		if err := j.upload(ctx, at, p, f); err != nil {
			return "", fmt.Errorf("storage: uploading a file of %s: %w", p.Release.ID, err)
		}
	}
	return at, nil
}

// releaseID is what a server may call a release: it becomes part of an address.
var releaseID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func (j *JobServer) announce(ctx context.Context, rel *review.Release) (string, error) {
	body := jobRelease{Metadata: jobMetadata{Tool: "sallyport", AirlockID: string(rel.Request)}}
	for _, f := range rel.Files {
		body.Files = append(body.Files, jobFile{
			Name: f.Path, URL: (&url.URL{Path: f.Path}).EscapedPath(), Size: f.Size, SHA256: f.SHA256,
			Date: rel.Approved.UTC().Format(time.RFC3339),
		})
	}
	text, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	ans, err := j.call(ctx, jobCall{
		path: j.base + "/releases/workspace/" + url.PathEscape(string(rel.Workspace)), user: rel.By,
		body: bytes.NewReader(text), size: int64(len(text)), mediaType: "application/json",
	})
	if err != nil {
		return "", err
	}
	id := ans.header.Get("Release-Id")
	switch {
	case ans.status != http.StatusCreated:
		return "", ans.refusal()
	case ans.failed():
		return "", errJobServerRefused("it reports an error in its answer")
	case !releaseID.MatchString(id):
		return "", errJobServerRefused("its answer names no release")
	}
	return id, nil
}

func (j *JobServer) upload(ctx context.Context, at string, p *review.Package, f review.ReleasedFile) error {
	from, err := p.Open(ctx, f.SHA256)
	if err != nil {
		return err
	}
	checked := &checkedReader{r: from, left: f.Size}
	defer checked.Close() // only read from
	ans, err := j.call(ctx, jobCall{
		path: at, user: p.Release.By, body: checked, size: f.Size, mediaType: bytesType,
		disposition: disposition(f.Path),
	})
	failure := checked.failure()
	switch {
	case failure != nil:
		return failure // the bytes are not what they should be
	case err != nil:
		return err
	case ans.status == http.StatusCreated && !ans.failed(), ans.uploaded():
		return nil
	case ans.status == http.StatusCreated:
		return errJobServerRefused("it reports an error in its answer")
	}
	return ans.refusal()
}

// disposition names the file that is uploaded.
func disposition(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r > '~' }) {
		return mime.FormatMediaType("attachment", map[string]string{"filename": path})
	}
	return `attachment; filename="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(path) + `"`
}

// checkedReader reads a blob to its very end, where its digest is checked,
// before it gives away the last byte: an upload is complete only if it is right.
//
// An answer may come while the body is still being sent: what went wrong is asked for
// while somebody reads, and a reader that is closed on the way is no wrong.
type checkedReader struct {
	r      io.ReadCloser
	closed atomic.Bool
	mu     sync.Mutex // of what follows

	left int64
	err  error
}

// failure is why reading ended before its end; nil when it did not.
func (c *checkedReader) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *checkedReader) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return 0, c.err
	}
	if c.left == 0 {
		return 0, io.EOF
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	if c.left == 0 && err == nil {
		var more [1]byte
		var extra int
		if extra, err = io.ReadFull(c.r, more[:]); extra > 0 {
			err = review.ErrCorrupt
		}
	}
	switch {
	case err != nil && c.closed.Load():
		return 0, err
	case err == io.EOF && c.left > 0:
		c.err = fmt.Errorf("%w: a file to be released", review.ErrCorrupt)
	case err != nil && err != io.EOF:
		c.err = err
	default:
		return n, nil
	}
	return 0, c.err
}

func (c *checkedReader) Close() error {
	c.closed.Store(true)
	return c.r.Close()
}

// Withdraw cannot withdraw: the server's interface takes nothing back.
func (j *JobServer) Withdraw(_ context.Context, rel *review.Release, location string) (string, error) {
	if location == "" {
		return fmt.Sprintf("The release may have arrived at the job server in part. It cannot be taken back from here: ask the people who run the job server to delete whatever it has of request %s of workspace %s.", rel.Request, rel.Workspace), review.ErrCannotWithdraw
	}
	return fmt.Sprintf("The job server has no way to take a release back, so nothing was withdrawn from it. Ask the people who run it to delete the release at %s.", location), review.ErrCannotWithdraw
}
