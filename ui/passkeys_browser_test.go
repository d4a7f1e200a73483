package ui

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	lib "github.com/go-webauthn/webauthn/webauthn"

	"sallyport/checks/browsertest"
	"sallyport/review"
)

// waitFor waits until the page is at a path.
func (b *browserTab) waitFor(path string) {
	b.t.Helper()
	for range 100 {
		if evaluate[string](b, `location.pathname`) == path {
			b.do(chromedp.WaitReady("#maincontent"))
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Fatalf("the browser is at %s, want %s:\n%s", evaluate[string](b, `location.pathname`), path, evaluate[string](b, `document.body.innerText`))
}

// device gives the tab a device that checks its user.
func (b *browserTab) device() {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		b.t.Fatal(err)
	}
	_, err := chromedp.Call(b.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// A passkey is added, signs in, confirms, and is refused once its counter goes
// back; and every page of accounts is looked at on the way.
func TestPasskeysInBrowser(t *testing.T) {
	script := axe(t)
	s := realSite(t)
	if !s.ui.AssetsBuilt() {
		t.Skip("style and script are not built: run npm run build in ui")
	}
	address, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	s.url = "http://localhost:" + address.Port() // passkeys belong to names
	if s.ui.passkeys, err = newPasskeys(s.url); err != nil || s.ui.passkeys == nil {
		t.Fatal(err)
	}
	first := browsertest.Start(t)
	b := &browserTab{t, first, s}
	b.open("/sign-in")
	b.device()
	b.do(chromedp.SendKeys("#username", "carl"), chromedp.SendKeys("#password", "open sesame"), chromedp.Click("#sign-in"))
	b.waitFor("/account")
	for _, width := range []int64{390, 1440} {
		b.look(script, "account-must-enrol", "/account", width)
		b.look(script, "passkeys", "/account/passkeys", width)
		b.look(script, "code-app", "/account/code", width)
		b.look(script, "new-password", "/account/password", width)
	}
	b.open("/account/code")
	if width := evaluate[int](b, `document.getElementById('qr').naturalWidth`); width != 240 {
		t.Errorf("the QR code is %d pixels wide", width)
	}
	b.open("/account/passkeys")
	b.do(chromedp.SendKeys("#passkey-name", "Work laptop"), chromedp.Click("#add-passkey"))
	b.waitFor("/account")
	if text := evaluate[string](b, `document.body.innerText`); !strings.Contains(text, "Work laptop") || !strings.Contains(text, "The passkey is added") {
		t.Fatalf("the passkey is not shown:\n%s", text)
	}
	b.do(chromedp.Click("#make-recovery"), chromedp.WaitReady("#recovery-codes"))
	for _, width := range []int64{390, 1440} {
		b.look(script, "account", "/account", width)
		b.look(script, "passkeys-one", "/account/passkeys", width)
	}
	signIn := func(then string) {
		t.Helper()
		// Another tab shows a page of the person's: it does not stay open.
		other, closeTab := chromedp.NewContext(b.ctx)
		defer closeTab()
		second := &browserTab{t, other, s}
		second.do(chromedp.Navigate(s.url+"/account"), chromedp.WaitReady("#signed-in-as"))
		b.do(chromedp.Click("#sign-out"))
		b.waitFor("/sign-in")
		second.do(chromedp.WaitReady("#sign-in"))
		b.do(chromedp.Click("#passkey-sign-in"))
		b.waitFor(then)
	}
	signIn("/queue")
	s.Advance(6 * time.Minute)
	b.open("/account/passkeys")
	b.waitFor("/confirm")
	for _, width := range []int64{390, 1440} {
		b.look(script, "confirm-who", "/confirm", width)
	}
	b.do(chromedp.Click("#passkey-confirm"))
	b.waitFor("/account/passkeys")

	// The code and the recovery codes stand in for the device.
	b.do(chromedp.Click("#sign-out"))
	b.waitFor("/sign-in")
	b.do(chromedp.SendKeys("#username", "carl"), chromedp.SendKeys("#password", "open sesame"), chromedp.Click("#sign-in"))
	b.waitFor("/sign-in/code")
	for _, width := range []int64{390, 1440} {
		b.look(script, "second-factor", "/sign-in/code", width)
	}
	b.do(chromedp.Click("#passkey-sign-in"))
	b.waitFor("/queue")

	err = s.ui.options.Accounts.UpdateCredentials(context.Background(), "carl", func(cred *review.Credentials) ([]review.Event, error) {
		var record lib.Credential
		if err := json.Unmarshal(cred.Passkeys[0].Record, &record); err != nil {
			return nil, err
		}
		record.Authenticator.SignCount += 1000
		cred.Passkeys[0].Record, _ = json.Marshal(record)
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Click("#sign-out"))
	b.waitFor("/sign-in")
	b.do(chromedp.Click("#passkey-sign-in"))
	for range 50 {
		if strings.Contains(evaluate[string](b, `document.body.innerText`), passkeyNotTaken) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("a device whose counter went back is not refused")
}

// The pages of an operator, and of whoever confirms or chooses a password.
func TestAccountPagesInBrowser(t *testing.T) {
	script := axe(t)
	s := newSite(t)
	if !s.ui.AssetsBuilt() {
		t.Skip("style and script are not built: run npm run build in ui")
	}
	first := browsertest.Start(t)
	b := &browserTab{t, first, s}
	b.open("/sign-in")
	b.do(chromedp.Click("#demo-ops"), chromedp.WaitReady("#signed-in-as"))
	s.as(t, "ann") // has a session to show
	for _, width := range []int64{390, 1440} {
		b.look(script, "people", "/people", width)
		b.look(script, "person", "/people/ann", width)
		b.look(script, "account-demo", "/account", width)
	}
	s.Advance(6 * time.Minute)
	b.open("/people/ann")
	b.do(chromedp.Click("#invite"), chromedp.WaitReady("#confirm-who"))
	for _, width := range []int64{390, 1440} {
		b.look(script, "confirm-who-demo", "/confirm", width)
	}
	b.do(chromedp.Click("#confirm-who"), chromedp.WaitReady("#resume"))
	for _, width := range []int64{390, 1440} {
		b.look(script, "resume", "/confirm/go", width)
	}
	b.do(chromedp.Click("#resume"), chromedp.WaitReady("#invitation-link"))
	link := evaluate[string](b, `document.getElementById('invitation-link').innerText`)
	browsertest.Screenshot(t, b.ctx, "invitation-made")
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	for _, width := range []int64{390, 1440} {
		b.look(script, "invitation", u.Path, width)
	}
}
