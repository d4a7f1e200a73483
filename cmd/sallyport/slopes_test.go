package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sallyport/cmd/sallyport/internal/load"
	"sallyport/review"
	"sallyport/storage"
)

const (
	// pageSlopesTo says up to how many requests TestPageSlopes goes; "make load"
	// says 100,000. There are ten events for each.
	pageSlopesTo = "SALLYPORT_PAGE_SLOPES"
	// openAtOnce is how many of the requests are with the checkers: as many as
	// people can have open does not grow with the years.
	openAtOnce = 60
)

// What each page costs the server, with its HTML, as requests and events grow from
// a hundred and a thousand: the median of some tries, the statements, and the
// exponent b of time = a * n^b, fitted over the sizes.
func TestPageSlopes(t *testing.T) {
	text := os.Getenv(pageSlopesTo)
	if text == "" {
		t.Skip("measures for minutes: set " + pageSlopesTo + ", or make load")
	}
	most, err := strconv.Atoi(text)
	must(t, err)
	for _, engine := range []string{"SQLite", "PostgreSQL"} {
		t.Run(engine, func(t *testing.T) { pageSlopes(t, engine, most) })
	}
}

func pageSlopes(t *testing.T, engine string, most int) {
	g := newGrown(t, engine == "PostgreSQL")
	pages := g.pages()
	times, statements := map[string][]load.Point{}, map[string][]int64{}
	var sizes []int
	for n, had := 100, 0; n <= most; n, had = n*10, n {
		g.grow(had, n)
		sizes = append(sizes, n)
		for _, p := range pages {
			g.open(p) // what is read once is read
			took, asked := g.median(p)
			times[p.name] = append(times[p.name], load.Point{X: float64(n), Y: float64(took.Microseconds()) / 1000})
			statements[p.name] = append(statements[p.name], asked)
		}
	}
	t.Logf("\n%s", pageTable(sizes, pages, times, statements))
	plot := load.Plot{Title: "A page's time on the server, " + engine, X: "requests", Y: "ms", LogX: true, LogY: true}
	for _, name := range []string{"own requests", "queue", "board", "all requests", "all requests, far down", "releases", "audit log", "status"} {
		plot.Lines = append(plot.Lines, load.Line{Name: name, Points: times[name]})
	}
	drawn(t, "load-pages-"+strings.ToLower(engine), plot)
}

// grown is a service in this process whose database can be made to hold more.
type grown struct {
	t        *testing.T
	c        *cluster
	server   *server
	cookies  map[review.Username]string
	asked    atomic.Int64 // statements
	released review.RequestID
	open1    review.RequestID
	size     int
	halves   map[string]string // addresses of pages halfway, at this size
}

// newGrown has one request filed and released, and one filed, by the program as
// people run it: all others are made after these.
func newGrown(t *testing.T, postgres bool) *grown {
	t.Helper()
	w := newWork(t, load.Site{Researchers: 2, Checkers: 2, Courses: 1, Bytes: 2000}, postgres, time.Millisecond)
	g := &grown{t: t, c: w.c}
	one, err := w.players.Course(t.Context(), 0, 0)
	must(t, err)
	two, err := w.players.File(t.Context(), 1, 0)
	must(t, err)
	g.released, g.open1 = one.Request, two
	w.m.end(syscall.SIGTERM)
	source, err := os.ReadFile(w.m.config)
	must(t, err)
	config, err := parseConfig(source)
	must(t, err)
	g.server, err = newServer(t.Context(), config, slog.New(slog.DiscardHandler), func() time.Time { return time.Now().UTC() }, nil)
	must(t, err)
	t.Cleanup(func() { must(t, g.server.Close()) })
	must(t, g.server.store.Observe(func(context.Context, storage.Statement) { g.asked.Add(1) }))
	g.cookies = w.players.Cookies
	return g
}

// seenPage is a page and who opens it.
type seenPage struct {
	name string
	who  review.Username
	path string
}

