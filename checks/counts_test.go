package checks_test

import (
	"fmt"
	"strings"
	"testing"

	. "sallyport/checks/checkstest"
	"sallyport/policy"
)

func TestZeroOrFull(t *testing.T) {
	Run(t, "zero-or-full", []Case{
		{Name: "zero in a count", CSV: "group,outcome,total\na,0,45\nb,20,60\nc,35,90",
			Want: []Want{{Kind: "zero", Severity: policy.Note, Column: "outcome", Rows: []int{0}}}},
		{Name: "41 of 41", CSV: "group,hospitalised,total\na,41,41\nb,20,62\nc,33,93\nd,12,55",
			Want: []Want{{Kind: "full", Severity: policy.Note, Column: "hospitalised", Rows: []int{0}}}},
		{Name: "a measure's zeros stand for 0 to 7", CSV: "measure,interval_start,interval_end,ratio,numerator,denominator\n" +
			"m,2021-01-01,2021-01-31,0,0,105\nm,2021-02-01,2021-02-28,0.2,25,125\nm,2021-03-01,2021-03-31,0.1,15,150"},
		{Name: "nothing but zeros", CSV: "group,n_died,n_total\na,0,45\nb,0,60\nc,0,90"},
		{Name: "a running total at time 0", CSV: "time,cum_events,n_risk\n0,0,1000\n1,20,980\n2,45,955\n3,80,920"},
		{Name: "the policy raises zeros", CSV: "group,n_died,n_total\na,0,45\nb,12,60\nc,35,90",
			Policy: func(p *policy.Policy) { p.Counts.Zero = policy.Block },
			Want:   []Want{{Kind: "zero", Severity: policy.Block}}},
	})
}

func TestCumulativeStep(t *testing.T) {
	Run(t, "cumulative-step", []Case{
		{Name: "steps of 3 and 5", CSV: "time,n_risk\n0,1000\n1,997\n2,992",
			Want: []Want{{Severity: policy.Warn, Column: "n_risk", Rows: []int{1, 2}, Evidence: map[string]any{"example": "1000 and 997 differ by 3"}}}},
		{Name: "a midpoint series", CSV: "time,n_risk_midpoint6\n0,1005\n1,999\n2,993\n3,987\n4,975\n5,963"},
		{Name: "large steps", CSV: "time,n_risk\n0,1003\n1,951\n2,902\n3,877"},
		{Name: "not monotone", CSV: "time,n_risk\n0,1003\n1,1001\n2,1009\n3,1004"},
		{Name: "within groups only", CSV: "arm,time,n_risk\na,0,1000\na,1,951\na,2,902\nb,0,899\nb,1,811\nb,2,707"},
		{Name: "n_exclude is no running total", CSV: "criteria,n,n_exclude\nall,1004,\nadults,1000,4\nalive,951,49"},
	})
	Run(t, "small-count", []Case{{Name: "n_exclude of 4", CSV: "criteria,n,n_exclude\nall,1004,\nadults,1000,4\nalive,951,49",
		Want: []Want{{Column: "n_exclude", Rows: []int{1}}}}})
}

func TestComplementSmall(t *testing.T) {
	Run(t, "complement-small", []Case{
		{Name: "995 of 998", CSV: "g,n_vaccinated,total\na,995,998\nb,412,731\nc,333,901\nd,81,204",
			Want: []Want{{Severity: policy.Warn, Column: "n_vaccinated", Rows: []int{0}, Evidence: map[string]any{"example": "998 - 995"}}}},
		{Name: "rounded", CSV: "g,n_vaccinated,total\na,995,1000\nb,410,730\nc,335,900\nd,80,205\ne,120,340\nf,45,105"},
		{Name: "two arms are not nested", CSV: "g,pfizer_n,az_n\na,12,9\nb,40,60\nc,70,90\nd,33,47"},
		{Name: "the part exceeds the whole somewhere", CSV: "g,n_doses,total\na,995,998\nb,912,731\nc,333,901\nd,81,204"},
	})
}

func TestColumnsUnclassified(t *testing.T) {
	Run(t, "columns-unclassified", []Case{
		{Name: "an opaque name", CSV: "name,x7\na,3.5\nb,1.25\nc,4.75", Want: []Want{{Severity: policy.Note, Message: `"x7"`}}},
		{Name: "a count", CSV: "name,n\na,30\nb,10\nc,45"},
		{Name: "an unread cell in a count", CSV: "name,n\na,30\nb,5 people\nc,45", Want: []Want{{Kind: "cells", Column: "n", Rows: []int{1}}}},
	})
}

