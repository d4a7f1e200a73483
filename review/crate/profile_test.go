package crate_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/review"
)

// The rules that follow are those of RO-Crate 1.2 (attached crates) and of the
// Five Safes RO-Crate profile 0.4, read from the profile's text and from the
// shapes that its validator uses. They are written against the JSON alone, and
// share no code with what writes it.

type object = map[string]any

// crateRules checks a crate. load holds the payload by path below data/.
type crateRules struct {
	load  map[string][]byte
	nodes map[string]object
	root  object
	bad   []string
}

func (c *crateRules) fail(format string, args ...any) {
	c.bad = append(c.bad, fmt.Sprintf(format, args...))
}

// profileProblems lists what a crate breaks.
func profileProblems(load map[string][]byte) []string {
	c := &crateRules{load: load, nodes: map[string]object{}}
	var doc struct {
		Context any      `json:"@context"`
		Graph   []object `json:"@graph"`
	}
	if err := json.Unmarshal(load["ro-crate-metadata.json"], &doc); err != nil {
		return []string{"ro-crate-metadata.json is no JSON"}
	}
	if doc.Context != "https://w3id.org/ro/crate/1.2/context" {
		c.fail("the context is %v", doc.Context)
	}
	for _, n := range doc.Graph {
		id, _ := n["@id"].(string)
		if id == "" || c.nodes[id] != nil {
			c.fail("an entity has no @id, or one that is taken: %q", id)
		}
		if n["@type"] == nil {
			c.fail("%s has no @type", id)
		}
		c.nodes[id] = n
	}
	c.descriptor()
	if c.root = c.nodes["./"]; c.root == nil {
		return append(c.bad, "there is no root")
	}
	c.rootEntity()
	c.workflow()
	c.runs()
	c.assessments()
	c.dataEntities()
	c.references()
	return c.bad
}

func is(n object, kind string) bool {
	switch t := n["@type"].(type) {
	case string:
		return t == kind
	case []any:
		return slices.Contains(t, any(kind))
	}
	return false
}

// ids are the references of a property, one or several; nil when any value is
// no reference.
func ids(n object, property string) (out []string) {
	values, many := n[property].([]any)
	if !many {
		values = []any{n[property]}
	}
	for _, v := range values {
		r, _ := v.(object)
		id, ok := r["@id"].(string)
		if !ok || len(r) != 1 {
			return nil
		}
		out = append(out, id)
	}
	return out
}

// one is the entity that a property refers to, and nothing else.
func (c *crateRules) one(n object, property string) object {
	list := ids(n, property)
	if len(list) != 1 || c.nodes[list[0]] == nil {
		c.fail("%v: %s is not exactly one entity of the crate", n["@id"], property)
		return object{}
	}
	return c.nodes[list[0]]
}

func (c *crateRules) text(n object, property string, least int) {
	if s, _ := n[property].(string); len(s) < least {
		c.fail("%v: %s has fewer than %d characters", n["@id"], property, least)
	}
}

func (c *crateRules) moment(n object, property string) {
	s, _ := n[property].(string)
	if _, err := time.Parse(time.RFC3339, s); err != nil {
		c.fail("%v: %s is not a time of RFC 3339: %q", n["@id"], property, s)
	}
}

func (c *crateRules) status(n object) {
	if !slices.Contains([]any{
		"http://schema.org/PotentialActionStatus", "http://schema.org/ActiveActionStatus",
		"http://schema.org/CompletedActionStatus", "http://schema.org/FailedActionStatus",
	}, n["actionStatus"]) {
		c.fail("%v: actionStatus is %v", n["@id"], n["actionStatus"])
	}
}

func (c *crateRules) descriptor() {
	d := c.nodes["ro-crate-metadata.json"]
	if !is(d, "CreativeWork") || !slices.Equal(ids(d, "about"), []string{"./"}) ||
		!slices.Equal(ids(d, "conformsTo"), []string{"https://w3id.org/ro/crate/1.2"}) {
		c.fail("the descriptor is %v", d)
	}
}

func (c *crateRules) rootEntity() {
	if !is(c.root, "Dataset") || !slices.Contains(ids(c.root, "conformsTo"), "https://w3id.org/5s-crate/0.4") {
		c.fail("the root does not conform to the profile")
	}
	c.text(c.root, "name", 1)
	c.text(c.root, "description", 1)
	c.moment(c.root, "datePublished")
	if l := c.one(c.root, "license"); l["name"] == nil || l["description"] == nil {
		c.fail("the licence has no name or description")
	}
	if !is(c.one(c.root, "publisher"), "Organization") {
		c.fail("the publisher is no Organization")
	}
	project := c.one(c.root, "sourceOrganization")
	if !is(project, "Project") {
		c.fail("sourceOrganization is no Project")
	}
	for _, m := range ids(project, "member") {
		if !is(c.nodes[m], "Person") && !is(c.nodes[m], "Organization") {
			c.fail("a member of the project is %v", c.nodes[m]["@type"])
		}
	}
}

