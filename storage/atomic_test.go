package storage

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// watch calls each before every statement of a pool. A part of a statement that
// is only being built is none.
func watch(t testing.TB, db *gorm.DB, each func(tx *gorm.DB)) {
	t.Helper()
	f := func(tx *gorm.DB) {
		if !tx.DryRun {
			each(tx)
		}
	}
	c := db.Callback()
	must(t, errors.Join(
		c.Query().Before("gorm:query").Register("test:query", f),
		c.Create().Before("gorm:create").Register("test:create", f),
		c.Update().Before("gorm:update").Register("test:update", f),
		c.Delete().Before("gorm:delete").Register("test:delete", f),
		c.Row().Before("gorm:row").Register("test:row", f),
		c.Raw().Before("gorm:raw").Register("test:raw", f),
	))
}

// TestAtomic has every statement of a write fail in turn, the first, the
// second and so on until the write succeeds: each failure leaves the whole
// database as it was.
func TestAtomic(t *testing.T) {
	errFault := errors.New("the disk failed")
	everything := func(s *Store) error {
		_, err := s.Update(context.Background(), "r1", func(r *review.Request) (review.Change, error) {
			r.Title, r.Status = "changed", review.Approved
			r.Groups[0].Context["more"] = "text"
			r.Groups[0].Files[0].Votes = nil
			r.Groups[1].Files = append(r.Groups[1].Files, review.File{ID: "new", Path: "release/new.csv", Kind: review.Output})
			r.Seats[0].Why = "changed"
			r.Comments = r.Comments[:1]
			return review.Change{
				Events:  []review.Event{reviewtest.Happened(r, review.EvApproved, noon()), reviewtest.Happened(r, review.EvRouted, noon())},
				Release: &review.Release{ID: "rel1", Request: "r1", Files: []review.ReleasedFile{{Path: "p", SHA256: digestOf("p")}}},
				Jobs:    []review.Job{{ID: "j1", Kind: "release", Request: "r1", MaxTries: 1, Due: noon()}},
			}, nil
		})
		return err
	}
	for name, write := range map[string]func(*Store) error{
		"update": everything,
		"create": func(s *Store) error {
			r := reviewtest.FullRequest("r2")
			r.Author = "bob"
			return s.Create(context.Background(), r, reviewtest.Happened(r, review.EvRequestCreated, noon()))
		},
		"people": func(s *Store) error {
			return s.SavePeople(context.Background(),
				[]review.Person{{Username: "ada", Roles: []policy.Role{policy.Researcher}, Projects: []review.ProjectID{"p1"}}},
				[]review.Project{{ID: "p1", Workspaces: []review.WorkspaceName{"w"}}},
				review.Event{At: noon(), Type: review.EvPeopleChanged})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			r := reviewtest.FullRequest("r1")
			must(t, s.Create(t.Context(), r, reviewtest.Happened(r, review.EvRequestCreated, noon())))
			before := dump(t, s)
			var n, failing int
			watch(t, s.writer, func(tx *gorm.DB) {
				if n++; n == failing {
					_ = tx.AddError(errFault)
				}
			})
			for failing = 1; ; failing++ {
				n = 0
				err := write(s)
				if err == nil {
					break
				}
				if !errors.Is(err, errFault) {
					t.Fatalf("statement %d: %v, want the fault", failing, err)
				}
				if diff := cmp.Diff(before, dump(t, s)); diff != "" {
					t.Fatalf("the failure of statement %d left something behind: %s", failing, diff)
				}
			}
			if failing < 5 {
				t.Errorf("only %d statements could fail", failing-1)
			}
			if cmp.Equal(before, dump(t, s)) {
				t.Error("the write that succeeded changed nothing")
			}
		})
	}
}