func TestPersonLevel(t *testing.T) {
	var ids, plain, patterns, index strings.Builder
	ids.WriteString("patient_id,sex")
	plain.WriteString("sex,age,region,died,vax_month")
	patterns.WriteString("a,b,c,d,Count")
	index.WriteString(",model,region")
	for i := range 200 {
		k := i * 7919
		fmt.Fprintf(&plain, "\n%c,%s,%s,%d,2021-0%d-01", "FM"[k%2], []string{"18-39", "40-59", "60+"}[k/3%3], []string{"London", "East"}[k/7%2], k/11%2, k/13%4+1)
		fmt.Fprintf(&index, "\n%d,m%d,r%d", i+1, i/20, i%20)
		if i < 100 {
			fmt.Fprintf(&ids, "\n%d,F", k+11)
		}
		if i < 16 {
			fmt.Fprintf(&patterns, "\n%d,%d,%d,%d,%d", i&1, i>>1&1, i>>2&1, i>>3&1, 100+5*i)
		}
	}
	Run(t, "person-level", []Case{
		{Name: "identifiers", CSV: ids.String(), Want: []Want{{Kind: "identifier", Severity: policy.Block, Column: "patient_id"}}},
		{Name: "people without identifiers", CSV: plain.String(), Want: []Want{{Kind: "repeated", Severity: policy.Block}}},
		{Name: "condition patterns with a count", CSV: patterns.String()},
		{Name: "a row number names no person", CSV: index.String()},
		{Name: "ages, days and sex", CSV: rows(t, "age,sex,admitted", 40, func(i int) string {
			return fmt.Sprintf("%d,%c,2021-%02d-%02d", 20+i*37%61, "FM"[i%2], i*5%12+1, i*11%28+1)
		}), Want: []Want{{Kind: "characteristics", Severity: policy.Block}}},
		{Name: "the same, counted", CSV: rows(t, "age,sex,admitted,n", 40, func(i int) string {
			return fmt.Sprintf("%d,%c,2021-%02d-%02d,%d", 20+i*37%61, "FM"[i%2], i*5%12+1, i*11%28+1, 20+i*i%97)
		})},
		{Name: "hashes", CSV: rows(t, "ref,outcome", 30, func(i int) string { return fmt.Sprintf("%016x,%d", uint64(i+1)*0x9E3779B97F4A7C15, i%2) }),
			Want: []Want{{Kind: "identifier", Column: "ref"}}},
		{Name: "19 identifiers are too few to tell", CSV: rows(t, "id,n", 19, func(i int) string { return fmt.Sprintf("%d,%d", i*7919, 20+i) })},
	})
}

func rows(t *testing.T, header string, n int, row func(int) string) string {
	t.Helper()
	lines := []string{header}
	for i := range n {
		lines = append(lines, row(i))
	}
	return strings.Join(lines, "\n")
}

func TestRounding(t *testing.T) {
	Run(t, "rounding-missing", []Case{
		{Name: "no base", CSV: "g,n\na,123\nb,347\nc,981\nd,412\ne,208\nf,777",
			Want: []Want{{Kind: "", Severity: policy.Warn, Column: "n", Rows: []int{0, 1, 2, 3, 4, 5}}}},
		{Name: "two values prove nothing", CSV: "g,n\na,10\nb,20"},
		{Name: "two values that fit nothing", CSV: "g,n\na,113\nb,218", Want: []Want{{Kind: "few", Severity: policy.Note}}},
		{Name: "base 5", CSV: "g,n\na,10\nb,25\nc,135\nd,2045\ne,80\nf,55"},
		{Name: "midpoint 6", CSV: "g,n\na,3\nb,9\nc,15\nd,21\ne,45\nf,99\ng,237"},
		{Name: "rounding advised only", CSV: "g,n\na,123\nb,347\nc,981\nd,412\ne,208\nf,777",
			Policy: func(p *policy.Policy) { p.Counts.Rounding = "advised" }, Want: []Want{{Severity: policy.Note}}},
		{Name: "practices", CSV: "date,n_practices\n2021-01,2541\n2021-02,2543\n2021-03,2538\n2021-04,2549",
			Want: []Want{{Kind: "organisations", Severity: policy.Note}}},
		{Name: "weeks are not counts", CSV: "week,n\n1,10\n2,25\n3,135\n4,2045\n6,80\n7,55"},
	})
	stray := "g,n"
	for i, v := range []int{10, 25, 135, 2045, 80, 55, 90, 115, 205, 310, 412, 70} {
		stray += fmt.Sprintf("\ng%d,%d", i, v)
	}
	Run(t, "rounding-stray", []Case{
		{Name: "one 412 among twelve", CSV: stray, Want: []Want{{Severity: policy.Warn, Column: "n", Rows: []int{10}, Evidence: map[string]any{"base": "5"}}}},
		{Name: "against the table's base", CSV: "g,n,total\na,10,125\nb,25,310\nc,135,655\nd,45,412", Want: []Want{{Column: "total", Rows: []int{3}}}},
		{Name: "none", CSV: strings.Replace(stray, "412", "410", 1)},
	})
	Run(t, "rounding-suffix", []Case{
		{Name: "the name lies", CSV: "t,n_midpoint6\n0,17\n1,24\n2,38\n3,51\n4,77\n5,101\n6,160", Want: []Want{{Severity: policy.Warn, Column: "n_midpoint6"}}},
		{Name: "it does not", CSV: "t,n_midpoint6\n0,3\n1,9\n2,15\n3,21\n4,27\n5,33\n6,39"},
		{Name: "derived", CSV: "t,n_midpoint6_derived\na,6\nb,12\nc,24\nd,36\ne,48\nf,96\ng,120"},
	})
	Run(t, "rounding-mixed-base", []Case{
		{Name: "5 beside 6", CSV: "g,n,total\na,10,12\nb,25,30\nc,45,48\nd,60,66\ne,15,18\nf,30,36\ng,55,60\nh,90,96\ni,105,114\nj,120,132",
			Want: []Want{{Severity: policy.Note}}},
		{Name: "5 beside 10", CSV: "g,n,total\na,15,20\nb,25,30\nc,40,60\nd,65,80\ne,20,20\nf,35,40\ng,55,60"},
	})
}
