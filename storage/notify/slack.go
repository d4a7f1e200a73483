package notify

import (
	"context"
	"net/http"
	"strings"

	"sallyport/review"
)

// Slack posts notices to an incoming webhook of Slack, or of a service that
// takes the same: the address is the secret.
type Slack struct{ to *poster }

// NewSlack prepares a channel.
func NewSlack(e Endpoint) (*Slack, error) {
	to, err := newPoster(e)
	if err != nil {
		return nil, err
	}
	return &Slack{to}, nil
}

// Send posts a notice as text.
func (s *Slack) Send(ctx context.Context, n review.Notice) error {
	lines := []string{"*" + escape(words(n.Subject)) + "*", escape(words(n.Text))}
	for _, fact := range []struct{ label, value string }{{"Project", n.Project}, {"Requester", n.Requester}, {"Purpose", n.Purpose}} {
		if fact.value != "" {
			lines = append(lines, fact.label+": "+escape(words(fact.value)))
		}
	}
	if n.Link != "" {
		lines = append(lines, "<"+n.Link+"|Look at it>")
	}
	_, err := s.to.postJSON(ctx, map[string]any{"text": strings.Join(lines, "\n"), "unfurl_links": false, "unfurl_media": false}, http.Header{})
	return err
}

// escape leaves nothing in a text that Slack reads as a link, a mention or a
// style: three characters by its own rule, and a word joiner after those that
// style or name somebody.
func escape(s string) string {
	const joiner = "\u2060"
	return strings.NewReplacer(
		"&", "&amp;", "<", "&lt;", ">", "&gt;",
		"*", "*"+joiner, "_", "_"+joiner, "~", "~"+joiner, "`", "`"+joiner, "@", "@"+joiner, "://", ":"+joiner+"//",
	).Replace(s)
}
