package api

import (
	"cmp"
	"maps"
	"slices"

	"sallyport/checks/provenance"
	"sallyport/policy"
	"sallyport/review"
)

// each converts a list, never to nil.
func each[T, U any](list []T, f func(*T) U) []U {
	out := make([]U, len(list))
	for i := range list {
		out[i] = f(&list[i])
	}
	return out
}

func addedOf(results []review.AddResult) added {
	return added{each(results, func(r *review.AddResult) addResult { return addResult{r.Path, r.File, r.Problem, r.Later} })}
}

func summaryOf(r *review.Request) requestSummary {
	return requestSummary{
		ID: r.ID, Workspace: r.Workspace, Project: r.Project, Author: r.Author, Title: r.Title, Status: r.Status, Turn: r.Turn,
		Created: r.Created, Updated: r.Updated, Submitted: r.Submitted, Due: r.Due, Decided: r.Decided, Released: r.Released,
	}
}

func viewOf(v *review.View) requestView {
	r := &v.Request
	out := requestView{
		Summary: summaryOf(r), ProjectNumber: r.ProjectNumber, Repository: r.Repository, Purpose: r.Purpose, Concerns: r.Concerns,
		Checklist: r.Checklist, Policy: policyRef(r.Policy), PermittedResults: r.PermittedResults, Reused: r.Reused, Findings: r.Findings,
		Relation: v.Relation, Phase: v.Phase, Can: v.Can, Why: v.Why,
		Missing: each(v.Missing, func(p *review.Problem) missingOut { return missingOut(*p) }),
		Seats:   each(r.Seats, seatOf), Groups: each(v.Groups, groupOf), People: mentioned(v),
		Recalled: recallOf(v.Recalled), Damaged: v.Damaged, Retired: v.Retired,
	}
	if c := v.Checking; c != nil {
		out.Checking = &checkingOut{c.Done, c.Total}
	}
	if a := v.Adding; a != nil {
		out.Adding = &addingOut{a.Done, a.Total, a.Going(), addedOf(a.Refused).Results}
	}
	return out
}

// mentioned are the names of those whom the view mentions, and of nobody else.
func mentioned(v *review.View) map[review.Username]string {
	out := map[review.Username]string{}
	add := func(names ...review.Username) {
		for _, n := range names {
			out[n] = v.Names[n]
		}
	}
	add(v.Request.Author, v.You)
	for _, s := range v.Request.Seats {
		add(s.Checker)
	}
	for _, g := range v.Groups {
		for _, c := range g.Comments {
			add(c.Author)
		}
		for _, f := range g.Files {
			add(f.File.Checkers...)
			for _, vote := range f.Votes {
				add(vote.Checker)
			}
		}
	}
	return out
}

func seatOf(s *review.Seat) seatOut {
	return seatOut{s.Checker, s.Assigned, s.Why, s.Submitted, s.Specialist}
}

func groupOf(gv *review.GroupView) groupOut {
	g := gv.Group
	return groupOut{
		ID: g.ID, Name: g.Name, Context: g.Context, Controls: g.Controls, Pattern: g.Pattern, PatternCount: g.PatternCount,
		Intermediate: g.Intermediate, Files: each(gv.Files, fileOf), Comments: each(gv.Comments, commentOf),
	}
}

func fileOf(fv *review.FileView) fileOut {
	f := fv.File
	out := fileOut{
		ID: f.ID, Path: f.Path, Kind: f.Kind, SHA256: f.Digest, Size: f.Size, ReleaseSHA256: f.Release, ReleaseSize: f.ReleaseSize,
		MediaType: f.MediaType, CleanError: f.CleanError, Origin: originOf(&f.Origin), Added: f.Added, Checkers: f.Checkers,
		Cleaning:   each(f.Cleaning, func(r *review.Removal) removalOut { return removalOut{r.What, r.Count, r.Where} }),
		Exceptions: each(f.Exceptions, exceptionOf), Previous: each(f.Previous, snapshotOf), Report: fv.Report,
		Yours: fv.Yours, DecisionNeeded: fv.MineVoid, Votes: each(fv.Votes, voteOf), Outcome: fv.Outcome, Changed: fv.Changed,
	}
	for _, print := range slices.Sorted(maps.Keys(fv.Acknowledged)) {
		out.Acknowledged = append(out.Acknowledged, acknowledgedOf(fv.Acknowledged[print]))
	}
	if fv.Mine != nil {
		mine := voteOf(fv.Mine)
		out.Mine = &mine
	}
	if x := fv.Scan; x != nil {
		out.MalwareScan = &scanOut{x.Verdict, x.Signature, x.Reason, x.By.Engine, x.By.Database, x.At}
	}
	return out
}

func originOf(o *provenance.Origin) originOut {
	return originOut{o.Level, o.Path, o.Action, o.JobID, o.JobRequest, o.User, o.Repo, o.Commit, o.Created.UTC(), o.OutOfDate, o.Excluded, o.Why}
}

func exceptionOf(x *review.Exception) exceptionOut {
	return exceptionOut{x.Kind, x.Check, x.Reason, x.Asked, each(x.Answers, answerOf)}
}

func answerOf(a *review.Answer) checkerAnswer {
	return checkerAnswer{a.Checker, a.Accept, a.Reason, a.Turn, a.At}
}

func snapshotOf(s *review.Snapshot) snapshotOut {
	return snapshotOut{s.Digest, s.Release, s.Size, s.Turn, s.Replaced}
}

