package signin

import (
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"image/png"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// A code counts for stepSeconds, and one step before and after, for clocks that
// differ (RFC 6238, 5.2).
const (
	stepSeconds = 30
	stepsAround = 1
)

// NewCode is a fresh secret for an authenticator app, and what to show of it
// once.
type NewCode struct {
	Secret string // base32, as it is typed into an app
	Image  string // data: address of a QR code, PNG
}

// MakeCode makes a secret for an account of this service.
func MakeCode(account string) (*NewCode, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Sallyport", AccountName: account, SecretSize: 20})
	if err != nil {
		return nil, err
	}
	return showCode(key)
}

// ShowCode is the secret again, to a person who has yet to confirm it.
func ShowCode(account, secret string) (*NewCode, error) {
	key, err := otp.NewKeyFromURL("otpauth://totp/Sallyport:" + account + "?algorithm=SHA1&digits=6&issuer=Sallyport&period=30&secret=" + secret)
	if err != nil {
		return nil, err
	}
	return showCode(key)
}

func showCode(key *otp.Key) (*NewCode, error) {
	img, err := key.Image(240, 240)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, err
	}
	return &NewCode{key.Secret(), "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())}, nil
}

// CheckCode returns the step that a code belongs to. Steps up to last were taken
// already: each code counts once.
func CheckCode(secret, code string, now time.Time, last int64) (step int64, ok bool) {
	code = strings.Join(strings.Fields(code), "")
	if len(code) != 6 {
		return 0, false
	}
	current := now.Unix() / stepSeconds
	for s := current - stepsAround; s <= current+stepsAround; s++ {
		want, err := totp.GenerateCode(secret, time.Unix(s*stepSeconds, 0))
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && s > last {
			return s, true
		}
	}
	return 0, false
}
