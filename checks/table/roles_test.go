package table_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sallyport/checks/table"
)

// understand reads a CSV text as a check would.
func understand(t testing.TB, text string) *table.Table {
	t.Helper()
	src, _, err := table.ReadCSV([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return table.Understand(src)
}

// rows joins a header and generated rows.
func rows(header string, n int, row func(i int) string) string {
	var b strings.Builder
	b.WriteString(header)
	for i := range n {
		b.WriteString("\n" + row(i))
	}
	return b.String()
}

// noise is a fixed sequence of irregular numbers, for tables that must not
// accidentally be even.
func noise(i, size int) int { return int(uint32(i*i+7*i+3)*2654435761>>7) % size }

// TestSortsOfColumns holds typical layouts of research outputs to the sort of
// each column: c count, d dimension, s statistic, o organisations, ? unknown, e
// empty; a lower confidence than 0.5 is written in capitals.
func TestSortsOfColumns(t *testing.T) {
	regions := []string{"East", "London", "North", "South"}
	region := func(i int) string { return regions[i%4] }
	tests := []struct{ name, csv, want string }{
		{"ehrQL measures", rows("measure,interval_start,interval_end,ratio,numerator,denominator,sex", 12, func(i int) string {
			return fmt.Sprintf("m,2021-%02d-01,2021-%02d-28,%.4f,%d,%d,F", i+1, i+1, float64(20+5*i)/float64(400+10*i), 20+5*i, 400+10*i)
		}), "dddsccd"},
		{"legacy measure", rows("region,bmi_recorded,population,value,date", 12, func(i int) string {
			return fmt.Sprintf("%s,%d.0,%d,%.6f,2021-%02d-01", region(i), 100+noise(i, 300), 900+noise(i, 700), float64(100+noise(i, 300))/float64(900+noise(i, 700)), i/4+1)
		}), "dccsd"},
		{"interrupted time series", rows("month,numerator,denominator,rate,time,post,timesince", 24, func(i int) string {
			return fmt.Sprintf("2021-%02d-01,%d,%d,%.3f,%d,%d,%d", i%12+1, 100+noise(i, 300), 9000, float64(100+noise(i, 300))/9, i+1, min(1, i/12), max(0, i-11))
		}), "dccsddd"},
		{"columns are months", rows("region,2021-01,2021-02,2021-03", 6, func(i int) string {
			return fmt.Sprintf("r%d,%d,%d,%d", i, noise(i, 900)+20, noise(i+9, 900)+20, noise(i+17, 900)+20)
		}), "dccc"},
		{"columns are levels", rows("ageband,Female,Male", 6, func(i int) string {
			return fmt.Sprintf("%d-%d,%d,%d", i*10, i*10+9, noise(i, 900)+20, noise(i+9, 900)+20)
		}), "dcc"},
		{"ages and frequencies", rows("age,freq", 60, func(i int) string { return fmt.Sprintf("%d,%d", i+18, noise(i, 900)+20) }), "dc"},
		{"histogram", rows("bin_left,bin_right,count", 10, func(i int) string { return fmt.Sprintf("%d,%d,%d", i*10, i*10+10, noise(i, 900)+20) }), "ddc"},
		{"incidence", rows("cohort,exposure,outcome,unexposed_person_days,unexposed_event_count,exposed_person_days,exposed_event_count,sample_size", 8, func(i int) string {
			return fmt.Sprintf("c%d,infection,stroke,%d,%d,%d,%d,%d", i, 4_000_000+noise(i, 90_000), noise(i, 900)+20, 400_000+noise(i, 9000), noise(i+5, 90)+20, 100_000+noise(i, 900))
		}), "dddscscc"},
		{"model", rows("term,estimate,std.error,statistic,p.value,conf.low,conf.high,n_obs,n_event", 8, func(i int) string {
			return fmt.Sprintf("t%d,%.3f,0.%03d,%.2f,0.%04d,%.3f,%.3f,12005,%d", i, 0.5+float64(i)/7, 30+i, 2.2+float64(i), 17*i, 0.4+float64(i)/7, 0.6+float64(i)/7, 40+noise(i, 300))
		}), "dsssssscc"},
		{"reference rows", rows("term,or,or.ll,or.ul", 8, func(i int) string {
			if i%4 == 0 {
				return fmt.Sprintf("t%d,1,NA,NA", i)
			}
			return fmt.Sprintf("t%d,%.2f,%.2f,%.2f", i, 1.2+float64(i)/9, 1.1+float64(i)/9, 1.3+float64(i)/9)
		}), "dsss"},
		{"survival", rows("strata,time,n.risk,n.event,surv,std.err", 12, func(i int) string {
			return fmt.Sprintf("a,%d,%d,%d,%.4f,0.01%02d", i*7, 5000-i*111, noise(i, 40)+8, 1-float64(i)/100, i)
		}), "ddccss"},
		{"flow chart", "criteria,n,n_exclude,pct_exclude\nAll,361287,NA,NA\nAdults,327254,34033,0.0942\nAlive,317341,9913,0.0303", "dccs"},
		{"deciles chart", rows("date,percentile,value", 27, func(i int) string { return fmt.Sprintf("2021-0%d-01,%d,%.3f", i/9+1, i%9*10+10, float64(i%9)/10+0.013) }), "dds"},
		{"standardised differences", rows("variable,level,smd", 9, func(i int) string { return fmt.Sprintf("v%d,l%d,0.%03d", i/3, i%3, 31*i) }), "dds"},
		{"vaccinated by wave", rows("region,wave1_n,wave1_perc,wave2_n,wave2_perc", 7, func(i int) string {
			return fmt.Sprintf("r%d,%d,%.1f,%d,%.1f", i, 100+noise(i, 900), 12.3+float64(i), 100+noise(i+4, 900), 33.1+float64(i))
		}), "dcscs"},
		{"coded dimensions", rows("imd,ethnicity,sex,n", 20, func(i int) string { return fmt.Sprintf("%d,%d,%d,%d", i%5+1, i/5+1, i%2, 20+noise(i, 400)) }), "dddc"},
		{"practices counted", rows("date,n_practices,n_patients", 6, func(i int) string { return fmt.Sprintf("2021-0%d-01,%d,%d", i+1, 2540+i, 100+noise(i, 900)) }), "doc"},
		{"person time and events", rows("group,person_years,events,rate_per_1000", 6, func(i int) string {
			return fmt.Sprintf("g%d,%d,%d,%.2f", i, 1000+noise(i, 900), 20+noise(i, 200), 3.3+float64(i))
		}), "dscs"},
		{"week, cases", rows("week,cases", 20, func(i int) string { return fmt.Sprintf("%d,%d", i+1, 100+noise(i, 400)) }), "dc"},
		{"weeks within groups", rows("group,week,cases", 20, func(i int) string { return fmt.Sprintf("%s,%d,%d", region(i/5), i%5+1, 100+noise(i, 400)) }), "ddc"},
		{"drug names as counts", rows("date,amoxicillin,doxycycline,trimethoprim", 12, func(i int) string {
			return fmt.Sprintf("2021-%02d-01,%d,%d,%d", i+1, 1000+noise(i, 900), noise(i+3, 400)+11, noise(i+7, 90)+11)
		}), "dccc"},
		{"redacted counts of a drug", "ageband,sex,warfarin\n18-39,F,[REDACTED]\n18-39,M,12\n40-59,F,33\n40-59,M,41\n60+,F,[REDACTED]\n60+,M,207", "ddc"},
		{"number of visits", "n_tests,n_patients\n0,5020\n1,2301\n2,911\n3,402\n4,77", "dc"},
		{"running total one by one", "time,cum_n_event\n2,1\n5,2\n9,3\n11,4\n20,5", "dc"},
		{"levels of a factor", rows("term,var_nlevels,n_obs", 8, func(i int) string { return fmt.Sprintf("t%d,%d,%d", i, 2+i%5, 1000+noise(i, 900)) }), "dsc"},
		{"costs", rows("region,items,cost", 6, func(i int) string { return fmt.Sprintf("r%d,%d,%d", i, 300+noise(i, 900), 5000+noise(i, 9000)) }), "dcs"},
		{"sizes of households by rank", rows("rank,household_size,n", 8, func(i int) string { return fmt.Sprintf("%d,%d,%d", i+1, i+1, 300+noise(i, 900)) }), "ddc"},
		{"list of codes", rows("code,term", 20, func(i int) string { return fmt.Sprintf("X%03d,a term %d", i, i) }), "dd"},
		{"describe", "statistic,age,bmi,sbp,dbp\ncount,520,515,498,498\nmean,51.2,27.1,131.5,80.2\nstd,17.9,5.2,17.3,10.1\nmin,18,15.1,88,41\n25%,37,23.5,119,73\n50%,51,26.6,130,80\n75%,65,30.1,142,87\nmax,101,55.2,220,130", "d????"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tab := understand(t, tt.csv)
			var got strings.Builder
			for _, c := range tab.Columns {
				s := letter(c)
				if c.Confidence < 0.5 && s == "c" {
					s = strings.ToUpper(s)
				}
				got.WriteString(s)
			}
			if d := cmp.Diff(tt.want, got.String()); d != "" {
				for _, c := range tab.Columns {
					t.Logf("%q: %s %.2f %v", c.Name, c.Role, c.Confidence, c.Reasons)
				}
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func letter(c *table.Column) string {
	switch s := sortOf(string(c.Role)); {
	case c.Role == table.OrgCount:
		return "o"
	case s == "count":
		return "c"
	case s == "dimension":
		return "d"
	case s == "statistic":
		return "s"
	case c.Role == table.Empty:
		return "e"
	}
	return "?"
}
