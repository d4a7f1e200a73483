package crate

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"sallyport/review"
)

// Terms of the Five Safes RO-Crate profile 0.4 and of what it builds on.
const (
	crateContext    = "https://w3id.org/ro/crate/1.2/context"
	crateVersion    = "https://w3id.org/ro/crate/1.2"
	crateProfile    = "https://w3id.org/5s-crate/0.4"
	workflowProfile = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
	disclosureCheck = "https://w3id.org/shp#DisclosureCheck"
	signOff         = "https://w3id.org/shp#SignOff"
	checkValue      = "https://w3id.org/shp#CheckValue"
	sha512Term      = "https://www.iana.org/assignments/named-information#sha-512"
	completed       = "http://schema.org/CompletedActionStatus"
	failed          = "http://schema.org/FailedActionStatus"
)

// Identifiers of entities that every crate has.
const (
	rootID       = "./"
	publisherID  = "#publisher"
	softwareID   = "#sallyport"
	conditionsID = "#conditions-of-use"
)

// entity is one node of the graph.
type entity map[string]any

type ref struct {
	ID string `json:"@id"`
}

func refs(ids ...string) []ref {
	out := []ref{}
	for _, id := range ids {
		out = append(out, ref{id})
	}
	return out
}

// graph is a crate's metadata while it is written.
type graph struct {
	rec      *Record
	nodes    []entity
	parts    []string // of the root's hasPart
	mentions []string // of the root's mentions
	main     string   // the main entity
}

// metadata writes ro-crate-metadata.json: what is in the package, which code
// made it, who checked it and by which policy it was signed off. Files are the
// further files of the payload, beside the released ones.
func metadata(rec *Record, publisher string, files []part) ([]byte, error) {
	g := &graph{rec: rec}
	g.code()
	g.released()
	g.runs()
	g.assessed()
	for _, f := range files {
		g.about(f)
	}
	g.actors(publisher)
	nodes := append([]entity{{
		"@id": metadataFile, "@type": "CreativeWork", "about": ref{rootID}, "conformsTo": ref{crateVersion},
		"name": "What is in this package, for programs", "encodingFormat": "application/ld+json",
	}, g.root()}, g.nodes...)
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(map[string]any{"@context": crateContext, "@graph": nodes})
	return out.Bytes(), err
}

func (g *graph) add(e entity) { g.nodes = append(g.nodes, e) }

func (g *graph) root() entity {
	rel := g.rec.Release
	return entity{
		"@id": rootID, "@type": "Dataset", "conformsTo": ref{crateProfile}, "identifier": rel.Identifier,
		"name":          rel.Title,
		"description":   cmp.Or(rel.Purpose, "Results of the workspace "+string(rel.Workspace)+"."),
		"datePublished": stamp(rel.Approved), "license": ref{conditionsID}, "publisher": ref{publisherID},
		"sourceOrganization": ref{g.project()}, "mainEntity": ref{g.main},
		"hasPart": refs(g.parts...), "mentions": refs(g.mentions...),
	}
}

// stamp writes a time as RFC 3339, in UTC.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func (g *graph) project() string { return "#project-" + url.PathEscape(string(g.rec.Project.ID)) }

func personID(name review.Username) string { return "#person-" + url.PathEscape(string(name)) }

// fileID is a path as an identifier: a relative address, escaped.
func fileID(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	if strings.Contains(parts[0], ":") { // would read as a scheme
		parts[0] = "./" + parts[0]
	}
	return strings.Join(parts, "/")
}

// code adds what the profile calls the workflow: the study's code that made the
// files. It may be one commit, several, or not known, and says which.
func (g *graph) code() {
	var commits []string
	known := true
	for _, f := range g.rec.Files {
		id := commitID(f.Origin)
		if id == "" {
			known = false
			continue
		}
		if slices.Contains(commits, id) {
			continue
		}
		commits = append(commits, id)
		g.add(entity{
			"@id": id, "@type": "Dataset", "name": "Code at commit " + f.Origin.Commit, "version": f.Origin.Commit,
			"conformsTo": ref{workflowProfile}, "description": "The repository as it was when it made the files. " + notPackaged,
		})
	}
	switch {
	case known && len(commits) == 1:
		g.main = commits[0]
	case len(commits) > 0:
		g.main = g.codeID()
		text := fmt.Sprintf("The files were made by the code of %d commits.", len(commits))
		if !known {
			text += " Of some of the files the code is not known."
		}
		g.add(entity{
			"@id": g.codeID(), "@type": "Dataset", "name": "The code that made the files", "conformsTo": ref{workflowProfile},
			"description": text + " " + notPackaged, "hasPart": refs(commits...),
		})
	default:
		g.main = g.codeID()
		g.add(entity{
			"@id": g.codeID(), "@type": "Dataset", "name": "The code that made the files: not known", "conformsTo": ref{workflowProfile},
			"description": "The workspace's records do not say which code made the files, or not at which commit.",
		})
	}
	g.parts = append(g.parts, g.main)
	for _, id := range commits {
		if id != g.main {
			g.parts = append(g.parts, id)
		}
	}
}

