package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

// how a database fails.
const (
	statementFails = iota // an error, as of a disk that fails or a connection that is cut
	commitFails           // an error, and nothing was kept
	answerLost            // all was kept, and nobody hears of it
	waysToFail
)

var errCut = errors.New("the database has gone")

// faultyPool fails once, at one statement or commit of those that it sees.
type faultyPool struct {
	gorm.ConnPool
	how, at    int
	statements int
	commits    int
	failed     bool
}

// fails counts, and says whether this is the one.
func (p *faultyPool) fails(how int) bool {
	n := &p.commits
	if how == statementFails {
		n = &p.statements
	}
	*n++
	if p.how != how && (how == statementFails || p.how == statementFails) || *n != p.at {
		return false
	}
	p.failed = true
	return true
}

// GetDBConn is the pool itself.
func (p *faultyPool) GetDBConn() (*sql.DB, error) {
	if pool, ok := p.ConnPool.(*sql.DB); ok {
		return pool, nil
	}
	return p.ConnPool.(gorm.GetDBConnector).GetDBConn()
}

func (p *faultyPool) BeginTx(ctx context.Context, o *sql.TxOptions) (gorm.ConnPool, error) {
	var tx gorm.ConnPool
	var err error
	switch under := p.ConnPool.(type) {
	case gorm.ConnPoolBeginner:
		tx, err = under.BeginTx(ctx, o)
	case gorm.TxBeginner:
		tx, err = under.BeginTx(ctx, o)
	}
	if err != nil {
		return nil, err
	}
	return &faultyTx{tx, p}, nil
}

// faultyTx is a transaction of a faultyPool.
type faultyTx struct {
	gorm.ConnPool
	pool *faultyPool
}

func (t *faultyTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if t.pool.fails(statementFails) {
		return nil, errCut
	}
	return t.ConnPool.ExecContext(ctx, query, args...)
}

func (t *faultyTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if t.pool.fails(statementFails) {
		return nil, errCut
	}
	return t.ConnPool.QueryContext(ctx, query, args...)
}

func (t *faultyTx) Rollback() error { return t.ConnPool.(gorm.TxCommitter).Rollback() }

func (t *faultyTx) Commit() error {
	fails := t.pool.fails(commitFails)
	if fails && t.pool.how == commitFails {
		return errors.Join(errCut, t.Rollback())
	}
	err := t.ConnPool.(gorm.TxCommitter).Commit()
	if err == nil && fails {
		err = errCut
	}
	return err
}

// TestEveryStatementFails takes a request from its draft to its release and
// recall, and has one statement of one change fail, or one commit, or only the
// answer to a commit get lost; each thing that failed is done again, as people do.
// Nothing is on record twice or half, one package leaves, and the record is whole.
//
// A usual run tries a few places; make failures tries all.
func TestEveryStatementFails(t *testing.T) {
	statements, commits, usual := oneLife(t, statementFails, 0)
	if statements < 150 || commits < 25 {
		t.Fatalf("a life is %d statements and %d commits", statements, commits)
	}
	tries := 0
	for how := range waysToFail {
		all := commits
		if how == statementFails {
			all = statements
		}
		step := all/4 + 1
		if wholeSweep() {
			step = 1
		}
		for at := 1 + how*step/waysToFail; at <= all; at += step {
			tries++
			t.Run(fmt.Sprintf("%d at %d", how, at), func(t *testing.T) {
				if _, _, events := oneLife(t, how, at); !cmp.Equal(usual, events) {
					t.Error(cmp.Diff(usual, events))
				}
			})
		}
	}
	t.Logf("%d statements, %d commits, %d failures tried", statements, commits, tries)
}

// oneLife plays it with a failure, and counts.
func oneLife(t *testing.T, how, at int) (statements, commits int, events map[review.EventType]int) {
	t.Helper()
	s := newStore(t)
	w := reviewtest.NewWorld(t, s)
	pool := &faultyPool{ConnPool: s.writer.Statement.ConnPool, how: how, at: at}
	s.writer.Config.ConnPool, s.writer.Statement.ConnPool = pool, pool
	l := life{t, w, t.Context()}
	id := l.draft()
	l.review(id)
	if at > 0 && !pool.failed {
		t.Errorf("nothing failed")
	}
	return pool.statements, pool.commits, l.check(id)
}

// life is what happens to one request.
type life struct {
	t   *testing.T
	w   *reviewtest.World
	ctx context.Context
}

