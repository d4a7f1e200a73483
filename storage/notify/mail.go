package notify

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"sallyport/review"
)

// timeout is how long one step of handing a message over may take.
const timeout = 20 * time.Second

// MailOptions say how mail is handed to a server.
type MailOptions struct {
	Host string // of the SMTP server; its certificate must be for this name
	Port int    // 587 when 0, or 465 with ImplicitTLS
	// ImplicitTLS begins with TLS; otherwise STARTTLS is required before anything
	// is said.
	ImplicitTLS bool
	Username    string // no authentication when it is empty
	Password    string
	From        string // "Sallyport <sallyport@example.org>"
	// Roots are the authorities that the server's certificate may come from; the
	// system's when nil.
	Roots *x509.CertPool
	// Timeout is how long each step may take; 20 seconds when it is zero.
	Timeout time.Duration
	Now     review.Clock
}

// Mail sends notices as mail, each in plain text and HTML.
type Mail struct {
	client *gomail.Client
	from   *mail.Address
	domain string
	now    review.Clock
	letter *letter
}

// NewMail prepares a channel; it does not connect.
func NewMail(o MailOptions) (*Mail, error) {
	from, err := mail.ParseAddress(o.From)
	if err != nil {
		return nil, fmt.Errorf("the sender's address %q: %w", o.From, err)
	}
	m := &Mail{from: from, now: o.Now, domain: from.Address[strings.LastIndexByte(from.Address, '@')+1:]}
	if m.letter, err = newLetter(); err != nil {
		return nil, err
	}
	if o.Port == 0 {
		o.Port = 587
		if o.ImplicitTLS {
			o.Port = 465
		}
	}
	secure := &tls.Config{ServerName: o.Host, RootCAs: o.Roots, MinVersion: tls.VersionTLS12}
	options := []gomail.Option{
		gomail.WithPort(o.Port), gomail.WithTimeout(cmp.Or(o.Timeout, timeout)), gomail.WithTLSConfig(secure), gomail.WithHELO(m.domain),
		gomail.WithTLSPolicy(gomail.TLSMandatory),
	}
	if o.ImplicitTLS {
		options = append(options, gomail.WithSSL())
	}
	if o.Username != "" {
		options = append(options, gomail.WithUsername(o.Username), gomail.WithPassword(o.Password), gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover))
	}
	m.client, err = gomail.NewClient(o.Host, options...)
	return m, err
}

// Send mails a notice to its person.
func (m *Mail) Send(ctx context.Context, n review.Notice) error {
	return m.send(ctx, message{To: mail.Address{Name: n.Name, Address: n.Email}, ID: n.ID, Subject: n.Subject, Notice: n})
}

// SendText mails a plain text that is no notice: a checkpoint to its witness. Id
// is the same whenever it is the same text.
func (m *Mail) SendText(ctx context.Context, to, id, subject, text string) error {
	address, err := mail.ParseAddress(to)
	if err != nil {
		return fmt.Errorf("the address %q: %w", to, err)
	}
	return m.send(ctx, message{To: *address, ID: id, Subject: subject, Plain: text})
}

// message is what one mail is made of.
type message struct {
	To          mail.Address
	ID, Subject string
	Plain       string // the whole text, when it is no notice
	Notice      review.Notice
}

func (m *Mail) send(ctx context.Context, what message) error {
	msg, err := m.compose(what)
	if err != nil {
		return err
	}
	// A message that was taken is not sent again because the farewell failed.
	if err := m.client.DialAndSendWithContext(ctx, msg); err != nil && !msg.IsDelivered() {
		return &review.Error{Kind: review.Unavailable, Message: mailTrouble(err), Err: err}
	}
	return nil
}

// compose builds a mail. The library encodes every header, and line breaks are
// taken out before it sees them.
func (m *Mail) compose(what message) (*gomail.Msg, error) {
	to, err := mail.ParseAddress(what.To.Address)
	if err != nil {
		return nil, &review.Error{Kind: review.Invalid, Message: "The person's mail address cannot be used.", Err: err}
	}
	msg := gomail.NewMsg(gomail.WithEncoding(gomail.EncodingQP), gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(m.from)
	msg.ToMailAddress(&mail.Address{Name: headerLine(what.To.Name), Address: to.Address})
	msg.Subject(headerLine(what.Subject))
	msg.SetMessageIDWithValue(idPart(what.ID) + "@" + m.domain)
	msg.SetDateWithValue(m.now())
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	if what.Plain != "" {
		msg.SetBodyString(gomail.TypeTextPlain, what.Plain)
		return msg, nil
	}
	text, page, err := m.letter.write(what.Notice)
	if err != nil {
		return nil, err
	}
	msg.SetBodyString(gomail.TypeTextPlain, text)
	msg.AddAlternativeString(gomail.TypeTextHTML, page)
	return msg, nil
}

// headerLine makes one line of a header's text.
func headerLine(s string) string {
	return words(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }), " "))
}

// idPart keeps what may stand before the @ of a Message-ID.
func idPart(id string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z') {
			return r
		}
		return '_'
	}, id)
}

// mailTrouble says in plain words what the server did, for an operator.
func mailTrouble(err error) string {
	var refused *gomail.SendError
	var certificate *tls.CertificateVerificationError
	var slow net.Error
	switch {
	case errors.As(err, &certificate):
		return "The mail server's certificate is not one that is trusted."
	case errors.As(err, &refused) && refused.ErrorCode() >= 500:
		return fmt.Sprintf("The mail server refused the message (%d).", refused.ErrorCode())
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &slow) && slow.Timeout():
		return "The mail server did not answer in time."
	}
	return "The mail server could not be reached, or did not take the message."
}
