package confine

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"sync"

	"sallyport/checks"
	"sallyport/policy"
)

// Serve is the whole life of a child: it does one job after another until in
// ends, and returns then, also in the middle of a job. Memory is how much it may
// use, in bytes. It is meant for a process of its own: it takes from the process
// every right that examining files does not need.
func Serve(in io.Reader, out io.Writer, memory int64) error {
	if err := limitMemory(memory); err != nil {
		return err
	}
	c := &served{wire: newWire(in, out), waiting: map[uint32]chan arrived{}}
	jobs, ended := make(chan []byte), make(chan error, 1)
	go func() { ended <- c.listen(jobs) }()
	for {
		select {
		case err := <-ended:
			return err
		case text := <-jobs:
			// The runtime has by now opened what it needs.
			if err := limitRest(); err != nil {
				return err
			}
			go c.work(text)
		}
	}
}

// served is a child's side of the pipes.
type served struct {
	wire   *wire
	policy *policy.Policy // of the last job

	mu      sync.Mutex
	last    uint32
	waiting map[uint32]chan arrived
}

type arrived struct {
	answer
	data []byte
}

// listen hands on what comes in. The end of it is no error.
func (c *served) listen(jobs chan<- []byte) error {
	for {
		letter, body, err := c.wire.next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case letter == frameJob:
			jobs <- body
		case letter == frameData:
			a, data, err := readAnswer(body)
			if err != nil {
				return err
			}
			c.mu.Lock()
			to := c.waiting[a.ID]
			delete(c.waiting, a.ID)
			c.mu.Unlock()
			if to != nil {
				to <- arrived{a, data}
			}
		}
	}
}

// work does one job and sends its result. What fails in sending shows as the end
// of the pipe.
func (c *served) work(text []byte) {
	var j job
	if err := json.Unmarshal(text, &j); err != nil {
		_ = c.wire.sendJSON(frameEnd, result{Error: "the job cannot be read"})
		return
	}
	if j.Clean != "" {
		c.clean(j.Clean)
		return
	}
	rep, err := c.check(&j)
	if err != nil {
		_ = c.wire.sendJSON(frameEnd, result{Error: err.Error()})
		return
	}
	_ = c.wire.sendJSON(frameEnd, result{Report: rep})
}

func (c *served) check(j *job) (*checks.Report, error) {
	if c.policy == nil || !bytes.Equal(c.policy.Source, j.Policy) {
		p, err := policy.Load(j.Policy)
		if err != nil {
			return nil, err
		}
		c.policy = p
	}
	engine := checks.Engine{Workers: j.Workers}
	if j.Apart {
		engine.Checks = alone()
	}
	set := checks.Set{
		Workspace: j.Workspace, Files: c.files(j.Files, 0), Earlier: c.files(j.Earlier, len(j.Files)),
		Begun: func(at int) { _ = c.wire.send(frameBegun, binary.BigEndian.AppendUint32(nil, uint32(at))) },
		Done:  func(at int, r *checks.FileReport) { _ = c.wire.sendJSON(frameDone, done{at, r}) },
	}
	return engine.Run(context.Background(), c.policy, set)
}

// alone are the checks that look at one file.
func alone() []checks.Check {
	var out []checks.Check
	for _, c := range checks.All() {
		if c.Set = nil; c.File != nil {
			out = append(out, c)
		}
	}
	return out
}

func (c *served) files(list []file, first int) []checks.File {
	out := make([]checks.File, len(list))
	for i, f := range list {
		out[i] = checks.File{
			Path: f.Path, Supporting: f.Supporting, Group: f.Group, Context: f.Context, Origin: f.Origin,
			Open: func() (io.ReadCloser, error) { return c.open(first + i) },
		}
	}
	return out
}

// open asks for the bytes of a file.
func (c *served) open(at int) (io.ReadCloser, error) {
	to := make(chan arrived, 1)
	c.mu.Lock()
	c.last++
	id := c.last
	c.waiting[id] = to
	c.mu.Unlock()
	if err := c.wire.sendJSON(frameOpen, question{id, at}); err != nil {
		return nil, err
	}
	got := <-to
	if got.Failed && got.Reason != "" {
		return nil, checks.Unreadable(got.Reason)
	}
	if got.Failed {
		return nil, errors.New("the file cannot be opened")
	}
	return &sent{Reader: bytes.NewReader(got.data), size: got.Size}, nil
}

// sent is a file's first bytes, which knows how many there are in all.
type sent struct {
	*bytes.Reader
	size int64
}

func (s *sent) Len() int     { return int(s.size) }
func (s *sent) Close() error { return nil }

func (c *served) clean(path string) {
	r, err := c.open(0)
	var data []byte
	if err == nil {
		data, err = io.ReadAll(r)
	}
	if err != nil {
		_ = c.wire.sendJSON(frameEnd, result{Error: err.Error()})
		return
	}
	out, media, removed, err := checks.Sanitise(path, data)
	if err != nil {
		_ = c.wire.sendJSON(frameEnd, result{Refused: err.Error()})
		return
	}
	if err := c.wire.send(frameData, out); err == nil {
		_ = c.wire.sendJSON(frameEnd, result{Media: media, Removed: removed})
	}
}
