package checks_test

import (
	"testing"

	"sallyport/checks"
)

func TestIdentify(t *testing.T) {
	tests := []struct {
		path, data string
		want       checks.Type
		asNamed    bool
	}{
		{"t.csv", "a,b\n1,2\n", checks.TypeText, true},
		{"t.CSV", "a,b\n1,2\n", checks.TypeText, true},
		{"t.csv", "PK\x03\x04", "zip", false},
		{"t.csv", "<html><body>", checks.TypeHTML, false},
		{"plot.png", "\xff\xd8\xff\xe0", checks.TypeJPEG, false},
		{"plot.svg", `<?xml version="1.0"?><svg/>`, checks.TypeSVG, true},
		{"notes.rst", "words", checks.TypeText, true},
		{"book.xlsx", "PK\x03\x04", "zip", false},
		{"empty.png", "", checks.TypeText, true},
	}
	for _, tt := range tests {
		if got, asNamed := checks.Identify(tt.path, []byte(tt.data)); got != tt.want || asNamed != tt.asNamed {
			t.Errorf("%s %q: got %s, %v; want %s, %v", tt.path, tt.data, got, asNamed, tt.want, tt.asNamed)
		}
	}
}
