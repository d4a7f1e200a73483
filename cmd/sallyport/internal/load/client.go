package load

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Client is one person's program.
type Client struct {
	HTTP   *http.Client
	Server func() string // the address to ask next
	Token  string
	Tally  *Tally
	// Retry goes on after failures until ctx ends; without it the first is the last.
	Retry time.Duration
}

// errRefused is an answer that says no.
var errRefused = errors.New("refused")

// do asks for one thing and reads the answer into out, if there is one. What is
// the name under which the time is counted.
func (c *Client) do(ctx context.Context, what, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	key := ""
	if method != http.MethodGet {
		key = rand.Text()
	}
	for tries := 1; ; tries++ {
		start := time.Now() //permit:time.Now // how long an answer takes is the machine's time
		status, data, err := c.once(ctx, method, path, key, body)
		if ctx.Err() == nil { // not what the end of the play cut off
			c.Tally.add(what, time.Since(start), status, err)
		}
		switch {
		case err == nil && status < 300:
			if out == nil {
				return nil
			}
			return json.Unmarshal(data, out)
		case err == nil && status < 500 && status != http.StatusTooManyRequests && (status != http.StatusConflict || tries == 1):
			return fmt.Errorf("%s: %w: %d %s", what, errRefused, status, data)
		case c.Retry == 0:
			return fmt.Errorf("%s: %d %s %w", what, status, data, err)
		}
		// A conflict on a later try may be the first one, which is still being done.
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: given up after %d tries, the last one %d %s: %w", what, tries, status, data, errors.Join(err, ctx.Err()))
		case <-time.After(c.Retry):
		}
	}
}

func (c *Client) once(ctx context.Context, method, path, key string, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.Server()+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close() // only read from
	data, err := io.ReadAll(res.Body)
	return res.StatusCode, data, err
}
