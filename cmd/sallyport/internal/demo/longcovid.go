package demo

import (
	"fmt"
	"strings"
)

// longCovid is the study whose release needs work: small and unrounded counts,
// and a redacted cell that its total gives away.
func longCovid() study {
	codes, monthly, ethnicity := codesByRegion(), firstRecordByMonth(), ethnicityTable()
	figure := monthlyChart(monthly)
	return study{
		name: "long-covid-recording", project: "long-covid", number: "902",
		title: "Recording of long COVID in primary care (invented)",
		repo:  "https://example.org/studies/long-covid-recording", user: "riley",
		pipeline: longCovidPipeline,
		outputs: []output{
			{path: "output/dataset.csv.gz", action: "generate_dataset", level: highly, data: []byte("kept where it was made"), aside: true},
			{path: "output/codes_by_region.csv", action: "count_codes", level: moderately, data: codes.csv()},
			{path: "output/first_record_by_month.csv", action: "count_codes", level: moderately, data: monthly.csv()},
			{path: "output/ethnicity_by_sex.csv", action: "count_codes", level: moderately, data: ethnicity.csv()},
			{path: "output/models/hazard_ratios.csv", action: "model", level: moderately, data: hazardRatios().csv()},
			{path: "output/models/model_fit.txt", action: "model", level: moderately, data: []byte(modelFit)},
			{path: "output/figures/first_record_by_month.svg", action: "draw", level: moderately, data: figure.svg()},
			{path: "output/figures/first_record_by_month.png", action: "draw", level: moderately, data: figure.png()},
		},
		copies: map[string]string{
			"release/codes_by_region.csv":       "output/codes_by_region.csv",
			"release/first_record_by_month.csv": "output/first_record_by_month.csv",
			"release/ethnicity_by_sex.csv":      "output/ethnicity_by_sex.csv",
			"release/hazard_ratios.csv":         "output/models/hazard_ratios.csv",
			"release/model_fit.txt":             "output/models/model_fit.txt",
			"release/first_record_by_month.svg": "output/figures/first_record_by_month.svg",
			"release/first_record_by_month.png": "output/figures/first_record_by_month.png",
			"release/model.log":                 "metadata/model.log",
		},
	}
}

const longCovidPipeline = `version: "4.0"

actions:
  generate_dataset:
    run: ehrql:v1 generate-dataset analysis/dataset_definition.py --output output/dataset.csv.gz
    outputs:
      highly_sensitive:
        dataset: output/dataset.csv.gz

  count_codes:
    run: python:v2 python analysis/count_codes.py
    needs: [generate_dataset]
    outputs:
      moderately_sensitive:
        counts: output/*_by_*.csv

  model:
    run: stata-mp:latest analysis/model.do
    needs: [generate_dataset]
    outputs:
      moderately_sensitive:
        estimates: output/models/*

  draw:
    run: python:v2 python analysis/draw.py
    needs: [count_codes]
    outputs:
      moderately_sensitive:
        figures: output/figures/*
`

// codesByRegion was never redacted: rare codes have a few people each.
func codesByRegion() *table {
	r := sequence(11)
	t := newTable("region", "code_description", "n_people", "n_population", "rate_per_100000")
	for _, region := range regions {
		for i, code := range []string{"Long COVID diagnosis", "Referral to long COVID clinic", "Signposting to self-management"} {
			population := near(r, 1_800_000)
			n := []int{near(r, 2_140), near(r, 310), 1 + r.IntN(14)}[i]
			t.add(region, code, n, population, fmt.Sprintf("%.2f", 100_000*float64(n)/float64(population)))
		}
	}
	return t
}

// firstRecordByMonth has no small counts, and none is rounded.
func firstRecordByMonth() *table {
	r := sequence(12)
	t := newTable("month", "n_female", "n_male")
	for month := 1; month <= 12; month++ {
		t.add(fmt.Sprintf("2025-%02d", month), near(r, 1_412), near(r, 1_107))
	}
	return t
}

// ethnicityTable was redacted after its totals were taken, so that the hidden
// count is what is missing from the total.
func ethnicityTable() *table {
	r := sequence(13)
	groups := []string{"Asian or Asian British", "Black or Black British", "Mixed", "White", "Other"}
	t := newTable("ethnicity", "female", "male", "total")
	sums := [2]int{}
	for i, group := range groups {
		counts := [2]int{near(r, 1_400-180*i), near(r, 1_200-150*i)}
		if group == "Other" {
			counts[1] = 4
		}
		sums[0] += counts[0]
		sums[1] += counts[1]
		t.add(group, hide(counts[0]), hide(counts[1]), counts[0]+counts[1])
	}
	t.add("Total", sums[0], sums[1], sums[0]+sums[1])
	return t
}

// hide redacts, and does not round.
func hide(n int) string {
	if n <= 7 {
		return redacted
	}
	return fmt.Sprint(n)
}

func hazardRatios() *table {
	t := newTable("model", "term", "hazard_ratio", "conf.low", "conf.high", "p.value", "n_obs", "n_event", "df_residual")
	rows := []struct {
		term        string
		hr, lo, hi  float64
		probability string
	}{
		{"Age 40-59 (reference 18-39)", 1.42, 1.31, 1.54, "<0.001"},
		{"Age 60+", 1.18, 1.07, 1.30, "0.001"},
		{"Female", 1.63, 1.52, 1.75, "<0.001"},
		{"Deprivation quintile 1 (most deprived)", 1.21, 1.11, 1.32, "<0.001"},
		{"Asthma", 1.37, 1.25, 1.50, "<0.001"},
	}
	for _, row := range rows {
		t.add("fully adjusted", row.term, row.hr, row.lo, row.hi, row.probability, 148_310, 4_120, 148_305)
	}
	return t
}

var modelFit = strings.Join([]string{
	"Cox regression of time to first record of long COVID",
	"", "Number of people    148,310", "Number of events      4,120", "Degrees of freedom        5",
	"Likelihood ratio    412.7", "", "All counts rounded to the nearest 5.", "",
}, "\n")

func monthlyChart(monthly *table) chart {
	c := chart{title: "First records of long COVID by month", y: "people", max: 1600, series: []series{{name: "Female"}, {name: "Male"}}}
	for _, row := range monthly.rows[1:] {
		c.labels = append(c.labels, row[0])
		for i := range c.series {
			var n float64
			_, _ = fmt.Sscanf(row[1+i], "%g", &n)
			c.series[i].values = append(c.series[i].values, n)
		}
	}
	return c
}
