package ui

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"sallyport/review"
)

// search is what an auditor looks for, as the forms of the lists send it. Lists
// and their exports read it alike.
type search struct {
	Find      string // anything: see sorted
	Text      string // title or id of a request
	Request   string
	Person    string
	Workspace string
	Project   string
	Path      string
	Digest    string
	Policy    string
	Status    string
	Type      string
	Recalled  string // yes, no, or "" for either
	Since     string // dates, as typed; Until is the last day
	Until     string
}

func readSearch(v url.Values) search {
	text := func(name string) string { return cut(strings.TrimSpace(v.Get(name)), 300) }
	s := search{
		Find: text("find"), Text: text("text"), Request: text("request"), Person: text("person"), Workspace: text("workspace"), Project: text("project"),
		Path: text("path"), Digest: strings.ToLower(text("sha256")), Policy: text("policy"), Status: text("status"), Type: text("type"), Recalled: text("recalled"),
		Since: text("since"), Until: text("until"),
	}
	if s.Person == "" { // the name that earlier links have
		s.Person = text("author") + text("actor")
	}
	return s
}

// values is the search as the query of an address, for exports and pagers.
func (s search) values() url.Values {
	v := url.Values{}
	for name, text := range map[string]string{
		"find": s.Find, "text": s.Text, "request": s.Request, "person": s.Person, "workspace": s.Workspace, "project": s.Project, "path": s.Path,
		"sha256": s.Digest, "policy": s.Policy, "status": s.Status, "type": s.Type, "recalled": s.Recalled, "since": s.Since, "until": s.Until,
	} {
		if text != "" {
			v.Set(name, text)
		}
	}
	return v
}

// Query is values as text, for templates: "" when nothing is asked for.
func (s search) Query() string { return s.values().Encode() }

// Any reports whether anything is asked for.
func (s search) Any() bool { return s != search{} }

// days reads the bounds; Until is exclusive, the day after the one typed.
func (s search) days() (since, until time.Time, err error) {
	read := func(text string) time.Time {
		if text == "" {
			return time.Time{}
		}
		t, perr := time.Parse(time.DateOnly, text)
		if perr != nil {
			err = review.Errorf(review.Invalid, "%q is not a date such as 2026-12-24.", text)
		}
		return t
	}
	since, until = read(s.Since), read(s.Until)
	if !until.IsZero() {
		until = until.AddDate(0, 0, 1)
	}
	return since, until, err
}

func (s search) statuses() []review.Status {
	if st := review.Status(s.Status); slices.Contains(allStatuses(), st) {
		return []review.Status{st}
	}
	return nil
}

func (s search) requests() (review.RequestQuery, error) {
	since, until, err := s.days()
	q := review.RequestQuery{
		Text: s.Text, Person: review.Username(s.Person), Workspace: review.WorkspaceName(s.Workspace), Path: s.Path, Digest: review.Digest(s.Digest),
		Policy: s.Policy, Statuses: s.statuses(), Since: since, Until: until,
	}
	if s.Project != "" {
		q.Projects = []review.ProjectID{review.ProjectID(s.Project)}
	}
	return q, err
}

func (s search) releases() (review.ReleaseQuery, error) {
	since, until, err := s.days()
	q := review.ReleaseQuery{Workspace: review.WorkspaceName(s.Workspace), Project: review.ProjectID(s.Project), Since: since, Until: until}
	if s.Recalled == "yes" || s.Recalled == "no" {
		recalled := s.Recalled == "yes"
		q.Recalled = &recalled
	}
	return q, err
}

func (s search) events() (review.EventQuery, error) {
	since, until, err := s.days()
	q := review.EventQuery{
		Request: review.RequestID(s.Request), Actor: review.Username(s.Person), Workspace: review.WorkspaceName(s.Workspace), Path: s.Path,
		Digest: review.Digest(s.Digest), Policy: s.Policy, Since: since, Until: until,
	}
	if st := s.statuses(); len(st) > 0 {
		q.To = st[0]
	}
	if t := review.EventType(s.Type); slices.Contains(review.EventTypes(), t) {
		q.Types = []review.EventType{t}
	}
	return q, err
}

// sorted puts what was typed into the one field for anything where it belongs:
// hex digits are a digest, a name with a dot or a slash is a file, all else is
// part of a title, or an id. people says which names are somebody's.
func (s search) sorted(person bool) search {
	find := s.Find
	hex := len(find) >= 6 && strings.Trim(strings.ToLower(find), "0123456789abcdef") == ""
	s.Find = ""
	switch {
	case find == "":
	case person:
		s.Person = find
	case hex:
		s.Digest = strings.ToLower(find)
	case strings.ContainsAny(find, "/."):
		s.Path = find
	default:
		s.Text = find
	}
	return s
}
