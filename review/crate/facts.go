package crate

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"sallyport/checks"
	"sallyport/policy"
	"sallyport/review"
)

// withheld tells the reader of a record what is not in it.
var withheld = []string{
	"Values: a finding is given by its check, kind, severity and place. What it computed, and the cells it quotes, stay inside.",
	"Sentences written for the review: context, controls, comments, reasons and explanations. Nobody has checked these for disclosure.",
	"Supporting files, withdrawn files and earlier versions: only how many supporting and withdrawn files there were.",
	"The names that cleaning met in what it removed: only what sort of thing it was, and how often.",
}

// newRecord tells what may be told of a release.
func newRecord(e *review.Evidence) *Record {
	rel, r := e.Release, e.Request
	rec := &Record{
		Schema: RecordSchema,
		Release: ReleaseFacts{
			ID: rel.ID, Identifier: Identifier(rel.ID), Request: rel.Request, Workspace: rel.Workspace, Title: title(rel),
			Purpose: rel.Purpose, Author: rel.Author, Approved: rel.Approved.UTC(), ReleasedBy: rel.By, Findings: rel.Findings,
		},
		Project:   ProjectFacts{e.Project.ID, cmp.Or(e.Project.Name, string(e.Project.ID)), e.Project.Number},
		Policy:    policyFacts(e.Policy, r.PermittedResults),
		Engine:    engineFacts(e.Report),
		Routing:   routing(r),
		Blind:     blindFacts(e),
		History:   history(e.Events),
		Confirmed: []StatementRef{},
		Withheld:  withheld,
	}
	for _, id := range r.Checklist {
		rec.Confirmed = append(rec.Confirmed, StatementRef{id, wording(e.Policy.Checklist, id)})
	}
	for i := range r.Groups {
		for _, f := range r.Groups[i].Files {
			switch f.Kind {
			case review.Supporting:
				rec.Release.Supporting++
			case review.WithdrawnF:
				rec.Release.Withdrawn++
			}
		}
	}
	for i := range rel.Files {
		rec.Files = append(rec.Files, fileFacts(e, rec, i))
	}
	rec.People = people(e, rec)
	if c := e.Checkpoint; c != nil {
		rec.Log = &LogFacts{c.Size, hex.EncodeToString(c.Root[:]), c.At.UTC()}
	}
	return rec
}

func policyFacts(p *policy.Policy, confirmed string) PolicyFacts {
	return PolicyFacts{
		Name: p.Name, Version: p.Version, SHA256: p.SHA256, Text: string(p.Source), Approvals: p.Review.Approvals,
		Permitted: PermittedRef{p.PermittedResults.Name, confirmed, p.PermittedResults.URL},
	}
}

func wording(list []policy.ChecklistItem, id string) string {
	i := slices.IndexFunc(list, func(c policy.ChecklistItem) bool { return c.ID == id })
	if i < 0 {
		return ""
	}
	return list[i].Text
}

// engineFacts lists the checks: those of the engine that made the report, if it
// is this program's.
func engineFacts(rep *checks.Report) EngineFacts {
	if rep == nil {
		return EngineFacts{Checks: []CheckFacts{}}
	}
	facts := EngineFacts{Version: rep.Engine, Listed: rep.Engine == checks.EngineVersion, Checks: []CheckFacts{}}
	if facts.Listed {
		for _, c := range checks.All() {
			facts.Checks = append(facts.Checks, CheckFacts{c.Name, c.Version, c.Title})
		}
	}
	for _, f := range rep.Files {
		for _, x := range f.Findings {
			if !slices.ContainsFunc(facts.Checks, func(c CheckFacts) bool { return c.Name == x.Check }) {
				facts.Checks = append(facts.Checks, CheckFacts{Name: x.Check})
			}
		}
	}
	return facts
}

func routing(r *review.Request) []SeatFacts {
	var seats []SeatFacts
	for _, s := range r.Seats {
		seats = append(seats, SeatFacts{s.Checker, s.Assigned.UTC(), s.Submitted.UTC(), s.Specialist})
	}
	return seats
}

