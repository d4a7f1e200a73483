package report

import (
	"net/url"
	"path/filepath"

	"sallyport/checks"
	"sallyport/policy"
)

// maxRelated bounds the further places of one SARIF result: viewers list them
// all, and the JSON format has every one.
const maxRelated = 100

// The part of SARIF 2.1.0 that is written. Field names are the standard's.
type (
	sarif struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Artifacts   []sarifArtifact   `json:"artifacts"`
		Results     []sarifResult     `json:"results"`
		Language    string            `json:"language"`
		Newlines    []string          `json:"newlineSequences"`
		ColumnKind  string            `json:"columnKind"`
		Properties  map[string]any    `json:"properties,omitempty"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name     string      `json:"name"`
		Version  string      `json:"version"`
		Language string      `json:"language"`
		Rules    []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string         `json:"id"`
		Name             string         `json:"name"`
		ShortDescription sarifText      `json:"shortDescription"`
		FullDescription  sarifText      `json:"fullDescription"`
		Help             sarifText      `json:"help"`
		Default          sarifConfig    `json:"defaultConfiguration"`
		Properties       map[string]any `json:"properties,omitempty"`
	}
	sarifConfig struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifArtifact struct {
		Location sarifArtifactLocation `json:"location"`
		Length   int64                 `json:"length"`
		Hashes   map[string]string     `json:"hashes,omitempty"`
	}
	sarifArtifactLocation struct {
		URI   string `json:"uri"`
		Index *int   `json:"index,omitempty"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    *int              `json:"ruleIndex,omitempty"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Related      []sarifLocation   `json:"relatedLocations,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints,omitempty"`
		Properties   map[string]any    `json:"properties,omitempty"`
	}
	sarifLocation struct {
		ID       *int          `json:"id,omitempty"`
		Physical sarifPhysical `json:"physicalLocation"`
		Message  *sarifText    `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifactLocation `json:"artifactLocation"`
		Region   sarifRegion           `json:"region"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
)

// sarifLog turns a result into one SARIF run. Code review tools insist on a
// line, so a finding about a whole file points at its first.
func sarifLog(r Result, all []checks.Check) sarif {
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "sallyport", Version: r.Engine, Language: "en-GB", Rules: make([]sarifRule, len(all))}},
		Invocations: []sarifInvocation{{Successful: true}},
		Artifacts:   make([]sarifArtifact, len(r.Files)),
		Results:     []sarifResult{},
		Language:    "en-GB",
		Newlines:    []string{"\r\n", "\n"},
		ColumnKind:  "unicodeCodePoints",
		Properties:  map[string]any{"policy": r.Policy},
	}
	index := map[string]int{}
	for i := range all {
		index[all[i].Name] = i
		run.Tool.Driver.Rules[i] = rule(&all[i])
	}
	for i := range r.Files {
		addFile(&run, i, &r.Files[i], index)
	}
	return sarif{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}}
}

func addFile(run *sarifRun, i int, f *checks.FileReport, index map[string]int) {
	at := sarifArtifactLocation{URI: fileURI(f.Path), Index: &i}
	run.Artifacts[i] = sarifArtifact{Location: sarifArtifactLocation{URI: at.URI}, Length: f.Size}
	if f.SHA256 != "" {
		run.Artifacts[i].Hashes = map[string]string{"sha-256": f.SHA256}
	}
	if f.Status != "complete" {
		run.Invocations[0].Notifications = append(run.Invocations[0].Notifications, sarifNotification{
			Level: "error", Message: sarifText{Text: "Not fully checked: " + Safe(f.Reason)}, Locations: []sarifLocation{location(at, 1)},
		})
	}
	for j := range f.Findings {
		run.Results = append(run.Results, result(&f.Findings[j], at, index))
	}
}

func rule(c *checks.Check) sarifRule {
	worst := policy.Note
	for _, k := range c.Kinds {
		if k.Severity.Rank() > worst.Rank() {
			worst = k.Severity
		}
	}
	help := c.Doc + "\n\nRule: " + c.Source + "\n\nIn R: " + c.FixR + "\n\nIn Python: " + c.FixPy
	markdown := c.Doc + "\n\n**Rule.** " + c.Source + "\n\n**In R**\n\n```r\n" + c.FixR + "\n```\n\n**In Python**\n\n```python\n" + c.FixPy + "\n```\n"
	return sarifRule{
		ID: c.Name, Name: c.Title, ShortDescription: sarifText{Text: c.Title}, FullDescription: sarifText{Text: c.Doc},
		Help: sarifText{Text: help, Markdown: markdown}, Default: sarifConfig{sarifLevel(worst)},
	}
}

func result(f *checks.Finding, at sarifArtifactLocation, index map[string]int) sarifResult {
	r := sarifResult{
		RuleID: f.Check, Level: sarifLevel(f.Severity), Message: sarifText{Text: Safe(f.Message)},
		Properties: map[string]any{"confidence": f.Confidence},
	}
	if i, ok := index[f.Check]; ok {
		r.RuleIndex = &i
	}
	if f.Fingerprint != "" {
		r.Fingerprints = map[string]string{"sallyport/v1": f.Fingerprint}
	}
	if f.Column != "" {
		r.Properties["column"] = f.Column
	}
	if len(f.Rows) == 0 {
		r.Locations = []sarifLocation{location(at, 1)}
	} else {
		r.Locations = []sarifLocation{location(at, f.Rows[0].Line)}
	}
	r.Related = related(f, at)
	return r
}

// related lists the further cells of a finding, then those that explain it.
func related(f *checks.Finding, at sarifArtifactLocation) []sarifLocation {
	var all []sarifLocation
	add := func(where sarifArtifactLocation, line int, text string) {
		if len(all) == maxRelated {
			return
		}
		l, id := location(where, line), len(all)+1
		l.ID, l.Message = &id, &sarifText{Text: Safe(text)}
		all = append(all, l)
	}
	for i, row := range f.Rows {
		if i > 0 {
			add(at, row.Line, cell(row.Value, row.Key))
		}
	}
	for _, ref := range f.Related {
		where := at
		if ref.Path != "" {
			where = sarifArtifactLocation{URI: fileURI(ref.Path)}
		}
		add(where, ref.Line, reference(ref))
	}
	return all
}

func location(at sarifArtifactLocation, line int) sarifLocation {
	return sarifLocation{Physical: sarifPhysical{Artifact: at, Region: sarifRegion{StartLine: max(line, 1)}}}
}

// fileURI is a path as a URI reference: relative paths stay relative.
func fileURI(path string) string {
	u := url.URL{Path: filepath.ToSlash(path)}
	if filepath.IsAbs(path) {
		u.Scheme = "file"
	}
	return u.String()
}
