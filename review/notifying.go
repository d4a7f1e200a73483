package review

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"sallyport/policy"
)

// Notify is how the service tells people what happened. The zero value tells
// them on its own pages only.
type Notify struct {
	Channels []NamedChannel
	// PublicURL is the address under which people reach the service, without a
	// slash at its end; links are relative while it is empty.
	PublicURL string
	// Zone is that of digests for people who chose none; UTC when it is nil.
	Zone *time.Location
}

// notify makes the notices of a happening and puts a job for each channel on the
// way. Done again, it makes the same ones, which are kept and sent once.
func (s *Service) notify(ctx context.Context, job *Job) error {
	var h happening
	if err := json.Unmarshal(job.Payload, &h); err != nil {
		return err
	}
	w, err := s.witnesses(ctx, h)
	if err != nil {
		return err
	}
	list := w.notices(job.ID)
	if err := s.Store.KeepNotices(ctx, list); err != nil {
		return err
	}
	var jobs []Job
	for _, n := range list {
		jobs = append(jobs, s.sendJobs(n, chosenBy(w.choices, n.Person).Hour, s.zoneOf(w.person(n.Person)))...)
	}
	s.step("notify.send")
	return s.Store.Enqueue(ctx, jobs...)
}

// witnesses is a happening with all that decides who hears of it.
type witnesses struct {
	happening
	people   []Person
	choices  map[Username]NoticeChoices
	project  *Project
	purpose  string
	by       Username // who brought it about, where the service itself finished it
	channels []NamedChannel
}

func (s *Service) witnesses(ctx context.Context, h happening) (*witnesses, error) {
	w := &witnesses{happening: h, project: &Project{}, channels: s.Notify.Channels}
	people, err1 := s.everybody(ctx)
	choices, err2 := s.Store.NoticeChoices(ctx)
	projects, err3 := s.Store.Projects(ctx)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	w.people, w.choices = people, choices
	for i := range projects {
		if h.Workspace != "" && slices.Contains(projects[i].Workspaces, h.Workspace) {
			w.project = &projects[i]
		}
	}
	if h.Request == "" {
		return w, nil
	}
	r, err := s.Store.Request(ctx, h.Request)
	if err != nil {
		return nil, err
	}
	w.purpose = oneLine(r.Purpose, maxPurpose)
	rel, err := s.Store.Release(ctx, h.Request)
	if err == nil {
		w.by = rel.By
	} else if KindOf(err) == NotFound {
		err = nil
	}
	return w, err
}

// person is one of the people; nil for nobody.
func (w *witnesses) person(name Username) *Person {
	for i := range w.people {
		if w.people[i].Username == name {
			return &w.people[i]
		}
	}
	return nil
}

// notices are those of the happening, each person's once, in the order of the
// rules. base is the id of what happened.
func (w *witnesses) notices(base string) []Notice {
	what := slices.Clone(w.What)
	kinds := NoticeKinds()
	slices.SortStableFunc(what, func(a, b happened) int {
		return cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind))
	})
	var out []Notice
	told := map[Username]bool{w.Actor: true}
	for _, x := range what {
		once := cmp.Or(x.Once, base)
		for _, rule := range rulesOf(x.Kind) {
			for i := range w.people {
				p := &w.people[i]
				if told[p.Username] || p.Disabled || !w.concerns(rule, x, p) {
					continue
				}
				when := chosenBy(w.choices, p.Username).For(rule)
				if when == NotAtAll {
					continue
				}
				told[p.Username] = true
				n := w.notice(once, rule, p)
				n.Daily = when == Daily
				out = append(out, n)
			}
		}
		if x.Person == "" && x.To == "" && w.shared(x.Kind) {
			out = append(out, w.notice(once, NoticeRule{Kind: x.Kind}, &Person{}))
		}
	}
	return out
}

// shared reports whether a channel that many read carries the kind.
func (w *witnesses) shared(k NoticeKind) bool {
	return slices.ContainsFunc(w.channels, func(c NamedChannel) bool { return !c.Personal && c.carries(k) })
}

// concerns reports whether a person is of a rule's audience. Whoever holds a
// seat on the request is addressed as such and as nothing else: what leads are
// told could show them that the other has handed a review in.
func (w *witnesses) concerns(rule NoticeRule, x happened, p *Person) bool {
	if x.Person != "" || rule.To == ToSubject {
		return rule.To == ToSubject && p.Username == x.Person
	}
	if x.To != "" && x.To != rule.To {
		return false
	}
	seated, member := slices.Contains(w.Seated, p.Username), p.In(w.project.ID)
	switch rule.To {
	case ToAuthor:
		return p.Username == w.Author
	case ToMembers:
		return member && p.Username != w.Author && !seated
	case ToAssigned:
		return seated && !member
	case ToLeads:
		return p.is(policy.Lead, w.project.ID) && !seated && !member
	case ToAuditors:
		return p.is(policy.Auditor, w.project.ID)
	default:
		return p.is(policy.Operator, "")
	}
}

// is reports whether the person has the role in the project, and no other takes
// it away.
func (p *Person) is(r policy.Role, project ProjectID) bool {
	return slices.Contains(p.RolesIn(project), r)
}

// notice is one notice of the happening to a person, or to nobody in particular.
func (w *witnesses) notice(once string, rule NoticeRule, p *Person) Notice {
	n := Notice{
		ID:   string(digestOf("notice", once, string(rule.Kind), string(p.Username)))[:32],
		Kind: rule.Kind, To: rule.To, Person: p.Username, At: w.At,
		Request: w.Request, Workspace: w.Workspace, Project: oneLine(w.project.Name, maxName),
		Author: w.Author, Actor: w.Actor, Purpose: w.purpose,
	}
	for i := range w.people {
		if w.people[i].Username == w.Author {
			n.Requester = oneLine(w.people[i].Name, maxName)
		}
	}
	if n.Actor == system().Username && w.by != "" {
		n.Actor = w.by
	}
	if rule.To == ToOperator { // they keep it running, and may not see requests
		n.Author, n.Actor, n.Requester, n.Purpose = "", "", "", ""
	}
	n.Path = noticePath(n)
	return n
}

// noticePath is the page where the person can do, or see, what it is about.
func noticePath(n Notice) string {
	switch {
	case n.Kind == NoticeTraining && n.To == ToLeads:
		return "/board"
	case n.To == ToOperator:
		return "/status"
	case n.Request == "" || n.Kind == NoticeUnassigned:
		return "/"
	case n.To == ToAuditors:
		return "/records/" + string(n.Request)
	default:
		return "/requests/" + string(n.Request)
	}
}

// sendTries is how often a notice is tried: for three days, as mail servers do
// among themselves.
const sendTries = 85

// sendJobs are the jobs that take a notice further: at once to each channel for
// people, or with the person's next digest at their hour in their zone; or to the
// channels that many read.
func (s *Service) sendJobs(n Notice, hour int, zone *time.Location) []Job {
	var jobs []Job
	for _, c := range s.Notify.Channels {
		if c.Personal != (n.Person != "") || !c.Personal && !c.carries(n.Kind) {
			continue
		}
		if n.Daily {
			return []Job{s.digestJob(n, hour, zone)}
		}
		job := s.job(n.ID+"."+c.Name, JobSend, n.Request, c.Name)
		job.Payload, job.MaxTries = []byte(n.ID), sendTries
		jobs = append(jobs, job)
	}
	return jobs
}
