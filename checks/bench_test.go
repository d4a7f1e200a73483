package checks_test

import (
	"bytes"
	"context"
	stdcsv "encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/checks"
	"sallyport/policy"
)

// bigTable makes a table of counts, rates and categories in which a share of
// the counts is redacted.
func bigTable(rows, columns, redactions int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	b.WriteString("region,sex,month")
	for c := 3; c < columns; c++ {
		fmt.Fprintf(&b, ",n_%d", c)
	}
	every := max(1, rows*(columns-3)/max(1, redactions))
	k := 0
	for i := range rows {
		fmt.Fprintf(&b, "\nregion %d,%s,2021-%02d-01", i/24, []string{"F", "M"}[i%2], i/2%12+1)
		for c := 3; c < columns; c++ {
			switch k++; {
			case redactions > 0 && k%every == 0:
				b.WriteString(",[REDACTED]")
			case c%5 == 4:
				fmt.Fprintf(&b, ",%.3f", r.Float64()*100)
			default:
				fmt.Fprintf(&b, ",%d", 10+5*r.IntN(20000))
			}
		}
	}
	b.WriteByte('\n')
	return b.Bytes()
}

func runOn(tb testing.TB, p *policy.Policy, data []byte, workers int) *checks.Report {
	tb.Helper()
	e := &checks.Engine{Workers: workers, TimeLimit: time.Minute}
	set := checks.Set{Files: []checks.File{{Path: "t.csv", Open: func() (io.ReadCloser, error) {
		return inMemory{bytes.NewReader(data)}, nil
	}}}}
	report, err := e.Run(context.Background(), p, set)
	if err != nil {
		tb.Fatal(err)
	}
	return report
}

// inMemory is a file whose size is known beforehand, as that of one on disk is.
type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }

// bareRead is the yardstick: encoding/csv reading the same bytes.
func bareRead(tb testing.TB, data []byte) {
	tb.Helper()
	if _, err := stdcsv.NewReader(bytes.NewReader(data)).ReadAll(); err != nil {
		tb.Fatal(err)
	}
}

// compareWithRead times all checks against a bare read of the same bytes, in
// turns, and reports the ratio: of the processor time that the process took,
// collecting garbage included, since the clock also counts what other programs
// on the machine do.
func compareWithRead(b *testing.B, data []byte, work func()) {
	b.Helper()
	var checking, reading time.Duration
	b.ReportAllocs()
	for b.Loop() {
		t := processorTime(b)
		bareRead(b, data)
		reading += processorTime(b) - t
		t = processorTime(b)
		work()
		checking += processorTime(b) - t
	}
	b.ReportMetric(float64(checking)/float64(reading), "x-read")
	b.ReportMetric(float64(checking.Microseconds())/1e3/float64(b.N), "ms-checks")
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkTable5000x20(b *testing.B) {
	p := policy.Default()
	data := bigTable(5000, 20, 0)
	compareWithRead(b, data, func() { runOn(b, p, data, 1) })
}

func BenchmarkTable5000x100Redacted(b *testing.B) {
	p := policy.Default()
	data := bigTable(5000, 100, 1200)
	compareWithRead(b, data, func() { runOn(b, p, data, 1) })
}

func BenchmarkTable140000Refused(b *testing.B) {
	p := policy.Default()
	data := bigTable(140_000, 18, 0)
	data = data[:min(len(data), 16<<20)]
	var peak uint64
	stop := make(chan bool)
	done := make(chan bool)
	go func() {
		defer close(done)
		var m runtime.MemStats
		for {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
			}
		}
	}()
	compareWithRead(b, data, func() {
		report := runOn(b, p, data, 1)
		if len(report.Files[0].Findings) == 0 {
			b.Fatal("not refused")
		}
	})
	close(stop)
	<-done
	b.ReportMetric(float64(peak)/(1<<20), "MB-peak-with-read")
	b.ReportMetric(float64(len(data))/(1<<20), "MB-file")
}

// BenchmarkEachCheck times every check alone on one table, reading included.
func BenchmarkEachCheck(b *testing.B) {
	data := bigTable(5000, 20, 100)
	for _, c := range checks.All() {
		b.Run(c.Name, func(b *testing.B) {
			e := &checks.Engine{Checks: []checks.Check{c}, Workers: 1}
			set := checks.Set{Files: []checks.File{{Path: "t.csv", Open: func() (io.ReadCloser, error) {
				return io.NopCloser(strings.NewReader(string(data))), nil
			}}}}
			for b.Loop() {
				if _, err := e.Run(context.Background(), policy.Default(), set); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
