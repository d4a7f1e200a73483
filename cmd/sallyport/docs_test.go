package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"sallyport/ui/form"
)

// Each example of docs/command-line.md is one that the program takes, and each
// command has one.
func TestCommandLinePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/command-line.md")
	if err != nil {
		t.Fatal(err)
	}
	parser, err := kong.New(&commands{}, kong.Name("sallyport"), kong.Exit(func(int) {}))
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, line := range regexp.MustCompile(`(?m)^sallyport .*$`).FindAllString(string(page), -1) {
		parsed, err := parser.Parse(strings.Fields(line)[1:])
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		shown[parsed.Selected().Path()] = true
	}
	for _, leaf := range parser.Model.Leaves(true) {
		if !shown[leaf.Path()] {
			t.Errorf("no example of %s", leaf.Path())
		}
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(workspace:.*?)```").FindStringSubmatch(string(page))
	if blocks == nil {
		t.Fatal("the page shows no form")
	}
	if _, err := form.ReadYAML([]byte(blocks[1])); err != nil {
		t.Errorf("the form of the page: %v", err)
	}
}
