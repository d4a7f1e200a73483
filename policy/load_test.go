package policy

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestDefaultLoads(t *testing.T) {
	p := Default()
	if p.Counts.Threshold != 7 || p.Files.MaxBytes != 16<<20 || len(p.SHA256) != 64 {
		t.Errorf("default policy: threshold %d, max bytes %d, digest %q", p.Counts.Threshold, p.Files.MaxBytes, p.SHA256)
	}
}

func TestLoadNamesTheLine(t *testing.T) {
	whole := string(embedded)
	lineOf := func(text, part string) int {
		return 1 + strings.Count(text[:strings.Index(text, part)], "\n")
	}
	tests := []struct {
		name, old, new string
		line           string // part of the changed text whose line must be named
		want           string
	}{
		{"unknown key", "  threshold: 7 ", "  treshold: 7 ", "treshold", "treshold"},
		{"nonsense threshold", "  threshold: 7 ", "  threshold: 0 ", "threshold: 0", "between 1 and 1000"},
		{"not a number", "  threshold: 7 ", "  threshold: seven ", "threshold: seven", "seven"},
		{"one approval", "approvals: 2", "approvals: 1", "approvals: 1", "must be 2"},
		{"odd rounding", "rounding: required", "rounding: maybe", "rounding: maybe", "advised"},
		{"odd severity", "severity: {}", "severity: {small-count: fatal}", "severity: {small", "off, note"},
		{"extension without a dot", "    .csv: ", "    csv: ", "csv:  {use: table}", "extension"},
		{"repeated key", "version: \"2026-11\"", "version: \"2026-11\"\nname: again", "name: again", "name"},
		{"insecure link", "url: https:", "url: http:", "url: http:", "https"},
		{"a second factor of nobody", "second_factor: [checker,", "second_factor: [emperor,", "second_factor: [emperor", "no role"},
		{"repeated checklist item", "- id: sizes", "- id: logs", "- id: logs\n    text: All files", "repeated"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(whole, tt.old, tt.new, 1)
			_, err := Load([]byte(text))
			var le *LoadError
			if !errors.As(err, &le) {
				t.Fatalf("error %v, want a LoadError", err)
			}
			if want := lineOf(text, tt.line); le.Line != want || !strings.Contains(le.Error(), tt.want) {
				t.Errorf("got %q, want line %d and %q", le, want, tt.want)
			}
		})
	}
}

// A policy that does not say asks a second factor of those whom the default names.
func TestSecondFactor(t *testing.T) {
	for _, tt := range []struct {
		policy, more []Role
		want         []Role
	}{
		{nil, nil, StrictRoles()},
		{nil, []Role{Researcher, Checker}, append(StrictRoles(), Researcher)},
		{[]Role{}, nil, []Role{}},
		{[]Role{}, []Role{Lead}, []Role{Lead}},
		{[]Role{Auditor}, []Role{}, []Role{Auditor}},
	} {
		p := &Policy{SignIn: SignIn{SecondFactor: tt.policy}}
		if got := p.SecondFactor(tt.more); !slices.Equal(got, tt.want) {
			t.Errorf("policy %v, server %v: %v, want %v", tt.policy, tt.more, got, tt.want)
		}
	}
	if got := Default().SignIn.SecondFactor; !slices.Equal(got, StrictRoles()) {
		t.Errorf("the default policy says %v", got)
	}
}

func TestLoadRefusesWhatHasNoVersion(t *testing.T) {
	for name, text := range map[string]string{
		"empty":         "",
		"no version":    strings.Replace(string(embedded), "version: \"2026-11\"", "", 1),
		"two documents": string(embedded) + "\n---\nname: b\n",
		"too large":     string(embedded) + "#" + strings.Repeat("x", maxSource),
	} {
		if _, err := Load([]byte(text)); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(embedded)
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Load(b)
		if (p == nil) == (err == nil) {
			t.Fatal("a policy and an error, or neither")
		}
		if p != nil && (p.Version == "" || p.Review.Approvals != 2 || p.Counts.Threshold < 1) {
			t.Fatal("a policy that makes no sense was loaded")
		}
	})
}

// TestFirst: the policy of the first programs can be read by the present one.
func TestFirst(t *testing.T) {
	p, err := First()
	if err != nil || p.SHA256 != "e1eed319264da0efb93c10d13dd2d89ef3e8df73689c241efc57159feceb99b8" {
		t.Errorf("%+v, %v", p, err)
	}
}

// Of several mistakes it is always the same one that is told.
func TestTheSameMistakeIsToldEachTime(t *testing.T) {
	source := strings.Replace(string(embedded), "severity: {}", "severity: {d: fatal, b: fatal, e: fatal, a: fatal, c: fatal}", 1)
	for range 20 {
		if _, err := Load([]byte(source)); err == nil || !strings.Contains(err.Error(), "severity.a:") {
			t.Fatalf("told %v", err)
		}
	}
}