func acknowledgedOf(k *review.Acknowledgement) acknowledgedOut {
	return acknowledgedOut{k.Fingerprint, k.Check, k.Code, k.Text, k.CodeLink, k.By, k.At, each(k.Answers, answerOf)}
}

func voteOf(v *review.Vote) voteOut {
	return voteOut{v.Checker, v.Decision, v.Reason, v.Turn, v.At, v.Earlier, v.EarlierReason}
}

func commentOf(c *review.Comment) commentOut {
	return commentOut{c.ID, c.File, c.Line, c.Column, c.Author, c.ByChecker, c.Visibility, c.Text, c.Turn, c.At, c.Published}
}

func workspaceOf(w *review.WorkspaceSummary) workspaceOut {
	p := w.Project
	out := workspaceOut{w.Name, projectOut{p.ID, p.Name, p.Number, cmp.Or(p.Kind, review.StudyProject), p.Backend}, nil, w.Problem}
	if w.Active != nil {
		active := summaryOf(w.Active)
		out.Active = &active
	}
	return out
}

func workspaceFileOf(f *review.WorkspaceFile) workspaceFile {
	return workspaceFile{f.Path, f.Size, f.Modified.UTC(), f.Release, f.Digest, f.Problem, originOf(&f.Origin)}
}

func queueItemOf(q *review.QueueItem) queueItem {
	return queueItem{summaryOf(&q.Request), q.Files, q.Mine, q.Overdue, q.YourTurn, q.State, q.Worst}
}

func boardOf(b *review.Board) boardOut {
	return boardOut{
		each(b.Requests, func(r *review.BoardRow) boardRow {
			return boardRow{summaryOf(&r.Request), each(r.Request.Seats, seatOf), r.Overdue, r.Unrouted}
		}),
		each(b.Checkers, func(l *review.Load) loadOut {
			return loadOut{l.Person.Username, l.Person.Name, l.Person.Skills, l.Open, l.Overdue, l.Away, l.Trained, l.Person.TrainedUntil}
		}),
	}
}

func releaseOf(r *review.Release) releaseOut {
	return releaseOut{
		ID: r.ID, Request: r.Request, Workspace: r.Workspace, Project: r.Project, Author: r.Author, Title: r.Title, Purpose: r.Purpose,
		Policy: policyRef(r.Policy), Findings: r.Findings, Approved: r.Approved, By: r.By, Checkers: r.Checkers,
		Files: each(r.Files, func(f *review.ReleasedFile) releasedFile {
			approvals := each(f.Approvals, func(a *review.Approval) approvalOut { return approvalOut{a.Checker, a.Name, a.At} })
			return releasedFile{f.Path, f.SHA256, f.Size, f.Original, f.Group, approvals}
		}),
		Delivered: r.Delivered, Location: r.Location, Recalled: recallOf(r.Recalled),
	}
}

func eventOf(e *review.Event) eventOut {
	return eventOut{
		Seq: e.Seq, At: e.At, Type: e.Type, Actor: e.Actor, Request: e.Request, Workspace: e.Workspace, Group: e.Group, File: e.File,
		Path: e.Path, Turn: e.Turn, From: e.From, To: e.To, SHA256: e.Digest, Findings: e.Findings, Policy: e.Policy, Detail: e.Detail, Source: e.Source,
	}
}

func statusOf(s *review.StatusReport) statusOut {
	out := statusOut{
		ByStatus: s.ByStatus, Overdue: each(s.Overdue, summaryOf), Unrouted: each(s.Unrouted, summaryOf), Abandoned: each(s.Abandoned, summaryOf),
		DeadJobs: each(s.DeadJobs, func(j *review.Job) jobOut { return jobOut{j.ID, j.Kind, j.Request, j.Tries, j.Due} }),
		Schedules: each(s.Schedules, func(p *review.ScheduleProblem) scheduleOut {
			return scheduleOut{p.Schedule, p.Period, p.Workspace, p.Author, p.At, p.Reason}
		}),
		Integrity: s.Integrity, Alarms: each(s.Alarms, alarmOf), Engine: s.Engine, Policy: policyRef(s.Policy),
	}
	if m := s.Malware; m != nil {
		out.Malware = &malwareOut{m.Scanner.Engine, m.Scanner.Database, m.Scanner.Built, m.Problem, m.Waiting, m.Infected}
	}
	return out
}

func tokenOf(t *review.Token) tokenOut {
	return tokenOut{t.ID, t.Name, t.Scopes, t.Created, t.Expires, t.Used}
}

func policyOf(p *policy.Policy) policyOut {
	field := func(f *policy.Field) fieldOut { return fieldOut{f.ID, f.Label, f.Help, f.Required, f.When} }
	choice := func(c *policy.ChecklistItem) choiceOut { return choiceOut{c.ID, c.Text} }
	return policyOut{
		Policy: policyRef(p.Ref()), PermittedResults: p.PermittedResults.Version, PermittedURL: p.PermittedResults.URL,
		Context: each(p.Context, field), Controls: each(p.Controls, field),
		Checklist: each(p.Checklist, choice), Acknowledgements: each(p.Acknowledgements, choice),
		MaxBytes: p.Files.MaxBytes, MaxFiles: review.MaxFiles, FileTypes: slices.Sorted(maps.Keys(p.Files.Types)),
	}
}
