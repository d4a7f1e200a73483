package review

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"sallyport/checks"
	"sallyport/policy"
)

// Submit hands the request to the checkers, for the first time or again. The
// author confirms every item of the checklist and the version of the permitted
// study results policy in force. Invalid, with Fields, while anything is
// missing; Missing on the View says what and where.
func (s *Service) Submit(ctx context.Context, a Actor, id RequestID, checklist []string, permittedVersion string) error {
	r, _, err := s.load(ctx, a, id, policy.RequestSubmit)
	if err != nil {
		return err
	}
	if err := requireStatus(r, Pending, Returned); err != nil { // before anything of it is checked anew
		return err
	}
	if err := s.allAdded(ctx, r); err != nil {
		return err
	}
	if err := s.awaitChecks(ctx, id); err != nil {
		return err
	}
	if err := s.recheckNow(ctx, a, id, nil); err != nil {
		return err
	}
	if err := s.Store.SavePolicy(ctx, s.Policy); err != nil {
		return err
	}
	route, err := s.router(ctx)
	if err != nil {
		return err
	}
	current, err := s.Store.Request(ctx, id)
	if err != nil {
		return err
	}
	report, err := s.Store.Report(ctx, current.ReportKey)
	if err != nil {
		return err
	}
	if err := s.free(ctx, a, current); err != nil {
		return err
	}
	_, err = s.change(ctx, a, id, policy.RequestSubmit, func(r *Request, c *Change) error {
		if err := requireStatus(r, Pending, Returned); err != nil {
			return err
		}
		if r.ReportKey != current.ReportKey {
			return Errorf(Conflict, "The request was changed while you submitted it. Look at it again, then submit.")
		}
		if err := s.confirm(r, checklist, permittedVersion); err != nil {
			return err
		}
		if missing := s.missing(r, report); len(missing) > 0 {
			return missingError(missing)
		}
		s.handOver(a, r, c, route)
		return nil
	})
	return err
}

// confirm keeps what the author ticked.
func (s *Service) confirm(r *Request, checklist []string, permittedVersion string) error {
	e := Errorf(Invalid, "Confirm every item of the checklist.")
	var ticked []string
	for _, item := range s.Policy.Checklist {
		if slices.Contains(checklist, item.ID) {
			ticked = append(ticked, item.ID)
		} else {
			e.with("checklist."+item.ID, "Confirm this, or mend what it is about.")
		}
	}
	if permittedVersion != s.Policy.PermittedResults.Version {
		e.with("permitted_results", "The permitted study results policy has a newer version than the one you confirmed. Read it, then confirm.")
	}
	if len(e.Fields) > 0 {
		return e
	}
	r.Checklist, r.PermittedResults, r.Policy = ticked, permittedVersion, s.Policy.Ref()
	return nil
}

func missingError(missing []Problem) error {
	e := Errorf(Invalid, "The request is not complete: %s", missing[0].Message)
	if n := len(missing) - 1; n > 0 {
		e.Message = fmt.Sprintf("%s And %d more.", e.Message, n)
	}
	for _, m := range missing {
		e.with(m.Field, m.Message)
	}
	return e
}

// handOver moves the request to its checkers: routed the first time, the same
// two afterwards. Decisions that no longer rest on the files as they are, and
// requests for changes that the author has now answered, become undecided.
func (s *Service) handOver(a Actor, r *Request, c *Change, route router) {
	event := EvSubmitted
	if r.Status == Returned {
		event = EvResubmitted
	}
	now := s.Now()
	for g, f := range r.Outputs() {
		for i := range f.Votes {
			v := &f.Votes[i]
			if v.Decision == Approve && v.counts(g, f) || v.Decision == Undecided {
				continue
			}
			if v.counts(g, f) { // else the edit that made it void said so
				e := s.fileEvent(a, EvVoteVoided, r, g, f)
				e.Detail = map[string]string{"checker": string(v.Checker), "was": string(v.Decision)}
				c.Events = append(c.Events, e)
			}
			f.undecide(v)
		}
		for i := range f.Exceptions {
			x := &f.Exceptions[i]
			x.Answers = slices.DeleteFunc(x.Answers, func(y Answer) bool { return !y.Accept })
		}
	}
	c.Events = append(c.Events, s.transition(a, r, Submitted, event))
	r.Submitted, r.Due = now, newCalendar(s.Policy).after(now, s.Policy.Review.FeedbackDays)
	for i := range r.Seats {
		r.Seats[i].Submitted = time.Time{}
	}
	c.Events = append(c.Events, s.seat(a, r, route)...)
}

