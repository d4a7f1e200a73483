package confine

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"sallyport/checks"
	"sallyport/policy"
)

// run is the work on one set, by one child after another.
type run struct {
	pool   *Pool
	policy *policy.Policy
	set    *checks.Set

	workers int            // of the next child; 0 for one to a processor
	guilty  map[int]string // files at which a child died, with the reason
	apart   string         // why files are not compared with one another; "" when they are
	idle    int            // deaths at nothing

	mu       sync.Mutex
	begun    map[int]time.Time
	finished map[int]checks.FileReport
	told     map[int]bool // files of which Set.Done was told
}

func newRun(p *Pool, pol *policy.Policy, set *checks.Set) *run {
	return &run{pool: p, policy: pol, set: set, guilty: map[int]string{}, told: map[int]bool{}, finished: map[int]checks.FileReport{}}
}

// once has one child check the set.
func (r *run) once(ctx context.Context) (*checks.Report, error) {
	c, err := r.pool.take()
	if err != nil {
		return nil, err
	}
	r.begun = map[int]time.Time{}
	stop := c.watch(ctx, r.late)
	rep, err := r.converse(c)
	stop()
	// A check that was given up goes on in its process.
	tired := err == nil && slices.ContainsFunc(rep.Files, func(f checks.FileReport) bool { return f.GivenUp() })
	r.pool.back(c, err == nil, tired)
	if err != nil {
		return nil, r.died(c, err)
	}
	return r.complete(rep), nil
}

// late reports whether anything that was begun takes too long.
func (r *run) late() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, at := range r.begun {
		if time.Since(at) > r.pool.limits.Time {
			return true
		}
	}
	return false
}

// errChild is what a child itself said: no file is to blame.
var errChild = errors.New("the files could not be examined")