func blindFacts(e *review.Evidence) BlindFacts {
	shown := review.ProveIndependence(e.Events, e.Release)
	facts := BlindFacts{Verdict: shown.Verdict, Claims: []ClaimFacts{}}
	for _, c := range shown.Claims {
		facts.Claims = append(facts.Claims, ClaimFacts{c.Text, c.Verdict})
	}
	return facts
}

// history are the events that moved the request.
func history(events []review.Event) []Step {
	var steps []Step
	for _, ev := range events {
		if ev.File == "" && (ev.From != ev.To || ev.Type == review.EvRequestCreated || ev.Type == review.EvReviewSubmitted) {
			steps = append(steps, Step{ev.Type, ev.Seq, ev.At.UTC(), ev.Actor, ev.Turn, ev.From, ev.To})
		}
	}
	return steps
}

// fileOf finds the request's file that a released file is.
func fileOf(r *review.Request, released review.ReleasedFile) *review.File {
	for _, f := range r.Outputs() {
		if f.Path == released.Path && f.Release == released.SHA256 {
			return f
		}
	}
	return &review.File{Path: released.Path, Digest: released.Original, Release: released.SHA256}
}

func fileFacts(e *review.Evidence, rec *Record, i int) FileFacts {
	rel := e.Release.Files[i]
	f := fileOf(e.Request, rel)
	facts := FileFacts{
		Path: rel.Path, SHA256: rel.SHA256, Size: rel.Size, MediaType: f.MediaType,
		Before:  BeforeFacts{rel.Original, f.Size, rel.Original == rel.SHA256},
		Removed: removed(f.Cleaning),
		Origin: OriginFacts{
			Repository: withoutPassword(f.Origin.Repo), Commit: f.Origin.Commit, Action: f.Origin.Action, Job: f.Origin.JobID,
			Level: string(f.Origin.Level), Created: f.Origin.Created.UTC(), OutOfDate: f.Origin.OutOfDate,
		},
		Checks:     runFacts(e, rec, f, i),
		Exceptions: []ExceptionFacts{},
		Decisions:  decisions(rel, f),
	}
	for _, x := range f.Exceptions {
		facts.Exceptions = append(facts.Exceptions, ExceptionFacts{x.Kind, x.Check, x.Asked.UTC(), answers(x.Answers)})
	}
	return facts
}

// withoutPassword is the address of a repository, without what only its owner
// should know; "" when it cannot be told apart.
func withoutPassword(address string) string {
	at, err := url.Parse(address)
	if err != nil {
		return ""
	}
	at.User = nil
	return at.String()
}

// sorts are what cleaning is said to have removed. Any other word may come from
// the file, and what was removed from it must not leave in a description.
var sorts = []string{
	"attribute", "comment", "document type", "embedded image that cannot be cleaned", "event handler",
	"figure that cannot be cleaned", "formula in another notation", "hidden content", "hidden element",
	"image from elsewhere", "image that cannot be cleaned", "interactive table or figure that only a script draws",
	"link", "link to elsewhere, text kept", "metadata", "other blocks", "other things", "page setting",
	"reference to elsewhere", "script", "script element", "style property", "style rule", "styling from elsewhere",
	"styling for other media", "styling of an element", "text chunk", "text that is not drawn",
	"unusual element, text kept", "unused class", "unused name",
}

func removed(list []review.Removal) []Removed {
	out := []Removed{}
	for _, x := range list {
		what, _, _ := strings.Cut(x.What, " (")
		if !slices.Contains(sorts, what) {
			what = "something else"
		}
		i := slices.IndexFunc(out, func(r Removed) bool { return r.What == what })
		if i < 0 {
			out = append(out, Removed{what, x.Count})
			continue
		}
		out[i].Count += x.Count
	}
	return out
}

