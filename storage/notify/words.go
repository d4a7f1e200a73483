package notify

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"sallyport/review"
)

// words makes what people wrote fit to be read by others: characters that turn
// the direction of a line, that are not seen, or that tell a terminal what to do
// are written as escapes, as the pages show them.
func words(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, unseen) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unseen(r):
			fmt.Fprintf(&b, `\u{%04x}`, r)
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

func unseen(r rune) bool { return r != ' ' && r != '\n' && r != '\t' && !unicode.IsPrint(r) }

// inWords is a notice whose texts are words.
func inWords(n review.Notice) review.Notice {
	for _, text := range []*string{&n.Name, &n.Project, &n.Requester, &n.Purpose, &n.Subject, &n.Text} {
		*text = words(*text)
	}
	n.Workspace = review.WorkspaceName(words(string(n.Workspace)))
	items := make([]review.Notice, len(n.Items))
	for i := range n.Items {
		items[i] = inWords(n.Items[i])
	}
	n.Items = items
	return n
}
