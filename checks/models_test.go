package checks_test

import (
	"fmt"
	"strings"
	"testing"

	"sallyport/checks"
	. "sallyport/checks/checkstest"
	"sallyport/policy"
)

func TestModelDF(t *testing.T) {
	var big strings.Builder
	big.WriteString("term,estimate,std.error,p.value,n_obs\n")
	small := "term,estimate,std.error,p.value,n_obs\n"
	for i := range 9 {
		fmt.Fprintf(&big, "t%d,0.%d,0.05,0.04,1200\n", i, i+1)
		small += fmt.Sprintf("t%d,0.%d,0.05,0.04,12\n", i, i+1)
	}
	Run(t, "model-df", []Case{
		{Name: "residual df of 4", CSV: "model,df.residual,nobs\n1,4,12\n2,30,120\n3,6,12",
			Want: []Want{{Kind: "residual", Severity: policy.Warn, Column: "df.residual", Rows: []int{0, 2}}}},
		{Name: "df of 4", CSV: "model,df,nobs\na,4,12\nb,40,120", Want: []Want{{Kind: "residual", Severity: policy.Warn, Column: "df", Rows: []int{0}}}},
		{Name: "in words", CSV: "model,degrees_of_freedom,nobs\na,4,12\nb,40,120", Want: []Want{{Kind: "residual", Rows: []int{0}}}},
		{Name: "df of tests", CSV: "model,df,statistic\na,4,12.5\nb,40,1.1", Want: []Want{{Kind: "unnamed", Severity: policy.Note, Rows: []int{0}}}},
		{Name: "nine terms for twelve people", CSV: small, Want: []Want{{Kind: "terms", Severity: policy.Warn, Message: "9 terms for 12 observations"}}},
		{Name: "R squared of 1", CSV: "model,r.squared,nobs\n1,1,1200\n2,0.4,1200", Want: []Want{{Kind: "saturated", Rows: []int{0}}}},
		{Name: "no standard errors", CSV: "term,estimate,std.error,p.value\na,0.1,NA,0.5\nb,0.2,NA,0.5\nc,0.3,NA,0.4", Want: []Want{{Kind: "saturated", Column: "std.error"}}},
		{Name: "nine terms for 1,200 people", CSV: big.String()},
		{Name: "residual df of 10", CSV: "model,df.residual,nobs\n1,10,1200\n2,30,1200"},
		{Name: "one degree for each test", CSV: "term,statistic,df,p.value\na,3.5,1,0.06\nb,4.5,1,0.03"},
		{Name: "largest possible R squared", CSV: "model,r.squared.max,nobs\n1,1,1200\n2,0.4,1200"},
	})
}

func TestModelNoN(t *testing.T) {
	bare := "term,estimate,std.error,p.value\na,0.1,0.05,0.04\nb,0.2,0.06,0.01"
	grouped := func(context string, more ...checks.File) *checks.Set {
		f := File("m.csv", bare)
		f.Group, f.Context = "models", context
		return &checks.Set{Files: append([]checks.File{f}, more...)}
	}
	same := File("n.csv", "sex,n\nF,120\nM,145")
	same.Group, same.Supporting = "models", true
	other := same
	other.Group = "tables"
	Run(t, "model-no-n", []Case{
		{Name: "no N", CSV: bare, Want: []Want{{Kind: "file", Severity: policy.Note}}},
		{Name: "N", CSV: "term,estimate,std.error,p.value,n_obs\na,0.1,0.05,0.04,1200\nb,0.2,0.06,0.01,1200"},
		{Name: "an empty N", CSV: "term,estimate,std.error,p.value,n\na,0.1,0.05,0.04,NA\nb,0.2,0.06,0.01,NA", Want: []Want{{Kind: "file"}}},
		{Name: "N in the header", CSV: "term,\"HR, N = 1,200\",ci_low,ci_high\na,1.1,0.9,1.3\nb,1.2,0.9,1.4"},
		{Name: "no estimates", CSV: "sex,mean_age\nF,45.1\nM,44.2"},
		{Name: "survival curve", CSV: "time,surv,surv.low,surv.high\n1,0.99,0.98,1\n2,0.97,0.95,0.98\n3,0.9,0.88,0.93"},
		{Name: "nowhere in the request", Set: grouped("a regression of age"), Want: []Want{{Kind: "request", Severity: policy.Warn}}},
		{Name: "elsewhere in the request", Set: grouped("a regression of age", other), Want: []Want{{Path: "m.csv", Kind: "file", Severity: policy.Note}}},
		{Name: "in the description", Set: grouped("The population is the 1,200 people registered; df 1190.")},
		{Name: "in a file of the group", Set: grouped("", same)},
		{Name: "in a Stata log", Files: map[string]string{"a.log": "Logistic regression                Number of obs     =  1,203,139\n\n----------\n  y | Odds Ratio   Std. Err.      z    P>|z|     [95% Conf. Interval]\n----+---------\n  a |   .6655646   .0240425   -11.27   0.000     .6200715    .7143953\n  b |   .6655646   .0240425   -11.27   0.000     .6200715    .7143953\n  c |   .6655646   .0240425   -11.27   0.000     .6200715    .7143953\n"}},
	})
}

