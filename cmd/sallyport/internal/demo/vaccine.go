package demo

import (
	"fmt"
	"time"
)

const (
	moderately = "moderately_sensitive"
	highly     = "highly_sensitive"
)

// vaccineCoverage is the study whose release is in order: what a reviewer should
// be able to pass.
func vaccineCoverage() study {
	byRegion, byAge, weekly := coverageByRegion(), coverageByAge(), uptakeByWeek()
	figure := uptakeChart(weekly)
	bitmap, vector := figure.png(), figure.svg()
	report := markdownReport("Seasonal vaccine coverage in adults", map[string]*table{
		"Coverage by region": byRegion, "Coverage by age and sex": byAge,
	}, []string{"Coverage by region", "Coverage by age and sex"}, bitmap, vector)
	return study{
		name: "vaccine-coverage-2026", project: "vaccine-coverage", number: "901",
		title:    "Coverage of seasonal vaccination in adults (invented)",
		repo:     "https://example.org/studies/vaccine-coverage",
		pipeline: vaccinePipeline,
		outputs: []output{
			{path: "output/dataset.csv.gz", action: "generate_dataset", level: highly, data: []byte("kept where it was made"), aside: true},
			{path: "output/tables/coverage_by_region.csv", action: "describe", level: moderately, data: byRegion.csv()},
			{path: "output/tables/coverage_by_age_sex.csv", action: "describe", level: moderately, data: byAge.csv()},
			{path: "output/tables/uptake_by_week.csv", action: "measures", level: moderately, data: weekly.csv()},
			{path: "output/figures/uptake_by_week.svg", action: "draw", level: moderately, data: vector},
			{path: "output/figures/uptake_by_week.png", action: "draw", level: moderately, data: bitmap},
			{path: "output/report.html", action: "report", level: moderately, data: report},
		},
		copies: map[string]string{
			"release/coverage_by_region.csv":  "output/tables/coverage_by_region.csv",
			"release/coverage_by_age_sex.csv": "output/tables/coverage_by_age_sex.csv",
			"release/uptake_by_week.csv":      "output/tables/uptake_by_week.csv",
			"release/uptake_by_week.svg":      "output/figures/uptake_by_week.svg",
			"release/uptake_by_week.png":      "output/figures/uptake_by_week.png",
			"release/report.html":             "output/report.html",
		},
	}
}

const vaccinePipeline = `version: "4.0"

actions:
  generate_dataset:
    run: ehrql:v1 generate-dataset analysis/dataset_definition.py --output output/dataset.csv.gz
    outputs:
      highly_sensitive:
        dataset: output/dataset.csv.gz

  describe:
    run: r:v2 analysis/describe.R
    needs: [generate_dataset]
    outputs:
      moderately_sensitive:
        tables: output/tables/coverage_*.csv

  measures:
    run: ehrql:v1 generate-measures analysis/measures.py --output output/tables/uptake_by_week.csv
    outputs:
      moderately_sensitive:
        measure: output/tables/uptake_by_week.csv

  draw:
    run: r:v2 analysis/draw.R
    needs: [measures]
    outputs:
      moderately_sensitive:
        figures: output/figures/*

  report:
    run: r:v2 -e "rmarkdown::render('analysis/report.Rmd', output_dir = 'output')"
    needs: [describe, draw]
    outputs:
      moderately_sensitive:
        report: output/report.html
`

// coverageByRegion is rounded to midpoint six, and says so in its names.
func coverageByRegion() *table {
	r := sequence(1)
	t := newTable("region", "n_population_midpoint6", "n_vaccinated_midpoint6", "percent_vaccinated")
	for _, region := range regions {
		n := near(r, 482_000)
		v := n * (580 + r.IntN(190)) / 1000
		t.add(region, midpoint6(n), midpoint6(v), percent(midpoint6(v), midpoint6(n)))
	}
	return t
}

// coverageByAge is redacted, rounded to five, and has no totals to subtract
// from.
func coverageByAge() *table {
	r := sequence(2)
	t := newTable("age_group", "sex", "n_population", "n_vaccinated", "percent_vaccinated")
	for i, age := range ages {
		for _, sex := range []string{"female", "male"} {
			n := near(r, 61_000-6_400*i)
			v := n * (410 + 60*i + r.IntN(50)) / 1000
			t.add(age, sex, safe(n), safe(v), percentOf(safe(v), safe(n)))
		}
		t.add(age, "intersex or unknown", safe(3+i), redacted, redacted)
	}
	return t
}

// uptakeByWeek has the columns of an ehrQL measures file, with both counts
// rounded to five and the ratio taken from them.
func uptakeByWeek() *table {
	r := sequence(3)
	t := newTable("measure", "interval_start", "interval_end", "ratio", "numerator", "denominator", "age_band")
	start := time.Date(2026, time.September, 7, 0, 0, 0, 0, time.UTC)
	for _, band := range []string{"18-64", "65+"} {
		denominator := map[string]int{"18-64": 2_412_350, "65+": 911_285}[band]
		for week := range 10 {
			numerator := round5(near(r, denominator/120) * (10 - abs(week-4)) / 10)
			t.add("vaccinated_this_week", start.AddDate(0, 0, 7*week).Format(time.DateOnly), start.AddDate(0, 0, 7*week+6).Format(time.DateOnly),
				fmt.Sprintf("%.6f", float64(numerator)/float64(denominator)), numerator, denominator, band)
		}
	}
	return t
}

func abs(n int) int { return max(n, -n) }

// uptakeChart draws the measures file.
func uptakeChart(weekly *table) chart {
	c := chart{title: "Vaccinated in the week, per 1,000 registered", y: "per 1,000", max: 12}
	lines := map[string]int{}
	for _, row := range weekly.rows[1:] {
		i, ok := lines[row[6]]
		if !ok {
			i = len(c.series)
			lines[row[6]] = i
			c.series = append(c.series, series{name: "Aged " + row[6]})
		}
		var ratio float64
		_, _ = fmt.Sscanf(row[3], "%g", &ratio)
		c.series[i].values = append(c.series[i].values, 1000*ratio)
		if i == 0 {
			c.labels = append(c.labels, row[1][5:])
		}
	}
	return c
}
