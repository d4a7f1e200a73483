package confine

import (
	"context"
	"slices"
	"sync"
)

// gate lets so many pass at once; of those that wait, who is urgent goes first,
// and among equals who came first.
type gate struct {
	mu           sync.Mutex
	room         int
	urgent, rest []chan struct{}
}

// enter waits for room, or for the end of ctx.
func (g *gate) enter(ctx context.Context, urgent bool) error {
	g.mu.Lock()
	if g.room > 0 {
		g.room--
		g.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	line := g.line(urgent)
	*line = append(*line, turn)
	g.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	at := slices.Index(*line, turn)
	if at >= 0 {
		*line = slices.Delete(*line, at, at+1)
	}
	g.mu.Unlock()
	if at < 0 {
		g.leave() // it was our turn at the same moment
	}
	return ctx.Err()
}

func (g *gate) line(urgent bool) *[]chan struct{} {
	if urgent {
		return &g.urgent
	}
	return &g.rest
}

// leave gives the room to who is next.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, line := range []*[]chan struct{}{&g.urgent, &g.rest} {
		if len(*line) > 0 {
			close((*line)[0])
			*line = slices.Delete(*line, 0, 1)
			return
		}
	}
	g.room++
}

// waiting is how many wait.
func (g *gate) waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.urgent) + len(g.rest)
}
