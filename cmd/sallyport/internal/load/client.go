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
	"regexp"
	"strings"
	"time"
)

// Client is one person's program, or browser.
type Client struct {
	HTTP   *http.Client
	Server func() string // the address to ask next
	Token  string        // of a program
	Cookie string        // of a browser
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
	data, err := c.try(ctx, what, func() (*http.Request, error) { return c.call(ctx, method, path, body) })
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(data, out)
}

// try asks until it is answered, each time alike, and returns the answer.
func (c *Client) try(ctx context.Context, what string, request func() (*http.Request, error)) ([]byte, error) {
	key := rand.Text()
	for tries := 1; ; tries++ {
		start := time.Now() //permit:time.Now // how long an answer takes is the machine's time
		status, data, err := c.once(request, key)
		if ctx.Err() == nil { // not what the end of the play cut off
			c.Tally.add(what, time.Since(start), status, err)
		}
		switch {
		case err == nil && status < 300:
			return data, nil
		case err == nil && status < 500 && status != http.StatusTooManyRequests && (status != http.StatusConflict || tries == 1):
			return nil, fmt.Errorf("%s: %w: %d %s", what, errRefused, status, words(data))
		case c.Retry == 0:
			return nil, fmt.Errorf("%s: %d %s %w", what, status, data, err)
		}
		// A conflict on a later try may be the first one, which is still being done.
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: given up after %d tries, the last one %d %s: %w", what, tries, status, data, errors.Join(err, ctx.Err()))
		case <-time.After(c.Retry):
		}
	}
}

// words are an answer's, without markup.
func words(answer []byte) string {
	return strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(string(answer), " ")), " ")
}

// call is a question of a program.
func (c *Client) call(ctx context.Context, method, path string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.Server()+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

func (c *Client) once(request func() (*http.Request, error), key string) (int, []byte, error) {
	req, err := request()
	if err != nil {
		return 0, nil, err
	}
	if req.Method != http.MethodGet && c.Token != "" {
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
