package notify_test

import (
	"bufio"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"sallyport/checks/hostile"
	"sallyport/review"
	"sallyport/storage/notify"
)

func at() time.Time { return time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC) }

// returned is a notice with everything that one may hold.
func returned() review.Notice {
	return review.Notice{
		ID: "4f1c.mail", Kind: review.NoticeReturned, To: review.ToAuthor, Person: "ann", Name: "Ann Ölçer", Email: "ann@example.org", At: at(),
		Request: "R1", Workspace: "cohort", Project: "A study", Requester: "Ann Ölçer", Author: "ann", Actor: "carl",
		Purpose: "for the paper", Subject: "Your release request came back to you", Text: "Read why, and submit it again.",
		Path: "/requests/R1", Link: "https://sallyport.example.org/requests/R1",
	}
}

func mailer(t *testing.T, b *mailbox, change func(*notify.MailOptions)) *notify.Mail {
	t.Helper()
	o := notify.MailOptions{Host: "127.0.0.1", Port: b.port, From: "Sallyport <sallyport@example.org>", Roots: b.roots, Now: at}
	if change != nil {
		change(&o)
	}
	m, err := notify.NewMail(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// parts are the bodies of a multipart mail by media type.
func parts(t *testing.T, r received) map[string]string {
	t.Helper()
	m := r.parse(t)
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("a %s, %v", kind, err)
	}
	out := map[string]string{}
	for mr := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := mr.NextRawPart()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		media, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		out[media] = string(body)
	}
}

// A mail arrives over TLS, signed in, whole and readable.
func TestMailArrives(t *testing.T) {
	for name, implicit := range map[string]bool{"STARTTLS": false, "TLS from the start": true} {
		t.Run(name, func(t *testing.T) {
			b := newMailbox(t, implicit, "127.0.0.1")
			m := mailer(t, b, func(o *notify.MailOptions) {
				o.ImplicitTLS, o.Username, o.Password = implicit, "sallyport", "open sesame"
			})
			if err := m.Send(t.Context(), returned()); err != nil {
				t.Fatal(err)
			}
			got := b.only()
			if !got.secure || got.user != "sallyport" || got.from != "sallyport@example.org" || got.to != "ann@example.org" {
				t.Errorf("%+v", got)
			}
			h := got.parse(t).Header
			to, err := h.AddressList("To")
			if err != nil || len(to) != 1 || to[0].Name != "Ann Ölçer" || to[0].Address != "ann@example.org" {
				t.Errorf("to %v, %v", to, err)
			}
			if date, err := h.Date(); err != nil || !date.Equal(at()) {
				t.Errorf("date %v, %v", date, err)
			}
			for key, want := range map[string]string{
				"Subject": "Your release request came back to you", "Message-Id": "<4f1c.mail@example.org>", "Auto-Submitted": "auto-generated",
			} {
				if got := h.Get(key); got != want {
					t.Errorf("%s: %q, want %q", key, got, want)
				}
			}
			for media, body := range parts(t, got) {
				for _, want := range []string{"Read why, and submit it again.", "A study", "Ann Ölçer", "for the paper", "https://sallyport.example.org/requests/R1", "https://sallyport.example.org/notifications"} {
					if !strings.Contains(body, want) {
						t.Errorf("%s lacks %q:\n%s", media, want, body)
					}
				}
			}
		})
	}
}

// Every hostile text goes through as a word: no header of its own, nothing that
// cannot be seen, no markup.
func TestEveryHostileWord(t *testing.T) {
	for _, text := range hostile.Strings() {
		b := newMailbox(t, false, "127.0.0.1")
		n := returned()
		n.Name, n.Subject, n.Project, n.Requester, n.Purpose = text, text, text, text, text
		if err := mailer(t, b, nil).Send(t.Context(), n); err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got := b.only()
		h := got.parse(t).Header
		subject, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
		if err != nil || hostile.Raw(subject) != "" || strings.ContainsAny(subject, "\n") {
			t.Errorf("%q: the subject is %q, %v", text, subject, err)
		}
		if to, err := h.AddressList("To"); err != nil || len(to) != 1 || hostile.Raw(to[0].Name) != "" || to[0].Address != "ann@example.org" || h.Get("Set-Cookie")+h.Get("Bcc") != "" {
			t.Errorf("%q: to %v, %v, %v", text, to, err, h)
		}
		for media, body := range parts(t, got) {
			if raw := hostile.Raw(strings.ReplaceAll(body, "\r\n", "\n")); raw != "" {
				t.Errorf("%q: the %s holds %q", text, media, raw)
			}
			if media == "text/html" && (strings.Contains(body, "<script") || strings.Contains(body, "<img") || strings.Contains(body, "<iframe")) {
				t.Errorf("%q: markup got through", text)
			}
		}
	}
}

