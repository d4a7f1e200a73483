package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/labstack/echo/v4"
	"golang.org/x/sync/singleflight"

	"sallyport/docs"
	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/api"
	"sallyport/ui/help"
	"sallyport/ui/password"
	"sallyport/ui/signin"
	"sallyport/ui/web"
)

// Options say how the pages are served. Sessions, Accounts, Policy, Log and Now
// are required.
type Options struct {
	Sessions scs.Store       // keeps what belongs to a browser over a restart
	Accounts review.Accounts // keeps what signing in needs
	Policy   *policy.Policy  // in force: forms, checklist, limits
	Log      *slog.Logger
	Now      func() time.Time // UTC

	// Secure says that browsers reach the service by HTTPS: the session cookie
	// is then `__Host-` and Secure, and HSTS is sent.
	Secure bool
	// HSTSHostOnly keeps what browsers remember of HTTPS to this host's name: names
	// below it are others' and may not have HTTPS.
	HSTSHostOnly bool
	// Hosts lists the host names (with a port when it is not the usual one)
	// that requests may be addressed to; empty allows any.
	// "name:*" is a name with any port.
	Hosts []string
	// Zone is the time zone in which times are shown to people who chose none; UTC
	// when it is nil.
	Zone *time.Location
	// ContentHost is the host name (with a port when it is not the usual one) by
	// which browsers reach this same service for contents only. It needs Sealer,
	// and another name than any of Hosts. Empty shows contents on the pages' own
	// host, in the same sandbox.
	ContentHost string
	// Proxies are those in front of the service; nobody else is believed when
	// they say where a request came from.
	Proxies web.Proxies
	// PerPerson and PerSource are how fast somebody signed in, and somebody at
	// an address, may ask; nil is as fast as they like.
	PerPerson, PerSource *web.Rate
	// Crowd bounds how many requests are worked on at once.
	Crowd Crowd
	// Stopping says that the process is about to end: it answers, and asks load
	// balancers to send people elsewhere. Nil for never.
	Stopping func() bool
	// Demo marks every page as a demonstration and lets anybody sign in as one
	// of People without a password.
	Demo   bool
	People []DemoPerson

	// Observed, when set, is told of each request once it is answered, by the id
	// that its log line has.
	Observed func(ctx context.Context, id, method, route string, status int, took time.Duration)

	// Sent lists what a demonstration's channel took instead of sending it, newest
	// first; nil where there is nothing to show.
	Sent func() ([]SentMail, error)

	// Register says that anybody may read the register of releases.
	Register bool

	// API, when set, is served to programs beside the pages, and lets people
	// make tokens for it.
	API *api.API

	// Sealer seals what the store may not read: without it there are no codes of
	// authenticator apps, and no Methods.
	Sealer *signin.Sealer
	// Methods are further ways of signing in, in the order in which they are shown.
	Methods []signin.Method
	// NoPasswords leaves people to sign in by Methods only.
	NoPasswords bool
	// Passwords is what is asked of a new password beyond the usual.
	Passwords password.Rule
	// SecondFactor are the roles that do nothing with a password alone.
	SecondFactor []policy.Role
	// URL is the address that browsers use, "https://release.example.org". Passkeys
	// are bound to its name, and need it.
	URL string

	// Idle ends a session not used for so long, IdleStrict those of people who
	// decide or see everything, and Lifetime every session. Confirm is how long a
	// person counts as having shown that it is they. Zero means an hour, half an
	// hour, twelve hours and five minutes.
	Idle, IdleStrict, Lifetime, Confirm time.Duration
	// MaxSessions is how many sessions a person has at once; a further one ends
	// the oldest. 0 is no limit.
	MaxSessions int
}

// SentMail is one mail as its reader would see it.
type SentMail struct {
	At                time.Time
	To, Subject, Text string
}

// DemoPerson is somebody whom the sign-in page of a demonstration offers.
type DemoPerson struct {
	Username review.Username
	Name     string
	Role     string // in plain words: "Output checker"
	About    string // what they are good for trying out, one sentence
}

