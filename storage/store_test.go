package storage

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

func TestStore(t *testing.T) {
	reviewtest.Run(t, func(t *testing.T) review.Store { return newStore(t) })
}

// noon is the time in tests that have no other.
func noon() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// verify drops the count that a verification returns.
func verify(run func(context.Context) (int64, error)) error {
	_, err := run(context.Background()) // a clean-up's own context is over
	return err
}

// newStore opens an empty store that the test closes.
func newStore(t testing.TB) *Store {
	t.Helper()
	return openStore(t, filepath.Join(t.TempDir(), "a b?%23.db"))
}

func openStore(t testing.TB, file string) *Store {
	t.Helper()
	s, err := Open(t.Context(), file, noon)
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

func TestAccounts(t *testing.T) {
	reviewtest.RunAccounts(t, func(t *testing.T) reviewtest.AccountStore { return newStore(t) })
}
