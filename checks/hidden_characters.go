package checks

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"

	"sallyport/policy"
)

var hiddenCharacters = Check{
	Name: "hidden-characters", Version: 1, Title: "Hidden characters",
	Doc: "Some characters do not show, and some change the order in which others are read. What a person approves is then not what the file says. " +
		"They usually come from copying out of a web page or a word processor.",
	Source:  "Unicode Technical Report 36, Unicode security considerations: bidirectional text and invisible characters.",
	Example: "A right-to-left override (U+202E) in a label: noted. An accented letter or a non-breaking space: not.",
	FixR: `hidden <- "[\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff]"
df <- df |> mutate(comment = stringr::str_remove_all(comment, hidden))`,
	FixPy: `hidden = "[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
df["comment"] = df["comment"].str.replace(hidden, "", regex=True)`,
	Kinds: []Kind{
		{"bidi", policy.Note, "characters that change the direction of reading"},
		{"invisible", policy.Note, "characters of no width"},
		{"control", policy.Note, "control characters, such as those that colour a terminal"},
		{"name", policy.Warn, "the file's own name holds such a character"},
	},
	File: checkHidden,
}

// hiddenKind classifies a character; "" for one that shows, or that may be there.
func hiddenKind(r rune) string {
	switch {
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0x200E, r == 0x200F, r == 0x061C:
		return "bidi"
	case r >= 0x200B && r <= 0x200D, r >= 0x2060 && r <= 0x2065, r >= 0x206A && r <= 0x206F, r == 0xFEFF, r == 0x180E,
		r == 0x115F, r == 0x1160, r == 0x3164, r == 0xFFA0, r >= 0xE0000 && r <= 0xE007F:
		return "invisible"
	case r < 0x20 && r != '\t' && r != '\n' && r != '\r' && r != '\f', r == 0x7F, r >= 0x80 && r <= 0x9F:
		return "control"
	}
	return ""
}

func checkHidden(p *Pass) error {
	for _, r := range p.Doc.Path {
		if k := hiddenKind(r); k != "" {
			p.Report(Finding{Kind: "name", Message: fmt.Sprintf("The file's name holds a hidden character, U+%04X.", r)})
			break
		}
	}
	switch p.Doc.Type {
	case TypeText, TypeJSON, TypeHTML, TypeSVG:
	default:
		return nil
	}
	found := map[string]*Finding{}
	data := bytes.TrimPrefix(p.Doc.Data, []byte("\xef\xbb\xbf"))
	if utf8.Valid(data) {
		scanHidden(data, found)
	}
	if p.Doc.Type == TypeJSON || p.Doc.Type == TypeHTML {
		escapedHidden(p, found) // "\u202e" is written in letters that show
	}
	for _, kind := range []string{"bidi", "invisible", "control"} {
		f := found[kind]
		if f == nil {
			continue
		}
		seen := f.Evidence["characters"].([]string)
		f.Message = fmt.Sprintf("%s with hidden characters: %s.", counted(len(f.Rows), "place"), strings.Join(seen, ", "))
		p.Report(*f)
	}
	return nil
}

// scanHidden looks at every line once. Plain ASCII is passed over quickly.
func scanHidden(data []byte, found map[string]*Finding) {
	line := 1
	for i := 0; i < len(data); {
		if i+8 <= len(data) && printable(binary.LittleEndian.Uint64(data[i:])) {
			i += 8
			continue
		}
		c := data[i]
		if c == '\n' {
			line++
		}
		if c >= 0x20 && c < 0x7F || c == '\n' || c == '\t' || c == '\r' {
			i++
			continue
		}
		r, n := utf8.DecodeRune(data[i:])
		if kind := hiddenKind(r); kind != "" {
			addHidden(found, kind, r, Row{Line: line})
		}
		i += n
	}
}

// printable says of eight bytes at once that each is a printable ASCII character,
// 0x20 to 0x7E: neither taking 0x20 away nor adding 1 touches its top bit.
func printable(x uint64) bool {
	const each = 0x0101010101010101
	return ((x-0x20*each)|(x+each)|x)&(0x80*each) == 0
}

// escapedHidden looks at cells whose characters the file does not write as such.
func escapedHidden(p *Pass, found map[string]*Finding) {
	if len(found) > 0 {
		return
	}
	for _, t := range p.Doc.Tables {
		for _, c := range t.Columns {
			for i := range c.Cells {
				for _, r := range c.Cells[i].Raw {
					if kind := hiddenKind(r); r > 0x7F && kind != "" {
						addHidden(found, kind, r, Row{Line: t.Line(c.Row(i)), Row: Int(c.Row(i))})
					}
				}
			}
		}
	}
}

// addHidden keeps one row per line and names each character once.
func addHidden(found map[string]*Finding, kind string, r rune, at Row) {
	f := found[kind]
	if f == nil {
		f = &Finding{Kind: kind, Evidence: map[string]any{"characters": []string{}}}
		found[kind] = f
	}
	name := fmt.Sprintf("U+%04X", r)
	if n := len(f.Rows); n == 0 || f.Rows[n-1].Line != at.Line {
		at.Value = name
		f.Rows = append(f.Rows, at)
	}
	seen := f.Evidence["characters"].([]string)
	for _, s := range seen {
		if s == name {
			return
		}
	}
	if len(seen) < 20 {
		f.Evidence["characters"] = append(seen, name)
	}
}