// dump returns every row of every table.
func dump(t testing.TB, s *Store) map[string][]string {
	t.Helper()
	db, err := s.reader.DB()
	must(t, err)
	tables, err := s.engine.tables(s.reader)
	must(t, err)
	all := map[string][]string{}
	for _, table := range tables {
		rows, err := db.Query("SELECT * FROM " + table)
		must(t, err)
		columns, err := rows.Columns()
		must(t, err)
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			must(t, rows.Scan(values...))
			var line strings.Builder
			for i, v := range values {
				fmt.Fprintf(&line, "%s=%v ", columns[i], *v.(*any))
			}
			all[table] = append(all[table], line.String())
		}
		must(t, rows.Close())
	}
	return all
}

// TestCommitRefused: what only the commit checks undoes everything too.
func TestCommitRefused(t *testing.T) {
	s := newStore(t)
	r := reviewtest.FullRequest("r1")
	must(t, s.Create(t.Context(), r, reviewtest.Happened(r, review.EvRequestCreated, noon())))
	before := dump(t, s)
	_, err := s.Update(t.Context(), "r1", func(r *review.Request) (review.Change, error) {
		r.Title = "changed"
		return review.Change{
			Events: []review.Event{reviewtest.Happened(r, review.EvApproved, noon())},
			Jobs:   []review.Job{{ID: "j", Kind: "release", Request: "nobody", MaxTries: 1}},
		}, nil
	})
	if err == nil {
		t.Fatal("a job of a request that does not exist was kept")
	}
	if diff := cmp.Diff(before, dump(t, s)); diff != "" {
		t.Error(diff)
	}
}

// TestConstantStatements: a request, and a page of them, is read in as many
// statements whatever its size.
func TestConstantStatements(t *testing.T) {
	s := newStore(t)
	for _, n := range []int{1, 100, 500} {
		r := reviewtest.WithFiles(review.RequestID(fmt.Sprint(n)), n)
		must(t, s.Create(t.Context(), r, reviewtest.Happened(r, review.EvRequestCreated, noon())))
	}
	want := 12 // six to read, the request, one vote, the last event, one event, the tree's edge, its growth
	if _, ok := s.engine.(postgresEngine); ok {
		want++ // the lock
	}
	var reads, writes int
	watch(t, s.reader, func(*gorm.DB) { reads++ })
	watch(t, s.writer, func(*gorm.DB) { writes++ })
	for _, n := range []review.RequestID{"1", "100", "500"} {
		reads, writes = 0, 0
		r, err := s.Request(t.Context(), n)
		must(t, err)
		if files := 10*(len(r.Groups)-1) + len(r.Groups[len(r.Groups)-1].Files); fmt.Sprint(files) != string(n) || reads != 6 {
			t.Errorf("%d of %s files in %d statements, want 6", files, n, reads)
		}
		_, err = s.Update(t.Context(), n, func(r *review.Request) (review.Change, error) {
			r.Groups[0].Files[0].Votes[0].Decision = review.Reject
			return review.Change{Events: []review.Event{reviewtest.Happened(r, review.EvVoted, noon())}}, nil
		})
		must(t, err)
		if writes > want || writes < want-1 { // at times the tree is asked for its edge
			t.Errorf("one vote on one of %s files took %d statements, want %d", n, writes, want)
		}
	}
	for _, limit := range []int{1, 3} {
		reads = 0
		list, err := s.Requests(t.Context(), review.RequestQuery{Limit: limit})
		must(t, err)
		if len(list) != limit || reads != 2 {
			t.Errorf("%d requests in %d statements, want 2", len(list), reads)
		}
		reads = 0
		list, err = s.Requests(t.Context(), review.RequestQuery{Limit: limit, Whole: true})
		must(t, err)
		if len(list) != limit || reads != 6 {
			t.Errorf("%d whole requests in %d statements, want 6", len(list), reads)
		}
	}
}

