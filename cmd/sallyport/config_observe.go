package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"sallyport/checks/confine"
	"sallyport/cmd/sallyport/internal/observe"
	"sallyport/storage"
	"sallyport/ui"
)

// metricsConfig says where the numbers and the details of readiness are served;
// nowhere when it is empty.
type metricsConfig struct {
	Listen    string `yaml:"listen"`     // address and port of its own, plain HTTP
	TokenFile string `yaml:"token_file"` // a token that readers bring; needed when others than this machine reach the address
}

// tracesConfig says where traces are sent; nowhere when it is empty.
type tracesConfig struct {
	URL   string  `yaml:"url"`   // OTLP over HTTP: http://127.0.0.1:4318
	Share float64 `yaml:"share"` // of all requests, above 0 and up to 1; 1 when not said
}

// logConfig says how the log is written, to standard error.
type logConfig struct {
	Level  string `yaml:"level"`  // debug, info, warn or error; info when not said
	Format string `yaml:"format"` // json or text; json when not said
}

// logger writes the log to w.
func (c logConfig) logger(w io.Writer) (*slog.Logger, error) {
	options := &slog.HandlerOptions{}
	if c.Level != "" {
		var level slog.Level
		if err := level.UnmarshalText([]byte(c.Level)); err != nil {
			return nil, fmt.Errorf("log: level is debug, info, warn or error, not %q", c.Level)
		}
		options.Level = level
	}
	switch c.Format {
	case "", "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	}
	return nil, fmt.Errorf("log: format is json or text, not %q", c.Format)
}

// check says what is wrong with how the service is watched.
func (c config) checkObserve() error {
	if _, err := c.Log.logger(io.Discard); err != nil {
		return err
	}
	if m := c.Metrics; m.Listen == "" && m.TokenFile != "" {
		return errors.New("metrics: a token is named, and no address to listen on")
	} else if m.Listen != "" {
		if _, _, err := net.SplitHostPort(m.Listen); err != nil {
			return fmt.Errorf("metrics: listen: %q is not an address and port", m.Listen)
		}
		if !loopback(m.Listen) && m.TokenFile == "" {
			return errors.New("metrics: others than this machine could read them: name a token_file, or listen on 127.0.0.1")
		}
	}
	if t := c.Traces; t.URL != "" {
		at, err := url.Parse(t.URL)
		if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
			return fmt.Errorf("traces: %q is not an address such as http://127.0.0.1:4318", t.URL)
		}
	}
	if c.Traces.Share < 0 || c.Traces.Share > 1 || c.Traces.URL == "" && c.Traces.Share != 0 {
		return errors.New("traces: share is above 0 and up to 1, with a url")
	}
	return nil
}

// watch has everything that was opened counted and traced, and readies the
// listener for those who look.
func (s *server) watch(ctx context.Context, c config, pool *confine.Pool, o *ui.Options) error {
	if c.Traces.URL != "" {
		share := c.Traces.Share
		if share == 0 {
			share = 1
		}
		traces, err := observe.OpenTraces(ctx, c.Traces.URL, buildVersion(), share)
		if err != nil {
			return fmt.Errorf("traces: %w", err)
		}
		s.close = append(s.close, traces)
		s.service.Trace = observe.Begin
	}
	if err := s.store.Observe(func(ctx context.Context, st storage.Statement) {
		s.metrics.Statement(st)
		observe.StatementDone(ctx, st)
	}); err != nil {
		return err
	}
	if err := s.metrics.Watch(s.store, s.service, pool); err != nil {
		return err
	}
	o.Observed = func(ctx context.Context, id, method, route string, status int, took time.Duration) {
		s.metrics.Request(method, route, status, took)
		observe.RequestDone(ctx, id, method, route, status)
	}
	s.probes = &observe.Probes{Service: s.service, Store: s.store, Metrics: s.metrics, Keys: c.keysFolder(), Stopping: s.stopping.Load}
	var err error
	if s.probes.MayAlter, err = s.store.MayAlterRecord(ctx); err != nil {
		return err
	}
	if s.probes.MayAlter {
		s.log.Warn("the role of the database may alter the record: give servers the application's role (docs/databases.md)")
	}
	if c.Metrics.Listen == "" {
		return nil
	}
	token := ""
	if c.Metrics.TokenFile != "" {
		if token, err = secretFile(c.Metrics.TokenFile); err != nil {
			return fmt.Errorf("metrics: %w", err)
		}
	}
	s.aside = ui.HTTPServer(c.Metrics.Listen, s.probes.Details(token), s.log)
	return nil
}

// serveAside serves those who look at how the service does until the server is
// shut down.
func (s *server) serveAside() error {
	if s.aside == nil {
		return nil
	}
	if err := s.aside.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("metrics: %w", err)
	}
	return nil
}
