package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"sallyport/review"
)

// keptFor is how long the first answer to a key is given again.
const keptFor = 24 * time.Hour

// once makes a change that carries an Idempotency-Key at most once, and gives
// its first answer to whoever asks again. Answers that say the service failed
// are not kept: what they were asked for is still to be done. When the process
// dies in the middle, the key is free after the lease, and the change's own
// rules decide what a second try does.
func (c *call) once(body []byte, run func() (answer, error)) error {
	key, err := idempotencyKey(c.Request().Header)
	if err != nil {
		return err
	}
	if key == "" {
		return c.send(run())
	}
	claim, now := rand.Text(), c.api.now()
	kept, err := c.api.keys.ClaimKey(c.ctx(), c.actor.Username, key, c.digest(body), claim, now, now.Add(lease))
	if err != nil {
		return err
	}
	if kept != nil {
		return c.replay(kept)
	}
	release := c.holdKey(key, claim)
	defer release()
	done := false
	// What follows holds even when the sender has gone away meanwhile.
	ctx := context.WithoutCancel(c.ctx())
	defer func() {
		if !done {
			c.note(c.api.keys.FreeKey(ctx, c.actor.Username, key, claim))
		}
	}()
	ans, err := run()
	if err != nil {
		p := problemOf(err, c.Response().Header().Get("X-Request-Id"))
		if p.Status >= http.StatusInternalServerError {
			return err
		}
		ans = answer{Status: p.Status, Type: mimeProblem}
		if ans.Body, err = encode(p); err != nil {
			return err
		}
	}
	stored, err := encode(ans)
	if err != nil {
		return err
	}
	done = true
	c.note(c.api.keys.KeepAnswer(ctx, c.actor.Username, key, claim, stored, c.api.now().Add(keptFor)))
	return c.send(ans, nil)
}

// holdKey renews the lease of a claim until release is called.
func (c *call) holdKey(key, claim string) (release func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(c.ctx()))
	person, stopped := c.actor.Username, make(chan struct{})
	go func() {
		defer close(stopped)
		every := time.NewTicker(lease / 3)
		defer every.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-every.C:
			}
			if err := c.api.keys.HoldKey(ctx, person, key, claim, c.api.now().Add(lease)); review.KindOf(err) == review.Conflict {
				return
			}
		}
	}()
	return func() {
		cancel()
		<-stopped
	}
}

// note logs a failure that does not change the answer.
func (c *call) note(err error) {
	if err != nil {
		c.api.log.ErrorContext(c.ctx(), "keeping an answer or a use", "route", c.Path(), "error", err.Error())
	}
}

func (c *call) replay(kept []byte) error {
	var ans answer
	if err := json.Unmarshal(kept, &ans); err != nil {
		return fmt.Errorf("a kept answer: %w", err)
	}
	c.Response().Header().Set("Idempotent-Replayed", "true")
	return c.send(ans, nil)
}

// digest describes the change that is asked for: the route and its names, the
// query and the body.
func (c *call) digest(body []byte) string {
	h := sha256.New()
	for _, part := range []string{c.Request().Method, c.Request().URL.EscapedPath(), c.Request().URL.RawQuery, string(body)} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// idempotencyKey reads the header: a string in quotes, as the draft has it, or
// bare, as many programs send it. "" when there is none.
func idempotencyKey(h http.Header) (string, error) {
	values := h.Values("Idempotency-Key")
	if len(values) == 0 {
		return "", nil
	}
	key := values[0]
	if len(key) >= 2 && key[0] == '"' && key[len(key)-1] == '"' {
		key = key[1 : len(key)-1]
	}
	odd := func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }
	if len(values) > 1 || key == "" || len(key) > 200 || strings.ContainsFunc(key, odd) {
		return "", &review.Error{Kind: review.Invalid, Message: "The Idempotency-Key cannot be used: give one of 1 to 200 letters, digits and signs, such as a random UUID."}
	}
	return key, nil
}
