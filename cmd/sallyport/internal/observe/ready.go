package observe

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"sallyport/review"
	"sallyport/review/ledger"
	"sallyport/storage"
)

// Limits of readiness.
const (
	lookAgain  = 5 * time.Second // how long an answer is given again
	lookTime   = 5 * time.Second // how long looking may take
	leastDisk  = 256 << 20       // bytes: below, nothing is taken in
	clockAhead = 2 * time.Minute // how far the record may be ahead of the clock
)

// Part is one thing that readiness rests on.
type Part struct {
	Name string `json:"name"`
	// OK says that it holds. Needed says that without it nothing works, so that
	// the instance should get no requests.
	OK     bool   `json:"ok"`
	Needed bool   `json:"needed"`
	Reason string `json:"reason,omitempty"` // in plain words, without names
}

// Probes says whether the service is alive and ready.
type Probes struct {
	Service  *review.Service
	Store    *storage.Store
	Metrics  *Metrics
	Keys     string // folder
	Stopping func() bool
	MayAlter bool // the role of the database may alter the record: see storage.Store.MayAlterRecord

	mu    sync.Mutex
	at    time.Time
	parts []Part
}

// Ready looks at every part, or gives the answer of a moment ago. Ready is false
// when one that is needed does not hold.
func (p *Probes) Ready(ctx context.Context) (parts []Part, ready bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); p.parts == nil || now.Sub(p.at) > lookAgain { //permit:time.Now // how old an answer is, is the machine's time
		ctx, cancel := context.WithTimeout(ctx, lookTime)
		p.parts, p.at = p.look(ctx), now
		cancel()
	}
	ready = true
	for _, part := range p.parts {
		ready = ready && (part.OK || !part.Needed)
	}
	if p.Stopping != nil && p.Stopping() {
		return append([]Part{{Name: "running", Needed: true, Reason: "it is stopping"}}, p.parts...), false
	}
	return p.parts, ready
}

func (p *Probes) look(ctx context.Context) []Part {
	v, err := p.Service.Vitals(ctx)
	if err != nil {
		v = &review.Vitals{}
	}
	if lacking := p.Store.Ready(ctx); lacking != nil {
		err = lacking
	}
	parts := []Part{
		needed("database", err != nil, whyNot(err)),
		needed("files", !p.blobs(ctx), "the stored files cannot be reached"),
		needed("disk", scarce(v, leastDisk), "less than 256 MiB are left in a folder that the service writes to"),
		needed("temporary", !temporary(), "no temporary file can be made; exports of the record, and files on their way to a bucket, need them"),
		needed("keys", !p.keys(), "the signing key is not where it was"),
		wanted("clock", v.LastEvent.Sub(p.Service.Now()) > clockAhead, "the clock is behind the newest event on record"),
		wanted("stored-bytes", v.Alarms > 0, "stored files are not what is on record"),
		wanted("database-role", p.MayAlter, "the role of the database may alter the record; servers need one that cannot"),
		wanted("malware-scanner", v.Scanner != "", "the malware scanner gives no verdicts"),
	}
	for _, c := range v.Concerns() {
		parts = append(parts, wanted(c.What, true, c.Words))
	}
	p.Metrics.ready.Reset()
	for _, part := range parts {
		v := 0.0
		if part.OK {
			v = 1
		}
		p.Metrics.ready.WithLabelValues(part.Name).Set(v)
	}
	return parts
}

func needed(name string, wrong bool, reason string) Part {
	part := wanted(name, wrong, reason)
	part.Needed = true
	return part
}

func wanted(name string, wrong bool, reason string) Part {
	if !wrong {
		reason = ""
	}
	return Part{Name: name, OK: !wrong, Reason: reason}
}

// whyNot is what ails the database, in words without names.
func whyNot(err error) string {
	var known *review.Error
	switch {
	case errors.As(err, &known):
		return known.Message
	case errors.Is(err, storage.ErrSchema):
		return "The database has the schema of another version."
	}
	return "The database cannot be worked with. The log says why."
}

// blobs asks for bytes that are never there: the answer shows that somebody answers.
func (p *Probes) blobs(ctx context.Context) bool {
	r, err := p.Service.Blobs.Open(ctx, review.Digest(strings.Repeat("0", 64)))
	if err == nil {
		err = r.Close()
	}
	return err == nil || review.KindOf(err) == review.NotFound
}

// scarce reports whether any folder's file system has less than so many bytes.
func scarce(v *review.Vitals, least int64) bool {
	return slices.ContainsFunc(v.Host.Disks, func(d review.Disk) bool { return d.Problem != "" || d.Free < least })
}

// temporary tries whether a file can be written to the folder for temporary files:
// a container whose root is read-only has none unless it is given one.
func temporary() bool {
	f, err := os.CreateTemp("", "sallyport-ready-")
	if err != nil {
		return false
	}
	_, err = f.WriteString("ready")
	return errors.Join(err, f.Close(), os.Remove(f.Name())) == nil
}

func (p *Probes) keys() bool {
	_, err := os.Stat(filepath.Join(p.Keys, ledger.KeyFile))
	return err == nil
}

// Public, in front of next, answers /healthz and /readyz for whoever asks, without
// saying why.
func (p *Probes) Public(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz":
			answer(w, r, http.StatusOK, "text/plain; charset=utf-8", "alive\n")
		case "/readyz":
			status, text := http.StatusOK, "ready\n"
			if _, ready := p.Ready(r.Context()); !ready {
				status, text = http.StatusServiceUnavailable, "not ready\n"
			}
			answer(w, r, status, "text/plain; charset=utf-8", text)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// Details answers /healthz, /readyz with every part, and /metrics. It is for a
// listener of its own; token is what a reader must bring, "" for nothing.
func (p *Probes) Details(token string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, http.StatusOK, "text/plain; charset=utf-8", "alive\n")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		parts, ready := p.Ready(r.Context())
		text, err := json.MarshalIndent(map[string]any{"ready": ready, "parts": parts}, "", "  ")
		status := http.StatusOK
		if err != nil || !ready {
			status = http.StatusServiceUnavailable
		}
		answer(w, r, status, "application/json", string(text)+"\n")
	})
	numbers := p.Metrics.Handler()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		p.Ready(r.Context()) // so that its numbers are there, whoever else asks
		numbers.ServeHTTP(w, r)
	})
	return bearer(token, mux)
}

func answer(w http.ResponseWriter, r *http.Request, status int, media, text string) {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		status, text = http.StatusMethodNotAllowed, ""
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, text)
	}
}
