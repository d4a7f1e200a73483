package form

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxDepth is deeper than any form.
const maxDepth = 12

// ReadYAML reads one YAML document strictly: a key that is not known, or is
// there twice, is an error that names its line; anchors and aliases are refused.
func ReadYAML(source []byte) (*Form, error) {
	if len(source) > maxFile || !utf8.Valid(source) {
		return nil, wrong("", "a form is UTF-8 text of at most %d MB", maxFile>>20)
	}
	var root yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(source))
	if err := dec.Decode(&root); err != nil {
		return nil, plain(err)
	}
	var second yaml.Node
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, wrong("", "there must be exactly one document")
	}
	if err := tame(&root, 0); err != nil {
		return nil, err
	}
	var f Form
	strict := yaml.NewDecoder(bytes.NewReader(source))
	strict.KnownFields(true)
	if err := strict.Decode(&f); err != nil {
		return nil, plain(err)
	}
	f.locate(&root)
	return &f, f.check()
}

// plain says what a YAML error says, in one line and without Go's type names.
func plain(err error) error {
	var types *yaml.TypeError
	if !errors.As(err, &types) {
		if errors.Is(err, io.EOF) {
			return wrong("", "the form is empty")
		}
		return wrong("", "%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	var all []string
	for _, e := range types.Errors {
		e, _, _ = strings.Cut(e, " in type ")
		all = append(all, strings.NewReplacer("field ", "the key ", " not found", " is not known").Replace(e))
	}
	return wrong("", "%s", strings.Join(all, "; "))
}

// tame refuses what a form does not need and a hostile one would use.
func tame(n *yaml.Node, depth int) error {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return wrong(lineOf(n), "a form has no anchors or aliases")
	}
	if depth > maxDepth {
		return wrong(lineOf(n), "the form is nested too deep")
	}
	for _, child := range n.Content {
		if err := tame(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func lineOf(n *yaml.Node) string { return fmt.Sprintf("line %d", n.Line) }

// locate notes on which line each group and file begins.
func (f *Form) locate(root *yaml.Node) {
	if len(root.Content) == 0 {
		return
	}
	groups := member(root.Content[0], "groups")
	for i := range f.Groups {
		if groups == nil || i >= len(groups.Content) {
			return
		}
		f.Groups[i].at = lineOf(groups.Content[i])
		files := member(groups.Content[i], "files")
		for j := range f.Groups[i].Files {
			if files != nil && j < len(files.Content) {
				f.Groups[i].Files[j].at = lineOf(files.Content[j])
			}
		}
	}
}

// member is the value of a key of a mapping, or nil.
func member(n *yaml.Node, key string) *yaml.Node {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// writeYAML writes the form with the policy's help as comments.
func writeYAML(w io.Writer, f *Form, g *Guide) error {
	var n yaml.Node
	if err := n.Encode(f); err != nil {
		return err
	}
	n.HeadComment = yamlHead
	remark(&n, "purpose", "why the release is necessary for the project's purpose")
	remark(&n, "concerns", "disclosure concerns that you see")
	remark(&n, "reuse", "id of an earlier request whose texts fill empty ones, or latest")
	if groups := member(&n, "groups"); groups != nil {
		for i, group := range groups.Content {
			if i == 0 {
				help(member(group, "context"), g.Context)
				help(member(group, "controls"), g.Controls)
			}
		}
	}
	if list := member(&n, "checklist"); list != nil {
		remark(list, "permitted_results", "the version that you have read and followed; in force: "+g.PermittedResults+" "+g.PermittedURL)
		var items []string
		for _, item := range g.Checklist {
			items = append(items, item.ID+": "+item.Text)
		}
		remark(list, "confirmed", "the items that you confirm, such as [a, b]:\n"+strings.Join(items, "\n"))
	}
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	if err := enc.Encode(&n); err != nil {
		return err
	}
	return enc.Close()
}

const yamlHead = `A release request. Fill it in, then: sallyport request create --form THIS-FILE
Do not paste data into descriptions. A path may begin with {release}/ for the
newest release folder. A group may be named by a wildcard, with its count:
  wildcard: release/rate_by_*.csv
  count: 12
A supporting file has kind: supporting. An exception is asked for by
  exceptions: [{check: file-size, reason: why}]`

// help puts what to write beside each field.
func help(n *yaml.Node, fields []Field) {
	for _, f := range fields {
		if n != nil {
			remark(n, f.ID, f.Label+". "+f.Help)
		}
	}
}

// remark puts a comment above a key.
func remark(n *yaml.Node, key, text string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			n.Content[i].HeadComment = text
		}
	}
}
