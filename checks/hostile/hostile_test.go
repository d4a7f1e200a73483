package hostile

import "testing"

func TestRaw(t *testing.T) {
	for text, raw := range map[string]bool{
		"plain\ttext\n": false, "été 漢字 🙂": false, "a\ufffdb": false, "a\x1bb": true, "a\rb": true, "a\u202eb": true, "a\u200bb": true, "a\u2028b": true, "\x80": true, "\ufeffa": true,
	} {
		if got := Raw(text); (got != "") != raw {
			t.Errorf("%q: %q", text, got)
		}
	}
	n := 0
	for _, s := range Strings() {
		if Raw(s) != "" {
			n++
		}
	}
	if n < 20 {
		t.Errorf("only %d texts hold what cannot be seen", n)
	}
}