// What people wrote cannot make a header, a second recipient or markup.
func TestHostileWordsStayWords(t *testing.T) {
	b := newMailbox(t, false, "127.0.0.1")
	m := mailer(t, b, nil)
	n := returned()
	evil := "x\r\nBcc: mallory@example.org\r\n\r\n<script>alert(1)</script>"
	n.Name, n.Subject, n.Project, n.Requester, n.Purpose = evil, evil, evil, evil, evil
	n.ID = "a>\r\nBcc: mallory@example.org"
	if err := m.Send(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	got := b.only()
	h := got.parse(t).Header
	if got.to != "ann@example.org" || h.Get("Bcc") != "" {
		t.Errorf("%s:\n%s", got.to, got.raw)
	}
	for key := range h {
		switch key {
		case "From", "To", "Subject", "Date", "Message-Id", "Mime-Version", "Content-Type", "User-Agent", "X-Mailer", "Auto-Submitted", "X-Auto-Response-Suppress", "Received":
		default:
			t.Errorf("a header %q", key)
		}
	}
	if page := parts(t, got)["text/html"]; strings.Contains(page, "<script") {
		t.Errorf("markup got through:\n%s", page)
	}
	n = returned()
	for _, address := range []string{"", "nobody", "a@b\r\nRCPT TO:<c@d>", "a@example.org, b@example.org"} {
		n.Email = address
		if err := m.Send(t.Context(), n); review.KindOf(err) != review.Invalid {
			t.Errorf("to %q: %v", address, err)
		}
	}
	if len(b.all()) != 1 {
		t.Error("something was sent to an address that is none")
	}
}

// The same notice again is the same message.
func TestARepeatIsRecognisable(t *testing.T) {
	b := newMailbox(t, false, "127.0.0.1")
	m := mailer(t, b, nil)
	for range 2 {
		if err := m.Send(t.Context(), returned()); err != nil {
			t.Fatal(err)
		}
	}
	list := b.all()
	if one, two := list[0].parse(t).Header.Get("Message-Id"), list[1].parse(t).Header.Get("Message-Id"); one != two {
		t.Errorf("%s and %s", one, two)
	}
}

// Nothing is said to a server that cannot be trusted, and what went wrong is in
// words without addresses or passwords.
func TestMailThatDoesNotLeave(t *testing.T) {
	good := newMailbox(t, false, "127.0.0.1")
	other := newMailbox(t, false, "other.example.org")
	refusing := newMailbox(t, false, "127.0.0.1")
	refusing.refuse = &smtp.SMTPError{Code: 550, Message: "no such user ann@example.org"}
	plain := plainServer(t)
	for name, tt := range map[string]struct {
		box    *mailbox
		change func(*notify.MailOptions)
		want   string
	}{
		"another's certificate": {other, nil, "certificate"},
		"an unknown authority":  {good, func(o *notify.MailOptions) { o.Roots = other.roots }, "certificate"},
		"no TLS offered":        {plain, nil, "could not be reached, or did not take"},
		"a wrong password":      {good, func(o *notify.MailOptions) { o.Username, o.Password = "sallyport", "hunter2" }, "could not be reached, or did not take"},
		"a refused recipient":   {refusing, nil, "refused the message (550)"},
		"nobody listens":        {good, func(o *notify.MailOptions) { o.Port = 1 }, "could not be reached"},
		"TLS where it is not":   {good, func(o *notify.MailOptions) { o.ImplicitTLS = true }, "could not be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			err := mailer(t, tt.box, tt.change).Send(t.Context(), returned())
			if review.KindOf(err) != review.Unavailable || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			for _, secret := range []string{"hunter2", "ann@example.org"} {
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("%q tells %q", err, secret)
				}
			}
		})
	}
	if n := len(good.all()) + len(other.all()) + len(refusing.all()); n > 0 {
		t.Errorf("%d mails left", n)
	}
}

// plainServer speaks SMTP and offers no TLS; it fails the test when it is told
// anything of a mail.
func plainServer(t *testing.T) *mailbox {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(c, "220 plain\r\n")
			for lines := bufio.NewScanner(c); lines.Scan(); {
				line := strings.ToUpper(lines.Text())
				if strings.HasPrefix(line, "MAIL") || strings.HasPrefix(line, "AUTH") {
					t.Errorf("a plain server was told %q", line)
				}
				fmt.Fprint(c, "250 ok\r\n")
			}
			_ = c.Close()
		}
	}()
	return &mailbox{t: t, port: l.Addr().(*net.TCPAddr).Port}
}

// A server that accepts and never answers costs a bounded time.
func TestASilentServerIsLeft(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b := &mailbox{t: t, port: l.Addr().(*net.TCPAddr).Port}
	m := mailer(t, b, func(o *notify.MailOptions) { o.Timeout = 300 * time.Millisecond })
	if err := m.Send(t.Context(), returned()); err == nil || !strings.Contains(err.Error(), "in time") {
		t.Errorf("%v", err)
	}
}

// A digest lists its notices.
func TestDigest(t *testing.T) {
	b := newMailbox(t, false, "127.0.0.1")
	n := returned()
	n.Items = []review.Notice{returned(), returned()}
	n.Items[1].Subject, n.Items[1].Link = "Another", "https://sallyport.example.org/requests/R2"
	if err := mailer(t, b, nil).Send(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	for media, body := range parts(t, b.only()) {
		for _, want := range []string{"came back to you", "Another", "/requests/R1", "/requests/R2"} {
			if !strings.Contains(body, want) {
				t.Errorf("%s lacks %q", media, want)
			}
		}
	}
}

// A text that is no notice: what a witness is sent.
func TestSendText(t *testing.T) {
	b := newMailbox(t, false, "127.0.0.1")
	m := mailer(t, b, nil)
	if err := m.SendText(t.Context(), "Witness <witness@example.org>", "checkpoint-7", "Checkpoint 7", "line one\n— key AAA=\n"); err != nil {
		t.Fatal(err)
	}
	msg := b.only().parse(t)
	body, err := io.ReadAll(quotedprintable.NewReader(msg.Body))
	if err != nil || !strings.Contains(string(body), "— key AAA=") || msg.Header.Get("Message-Id") != "<checkpoint-7@example.org>" {
		t.Errorf("%v %s", err, body)
	}
	if err := m.SendText(t.Context(), "nobody", "x", "y", "z"); err == nil {
		t.Error("an address that is none was taken")
	}
}
