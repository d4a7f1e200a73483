package checks_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	. "sallyport/checks/checkstest"
	"sallyport/policy"
)

// validNHS makes n different numbers with a right check digit.
func validNHS(n int) []string {
	r := rand.New(rand.NewPCG(2, 3))
	var out []string
	for len(out) < n {
		sum, s := 0, ""
		for i := range 9 {
			d := r.IntN(10)
			sum += d * (10 - i)
			s += fmt.Sprint(d)
		}
		if c := (11 - sum%11) % 11; c != 10 && !strings.HasPrefix(s, "0") {
			out = append(out, s+fmt.Sprint(c))
		}
	}
	return out
}

// csv writes a header and one row per value with a rounded count.
func csv(header string, values ...string) string {
	var b strings.Builder
	b.WriteString(header + "\n")
	for i, v := range values {
		fmt.Fprintf(&b, "%s,%d\n", v, 100+5*i)
	}
	return b.String()
}

func TestNHSNumber(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 5))
	var random []string
	for range 60 {
		random = append(random, fmt.Sprint(r.Int64N(9e9)+1e9))
	}
	one := validNHS(1)[0]
	Run(t, "id-nhs-number", []Case{
		{Name: "thirty valid numbers", CSV: csv("ref,n", validNHS(30)...),
			Want: []Want{{Severity: policy.Block, Column: "ref", Evidence: map[string]any{"valid": 30}}}},
		{Name: "grouped, once", CSV: "x,n\n943 476 5919,20\na,25\nb,30", Want: []Want{{Column: "x", Rows: []int{0}}}},
		{Name: "named", CSV: csv("nhs_no,n", one), Want: []Want{{Column: "nhs_no"}}},
		{Name: "in a sentence", CSV: "x,n\nseen as NHS no 9434765919 today,20\na,25", Want: []Want{{Column: "x", Rows: []int{0}}}},
		{Name: "in a log", Files: map[string]string{"a.log": "loading\nfailed on 943 476 5919\n"}, Want: []Want{{Message: "line 2"}}},
		{Name: "a list in a text", Files: map[string]string{"a.txt": strings.Join(validNHS(8), "\n")}, Want: []Want{{Evidence: map[string]any{"valid": 8}}}},
		{Name: "other numbers in a text", Files: map[string]string{"a.txt": strings.Join(random, "\n")}},
		{Name: "in JSON", Files: map[string]string{"a.json": `{"ids":["943 476 5919","x"]}`}, Want: []Want{{Table: "$.ids"}}},
		{Name: "random person-days", CSV: csv("person_days,n", random...)},
		{Name: "one valid number among others", CSV: csv("ref,n", append(random[:8:8], one)...)},
		{Name: "grouped, wrong check digit", CSV: "x,n\n943 476 5918,20\na,25"},
		{Name: "columns of numbers in a log", Files: map[string]string{"a.log": "a 943 476 5919 12\nb 100 200 3000 13\n"}},
		{Name: "an id in a log", Files: map[string]string{"a.log": "job 9434765919 done\n"}},
		{Name: "all digits equal", CSV: "nhs_no,n\n1111111111,20\na,25"},
	})
}

func TestIdentifiersAreMasked(t *testing.T) {
	report := Report(t, Case{CSV: "patient_id,who,where,nhs,phone,n\n8675309,a.b@nhs.net,OX2 6GG,943 476 5919,020 7946 0958,20\n8675310,c,SW1A 2AA,x,y,30"})
	checks := map[string]bool{}
	for _, f := range report.Files[0].Findings {
		if !strings.HasPrefix(f.Check, "id-") {
			continue
		}
		checks[f.Check] = true
		// As JSON: an address in memory may hold any digits.
		text, err := json.Marshal([]any{f.Message, f.Rows, f.Evidence})
		if err != nil {
			t.Fatal(err)
		}
		all := string(text)
		for _, secret := range []string{"a.b@", "nhs.net", "2 6GG", "1A 2AA", "476", "7946", "8675309"} {
			if strings.Contains(all, secret) {
				t.Errorf("%s shows %q: %s", f.Check, secret, all)
			}
		}
	}
	for _, want := range []string{"id-email", "id-postcode", "id-nhs-number", "id-phone"} {
		if !checks[want] {
			t.Errorf("no %s in %v", want, checks)
		}
	}
}

