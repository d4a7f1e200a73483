package api

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/policy"
	"sallyport/ui/web"
)

// Prefix is where the interface lives.
const Prefix = "/api/v1"

// Owns reports whether a path is the interface's to answer, errors included.
func Owns(path string) bool { return path == "/api" || strings.HasPrefix(path, "/api/") }

// Options say what the interface works with. All but Rate are required.
type Options struct {
	Tokens Tokens
	Keys   Keys
	Policy *policy.Policy
	Log    *slog.Logger
	Now    func() time.Time // UTC
	// Rate is how fast a person's programs may ask, together; nil is as fast as
	// they like. It may be the one that counts what people do on pages.
	Rate *web.Rate
}

// API is the interface for programs. Make one with New.
type API struct {
	service  Service
	tokens   Tokens
	keys     Keys
	policy   *policy.Policy
	log      *slog.Logger
	now      func() time.Time
	failures *web.Tally
	rate     *web.Rate
	routes   []route
	document []byte
}

// New makes the interface and its description.
func New(service Service, o Options) (*API, error) {
	if service == nil || o.Tokens == nil || o.Keys == nil || o.Policy == nil || o.Log == nil || o.Now == nil {
		return nil, errors.New("api needs a service, tokens, keys, a policy, a log and a clock")
	}
	a := &API{
		service: service, tokens: o.Tokens, keys: o.Keys, policy: o.Policy, log: o.Log, now: o.Now, rate: o.Rate,
		failures: web.NewTally(o.Now, failWindow), routes: routes(),
	}
	if err := checkRoutes(a.routes); err != nil {
		return nil, err
	}
	var err error
	a.document, err = document(a.routes)
	return a, err
}

// checkRoutes refuses a row without an action, without a handler, or for a
// place that has one: a mistake that must not start.
func checkRoutes(rows []route) error {
	seen := map[string]bool{}
	for _, r := range rows {
		key := r.method + " " + r.path
		switch {
		case r.action == "" || r.handle == nil || r.summary == "":
			return fmt.Errorf("route %s lacks its action, its handler or its summary", key)
		case seen[key]:
			return fmt.Errorf("route %s is there twice", key)
		}
		seen[key] = true
	}
	return nil
}

// Register puts every route into a router, whose error handler must give the
// errors of paths that Owns to HandleError.
func (a *API) Register(e *echo.Echo) {
	for _, r := range a.routes {
		e.Add(r.method, Prefix+r.path, a.gate(r))
	}
}

// Limits on failed tries with tokens that are none, by source. A good token is
// let in all the same: many programs may share an address.
const (
	failWindow     = 15 * time.Minute
	failsPerSource = 30
)
