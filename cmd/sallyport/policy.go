package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"sallyport/checks"
	"sallyport/policy"
)

// maxPolicy is one byte more than the largest policy document; reading further
// would not change the answer.
const maxPolicy = 1<<20 + 1

type policyCommand struct {
	Show  policyShow  `cmd:"" help:"Print the policy as YAML: the embedded default, or a file."`
	Check policyCheck `cmd:"" help:"Check a policy file, and name the line of the first mistake."`
}

type policyShow struct {
	File string `arg:"" optional:"" help:"Policy file; without it the embedded default."`
}

func (c policyShow) Run(a *app) error {
	p, err := loadPolicy(c.File)
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(p.Source)
	return err
}

type policyCheck struct {
	File string `arg:"" help:"Policy file."`
}

func (c policyCheck) Run(a *app) error {
	p, err := loadPolicy(c.File)
	if err != nil {
		return err
	}
	return a.say("valid: %s %s, sha256 %s\n", p.Name, p.Version, p.SHA256)
}

// loadPolicy reads a policy file, or the embedded default when path is empty.
func loadPolicy(path string) (*policy.Policy, error) {
	if path == "" {
		return policy.Default(), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	source, err := io.ReadAll(io.LimitReader(f, maxPolicy))
	if err != nil {
		return nil, err
	}
	p, err := policy.Load(source)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := knownChecks(p); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// knownChecks refuses a severity for a check or kind that does not exist: it
// would silence nothing while somebody believes that it does. The policy room
// cannot know the checks, so the test is made here.
func knownChecks(p *policy.Policy) error {
	known := map[string]bool{}
	for _, c := range checks.All() {
		known[c.Name] = true
		for _, k := range c.Kinds {
			known[c.Name+"/"+k.Name] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p.Severity)) {
		if !known[key] {
			return &policy.LoadError{Line: lineOf(p.Source, key), Message: fmt.Sprintf("severity: there is no check %q", key)}
		}
	}
	return nil
}

// lineOf finds the line that starts with a key, 0 when there is none.
func lineOf(source []byte, key string) int {
	for i, line := range strings.Split(string(source), "\n") {
		line = strings.TrimLeft(strings.TrimSpace(line), `"'{ `)
		if strings.HasPrefix(line, key) {
			return i + 1
		}
	}
	return 0
}