func (c *crateRules) workflow() {
	main := c.one(c.root, "mainEntity")
	if !is(main, "Dataset") {
		c.fail("mainEntity is no Dataset")
	}
	if to := ids(main, "conformsTo"); len(to) != 1 || !strings.HasPrefix(to[0], "https://w3id.org/workflowhub/workflow-ro-crate") {
		c.fail("mainEntity conforms to %v", to)
	}
}

func (c *crateRules) runs() {
	n := 0
	for id, a := range c.nodes {
		if !is(a, "CreateAction") {
			continue
		}
		n++
		c.text(a, "name", 10)
		c.status(a)
		if !slices.Equal(ids(a, "instrument"), ids(c.root, "mainEntity")) {
			c.fail("%s: instrument is not the main entity", id)
		}
		if !is(c.one(a, "agent"), "Person") {
			c.fail("%s: agent is no Person", id)
		}
		if !slices.Contains(ids(c.root, "mentions"), id) {
			c.fail("%s is not mentioned by the root", id)
		}
		for _, r := range ids(a, "result") {
			if !is(c.nodes[r], "File") || !slices.Contains(ids(c.root, "hasPart"), r) {
				c.fail("%s: the result %s is no File of the crate", id, r)
			}
		}
		if a["result"] == nil {
			c.fail("%s has no result", id)
		}
	}
	if n == 0 {
		c.fail("there is no CreateAction")
	}
}

func (c *crateRules) assessments() {
	kinds := map[string]int{}
	for id, a := range c.nodes {
		if a["additionalType"] != nil && !is(a, "AssessAction") {
			c.fail("%s is a %v", id, a["@type"])
		}
		if !is(a, "AssessAction") {
			continue
		}
		c.text(a, "name", 10)
		c.status(a)
		c.moment(a, "endTime")
		if !slices.Contains(ids(c.root, "mentions"), id) {
			c.fail("%s is not mentioned by the root", id)
		}
		if !slices.Contains(ids(a, "object"), "./") {
			c.fail("%s does not have the root among its objects", id)
		}
		agent := c.one(a, "agent")
		switch {
		case is(agent, "SoftwareApplication"):
			if !is(c.one(agent, "provider"), "Organization") {
				c.fail("%s: the program has no provider", id)
			}
		case !is(agent, "Person") && !is(agent, "Organization"):
			c.fail("%s: agent is %v", id, agent["@type"])
		}
		kind := ids(a, "additionalType")
		if len(kind) != 1 {
			c.fail("%s: additionalType is no single term", id)
			continue
		}
		kinds[kind[0]]++
		switch kind[0] {
		case "https://w3id.org/shp#SignOff":
			c.signOff(a)
		case "https://w3id.org/shp#CheckValue":
			if !is(c.one(a, "instrument"), "DefinedTerm") {
				c.fail("%s: instrument is no DefinedTerm", id)
			}
		case "https://w3id.org/shp#DisclosureCheck":
		default:
			c.fail("%s is of the unknown kind %s", id, kind[0])
		}
	}
	for _, want := range []string{"SignOff", "CheckValue", "DisclosureCheck"} {
		if kinds["https://w3id.org/shp#"+want] == 0 {
			c.fail("there is no %s", want)
		}
	}
}

func (c *crateRules) signOff(a object) {
	p := c.one(a, "instrument")
	if !is(p, "CreativeWork") || p["name"] == nil {
		c.fail("the sign-off is not by a policy with a name")
	}
	for _, property := range []string{"mainEntity", "sourceOrganization"} {
		if to := ids(c.root, property); len(to) != 1 || !slices.Contains(ids(a, "object"), to[0]) {
			c.fail("the sign-off does not have %s among its objects", property)
		}
	}
}

// dataEntities: every File is in the payload under its decoded identifier, every
// file of the payload is described, and the root's hasPart names them all.
func (c *crateRules) dataEntities() {
	described := map[string]bool{"ro-crate-metadata.json": true}
	for id, n := range c.nodes {
		if !is(n, "File") && !is(n, "Dataset") || id == "./" {
			continue
		}
		if !slices.Contains(ids(c.root, "hasPart"), id) {
			c.fail("%s is no part of the root", id)
		}
		at, err := url.Parse(id)
		if err != nil || strings.HasPrefix(id, "/") || strings.Contains(id, "..") {
			c.fail("%s is no relative address below the root, and no absolute one", id)
			continue
		}
		if !is(n, "File") {
			if at.Scheme == "" {
				c.fail("%s: a Dataset that is not in the crate has no absolute address", id)
			}
			continue
		}
		described[at.Path] = true
		data, there := c.load[at.Path]
		if !there || n["sha256"] != string(digest(string(data))) || n["contentSize"] != fmt.Sprint(len(data)) {
			c.fail("%s is not as described", id)
		}
		c.text(n, "encodingFormat", 3)
		c.text(n, "name", 1)
	}
	for name := range c.load {
		if !described[name] {
			c.fail("%s is not described", name)
		}
	}
}

