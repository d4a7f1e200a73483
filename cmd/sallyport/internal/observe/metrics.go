package observe

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"sallyport/checks"
	"sallyport/checks/confine"
	"sallyport/policy"
	"sallyport/review"
	"sallyport/storage"
)

// Metrics are the numbers of one process.
type Metrics struct {
	registry   *prometheus.Registry
	requests   *prometheus.CounterVec
	took       *prometheus.HistogramVec
	statements *prometheus.CounterVec
	stated     *prometheus.HistogramVec
	runs       *prometheus.CounterVec
	checked    prometheus.Histogram
	lines      *prometheus.CounterVec
	ready      *prometheus.GaugeVec
}

// NewMetrics makes the numbers of a process of a version.
func NewMetrics(version string) *Metrics {
	quick := []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	m := &Metrics{
		registry:   prometheus.NewRegistry(),
		requests:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sallyport_http_requests_total", Help: "Requests answered, by method, route pattern and status."}, []string{"method", "route", "status"}),
		took:       prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "sallyport_http_request_seconds", Help: "How long an answer took, by route pattern.", Buckets: quick}, []string{"route"}),
		statements: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sallyport_store_statements_total", Help: "Statements of the database, by kind and outcome."}, []string{"kind", "outcome"}),
		stated:     prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "sallyport_store_statement_seconds", Help: "How long a statement took, by kind.", Buckets: quick}, []string{"kind"}),
		runs:       prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sallyport_checks_files_total", Help: "Files that the checks examined, by outcome: complete or incomplete."}, []string{"outcome"}),
		checked:    prometheus.NewHistogram(prometheus.HistogramOpts{Name: "sallyport_checks_seconds", Help: "How long the checks of one request took.", Buckets: append(quick, 60, 120, 300)}),
		lines:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sallyport_log_lines_total", Help: "Lines of the log, by level."}, []string{"level"}),
		ready:      prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "sallyport_ready", Help: "1 when this part of readiness holds, else 0, as of the last time that it was looked at."}, []string{"part"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "sallyport_build_info", Help: "1, with the version.", ConstLabels: prometheus.Labels{"version": version, "engine": checks.EngineVersion}})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.took, m.statements, m.stated, m.runs, m.checked, m.lines, m.ready, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the numbers.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4, Timeout: 30 * time.Second})
}

// Request counts one answer.
func (m *Metrics) Request(method, route string, status int, took time.Duration) {
	method, route = known(method, route)
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(route).Observe(took.Seconds())
}

// known puts one word for all methods that nobody uses, and one for no route:
// whoever asks may send any method.
func known(method, route string) (string, string) {
	if !slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}, method) {
		method = "other"
	}
	return method, cmp.Or(route, "none")
}

// Statement counts one statement of the database.
func (m *Metrics) Statement(s storage.Statement) {
	outcome := "done"
	if s.Err != nil {
		outcome = "failed"
	}
	m.statements.WithLabelValues(s.Kind, outcome).Inc()
	m.stated.WithLabelValues(s.Kind).Observe(s.Took.Seconds())
}

// Watch has the numbers of the store, the service and the pool of children looked
// up whenever they are asked for.
func (m *Metrics) Watch(store *storage.Store, service *review.Service, pool *confine.Pool) error {
	pools, err := store.Pools()
	if err != nil {
		return err
	}
	for name, db := range pools {
		if err := m.registry.Register(collectors.NewDBStatsCollector(db, name)); err != nil {
			return err
		}
	}
	return m.registry.Register(newState(service, store, pool))
}

// Checker counts what another checker does.
func (m *Metrics) Checker(c review.Checker) review.Checker { return &countedChecker{c, m} }

type countedChecker struct {
	review.Checker
	metrics *Metrics
}

func (c *countedChecker) Run(ctx context.Context, p *policy.Policy, set checks.Set) (*checks.Report, error) {
	began := time.Now() //permit:time.Now // how long checks take is the machine's time
	ctx, span := tracer().Start(ctx, "checks")
	defer span.End()
	rep, err := c.Checker.Run(ctx, p, set)
	fail(span, err)
	c.metrics.checked.Observe(time.Since(began).Seconds())
	if err == nil {
		c.metrics.runs.WithLabelValues("incomplete").Add(float64(rep.Summary.Incomplete))
		c.metrics.runs.WithLabelValues("complete").Add(float64(rep.Summary.Files - rep.Summary.Incomplete))
	}
	return rep, err
}

// Log counts the lines that a log's handler is given.
func (m *Metrics) Log(h slog.Handler) slog.Handler { return countedLog{h, m} }

type countedLog struct {
	slog.Handler
	metrics *Metrics
}

func (l countedLog) Handle(ctx context.Context, r slog.Record) error {
	l.metrics.lines.WithLabelValues(r.Level.String()).Inc()
	return l.Handler.Handle(ctx, r)
}

func (l countedLog) WithAttrs(a []slog.Attr) slog.Handler {
	return countedLog{l.Handler.WithAttrs(a), l.metrics}
}

func (l countedLog) WithGroup(name string) slog.Handler {
	return countedLog{l.Handler.WithGroup(name), l.metrics}
}
