package checks_test

import (
	"fmt"
	"strings"
	"testing"

	"sallyport/checks"
	. "sallyport/checks/checkstest"
	"sallyport/policy"
)

const (
	allByDate = "date,long_covid\n2021-01-04,31\n2021-01-11,44\n2021-01-18,58\n2021-01-25,72\n2021-02-01,90"
	bySex     = "date,long_covid F,long_covid M\n2021-01-04,27,[REDACTED]\n2021-01-11,30,14\n2021-01-18,33,25\n2021-01-25,41,31\n2021-02-01,52,38"
)

// series writes date,n with the given counts.
func series(header string, counts ...any) string {
	var b strings.Builder
	b.WriteString("date," + header)
	for i, n := range counts {
		fmt.Fprintf(&b, "\n2021-01-%02d,%v", i+1, n)
	}
	return b.String()
}

// released is a set with earlier releases.
func released(earlier, now map[string]string) *checks.Set {
	var set checks.Set
	for path, content := range earlier {
		set.Earlier = append(set.Earlier, File(path, content))
	}
	for path, content := range now {
		set.Files = append(set.Files, File(path, content))
	}
	return &set
}

func TestCrossTableMargin(t *testing.T) {
	long := "date,sex,long_covid\n2021-01-04,F,27\n2021-01-04,M,[REDACTED]\n2021-01-11,F,30\n2021-01-11,M,14\n2021-01-18,F,33\n2021-01-18,M,25\n2021-01-25,F,41\n2021-01-25,M,31"
	exact := []Want{{Path: "sex.csv", Kind: "exact", Severity: policy.Block, Rows: []int{0}, Message: "31 - 27 = 4",
		Evidence: map[string]any{"interval": []float64{4, 4}}}}
	Run(t, "cross-table-margin", []Case{
		{Name: "all less one sex, in headers", Files: map[string]string{"all.csv": allByDate, "sex.csv": bySex}, Want: exact},
		{Name: "all less one sex, in rows", Files: map[string]string{"all.csv": allByDate, "sex.csv": long},
			Want: []Want{{Path: "sex.csv", Kind: "exact", Rows: []int{1}, Column: "long_covid"}}},
		{Name: "the whole was released before", Set: released(map[string]string{"all.csv": allByDate}, map[string]string{"sex.csv": bySex}), Want: exact},
		{Name: "the parts were released before", Set: released(map[string]string{"sex.csv": bySex}, map[string]string{"all.csv": allByDate}),
			Want: []Want{{Path: "all.csv", Kind: "exact", Message: `Together with this file, the released "sex.csv"`}}},
		{Name: "rounded", Files: map[string]string{"all.csv": series("n", 55, 60, 80, 95, 105, 130, 150),
			"sex.csv": series("n F,n M", "50,[REDACTED]", "35,25", "45,35", "50,45", "60,45", "70,60", "85,65")}},
		{Name: "another cohort", Files: map[string]string{"all.csv": series("long_covid", 57, 102, 311, 240), "sex.csv": bySex}},
		{Name: "one file alone", Files: map[string]string{"sex.csv": bySex}},
		{Name: "two redacted of known sum", Files: map[string]string{
			"all.csv":    series("n", 104, 212, 334, 463),
			"region.csv": series("n North,n South,n East", "101,[REDACTED],[REDACTED]", "111,42,59", "151,92,91", "159,203,101")},
			Want: []Want{{Kind: "narrow", Column: "n South"}, {Kind: "narrow", Column: "n East"}, {Kind: "group", Severity: policy.Warn, Message: "3 people together"}}},
	})
}