// missing lists what stands in the way of submission, in the order a person
// would mend it.
func (s *Service) missing(r *Request, report *checks.Report) []Problem {
	var out []Problem
	add := func(p Problem) { out = append(out, p) }
	if r.Purpose == "" {
		add(Problem{Field: "purpose", Message: "Say why the release is necessary for the project's purpose."})
	}
	outputs := 0
	for range r.Outputs() {
		outputs++
	}
	if outputs == 0 {
		add(Problem{Field: "files", Message: "Add at least one output file."})
	}
	for i := range r.Groups {
		out = append(out, s.groupMissing(r, &r.Groups[i])...)
	}
	return append(append(out, s.blockedFiles(r, report)...), infectedSupport(r, report)...)
}

// groupMissing is what one group lacks: context, controls, and what its file
// types need.
func (s *Service) groupMissing(r *Request, g *Group) []Problem {
	table, live := false, 0
	needsTable := false
	for i := range g.Files {
		f := &g.Files[i]
		if f.Kind == WithdrawnF {
			continue
		}
		live++
		table = table || s.useOf(f.Path) == "table"
		needsTable = needsTable || f.Kind == Output && slices.Contains(s.typeRule(f.Path).Needs, policy.NeedsTable)
	}
	if live == 0 {
		return nil
	}
	out := patternProblems(g)
	if needsTable && !table {
		out = append(out, Problem{Group: g.ID, Field: "files", Message: fmt.Sprintf("The figures in %q need the table of the underlying data in the same group, as an output or a supporting file.", g.Name)})
	}
	about, controls := s.Fields(g)
	for _, part := range []struct {
		fields []policy.Field
		filled map[string]string
	}{{about, g.Context}, {controls, g.Controls}} {
		for _, f := range part.fields {
			if f.Required && part.filled[f.ID] == "" {
				out = append(out, Problem{Group: g.ID, Field: f.ID, Message: fmt.Sprintf("%s is missing for %q.", f.Label, g.Name)})
			}
		}
	}
	if r.Status == Returned && needsAnswer(r, g) {
		out = append(out, Problem{Group: g.ID, Field: "comment", Message: fmt.Sprintf("Answer the checkers' comment on %q.", g.Name)})
	}
	return out
}

// fieldsFor are the fields asked of a group with such uses of files.
func fieldsFor(fields []policy.Field, used map[string]bool) []policy.Field {
	var out []policy.Field
	for _, f := range fields {
		if len(f.When) == 0 || slices.ContainsFunc(f.When, func(u string) bool { return used[u] }) {
			out = append(out, f)
		}
	}
	return out
}

// Fields are the context and controls asked of a group, by the kinds of file
// that are to leave with it.
func (s *Service) Fields(g *Group) (about, controls []policy.Field) {
	used := map[string]bool{policy.IntermediateUse: g.Intermediate}
	for i := range g.Files {
		if g.Files[i].Kind == Output {
			used[s.useOf(g.Files[i].Path)] = true
		}
	}
	return fieldsFor(s.Policy.Context, used), fieldsFor(s.Policy.Controls, used)
}

// typeRule is the policy's rule for the file type; the zero rule for a type it
// does not list.
func (s *Service) typeRule(p string) policy.TypeRule {
	return s.Policy.Files.Types[strings.ToLower(path.Ext(p))]
}

// useOf is what a file is for, by its type: "table", "figure", ... or "".
func (s *Service) useOf(p string) string { return s.typeRule(p).Use }

