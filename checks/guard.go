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
)

// errGivenUp says that work goes on in the background and nobody waits for it.
var errGivenUp = errors.New("took too long and was given up")

// GivenUp says that reading or checking the file took too long, and may go on in
// the background.
func (f *FileReport) GivenUp() bool { return strings.Contains(f.Reason, errGivenUp.Error()) }

// guard runs f under a time limit and turns a panic into an error. Its errors
// name what was being done and quote nothing of the file. When time is up, f is
// left to itself: it must only write to what its caller then drops.
func guard(ctx context.Context, limit time.Duration, doing string, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- fmt.Errorf("stopped unexpectedly%s", where(v))
			}
		}()
		done <- f(ctx)
	}()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", doing, errGivenUp)
	}
}

// where describes a panic without quoting data: only the runtime's own errors
// (an index out of range) have a text that is safe to show.
func where(v any) string {
	if err, ok := v.(runtime.Error); ok {
		return " (" + err.Error() + ")"
	}
	return ""
}

// collector gathers the findings of one check until it is closed; a check that
// was given up reports into nothing.
type collector struct {
	mu     sync.Mutex
	closed bool
	list   []located
	rows   int // of all findings
}

// maxRows bounds the rows of all findings of one check in one run: a table of
// the largest size that is wrong in every cell. What goes beyond keeps a few.
const maxRows = 500_000

type located struct {
	path string
	Finding
}

func (c *collector) add(path string, f Finding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	if c.rows += len(f.Rows); c.rows > maxRows && len(f.Rows) > 20 {
		if f.Evidence == nil {
			f.Evidence = map[string]any{}
		}
		f.Evidence["cells"] = len(f.Rows)
		f.Rows = slices.Clone(f.Rows[:20])
	}
	c.list = append(c.list, located{path, f})
}

func (c *collector) close() []located {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	return c.list
}