func TestSubsetDifference(t *testing.T) {
	whole := "age,heart_disease\n21-30,8\n31-40,10\n41-50,15\n51+,25"
	part := "age,heart_disease\n21-30,7\n31-40,5\n41-50,8\n51+,13"
	Run(t, "subset-difference", []Case{
		{Name: "all and male", Files: map[string]string{"heart_disease_all.csv": whole, "heart_disease_male.csv": part},
			Want: []Want{{Path: "heart_disease_male.csv", Kind: "nested", Rows: []int{0, 1, 2}, Message: "8 - 7 = 1"}}},
		{Name: "a name with one word more", Files: map[string]string{"heart_disease.csv": whole, "heart_disease_male.csv": part},
			Want: []Want{{Kind: "nested", Rows: []int{0, 1, 2}}}},
		{Name: "names that say nothing", Files: map[string]string{"a.csv": whole, "b.csv": part}},
		{Name: "versions are no parts", Files: map[string]string{"heart_disease.csv": whole, "heart_disease_v2.csv": part}},
		{Name: "not nested", Files: map[string]string{"n_all.csv": "g,n\na,10\nb,20\nc,31", "n_male.csv": "g,n\na,12\nb,5\nc,29"}},
		{Name: "rounded", Files: map[string]string{"n_all.csv": series("n", 30, 45, 60, 75, 90, 105), "n_male.csv": series("n", 25, 40, 55, 75, 85, 100)}},
		{Name: "the whole was released before", Set: released(map[string]string{"heart_disease_all.csv": whole}, map[string]string{"heart_disease_male.csv": part}),
			Want: []Want{{Path: "heart_disease_male.csv", Kind: "nested"}}},
		{Name: "the part was released before", Set: released(map[string]string{"heart_disease_male.csv": part}, map[string]string{"heart_disease_all.csv": whole}),
			Want: []Want{{Path: "heart_disease_all.csv", Kind: "nested", Rows: []int{0, 1, 2}}}},
		{Name: "open-ended groups", CSV: "age,n\n18+,1213\n65+,1210\n75+,812",
			Want: []Want{{Kind: "open-ended", Severity: policy.Block, Rows: []int{0}, Message: "1213 - 1210 = 3"}}},
		{Name: "closed groups", CSV: "age,n\n18-64,1213\n65-74,1210\n75+,812"},
	})
}

func TestRerunDifference(t *testing.T) {
	first := allByDate
	second := "date,long_covid\n2021-01-04,31\n2021-01-11,46\n2021-01-18,58\n2021-01-25,75\n2021-02-01,131"
	Run(t, "rerun-difference", []Case{
		{Name: "44 then, 46 now", Set: released(map[string]string{"all.csv": first}, map[string]string{"all.csv": second}),
			Want: []Want{{Path: "all.csv", Kind: "difference", Severity: policy.Warn, Column: "long_covid", Rows: []int{1, 3}, Message: "46 - 44 = 2"}}},
		{Name: "another name, the same facts", Set: released(map[string]string{"release-1/a.csv": first}, map[string]string{"release-2/b.csv": second}),
			Want: []Want{{Kind: "difference", Rows: []int{1, 3}}}},
		{Name: "both rounded", Set: released(map[string]string{"n.csv": series("n", 30, 45, 60, 75, 90, 105)}, map[string]string{"n.csv": series("n", 30, 50, 60, 75, 95, 105)})},
		{Name: "one rounded, one not", Set: released(map[string]string{"n.csv": series("n", 31, 44, 58, 77, 93, 106)}, map[string]string{"n.csv": series("n", 30, 45, 60, 75, 95, 105)}),
			Want: []Want{{Kind: "rounding", Severity: policy.Warn, Rows: []int{0, 1, 2, 3, 4, 5}}}},
		{Name: "unchanged", Set: released(map[string]string{"n.csv": first}, map[string]string{"n.csv": first})},
		{Name: "both in this request", Files: map[string]string{"a.csv": first, "b.csv": second}},
		{Name: "other rows", Set: released(map[string]string{"n.csv": first}, map[string]string{"m.csv": "region,long_covid\nNorth,46\nSouth,33\nEast,60"})},
	})
}

func TestFileDuplicate(t *testing.T) {
	Run(t, "file-duplicate", []Case{
		{Name: "the same bytes twice", Files: map[string]string{"a.csv": "sex,n,m\nF,1200,10\nM,85,20", "b.csv": "sex,n,m\nF,1200,10\nM,85,20"},
			Want: []Want{{Path: "b.csv", Kind: "bytes", Severity: policy.Note}}},
		{Name: "the same table written another way", Files: map[string]string{"a.csv": "sex,n,m\nF,\"1,200\",10\nM,85,20", "b.csv": "n,sex,m\n85.0,M,20\n1200,F,10"},
			Want: []Want{{Path: "b.csv", Kind: "table", Message: "new bytes"}}},
		{Name: "another number", Files: map[string]string{"a.csv": "sex,n,m\nF,1200,10\nM,85,20", "b.csv": "sex,n,m\nF,1200,10\nM,86,20"}},
		{Name: "released before", Set: released(map[string]string{"old.csv": "sex,n\nF,1200\nM,85"}, map[string]string{"new.csv": "sex,n\nF,1200\nM,85"}),
			Want: []Want{{Path: "new.csv", Message: "released before"}}},
		{Name: "lists of codes", Files: map[string]string{"a.csv": "code\nA\nB", "b.csv": "code\nB\nA"}},
	})
}
