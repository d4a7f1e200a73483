package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

var (
	// commandLine is a line of an example, which may go on after a backslash.
	commandLine = regexp.MustCompile(`(?m)^\s*(?:\$ |sudo -u \S+ )?(?:\S*/)?sallyport ([a-z](?:[^\n\\]|\\\n)*)$`)
	// commandInText is a command that a sentence names.
	commandInText = regexp.MustCompile("`(?:bin/)?sallyport ([a-z][^`]*)`")
)

// Every command line in the guides and in the README is one that the program
// takes, and every command that a sentence names is there with its flags.
func TestCommandsInGuides(t *testing.T) {
	parser, err := kong.New(&commands{}, kong.Name("sallyport"), kong.Exit(func(int) {}))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, file := range append(files, "../../README.md") {
		page, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range commandLine.FindAllStringSubmatch(string(page), -1) {
			tried++
			if strings.Contains(m[1], "[") { // how it is written, and no example
				if wrong := unknownIn(parser.Model.Node, strings.FieldsFunc(m[1], func(r rune) bool { return strings.ContainsRune(" []|", r) })); wrong != "" {
					t.Errorf("%s: sallyport %s: there is no %s", filepath.Base(file), m[1], wrong)
				}
				continue
			}
			if _, err := parser.Parse(typed(m[1])); err != nil {
				t.Errorf("%s: sallyport %s: %v", filepath.Base(file), m[1], err)
			}
		}
		for _, m := range commandInText.FindAllStringSubmatch(string(page), -1) {
			tried++
			if wrong := unknownIn(parser.Model.Node, strings.Fields(m[1])); wrong != "" {
				t.Errorf("%s: sallyport %s: there is no %s", filepath.Base(file), m[1], wrong)
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d commands were found in the guides", tried)
	}
}

// typed are the arguments of a line: up to a comment, another program or a
// file that the output goes to.
func typed(line string) []string {
	words := strings.Fields(strings.ReplaceAll(line, "\\\n", " "))
	if end := slices.IndexFunc(words, func(w string) bool { return slices.Contains([]string{"#", "|", ">", "&&", "<", "&", ";"}, w) }); end >= 0 {
		words = words[:end]
	}
	return words
}

// unknownIn is the first word that should be a command or a flag and is not; ""
// when all are. Words after the last command are its arguments.
func unknownIn(n *kong.Node, words []string) string {
	for i, w := range words {
		if name, isFlag := strings.CutPrefix(w, "--"); isFlag {
			name, _, _ = strings.Cut(name, "=")
			known, groups := name == "help", n.AllFlags(false)
			if n.DefaultCmd != nil { // which stands for the command without more words
				groups = append(groups, n.DefaultCmd.AllFlags(false)...)
			}
			for _, group := range groups {
				known = known || slices.ContainsFunc(group, func(f *kong.Flag) bool { return f.Name == name })
			}
			if !known {
				return w
			}
			continue
		}
		child := slices.IndexFunc(n.Children, func(c *kong.Node) bool { return c.Name == w })
		if child >= 0 {
			n = n.Children[child]
		} else if i == 0 || len(n.Children) > 0 && regexp.MustCompile(`^[a-z-]+$`).MatchString(w) {
			return w
		}
	}
	return ""
}
