package table_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"testing"

	"sallyport/checks/table"
)

// corpus is a folder of real outputs with the true roles of their columns. It is
// no part of this repository; without it these tests are skipped.
const corpus = "../../../shared/corpus"

// sortOf maps roles and labels to what matters for the checks.
func sortOf(role string) string {
	switch table.Role(role) {
	case table.Count, table.Denominator, table.OrgCount:
		return "count"
	case table.PersonTime, table.PercentRole, table.Rate, table.Mean, table.SD, table.SE, table.Median, table.Min, table.Max, table.Percentile,
		table.EstimateRole, table.CI, table.PValue, table.Stat, table.DF, table.Weight, table.EstCI:
		return "statistic"
	case table.Ordinal, table.DateRole, table.BirthDate, table.Geo, table.OrgCode, table.ID, table.Code, table.Category, table.BoolRole, table.FreeText:
		return "dimension"
	case table.Empty, table.Unknown:
		return role
	}
	switch role {
	case "age":
		return "dimension"
	case "other":
		return "other"
	}
	return role
}

// labels reads the true roles: path, column index, column, label, note.
func labels(t *testing.T) [][]string {
	t.Helper()
	f, err := os.Open(filepath.Join(corpus, "labels.tsv"))
	if err != nil {
		t.Skip("no folder of real outputs beside the repository")
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

func TestRolesOfRealOutputs(t *testing.T) {
	rows := labels(t)
	tables := map[string]*table.Table{}
	right, all := 0, 0
	confusion := map[string]int{}
	var countAsOther, otherAsCount int
	for _, row := range rows {
		path, index, label := row[0], row[1], row[3]
		tab := tables[path]
		if tab == nil {
			tab = read(t, filepath.Join(corpus, path))
			tables[path] = tab
		}
		i, _ := strconv.Atoi(index)
		want, c := sortOf(label), tab.Columns[i]
		got := sortOf(string(c.Role))
		if want == "other" || got == string(table.Empty) {
			continue
		}
		all++
		confusion[want+" as "+got]++
		if got == want {
			right++
			continue
		}
		if want == "count" {
			countAsOther++
		} else if got == "count" {
			otherAsCount++
		}
		t.Logf("%s column %d %q is %s (%s), read as %s %.2f %v", path, i, c.Name, want, label, c.Role, c.Confidence, c.Reasons)
	}
	var lines []string
	for k, n := range confusion {
		lines = append(lines, strconv.Itoa(n)+" "+k)
	}
	sort.Strings(lines)
	t.Logf("%d of %d columns right; %d counts missed, %d others taken for counts; %v", right, all, countAsOther, otherAsCount, lines)
	if float64(right) < 0.97*float64(all) {
		t.Errorf("only %d of %d columns right", right, all)
	}
}

func read(t *testing.T, path string) *table.Table {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	src, _, err := table.ReadCSV(data)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return table.Understand(src)
}

// TestRolesWithoutNames hides the names of whole-number columns, so that only
// values and neighbours are left to judge by.
func TestRolesWithoutNames(t *testing.T) {
	rows := labels(t)
	words := []string{"zorbex", "calmidine", "ovarel", "tinquil", "marbax", "lonvet", "prastine", "quoril"}
	found, counts, wrong, others := 0, 0, 0, 0
	for _, row := range rows {
		path, label := row[0], row[3]
		i, _ := strconv.Atoi(row[1])
		data, err := os.ReadFile(filepath.Join(corpus, path))
		if err != nil {
			t.Fatal(err)
		}
		src, _, err := table.ReadCSV(data)
		if err != nil {
			t.Fatal(err)
		}
		before := table.Understand(src).Columns[i]
		if !before.AllWhole() || before.KindCount(table.Number) == 0 || src.Header[i] == "" {
			continue
		}
		src.Header[i] = words[i%len(words)]
		c := table.Understand(src).Columns[i]
		if label == "count" {
			counts++
			if c.Role.CountLike() && c.Confidence >= 0.5 {
				found++
				continue
			}
		} else {
			others++
			if !c.Role.CountLike() || c.Confidence < 0.5 {
				continue
			}
			wrong++
		}
		t.Logf("%s column %d %q (%s) without its name: %s %.2f %v", path, i, row[2], label, c.Role, c.Confidence, c.Reasons)
	}
	t.Logf("without names: %d of %d counts found, %d of %d others taken for sure counts", found, counts, wrong, others)
	if 10*found < 9*counts || 10*wrong > others+5 {
		t.Error("columns are told by their names more than by their numbers")
	}
}
