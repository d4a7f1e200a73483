package storage

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"sallyport/review"
	"sallyport/storage/pgtest"
)

// BenchmarkAppendPostgres is BenchmarkAppend on PostgreSQL, flushing to the disk,
// which other tests do without.
func BenchmarkAppendPostgres(b *testing.B) {
	address := pgtest.Database(b, schema)
	admin, err := pgx.Connect(b.Context(), pgtest.As(address, ""))
	must(b, err)
	defer admin.Close(b.Context())
	for _, statement := range []string{
		"CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL)", "GRANT INSERT ON bare TO " + pgtest.AppRole,
	} {
		_, err := admin.Exec(b.Context(), statement)
		must(b, err)
	}
	s := openStore(b, address)
	var fsync string
	must(b, s.writer.Raw("SHOW fsync").Scan(&fsync).Error)
	if fsync != "on" {
		b.Skip("say " + pgtest.Fsync + "=on: without flushing it says nothing")
	}
	list := make([]review.Event, 1000)
	for i := range list {
		list[i] = viewed(i)
	}
	must(b, s.Append(b.Context(), list...))
	text := strings.Repeat("x", len(viewed(1).Canonical()))
	db, err := s.writer.DB()
	must(b, err)
	var bare, event time.Duration
	for i := 0; b.Loop(); i++ {
		begin := time.Now()
		_, err := db.Exec("INSERT INTO bare (text) VALUES ($1)", text)
		must(b, err)
		middle := time.Now()
		must(b, s.Append(b.Context(), viewed(i)))
		bare += middle.Sub(begin)
		event += time.Since(middle)
	}
	b.ReportMetric(float64(bare.Microseconds())/float64(b.N), "µs/bare")
	b.ReportMetric(float64(event.Microseconds())/float64(b.N), "µs/event")
	b.ReportMetric(float64(event)/float64(bare), "event/bare")
}