// TestQueryPlans: each list reads its page from an index, in order.
func TestQueryPlans(t *testing.T) {
	onlySQLite(t, "EXPLAIN QUERY PLAN")
	s := newStore(t)
	dry := s.reader.Session(&gorm.Session{DryRun: true})
	requests := func(q review.RequestQuery) *gorm.DB { return selectRequests(dry, q).Find(&[]requestRow{}) }
	events := func(q review.EventQuery) *gorm.DB { return selectEvents(dry, q).Find(&[]eventRow{}) }
	for name, test := range map[string]struct {
		query *gorm.DB
		index string
	}{
		"all requests":       {requests(review.RequestQuery{}), "requests_created"},
		"of an author":       {requests(review.RequestQuery{Author: "a"}), "requests_author"},
		"of a workspace":     {requests(review.RequestQuery{Workspace: "a"}), "requests_workspace"},
		"of a project":       {requests(review.RequestQuery{Projects: []review.ProjectID{"a"}}), "requests_project"},
		"of a status":        {requests(review.RequestQuery{Statuses: []review.Status{"a"}}), "requests_status"},
		"of a checker":       {requests(review.RequestQuery{Checker: "a"}), "request_seats_checker"},
		"events":             {events(review.EventQuery{After: 5}), "PRIMARY KEY"},
		"newest events":      {events(review.EventQuery{Newest: true}), ""},
		"events of request":  {events(review.EventQuery{Request: "a"}), "events_request"},
		"events of an actor": {events(review.EventQuery{Actor: "a"}), "events_actor"},
		"events of a type":   {events(review.EventQuery{Types: []review.EventType{"a"}}), "events_type"},
	} {
		var plan []struct{ Detail string }
		must(t, s.reader.Raw("EXPLAIN QUERY PLAN "+test.query.Statement.SQL.String(), test.query.Statement.Vars...).Scan(&plan).Error)
		text := fmt.Sprint(plan)
		sorted := strings.Contains(text, "TEMP B-TREE") && !strings.Contains(name, "checker")
		if !strings.Contains(text, test.index) || sorted {
			t.Errorf("%s: %s, want index %q and no sorting", name, text, test.index)
		}
	}
}

