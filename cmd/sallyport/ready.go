package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"sallyport/cmd/sallyport/internal/observe"
)

// readyCommand asks a running instance, from its own machine or container, what
// stands in its way.
type readyCommand struct {
	Config string        `required:"" placeholder:"FILE" help:"Configuration file of the instance (YAML)."`
	Wait   time.Duration `placeholder:"TIME" help:"Ask again for so long until it is ready, such as 60s."`
}

func (readyCommand) Help() string {
	return `It asks the address of metrics: in the configuration, with its token, and lists
every part that readiness rests on. Without that address it asks the service's
own, which says yes or no. The exit status is 0 when the instance is ready, 1 when
it is not and says so, 2 when nobody answers.`
}

// askAgain is how long the command waits between two questions; answers stand for
// longer.
const askAgain = time.Second

func (c readyCommand) Run(ctx context.Context, a *app) error {
	conf, err := configFlags{Config: c.Config}.config()
	if err != nil {
		return err
	}
	at, token, err := conf.probe()
	if err != nil {
		return err
	}
	until := a.now().Add(c.Wait)
	for {
		text, ready, err := askReady(ctx, at, token)
		if err == nil && ready || !a.now().Before(until) || ctx.Err() != nil {
			return a.sayReady(text, ready, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(askAgain):
		}
	}
}

// probe is the address that answers for the instance, and what it asks for.
func (c config) probe() (at, token string, err error) {
	listen := c.Metrics.Listen
	switch {
	case listen == "" && c.TLS.on():
		return "", "", errors.New("an instance that speaks HTTPS is asked at an address of its own: name one, metrics: {listen: \"127.0.0.1:9464\"}")
	case listen == "":
		listen = c.Listen
	default:
		if token, err = secretFile(c.Metrics.TokenFile); err != nil {
			return "", "", fmt.Errorf("metrics: %w", err)
		}
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", "", err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + "/readyz", token, nil
}

// askReady asks once. The answer is in words, a line for each part that there is.
func askReady(ctx context.Context, at, token string) (text string, ready bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return "", false, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", false, fmt.Errorf("nobody answers: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return "", false, err
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusServiceUnavailable {
		return "", false, fmt.Errorf("%s answers %s", at, resp.Status)
	}
	return readyLines(body), resp.StatusCode == http.StatusOK, nil
}

// readyLines are the parts of a detailed answer; "" for any other.
func readyLines(body []byte) string {
	var told struct{ Parts []observe.Part }
	if json.Unmarshal(body, &told) != nil {
		return ""
	}
	out := ""
	for _, p := range told.Parts {
		switch {
		case p.OK:
			out += fmt.Sprintf("  %-16s ok\n", p.Name)
		case p.Needed:
			out += fmt.Sprintf("  %-16s WRONG: %s\n", p.Name, p.Reason)
		default:
			out += fmt.Sprintf("  %-16s look: %s\n", p.Name, p.Reason)
		}
	}
	return out
}

// sayReady prints the last answer.
func (a *app) sayReady(text string, ready bool, err error) error {
	if err != nil {
		return err
	}
	if ready {
		return a.say("ready\n%s", text)
	}
	return errors.Join(a.say("not ready\n%s", text), errFindings)
}
