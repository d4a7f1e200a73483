package demo

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Code is the folder of the studies' repositories within a demo folder.
func Code(dir string) string { return filepath.Join(dir, "code") }

// The days on which the demo's code was written, and run: the first version, a
// week before the second.
const between = 7 * 24 * time.Hour

// mirror makes the study's repository with two commits, and says which they
// are. The second rounds what the first gave exactly.
func (s *study) mirror(dir string) error {
	parts := strings.Split(s.repo, "/")
	folder := filepath.Join(dir, parts[len(parts)-2], parts[len(parts)-1])
	repo, err := git.PlainInitWithOptions(folder, &git.PlainInitOptions{InitOptions: git.InitOptions{DefaultBranch: plumbing.Main}})
	if err != nil {
		return err
	}
	files := s.code()
	first := map[string]string{}
	for name, text := range files {
		first[name] = withoutRounding(text)
	}
	at := ran.Add(-between - time.Hour)
	if s.first, err = commit(repo, folder, first, "Describe the study population", at); err != nil {
		return err
	}
	s.commit, err = commit(repo, folder, files, "Redact and round all counts", at.Add(between))
	return err
}

func commit(repo *git.Repository, folder string, files map[string]string, message string, at time.Time) (string, error) {
	tree, err := repo.Worktree()
	if err != nil {
		return "", err
	}
	for name, text := range files {
		full := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			return "", err
		}
		if _, err := tree.Add(name); err != nil {
			return "", err
		}
	}
	who := &object.Signature{Name: "Rowan Inventado", Email: "rowan@example.org", When: at}
	hash, err := tree.Commit(message, &git.CommitOptions{Author: who, Committer: who})
	return hash.String(), err
}

// roundingMark ends the lines of code that the second commit brought.
const roundingMark = "  # disclosure control"

func withoutRounding(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		if !strings.HasSuffix(strings.TrimRight(line, "\n"), roundingMark) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// code is the study's repository: its pipeline and the scripts that run in it.
func (s *study) code() map[string]string {
	files := map[string]string{
		"README.md":    "# " + s.title + "\n\nThe code of an invented study. `project.yaml` says what runs, and what it writes.\n",
		"project.yaml": s.pipeline,
	}
	for name, text := range scripts() {
		if strings.Contains(s.pipeline, name) {
			files[name] = text
		}
	}
	return files
}

// scripts are the files that the demo's pipelines run.
func scripts() map[string]string {
	return map[string]string{
		"analysis/dataset_definition.py": `from ehrql import create_dataset
from ehrql.tables.tpp import patients, practice_registrations

index_date = "2026-09-01"

dataset = create_dataset()
registered = practice_registrations.for_patient_on(index_date)
dataset.define_population(registered.exists_for_patient() & (patients.age_on(index_date) >= 18))
dataset.sex = patients.sex
dataset.age = patients.age_on(index_date)
dataset.region = registered.practice_nuts1_region_name
`,
		"analysis/measures.py": `from ehrql import INTERVAL, create_measures, weeks
from ehrql.tables.tpp import patients, vaccinations

measures = create_measures()
measures.configure_disclosure_control(enabled=True)  # disclosure control
measures.define_measure(
    name="vaccinated_this_week",
    numerator=vaccinations.where(vaccinations.date.is_during(INTERVAL)).exists_for_patient(),
    denominator=patients.exists_for_patient(),
    intervals=weeks(10).starting_on("2026-09-07"),
)
`,
		"analysis/describe.R": `library(dplyr)
library(readr)

population <- read_csv("output/dataset.csv.gz")
midpoint6 <- function(n) ceiling(n / 6) * 6 - (n != 0) * 3  # disclosure control

by_region <- population |>
  group_by(region) |>
  summarise(n_population = n(), n_vaccinated = sum(vaccinated))
by_region <- mutate(by_region, across(starts_with("n_"), midpoint6))  # disclosure control
write_csv(by_region, "output/tables/coverage_by_region.csv")
`,
		"analysis/draw.R": `library(ggplot2)

weekly <- read.csv("output/tables/uptake_by_week.csv")
figure <- ggplot(weekly, aes(interval_start, 1000 * ratio, colour = age_band)) + geom_line()
ggsave("output/figures/uptake_by_week.svg", figure)
ggsave("output/figures/uptake_by_week.png", figure)
`,
		"analysis/count_codes.py": `import pandas as pd

people = pd.read_csv("output/dataset.csv.gz")


def count(by):
    table = people.groupby(by).size().rename("n_people").reset_index()
    table["n_people"] = table["n_people"].where(table["n_people"] > 7)  # disclosure control
    return table


count(["region", "code"]).to_csv("output/codes_by_region.csv", index=False)
`,
		"analysis/model.do": `import delimited "output/dataset.csv.gz", clear
log using "output/models/model.log", text replace
logistic recorded i.age_band i.sex
estimates store main
log close
`,
		"analysis/draw.py": `import matplotlib.pyplot as plt
import pandas as pd

months = pd.read_csv("output/first_record_by_month.csv")
months.plot(x="month")
plt.savefig("output/figures/first_record.png")
`,
		"analysis/describe.py": `import pandas as pd

people = pd.read_csv("output/extract.csv")
rates = people.groupby(["month", "drug_class"]).agg(n_patients=("patient_id", "nunique")).reset_index()
rates["n_patients"] = (rates["n_patients"] / 5).round() * 5  # disclosure control
rates.to_csv("output/rates_by_class.csv", index=False)
`,
	}
}
