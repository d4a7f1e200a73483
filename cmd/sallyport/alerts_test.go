package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestAlerts holds each rule for alarms to a runbook that there is, and to
// numbers that a running service gives; and each runbook to a rule.
func TestAlerts(t *testing.T) {
	source, err := os.ReadFile("../../docs/deploy/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	dec := yaml.NewDecoder(strings.NewReader(string(source)))
	dec.KnownFields(true)
	if err := dec.Decode(&rules); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, runbooks, _ := strings.Cut(string(page), "\n## Runbooks\n")
	headings := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^### (.+)$`).FindAllStringSubmatch(runbooks, -1) {
		headings["docs/operations.md#"+strings.ToLower(strings.ReplaceAll(m[1], " ", "-"))] = true
	}
	played, err := os.ReadFile("../../docs/deploy/alerts_test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	given := metricNames(t)
	n := 0
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			n++
			if !headings[r.Annotations["runbook"]] {
				t.Errorf("%s: no runbook %q", r.Alert, r.Annotations["runbook"])
			}
			delete(headings, r.Annotations["runbook"])
			if r.Annotations["summary"] == "" || r.Labels["severity"] == "" {
				t.Errorf("%s has no summary or severity", r.Alert)
			}
			if !strings.Contains(string(played), "- name: "+r.Alert+"\n") {
				t.Errorf("%s is not played", r.Alert)
			}
			for _, name := range regexp.MustCompile(`sallyport_[a-z_]+`).FindAllString(r.Expr, -1) {
				if !given[strings.TrimSuffix(name, "_bucket")] {
					t.Errorf("%s: the service gives no %s", r.Alert, name)
				}
			}
		}
	}
	if n < 10 {
		t.Errorf("%d rules", n)
	}
	for left := range headings {
		t.Errorf("no rule leads to %s", left)
	}
}

// TestAlertsPlayed has Prometheus's own tool raise each alarm.
func TestAlertsPlayed(t *testing.T) {
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed (Debian: apt-get install prometheus)")
	}
	for _, args := range [][]string{{"check", "rules", deploy + "alerts.yaml"}, {"test", "rules", deploy + "alerts_test.yaml"}} {
		if out, err := exec.Command(path, args...).CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
}

// metricNames are the numbers that the source names.
func metricNames(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, name := range []string{"metrics.go", "state.go"} {
		source, err := os.ReadFile("internal/observe/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`Name: "(sallyport_[a-z_]+)"`).FindAllStringSubmatch(string(source), -1) {
			out[m[1]] = true
		}
		for _, m := range regexp.MustCompile(`describe\("([a-z_]+)"`).FindAllStringSubmatch(string(source), -1) {
			out["sallyport_"+m[1]] = true
		}
	}
	return out
}