// do does something, and once more when it failed. That it was done already, or
// that things have moved on, is what a person may be told then.
func (l life) do(what string, f func() error) {
	l.t.Helper()
	err := f()
	if err == nil {
		return
	}
	if !errors.Is(err, errCut) {
		l.t.Fatalf("%s: %v, want the failure of the database", what, err)
	}
	if err := f(); err != nil && review.KindOf(err) != review.Conflict && review.KindOf(err) != review.Invalid {
		l.t.Fatalf("%s, done again: %v", what, err)
	}
}

func (l life) draft() (id review.RequestID) {
	ann := l.w.As(l.t, "ann")
	for _, name := range []string{"a", "b"} {
		l.w.Workspaces.Write(reviewtest.Cohort, "release/"+name+".csv", "sex,n\nF,10\n"+name)
	}
	l.do("create", func() (err error) {
		id, err = l.w.CreateRequest(l.ctx, ann, reviewtest.Cohort)
		return err
	})
	if id == "" {
		list, err := l.w.Store.Requests(l.ctx, review.RequestQuery{})
		must(l.t, err)
		id = list[0].ID
	}
	l.do("details", func() error {
		return l.w.EditDetails(l.ctx, ann, id, review.RequestDetails{Title: "Tables", Purpose: "for the paper"})
	})
	for _, name := range []string{"a", "b"} {
		l.do("add", func() error {
			_, err := l.w.AddFiles(l.ctx, ann, id, []review.AddFile{{Path: "release/" + name + ".csv", Kind: review.Output, Group: name}})
			return err
		})
	}
	about, controls := reviewtest.Context()
	r, err := l.w.Store.Request(l.ctx, id)
	must(l.t, err)
	for _, g := range r.Groups {
		l.do("describe", func() error {
			return l.w.EditGroup(l.ctx, ann, id, g.ID, review.GroupDetails{Context: about, Controls: controls})
		})
	}
	ticked, permitted := reviewtest.Checklist()
	l.do("submit", func() error { return l.w.Submit(l.ctx, ann, id, ticked, permitted) })
	return id
}

func (l life) review(id review.RequestID) {
	r, err := l.w.Store.Request(l.ctx, id)
	must(l.t, err)
	for _, seat := range r.Seats {
		who := l.w.As(l.t, seat.Checker)
		for _, f := range r.Outputs() {
			l.do("vote", func() error {
				return l.w.Vote(l.ctx, who, id, review.VoteInput{File: f.ID, Decision: review.Approve, Reason: "because", Seen: f.Release})
			})
		}
		l.do("review", func() error { return l.w.SubmitReview(l.ctx, who, id) })
	}
	l.do("release", func() error { return l.w.Release(l.ctx, l.w.As(l.t, r.Seats[0].Checker), id) })
	l.settle()
	if len(l.w.Sink.Delivered) != 1 {
		l.t.Errorf("%d packages left", len(l.w.Sink.Delivered))
	}
	l.do("recall", func() error {
		return l.w.Recall(l.ctx, l.w.As(l.t, "aud"), id, review.BreachInput{Words: "A small count.", Severity: review.RecallSerious, Discovered: l.w.Now()})
	})
	l.settle()
}

// settle does the jobs, those too whose lease somebody lost.
func (l life) settle() {
	for range 3 {
		for did := true; did; {
			l.do("work", func() (err error) { did, err = l.w.WorkOnce(l.ctx); return err })
		}
		l.w.Advance(2 * 60 * 60 * 1e9)
	}
}

// check holds what is on record together, and counts what there must be of it as
// often whatever failed.
func (l life) check(id review.RequestID) map[review.EventType]int {
	r, err := l.w.Store.Request(l.ctx, id)
	must(l.t, err)
	if r.Status != review.Released {
		l.t.Errorf("the request is %s", r.Status)
	}
	counts := map[review.EventType]int{}
	for _, kind := range []review.EventType{
		review.EvRequestCreated, review.EvSubmitted, review.EvReviewSubmitted, review.EvApproved, review.EvPackaged, review.EvReleased,
	} {
		events, err := l.w.Store.Events(l.ctx, review.EventQuery{Request: id, Types: []review.EventType{kind}})
		must(l.t, err)
		counts[kind] = len(events)
	}
	release, err := l.w.Store.Release(l.ctx, id)
	must(l.t, err)
	if release.Recalled == nil || len(release.Recalled.Reports) == 0 || len(l.w.Sink.Withdrawn) == 0 {
		l.t.Errorf("the recall: %+v, withdrawn %v", release.Recalled, l.w.Sink.Withdrawn)
	}
	must(l.t, verify(l.w.Store.(*Store).Verify))
	return counts
}
