package provenance

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Pipeline is a study's project.yaml, versions 1 to 5.
type Pipeline struct {
	Version    string // as written: "3.0", "4"
	Population int    // expectations.population_size, 0 when absent
	Actions    []Action
}

// Action is one step of a pipeline, in the order of the file.
type Action struct {
	Name    string
	Run     string // the whole command, on one line
	Image   string // "ehrql" in "ehrql:v1 generate-dataset ..."
	Tag     string // "v1"
	Args    string // the rest
	Needs   []string
	Config  string // YAML, as given; "" when absent
	Outputs []Output
}

// Output is one output pattern of an action.
type Output struct {
	Level   Level
	Label   string // "cohort"
	Pattern string // "output/input_*.csv"; * is the only wildcard
}

// maxActions and maxPatterns bound what one pipeline may hold: matching is
// files times patterns.
const (
	maxActions  = 5000
	maxPatterns = 20_000
	maxPattern  = 1000 // bytes
)

// ReadPipeline reads a project.yaml. An error is a reason in plain words that
// quotes nothing of the file but line numbers and keys of the format.
func ReadPipeline(data []byte) (*Pipeline, error) {
	root, err := parseYAML(data)
	if err != nil {
		return nil, fmt.Errorf("project.yaml: %w", err)
	}
	p, err := readPipeline(root)
	if err != nil {
		return nil, fmt.Errorf("project.yaml: %w", err)
	}
	return p, nil
}

func readPipeline(root *yaml.Node) (*Pipeline, error) {
	p := &Pipeline{}
	patterns := 0
	err := each(root, "the file", func(key string, v *yaml.Node) error {
		switch key {
		case "version":
			return p.readVersion(v)
		case "expectations":
			return p.readExpectations(v)
		case "actions":
			return each(v, "actions", func(name string, v *yaml.Node) error {
				a, err := readAction(name, v)
				if err != nil {
					return err
				}
				p.Actions = append(p.Actions, a)
				patterns += len(a.Outputs)
				if len(p.Actions) > maxActions || patterns > maxPatterns {
					return fmt.Errorf("it holds more than %d actions or %d outputs", maxActions, maxPatterns)
				}
				return nil
			})
		}
		return nil // keys of later versions
	})
	if err != nil {
		return nil, err
	}
	if p.Version == "" {
		return nil, errors.New("it does not say its version")
	}
	if len(p.Actions) == 0 {
		return nil, errors.New("it holds no actions")
	}
	return p, nil
}

func (p *Pipeline) readVersion(v *yaml.Node) error {
	s, err := text(v, "version")
	if err != nil {
		return err
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f >= 1 && f < 6) {
		return fmt.Errorf("the version at line %d is not one from 1 to 5", v.Line)
	}
	p.Version = s
	return nil
}

func (p *Pipeline) readExpectations(v *yaml.Node) error {
	return each(v, "expectations", func(key string, v *yaml.Node) error {
		if key != "population_size" {
			return nil
		}
		s, err := text(v, "population_size")
		if err != nil {
			return err
		}
		// YAML allows 100_000 for a number. No level hangs on it, so what is no
		// number is left at zero.
		if n, err := strconv.Atoi(strings.ReplaceAll(s, "_", "")); err == nil && n >= 0 {
			p.Population = n
		}
		return nil
	})
}

func readAction(name string, n *yaml.Node) (Action, error) {
	a := Action{Name: name}
	if n.Kind != yaml.MappingNode {
		return a, fmt.Errorf("an action at line %d is not a mapping", n.Line)
	}
	err := each(n, "an action", func(key string, v *yaml.Node) (err error) {
		switch key {
		case "run":
			return a.readRun(v)
		case "needs":
			a.Needs, err = texts(v, "needs")
			return err
		case "config":
			if isNull(v) {
				return nil
			}
			b, err := yaml.Marshal(v)
			a.Config = strings.TrimSpace(string(b))
			return err
		case "outputs":
			return a.readOutputs(v)
		}
		return nil
	})
	return a, err
}

// readRun takes "image:tag args" apart.
func (a *Action) readRun(v *yaml.Node) error {
	s, err := text(v, "run")
	if err != nil {
		return err
	}
	f := strings.Fields(s)
	a.Run = strings.Join(f, " ")
	if len(f) == 0 {
		return nil
	}
	a.Image, a.Tag, _ = strings.Cut(f[0], ":")
	a.Args = strings.Join(f[1:], " ")
	return nil
}

func (a *Action) readOutputs(n *yaml.Node) error {
	return each(n, "outputs", func(key string, v *yaml.Node) error {
		level := Level(key)
		if !level.Known() {
			return fmt.Errorf("a sensitivity level at line %d is not one of highly_sensitive, moderately_sensitive, minimally_sensitive", v.Line)
		}
		return each(v, "an output level", func(label string, v *yaml.Node) error {
			s, err := text(v, "an output pattern")
			if err != nil {
				return err
			}
			if len(s) > maxPattern {
				return fmt.Errorf("the output pattern at line %d is longer than %d characters", v.Line, maxPattern)
			}
			a.Outputs = append(a.Outputs, Output{level, label, strings.TrimSpace(s)})
			return nil
		})
	})
}

// Known says whether l is one of the three levels a pipeline can give.
func (l Level) Known() bool {
	return l == Highly || l == Moderately || l == Minimally
}

// Action returns the action of a name, or nil.
func (p *Pipeline) Action(name string) *Action {
	i := slices.IndexFunc(p.Actions, func(a Action) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	return &p.Actions[i]
}

// A Cover is one output pattern that covers a path.
type Cover struct {
	Action string
	Output Output
}

// Covers returns every output pattern that covers a path, in file order. A
// star stands for any run of characters within one folder; only when no
// pattern covers the path so, is it let run across folders, as older job
// runners did.
func (p *Pipeline) Covers(path string) []Cover {
	for _, across := range []bool{false, true} {
		var out []Cover
		for i := range p.Actions {
			for _, o := range p.Actions[i].Outputs {
				if globMatch(o.Pattern, path, across) {
					out = append(out, Cover{p.Actions[i].Name, o})
				}
			}
		}
		if out != nil {
			return out
		}
	}
	return nil
}

// globMatch matches a whole path against a pattern whose only wildcard is the
// star. It takes pattern length times path length at worst.
func globMatch(pattern, path string, across bool) bool {
	star, back := -1, 0
	i, j := 0, 0
	for j < len(path) {
		switch {
		case i < len(pattern) && pattern[i] == '*':
			star, back = i, j
			i++
		case i < len(pattern) && pattern[i] == path[j]:
			i++
			j++
		case star >= 0 && (across || path[back] != '/'):
			back++
			i, j = star+1, back
		default:
			return false
		}
	}
	for i < len(pattern) && pattern[i] == '*' {
		i++
	}
	return i == len(pattern)
}
