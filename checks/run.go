package checks

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"sallyport/checks/table"
	"sallyport/policy"
)

// Run reads and checks the files of a set, several at once, then runs the
// checks that look across files. Results keep the set's order. It fails only
// when ctx ends or the list of checks is malformed: what goes wrong with a file
// is in its report.
func (e *Engine) Run(ctx context.Context, p *policy.Policy, set Set) (*Report, error) {
	list := e.Checks
	if list == nil {
		list = All()
	}
	if err := Validate(list); err != nil {
		return nil, err
	}
	r := &run{engine: e, policy: p, checks: list, known: set.Workspace, room: semaphore.NewWeighted(p.Files.MaxBytes + 1)}
	if r.limit = e.TimeLimit; r.limit == 0 {
		r.limit = DefaultTimeLimit
	}
	r.files = make([]*result, len(set.Files))
	r.earlier = make([]*result, len(set.Earlier))
	if err := r.read(ctx, set); err != nil {
		return nil, err
	}
	set.begun(len(set.Files) + len(set.Earlier))
	r.across(ctx)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return r.finish(), nil
}

// run is the work on one set.
type run struct {
	engine *Engine
	policy *policy.Policy
	checks []Check
	known  bool // the origins of files were looked up
	limit  time.Duration
	room   *semaphore.Weighted // bytes of files being examined at once

	files, earlier []*result

	mu    sync.Mutex
	cells int // kept for cross-file checks
}

// result is what is known of one file. All fields but doc go into its report.
type result struct {
	doc     *Document
	report  FileReport
	reasons []string
	dropped bool      // its tables were not kept for the cross-file checks
	found   []ordered // findings with the place of their check in the list
}

type ordered struct {
	check int
	Finding
}

func (r *run) workers() int {
	if n := r.engine.Workers; n > 0 {
		return n
	}
	return min(runtime.GOMAXPROCS(0), 16)
}

// read examines every file by itself. What earlier releases hold is only read
// when a check looks across files.
func (r *run) read(ctx context.Context, set Set) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(r.workers())
	for i := range set.Files {
		g.Go(func() error {
			set.begun(i)
			r.files[i] = r.file(ctx, &set.Files[i], r.checks)
			set.done(ctx, i, func() FileReport { return r.fileReport(r.files[i]) })
			return ctx.Err()
		})
	}
	for i := range set.Earlier {
		if !slices.ContainsFunc(r.checks, func(c Check) bool { return c.Set != nil }) {
			r.earlier = nil
			break
		}
		g.Go(func() error {
			set.begun(len(set.Files) + i)
			r.earlier[i] = r.file(ctx, &set.Earlier[i], nil)
			set.done(ctx, len(set.Files)+i, nil)
			return ctx.Err()
		})
	}
	return g.Wait()
}

func (s *Set) begun(at int) {
	if s.Begun != nil {
		s.Begun(at)
	}
}

func (s *Set) done(ctx context.Context, at int, report func() FileReport) {
	switch {
	case s.Done == nil || ctx.Err() != nil:
	case report == nil:
		s.Done(at, nil)
	default:
		f := report()
		s.Done(at, &f)
	}
}

// file reads one file and runs the checks of one file on it.
func (r *run) file(ctx context.Context, f *File, list []Check) *result {
	res := &result{}
	d := load(f, r.policy.Files.MaxBytes)
	weight := min(int64(len(d.Data)), r.policy.Files.MaxBytes+1)
	if err := r.room.Acquire(ctx, weight); err != nil {
		res.doc = d
		return res
	}
	defer r.room.Release(weight)
	if d.Unread == nil && !d.TooLarge {
		d.Unread = r.interpret(ctx, d)
	}
	if d.Unread != nil {
		res.reasons = append(res.reasons, d.Unread.Error())
	} else if d.TooLarge {
		res.reasons = append(res.reasons, "the file is over the size limit and was not read")
	}
	for i := range list {
		if c := &list[i]; c.File != nil && ctx.Err() == nil {
			r.check(ctx, res, i, d)
		}
	}
	res.report = FileReport{Path: d.Path, SHA256: d.SHA256, Size: d.Size, Type: d.Type, Tables: tableReports(d.Tables)}
	res.doc, res.dropped = r.keep(d)
	return res
}

var errNoReader = errors.New("this type of content cannot be examined")

// interpret runs the reader of the document's type. A reader that is given up
// keeps its own copy of the document, so nothing it still does is seen.
func (r *run) interpret(ctx context.Context, d *Document) error {
	i := slices.IndexFunc(readers(), func(rd reader) bool { return rd.reads(d) })
	if i < 0 {
		return errNoReader
	}
	rd, own := readers()[i], *d
	err := guard(ctx, r.limit, "reading the file", func(context.Context) error { return rd.read(&own) })
	if !errors.Is(err, errGivenUp) {
		*d = own
		for i, t := range d.Tables {
			d.Tables[i] = t.WithoutRecords()
		}
	}
	return err
}

func (rd reader) reads(d *Document) bool {
	return rd.typ == d.Type && (rd.exts == "" || slices.Contains(strings.Fields(rd.exts), d.Ext))
}