// patternProblems holds a group named by a wildcard to the number of files that
// its author says it captures.
func patternProblems(g *Group) []Problem {
	if g.Pattern == "" {
		return nil
	}
	matched := 0
	var strays []string
	for i := range g.Files {
		f := &g.Files[i]
		if f.Kind != Output {
			continue
		}
		if ok, err := path.Match(g.Pattern, f.Path); err == nil && ok {
			matched++
		} else {
			strays = append(strays, f.Path)
		}
	}
	at := Problem{Group: g.ID, Field: "pattern"}
	if len(strays) > 0 {
		at.Message = fmt.Sprintf("%s is in %q, but its wildcard %s does not match it.", strays[0], g.Name, g.Pattern)
		return []Problem{at}
	}
	if matched != g.PatternCount {
		at.Message = fmt.Sprintf("The wildcard %s of %q captures %s, and you state %d.", g.Pattern, g.Name, counted(matched, "file"), g.PatternCount)
		return []Problem{at}
	}
	return nil
}

// needsAnswer reports whether a checker's public comment on the group came
// after the author's last one.
func needsAnswer(r *Request, g *Group) bool {
	need := false
	for _, c := range r.Comments {
		if c.Group != g.ID {
			continue
		}
		if c.ByChecker && c.Visibility == Public {
			need = true
		} else if c.Author == r.Author {
			need = false
		}
	}
	return need
}

// blockedFiles are outputs that cannot be requested as they are.
func (s *Service) blockedFiles(r *Request, report *checks.Report) []Problem {
	var out []Problem
	found := reportsByPath(report)
	for g, f := range r.Outputs() {
		at := Problem{Group: g.ID, File: f.ID, Field: "files"}
		if f.CleanError != "" {
			at.Message = fmt.Sprintf("%s cannot be released: %s", f.Path, f.CleanError)
			out = append(out, at)
			continue
		}
		rep := found[f.Path]
		if rep == nil {
			at.Message = fmt.Sprintf("%s has not been checked.", f.Path)
			out = append(out, at)
			continue
		}
		for _, x := range rep.Findings {
			if m := standsInTheWay(f, x); m != "" {
				at.Message = m
				out = append(out, at)
				break
			}
		}
	}
	return out
}

// infectedSupport are the files beside the outputs that the malware scan stops.
func infectedSupport(r *Request, report *checks.Report) []Problem {
	var out []Problem
	found := reportsByPath(report)
	for i := range r.Groups {
		g := &r.Groups[i]
		for j := range g.Files {
			f := &g.Files[j]
			if f.Kind != Supporting || found[f.Path] == nil {
				continue
			}
			for _, x := range found[f.Path].Findings {
				if x.Check == malwareCheck {
					out = append(out, Problem{Group: g.ID, File: f.ID, Field: "files", Message: x.Message})
				}
			}
		}
	}
	return out
}

// standsInTheWay says why a file with this finding cannot be submitted; "" when
// it can. What the file is, or where it comes from, nobody can dispose of. For
// an odd type, a large file or many rows an exception must be asked for.
func standsInTheWay(f *File, x checks.Finding) string {
	if x.Severity != policy.Block {
		return ""
	}
	switch kind, open := exceptionFor(x); {
	case x.Check == malwareCheck:
		return x.Message
	case x.Check == "unreadable" && f.asks("file-type"):
		// Of a type that is excepted nothing can be read: the checkers know.
	case x.Check == "unreadable" || x.Check == "output-level" || x.Check == "file-type" && !open:
		return fmt.Sprintf("%s cannot be requested: %s", f.Path, x.Message)
	case open && kind != ExceptFinding && !f.asks(x.Check):
		return fmt.Sprintf("%s needs an exception with a reason: %s", f.Path, x.Message)
	}
	return ""
}

func reportsByPath(report *checks.Report) map[string]*checks.FileReport {
	out := map[string]*checks.FileReport{}
	if report != nil {
		for i := range report.Files {
			out[report.Files[i].Path] = &report.Files[i]
		}
	}
	return out
}
