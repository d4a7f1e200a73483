package storage

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"sallyport/review"
	"sallyport/review/reviewtest"
	"sallyport/storage/pgtest"
)

// TestStore holds the store to its contracts on both engines.
func TestStore(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		reviewtest.Run(t, func(t *testing.T) review.Store { return openStore(t, filepath.Join(t.TempDir(), "x.db")) })
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		reviewtest.Run(t, func(t *testing.T) review.Store { return openStore(t, pgtest.Database(t, schema)) })
	})
}

// schema makes the schema of a test's database in PostgreSQL.
func schema(ctx context.Context, owner string) error {
	_, err := Migrate(ctx, owner, noon, pgtest.AppRole)
	return err
}

// noon is the time in tests that have no other.
func noon() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// verify drops the count that a verification returns.
func verify(run func(context.Context) (int64, error)) error {
	_, err := run(context.Background()) // a clean-up's own context is over
	return err
}

// newStore opens an empty store, of the engine that is tested, that the test
// closes.
func newStore(t testing.TB) *Store {
	t.Helper()
	return openStore(t, pgtest.Address(t, filepath.Join(t.TempDir(), "a b?%23.db"), schema))
}

func openStore(t testing.TB, address string) *Store {
	t.Helper()
	s, err := Open(t.Context(), address, noon)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := verify(s.Verify); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestAccounts holds what people sign in with to its contracts on both engines.
func TestAccounts(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		reviewtest.RunAccounts(t, func(t *testing.T) reviewtest.AccountStore { return openStore(t, filepath.Join(t.TempDir(), "x.db")) })
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		reviewtest.RunAccounts(t, func(t *testing.T) reviewtest.AccountStore { return openStore(t, pgtest.Database(t, schema)) })
	})
}
