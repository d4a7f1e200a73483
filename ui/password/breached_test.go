package password_test

import (
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sallyport/ui/password"
)

// listOf writes a list as it is given away.
func listOf(t *testing.T, end string, passwords ...string) string {
	t.Helper()
	var lines []string
	for i, p := range passwords {
		lines = append(lines, fmt.Sprintf("%X:%d", sha1.Sum([]byte(p)), i*i+1))
	}
	slices.Sort(lines)
	file := filepath.Join(t.TempDir(), "breached.txt")
	if err := os.WriteFile(file, []byte(strings.Join(lines, end)+end), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestBreached(t *testing.T) {
	var all []string
	for i := range 257 {
		all = append(all, fmt.Sprint("correct horse ", i))
	}
	for _, n := range []int{1, 2, 3, 257} {
		for _, end := range []string{"\n", "\r\n"} {
			b, err := password.OpenBreached(listOf(t, end, all[:n]...))
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range all {
				if got, err := b.Has(p); err != nil || got != (i < n) {
					t.Errorf("list of %d: %q: %t, %v", n, p, got, err)
				}
			}
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestBreachedRefusesOtherFiles(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "words": "password\n123456\n", "no hashes": strings.Repeat(strings.Repeat("g", 40)+"\n", 3),
		"not in order": strings.Repeat("B", 40) + "\n" + strings.Repeat("A", 40) + "\n", "one long line": strings.Repeat("A", 4000),
	} {
		file := filepath.Join(t.TempDir(), "list")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := password.OpenBreached(file); err == nil {
			t.Errorf("%s: taken for a list", name)
		}
	}
}

// What an organisation adds to the rule holds, and a list that cannot be read lets
// nothing through.
func TestRule(t *testing.T) {
	const long = "Moorfield-Trust-2026"
	b, err := password.OpenBreached(listOf(t, "\n", "seven bronze kettles sing"))
	if err != nil {
		t.Fatal(err)
	}
	r := password.Rule{Words: []string{"Moorfield"}, Breached: b}
	for pass, want := range map[string]string{
		"seven bronze kettles sing": "got out", "eight bronze kettles sing": "", "short": "12 characters", long: "first that would be tried", "moorFIELD paints nine walls": "Moorfield",
	} {
		if got, err := r.Weakness(pass, "ann"); err != nil || (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q, %v; want %q", pass, got, err, want)
		}
	}
	if got, err := (password.Rule{}).Weakness("seven bronze kettles sing"); got != "" || err != nil {
		t.Errorf("without a list: %q, %v", got, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := r.Weakness("eight bronze kettles sing"); err == nil || got != "" {
		t.Errorf("a list that cannot be read: %q, %v", got, err)
	}
}