func (g *grown) pages() []seenPage {
	var checker review.Username
	r, err := g.server.store.Request(g.t.Context(), g.open1)
	must(g.t, err)
	checker = r.Seats[0].Checker
	file := "/requests/" + string(g.open1) + "/files/" + string(r.Groups[0].Files[0].ID)
	day := "?since=2026-01-05&until=2026-01-06"
	author := load.Researcher(0)
	return []seenPage{
		{"own requests", author, "/requests"}, {"workspaces", author, "/workspaces"}, {"workspace", author, "/workspaces/" + string(load.Workspace(0))},
		{"a released request", author, "/requests/" + string(g.released)}, {"notifications", author, "/notifications"},
		{"queue", checker, "/queue"}, {"request, checker", checker, "/requests/" + string(g.open1)}, {"file, checker", checker, file},
		{"review", checker, "/requests/" + string(g.open1) + "/review"}, {"board", load.Lead, "/board"},
		{"all requests", load.Auditor, "/records"}, {"all requests, of a status", load.Auditor, "/records?status=SUBMITTED"},
		{"all requests, far down", load.Auditor, ""}, {"a record", load.Auditor, "/records/" + string(g.released)},
		{"releases", load.Auditor, "/releases"}, {"releases, far down", load.Auditor, ""},
		{"audit log", load.Auditor, "/audit"}, {"audit log, a day", load.Auditor, "/audit" + day}, {"audit log, a person", load.Auditor, "/audit?actor=" + string(checker)},
		{"checkpoints", load.Auditor, "/audit/checkpoints"}, {"figures", load.Auditor, "/figures"}, {"status", load.Operator, "/status"},
	}
}

// address is a page's; of those far down a list, that of the page halfway.
func (g *grown) address(p seenPage) string {
	if p.path != "" {
		return p.path
	}
	list := map[string]string{"all requests, far down": "/records", "releases, far down": "/releases"}[p.name]
	if g.halves[list] == "" {
		g.halves[list] = g.halfway(list)
	}
	return g.halves[list]
}

func (g *grown) open(p seenPage) time.Duration {
	g.t.Helper()
	req := httptest.NewRequest(http.MethodGet, g.address(p), nil)
	req.Host = strings.TrimPrefix(g.c.members[0].url, "http://")
	req.Header.Set("Cookie", g.cookies[p.who])
	rec := httptest.NewRecorder()
	start := time.Now()
	g.server.handler.ServeHTTP(rec, req)
	took := time.Since(start)
	if body, _ := io.ReadAll(rec.Body); rec.Code != http.StatusOK {
		g.t.Fatalf("%s: %d %s", p.name, rec.Code, body)
	}
	return took
}

// median is how long a page takes in the middle of nine tries, and how many
// statements the last one did.
func (g *grown) median(p seenPage) (time.Duration, int64) {
	var took []time.Duration
	var asked int64
	for range 9 {
		before := g.asked.Load()
		took = append(took, g.open(p))
		asked = g.asked.Load() - before
	}
	slices.Sort(took)
	return took[len(took)/2], asked
}

// grow adds requests, from had to n: copies of the released one in all tables,
// each twenty minutes older than the one before, and ten events for each.
func (g *grown) grow(had, n int) {
	g.t.Helper()
	g.size, g.halves = n, map[string]string{}
	pools, err := g.server.store.Pools()
	must(g.t, err)
	tx, err := pools["writer"].BeginTx(g.t.Context(), nil)
	must(g.t, err)
	for _, table := range []string{"requests", "request_groups", "request_files", "request_votes", "request_seats", "releases", "release_files"} {
		g.copyRows(tx, table, g.released, had, n)
	}
	if had == 0 {
		for _, table := range []string{"requests", "request_groups", "request_files", "request_seats"} {
			g.copyRows(tx, table, g.open1, -openAtOnce, 0)
		}
	}
	must(g.t, tx.Commit())
	const step = 5000
	for from := had; from < n; from += step {
		var events []review.Event
		for i := from; i < min(n, from+step); i++ {
			at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 20 * time.Minute)
			for j := range 10 {
				sum := sha256.Sum256([]byte(strconv.Itoa(i)))
				events = append(events, review.Event{
					At: at.Add(time.Duration(j) * time.Second), Type: []review.EventType{review.EvFileViewed, review.EvVoted}[j%2],
					Actor: []review.Username{load.Researcher(0), load.Checker(0), load.Checker(1)}[j%3], Request: review.RequestID(fmt.Sprint("S", i)),
					Workspace: load.Workspace(0), Path: "release/counts_0.csv", Digest: review.Digest(hex.EncodeToString(sum[:])),
				})
			}
		}
		must(g.t, g.server.store.Append(g.t.Context(), events...))
	}
	_, err = pools["writer"].ExecContext(g.t.Context(), "ANALYZE") // as databases do by themselves in time
	must(g.t, err)
}

