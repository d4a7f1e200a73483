package provenance

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// Limits on a pipeline. The largest public project.yaml files are well under
// 100 kB; a file that asks for more is refused before it costs anything.
const (
	maxPipelineBytes = 1 << 20
	maxYAMLDepth     = 64
	maxYAMLAnchors   = 1000
	maxYAMLVisits    = 200_000 // nodes seen while aliases are followed
)

// parseYAML reads exactly one YAML document under the limits and returns its
// root with aliases followed, merge keys resolved and duplicate keys refused.
func parseYAML(data []byte) (*yaml.Node, error) {
	if len(data) > maxPipelineBytes {
		return nil, fmt.Errorf("the file is larger than %d kB", maxPipelineBytes>>10)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the file is empty")
		}
		return nil, fmt.Errorf("the file is not valid YAML%s", yamlLine(err))
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("the file holds more than one YAML document")
	}
	if len(doc.Content) != 1 {
		return nil, errors.New("the file is empty")
	}
	e := expander{}
	return e.expand(doc.Content[0], 1)
}

// yamlLine names the line of a YAML error and nothing else of it, because its
// text may quote the file.
func yamlLine(err error) string {
	var line int
	if _, e := fmt.Sscanf(err.Error(), "yaml: line %d:", &line); e == nil {
		return fmt.Sprintf(" at line %d", line)
	}
	return ""
}

// expander copies a tree with its aliases replaced by what they stand for,
// spending from one budget, so that an alias bomb ends early.
type expander struct {
	visits, anchors int
	open            []*yaml.Node // aliases being followed, to stop circles
}

func (e *expander) expand(n *yaml.Node, depth int) (*yaml.Node, error) {
	e.visits++
	if n.Anchor != "" && len(e.open) == 0 { // seen where it is written
		e.anchors++
	}
	switch {
	case depth > maxYAMLDepth:
		return nil, fmt.Errorf("it is nested more than %d levels deep at line %d", maxYAMLDepth, n.Line)
	case e.visits > maxYAMLVisits:
		return nil, fmt.Errorf("it holds more than %d values once its aliases are followed", maxYAMLVisits)
	case e.anchors > maxYAMLAnchors:
		return nil, fmt.Errorf("it holds more than %d anchors", maxYAMLAnchors)
	}
	if n.Kind == yaml.AliasNode {
		return e.follow(n, depth)
	}
	c := *n
	c.Anchor, c.Content = "", make([]*yaml.Node, len(n.Content))
	for i, child := range n.Content {
		x, err := e.expand(child, depth+1)
		if err != nil {
			return nil, err
		}
		c.Content[i] = x
	}
	if c.Kind == yaml.MappingNode {
		return mergeKeys(&c)
	}
	return &c, nil
}

// follow replaces an alias by its target. yaml.v3 lets an anchor's own content
// refer back to it, so a circle is looked for.
func (e *expander) follow(n *yaml.Node, depth int) (*yaml.Node, error) {
	for _, o := range e.open {
		if o == n.Alias {
			return nil, fmt.Errorf("an alias at line %d contains itself", n.Line)
		}
	}
	e.open = append(e.open, n.Alias)
	defer func() { e.open = e.open[:len(e.open)-1] }()
	return e.expand(n.Alias, depth+1)
}

// mergeKeys refuses duplicate keys and resolves "<<" in one mapping. The
// mapping's own keys win over merged ones, and earlier merges over later.
func mergeKeys(m *yaml.Node) (*yaml.Node, error) {
	seen := make(map[string]bool, len(m.Content)/2)
	var own, merged []*yaml.Node
	for i := 0; i+1 < len(m.Content); i += 2 {
		k, v := m.Content[i], m.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("a key at line %d is not plain text", k.Line)
		}
		if k.Tag == "!!merge" {
			merged = append(merged, v)
			continue
		}
		if seen[k.Value] {
			return nil, fmt.Errorf("a key is given twice, the second time at line %d", k.Line)
		}
		seen[k.Value] = true
		own = append(own, k, v)
	}
	for _, v := range merged {
		maps := []*yaml.Node{v}
		if v.Kind == yaml.SequenceNode {
			maps = v.Content
		}
		for _, x := range maps {
			if x.Kind != yaml.MappingNode {
				return nil, fmt.Errorf("a merge at line %d does not name a mapping", v.Line)
			}
			for i := 0; i+1 < len(x.Content); i += 2 {
				if k := x.Content[i]; !seen[k.Value] {
					seen[k.Value] = true
					own = append(own, k, x.Content[i+1])
				}
			}
		}
	}
	m.Content = own
	return m, nil
}

// each calls f for every key of a mapping, in order. A node that is not a
// mapping is an error that says what it should have been.
func each(n *yaml.Node, what string, f func(key string, v *yaml.Node) error) error {
	if isNull(n) {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("%s at line %d is not a mapping", what, n.Line)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if err := f(n.Content[i].Value, n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null"
}

// text returns the value of a scalar.
func text(n *yaml.Node, what string) (string, error) {
	if n.Kind != yaml.ScalarNode {
		return "", fmt.Errorf("%s at line %d is not plain text", what, n.Line)
	}
	if isNull(n) {
		return "", nil
	}
	return n.Value, nil
}

// texts returns the values of a list of scalars.
func texts(n *yaml.Node, what string) ([]string, error) {
	if isNull(n) {
		return nil, nil
	}
	if n.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("%s at line %d is not a list", what, n.Line)
	}
	out := make([]string, 0, len(n.Content))
	for _, c := range n.Content {
		s, err := text(c, what)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}
