package export

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"sallyport/checks"
	"sallyport/review"
	"sallyport/ui/sheet"
)

// Record is one request's whole record: a workbook with a sheet for each part,
// or as CSV one line for each filled cell of those sheets.
func Record(rec *review.Record) Document {
	v := rec.View
	tables := append(reviewTables(v), turnTable(rec.Events), eventTable(rows(each(rec.Events), func(e review.Event) [][]string { return [][]string{eventRow(e)} })))
	if rec.Release != nil {
		files := [][]string{}
		for _, f := range rec.Release.Files {
			files = append(files, releasedRow(rec.Release, f))
		}
		tables = append(tables, table("Released", releasedColumns, files))
	}
	if rec.Independence != nil {
		tables = append(tables, independenceTable(rec.Independence))
	}
	if rec.Release != nil && rec.Release.Recalled != nil {
		tables = append(tables, recallTable(rec.Release.Recalled))
	}
	if rec.Checkpoint != nil {
		tables = append(tables, logTable(rec))
	}
	return Document{
		Kind: "record", Name: "record-" + string(v.Request.ID), Request: v.Request.ID, Tables: tables, Flat: long(tables),
	}
}

// Review is a request as one of its checkers sees it now: before both reviews
// are in, with their own review only.
func Review(v *review.View) Document {
	tables := reviewTables(v)
	return Document{
		Kind: "review", Name: "review-" + string(v.Request.ID) + "-" + string(v.You), Request: v.Request.ID, Tables: tables, Flat: long(tables),
	}
}

func table(name string, columns []string, all [][]string) sheet.Table {
	return sheet.Table{Name: name, Columns: sheet.Columns(columns...), Rows: sheet.Rows(all)}
}

func each[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, x := range list {
			if !yield(x, nil) {
				return
			}
		}
	}
}

// long puts tables of different columns into one: a line for each cell that is
// not empty.
func long(tables []sheet.Table) sheet.Table {
	return sheet.Table{
		Name: "Record", Columns: sheet.Columns("part", "#row", "field", "value"),
		Rows: func(yield func([]string, error) bool) {
			for _, t := range tables {
				n := 0
				for row, err := range t.Rows {
					if err != nil {
						yield(nil, err)
						return
					}
					n++
					for i, cell := range row {
						if cell != "" && !yield([]string{t.Name, itoa(n), t.Columns[i].Name, cell}, nil) {
							return
						}
					}
				}
			}
		},
	}
}

// reviewTables are the parts that every reader of a request may see, of what the
// view lets them see.
func reviewTables(v *review.View) []sheet.Table {
	return []sheet.Table{summaryTable(v), fileTable(v), contextTable(v), voteTable(v), commentTable(v), findingTable(v), answerTable(v), exceptionTable(v)}
}

func summaryTable(v *review.View) sheet.Table {
	r := &v.Request
	all := [][]string{
		{"request", string(r.ID)}, {"title", r.Title}, {"status", string(r.Status)}, {"turn", itoa(r.Turn)},
		{"workspace", string(r.Workspace)}, {"project", string(r.Project)}, {"project number", r.ProjectNumber}, {"repository", r.Repository},
		{"asked by", string(r.Author)}, {"purpose", r.Purpose}, {"disclosure concerns", r.Concerns},
		{"checklist confirmed", strings.Join(r.Checklist, ", ")}, {"permitted study results policy", r.PermittedResults},
		{"policy", r.Policy.Name}, {"policy version", r.Policy.Version}, {"policy sha256", r.Policy.SHA256},
		{"findings sha256", string(r.Findings)}, {"checks", r.ReportKey.Engine},
		{"created", stamp(r.Created)}, {"submitted", stamp(r.Submitted)}, {"due", stamp(r.Due)}, {"decided", stamp(r.Decided)}, {"released", stamp(r.Released)},
	}
	for _, s := range r.Seats {
		all = append(all, []string{"checker", string(s.Checker)}, []string{"why this checker", s.Why}, []string{"review handed in", stamp(s.Submitted)})
	}
	t := table("Summary", []string{"field", "value"}, all)
	t.Columns[1].Width = 80
	return t
}

func fileTable(v *review.View) sheet.Table {
	var all [][]string
	for _, g := range v.Groups {
		for _, fv := range g.Files {
			f := fv.File
			cleaned := make([]string, len(f.Cleaning))
			for i, c := range f.Cleaning {
				cleaned[i] = fmt.Sprintf("%d × %s", c.Count, c.What)
			}
			status := ""
			if fv.Report != nil {
				status = fv.Report.Status
			}
			all = append(all, []string{g.Group.Name, f.Path, string(f.Kind), string(fv.Outcome), itoa(f.Size), string(f.Digest), string(f.Release), itoa(f.ReleaseSize),
				f.MediaType, strings.Join(cleaned, ", "), f.CleanError, string(f.Origin.Level), f.Origin.Action, f.Origin.JobID, f.Origin.Commit, stamp(f.Added), status, join(f.Checkers)})
		}
	}
	return table("Files", []string{"group", "path", "kind", "outcome", "#size", "sha256 as supplied", "sha256 that would leave", "#size that would leave", "media type",
		"cleaned", "why not cleaned", "level", "action", "job", "commit", "added", "checked", "checkers, when routed by itself"}, all)
}

