package demo

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strconv"
)

// studies are all workspaces of the demonstration.
func studies() []study { return []study{vaccineCoverage(), longCovid(), prescribing()} }

// prescribing is the study whose release holds what must not leave at all: a
// disguised and an oversized file, practices, and a highly sensitive extract.
// Its earlier release folder is in order.
func prescribing() study {
	rates, extract := prescribingRates(), extractOfPeople()
	return study{
		name: "antidepressant-prescribing", project: "prescribing", number: "903",
		title:    "Antidepressant prescribing after the pandemic (invented)",
		repo:     "https://example.org/studies/antidepressant-prescribing",
		pipeline: prescribingPipeline,
		outputs: []output{
			{path: "output/extract.csv", action: "generate_dataset", level: highly, data: extract.csv()},
			{path: "output/rates_by_month.csv", action: "describe", level: moderately, data: rates.csv()},
			{path: "output/rates_by_practice.csv", action: "describe", level: moderately, data: ratesByPractice().csv(), stale: true},
			{path: "output/appendix.csv", action: "describe", level: moderately, data: zipped("rates_by_month.csv", rates.csv())},
			{path: "output/all_items.csv", action: "describe", level: moderately, data: oversized()},
		},
		copies: map[string]string{
			"release-2026-10-02/rates_by_month.csv":    "output/rates_by_month.csv",
			"release-2026-11-18/rates_by_month.csv":    "output/rates_by_month.csv",
			"release-2026-11-18/rates_by_practice.csv": "output/rates_by_practice.csv",
			"release-2026-11-18/appendix.csv":          "output/appendix.csv",
			"release-2026-11-18/all_items.csv":         "output/all_items.csv",
			"release-2026-11-18/extract.csv":           "output/extract.csv",
		},
		links: map[string]string{"release-2026-11-18/latest.csv": "../output/rates_by_month.csv"},
	}
}

const prescribingPipeline = `version: "4.0"

actions:
  generate_dataset:
    run: ehrql:v1 generate-dataset analysis/dataset_definition.py --output output/extract.csv
    outputs:
      highly_sensitive:
        extract: output/extract.csv

  describe:
    run: python:v2 python analysis/describe.py
    needs: [generate_dataset]
    outputs:
      moderately_sensitive:
        rates: output/rates_by_*.csv
        appendix: output/appendix.csv
        items: output/all_items.csv
`

// prescribingRates is redacted and rounded, with rates from the rounded counts.
func prescribingRates() *table {
	r := sequence(21)
	t := newTable("month", "drug_class", "n_patients", "n_registered", "rate_per_1000")
	for month := 1; month <= 12; month++ {
		for i, class := range []string{"SSRI", "SNRI", "Tricyclic"} {
			registered := round5(near(r, 2_310_000))
			n := round5(near(r, []int{184_000, 41_000, 27_500}[i]))
			t.add(fmt.Sprintf("2026-%02d", month), class, n, registered, fmt.Sprintf("%.2f", 1000*float64(n)/float64(registered)))
		}
	}
	return t
}

// ratesByPractice names practices, which no permitted result may.
func ratesByPractice() *table {
	r := sequence(22)
	t := newTable("practice_code", "n_patients", "n_registered")
	for i := range 40 {
		t.add(fmt.Sprintf("%c%05d", 'A'+i%20, 81_000+37*i), round5(near(r, 410)), round5(near(r, 9_200)))
	}
	return t
}

// extractOfPeople has one invented person a row.
func extractOfPeople() *table {
	r := sequence(23)
	t := newTable("patient_id", "sex", "age", "region", "first_prescription")
	for i := range 200 {
		t.add(100_001+7*i, []string{"F", "M"}[r.IntN(2)], 18+r.IntN(70), regions[r.IntN(len(regions))], fmt.Sprintf("2026-%02d-%02d", 1+r.IntN(12), 1+r.IntN(28)))
	}
	return t
}

// zipped is an archive, to be disguised by its name.
func zipped(name string, data []byte) []byte {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	if f, err := w.Create(name); err == nil {
		_, _ = f.Write(data) // a buffer takes all that is written
	}
	_ = w.Close()
	return buf.Bytes()
}

// oversized is a table of more than 16 MB.
func oversized() []byte {
	r := sequence(24)
	data := []byte("month,item,n_items,n_patients\n")
	for i := 0; len(data) < 17<<20; i++ {
		data = fmt.Appendf(data, "2026-%02d,item-", 1+i%12)
		data = strconv.AppendInt(data, int64(i/12), 10)
		data = append(data, ',')
		data = strconv.AppendInt(data, int64(round5(50+r.IntN(90_000))), 10)
		data = append(data, ',')
		data = strconv.AppendInt(data, int64(round5(10+r.IntN(40_000))), 10)
		data = append(data, '\n')
	}
	return data
}
