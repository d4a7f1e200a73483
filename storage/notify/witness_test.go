package notify_test

import (
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"

	"sallyport/review/ledger"
	"sallyport/storage/notify"
)

// What a mailed witness receives is the note itself, which the public key proves.
func TestWitness(t *testing.T) {
	b := newMailbox(t, false, "127.0.0.1")
	signer, err := ledger.OpenSigner(t.TempDir() + "/keys")
	if err != nil {
		t.Fatal(err)
	}
	c, err := signer.Issue(7, ledger.Hash{1}, at())
	if err != nil {
		t.Fatal(err)
	}
	w := notify.Witness{Mail: mailer(t, b, nil), To: "Audit <audit@example.org>"}
	if err := w.Observe(t.Context(), c.Size, c.Note); err != nil {
		t.Fatal(err)
	}
	mail := b.only()
	msg := mail.parse(t)
	body, err := io.ReadAll(quotedprintable.NewReader(msg.Body))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ledger.ParseKeys(signer.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	text := strings.TrimRight(strings.ReplaceAll(string(body), "\r\n", "\n"), "\n") + "\n"
	if got, err := keys.Checkpoint([]byte(text)); err != nil || got.Size != 7 || got.Root != c.Root {
		t.Errorf("the mail holds %q: %+v, %v", text, got, err)
	}
	if mail.to != "audit@example.org" || !mail.secure || msg.Header.Get("Message-Id") != "<"+signer.Name()+".checkpoint-7@example.org>" {
		t.Errorf("to %s, secure %v, %v", mail.to, mail.secure, msg.Header)
	}
	b.refuse = io.ErrUnexpectedEOF
	if err := w.Observe(t.Context(), c.Size, c.Note); err == nil {
		t.Error("a mail that was refused is no error")
	}
}