func TestPostcode(t *testing.T) {
	Run(t, "id-postcode", []Case{
		{Name: "postcodes", CSV: "area,n\nOX2 6GG,20\nSW1A 2AA,25", Want: []Want{{Kind: "column", Severity: policy.Block, Column: "area", Rows: []int{0, 1}}}},
		{Name: "one in a column of names", CSV: "area,n\nOxford,20\nOX2 6GG,25", Want: []Want{{Rows: []int{1}}}},
		{Name: "no such area", CSV: "code,n\nQZ9 9ZZ,20\nE10.5,25"},
		{Name: "ICD-10", CSV: "icd10,n\nE11 9,20\nI10,25\nF32 1,30"},
		{Name: "inward letters never used", CSV: "code,n\nOX2 6CV,20\nOX2 6IK,25"},
		{Name: "closed up, once", CSV: "code,n\nE10AB,20\nx,25"},
		{Name: "closed up and named", CSV: "postcode,n\nox26gg,20\nx,25", Want: []Want{{Rows: []int{0}}}},
		{Name: "closed up, all of them", CSV: "home,n\nOX26GG,20\nSW1A2AA,25\nM11AE,30", Want: []Want{{Rows: []int{0, 1, 2}}}},
		{Name: "in a text", Files: map[string]string{"a.txt": "lives at OX2 6GG now"}, Want: []Want{{Kind: "text", Severity: policy.Warn}}},
		{Name: "no postcode in a text", Files: map[string]string{"a.txt": "E11 9 and QZ9 9ZZ"}},
	})
}

func TestEmailAndPhone(t *testing.T) {
	Run(t, "id-email", []Case{
		{Name: "email", CSV: "who,n\na.b@nhs.net,20\nc,30", Want: []Want{{Kind: "column", Severity: policy.Block, Column: "who", Rows: []int{0}}}},
		{Name: "in the header", CSV: "a.b@nhs.net,n\nx,20\nc,30", Want: []Want{{Kind: "column", Rows: []int{}}}},
		{Name: "one among a thousand", CSV: csv("who,n", append(strings.Fields(strings.Repeat("x ", 1000)), "a@b.org")...), Want: []Want{{Rows: []int{1000}}}},
		{Name: "two on a line", Files: map[string]string{"a.log": "from a@b.org to c@d.org, e@"}, Want: []Want{{Kind: "text", Message: "2 places"}}},
		{Name: "author of a package", Files: map[string]string{"a.log": "maintainer: a@b.org"}, Want: []Want{{Kind: "text", Severity: policy.Warn}}},
		{Name: "author and table of a report", Files: map[string]string{"a.html": "<html><body><p>By a@b.org</p><table><tr><th>who</th><th>n</th></tr><tr><td>c@d.org</td><td>120</td></tr><tr><td>x</td><td>130</td></tr></table></body></html>"},
			Want: []Want{{Kind: "text"}, {Kind: "column", Rows: []int{0}}}},
		{Name: "not an address", CSV: "who,n\n@home,20\na@b,30\nn @ 3,40"},
	})
	Run(t, "id-phone", []Case{
		{Name: "London", CSV: "contact,n\n020 7946 0958,20\nx,30", Want: []Want{{Kind: "column", Severity: policy.Block, Rows: []int{0}}}},
		{Name: "mobile with a country code", CSV: "contact,n\n+44 7700 900123,20\nx,30", Want: []Want{{Rows: []int{0}}}},
		{Name: "mobile", CSV: "contact,n\n07700 900123,20\nx,30", Want: []Want{{Rows: []int{0}}}},
		{Name: "without the zero", CSV: "contact,n\n7946095812,20\nx,30"},
		{Name: "BNF code", CSV: "code,n\n0212000AAAA,20\n0212000B0AA,30"},
		{Name: "short code", CSV: "code,n\n0212000,20\n00123,30"},
		{Name: "text, introduced", Files: map[string]string{"a.txt": "Tel: 020 7946 0958"}, Want: []Want{{Kind: "text", Severity: policy.Warn}}},
		{Name: "text, not introduced", Files: map[string]string{"a.txt": "id 020 7946 0958"}},
	})
}

func TestBirthDatesAndIDColumns(t *testing.T) {
	var ids, keys []string
	for i := range 30 {
		ids = append(ids, fmt.Sprintf("%d,%d", i*7919+11, i%2))
		keys = append(keys, fmt.Sprintf("k%d,%d", i*7919+11, i%2))
	}
	Run(t, "id-date-of-birth", []Case{
		{Name: "dates of birth", CSV: "date_of_birth,n\n1950-01-02,20\n1951-03-04,30", Want: []Want{{Severity: policy.Block, Column: "date_of_birth", Rows: []int{0, 1}}}},
		{Name: "a summary by year", CSV: "year_of_birth,n\n1950,120\n1951,130\n1952,145"},
		{Name: "index dates", CSV: "index_date,n\n2020-01-02,20\n2020-03-04,30"},
		{Name: "in a text", Files: map[string]string{"a.txt": "DOB: 02/01/1950"}, Want: []Want{{}}},
	})
	Run(t, "id-column", []Case{
		{Name: "patients", CSV: "patient_id,x\n" + strings.Join(ids, "\n"), Want: []Want{{Kind: "patient", Severity: policy.Block, Column: "patient_id"}}},
		{Name: "something else", CSV: "record_id,x\n" + strings.Join(keys, "\n"), Want: []Want{{Kind: "other", Severity: policy.Warn}}},
		{Name: "a summary", CSV: ",patient_id\ncount,1200\nmean,50123.5\nstd,2312.2\nmin,2878\n25%,20123\n50%,40312\n75%,60311\nmax,99871", Want: []Want{{Kind: "summary", Severity: policy.Warn}}},
		{Name: "counts of ids", CSV: "sex,n_patient_id\nF,120\nM,145\nU,200"},
	})
}