// references: what is referred to is there, unless it is a term or a file of
// another site; actions, people and organisations have names.
func (c *crateRules) references() {
	for id, n := range c.nodes {
		for property := range n {
			for _, to := range ids(n, property) {
				if c.nodes[to] == nil && !strings.HasPrefix(to, "https://w3id.org/") {
					c.fail("%s: %s refers to %s, which is not there", id, property, to)
				}
			}
		}
		for _, kind := range []string{"Person", "Organization", "Project", "SoftwareApplication", "DefinedTerm", "CreativeWork", "PropertyValue"} {
			if is(n, kind) && n["name"] == nil {
				c.fail("%s has no name", id)
			}
		}
	}
}

func payloadOf(files map[string][]byte) map[string][]byte {
	load := map[string][]byte{}
	for name, data := range files {
		if below, ok := strings.CutPrefix(name, "data/"); ok {
			load[below] = data
		}
	}
	return load
}

func TestProfile(t *testing.T) {
	load := payloadOf(contents(t, newSample(t).pack(t)))
	for _, p := range profileProblems(load) {
		t.Error(p)
	}
	// A validator that finds nothing in a spoilt crate proves nothing.
	for was, spoilt := range map[string]string{
		`"AssessAction"`: `"Action"`, `"mentions"`: `"mention"`, `"CompletedActionStatus`: `"Done`, `5s-crate/0.4`: `5s-crate/0.5`,
		`"license"`: `"licence"`, `"mainEntity"`: `"main"`, `"instrument"`: `"tool"`, `"endTime"`: `"ended"`, `"Project"`: `"Thing"`,
		`"provider"`: `"by"`, `"hasPart"`: `"parts"`, `"sha256": "0`: `"sha256": "1`, `"datePublished": "2026`: `"datePublished": "26`,
	} {
		bad := maps.Clone(load)
		bad["ro-crate-metadata.json"] = bytes.ReplaceAll(load["ro-crate-metadata.json"], []byte(was), []byte(spoilt))
		if len(profileProblems(bad)) == 0 && !bytes.Equal(bad["ro-crate-metadata.json"], load["ro-crate-metadata.json"]) {
			t.Errorf("with %s for %s the crate passes", spoilt, was)
		}
	}
}

// TestCode describes code that is one commit, several, partly known or unknown.
func TestCode(t *testing.T) {
	const one, two = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	type origin struct{ repo, commit string }
	for name, test := range map[string]struct {
		origins [3]origin
		main    string // begins with
		says    string
	}{
		"one":            {[3]origin{{"https://github.com/o/r", one}, {"https://github.com/o/r.git", one}, {"https://github.com/o/r", one}}, "https://github.com/o/r/tree/" + one, "Code at commit"},
		"elsewhere":      {[3]origin{{"https://git.example.org/r", one}, {"https://git.example.org/r", one}, {"https://git.example.org/r", one}}, "https://git.example.org/r?commit=" + one, "Code at commit"},
		"several":        {[3]origin{{"https://github.com/o/r", one}, {"https://github.com/o/r", two}, {"https://github.com/o/r", one}}, "urn:uuid:", "the code of 2 commits"},
		"partly known":   {[3]origin{{"https://github.com/o/r", one}, {}, {}}, "urn:uuid:", "is not known"},
		"unknown":        {[3]origin{}, "urn:uuid:", "do not say which code"},
		"a local folder": {[3]origin{{"/srv/r", one}, {"/srv/r", one}, {"/srv/r", one}}, "urn:uuid:", "Code at commit"},
		"a hostile one":  {[3]origin{{"javascript:alert(1)", one}, {"https://u:p@h/r", one}, {"::", one}}, "urn:uuid:", "is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSample(t)
			_, err := s.Store.Update(t.Context(), s.request, func(r *review.Request) (review.Change, error) {
				i := 0
				for _, f := range r.Outputs() {
					f.Origin.Repo, f.Origin.Commit = test.origins[i].repo, test.origins[i].commit
					i++
				}
				return review.Change{Events: []review.Event{{At: s.Now(), Type: review.EvReminded, Request: r.ID, Actor: "system"}}}, nil
			})
			must(t, err)
			load := payloadOf(contents(t, s.pack(t)))
			for _, p := range profileProblems(load) {
				t.Error(p)
			}
			var doc struct {
				Graph []object `json:"@graph"`
			}
			must(t, json.Unmarshal(load["ro-crate-metadata.json"], &doc))
			var main []string
			for _, n := range doc.Graph {
				if n["@id"] == "./" {
					main = ids(n, "mainEntity")
				}
			}
			if len(main) != 1 || !strings.HasPrefix(main[0], test.main) || !strings.Contains(string(load["ro-crate-metadata.json"]), test.says) {
				t.Errorf("the main entity is %v", main)
			}
			for name, data := range load {
				if bytes.Contains(data, []byte("u:p@")) {
					t.Errorf("a password in an address left with %s", name)
				}
			}
		})
	}
}