func TestModelSeparation(t *testing.T) {
	Run(t, "model-separation", []Case{
		{Name: "a standard error of 1034", CSV: "term,estimate,std.error,p.value,n_obs\na,18.2,1034.6,0.98,1200\nb,0.2,0.06,0.01,1200",
			Want: []Want{{Severity: policy.Note, Column: "std.error", Rows: []int{0}}}},
		{Name: "a ratio of a hundred thousand", CSV: "term,or,ci_low,ci_high\na,123456.7,0,Inf\nb,1.2,0.9,1.4", Want: []Want{{Column: "or", Rows: []int{0}}}},
		{Name: "ordinary", CSV: "term,estimate,std.error,p.value\na,0.1,0.05,0.04\nb,0.2,0.06,0.01"},
		{Name: "no model", CSV: "sex,mean_cost,se_cost\nF,1200.5,25.1\nM,1100.5,24.1"},
	})
	Run(t, "model-small-cell-hint", []Case{
		{Name: "0.9 means 4 at most", CSV: "term,or,std.error,p.value\na,1.5,0.9,0.6\nb,1.2,0.06,0.01",
			Want: []Want{{Severity: policy.Note, Column: "std.error", Rows: []int{0}, Message: "at most 4"}}},
		{Name: "hazard ratio", CSV: "term,hr,std.error,p.value\na,1.5,0.6,0.6\nb,1.2,0.06,0.01", Want: []Want{{Message: "at most 5"}}},
		{Name: "Stata shows that of the ratio", CSV: "term,or,std.err,p.value,lower_ci,upper_ci\na,3,2.7,0.6,0.514,17.51\nb,8,2.4,0.01,4.44,14.4",
			Want: []Want{{Rows: []int{0}, Message: "at most 4"}}},
		{Name: "0.3 means 44", CSV: "term,or,std.error,p.value\na,1.5,0.3,0.6\nb,1.2,0.06,0.01"},
		{Name: "differences of means", CSV: "term,estimate,std.error,p.value\na,1.5,0.9,0.6\nb,1.2,0.06,0.01"},
	})
}

func TestDominance(t *testing.T) {
	row := func(s string) string { return "area,sum,top1,top2\nx,5000,100,90\n" + s }
	Run(t, "dominance", []Case{
		{Name: "two largest hold 92 %", CSV: row("a,1000,700,220"), Want: []Want{{Kind: "nk", Severity: policy.Warn, Rows: []int{1}}}},
		{Name: "both rules", CSV: row("a,1000,900,60"), Want: []Want{{Kind: "nk", Rows: []int{1}}, {Kind: "p", Rows: []int{1}, Message: "In 1 row"}}},
		{Name: "neither", CSV: row("a,1000,200,150")},
		{Name: "negative values", CSV: row("a,1000,950,-20"), Want: []Want{{Kind: "nk", Severity: policy.Note}, {Kind: "p", Severity: policy.Note}}},
		{Name: "other names", CSV: "area,total,max,second_largest\na,1000,900,60", Want: []Want{{Kind: "nk"}, {Kind: "p"}}},
		{Name: "no second largest", CSV: "area,total,max\na,1000,900"},
		{Name: "unrelated columns", CSV: "area,total,n\na,1000,900"},
	})
}

func TestExtremeValue(t *testing.T) {
	Run(t, "extreme-value", []Case{
		{Name: "a column of maxima", CSV: "age_group,max_bmi\n18-39,61.2\n40-64,70.1", Want: []Want{{Severity: policy.Note, Column: "max_bmi", Rows: []int{0, 1}}}},
		{Name: "a very old person", CSV: "sex,max_age\nF,104\nM,98", Want: []Want{{Kind: "age", Severity: policy.Warn, Rows: []int{0}}}},
		{Name: "pandas describe", CSV: ",bmi\ncount,1200\nmean,27.1\nstd,4.2\nmin,12.1\n25%,22.5\n50%,26.5\n75%,30.1\nmax,61.2", Want: []Want{{Rows: []int{3}}, {Rows: []int{7}}}},
		{Name: "a labelled row", CSV: "characteristic,stat,AZ,Pfizer\nSex,F,120 (50%),130 (50%)\nSex,M,120 (50%),130 (50%)\nAge,Median,45,46\nAge,\"Min, Max\",\"18, 99\",\"18, 97\"",
			Want: []Want{{Column: "stat", Rows: []int{3}}}},
		{Name: "a flag", CSV: ",died\ncount,1200\nmean,0.1\nstd,0.3\nmin,0\n25%,0\n50%,0\n75%,0\nmax,1"},
		{Name: "R squared", CSV: "model,r.squared.max\n1,0.04\n2,0.05"},
		{Name: "percentiles", CSV: "age_group,p95_bmi\n18-39,41.2\n40-64,40.1"},
		{Name: "dates", CSV: "x,max_date\na,2021-01-01\nb,2021-02-01"},
	})
}

func TestPercentileTail(t *testing.T) {
	Run(t, "percentile-tail", []Case{
		{Name: "p99 of 500", CSV: "sex,n,p99\nF,500,41.2\nM,5000,40.1", Want: []Want{{Severity: policy.Warn, Column: "p99", Rows: []int{0}, Message: "500 x 0.01 = 5"}}},
		{Name: "quartile of 30", CSV: "sex,n,q1\nF,30,21.2\nM,5000,22.1", Want: []Want{{Rows: []int{0}}}},
		{Name: "long", CSV: ",bmi\ncount,20\nmean,27.1\nstd,4.2\nmin,12.1\n25%,22.5\n50%,26.5\n75%,30.1\nmax,61.2", Want: []Want{{Rows: []int{4}}, {Rows: []int{6}}}},
		{Name: "p5 of 2000", CSV: "sex,n,p5\nF,2000,21.2\nM,5000,22.1"},
		{Name: "N not known", CSV: "sex,p99\nF,21.2\nM,22.1"},
		{Name: "which N is not known", CSV: "sex,n_cases,n_controls,p99\nF,50,60,21.2\nM,70,80,22.1"},
		{Name: "percentiles as a dimension", CSV: "date,percentile,value\n2021-01-01,10,0.2\n2021-01-01,20,0.3\n2021-01-01,30,0.4"},
	})
}
