package storagetest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
)

// Token is the one that a JobServer takes.
const Token = "backend-token"

// JobServer stands in for the OpenSAFELY job server's interface for releases,
// as far as it can be known from outside: what it insists on, what it answers,
// and its odd ways.
type JobServer struct {
	// Before, when set, may answer a call itself, and then returns true. N counts
	// calls from 1.
	Before func(n int, w http.ResponseWriter, r *http.Request) bool
	// After, when set, is called between the effect of a call and its answer, and
	// may answer itself.
	After func(n int, w http.ResponseWriter, r *http.Request) bool

	mu       sync.Mutex
	calls    int
	releases map[string]*Arrived // by airlock_id
	problems []string
}

// Arrived is one release as the job server has it.
type Arrived struct {
	ID, Workspace, User string
	Announced           map[string]string // name -> SHA-256
	Files               map[string]string // name -> bytes
	Uploads             map[string]int    // name -> how often it was taken: once
}

// Arrived returns the releases by the airlock_id they came with.
func (s *JobServer) Arrived() map[string]*Arrived {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.releases
}

// Forget makes it as if nothing had arrived.
func (s *JobServer) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.releases)
}

// Calls counts the calls so far.
func (s *JobServer) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Problems lists what callers did that the interface does not allow.
func (s *JobServer) Problems() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.problems
}

// ServeHTTP implements http.Handler.
func (s *JobServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.calls++
	n := s.calls
	s.mu.Unlock()
	if s.Before != nil && s.Before(n, w, r) {
		return
	}
	status, header, body := s.answer(r)
	if s.After != nil && s.After(n, w, r) {
		return
	}
	if header != "" {
		w.Header().Set("Release-Id", header)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller may have gone
}

func detail(format string, args ...any) map[string]string {
	return map[string]string{"detail": fmt.Sprintf(format, args...)}
}

func (s *JobServer) answer(r *http.Request) (status int, release string, body any) {
	data, err := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	workspace, announced := strings.CutPrefix(r.URL.Path, "/api/v2/releases/workspace/")
	id, uploaded := strings.CutPrefix(r.URL.Path, "/api/v2/releases/release/")
	switch {
	case err != nil:
		return http.StatusBadRequest, "", detail("the body broke off")
	case r.Header.Get("Authorization") != Token:
		return http.StatusForbidden, "", detail("Invalid token")
	case r.Method != http.MethodPost:
		return http.StatusMethodNotAllowed, "", detail("Method %q not allowed.", r.Method)
	case r.Header.Get("OS-User") == "":
		s.problems = append(s.problems, r.URL.Path+" without OS-User")
		return http.StatusForbidden, "", detail("OS-User header is required")
	case announced:
		return s.announce(r, workspace, data)
	case uploaded:
		return s.upload(r, id, data)
	}
	return http.StatusNotFound, "", detail("Not found.")
}

// wire is an announcement. Every key must be there.
type wire struct {
	Files []struct {
		Name, URL, SHA256, Date *string
		Size                    *int64
		Metadata, Review        json.RawMessage
	}
	Metadata struct {
		Tool      string
		AirlockID string `json:"airlock_id"`
	}
	Review json.RawMessage
}

func (s *JobServer) announce(r *http.Request, workspace string, data []byte) (int, string, any) {
	var got wire
	if err := json.Unmarshal(data, &got); err != nil || got.Metadata.AirlockID == "" || got.Metadata.Tool == "" || string(got.Review) != "null" {
		s.problems = append(s.problems, "a bad announcement: "+string(data))
		return http.StatusBadRequest, "", detail("malformed")
	}
	if before := s.releases[got.Metadata.AirlockID]; before != nil {
		return http.StatusCreated, before.ID, map[string]string{"release_id": before.ID}
	}
	a := &Arrived{
		ID: fmt.Sprintf("01J%023d", len(s.releases)+1), Workspace: workspace, User: r.Header.Get("OS-User"),
		Announced: map[string]string{}, Files: map[string]string{}, Uploads: map[string]int{},
	}
	for _, f := range got.Files {
		if f.Name == nil || f.URL == nil || f.SHA256 == nil || f.Date == nil || f.Size == nil || f.Metadata == nil || f.Review == nil {
			s.problems = append(s.problems, "a file lacks a key: "+string(data))
			return http.StatusBadRequest, "", detail("malformed")
		}
		a.Announced[*f.Name] = *f.SHA256
	}
	if s.releases == nil {
		s.releases = map[string]*Arrived{}
	}
	s.releases[got.Metadata.AirlockID] = a
	return http.StatusCreated, a.ID, map[string]string{"release_id": a.ID}
}

func (s *JobServer) upload(r *http.Request, id string, data []byte) (int, string, any) {
	var a *Arrived
	for _, one := range s.releases {
		if one.ID == id {
			a = one
		}
	}
	if a == nil {
		return http.StatusNotFound, "", detail("Not found.")
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Disposition"))
	name := params["filename"]
	sum := sha256.Sum256(data)
	switch want, known := a.Announced[name]; {
	case err != nil || kind != "attachment" || r.Header.Get("Content-Type") != "application/octet-stream":
		s.problems = append(s.problems, "an upload with "+r.Header.Get("Content-Disposition"))
		return http.StatusBadRequest, "", detail("malformed")
	case !known:
		s.problems = append(s.problems, "an upload of "+name)
		return http.StatusBadRequest, "", detail("File not found in release")
	case hex.EncodeToString(sum[:]) != want:
		s.problems = append(s.problems, "an upload of other bytes for "+name)
		return http.StatusBadRequest, "", detail("File hash does not match")
	}
	if _, there := a.Files[name]; there {
		return http.StatusBadRequest, "", detail("This version of %s has already been uploaded", name)
	}
	a.Files[name] = string(data)
	a.Uploads[name]++
	return http.StatusCreated, a.ID, map[string]string{"release_id": a.ID}
}
