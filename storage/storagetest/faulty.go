package storagetest

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Fault is how one request to a server goes wrong. The zero value does not.
type Fault struct {
	// Status is answered in the server's place, which hears nothing; 0 asks it.
	Status int
	// Lost lets the server do what it is asked, and nobody hear of it.
	Lost bool
	// Broken cuts the answer off in the middle of its body, or before it when
	// there is none.
	Broken bool
	// Slow is the pause before the answer.
	Slow time.Duration
}

// Faulty passes requests on to a server and spoils some.
type Faulty struct {
	URL string

	plan func(n int) Fault
	mu   sync.Mutex
	n    int
}

// StartFaulty starts one before the server at an http address, which ends with
// the test. Plan is asked for each request, counted from 1.
func StartFaulty(t testing.TB, server string, plan func(n int) Fault) *Faulty {
	t.Helper()
	to, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	pass := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host // which the signature of a request covers
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	f := &Faulty{plan: plan}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.serve(w, r, pass) }))
	t.Cleanup(srv.Close)
	f.URL = srv.URL
	return f
}

// Requests counts them so far.
func (f *Faulty) Requests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}

func (f *Faulty) serve(w http.ResponseWriter, r *http.Request, pass http.Handler) {
	f.mu.Lock()
	f.n++
	how := f.plan(f.n)
	f.mu.Unlock()
	switch {
	case how.Status > 0:
		w.WriteHeader(how.Status)
		return
	case how.Lost:
		pass.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case how.Broken:
		rec := httptest.NewRecorder()
		pass.ServeHTTP(rec, r)
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		if half := rec.Body.Bytes()[:rec.Body.Len()/2]; len(half) > 0 {
			w.WriteHeader(rec.Code)
			_, _ = w.Write(half) // the answer breaks off in any case
		}
		panic(http.ErrAbortHandler)
	}
	time.Sleep(how.Slow)
	pass.ServeHTTP(w, r)
}
