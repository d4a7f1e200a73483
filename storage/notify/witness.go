package notify

import (
	"context"
	"fmt"
	"strings"

	"sallyport/review"
)

// Witness mails checkpoints to somebody who keeps them. The text of each mail is
// the signed note and nothing else.
type Witness struct {
	Mail *Mail
	To   string // an address, with or without a name
}

var _ review.Witness = Witness{}

// Observe mails a note. Sent twice it is the same message, by its Message-ID.
func (w Witness) Observe(ctx context.Context, size int64, signed []byte) error {
	log, _, _ := strings.Cut(string(signed), "\n")
	return w.Mail.SendText(ctx, w.To, fmt.Sprintf("%s.checkpoint-%d", log, size), fmt.Sprintf("Checkpoint of %s: %d events", log, size), string(signed))
}
