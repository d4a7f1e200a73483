package table

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func countsTable(rows, columns int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	b.WriteString("region,sex,month")
	for c := 3; c < columns; c++ {
		fmt.Fprintf(&b, ",n_%d", c)
	}
	for i := range rows {
		fmt.Fprintf(&b, "\nregion %d,%s,2021-%02d-01", i/24, []string{"F", "M"}[i%2], i/2%12+1)
		for c := 3; c < columns; c++ {
			if c%5 == 4 {
				fmt.Fprintf(&b, ",%.3f", r.Float64()*100)
			} else {
				fmt.Fprintf(&b, ",%d", 10+5*r.IntN(20000))
			}
		}
	}
	return b.Bytes()
}

// againstRead times work in turns with encoding/csv on the same bytes.
func againstRead(b *testing.B, work func(data []byte)) {
	data := countsTable(5000, 20)
	var mine, reading time.Duration
	b.ReportAllocs()
	for b.Loop() {
		t := time.Now()
		if _, err := csv.NewReader(bytes.NewReader(data)).ReadAll(); err != nil {
			b.Fatal(err)
		}
		reading += time.Since(t)
		t = time.Now()
		work(data)
		mine += time.Since(t)
	}
	b.ReportMetric(float64(mine)/float64(reading), "x-read")
}

func BenchmarkReadCSV(b *testing.B) {
	againstRead(b, func(data []byte) {
		if _, _, err := ReadCSV(data); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkReadAndUnderstand(b *testing.B) {
	againstRead(b, func(data []byte) {
		src, _, err := ReadCSV(data)
		if err != nil {
			b.Fatal(err)
		}
		Understand(src)
	})
}

func BenchmarkParse(b *testing.B) {
	for _, s := range []string{"12345", "12.345", "1,234 (5.6%)", "region 5", "2021-01-01", "[REDACTED]", "F"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Parse(s)
			}
		})
	}
}