const notPackaged = "The profile asks for a Workflow RO-Crate here; the repository itself is not part of this package and need not be one."

// commitID is the address of a commit; "" when it is not known.
func commitID(o OriginFacts) string {
	at, err := url.Parse(strings.TrimSuffix(o.Repository, ".git"))
	if o.Commit == "" || o.Repository == "" || err != nil {
		return ""
	}
	if at.Scheme == "https" && at.User == nil && at.RawQuery == "" && at.Fragment == "" && at.Host != "" {
		if at.Host == "github.com" {
			return at.JoinPath("tree", o.Commit).String()
		}
		at.RawQuery = url.Values{"commit": {o.Commit}}.Encode()
		return at.String()
	}
	return named("commit:" + o.Repository + "@" + o.Commit)
}

// codeID stands for the code where no single address does.
func (g *graph) codeID() string { return named("code:" + g.rec.Release.ID) }

// released adds the files that left.
func (g *graph) released() {
	for _, f := range g.rec.Files {
		id := fileID(f.Path)
		g.parts = append(g.parts, id)
		e := entity{
			"@id": id, "@type": "File", "name": path.Base(f.Path), "sha256": string(f.SHA256),
			"contentSize": fmt.Sprint(f.Size), "encodingFormat": cmp.Or(f.MediaType, "application/octet-stream"),
		}
		if !f.Origin.Created.IsZero() {
			e["dateCreated"] = stamp(f.Origin.Created)
		}
		g.add(e)
	}
}

// about adds one of the package's own files.
func (g *graph) about(f part) {
	name := strings.TrimPrefix(f.path, payload)
	e := entity{
		"@id": fileID(name), "@type": "File", "name": aboutFiles[name], "sha256": string(f.sha256),
		"contentSize": fmt.Sprint(f.size), "encodingFormat": mediaTypes[path.Ext(name)],
	}
	switch name {
	case policyFile:
		e["@type"] = []string{"File", "CreativeWork"}
		e["version"] = g.rec.Policy.Version
	case recordFile:
		e["conformsTo"] = ref{"#" + strings.ReplaceAll(RecordSchema, "/", "-")}
		g.add(entity{
			"@id": "#" + strings.ReplaceAll(RecordSchema, "/", "-"), "@type": "CreativeWork",
			"name": "The form of a disclosure-control record, " + RecordSchema, "identifier": RecordSchema,
		})
	}
	g.parts = append(g.parts, fileID(name))
	g.add(e)
}

var mediaTypes = map[string]string{
	".json": "application/json", ".html": "text/html", ".yaml": "application/yaml", ".txt": "text/plain",
}

// runs adds one action for each job that made files: its result are those files,
// its instrument the code.
func (g *graph) runs() {
	type run struct{ action, job, commit string }
	made := map[run][]FileFacts{}
	var order []run
	for _, f := range g.rec.Files {
		r := run{f.Origin.Action, f.Origin.Job, f.Origin.Commit}
		if made[r] == nil {
			order = append(order, r)
		}
		made[r] = append(made[r], f)
	}
	for i, r := range order {
		id := fmt.Sprintf("#run-%d", i+1)
		name := "Run in the workspace " + string(g.rec.Release.Workspace)
		if r.action != "" {
			name = fmt.Sprintf("Action %s, run in the workspace %s", r.action, g.rec.Release.Workspace)
		}
		var results []string
		var ended time.Time
		for _, f := range made[r] {
			results = append(results, fileID(f.Path))
			if f.Origin.Created.After(ended) {
				ended = f.Origin.Created
			}
		}
		e := entity{
			"@id": id, "@type": "CreateAction", "name": name, "instrument": ref{g.main}, "actionStatus": completed,
			"agent": ref{personID(g.rec.Release.Author)}, "result": refs(results...),
			"description": "The agent is who asked for the release of the files; the job itself may have been begun by somebody else of the project.",
		}
		if r.job != "" {
			e["identifier"] = r.job
		}
		if !ended.IsZero() {
			e["endTime"] = stamp(ended)
		}
		g.mentions = append(g.mentions, id)
		g.add(e)
	}
}

