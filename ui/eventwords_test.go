package ui

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/review"
)

func TestEventsHaveNames(t *testing.T) {
	seen := map[string]review.EventType{}
	for _, typ := range review.EventTypes() {
		name := eventNames[typ]
		if name == "" {
			t.Errorf("%s has no name", typ)
		}
		if other, twice := seen[name]; twice {
			t.Errorf("%s and %s are both called %q", other, typ, name)
		}
		seen[name] = typ
	}
	if len(eventNames) != len(review.EventTypes()) {
		t.Errorf("%d types have names, there are %d", len(eventNames), len(review.EventTypes()))
	}
}

// TestFactsHaveNames reads the program's own source for the keys that the facts of
// an event can have: a new key needs a name that people read.
func TestFactsHaveNames(t *testing.T) {
	keys := map[string]string{}
	for _, dir := range []string{"../review", "../cmd/sallyport", ".", "api"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no source in %s: %v", dir, err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				factKeys(t, file, keys)
			}
		}
	}
	for _, known := range []string{"checker", "sink", "words_sha256", "findings_on", "early", "left", "scopes", "signature", "was_version", "in_projects"} {
		if keys[known] == "" {
			t.Errorf("the key %q was not found in the source: this test reads too little", known)
		}
	}
	for key, at := range keys {
		if factNames[key] == "" {
			t.Errorf("%s: an event's fact %q has no name", at, key)
		}
	}
	for key := range factNames {
		if keys[key] == "" {
			t.Errorf("no event has a fact %q any more", key)
		}
	}
}

// factKeys adds the keys in one file, and where each is: of maps of text in
// functions that write facts, of single facts, and of pairs handed to event.
func factKeys(t *testing.T, name string, keys map[string]string) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	add := func(e ast.Expr) {
		if id, ok := e.(*ast.Ident); ok && id.Obj == nil { // a constant of another file
			if value, ok := factConstants[id.Name]; ok {
				keys[value] = set.Position(e.Pos()).String()
			}
		}
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			key, _ := strconv.Unquote(lit.Value)
			keys[key] = set.Position(e.Pos()).String()
		}
	}
	addPairs := func(list []ast.Expr) {
		for i := 0; i < len(list); i += 2 {
			add(list[i])
		}
	}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			continue
		}
		writes := writesFacts(f)
		ast.Inspect(f, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.CompositeLit:
				if m, ok := x.Type.(*ast.MapType); ok && writes && isText(m.Key) && isText(m.Value) {
					for _, el := range x.Elts {
						add(el.(*ast.KeyValueExpr).Key)
					}
				}
			case *ast.AssignStmt:
				for i, left := range x.Lhs {
					if list, ok := x.Rhs[min(i, len(x.Rhs)-1)].(*ast.CompositeLit); ok && lastName(left) == "facts" {
						addPairs(list.Elts)
					}
					if at, ok := left.(*ast.IndexExpr); ok && strings.EqualFold(lastName(at.X), "detail") {
						add(at.Index)
					}
				}
			case *ast.CallExpr:
				switch lastName(x.Fun) {
				case "checkLengths":
					return false
				case "note":
					add(x.Args[0])
				case "append":
					if lastName(x.Args[0]) == "facts" {
						addPairs(x.Args[1:])
					}
				case "event", "accountEvent":
					addPairs(x.Args[min(2, len(x.Args)):])
				}
			}
			return true
		})
	}
}

// factConstants are keys that the review package keeps as constants.
var factConstants = map[string]string{"detailOutside": "independent", "detailOverrode": "overrode", "detailFindings": "findings_on"}

// writesFacts reports whether a function's body has to do with facts of events.
func writesFacts(f *ast.FuncDecl) bool {
	found := false
	ast.Inspect(f, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && slices.Contains([]string{"Detail", "detail", "codeViewed", "logViewed", "changed", "viewed"}, id.Name) {
			found = true
		}
		return !found
	})
	return found
}

func isText(e ast.Expr) bool { return lastName(e) == "string" }

func lastName(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	}
	return ""
}

func TestFactsInWords(t *testing.T) {
	until := time.Date(2026, 11, 22, 9, 58, 0, 0, time.UTC)
	tests := []struct {
		typ        review.EventType
		key, value string
		want       aFact
	}{
		{review.EvRecalled, "whole", "true", aFact{Key: "whole release", Value: "yes", Raw: "true"}},
		{review.EvRecalled, "severity", "low", aFact{Key: "severity", Value: "Low", Raw: "low"}},
		{review.EvVoted, "decision", "changes", aFact{Key: "decision", Value: "Changes requested", Raw: "changes"}},
		{review.EvVoted, "was", "approve", aFact{Key: "before", Value: "Approved", Raw: "approve"}},
		{review.EvPolicyChanged, "was", "0123abcd", aFact{Key: "before", Value: "0123abcd", Raw: "0123abcd"}},
		{review.EvDenied, "action", "queue.view", aFact{Key: "action", Value: "See the review queue", Raw: "queue.view"}},
		{review.EvCodeViewed, "action", "queue.view", aFact{Key: "action", Value: "queue.view", Raw: "queue.view"}},
		{review.EvRetention, "rule", "blobs.rejected", aFact{Key: "rule", Value: "files of rejected requests", Raw: "blobs.rejected"}},
		{review.EvAccessGranted, "until", "2026-11-22T09:58:00Z", aFact{Key: "until", Value: "2026-11-22T09:58:00Z", Raw: "2026-11-22T09:58:00Z", At: until}},
		{review.EvExported, "filter_since", "2026-01-05", aFact{Key: "asked for by since", Value: "2026-01-05", Raw: "2026-01-05"}},
		{review.EvPeopleChanged, "was jane", "checker", aFact{Key: "rights before, of jane", Value: "checker", Raw: "checker"}},
		{"other", "new_key", "x", aFact{Key: "new key", Value: "x", Raw: "x"}},
	}
	for _, x := range tests {
		if got := factOf(&review.Event{Type: x.typ, Detail: map[string]string{x.key: x.value}}, x.key); got != x.want {
			t.Errorf("%s %s=%s is %+v, want %+v", x.typ, x.key, x.value, got, x.want)
		}
	}
}
