package api_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"sallyport/ui/api"
)

// The description names exactly the routes that there are, and everything that
// it refers to.
func TestDescriptionNamesEveryRoute(t *testing.T) {
	s := newSite(t)
	var want, got, ids []string
	for _, r := range api.Rows() {
		path := api.Prefix + r.Path
		for _, part := range strings.Split(r.Path, "/") {
			if name, named := strings.CutPrefix(part, ":"); named {
				path = strings.Replace(path, ":"+name, "{"+name+"}", 1)
			}
		}
		want = append(want, strings.ToLower(r.Method)+" "+path)
	}
	for path, item := range s.open.doc["paths"].(object) {
		for method, op := range item.(object) {
			got = append(got, method+" "+path)
			ids = append(ids, op.(object)["operationId"].(string))
			for i := range strings.Count(path, "{") {
				if p := op.(object)["parameters"].([]any)[i].(object); p["in"] != "path" || !strings.Contains(path, "{"+p["name"].(string)+"}") {
					t.Errorf("%s %s describes the parameter %v", method, path, p)
				}
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes (-served +described):\n%s", diff)
	}
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); n != len(want) {
		t.Errorf("%d names of operations for %d routes", n, len(want))
	}
	if v := s.open.doc["openapi"]; v != "3.1.0" {
		t.Errorf("it says of itself that it is OpenAPI %v", v)
	}
	for name := range s.open.doc["components"].(object)["schemas"].(object) {
		if _, err := s.open.compiler.Compile("urn:openapi#/components/schemas/" + name); err != nil {
			t.Errorf("the schema %s: %v", name, err)
		}
	}
}

// Answers are held to the description in every test; this is the test of that:
// an answer with a member more, less or of another type does not pass.
func TestDescriptionIsStrict(t *testing.T) {
	s := newSite(t)
	id := s.draft(t, "release/small.csv")
	answer := into[object](s.as(t, "ann").get("/requests/" + id).want(http.StatusOK))
	schema := s.open.schema(t, http.MethodGet, v1+"/requests/{request}", "200", "application/json")
	for name, change := range map[string]func(o object){
		"a member more":   func(o object) { o["password_hash"] = "x" },
		"a member less":   func(o object) { delete(o, "groups") },
		"another type":    func(o object) { o["summary"].(object)["turn"] = "1" },
		"another word":    func(o object) { o["summary"].(object)["status"] = "LOST" },
		"no time":         func(o object) { o["summary"].(object)["created"] = "yesterday" },
		"more, deep down": func(o object) { o["groups"].([]any)[0].(object)["files"].([]any)[0].(object)["basis"] = "x" },
	} {
		data, err := json.Marshal(answer)
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Fatalf("the answer itself: %v", err)
		}
		o := maps.Clone(value.(object))
		change(o)
		if schema.Validate(o) == nil {
			t.Errorf("%s passes", name)
		}
	}
}

// Nothing that is kept for a day holds a file, and nothing that is described
// names what must not go out.
func TestDescriptionHoldsNoSecrets(t *testing.T) {
	s := newSite(t)
	for path, item := range s.open.doc["paths"].(object) {
		post, ok := item.(object)["post"].(object)
		if !ok {
			continue
		}
		for _, res := range post["responses"].(object) {
			content, _ := res.(object)["content"].(object)
			if _, ok := content["application/octet-stream"]; ok || strings.Contains(mustJSON(t, content), "Versions") {
				t.Errorf("POST %s answers with a file", path)
			}
		}
	}
	all := mustJSON(t, s.open.doc["components"].(object)["schemas"])
	for _, word := range []string{"password", "secret", "hash\"", "basis", "email"} {
		if strings.Contains(strings.ToLower(all), word) {
			t.Errorf("an answer may hold %q", word)
		}
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
