// Package hostile holds the texts that tests give to whatever shows or carries
// what people write: pages, tables, mails, log lines, headers, names in a
// package, a terminal. Each has been used against some reader of text. It is for
// tests alone.
package hostile

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Strings lists the texts. Each is meant to be a name, a title or a comment.
func Strings() []string {
	return []string{
		// markup and script
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'><svg onload=alert(1)>`, `</title><script>alert(1)</script>`, `</textarea><script>alert(1)</script>`,
		`<iframe srcdoc="<script>alert(1)</script>">`, `<a href="javascript:alert(1)">x</a>`, `[x](javascript:alert(1))`, `![x](https://evil.example/x.png)`, `<!--`, `]]>`, `&lt;b&gt;`, `{{.}}`, `{{template "layout"}}`, `${7*7}`, "`id`",
		`<hx-partial hx-get="/">`, `" hx-on:click="alert(1)`, `<base href=//evil.example>`, `<meta http-equiv=refresh content=0;url=//evil.example>`, `javascript:alert(1)`, `//evil.example`, `https://evil.example@sallyport.example/`,
		// spreadsheets
		`=1+1`, `+1`, `-1+cmd|' /C calc'!A0`, `@SUM(1)`, "\t=1", "\r=1", " =1", `=HYPERLINK("http://evil.example","x")`, "＝1", `a",=1`, "_x003D_1", `007`, `1e5`,
		// lines, headers, records
		"a\r\nSet-Cookie: a=b", "a\nBcc: mallory@evil.example", "a\r\n\r\n<html>", "a\u2028b\u2029c", "a\vb\fc\u0085d", `a","level":"ERROR`, `level=ERROR msg="x"`, "a\nlevel=ERROR msg=x", "a;b=c", `a"; filename="b.exe`, `=?utf-8?b?PHNjcmlwdD4=?=`,
		// terminals
		"\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b]8;;https://evil.example\x07x\x1b]8;;\x07", "\x9b31mred", "a\bb", "a\rb", "\x1b[2J\x1b[H", "\x1bP+q\x1b\\", "\x7f",
		// direction, what is not seen, what looks like something else
		"\u202egpj.exe", "a\u2066b\u2069", "a\u200bb", "a\u200eb\u200f", "\ufeffa", "a\u00adb", "pаypal", "ﬁle", "e\u0301", "🙂", "\U000e0041", "a\u034fb", "a\u3164b",
		// no text, or too much
		"a\x00b", "a\xffb", "\xed\xa0\x80", "\ufffe", "a\ufffdb", "%00%0d%0a", "%0A", "%25", `\u202e`, strings.Repeat("a", 300), strings.Repeat("\u0301", 100), "",
		// paths
		`../../etc/passwd`, `..\..\x`, `C:\x`, `/etc/passwd`, `CON`, `a/./b`, `.`, `..`, `~root`, `-rf`, `a:b`, `NUL.txt`, `a.csv `, `a.csv.`, `%2e%2e%2f`,
		// databases
		`' OR 1=1 --`, `"; DROP TABLE requests; --`, `%_`, `\`, `'`, `"`,
	}
}

// Raw returns the first rune of a shown text that a reader cannot see as what it
// is: a control character other than a line break or a tab, a direction
// override, something invisible, a broken byte. "" when all can be seen.
func Raw(shown string) string {
	for i, r := range shown {
		switch {
		case r == '\n' || r == '\t' || r == '\u00a0':
		case r == utf8.RuneError && !strings.HasPrefix(shown[i:], "\ufffd"):
			return "a broken byte"
		case unicode.IsControl(r), unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp), unicode.Is(unicode.Cf, r):
			return string([]rune{r})
		}
	}
	return ""
}
