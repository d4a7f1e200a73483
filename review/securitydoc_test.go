package review_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The page on the standard has each number once, its sums are right, and every
// test that it names is there.
func TestStandardPage(t *testing.T) {
	page, err := os.ReadFile("../docs/asvs.md")
	must(t, err)
	source := testSource(t)
	for _, m := range regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllStringSubmatch(string(page), -1) {
		if !strings.Contains(source, "func "+m[1]+"(") {
			t.Errorf("docs/asvs.md names %s, and there is no such test", m[1])
		}
	}
	seen, count := map[string]bool{}, map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^\| (\d+\.\d+\.\d+) \| ([12]) \| [^|]+ \| ([^|]+) \| [^|]+ \|$`).FindAllStringSubmatch(string(page), -1) {
		if seen[m[1]] {
			t.Errorf("%s is there twice", m[1])
		}
		seen[m[1]] = true
		count[strings.Trim(m[3], "*")]++
	}
	if len(seen) != 253 { // 70 of level 1 and 183 of level 2
		t.Errorf("%d requirements", len(seen))
	}
	for _, m := range regexp.MustCompile(`(?m)^\| ([a-z ]+) \| (\d+) \| (\d+) \| (\d+) \|$`).FindAllStringSubmatch(string(page), -1) {
		if got := count[m[1]]; m[4] != strconv.Itoa(got) {
			t.Errorf("%s: %s, and there are %d", m[1], m[4], got)
		}
	}
}