func answers(list []review.Answer) []AnswerFacts {
	out := []AnswerFacts{}
	for _, a := range list {
		out = append(out, AnswerFacts{a.Checker, a.Accept, a.Turn, a.At.UTC()})
	}
	return out
}

// decisions are those that were changed or undone, then those that stand: the
// release's own approvals.
func decisions(rel review.ReleasedFile, f *review.File) []DecisionFacts {
	var out []DecisionFacts
	for _, v := range f.PastVotes {
		out = append(out, DecisionFacts{v.Checker, v.Decision, v.Turn, v.At.UTC(), false})
	}
	for _, a := range rel.Approvals {
		d := DecisionFacts{Checker: a.Checker, Decision: review.Approve, At: a.At.UTC(), Standing: true}
		if v := f.VoteOf(a.Checker); v != nil {
			d.Turn = v.Turn
		}
		out = append(out, d)
	}
	slices.SortStableFunc(out, func(a, b DecisionFacts) int { return a.At.Compare(b.At) })
	return out
}

// runFacts are the result of every check on one file.
func runFacts(e *review.Evidence, rec *Record, f *review.File, i int) RunFacts {
	run := RunFacts{Status: "incomplete", Results: []CheckResult{}}
	var found []checks.Finding
	if e.Report != nil {
		for _, fr := range e.Report.Files {
			if fr.Path == f.Path {
				run.Status, found = fr.Status, fr.Findings
			}
		}
	}
	n := 0
	for _, c := range rec.Engine.Checks {
		res := CheckResult{Check: c.Name, Result: "nothing found"}
		if run.Status != "complete" {
			res.Result = "not finished"
		}
		for _, x := range found {
			if x.Check == c.Name {
				n++
				res.Result = "found"
				res.Findings = append(res.Findings, findingFacts(e, f, x, fmt.Sprintf("F%d.%d", i+1, n)))
			}
		}
		run.Results = append(run.Results, res)
	}
	return run
}

// maxLines is how many places of one finding are named.
const maxLines = 100

func findingFacts(e *review.Evidence, f *review.File, x checks.Finding, id string) FindingFacts {
	facts := FindingFacts{ID: id, Kind: x.Kind, Severity: string(x.Severity), Cells: len(x.Rows)}
	if x.ColumnIndex != nil {
		facts.Column = *x.ColumnIndex + 1
	}
	for _, row := range x.Rows[:min(len(x.Rows), maxLines)] {
		facts.Lines = append(facts.Lines, row.Line)
	}
	facts.Excepted = slices.ContainsFunc(f.Exceptions, func(y review.Exception) bool { return y.Check == x.Check })
	for _, k := range e.Request.Acknowledgements {
		if k.Fingerprint == x.Fingerprint && k.File == f.ID {
			facts.Acknowledged = &AcknowledgedFacts{
				k.Code, wording(e.Policy.Acknowledgements, k.Code), k.By, k.At.UTC(), answers(k.Answers),
			}
		}
	}
	return facts
}

// people are all who are named in a record, by username.
func people(e *review.Evidence, rec *Record) []PersonFacts {
	roles := map[review.Username][]string{}
	add := func(who review.Username, role string) {
		if !slices.Contains(roles[who], role) {
			roles[who] = append(roles[who], role)
		}
	}
	add(rec.Release.Author, "author")
	for _, s := range rec.Routing {
		add(s.Checker, "checker")
	}
	for _, f := range rec.Files {
		for _, d := range f.Decisions {
			add(d.Checker, "checker")
		}
	}
	add(rec.Release.ReleasedBy, "released it")
	for _, s := range rec.History {
		if _, known := roles[s.By]; !known {
			add(s.By, "changed its status")
		}
	}
	var out []PersonFacts
	for who, as := range roles {
		out = append(out, PersonFacts{who, cmp.Or(e.People[who], string(who)), as})
	}
	slices.SortFunc(out, func(a, b PersonFacts) int { return cmp.Compare(a.Username, b.Username) })
	return out
}
