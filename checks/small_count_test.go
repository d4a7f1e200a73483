package checks_test

import (
	"testing"

	. "sallyport/checks/checkstest"
	"sallyport/policy"
)

func TestSmallCount(t *testing.T) {
	Run(t, "small-count", []Case{
		{Name: "a visible 4", CSV: "sex,n\nF,120\nM,4",
			Want: []Want{{Kind: "exact", Severity: policy.Block, Column: "n", Rows: []int{1}}}},
		{Name: "5 in a base 5 column", CSV: "ageband,n\n0-17,10\n18-39,25\n40-64,135\n65-79,80\n80-89,55\n90+,5",
			Want: []Want{{Kind: "rounded", Severity: policy.Block, Column: "n", Rows: []int{5}, Message: "5 stands for 3 to 7"}}},
		{Name: "midpoint 6 labels", CSV: "time,cml_event_midpoint6\n1,0\n2,3\n3,9\n4,15\n5,21\n6,27"},
		{Name: "week and decile are no counts", CSV: "week,imd_decile,n\n1,1,120\n1,2,135\n2,1,140\n2,2,160\n3,1,180\n3,2,95"},
		{Name: "n (p%)", CSV: "Characteristic,\"Exposed, N = 1,200\"\nF,\"3 (0.3%)\"\nM,\"640 (53.3%)\"\nUnknown,\"557 (46.4%)\"",
			Want: []Want{{Kind: "exact", Rows: []int{0}}}},
		{Name: "mean (SD) row", CSV: "Characteristic,Exposed\nF,\"310 (48%)\"\nM,\"335 (52%)\"\nbmi: mean (SD),\"5 (2)\""},
		{Name: "long layout", CSV: "measure,value\nn,5\nmean,45.2\nsd,10.1\nn,250\nmean,44.0\nsd,9.0",
			Want: []Want{{Kind: "exact", Column: "value[n]", Rows: []int{0}}}},
		{Name: "pandas describe() of a flag", CSV: ",cystic_fibrosis\ncount,20819835\nunique,2\ntop,0\nfreq,20811110"},
		{Name: "pandas describe() of few", CSV: ",cystic_fibrosis\ncount,6\nunique,2\ntop,0\nfreq,5", Want: []Want{{Column: "cystic_fibrosis[count]"}, {Column: "cystic_fibrosis[freq]"}}},
		{Name: "different values are no people", CSV: "variable,n_missing,n_unique\nsex,120,2\nage,135,87\nimd,250,5\nregion,355,9"},
		{Name: "unique patients are", CSV: "variable,n_unique_patients\nsex,120\nage,4", Want: []Want{{Column: "n_unique_patients"}}},
		{Name: "SNOMED codes", CSV: "code,n\n1325161000000102,120\n1325181000000106,95\n1325021000000106,85"},
		{Name: "practices are no people", CSV: "date,n_practices\n2021-01-01,2540\n2021-02-01,3\n2021-03-01,2539",
			Want: []Want{{Kind: "organisations", Severity: policy.Warn, Rows: []int{1}}}},
		{Name: "threshold of the policy", CSV: "sex,n\nF,120\nM,6", Policy: func(p *policy.Policy) { p.Counts.Threshold = 5 }},
		{Name: "silenced by the policy", CSV: "sex,n\nF,120\nM,4",
			Policy: func(p *policy.Policy) { p.Severity = map[string]policy.Severity{"small-count": policy.Off} }},
		{Name: "lowered by the policy", CSV: "sex,n\nF,120\nM,4",
			Policy: func(p *policy.Policy) { p.Severity = map[string]policy.Severity{"small-count/exact": policy.Warn} },
			Want:   []Want{{Severity: policy.Warn}}},
	})
}

func TestSmallCountInterval(t *testing.T) {
	Run(t, "small-count-interval", []Case{
		{Name: "<3 narrows", CSV: "sex,n\nF,120\nM,<3\nU,40", Want: []Want{{Severity: policy.Note, Column: "n", Rows: []int{1}}}},
		{Name: "<=7 does not", CSV: "sex,n\nF,120\nM,<=7\nU,40"},
		{Name: "10-15 is not small", CSV: "sex,n\nF,120\nM,10-15\nU,40"},
	})
}
