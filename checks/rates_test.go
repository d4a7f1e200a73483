package checks_test

import (
	"fmt"
	"strings"
	"testing"

	. "sallyport/checks/checkstest"
	"sallyport/policy"
)

func TestImpliedCount(t *testing.T) {
	rest := "\nb,60,400,15.0\nc,45,300,15.0\nd,120,600,20.0\ne,81,450,18.0"
	measures := "measure,interval_start,interval_end,ratio,numerator,denominator,sex"
	for i, r := range []string{"0.09523809523809523,10,105,F", "0.19230769230769232,25,130,M", "0.031914893617021274,0,95,F", "0.20930232558139536,45,215,M"} {
		measures += fmt.Sprintf("\nm,2021-0%d-01,2021-0%d-28,%s", i+1, i+1, r)
	}
	Run(t, "implied-count", []Case{
		{Name: "percent left beside a redacted count", CSV: "g,n,total,pct\na,[REDACTED],500,0.6" + rest,
			Want: []Want{{Kind: "exact", Severity: policy.Block, Column: "n", Rows: []int{0}, Message: "0.6 x 500 / 100 = 3",
				Evidence: map[string]any{"interval": []float64{3, 3}}}}},
		{Name: "percent redacted too", CSV: "g,n,total,pct\na,[REDACTED],500,[REDACTED]" + rest},
		{Name: "a large denominator hides it", CSV: "g,n,total,pct\na,[REDACTED],50000,0.6" + rest},
		{Name: "few counts left", CSV: "g,n,total,pct\na,[REDACTED],2500,0.2" + rest,
			Want: []Want{{Kind: "narrow", Severity: policy.Block, Rows: []int{0}, Evidence: map[string]any{"interval": []float64{4, 6}}}}},
		{Name: "zero numerator of a measure, ratio above zero", CSV: measures,
			Want: []Want{{Kind: "exact", Column: "numerator", Rows: []int{2}, Evidence: map[string]any{"interval": []float64{3, 3}}}}},
		{Name: "the denominator counts the numerator too", CSV: "g,cases,controls,pct\na,<8,400,0.7444\nb,60,400,13.0435\nc,45,300,13.0435\nd,120,600,16.6667\ne,81,450,15.2542",
			Want: []Want{{Kind: "exact", Column: "cases", Rows: []int{0}, Evidence: map[string]any{"interval": []float64{3, 3}}}}},
		{Name: "per 100,000", CSV: "g,events,people,rate per 100000\na,*,1022568,0.39117\nb,15,51831,28.94021\nc,68,22929222,0.29656\nd,412,998121,41.27756",
			Want: []Want{{Kind: "exact", Column: "events", Rows: []int{0}, Evidence: map[string]any{"interval": []float64{4, 4}}}}},
		{Name: "an estimate is no rate of these counts", CSV: "g,n,total,pct\na,[REDACTED],500,0.6\nb,60,400,3.1\nc,45,300,9.7\nd,120,600,1.2\ne,81,450,44.0"},
		{Name: "practices are no people", CSV: "g,n_practices_with_code,n_practices,pct\na,[REDACTED],500,0.6\nb,60,400,15.0\nc,45,300,15.0\nd,120,600,20.0\ne,81,450,18.0",
			Want: []Want{{Kind: "organisations", Severity: policy.Warn, Rows: []int{0}}}},
	})
}

func TestRateFromUnrounded(t *testing.T) {
	raw := [][2]int{{8, 103}, {62, 401}, {47, 298}, {121, 604}, {83, 447}, {33, 512}}
	near := func(n int) int { return (n + 2) / 5 * 5 }
	build := func(rate func(n, d int) float64, shown func(int) int) string {
		var b strings.Builder
		b.WriteString("g,n,total,pct")
		for i, x := range raw {
			fmt.Fprintf(&b, "\n%c,%d,%d,%.2f", 'a'+i, shown(x[0]), shown(x[1]), rate(x[0], x[1]))
		}
		return b.String()
	}
	exact := func(n, d int) float64 { return 100 * float64(n) / float64(d) }
	rounded := func(n, d int) float64 { return exact(near(n), near(d)) }
	Run(t, "rate-from-unrounded", []Case{
		{Name: "percent of the raw counts", CSV: build(exact, near),
			Want: []Want{{Severity: policy.Warn, Column: "pct", Message: "only one true count fits"}}},
		{Name: "percent of the rounded counts", CSV: build(rounded, near)},
		{Name: "counts not rounded at all are another finding", CSV: build(exact, func(n int) int { return n })},
		{Name: "large counts cannot be told apart", CSV: "g,n,total,pct\na,5100,10000,51.0\nb,6200,10000,62.0\nc,7315,14000,52.2\nd,8420,17005,49.5\ne,9135,20000,45.7\nf,4405,9010,48.9"},
	})
}

func TestTelltaleRate(t *testing.T) {
	body := "\nb,60,401,0.149626\nc,45,307,0.146580\nd,120,613,0.195759\ne,81,457,0.177243"
	Run(t, "telltale-rate", []Case{
		{Name: "3/7 beside two redactions", CSV: "g,n,total,rate\na,[REDACTED],[REDACTED],0.428571" + body,
			Want: []Want{{Severity: policy.Warn, Column: "rate", Rows: []int{0}, Message: "0.428571 is 3/7"}}},
		{Name: "0.5 says too little", CSV: "g,n,total,rate\na,[REDACTED],[REDACTED],0.5\nb,60,401,0.1\nc,45,307,0.1\nd,120,613,0.2\ne,81,457,0.2"},
		{Name: "0.5 among numbers of full precision", CSV: "g,n,total,rate\na,[REDACTED],[REDACTED],0.5\nb,60,401,0.14962593516209477\nc,45,307,0.1465798045602606\nd,120,613,0.19575856443719414\ne,81,457,0.17724288840262582\nf,80,457,0.1750547045951860",
			Want: []Want{{Column: "rate", Rows: []int{0}, Message: "0.5 is 1/2"}}},
		{Name: "per 100,000", CSV: "g,n,total,\"rate per 100,000\"\na,[REDACTED],[REDACTED],66666.67\nb,60,401,14962.59\nc,45,307,14657.98\nd,120,613,19575.86",
			Want: []Want{{Rows: []int{0}, Message: "2/3 x 100000"}}},
		{Name: "no fraction of few", CSV: "g,n,total,rate\na,[REDACTED],[REDACTED],0.437261" + body},
		{Name: "no redaction", CSV: "g,n,total,rate\na,300,700,0.428571" + body},
		{Name: "rates of rounded counts are simple fractions everywhere", CSV: "g,n,total,rate\na,[REDACTED],[REDACTED],0.500000\nb,10,30,0.333333\nc,15,20,0.750000\nd,10,40,0.250000\ne,20,25,0.800000\nf,5,35,0.142857"},
		{Name: "two digits are no evidence", CSV: "g,n,total,pct\na,[REDACTED],[REDACTED],43\nb,60,401,15\nc,45,307,15\nd,120,613,20"},
	})
}