// TestTwoProcesses: two stores on one file are as two processes are. Each sees
// what the other has kept, and no update is lost.
func TestTwoProcesses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.db")
	stores := []*Store{openStore(t, file), openStore(t, file)}
	r := reviewtest.WithFiles("r1", 1)
	must(t, stores[0].Create(t.Context(), r, reviewtest.Happened(r, review.EvRequestCreated, noon())))
	var wait sync.WaitGroup
	const rounds = 20
	for _, s := range stores {
		wait.Go(func() {
			for range rounds {
				_, err := s.Update(context.Background(), "r1", func(r *review.Request) (review.Change, error) {
					r.Turn++
					return review.Change{Events: []review.Event{reviewtest.Happened(r, review.EvRequestEdited, noon())}}, nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	for _, s := range stores {
		got, err := s.Request(t.Context(), "r1")
		must(t, err)
		if got.Version != 1+2*rounds || got.Turn != r.Turn+2*rounds {
			t.Errorf("version %d and turn %d, want %d updates", got.Version, got.Turn, 2*rounds)
		}
	}
}

// TestSwap: a request's row is written only over the version that was read.
func TestSwap(t *testing.T) {
	s := newStore(t)
	r := reviewtest.WithFiles("r1", 1)
	must(t, s.Create(t.Context(), r, reviewtest.Happened(r, review.EvRequestCreated, noon())))
	row := requestRowOf(r)
	row.Version, row.Title = 2, "changed"
	must(t, swap(s.writer, row, 1))
	row.Version, row.Title = 3, "changed again"
	for _, version := range []int64{0, 1, 3} {
		if err := swap(s.writer, row, version); !errors.Is(err, errLost) {
			t.Errorf("written over version %d: %v", version, err)
		}
	}
	got, err := s.Request(t.Context(), "r1")
	must(t, err)
	if got.Version != 2 || got.Title != "changed" {
		t.Errorf("version %d, title %q", got.Version, got.Title)
	}
}

// TestErrorKinds: a busy database says so, and a fault shows nothing.
func TestErrorKinds(t *testing.T) {
	onlySQLite(t, "the busy timeout")
	s := newStore(t)
	ended, end := context.WithCancel(t.Context())
	end()
	if err := s.Append(ended, review.Event{At: noon(), Type: review.EvSignIn}); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
	db, err := s.writer.DB()
	must(t, err)
	other, err := connect(fileOf(t, s), "immediate", false, 1)
	must(t, err)
	otherDB, err := other.DB()
	must(t, err)
	defer otherDB.Close()
	_, err = db.Exec("PRAGMA busy_timeout = 10")
	must(t, err)
	must(t, other.Transaction(func(*gorm.DB) error {
		err := s.Append(t.Context(), review.Event{At: noon(), Type: review.EvSignIn})
		if review.KindOf(err) != review.Unavailable {
			t.Errorf("while another process writes: %v, want Unavailable", err)
		}
		return nil
	}))
	must(t, s.Append(t.Context(), review.Event{At: noon(), Type: review.EvSignIn}))
}

// fileOf is the path of a store's database.
func fileOf(t *testing.T, s *Store) string {
	t.Helper()
	var file string
	must(t, s.reader.Raw("SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&file).Error)
	return file
}

// TestDiskFull: a write that finds no room says so and keeps nothing.
func TestDiskFull(t *testing.T) {
	onlySQLite(t, "max_page_count")
	s := newStore(t)
	must(t, s.Append(t.Context(), review.Event{At: noon(), Type: review.EvSignIn}))
	before := dump(t, s)
	must(t, s.writer.Exec("PRAGMA max_page_count = 1").Error) // as small as it is
	var list []review.Event
	for range 5000 {
		list = append(list, review.Event{At: noon(), Type: review.EvSignIn, Path: strings.Repeat("x", 100)})
	}
	if err := s.Append(t.Context(), list...); review.KindOf(err) != review.Unavailable {
		t.Errorf("on a full disk: %v, want Unavailable", err)
	}
	if diff := cmp.Diff(before, dump(t, s)); diff != "" {
		t.Error(diff)
	}
	must(t, s.writer.Exec("PRAGMA max_page_count = 1000000").Error)
	must(t, s.Append(t.Context(), list...))
}

var (
	_ scs.CtxStore         = (*Sessions)(nil)
	_ scs.IterableCtxStore = (*Sessions)(nil)
)

func TestSessions(t *testing.T) {
	s := newStore(t)
	now := noon()
	sessions := s.Sessions(func() time.Time { return now })
	find := func(token, want string) {
		t.Helper()
		data, found, err := sessions.Find(token)
		if err != nil || found != (want != "") || string(data) != want {
			t.Errorf("Find(%q) = %q, %v, %v, want %q", token, data, found, err, want)
		}
	}
	find("a", "")
	must(t, sessions.Commit("a", []byte("one"), now.Add(time.Hour)))
	must(t, sessions.Commit("b", []byte("two"), now.Add(time.Minute)))
	must(t, sessions.Commit("a", []byte("three"), now.Add(2*time.Hour)))
	find("a", "three")
	find("b", "two")
	for _, line := range dump(t, s)["sessions"] {
		if strings.Contains(line, "token_hash=a ") || strings.Contains(line, "token_hash=b ") {
			t.Error("a token is kept as it is")
		}
	}
	now = now.Add(time.Minute)
	find("b", "")
	all, err := sessions.All()
	must(t, err)
	if len(all) != 1 {
		t.Fatalf("%d sessions, want 1", len(all))
	}
	if n := len(dump(t, s)["sessions"]); n != 2 {
		t.Errorf("%d rows before another commit, want 2", n)
	}
	must(t, sessions.Commit("a", []byte("three"), now.Add(2*time.Hour)))
	if n := len(dump(t, s)["sessions"]); n != 1 {
		t.Errorf("%d rows after it, want 1", n)
	}
	for name, data := range all {
		if string(data) != "three" {
			t.Errorf("session %q, want three", data)
		}
		find(name, "") // the name that All gives is no token
		must(t, sessions.Delete(name))
	}
	find("a", "")
	must(t, sessions.Commit("c", []byte("x"), now.Add(time.Hour)))
	must(t, sessions.Delete("c"))
	must(t, sessions.Delete("c"))
	find("c", "")
}