// check runs one check on one document and completes its findings.
func (r *run) check(ctx context.Context, res *result, at int, d *Document) {
	c := &r.checks[at]
	box := &collector{}
	err := guard(ctx, r.limit, "check "+c.Name, func(ctx context.Context) error {
		return c.File(&Pass{Context: ctx, Check: c, Policy: r.policy, Doc: d, Workspace: r.known, report: func(f Finding) { box.add(d.Path, f) }})
	})
	for _, f := range box.close() {
		r.record(res, at, f.Finding)
	}
	if err != nil {
		res.reasons = append(res.reasons, err.Error())
	}
}

// record completes a finding, unless the policy silences it.
func (r *run) record(res *result, at int, f Finding) {
	c := &r.checks[at]
	f.Check = c.Name
	if f.Confidence == 0 {
		f.Confidence = 1
	}
	said := severityOf(r.policy, c, f.Kind)
	if f.Severity == "" {
		f.Severity = said
	}
	if said == policy.Off || f.Severity == policy.Off {
		return
	}
	res.found = append(res.found, ordered{at, f})
}

// across runs the checks that look at the whole set.
func (r *run) across(ctx context.Context) {
	at := map[string]*result{}
	var docs, earlier []*Document
	for _, res := range r.files {
		if _, taken := at[res.doc.Path]; !taken {
			at[res.doc.Path] = res
		}
		if res.doc.Unread == nil {
			docs = append(docs, res.doc)
		}
	}
	for _, res := range r.earlier {
		if res.doc.Unread == nil {
			earlier = append(earlier, res.doc)
		}
	}
	memo := new(factMemo)
	for i := range r.checks {
		c := &r.checks[i]
		if c.Set == nil {
			continue
		}
		box := &collector{}
		err := guard(ctx, r.limit, "check "+c.Name, func(ctx context.Context) error {
			return c.Set(&SetPass{Context: ctx, Check: c, Policy: r.policy, Docs: docs, Earlier: earlier, memo: memo, report: box.add})
		})
		for _, f := range box.close() {
			if res := at[f.path]; res != nil {
				r.record(res, i, f.Finding)
			}
		}
		if err != nil {
			for _, res := range r.files {
				res.reasons = append(res.reasons, err.Error())
			}
		}
	}
	for _, res := range append(slices.Clone(r.files), r.earlier...) {
		if res.dropped && len(r.files)+len(r.earlier) > 1 {
			for _, f := range r.files {
				f.reasons = append(f.reasons, "the files together are too large to be compared with one another")
			}
			break
		}
	}
}

// keep returns what cross-file checks need of a document: all but its bytes, and
// its tables as long as those of all files together stay within bounds.
func (r *run) keep(d *Document) (facts *Document, dropped bool) {
	own := *d
	own.Data, own.audits = nil, nil
	own.Page, own.Drawing, own.Picture = nil, nil, nil
	if own.Text != nil {
		own.Text = own.Text.Facts()
	}
	n := 0
	for _, t := range d.Tables {
		n += len(t.Columns) * t.Rows
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cells+n > table.MaxCells {
		own.Tables = nil
		return &own, true
	}
	r.cells += n
	return &own, false
}

// finish puts the reports together.
func (r *run) finish() *Report {
	rep := &Report{Schema: "1", Policy: r.policy.Ref(), Engine: EngineVersion, Files: make([]FileReport, len(r.files))}
	for i, res := range r.files {
		rep.Files[i] = r.fileReport(res)
	}
	rep.Summarise()
	return rep
}

// fileReport is what is known of one file up to now.
func (r *run) fileReport(res *result) FileReport {
	f := res.report
	f.Status = "complete"
	if len(res.reasons) > 0 {
		f.Status, f.Reason = "incomplete", strings.Join(unique(res.reasons), "; ")
	}
	slices.SortStableFunc(res.found, func(a, b ordered) int { return a.check - b.check })
	f.Findings = make([]Finding, len(res.found))
	seen := map[string]int{}
	for k, o := range res.found {
		f.Findings[k] = o.Finding
		id := fingerprint(&r.checks[o.check], r.policy, f.Path, &f.Findings[k])
		if seen[id]++; seen[id] > 1 {
			id = fmt.Sprintf("%s-%d", id, seen[id])
		}
		f.Findings[k].Fingerprint = id
	}
	return f
}

// Summarise counts the report's files and findings anew.
func (rep *Report) Summarise() {
	rep.Summary = Summary{Files: len(rep.Files)}
	for i := range rep.Files {
		if rep.Files[i].Status != "complete" {
			rep.Summary.Incomplete++
		}
		for j := range rep.Files[i].Findings {
			rep.Summary.count(rep.Files[i].Findings[j].Severity)
		}
	}
}

func (s *Summary) count(v policy.Severity) {
	switch v {
	case policy.Block:
		s.Block++
	case policy.Warn:
		s.Warn++
	default:
		s.Note++
	}
}

func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// tableReports says how each table was understood.
func tableReports(tables []*table.Table) []TableReport {
	var out []TableReport
	for _, t := range tables {
		tr := TableReport{Name: t.Source.Name, Rows: t.Rows, Columns: []ColumnReport{}}
		for _, c := range t.Virtual {
			tr.Columns = append(tr.Columns, ColumnReport{Index: c.Index, Name: c.Name, Role: string(c.Role),
				Base: c.Base.String(), Confidence: c.Confidence, Reasons: c.Reasons})
		}
		out = append(out, tr)
	}
	return out
}
