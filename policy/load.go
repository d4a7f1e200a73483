package policy

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

//go:embed opensafely.yaml
var embedded []byte

//go:embed first.yaml
var embeddedFirst []byte

// maxSource is the largest policy document that is read. The default is under
// 5 kB; a megabyte is a mistake.
const maxSource = 1 << 20

// LoadError says what is wrong with a policy document, and on which line
// (0 when no line can be named).
type LoadError struct {
	Line    int
	Message string
}

func (e *LoadError) Error() string {
	if e.Line == 0 {
		return "policy: " + e.Message
	}
	return fmt.Sprintf("policy: line %d: %s", e.Line, e.Message)
}

// Default returns the embedded policy, which follows the public rules of
// OpenSAFELY. It panics if the embedded text is broken, which a test rules out.
func Default() *Policy {
	p, err := Load(embedded)
	if err != nil {
		panic(err)
	}
	return p
}

// First returns the policy that was embedded when programs did not yet keep the
// policy under which a request was submitted: with it, what was submitted then can
// still leave. It is never edited.
func First() (*Policy, error) { return Load(embeddedFirst) }

// Load reads one YAML document strictly. An unknown key, a missing name or
// version, a second document or a value that makes no sense is a *LoadError
// naming the line.
func Load(source []byte) (*Policy, error) {
	if len(source) > maxSource {
		return nil, &LoadError{0, "the document is larger than 1 MB"}
	}
	p := &Policy{}
	dec := yaml.NewDecoder(bytes.NewReader(source))
	dec.KnownFields(true)
	if err := dec.Decode(p); err != nil {
		return nil, asLoadError(err)
	}
	var second yaml.Node
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, &LoadError{second.Line, "there must be exactly one document"}
	}
	var root yaml.Node
	if err := yaml.Unmarshal(source, &root); err != nil {
		return nil, asLoadError(err)
	}
	if err := validate(p, lines{&root}); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(source)
	p.SHA256, p.Source = hex.EncodeToString(sum[:]), bytes.Clone(source)
	return p, nil
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

// asLoadError keeps the first complaint of the YAML library, with its line.
func asLoadError(err error) *LoadError {
	if errors.Is(err, io.EOF) {
		return &LoadError{0, "the document is empty"}
	}
	var ours *LoadError
	if errors.As(err, &ours) {
		return ours
	}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		n, _ := strconv.Atoi(m[1])
		return &LoadError{n, m[2]}
	}
	return &LoadError{0, err.Error()}
}

// lines finds the line of a value by its path in the document.
type lines struct{ root *yaml.Node }

// of returns the line of the deepest node on the path that exists.
func (l lines) of(path ...string) int {
	n := l.root
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	line := n.Line
	for _, key := range path {
		next := child(n, key)
		if next == nil {
			return line
		}
		n, line = next, next.Line
	}
	return line
}

// child returns the value under a mapping key, or the item at a sequence index.
func child(n *yaml.Node, key string) *yaml.Node {
	if n.Kind == yaml.SequenceNode {
		if i, err := strconv.Atoi(key); err == nil && i < len(n.Content) {
			return n.Content[i]
		}
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}
