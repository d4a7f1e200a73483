package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"golang.org/x/sync/errgroup"

	"sallyport/checks"
	"sallyport/cmd/sallyport/internal/input"
	"sallyport/cmd/sallyport/internal/report"
	"sallyport/policy"
)

type checkCommand struct {
	Format    string   `enum:"text,json,sarif" default:"text" help:"Output format: ${enum}."`
	Policy    string   `placeholder:"FILE" help:"Policy to check against, instead of the embedded default."`
	Workspace string   `placeholder:"DIR" help:"Workspace folder: levels are then taken from its project.yaml and manifest."`
	Each      bool     `help:"Check every file on its own, instead of all together as one set."`
	FailOn    string   `enum:"block,warn,note" default:"block" help:"Lowest severity that makes the exit status 1: ${enum}."`
	Explain   string   `placeholder:"ID" help:"Explain one check: its rule, source, an example, and how to mend it."`
	Paths     []string `arg:"" optional:"" name:"path" help:"Files and folders."`
}

func (checkCommand) Help() string {
	return `All paths together are one set, because files may give each other away.
Hidden entries of folders and links are not followed, and are reported.

Exit status: 0 nothing at or above --fail-on, 1 findings (a file that could not
be checked counts as a block), 2 a mistake in the command line or an input or
output error.`
}

func (c checkCommand) Run(ctx context.Context, a *app) error {
	if c.Explain != "" {
		return explain(a, c.Explain)
	}
	if len(c.Paths) == 0 {
		return fmt.Errorf("name the files or folders to check")
	}
	p, err := loadPolicy(c.Policy)
	if err != nil {
		return err
	}
	set, skipped, err := c.set(ctx, a)
	if err != nil {
		return err
	}
	boundMemory()
	found, err := runChecks(ctx, p, set, c.Each)
	if err != nil {
		return err
	}
	result := report.Result{Report: found, Skipped: skipped}
	if err := report.Write(a.stdout, c.Format, result, checks.All()); err != nil {
		return err
	}
	if report.Reaches(found, policy.Severity(c.FailOn)) {
		return errFindings
	}
	return nil
}

// boundMemory lets a short run use memory freely up to a bound, under which the
// largest allowed table fits, and collect garbage only towards it. GOMEMLIMIT and
// GOGC in the environment go before.
func boundMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(200 << 20)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

// set collects the files that were named, with their origins when a workspace
// is known.
func (c checkCommand) set(ctx context.Context, a *app) (checks.Set, []input.Skipped, error) {
	entries, skipped, err := input.Collect(ctx, c.Paths)
	if err != nil {
		return checks.Set{}, nil, err
	}
	set := checks.Set{Files: input.Files(entries)}
	if c.Workspace != "" {
		set.Workspace = true
		err = addOrigins(ctx, a, c.Workspace, entries, set.Files)
	}
	return set, skipped, err
}

// runChecks checks all files as one set, or each as a set of its own.
func runChecks(ctx context.Context, p *policy.Policy, set checks.Set, each bool) (*checks.Report, error) {
	if !each || len(set.Files) == 0 {
		return checks.Run(ctx, p, set)
	}
	reports := make([]*checks.Report, len(set.Files))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range set.Files {
		group.Go(func() (err error) {
			reports[i], err = checks.Run(ctx, p, checks.Set{Files: set.Files[i : i+1], Workspace: set.Workspace})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return merge(reports), nil
}

// merge puts reports of single files together as one. There is at least one.
func merge(reports []*checks.Report) *checks.Report {
	all := *reports[0]
	all.Files, all.Summary = nil, checks.Summary{}
	for _, r := range reports {
		all.Files = append(all.Files, r.Files...)
		all.Summary.Files += r.Summary.Files
		all.Summary.Block += r.Summary.Block
		all.Summary.Warn += r.Summary.Warn
		all.Summary.Note += r.Summary.Note
		all.Summary.Incomplete += r.Summary.Incomplete
	}
	return &all
}

// explain prints one check's words. An unknown id lists all that exist.
func explain(a *app, id string) error {
	if c, ok := checks.Lookup(id); ok {
		return report.Explain(a.stdout, &c)
	}
	var known strings.Builder
	for _, c := range checks.All() {
		fmt.Fprintf(&known, "  %-24s %s\n", c.Name, c.Title)
	}
	if err := a.say("The checks are:\n%s", known.String()); err != nil {
		return err
	}
	return fmt.Errorf("there is no check %q", id)
}
