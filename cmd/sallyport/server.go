package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"sallyport/checks/confine"
	"sallyport/cmd/sallyport/internal/observe"
	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/crate"
	"sallyport/review/durable"
	"sallyport/review/ledger"
	"sallyport/storage"
	"sallyport/storage/notify"
	"sallyport/ui"
	"sallyport/ui/api"
)

// drain is how long requests that have begun may take to end when the server
// stops.
const drain = 20 * time.Second

// server is the whole service, wired and not yet listening.
type server struct {
	service *review.Service
	store   *storage.Store
	handler http.Handler
	listen  string
	cert    *certificate // nil for plain HTTP
	regular *scheduler
	config  string // its SHA-256
	// leave is for how long the server answers after it was told to stop;
	// stopping says that it was.
	leave    time.Duration
	stopping atomic.Bool
	log      *slog.Logger
	close    []io.Closer

	pool    *confine.Pool
	metrics *observe.Metrics
	probes  *observe.Probes
	aside   *http.Server // for those who look at how the service does; nil for nobody
}

// newServer opens everything the configuration names. demo is nil for a real
// server.
func newServer(ctx context.Context, c config, log *slog.Logger, now review.Clock, demo []ui.DemoPerson) (_ *server, err error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	p, err := loadPolicy(c.Policy)
	if err != nil {
		return nil, err
	}
	metrics := observe.NewMetrics(buildVersion())
	log = slog.New(metrics.Log(log.Handler()))
	s := &server{listen: c.Listen, log: log, metrics: metrics, leave: c.Shell.StopAfter}
	if s.config, err = c.digest(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err = s.tell(c, p); err != nil {
		return nil, err
	}
	if c.TLS.on() {
		if s.cert, err = openCertificate(c.TLS, now, log); err != nil {
			return nil, err
		}
	}
	if err := privateFolders(c.Data, c.keysFolder()); err != nil {
		return nil, err
	}
	if s.service, err = s.open(ctx, c, p, now); err != nil {
		return nil, err
	}
	letters, err := s.openChannels(c, now)
	if err != nil {
		return nil, err
	}
	s.regular = &scheduler{service: s.service, keys: s.store, all: c.Schedules, now: now, log: log}
	options := ui.Options{
		Sessions: s.store.Sessions(now), Policy: p, Log: log, Now: now,
		Register: c.PublicRegister, Sent: sentBy(letters), Demo: demo != nil, People: demo,
		Stopping: s.stopping.Load,
	}
	if options.Zone, err = c.zone(); err != nil {
		return nil, err
	}
	if err := c.shellOptions(&options); err != nil {
		return nil, err
	}
	options.API, err = api.New(s.service, api.Options{Tokens: s.store, Keys: s.store, Policy: p, Log: log, Now: now, Rate: options.PerPerson})
	if err != nil {
		return nil, err
	}
	if err := c.signInOptions(&options, s.store, now); err != nil {
		return nil, err
	}
	if options.Passwords, err = c.Access.Passwords.rule(); err != nil {
		return nil, err
	}
	if list := options.Passwords.Breached; list != nil {
		s.close = append(s.close, list)
	}
	if err := s.watch(ctx, c, s.pool, &options); err != nil {
		return nil, err
	}
	pages, err := ui.New(s.service, options)
	if err != nil {
		return nil, err
	}
	s.handler = s.probes.Public(observe.Requests(pages))
	return s, nil
}

// open opens the folders and the database, and puts the service together.
func (s *server) open(ctx context.Context, c config, p *policy.Policy, now review.Clock) (*review.Service, error) {
	if err := durable.Folder(c.Data, 0o700); err != nil {
		return nil, err
	}
	store, err := openStore(ctx, c, now)
	if err != nil {
		return nil, err
	}
	s.store = store
	s.close = append(s.close, store)
	blobs, err := c.openBlobs(ctx, now)
	if err != nil {
		return nil, err
	}
	s.close = append(s.close, blobs)
	workspaces, err := storage.OpenWorkspaces(c.Workspaces, now)
	if err != nil {
		return nil, err
	}
	s.close = append(s.close, workspaces)
	sinks, err := s.openSinks(ctx, c)
	if err != nil {
		return nil, err
	}
	pool, err := c.Checks.pool()
	if err != nil {
		return nil, err
	}
	s.pool, s.close = pool, append(s.close, pool)
	service := &review.Service{
		Store: store, Blobs: blobs, Workspaces: workspaces, Sanitiser: sanitiser{pool}, Checker: s.metrics.Checker(pool), Behind: &review.Behind{From: behindFrom},
		Sinks: sinks, Policy: p, Now: now, Log: s.log, Tally: new(review.Tally),
		Keeping: 24 * time.Hour, Steady: steadyClock(),
	}
	if service.Host, err = newHost(c, now()); err != nil {
		return nil, err
	}
	if service.Scanner, err = c.MalwareScan.scanner(); err != nil {
		return nil, err
	}
	log, err := c.openLedger(store, now)
	if err != nil {
		return nil, err
	}
	if err := sameKeys(ctx, log); err != nil {
		return nil, err
	}
	service.Ledger, service.Packer = log, crate.Packer{Publisher: c.Publisher, Signer: log.Signer}
	if service.Checkpoints, err = c.checkpoints(now); err != nil {
		return nil, err
	}
	if c.PublicRegister {
		service.Public = &review.PublicRegister{Names: c.PublicRegisterNames}
	}
	if c.Code != "" {
		if service.Code, err = storage.OpenCode(c.Code); err != nil {
			return nil, fmt.Errorf("the folder of the studies' code: %w", err)
		}
	}
	return service, nil
}

// sameKeys refuses a folder of keys that is not the one of this database: a
// second server with keys of its own would open no secret of the first's, and
// sign what nobody could check.
func sameKeys(ctx context.Context, log *ledger.Log) error {
	newest, err := log.Newest(ctx)
	if review.KindOf(err) == review.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := log.Keys.Checkpoint(newest.Note); err != nil {
		return fmt.Errorf("the folder of keys is not this database's: its newest checkpoint does not verify (%w). All servers of one database need the same keys, and a restored one the public halves from its backup", err)
	}
	return nil
}

// openChannels opens what notices go out by, and returns the folder that they
// are put into, if there is one.
func (s *server) openChannels(c config, now review.Clock) (*notify.Folder, error) {
	n, letters, err := c.channels(now)
	if letters != nil {
		s.close = append(s.close, letters)
	}
	s.service.Notify = n
	return letters, err
}

// shownLetters is how many mails a demonstration shows.
const shownLetters = 100

// sentBy lists what was put into a folder instead of being mailed.
func sentBy(letters *notify.Folder) func() ([]ui.SentMail, error) {
	if letters == nil {
		return nil
	}
	return func() ([]ui.SentMail, error) {
		list, err := letters.Letters(shownLetters)
		if err != nil {
			return nil, err
		}
		mails := make([]ui.SentMail, len(list))
		for i, l := range list {
			mails[i] = ui.SentMail(l)
		}
		return mails, nil
	}
}

// openSinks opens every place that releases go to.
func (s *server) openSinks(ctx context.Context, c config) ([]review.NamedSink, error) {
	var sinks []review.NamedSink
	for _, k := range c.sinks() {
		sink, err := k.open(ctx)
		if err != nil {
			return nil, fmt.Errorf("sink %s: %w", k.Name, err)
		}
		s.close = append(s.close, sink)
		sinks = append(sinks, review.NamedSink{Name: k.Name, Sink: sink})
	}
	return sinks, nil
}

// What a data folder holds.
const (
	databaseFile = "sallyport.db"
	blobsFolder  = "blobs"
)

// openStore opens the database that the configuration names.
func openStore(ctx context.Context, c config, now review.Clock) (*storage.Store, error) {
	address, err := c.database()
	if err != nil {
		return nil, err
	}
	return storage.Open(ctx, address, now)
}

// Close lets go of everything, last opened first.
func (s *server) Close() error {
	var errs []error
	for i := len(s.close) - 1; i >= 0; i-- {
		errs = append(errs, s.close[i].Close())
	}
	s.close = nil
	return errors.Join(errs...)
}

// steadyClock counts from now on.
func steadyClock() *review.SteadyClock {
	began := time.Now() //permit:time.Now // it is asked only how long ago this was, by the clock that nobody can set
	return &review.SteadyClock{Uptime: func() time.Duration { return time.Since(began) }}
}

// inspectEvery is how often the database reads itself.
const inspectEvery = 24 * time.Hour

// inspect has the database read itself at the start and once a day, so that damage
// is found before somebody comes upon it.
func (s *server) inspect(ctx context.Context) error {
	again := time.NewTicker(inspectEvery)
	defer again.Stop()
	for {
		if err := s.store.Inspect(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("the database was inspected", "error", cause(err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
	}
}

// cause is an error with what lies behind it, for those who run the service.
func cause(err error) string {
	var known *review.Error
	if errors.As(err, &known) && known.Err != nil {
		return known.Message + " (" + known.Err.Error() + ")"
	}
	return err.Error()
}

// run listens and works until ctx ends, then lets what has begun end. ready is
// told the address once the server can be reached.
func (s *server) run(ctx context.Context, ready func(url string)) error {
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return err
	}
	if err := s.service.Started(ctx, buildVersion(), s.config); err != nil {
		return errors.Join(err, listener.Close())
	}
	web := ui.HTTPServer(s.listen, s.handler, s.log)
	group, ctx := errgroup.WithContext(ctx)
	scheme, serve := "http", web.Serve
	if s.cert != nil {
		web.TLSConfig = s.cert.settings()
		scheme, serve = "https", func(l net.Listener) error { return web.ServeTLS(l, "", "") }
		group.Go(s.cert.watch(ctx))
	}
	group.Go(func() error {
		if err := serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		if err := s.service.Work(ctx); !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	})
	group.Go(func() error { return s.regular.run(ctx) })
	group.Go(func() error { return s.inspect(ctx) })
	group.Go(s.serveAside)
	group.Go(func() error {
		<-ctx.Done()
		s.stopping.Store(true)
		s.log.Info("stopping", "taking requests for", s.leave.String())
		time.Sleep(s.leave) // until load balancers have noticed
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		err := web.Shutdown(last)
		if s.aside != nil {
			err = errors.Join(err, s.aside.Shutdown(last))
		}
		if err != nil {
			return fmt.Errorf("stopping: %w", err)
		}
		return nil
	})
	ready(scheme + "://" + listener.Addr().String() + "/")
	err = group.Wait()
	if err == nil {
		s.log.Info("stopped")
	}
	return err
}
