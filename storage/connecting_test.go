package storage

import (
	"context"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"sallyport/review"
	"sallyport/storage/pgtest"
)

// A server is reached through an address that asks for one which takes writes, with
// other hosts before it, by the connections that only read too.
func TestConnectTakesThePrimary(t *testing.T) {
	address := pgtest.Database(t, schema)
	for _, more := range []string{"", "&target_session_attrs=read-write", "&target_session_attrs=any"} {
		s, err := Open(t.Context(), address+more, noon)
		if err != nil {
			t.Errorf("%q: %v", more, err)
			continue
		}
		must(t, s.Ready(t.Context()))
		must(t, s.Close())
	}
	if _, err := Open(t.Context(), address+"&target_session_attrs=standby", noon); review.KindOf(err) != review.Unavailable {
		t.Errorf("a server that is no standby was taken for one: %v", err)
	}
}

// A database that hangs is waited for as long as whoever asks has time, and they
// are told.
func TestSilentDatabase(t *testing.T) {
	s := openStore(t, pgtest.Database(t, schema))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	for name, do := range map[string]func(context.Context, string, func(*gorm.DB) error) error{"reading": s.read, "writing": s.write} {
		err := do(ctx, name, func(tx *gorm.DB) error { return tx.Exec("SELECT pg_sleep(60)").Error })
		if review.KindOf(err) != review.Unavailable || !strings.Contains(err.Error(), silent) {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, s.Ready(t.Context())) // with other connections
}

// TestMayAlterRecord: a server is told when its role could do more than it needs.
func TestMayAlterRecord(t *testing.T) {
	address := pgtest.Database(t, schema)
	_, admin := bare(t, pgtest.As(address, ""))
	may := func(role string) bool {
		t.Helper()
		s, err := connectTo(pgtest.As(address, role))
		must(t, err)
		defer s.Close()
		may, err := s.MayAlterRecord(t.Context())
		must(t, err)
		return may
	}
	for role, want := range map[string]bool{pgtest.AppRole: false, pgtest.OwnerRole: true, "": true} {
		if got := may(role); got != want {
			t.Errorf("role %q: %t, want %t", role, got, want)
		}
	}
	for _, grant := range []string{"UPDATE (actor) ON events", "DELETE ON tree", "TRIGGER ON seals"} {
		_, err := admin.Exec("GRANT " + grant + " TO " + pgtest.AppRole)
		must(t, err)
		if !may(pgtest.AppRole) {
			t.Errorf("%s is not seen", grant)
		}
		_, err = admin.Exec("REVOKE " + grant + " FROM " + pgtest.AppRole)
		must(t, err)
	}
}

// TestGrantNeedsTheOwner: roles are not said to be granted when PostgreSQL granted
// nothing.
func TestGrantNeedsTheOwner(t *testing.T) {
	address := pgtest.Database(t, schema)
	if _, err := Migrate(t.Context(), address, noon, pgtest.AppRole); err == nil || !strings.Contains(err.Error(), "owner") {
		t.Errorf("granted by the application: %v", err)
	}
	_, err := Migrate(t.Context(), address, noon)
	must(t, err)
}
