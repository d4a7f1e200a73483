package checks

import (
	"encoding/binary"
	"testing"
)

func TestPrintable(t *testing.T) {
	for at := range 8 {
		for b := range 256 {
			word := []byte("  ~~ ~ ~")
			word[at] = byte(b)
			if got, want := printable(binary.LittleEndian.Uint64(word)), b >= 0x20 && b < 0x7F; got != want {
				t.Errorf("byte %#x at %d: %v", b, at, got)
			}
		}
	}
}
