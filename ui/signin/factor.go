package signin

import (
	"slices"
	"time"

	"sallyport/review"
)

// A Factor is which second factor was shown.
type Factor string

const (
	FactorNone     Factor = ""
	FactorCode     Factor = "code"     // of an authenticator app
	FactorRecovery Factor = "recovery" // a recovery code, which is used up
)

// CodePurpose is what the secret of somebody's authenticator app is sealed for.
func CodePurpose(name review.Username) string { return "code " + string(name) }

// TakeCode takes a code of the app or a recovery code out of what somebody signs
// in with, once, and says which it was. An error is about the app's secret, which
// cannot be opened; recovery codes are tried all the same.
func TakeCode(cred *review.Credentials, sealer *Sealer, code string, now time.Time) (Factor, error) {
	if len(code) > 100 {
		return FactorNone, nil
	}
	var err error
	if cred.Code != nil && sealer != nil {
		var secret []byte
		if secret, err = sealer.Open(cred.Code.Secret, CodePurpose(cred.Person)); err == nil {
			if step, ok := CheckCode(string(secret), code, now, cred.Code.Step); ok {
				cred.Code.Step = step
				return FactorCode, ResealCode(cred, sealer)
			}
		}
	}
	if i := slices.Index(cred.Recovery, RecoveryHash(code)); i >= 0 {
		cred.Recovery = slices.Delete(cred.Recovery, i, i+1)
		return FactorRecovery, err
	}
	return FactorNone, err
}

// ResealCode seals the secret of somebody's app with the newest key, if an earlier
// one sealed it.
func ResealCode(cred *review.Credentials, sealer *Sealer) (err error) {
	if cred.Code == nil {
		return nil
	}
	secret, err := sealer.Reseal(cred.Code.Secret, CodePurpose(cred.Person))
	if err == nil {
		cred.Code.Secret = secret
	}
	return err
}
