package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"sallyport/cmd/sallyport/internal/report"
	"sallyport/policy"
	"sallyport/review"
)

type accessImport struct {
	databaseFlags `embed:""`
	DryRun        bool   `help:"Say what would happen, and change nothing."`
	File          string `arg:"" help:"List of roles as YAML, or as CSV when its name ends in .csv; - is YAML from standard input."`
}

func (accessImport) Help() string {
	return `All roles of the list are given, or none. One that takes two people is only
proposed, and what is there already is left as it is, so that a list can be
imported again.

  grants:
    - {person: jane, role: copilot, project: vaccines, until: 2027-06-30, reason: helps with the cohort}
    - {person: otto, role: checker, reason: trained in May}

As CSV the first line names the columns: person, role, project, backend, until,
reason. Without project and backend a role is for the whole service.`
}

// roleEntry is one role of a list.
type roleEntry struct {
	Person  string `yaml:"person"`
	Role    string `yaml:"role"`
	Project string `yaml:"project"`
	Backend string `yaml:"backend"`
	Until   day    `yaml:"until"`
	Reason  string `yaml:"reason"`
}

func (c accessImport) Run(ctx context.Context, a *app) (err error) {
	source, err := c.read(a)
	if err != nil {
		return err
	}
	parse := parseRoleYAML
	if strings.EqualFold(filepath.Ext(c.File), ".csv") {
		parse = parseRoleCSV
	}
	asks, err := parse(source)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	s, closer, err := c.openAccess(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	became, err := s.ImportHere(ctx, asks, c.DryRun)
	if err != nil {
		return fmt.Errorf("nothing was changed: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	for i, ask := range asks {
		if err := a.say("%s: %s\n", askLine(ask), became[i]); err != nil {
			return err
		}
	}
	if c.DryRun {
		return a.say("This was a dry run: nothing was changed.\n")
	}
	return a.sayProposed(slices.Contains(became, review.ImportProposed))
}

// sayProposed says how to go on where a second person is needed.
func (a *app) sayProposed(some bool) error {
	if !some {
		return nil
	}
	return a.say("A second person confirms what is proposed, on the page Roles or with sallyport access confirm.\n")
}

func askLine(ask review.Ask) string {
	where := string(ask.Reach)
	if ask.In != "" {
		where += " " + ask.In
	}
	return report.Safe(fmt.Sprintf("%s %s %s", ask.Person, ask.Role, where))
}

func (c accessImport) read(a *app) ([]byte, error) {
	if c.File == "-" {
		return io.ReadAll(io.LimitReader(a.stdin, maxPolicy))
	}
	return os.ReadFile(c.File)
}

// parseRoleYAML reads a list of roles strictly.
func parseRoleYAML(source []byte) ([]review.Ask, error) {
	var list struct {
		Grants []roleEntry `yaml:"grants"`
	}
	dec := yaml.NewDecoder(bytes.NewReader(source))
	dec.KnownFields(true)
	if err := dec.Decode(&list); err != nil {
		return nil, plainYAML(err)
	}
	return asksOf(list.Grants)
}

// parseRoleCSV reads a list of roles strictly: columns in any order, none that is
// not known.
func parseRoleCSV(source []byte) ([]review.Ask, error) {
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(source, []byte("\ufeff")))).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errors.New("there is no line that names the columns")
	}
	names := rows[0]
	var list []roleEntry
	for n, row := range rows[1:] {
		var e roleEntry
		for i, name := range names {
			if slices.Contains(names[:i], name) {
				return nil, fmt.Errorf("the column %q is there twice", name)
			}
			if err := e.set(name, row[i]); err != nil {
				return nil, fmt.Errorf("entry %d: %w", n+1, err)
			}
		}
		list = append(list, e)
	}
	return asksOf(list)
}

func (e *roleEntry) set(column, value string) (err error) {
	switch column {
	case "person":
		e.Person = value
	case "role":
		e.Role = value
	case "project":
		e.Project = value
	case "backend":
		e.Backend = value
	case "reason":
		e.Reason = value
	case "until":
		if value != "" {
			if e.Until.Time, err = time.Parse(time.DateOnly, value); err != nil {
				return fmt.Errorf("%q is not a date such as 2026-12-24", value)
			}
		}
	default:
		return fmt.Errorf("there is no column %q", column)
	}
	return nil
}

func asksOf(list []roleEntry) ([]review.Ask, error) {
	if len(list) == 0 {
		return nil, errors.New("the list is empty")
	}
	var asks []review.Ask
	for i, e := range list {
		if e.Project != "" && e.Backend != "" {
			return nil, fmt.Errorf("entry %d: a role is for a project or a backend, not both", i+1)
		}
		ask := review.Ask{Person: review.Username(e.Person), Role: policy.Role(e.Role), Reach: policy.WholeService, Until: e.Until.Time, Why: e.Reason}
		if e.Project != "" {
			ask.Reach = policy.OneProject
		} else if e.Backend != "" {
			ask.Reach = policy.OneBackend
		}
		ask.In = cmp.Or(e.Project, e.Backend)
		asks = append(asks, ask)
	}
	return asks, nil
}
