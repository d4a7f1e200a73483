package checks

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"sallyport/policy"
)

// fingerprint names a finding across runs: what was found where, under which
// check, version and policy. Lines and messages are left out, so a row added
// elsewhere does not make an answered finding new.
func fingerprint(c *Check, p *policy.Policy, path string, f *Finding) string {
	sum := sha256.New()
	h := bufio.NewWriter(sum) // of thousands of short texts
	column := ""
	if f.ColumnIndex != nil {
		column = fmt.Sprint(*f.ColumnIndex)
	}
	field(h, c.Name, fmt.Sprint(c.Version), f.Kind, p.SHA256, path, f.Table, f.Column, column)
	for _, r := range f.Rows {
		field(h, r.Key, r.Value)
	}
	if len(f.Rows) == 0 {
		for _, r := range f.Related {
			field(h, r.Path, r.Column, r.Value)
		}
	}
	h.Flush()
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// field writes strings so that no two lists of them look the same.
func field(h *bufio.Writer, parts ...string) {
	for _, s := range parts {
		b := append(strconv.AppendInt(h.AvailableBuffer(), int64(len(s)), 10), ':')
		h.Write(b)
		h.WriteString(s)
	}
}

// short cuts a text to maxValue bytes, at a character's boundary.
func short(s string) string {
	if len(s) <= maxValue {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.ToValidUTF8(s[:maxValue], "") + "…"
}
