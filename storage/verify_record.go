package storage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"runtime"

	"golang.org/x/sync/errgroup"

	"sallyport/review/ledger"
)

// verifyStep is how many entries one statement reads: what is in memory at a
// time is a few times that.
const verifyStep = 4000

// VerifyRecord reads every event, computes its leaf again, and holds the events,
// the stored tree and the claims to each other. It reads in steps, several at
// once, and keeps none: events that are appended meanwhile are left for the next
// time. An error is one of reading; what is not as it was is in the report.
func (s *Store) VerifyRecord(ctx context.Context, claims ...ledger.Claim) (ledger.Report, error) {
	var at struct{ Count, First, Last, Tree int64 }
	err := s.reader.WithContext(ctx).Raw(`SELECT count(*) AS count, coalesce(min(seq), 1) AS first, coalesce(max(seq), 0) AS last,
		(SELECT coalesce(max(seq), 0) FROM tree) AS tree FROM events`).Scan(&at).Error
	if err != nil {
		return ledger.Report{}, wrap("reading the record", err)
	}
	v := ledger.NewVerifier(claims...)
	if err := s.entries(ctx, at.Tree, v.Add); err != nil {
		return ledger.Report{}, wrap("reading the record", err)
	}
	return v.Finish(at.Count, at.Last), nil
}

// entries yields the stored tree with its events in order, to the entry last,
// until add has enough. Steps are read and hashed side by side.
func (s *Store) entries(ctx context.Context, last int64, add func(ledger.Entry) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := min(readers, runtime.GOMAXPROCS(0))
	if s.alone {
		workers = 1
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers + 1)
	steps := make(chan chan []ledger.Entry, workers)
	group.Go(func() error {
		defer close(steps)
		for from := int64(0); from < last; from += verifyStep {
			step := make(chan []ledger.Entry, 1)
			select {
			case steps <- step:
			case <-ctx.Done():
				return ctx.Err()
			}
			group.Go(func() error {
				defer close(step)
				list, err := s.entriesBetween(ctx, from, min(from+verifyStep, last))
				step <- list
				return err
			})
		}
		return nil
	})
	enough := false
	for step := range steps {
		for _, e := range <-step {
			if !enough && !add(e) {
				enough = true
				cancel()
			}
		}
	}
	err := group.Wait()
	if enough {
		return nil
	}
	return err
}

// entriesBetween reads what there is of the tree and of the events after one
// number and to another, in order.
func (s *Store) entriesBetween(ctx context.Context, after, to int64) ([]ledger.Entry, error) {
	list := make([]ledger.Entry, to-after)
	for i := range list {
		list[i].Seq = after + int64(i) + 1
	}
	err := s.eachRow(ctx, "SELECT seq, hashes FROM tree WHERE seq > ? AND seq <= ?", after, to, func(rows *sql.Rows) error {
		var seq int64
		var hashes []byte
		if err := rows.Scan(&seq, &hashes); err != nil {
			return err
		}
		list[seq-after-1].Nodes = hashes
		return nil
	})
	if err != nil {
		return nil, err
	}
	var q eventRow
	var buffer []byte
	columns := []any{
		&q.Seq, &q.At, &q.Type, &q.Actor, &q.Request, &q.Workspace, &q.GroupID, &q.File, &q.Path, &q.Turn, &q.FromStatus, &q.ToStatus,
		&q.Digest, &q.Findings, &q.Policy, &q.Detail, &q.Source, &q.Leaf, &q.Purpose,
	}
	return list, s.eachRow(ctx, `SELECT seq, at, type, actor, request, workspace, group_id, file, path, turn, from_status, to_status,
		digest, findings, policy, detail, source, leaf, purpose
		FROM events WHERE seq > ? AND seq <= ?`, after, to, func(rows *sql.Rows) error {
		if err := rows.Scan(columns...); err != nil {
			return err
		}
		buffer = attach(&list[q.Seq-after-1], q, buffer)
		return nil
	})
}

// attach adds the event to its entry. An event that cannot be read has no leaf
// that anything was sealed with.
func attach(e *ledger.Entry, q eventRow, buffer []byte) []byte {
	e.Present = true
	copy(e.Sealed[:], q.Leaf)
	if event, err := q.event(); err == nil {
		buffer = event.AppendCanonical(buffer[:0])
		e.Leaf = sha256.Sum256(buffer)
	}
	return buffer
}

// eachRow reads rows one by one.
func (s *Store) eachRow(ctx context.Context, query string, after, to int64, read func(*sql.Rows) error) error {
	rows, err := s.reader.WithContext(ctx).Raw(query, after, to).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
