package review_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Packages that use a library which makes values of bytes, and read nothing from
// outside with it.
var readNothing = map[string]string{
	"cmd/sallyport/internal/demo":    "writes invented studies",
	"cmd/sallyport/internal/load":    "plays people, for tests and measurements",
	"cmd/sallyport/internal/observe": "writes whether it is ready",
	"review/reviewtest":              "a suite of tests",
	"storage/disktest":               "a disk that fails, for tests: reads what the test itself wrote",
	"storage/storagetest":            "stand-ins for tests",
	"ui/export":                      "writes tables",
	"ui/signin":                      "reads the file of its own key",
}

var (
	decoder = regexp.MustCompile(`(?m)^\s*(?:\w+ )?"(?:encoding/(?:json|json/v2|json/jsontext|xml|csv|base64|hex|gob|binary|asn1|pem)|go\.yaml\.in/yaml/v3|image/(?:png|jpeg)|archive/(?:zip|tar)|compress/\w+|golang\.org/x/net/html)"$`)
	fuzzer  = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)
)

// The page on the shell lists each fuzz test that there is, and no other; and
// each package that decodes anything has one.
func TestParsersAreFuzzed(t *testing.T) {
	page, err := os.ReadFile("../docs/shell.md")
	must(t, err)
	told := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| [^|]+ \\| `([a-z/]+)` \\| ([^|]+) \\|$").FindAllStringSubmatch(string(page), -1) {
		for _, name := range regexp.MustCompile("`(Fuzz\\w+)`").FindAllStringSubmatch(row[2], -1) {
			told[row[1]+" "+name[1]] = true
		}
	}
	fuzzed, decodes := map[string]bool{}, map[string]bool{}
	must(t, filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".."):
			return filepath.SkipDir
		case !strings.HasSuffix(p, ".go"):
			return nil
		}
		text, err := os.ReadFile(p)
		room := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(p)), "../")
		if !strings.HasSuffix(p, "_test.go") {
			decodes[room] = decodes[room] || decoder.Match(text)
			return err
		}
		for _, m := range fuzzer.FindAllSubmatch(text, -1) {
			name := room + " " + string(m[1])
			fuzzed[room] = true
			if !told[name] {
				t.Errorf("docs/shell.md does not list %s", name)
			}
			delete(told, name)
		}
		return err
	}))
	for name := range told {
		t.Errorf("docs/shell.md lists %s, and there is no such test", name)
	}
	for room, reads := range decodes {
		if excused := readNothing[room] != ""; reads && fuzzed[room] == excused {
			t.Errorf("%s decodes something: fuzzed %t, excused %t", room, fuzzed[room], excused)
		}
	}
	if len(fuzzed) < 20 || len(decodes) < 30 {
		t.Errorf("only %d packages with fuzz tests, of %d", len(fuzzed), len(decodes))
	}
}