// copyRows copies a request's rows of a table, under ids from S<had> to S<n>. What
// is open is copied for workspaces of its own, since only one may be active.
func (g *grown) copyRows(tx *sql.Tx, table string, id review.RequestID, had, n int) {
	t := g.t
	t.Helper()
	rows, err := tx.QueryContext(t.Context(), "SELECT * FROM "+table+" LIMIT 0")
	must(t, err)
	names, err := rows.Columns()
	must(t, err)
	must(t, rows.Close())
	where := "request = '" + string(id) + "'"
	switch table {
	case "requests":
		where = "id = '" + string(id) + "'"
	case "release_files":
		where = "release IN (SELECT id FROM releases WHERE request = '" + string(id) + "')"
	}
	names = slices.Clone(names) // the driver keeps its own
	values := make([]string, len(names))
	for i, name := range names {
		quoted := `"` + name + `"`
		switch {
		case name == "request" || table == "requests" && name == "id":
			values[i] = "'S' || i"
		case name == "release" && table != "request_files" || table == "releases" && name == "id":
			values[i] = "'R' || i"
		case name == "workspace" && n <= 0:
			values[i] = quoted + " || i"
		case slices.Contains([]string{"created", "approved", "submitted"}, name):
			values[i] = quoted + " - (i + 100) * CAST(1200000000 AS bigint)"
		default:
			values[i] = quoted
		}
		names[i] = quoted
	}
	statement := fmt.Sprintf("INSERT INTO %s (%s) WITH RECURSIVE many(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM many WHERE i < %d) SELECT %s FROM many, %s WHERE %s",
		table, strings.Join(names, ", "), had, n-1, strings.Join(values, ", "), table, where)
	if _, err = tx.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func pageTable(sizes []int, pages []seenPage, times map[string][]load.Point, statements map[string][]int64) string {
	var b strings.Builder
	b.WriteString("| ms, median of 9 |")
	for _, n := range sizes {
		fmt.Fprintf(&b, " %d requests |", n)
	}
	b.WriteString(" exponent | statements |\n|---|" + strings.Repeat("---|", len(sizes)+2) + "\n")
	for _, p := range pages {
		fmt.Fprintf(&b, "| %s |", p.name)
		for _, at := range times[p.name] {
			fmt.Fprintf(&b, " %.1f |", at.Y)
		}
		least, most := slices.Min(statements[p.name]), slices.Max(statements[p.name])
		words := fmt.Sprint(most)
		if least != most {
			words = fmt.Sprintf("%d to %d", least, most)
		}
		fmt.Fprintf(&b, " %.2f | %s |\n", exponent(times[p.name]), words)
	}
	return b.String()
}

// exponent is that of the power of x that fits best.
func exponent(points []load.Point) float64 {
	var sx, sy, sxx, sxy float64
	for _, p := range points {
		x, y := math.Log(p.X), math.Log(p.Y)
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	k := float64(len(points))
	return (k*sxy - sx*sy) / (k*sxx - sx*sx)
}

func TestExponent(t *testing.T) {
	if got := exponent([]load.Point{{X: 100, Y: 1}, {X: 1000, Y: 10}, {X: 10_000, Y: 100}}); math.Abs(got-1) > 0.01 {
		t.Errorf("times that grow with the size have the exponent %v", got)
	}
	if got := exponent([]load.Point{{X: 100, Y: 3}, {X: 1000, Y: 3}}); math.Abs(got) > 0.01 {
		t.Errorf("times that do not grow have the exponent %v", got)
	}
}

// halfway is the address of the page in the middle of a list.
func (g *grown) halfway(list string) string {
	var at review.Place
	err := error(nil)
	if list == "/records" {
		var some []review.Request
		some, err = g.server.store.Requests(g.t.Context(), review.RequestQuery{Limit: 1, Offset: g.size / 2})
		if len(some) > 0 {
			at = some[0].Place()
		}
	} else {
		var some []review.Release
		some, err = g.server.store.Releases(g.t.Context(), review.ReleaseQuery{Limit: 1, Offset: g.size / 2})
		if len(some) > 0 {
			at = some[0].Place()
		}
	}
	must(g.t, err)
	return fmt.Sprintf("%s?after=%s&page=2", list, at)
}
