// Package jobserver signs people in by the single-use tokens that a job server
// of OpenSAFELY gives them: three words, typed once. The server says whether the
// token is good, which workspaces and projects are the person's, and whether
// they check outputs; it is asked again every few minutes, and no longer lets
// in whom it refuses.
//
// Whoever copilots a workspace is a copilot of its project. Read-only access is a
// role only where the configuration says which.
package jobserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/signin"
)

// Options say which job server, and what its word means here.
type Options struct {
	ID, Label string
	Endpoint  string // up to and with /api/v2
	Token     string // of this backend: a secret
	Every     time.Duration
	Grace     time.Duration
	ReadOnly  policy.Role // of whoever may read all; "" for none
	// Trained is for how long the server's word makes somebody a trained checker.
	Trained time.Duration
	Now     func() time.Time
	Client  *http.Client // http.DefaultTransport without redirects when nil
}

// What is not said in Options. The grace is how long a job server may be away
// before those it vouched for can do nothing.
const (
	DefaultEvery   = 15 * time.Minute
	DefaultGrace   = 30 * time.Minute
	defaultTrained = 90 * 24 * time.Hour
	maxAnswer      = 1 << 20 // bytes
	maxWorkspaces  = 5000
)

// Method is a signin.Asker.
type Method struct{ o Options }

var _ signin.Asker = (*Method)(nil)

// New checks the options and makes the method.
func New(o Options) (*Method, error) {
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, errors.New("the endpoint is no address such as https://jobs.example.org/api/v2")
	}
	if o.ID == "" || o.Label == "" || o.Token == "" || o.Now == nil {
		return nil, errors.New("a job server needs an id, a label, a token and a clock")
	}
	if o.Every <= 0 {
		o.Every = DefaultEvery
	}
	if o.Grace <= 0 {
		o.Grace = DefaultGrace
	}
	if o.Trained <= 0 {
		o.Trained = defaultTrained
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 10 * time.Second}
	}
	plain := *o.Client
	plain.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // the token stays here
	o.Client = &plain
	return &Method{o}, nil
}

// ID is the configuration's.
func (m *Method) ID() string { return m.o.ID }

// Label is the configuration's.
func (m *Method) Label() string { return m.o.Label }

// Terms are the configuration's.
func (m *Method) Terms() signin.Terms { return signin.Terms{Every: m.o.Every, Grace: m.o.Grace} }

// words is the form of a token: three words. What has another form is not sent.
var words = regexp.MustCompile(`^[A-Za-z]{1,40}([ -]+[A-Za-z]{1,40}){2}$`)

// Authenticate uses a token up.
func (m *Method) Authenticate(ctx context.Context, name, token string) (*signin.Profile, error) {
	token = strings.TrimSpace(token)
	if name == "" || len(name) > 200 || !words.MatchString(token) {
		return nil, review.Errorf(review.Invalid, "The username or the token is not right.")
	}
	p, err := m.ask(ctx, "authenticate", map[string]string{"user": name, "token": token})
	if review.KindOf(err) == review.Forbidden {
		return nil, review.Errorf(review.Invalid, "The username or the token is not right, or the token was used.")
	}
	if err != nil {
		return nil, err
	}
	if !strings.EqualFold(string(p.Username), name) {
		return nil, unavailable(errors.New("it answered about somebody else"))
	}
	return p, nil
}

// Refresh asks what the person may do now.
func (m *Method) Refresh(ctx context.Context, subject string, _ []byte) (*signin.Profile, error) {
	p, err := m.ask(ctx, "authorise", map[string]string{"user": subject})
	if err == nil && p.Subject != subject {
		err = unavailable(errors.New("it answered about somebody else"))
	}
	return p, err
}

// answer is what the job server says of a person.
type answer struct {
	Username   string               `json:"username"`
	Fullname   string               `json:"fullname"`
	Workspaces map[string]workspace `json:"workspaces"`
	Copiloted  map[string]workspace `json:"copiloted_workspaces"`
	Checker    *bool                `json:"output_checker"`
	ReadOnly   bool                 `json:"readonly_access"`
}