// assess adds an action that judged something.
func (g *graph) assess(id, kind, name, agent string, at time.Time, status string, more entity, objects ...string) {
	e := entity{
		"@id": id, "@type": "AssessAction", "additionalType": ref{kind}, "name": name, "agent": ref{agent},
		"object": refs(objects...), "endTime": stamp(at), "actionStatus": status,
	}
	for k, v := range more {
		e[k] = v
	}
	g.mentions = append(g.mentions, id)
	g.add(e)
}

// assessed adds the checks, each checker's decision on each file, the sign-off
// and the checksums.
func (g *graph) assessed() {
	rel := g.rec.Release
	for i, f := range g.rec.Files {
		status := completed
		if f.Checks.Status != "complete" {
			status = failed
		}
		id := fmt.Sprintf("#check-%d", i+1)
		g.assess(id, disclosureCheck, fmt.Sprintf("Automated disclosure checks of %s: %s", f.Path, checksInWords(f.Checks)),
			softwareID, g.checkedAt(), status, nil, rootID, fileID(f.Path))
		for _, d := range f.Decisions {
			if !d.Standing {
				continue
			}
			id := fmt.Sprintf("#decision-%d-%s", i+1, url.PathEscape(string(d.Checker)))
			g.assess(id, disclosureCheck, fmt.Sprintf("Output checker's decision on %s: approved", f.Path),
				personID(d.Checker), d.At, completed, nil, rootID, fileID(f.Path))
		}
	}
	g.assess("#sign-off", signOff, fmt.Sprintf("Release under the policy %s %s: approved", g.rec.Policy.Name, g.rec.Policy.Version),
		personID(rel.ReleasedBy), rel.Approved, completed, entity{"instrument": ref{fileID(policyFile)}}, rootID, g.main, g.project())
	g.assess("#checksums", checkValue, "SHA-512 checksums of every file of the package: written and equal to what was approved",
		softwareID, rel.Approved, completed, entity{"instrument": ref{sha512Term}}, rootID)
	g.add(entity{"@id": sha512Term, "@type": "DefinedTerm", "name": "sha-512 algorithm"})
}

// checkedAt is when the findings that were in force were known: at the latest
// when the request was submitted for the last time.
func (g *graph) checkedAt() time.Time {
	at := g.rec.Release.Approved
	for _, s := range g.rec.History {
		if s.Event == review.EvSubmitted || s.Event == review.EvResubmitted {
			at = s.At
		}
	}
	return at
}

func checksInWords(run RunFacts) string {
	n := 0
	for _, r := range run.Results {
		n += len(r.Findings)
	}
	found := fmt.Sprintf("%d findings", n)
	switch n {
	case 0:
		found = "no finding"
	case 1:
		found = "1 finding"
	}
	if run.Status != "complete" {
		return "not finished, " + found
	}
	return found
}

// actors adds the people, the project, the publisher, the program and the terms
// of use.
func (g *graph) actors(publisher string) {
	var members []string
	for _, p := range g.rec.People {
		e := entity{"@id": personID(p.Username), "@type": "Person", "name": p.Name}
		if slices.Contains(p.Roles, "author") {
			e["memberOf"] = ref{g.project()}
			members = append(members, personID(p.Username))
		} else {
			e["affiliation"] = ref{publisherID}
		}
		g.add(e)
	}
	project := entity{
		"@id": g.project(), "@type": "Project", "name": g.rec.Project.Name, "member": refs(members...),
	}
	if n := g.rec.Project.Number; n != "" {
		project["identifier"] = ref{"#project-number"}
		g.add(entity{"@id": "#project-number", "@type": "PropertyValue", "name": "project number", "value": n})
	}
	g.add(project)
	g.add(entity{"@id": publisherID, "@type": "Organization", "name": publisher})
	g.add(entity{
		"@id": softwareID, "@type": "SoftwareApplication", "name": "Sallyport", "provider": ref{publisherID},
		"version": cmp.Or(g.rec.Engine.Version, "unknown"), "description": "The version is that of the disclosure checks.",
	})
	g.add(entity{
		"@id": conditionsID, "@type": "CreativeWork", "name": "No licence was given with the release",
		"description": "The files may be used as the agreement between the project and the environment that released them says. The release itself grants nothing further.",
	})
	g.add(entity{"@id": crateProfile, "@type": []string{"CreativeWork", "Profile"}, "name": "Five Safes RO-Crate profile", "version": "0.4"})
}
