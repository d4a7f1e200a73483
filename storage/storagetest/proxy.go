package storagetest

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Spoilt is how one connection through a Proxy goes wrong. The zero value does
// not.
type Spoilt struct {
	// CutAfter bytes of what the client sends, the connection is cut; 0 never.
	CutAfter int64
	// Silent lets everything through to the server and nothing back.
	Silent bool
	// Slow is the pause before each answer.
	Slow time.Duration
}

// Proxy passes connections on to a server and spoils some.
type Proxy struct {
	URL string

	listener net.Listener
	target   string
	plan     func(n int) Spoilt
	mu       sync.Mutex
	n        int
	open     map[net.Conn]bool
}

// StartProxy starts a proxy to the server at an http address, which ends with
// the test. Plan is asked for each connection, counted from 1.
func StartProxy(t testing.TB, server string, plan func(n int) Spoilt) *Proxy {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{URL: u.Scheme + "://" + l.Addr().String() + u.Path, listener: l, target: u.Host, plan: plan, open: map[net.Conn]bool{}}
	go p.serve()
	t.Cleanup(p.close)
	return p
}

func (p *Proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		_ = c.Close()
	}
}

func (p *Proxy) serve() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.n++
		how := p.plan(p.n)
		p.open[c] = true
		p.mu.Unlock()
		go p.pass(c, how)
	}
}

func (p *Proxy) pass(c net.Conn, how Spoilt) {
	defer c.Close()
	s, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer s.Close()
	p.mu.Lock()
	p.open[s] = true
	p.mu.Unlock()
	go func() {
		// The connection goes down when the server has no more to say.
		defer c.Close()
		if how.Silent {
			_, _ = io.Copy(io.Discard, s)
			return
		}
		buffer := make([]byte, 32<<10)
		for {
			n, err := s.Read(buffer)
			time.Sleep(how.Slow)
			if _, gone := c.Write(buffer[:n]); gone != nil || err != nil {
				return
			}
		}
	}()
	from := io.Reader(c)
	if how.CutAfter > 0 {
		from = io.LimitReader(c, how.CutAfter)
	}
	_, _ = io.Copy(s, from) // then both are closed
}
