package confine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"sallyport/checks"
	"sallyport/policy"
)

// What a child may take when the pool does not say.
const (
	DefaultMemory = 1 << 30
	DefaultTime   = 2 * time.Minute
	DefaultAtOnce = 2
)

const (
	maxJobs   = 200 // of one child
	maxDeaths = 8   // over one set; then what is not done stays so
)

// Pool checks and cleans files in children. It is safe for use by many
// goroutines; make one with New, and Close it.
type Pool struct {
	command []string
	limits  Limits
	gate    gate

	mu     sync.Mutex
	idle   []*process
	closed bool
	deaths int64
}

// Limits are what children may take; zero means the default.
type Limits struct {
	Memory int64         // bytes of one child, at least 64 MiB
	Time   time.Duration // of one file, and of comparing the files of a set
	AtOnce int           // children that work at once
}

// New returns a pool. Command is the program and its arguments that run Serve; it
// gets the bytes of memory as one more argument.
func New(command []string, l Limits) (*Pool, error) {
	if len(command) == 0 {
		return nil, errors.New("no program examines the files")
	}
	if l.Memory == 0 {
		l.Memory = DefaultMemory
	}
	if l.Time == 0 {
		l.Time = DefaultTime
	}
	if l.AtOnce == 0 {
		l.AtOnce = DefaultAtOnce
	}
	if l.Memory < 64<<20 || l.Time < time.Second || l.AtOnce < 1 {
		return nil, errors.New("files need at least 64 MiB of memory, a second, and one process to be examined in")
	}
	return &Pool{command: command, limits: l, gate: gate{room: l.AtOnce}}, nil
}

// Engine returns the version of the checks, which is that of this program.
func (p *Pool) Engine() string { return checks.EngineVersion }

// Close ends the children that do nothing. What is being done goes on.
func (p *Pool) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.idle {
		c.end()
	}
	p.idle = nil
	return nil
}

// Use is how a pool does now.
type Use struct {
	Waiting int   // sets and files that wait for a child
	Deaths  int64 // of children that were killed or failed, since the start
}

// Use tells how the pool does now.
func (p *Pool) Use() Use {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Use{Waiting: p.gate.waiting(), Deaths: p.deaths}
}

// take returns a child that does nothing, or a new one.
func (p *Pool) take() (*process, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	p.mu.Unlock()
	return start(p.command, p.limits.Memory)
}

// back keeps a child that is well and not tired, or lets it go.
func (p *Pool) back(c *process, well, tired bool) {
	p.mu.Lock()
	if c.jobs++; well && !tired && !p.closed && c.jobs < maxJobs {
		p.idle = append(p.idle, c)
		c = nil
	} else if !well {
		p.deaths++
	}
	p.mu.Unlock()
	if c != nil {
		c.end()
	}
}

// Run checks a set as [checks.Engine.Run] does, with the same report, but for
// files at which a child died: they are incomplete, with a reason that begins
// with [checks.Overran].
func (p *Pool) Run(ctx context.Context, pol *policy.Policy, set checks.Set) (*checks.Report, error) {
	if err := p.gate.enter(ctx, set.Urgent); err != nil {
		return nil, err
	}
	defer p.gate.leave()
	r := newRun(p, pol, &set)
	for range maxDeaths {
		rep, err := r.once(ctx)
		if err == nil {
			return rep, nil
		}
		d := new(death)
		if !errors.As(err, &d) || ctx.Err() != nil {
			return nil, errors.Join(err, ctx.Err())
		}
		if err := r.blame(d); err != nil {
			return nil, err
		}
	}
	return r.unfinished(), nil
}

// death says what a child was at when it died.
type death struct {
	at     []int // places
	reason string
}

func (d *death) Error() string {
	return fmt.Sprintf("a process that examines files died at %d files: %s", len(d.at), d.reason)
}

// Sanitise cleans one file as [checks.Sanitise] does.
func (p *Pool) Sanitise(path string, data []byte) (clean []byte, mediaType string, removed []checks.Removal, err error) {
	ctx := context.Background()
	if err := p.gate.enter(ctx, true); err != nil {
		return nil, "", nil, err
	}
	defer p.gate.leave()
	// A child may have ended while it had nothing to do: another is asked then.
	for range 2 {
		if clean, mediaType, removed, err = p.sanitise(ctx, path, data); !errors.Is(err, errDied) {
			break
		}
	}
	return clean, mediaType, removed, err
}

var errDied = errors.New(checks.Overran)

func (p *Pool) sanitise(ctx context.Context, path string, data []byte) (clean []byte, mediaType string, removed []checks.Removal, err error) {
	c, err := p.take()
	if err != nil {
		return nil, "", nil, err
	}
	began := time.Now() //permit:time.Now // how long a process has run is the machine's time
	stop := c.watch(ctx, func() bool { return time.Since(began) > p.limits.Time })
	res, clean, err := c.clean(path, data)
	stop()
	p.back(c, err == nil, false)
	switch {
	case err != nil:
		return nil, "", nil, fmt.Errorf("%w%s", errDied, c.reason())
	case res.Error != "":
		return nil, "", nil, errors.New(res.Error)
	case res.Refused != "":
		return nil, "", nil, errors.New(res.Refused)
	}
	return clean, res.Media, res.Removed, nil
}