func contextTable(v *review.View) sheet.Table {
	var all [][]string
	for _, g := range v.Groups {
		for _, part := range []struct {
			name string
			in   map[string]string
		}{{"context", g.Group.Context}, {"controls", g.Group.Controls}} {
			for _, k := range slices.Sorted(maps.Keys(part.in)) {
				all = append(all, []string{g.Group.Name, part.name, k, part.in[k]})
			}
		}
	}
	t := table("Context", []string{"group", "part", "field", "text"}, all)
	t.Columns[3].Width = 80
	return t
}

func voteTable(v *review.View) sheet.Table {
	var all [][]string
	for _, g := range v.Groups {
		for _, fv := range g.Files {
			for _, list := range []struct {
				standing string
				votes    []review.Vote
			}{{"no", fv.File.PastVotes}, {"yes", fv.Votes}} {
				for _, x := range list.votes {
					all = append(all, []string{fv.File.Path, string(x.Checker), string(x.Decision), x.Reason, itoa(x.Turn), stamp(x.At), list.standing, string(x.Basis)})
				}
			}
		}
	}
	t := table("Votes", []string{"path", "checker", "decision", "reason", "#turn", "at", "standing", "rests on (digest)"}, all)
	t.Columns[3].Width = 60
	return t
}

func commentTable(v *review.View) sheet.Table {
	var all [][]string
	for _, g := range v.Groups {
		for _, c := range g.Comments {
			path := ""
			for _, fv := range g.Files {
				if fv.File.ID == c.File {
					path = fv.File.Path
				}
			}
			place := func(n int) string {
				if n == 0 {
					return ""
				}
				return itoa(n)
			}
			all = append(all, []string{g.Group.Name, path, place(c.Line), string(c.Author), yes(c.ByChecker), string(c.Visibility), c.Text, itoa(c.Turn), stamp(c.At),
				yes(c.Independent), stamp(c.Published)})
		}
	}
	t := table("Comments", []string{"group", "path", "#line", "by", "by a checker", "who may read it", "text", "#turn", "at", "before both reviews were in", "made public"}, all)
	t.Columns[6].Width = 80
	return t
}

func yes(b bool) string { return map[bool]string{true: "yes", false: "no"}[b] }

func findingTable(v *review.View) sheet.Table {
	var all [][]string
	for _, g := range v.Groups {
		for _, fv := range g.Files {
			if fv.Report == nil {
				continue
			}
			if fv.Report.Status != "complete" {
				all = append(all, []string{fv.File.Path, "", "", "block", fv.Report.Reason, "", "", "", "", "incomplete"})
			}
			for _, x := range fv.Report.Findings {
				all = append(all, findingRow(fv.File.Path, x))
			}
		}
	}
	t := table("Findings", []string{"path", "check", "kind", "severity", "message", "table", "column", "#cells", "first lines", "evidence", "fingerprint"}, all)
	t.Columns[4].Width = 60
	return t
}

func findingRow(path string, x checks.Finding) []string {
	var lines []string
	for _, r := range x.Rows[:min(len(x.Rows), 20)] {
		lines = append(lines, itoa(r.Line))
	}
	evidence, err := json.Marshal(x.Evidence)
	if err != nil || len(x.Evidence) == 0 {
		evidence = nil
	}
	return []string{path, x.Check, x.Kind, string(x.Severity), x.Message, x.Table, x.Column, itoa(len(x.Rows)), strings.Join(lines, ", "), string(evidence), x.Fingerprint}
}

func answerTable(v *review.View) sheet.Table {
	var all [][]string
	for _, k := range v.Request.Acknowledgements {
		_, f := v.Request.File(k.File)
		path := ""
		if f != nil {
			path = f.Path
		}
		all = append(all, []string{path, k.Check, k.Code, k.Text, k.CodeLink, string(k.By), stamp(k.At), answers(k.Answers), k.Fingerprint})
	}
	return table("Answers to findings", []string{"path", "check", "answer", "text", "code", "by", "at", "accepted by", "fingerprint"}, all)
}

func exceptionTable(v *review.View) sheet.Table {
	var all [][]string
	for _, g := range v.Groups {
		for _, fv := range g.Files {
			for _, x := range fv.File.Exceptions {
				all = append(all, []string{fv.File.Path, string(x.Kind), x.Check, x.Reason, stamp(x.Asked), answers(x.Answers)})
			}
		}
	}
	return table("Exceptions", []string{"path", "kind", "check", "reason", "asked", "answers"}, all)
}

func answers(list []review.Answer) string {
	var out []string
	for _, x := range list {
		text := fmt.Sprintf("%s %s %s", x.Checker, map[bool]string{true: "accepts", false: "refuses"}[x.Accept], stamp(x.At))
		if x.Reason != "" {
			text += ": " + x.Reason
		}
		out = append(out, text)
	}
	return strings.Join(out, "\n")
}