func TestOrgLevel(t *testing.T) {
	var practices, stps, ids []string
	for i := range 30 {
		practices = append(practices, fmt.Sprintf("A8%d", 1000+i))
		stps = append(stps, fmt.Sprintf("E540000%02d", 10+i))
		ids = append(ids, fmt.Sprint(i*37+12))
	}
	Run(t, "org-level", []Case{
		{Name: "practice codes", CSV: csv("practice_code,n", practices...), Want: []Want{{Kind: "practice", Severity: policy.Block, Column: "practice_code"}}},
		{Name: "practice codes under another name", CSV: csv("x,n", practices...), Want: []Want{{Kind: "practice", Severity: policy.Block}}},
		{Name: "practice pseudonyms", CSV: csv("practice_id,n", ids...), Want: []Want{{Kind: "practice", Severity: policy.Block}}},
		{Name: "stp", CSV: csv("stp,n", stps[:20]...), Want: []Want{{Kind: "area", Severity: policy.Block}}},
		{Name: "MSOA in a log", Files: map[string]string{"a.log": "|msoa |  n|\n|:----|--:|\n|E02002238 | 59|\n|E02002471 | 312|\n|E02002196 | 186|\n"},
			Want: []Want{{Kind: "area", Severity: policy.Block}}},
		{Name: "practice names", CSV: csv("where,n", "Abbey Surgery", "The Health Centre", "Mill Medical Practice"), Want: []Want{{Kind: "practice"}}},
		{Name: "places", CSV: csv("la,n", "Oxford", "Leeds", "Kent", "Hull"), Want: []Want{{Kind: "places", Severity: policy.Warn}}},
		{Name: "trusts", CSV: csv("trust,n", "Alpha", "Beta", "Gamma", "Delta"), Want: []Want{{Kind: "places"}}},
		{Name: "regions of another sort", CSV: csv("region,n", "Kent", "Essex", "Surrey"), Want: []Want{{Kind: "places"}}},
		{Name: "numbers of practices", CSV: "date,n_practices,n\n2021-01-01,2540,100\n2021-02-01,2541,105\n2021-03-01,2539,110"},
		{Name: "regions", CSV: csv("region,n", "London", "South East", "North West", "East", "South West", "East Midlands", "West Midlands", "North East", "Yorkshire and The Humber")},
		{Name: "regions with a total", CSV: csv("region,n", "London", "Midlands", "North West", "Total", "Missing")},
		{Name: "practice deciles", CSV: "date,percentile,value\n2021-01-01,10,0.2\n2021-01-01,20,0.3\n2021-01-01,30,0.4"},
		{Name: "SNOMED codes", CSV: "code,n\n1325161000000102,120\n1325181000000106,95\n1325021000000106,85"},
		{Name: "ICD codes", CSV: csv("icd,n", "C3490", "C3491", "I10")},
	})
}

func TestFreeText(t *testing.T) {
	var comments, terms, short []string
	for i := range 14 {
		comments = append(comments, fmt.Sprintf("2021-01-%02d,\"patient moved away and was lost to follow up after the second dose, GP says ok %d\"", i+1, i))
		terms = append(terms, fmt.Sprintf("\"Administration of second dose of severe acute respiratory syndrome coronavirus 2 vaccine %d\"", i))
		short = append(short, fmt.Sprintf("x%d", i))
	}
	Run(t, "free-text", []Case{
		{Name: "clinical comments", CSV: csv("date,comment,n", comments...), Want: []Want{{Severity: policy.Warn, Column: "comment"}}},
		{Name: "nine of them", CSV: csv("date,comment,n", comments[:9]...)},
		{Name: "SNOMED terms", CSV: csv("term,n", terms...)},
		{Name: "flow chart criteria", CSV: csv("criteria,n", terms...)},
		{Name: "short texts", CSV: csv("comment,n", short...)},
		{Name: "repeated texts", CSV: csv("comment,n", append(terms[:2], strings.Split(strings.Repeat(terms[0]+"|", 12)+"x", "|")...)...)},
	})
}
