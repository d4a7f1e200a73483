package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var updatePages = flag.Bool("update", false, "write docs/configuration.md anew")

const configurationPage = "../../docs/configuration.md"

// TestConfigurationPage holds docs/configuration.md to the code: each key that
// the program reads is on it, with the words that stand beside it in the source.
// Run it with -update to write the page.
func TestConfigurationPage(t *testing.T) {
	want := reference(t)
	if *updatePages {
		if err := os.WriteFile(configurationPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(configurationPage)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(got), want); d != "" {
		t.Errorf("the page is not what the code says; write it with: go test ./cmd/sallyport -run TestConfigurationPage -update\n%s", d)
	}
}

const configurationHead = `# Configuration

` + "`sallyport serve --config FILE`" + ` reads one YAML document. This page is written from
the program's source by a test: each key that there is, its kind, and what it says.
Keys that are not here are errors. Flags win over the file. ` + "`sallyport config check FILE`" + `
says whether a file is in order, and where not.

A secret is never in the file itself: keys that end in ` + "`_file`" + ` name a file that its
owner alone may read, or ` + "`credential:NAME`" + ` of systemd; keys that end in ` + "`_env`" + ` name a
variable of the environment ([hardening.md](hardening.md)).

The least that a server needs:

` + "```yaml" + `
data: /var/lib/sallyport/data
workspaces: /srv/workspaces
exports: /srv/exports
` + "```" + `

| key | kind | what it says |
|---|---|---|
`

// reference is the page.
func reference(t *testing.T) string {
	t.Helper()
	words := fieldWords(t)
	var b strings.Builder
	b.WriteString(configurationHead)
	keys := 0
	var walk func(reflect.Type, string)
	walk = func(typ reflect.Type, prefix string) {
		for i := range typ.NumField() {
			f := typ.Field(i)
			key, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			if key == "-" {
				continue
			}
			inner, many := f.Type, ""
			for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
				if inner.Kind() == reflect.Slice {
					many = "[]"
				}
				inner = inner.Elem()
			}
			if options == "inline" {
				walk(inner, prefix)
				continue
			}
			keys++
			about := words[typ.Name()+"."+f.Name]
			if about == "" {
				t.Errorf("%s%s has no words in the source", prefix, key)
			}
			fmt.Fprintf(&b, "| `%s%s` | %s | %s |\n", prefix, key, kindOfKey(inner, many), strings.ReplaceAll(about, "|", "\\|"))
			if structured(inner) {
				walk(inner, prefix+key+many+".")
			}
		}
	}
	walk(reflect.TypeFor[config](), "")
	if keys < 60 {
		t.Errorf("only %d keys were found", keys)
	}
	return b.String()
}

func structured(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != reflect.TypeFor[duration]()
}

// kindOfKey says in a word or two what a key's value is.
func kindOfKey(t reflect.Type, many string) string {
	var one string
	switch {
	case t == reflect.TypeFor[duration](), t.String() == "time.Duration":
		one = "time such as `30m`"
	case t.Kind() == reflect.Struct:
		one = "keys below"
	case t.Kind() == reflect.Map:
		one = "names and values"
	case t.Kind() == reflect.Bool:
		one = "true or false"
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		one = "whole number"
	case t.Kind() == reflect.Float64:
		one = "number"
	default:
		one = "text"
	}
	if many != "" {
		return "list: " + one
	}
	return one
}

// fieldWords are the comments of the fields of this package's structs, by type
// and field.
func fieldWords(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if s, ok := spec.Type.(*ast.StructType); ok {
				for _, f := range s.Fields.List {
					for _, id := range f.Names {
						out[spec.Name.Name+"."+id.Name] = strings.Join(strings.Fields(f.Doc.Text()+" "+f.Comment.Text()), " ")
					}
				}
			}
			return true
		})
	}
	return out
}

// TestConfigCheck holds the command to what it says of files that are whole,
// half-written and wrong.
func TestConfigCheck(t *testing.T) {
	whole := "data: d\nworkspaces: w\nexports: e\n"
	for _, tt := range []struct{ name, text, want string }{
		{"whole", whole, ""},
		{"half-written", "data: d\nworkspaces: w\n", "no exports folder is named"},
		{"cut within a list", whole + "hosts: [a.example, b.exa", "line 3"},
		{"cut within a key", whole + "trusted_pro", "line 4"},
		{"unknown key", whole + "colour: blue\n", "line 4: field colour not found"},
		{"unknown keys", whole + "colour: blue\nshape: round\n", "line 4: field colour not found; line 5: field shape not found"},
		{"wrong kind", whole + "secure: perhaps\n", "line 4"},
		{"two documents", whole + "---\n" + whole, "exactly one document"},
		{"passwords in the clear", whole + "listen: 0.0.0.0:80\n", "unprotected"},
		{"metrics for everybody", whole + "metrics: {listen: '0.0.0.0:9464'}\n", "token_file"},
		{"no such policy", whole + "policy: /nowhere.yaml\n", "policy"},
		{"little memory", whole + "checks: {memory_mb: 1}\n", "memory_mb"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "sallyport.yaml")
			if err := os.WriteFile(name, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			var out, complaint strings.Builder
			code := run(t.Context(), []string{"config", "check", name}, strings.NewReader(""), &out, &complaint)
			if tt.want == "" && (code != exitOK || !strings.Contains(out.String(), "is in order")) {
				t.Errorf("%d: %s%s", code, out.String(), complaint.String())
			}
			if tt.want != "" && (code == exitOK || !strings.Contains(complaint.String(), tt.want)) {
				t.Errorf("%d, and it does not say %q: %s", code, tt.want, complaint.String())
			}
		})
	}
}