type workspace struct {
	Project struct {
		Name string `json:"name"`
	} `json:"project_details"`
	Archived bool `json:"archived"`
}

func unavailable(err error) error {
	return &review.Error{Kind: review.Unavailable, Message: "The job server cannot be asked just now. Try again in a few minutes.", Err: err}
}

// ask puts one question. Only the server's own refusal is one; all else that is
// not a good answer means that it could not be asked.
func (m *Method) ask(ctx context.Context, what string, question map[string]string) (*signin.Profile, error) {
	body, err := json.Marshal(question)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(m.o.Endpoint, "/")+"/releases/"+what, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", m.o.Token)
	req.Header.Set("Content-Type", "application/json")
	res, err := m.o.Client.Do(req)
	if err != nil {
		return nil, unavailable(err)
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusForbidden:
		return nil, review.Errorf(review.Forbidden, "The job server no longer lets you in.")
	default:
		return nil, unavailable(fmt.Errorf("status %d", res.StatusCode))
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, unavailable(err)
	}
	if len(data) > maxAnswer {
		return nil, unavailable(errors.New("its answer is too long"))
	}
	return m.profile(data)
}

// profile reads an answer. One that leaves out what rights hang on is none.
func (m *Method) profile(data []byte) (*signin.Profile, error) {
	var a answer
	if err := json.Unmarshal(data, &a); err != nil {
		return nil, unavailable(errors.New("its answer is not the JSON that was expected"))
	}
	if a.Username == "" || a.Workspaces == nil || a.Checker == nil || len(a.Workspaces)+len(a.Copiloted) > maxWorkspaces {
		return nil, unavailable(errors.New("its answer is not whole"))
	}
	p := &signin.Profile{
		Subject: a.Username, Username: review.Username(a.Username), Name: a.Fullname,
		Manages: []policy.Role{policy.Researcher, policy.Checker}, ManagesProjects: true,
	}
	own, helped := projectsOf(a.Workspaces), projectsOf(a.Copiloted)
	for _, id := range slices.Sorted(maps.Keys(own)) {
		p.Projects, p.Known = append(p.Projects, id), append(p.Known, *own[id])
	}
	for _, id := range slices.Sorted(maps.Keys(helped)) {
		p.InProjects, p.Known = append(p.InProjects, review.ScopedRole{Role: policy.Copilot, Project: id}), append(p.Known, *helped[id])
	}
	if len(p.Projects) > 0 {
		p.Roles = append(p.Roles, policy.Researcher)
	}
	if *a.Checker {
		p.Roles, p.TrainedUntil = append(p.Roles, policy.Checker), m.o.Now().Add(m.o.Trained)
	}
	if m.o.ReadOnly != "" {
		p.Manages = append(p.Manages, m.o.ReadOnly)
		if a.ReadOnly {
			p.Roles = append(p.Roles, m.o.ReadOnly)
		}
	}
	return p, nil
}

// projectsOf are the projects of the workspaces that are not archived.
func projectsOf(workspaces map[string]workspace) map[review.ProjectID]*review.Project {
	projects := map[review.ProjectID]*review.Project{}
	for _, name := range slices.Sorted(maps.Keys(workspaces)) {
		w := workspaces[name]
		id := projectID(w.Project.Name)
		if w.Archived || id == "" || !plainName.MatchString(name) {
			continue
		}
		if projects[id] == nil {
			projects[id] = &review.Project{ID: id, Name: w.Project.Name}
		}
		projects[id].Workspaces = append(projects[id].Workspaces, review.WorkspaceName(name))
	}
	return projects
}

// plainName is what a workspace may be called here, as in a people file.
var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// projectID makes the id of a project of its name: "Vaccine coverage, 2026" is
// vaccine-coverage-2026.
func projectID(name string) review.ProjectID {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	id := strings.Trim(b.String(), "-")
	if len(id) > 100 {
		return ""
	}
	return review.ProjectID(id)
}