// died makes a death of what ended a conversation.
func (r *run) died(c *process, err error) error {
	if errors.Is(err, errChild) {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	d := &death{reason: c.reason()}
	for at, since := range r.begun {
		if !c.killed.Load() || time.Since(since) > r.pool.limits.Time {
			d.at = append(d.at, at)
		}
	}
	return d
}

// blame decides what the next child leaves out.
func (r *run) blame(d *death) error {
	tired := false
	for at, f := range r.finished {
		if f.GivenUp() && r.guilty[at] == "" {
			r.guilty[at], tired = "it took too long", true
		}
	}
	comparing := len(r.set.Files) + len(r.set.Earlier)
	switch {
	case tired:
	case slices.Contains(d.at, comparing):
		r.apart = "comparing the files with one another was stopped: " + d.reason
	case len(d.at) == 1:
		r.guilty[d.at[0]] = d.reason
	case len(d.at) > 1:
		r.workers = 1 // one of them; the next child dies at it alone
	default:
		if r.idle++; r.idle > 1 {
			return fmt.Errorf("%w: processes end before they begin", errChild)
		}
	}
	return nil
}

// converse sends the job to a child and answers it until the result is there.
func (r *run) converse(c *process) (*checks.Report, error) {
	if err := c.wire.sendJSON(frameJob, r.job()); err != nil {
		return nil, err
	}
	var answers sync.WaitGroup
	defer answers.Wait()
	for {
		letter, body, err := c.wire.next()
		if err != nil {
			return nil, err
		}
		switch letter {
		case frameOpen:
			var q question
			if err := json.Unmarshal(body, &q); err != nil {
				return nil, err
			}
			answers.Go(func() { r.answer(c, q) })
		case frameBegun:
			r.begin(body)
		case frameDone:
			if err := r.done(body); err != nil {
				return nil, err
			}
		case frameEnd:
			var res result
			if err := json.Unmarshal(body, &res); err != nil {
				return nil, err
			}
			if res.Error != "" || res.Report == nil {
				return nil, fmt.Errorf("%w: %s", errChild, res.Error)
			}
			return res.Report, r.checkReport(res.Report)
		}
	}
}

func (r *run) job() job {
	return job{
		Policy: r.policy.Source, Files: plain(r.set.Files), Earlier: plain(r.set.Earlier),
		Workspace: r.set.Workspace, Workers: r.workers, Apart: r.apart != "",
	}
}

func plain(list []checks.File) []file {
	out := make([]file, len(list))
	for i, f := range list {
		out[i] = file{f.Path, f.Supporting, f.Group, f.Context, f.Origin}
	}
	return out
}

// answer sends the bytes of one file. What fails in sending shows as the end of
// the conversation.
func (r *run) answer(c *process, q question) {
	n := len(r.set.Files)
	var f *checks.File
	switch {
	case q.At >= 0 && q.At < n:
		f = &r.set.Files[q.At]
	case q.At >= n && q.At < n+len(r.set.Earlier):
		f = &r.set.Earlier[q.At-n]
	}
	if why := r.guilty[q.At]; why != "" || f == nil {
		_ = c.wire.sendAnswer(answer{ID: q.ID, Failed: true, Reason: checks.Overran + why}, nil)
		return
	}
	data, size, err := fetch(f, r.policy.Files.MaxBytes)
	if err != nil {
		a := answer{ID: q.ID, Failed: true}
		if u := checks.Unreadable(""); errors.As(err, &u) {
			a.Reason = string(u)
		}
		_ = c.wire.sendAnswer(a, nil)
		return
	}
	_ = c.wire.sendAnswer(answer{ID: q.ID, Size: size}, data)
}

// fetch reads a file, one byte over the limit at most.
func fetch(f *checks.File, limit int64) (data []byte, size int64, err error) {
	from, err := f.Open()
	if err != nil {
		return nil, 0, err
	}
	size = checks.SizeOf(from)
	data, err = io.ReadAll(io.LimitReader(from, limit+1))
	if err != nil {
		err = checks.Unreadable("the file cannot be read to its end")
	}
	return data, max(size, int64(len(data))), errors.Join(err, from.Close())
}

func (r *run) begin(body []byte) {
	if len(body) != 4 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begun[int(binary.BigEndian.Uint32(body))] = time.Now() //permit:time.Now // how long a process has run is the machine's time
}

// done keeps what is known of one file, and tells of it, once.
func (r *run) done(body []byte) error {
	var d done
	if err := json.Unmarshal(body, &d); err != nil {
		return err
	}
	if d.Report == nil {
		r.mu.Lock()
		delete(r.begun, d.At)
		r.mu.Unlock()
		return nil
	}
	if d.At < 0 || d.At >= len(r.set.Files) || d.Report.Path != r.set.Files[d.At].Path {
		return errFrame
	}
	r.mu.Lock()
	delete(r.begun, d.At)
	r.finished[d.At] = *d.Report
	tell := r.set.Done != nil && !r.told[d.At]
	r.told[d.At] = true
	r.mu.Unlock()
	if tell {
		r.set.Done(d.At, d.Report)
	}
	return nil
}

// checkReport holds a report to the job.
func (r *run) checkReport(rep *checks.Report) error {
	if len(rep.Files) != len(r.set.Files) || rep.Engine != checks.EngineVersion || rep.Policy != r.policy.Ref() {
		return errFrame
	}
	for i := range rep.Files {
		if rep.Files[i].Path != r.set.Files[i].Path {
			return errFrame
		}
	}
	return nil
}

// complete adds what the child could not know.
func (r *run) complete(rep *checks.Report) *checks.Report {
	if r.apart != "" {
		for i := range rep.Files {
			rep.Files[i].Fail(r.apart)
		}
	}
	for at := range r.guilty {
		if at >= len(r.set.Files) && r.apart == "" {
			for i := range rep.Files {
				rep.Files[i].Fail("a file that was released before could not be compared with")
			}
			break
		}
	}
	rep.Summarise()
	return rep
}

// unfinished is the report when children kept dying: what is known of each file,
// and that all of it is incomplete.
func (r *run) unfinished() *checks.Report {
	rep := &checks.Report{Schema: "1", Policy: r.policy.Ref(), Engine: checks.EngineVersion, Files: make([]checks.FileReport, len(r.set.Files))}
	for i := range rep.Files {
		f, known := r.finished[i]
		if !known {
			f = checks.FileReport{Path: r.set.Files[i].Path, Findings: []checks.Finding{}}
		}
		if why := r.guilty[i]; why != "" {
			f.Fail(checks.Overran + why)
		}
		f.Fail("too many files of the request could not be examined, so the rest was not tried")
		rep.Files[i] = f
	}
	rep.Summarise()
	return rep
}

// clean has a child clean one file.
func (p *process) clean(path string, data []byte) (res result, clean []byte, err error) {
	if err := p.wire.sendJSON(frameJob, job{Clean: path}); err != nil {
		return res, nil, err
	}
	for {
		letter, body, err := p.wire.next()
		if err != nil {
			return res, nil, err
		}
		switch letter {
		case frameOpen:
			var q question
			if err := json.Unmarshal(body, &q); err != nil {
				return res, nil, err
			}
			if err := p.wire.sendAnswer(answer{ID: q.ID, Size: int64(len(data))}, data); err != nil {
				return res, nil, err
			}
		case frameData:
			clean = body
		case frameEnd:
			return res, clean, json.Unmarshal(body, &res)
		}
	}
}
