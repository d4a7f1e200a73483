package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"sallyport/cmd/sallyport/internal/report"
	"sallyport/review"
	"sallyport/review/crate"
)

type packageCommand struct {
	Verify packageVerifyCommand `cmd:"" help:"Check a package that was released, a folder or a ZIP, and say what it holds and who approved it."`
}

type packageVerifyCommand struct {
	Key    string `placeholder:"FILE" help:"Public key of whoever releases, as you got it from them: the file sallyport.pub."`
	Format string `enum:"text,json" default:"text" help:"Output format: ${enum}."`
	Path   string `arg:"" help:"The package: its folder, or its ZIP."`
}

func (packageVerifyCommand) Help() string {
	return `It needs nothing but the package and the key: no server, no database, no network.
It holds every file to its checksum, the checksums to the signature, the events
of the decision to the signed log, and the decision to the policy in the package.
Without --key it can show only that the package is from whoever holds the key
in it. The exit status is 1 when anything is not as it must be.`
}

func (c packageVerifyCommand) Run(ctx context.Context, a *app) error {
	key := ""
	if c.Key != "" {
		text, err := os.ReadFile(c.Key)
		if err != nil {
			return err
		}
		key = string(text)
	}
	v, err := crate.Verify(ctx, c.Path, key)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		err = json.NewEncoder(a.stdout).Encode(v)
	} else {
		err = a.say("%s", inWords(v))
	}
	if err != nil {
		return err
	}
	if !v.Good {
		return errFindings
	}
	return nil
}

// inWords is a verdict for people, fit for a terminal.
func inWords(v *crate.Verdict) string {
	w := new(words)
	switch {
	case !v.Good:
		w.line("NOT GOOD: do not rely on this package.")
		for _, p := range v.Problems {
			w.line("  - %s", p)
		}
		return w.String()
	case v.Trusted:
		w.line("Good. The package is whole, and signed by the key that you named.")
	default:
		w.line("Whole and in order, but you named no key to hold it to (see the note below).")
	}
	w.line("  key          %s", v.Key)
	w.line("  fingerprint  %s", v.Fingerprint)
	w.released(v.Record)
	w.line("")
	w.line("Checked: %d files against their checksums; %d events against the signed log; the decision against the policy.", v.Files, v.Events)
	for _, n := range v.Notes {
		w.line("Note: %s", n)
	}
	return w.String()
}

// words are lines of text.
type words struct{ strings.Builder }

func (w *words) line(format string, args ...any) {
	for i, x := range args {
		if s, ok := x.(string); ok {
			args[i] = report.Safe(s)
		}
	}
	fmt.Fprintf(&w.Builder, format+"\n", args...)
}

// released says what was approved, by whom, when, and under which policy.
func (w *words) released(r *crate.Record) {
	const day = "2 January 2006, 15:04 UTC"
	names := map[review.Username]string{}
	for _, p := range r.People {
		names[p.Username] = p.Name
	}
	w.line("")
	w.line("%s", r.Release.Title)
	w.line("  project      %s", r.Project.Name)
	w.line("  workspace    %s", string(r.Release.Workspace))
	w.line("  asked for by %s", names[r.Release.Author])
	w.line("  released by  %s, %s", names[r.Release.ReleasedBy], r.Release.Approved.Format(day))
	w.line("  policy       %s %s, SHA-256 %s", r.Policy.Name, r.Policy.Version, r.Policy.SHA256)
	w.line("  reviews      independent of one another: %s", string(r.Blind.Verdict))
	for _, f := range r.Files {
		w.line("")
		w.line("  %s", f.Path)
		w.line("    SHA-256 %s", string(f.SHA256))
		for _, d := range f.Decisions {
			if d.Standing {
				w.line("    approved by %s, %s", names[d.Checker], d.At.Format(day))
			}
		}
		if f.Checks.Status != "complete" {
			w.line("    the automated checks could not examine it to its end")
		}
	}
}