// turnTable is the request's course: each change of status.
func turnTable(events []review.Event) sheet.Table {
	var all [][]string
	for _, e := range events {
		if e.To != "" && e.From != e.To && e.File == "" {
			all = append(all, []string{itoa(e.Turn), string(e.From), string(e.To), string(e.Actor), stamp(e.At), itoa(e.Seq)})
		}
	}
	return table("Turns", []string{"#turn", "from", "to", "by", "at", "#event"}, all)
}

var eventColumns = []string{"#event", "at", "what", "by", "request", "workspace", "group", "path", "#turn", "from", "to", "sha256", "findings sha256", "policy sha256", "facts", "source", "sha256 of the event"}

func eventTable(all iter.Seq2[[]string, error]) sheet.Table {
	return sheet.Table{Name: "Events", Columns: sheet.Columns(eventColumns...), Rows: all}
}

func eventRow(e review.Event) []string {
	facts := make([]string, 0, len(e.Detail))
	for _, k := range slices.Sorted(maps.Keys(e.Detail)) {
		facts = append(facts, k+": "+e.Detail[k])
	}
	return []string{itoa(e.Seq), stamp(e.At), string(e.Type), string(e.Actor), string(e.Request), string(e.Workspace), string(e.Group), e.Path, itoa(e.Turn),
		string(e.From), string(e.To), string(e.Digest), string(e.Findings), e.Policy, strings.Join(facts, "\n"), e.Source, fmt.Sprintf("%x", e.Leaf())}
}

func independenceTable(p *review.Independence) sheet.Table {
	all := [][]string{{"Both reviews were independent", string(p.Verdict), "", ""}}
	for _, c := range p.Claims {
		all = append(all, []string{c.Text, string(c.Verdict), c.Why, seqs(c.Events)})
	}
	for _, b := range p.Checkers {
		for _, part := range []struct {
			what   string
			events []review.Event
		}{{"routed to", opt(b.Routed)}, {"viewed by", b.Views}, {"voted on by", b.Votes}, {"handed in by", opt(b.Submitted)}} {
			for _, e := range part.events {
				all = append(all, []string{part.what + " " + string(b.Checker), "", strings.TrimSpace(stamp(e.At) + " " + e.Path + " " + e.Detail["decision"]), itoa(e.Seq)})
			}
		}
	}
	for _, n := range p.Notes {
		all = append(all, []string{"note", "", n, ""})
	}
	t := table("Independence", []string{"statement", "verdict", "why, or when", "events"}, all)
	t.Columns[0].Width, t.Columns[2].Width = 70, 60
	return t
}

// recallTable is what was reported of a release, with what each place said.
func recallTable(r *review.Recall) sheet.Table {
	var all [][]string
	for _, b := range r.Reports {
		var answers []string
		for _, w := range b.Withdrawals {
			answers = append(answers, w.Sink+" "+stamp(w.At)+": "+w.Words)
		}
		for _, n := range b.Notes {
			answers = append(answers, "note by "+string(n.By)+" "+stamp(n.At)+": "+n.Words)
		}
		all = append(all, []string{stamp(b.At), string(b.By), recalledWords(b.Whole), strings.Join(b.Files, "\n"), string(b.Severity), stamp(b.Discovered), b.Words, strings.Join(answers, "\n")})
	}
	return table("Recalls", []string{"reported", "by", "whole", "files", "severity", "discovered", "words", "what became of it"}, all)
}

// EventProof is where the pages give the proof that the log holds an event,
// followed by its number.
const EventProof = "/audit/proofs/"

// ReleaseProof is where they give that of all decisions on a release.
func ReleaseProof(id review.RequestID) string { return "/records/" + string(id) + "/proof" }

// logTable says by which checkpoint the events can be proved, and where the
// proofs are.
func logTable(rec *review.Record) sheet.Table {
	c, id := rec.Checkpoint, rec.View.Request.ID
	all := [][]string{
		{"newest checkpoint, events covered", itoa(c.Size)},
		{"of the events listed, covered", itoa(c.Covered(rec.Events))},
		{"root", fmt.Sprintf("%x", c.Root)},
		{"signed", stamp(c.At)},
		{"signed note", string(c.Note)},
		{"proof of one event, on this service", EventProof + "NUMBER"},
	}
	if rec.Release != nil {
		all = append(all, []string{"proofs of the decisions, on this service", ReleaseProof(id)})
	}
	if rec.Release != nil && !rec.Release.Delivered.IsZero() {
		all = append(all, []string{"checkpoint and proofs in the package", review.CheckpointPath + " and " + review.ProofsPath})
	}
	all = append(all, []string{"to check a proof", "sallyport audit check-proof FILE --key sallyport.pub"})
	t := table("Log", []string{"what", "value"}, all)
	t.Columns[0].Width, t.Columns[1].Width = 45, 90
	return t
}

func opt(e *review.Event) []review.Event {
	if e == nil {
		return nil
	}
	return []review.Event{*e}
}

func seqs(list []int64) string {
	var out []string
	for _, n := range list {
		out = append(out, itoa(n))
	}
	return strings.Join(out, ", ")
}
