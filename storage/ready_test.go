package storage

import (
	"path/filepath"
	"strings"
	"testing"

	"sallyport/storage/pgtest"
)

// A newer program brings the schema up to date while this one runs: it stays in
// service, and nobody starts it anew on that schema. A schema that lacks a step, or
// has another in its place, takes it out of service.
func TestReadyOnANewerSchema(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "x.db")
		readyOnANewerSchema(t, file, file)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		address := pgtest.Database(t, schema)
		readyOnANewerSchema(t, address, pgtest.As(address, pgtest.OwnerRole))
	})
}

func readyOnANewerSchema(t *testing.T, address, owners string) {
	s, err := Open(t.Context(), address, noon)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	owner, _ := bare(t, owners)
	ready := func(when, want string) {
		t.Helper()
		err := s.Ready(t.Context())
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %q", when, err, want)
		}
	}
	ready("at first", "")
	must(t, owner.writer.Create(&takenRow{Version: 9999, Name: "later", SHA256: "of a newer program", Applied: 1}).Error)
	ready("with a step that only a newer program knows", "")
	if another, err := Open(t.Context(), address, noon); err == nil || !strings.Contains(err.Error(), "use a newer program") {
		t.Errorf("the program starts on a newer schema: %v", err)
		if err == nil {
			must(t, another.Close())
		}
	}
	must(t, owner.writer.Model(&takenRow{}).Where("version = 1").Update("sha256", "another").Error)
	ready("with another step in place of the first", "not this program's")
	must(t, owner.writer.Where("version = 1").Delete(&takenRow{}).Error)
	ready("without the first step", ErrSchema.Error())
}