// UI serves the pages. Make one with New.
type UI struct {
	service  Service
	options  Options
	policy   *policy.Policy
	log      *slog.Logger
	now      func() time.Time
	echo     *echo.Echo
	sessions *scs.SessionManager
	throttle *throttle
	crowd    *crowd
	verify   func(encoded, password string) bool // tests count what it is asked
	passkeys *webauthn.WebAuthn                  // nil without an address
	vouching singleflight.Group                  // one question about a session at a time
	retry    *web.Tally                          // methods that could not be asked, by session
	csp      string
	headers  map[string]string
	pages    map[string]*pageSet
	zone     *time.Location // of times, for readers who chose none
	readers  *web.Rate      // how often the public register was asked for, by source
	assets   *assets
	origin   *http.CrossOriginProtection
	shelf    shelf // files read last
	guides   *help.Guides
	helped   map[string]string // the guide for a route, see helpFor
}

// New builds the handler for all pages. It fails when a route names no action
// or a template does not parse. Pages work, unstyled, when style and script
// were not built; AssetsBuilt tells.
func New(service Service, o Options) (*UI, error) {
	if service == nil || o.Sessions == nil || o.Accounts == nil || o.Policy == nil || o.Log == nil || o.Now == nil {
		return nil, errors.New("ui needs a service, a session store, accounts, a policy, a log and a clock")
	}
	u := &UI{service: service, options: o, policy: o.Policy, log: o.Log, now: o.Now, zone: cmp.Or(o.Zone, time.UTC), origin: http.NewCrossOriginProtection(), shelf: shelf{limit: largestShelf}}
	var err error
	if u.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if u.pages, err = u.parsePages(); err != nil {
		return nil, err
	}
	if u.guides, err = help.Read(docs.Files()); err != nil {
		return nil, fmt.Errorf("guides: %w", err)
	}
	u.helped = helpFor()
	if u.passkeys, err = newPasskeys(o.URL); err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	if len(o.Methods) > 0 && o.Sealer == nil {
		return nil, errors.New("ui needs a sealer for methods of signing in")
	}
	if problem := checkContentHost(o); problem != "" {
		return nil, errors.New(problem)
	}
	u.csp = pageCSPFor(o.Methods, u.contentOrigin())
	u.headers = u.answerHeaders()
	u.verify, u.retry = password.Verify, web.NewTally(o.Now, retryAfter)
	u.sessions = newSessions(o)
	u.throttle = newThrottle(u.now, o.Accounts)
	u.crowd = newCrowd(o.Crowd)
	u.readers = web.NewRate(o.Now, registerPace, registerAtOnce)
	u.echo = echo.New()
	u.echo.HTTPErrorHandler = u.handleError
	u.echo.IPExtractor = echo.ExtractIPDirect()
	u.echo.Use(u.settle, u.identify, u.logRequest, u.recoverPanic, u.secure, u.checkHost, u.pace, u.checkOrigin, u.isolate, u.limitBody, u.admit, u.session)
	if o.API != nil {
		o.API.Register(u.echo)
	}
	rows := routes()
	if o.Register {
		rows = append(rows, registerRoutes()...)
	}
	if o.ContentHost != "" {
		rows = append(rows, contentRoutes()...)
	}
	return u, u.register(rows)
}

// ServeHTTP serves one request.
func (u *UI) ServeHTTP(w http.ResponseWriter, r *http.Request) { u.echo.ServeHTTP(w, r) }

// AssetsBuilt says whether style and script were built into the program. When
// not, pages are readable and plain, and say so.
func (u *UI) AssetsBuilt() bool { return u.assets.built }

// answerTime is how long writing an answer may take; answerWithin is how long
// working it out may, so that whoever asked is still told when a database or a
// storage hangs, and nothing waits for it for ever.
const (
	answerTime   = 2 * time.Minute
	answerWithin = answerTime - 20*time.Second
)

// within bounds the work on a request.
func within(limit time.Duration, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), limit)
		defer cancel()
		h.ServeHTTP(w, r.WithContext(ctx))
	})
}

// HTTPServer returns a server for the handler with limits that a slow or
// hostile client cannot stretch.
func HTTPServer(addr string, h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           within(answerWithin, h),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      answerTime,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		// "OPTIONS *" is answered as everything else is, with our headers.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
