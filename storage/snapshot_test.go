package storage

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/review"
)

// TestCopiedWhileWritten copies the files of a database, as they are, at random
// moments while events are appended: as a snapshot of the disk, or a power cut,
// would. Each copy opens, is whole, and holds every event that was acknowledged
// before the copying began.
//
// The file is copied first and then the log beside it. Only a checkpoint of the log
// writes to the file, and none is made meanwhile: a snapshot taken in one moment
// would see neither half done.
func TestCopiedWhileWritten(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "db")
	s := openStore(t, file)
	must(t, s.writer.Exec("PRAGMA wal_autocheckpoint = 0").Error)
	var acknowledged atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for n := int64(0); ; {
			select {
			case <-stop:
				return
			default:
			}
			list := make([]review.Event, 1+rand.IntN(5))
			for i := range list {
				list[i] = viewed(i)
			}
			if err := s.Append(t.Context(), list...); err != nil {
				t.Error(err)
				return
			}
			n += int64(len(list))
			acknowledged.Store(n)
		}
	}()
	for range 12 {
		time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
		before := acknowledged.Load()
		to := filepath.Join(t.TempDir(), "db")
		for _, part := range []string{"", "-wal"} {
			data, err := os.ReadFile(file + part)
			must(t, err)
			must(t, os.WriteFile(to+part, data, 0o600))
		}
		taken := openStore(t, to)
		if _, err := taken.Verify(t.Context()); err != nil {
			t.Errorf("the copy is not whole: %v", err)
		}
		r, err := taken.VerifyRecord(t.Context())
		must(t, err)
		if r.First != nil || r.Size < before {
			t.Errorf("the copy has %d of %d events: %+v", r.Size, before, r.First)
		}
		must(t, taken.Append(t.Context(), viewed(1)))
	}
	close(stop)
	<-stopped
	if acknowledged.Load() < 50 {
		t.Errorf("only %d events were written meanwhile", acknowledged.Load())
	}
}
