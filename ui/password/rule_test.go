package password_test

import (
	"strings"
	"testing"
	"time"

	"sallyport/ui/password"
)

func TestWeakness(t *testing.T) {
	for pass, good := range map[string]bool{
		"":                                    false,
		"Xk2!vQ9":                             false, // too short
		"password1234":                        false,
		"passwordpassword":                    false,
		"qwertyuiop123":                       false,
		"aaaaaaaaaaaaaaaa":                    false,
		"sallyportsallyport":                  false,
		"annexample1990":                      false, // of the person
		"lantern gravel otter pickle":         true,
		"čtyři žluté kachny":                  true,
		"Vt7-mq2P-ww9x":                       true,
		strings.Repeat("x", 2000):             false,
		strings.Repeat("lantern gravel ", 60): true,
	} {
		got := password.Weakness(pass, "ann", "Ann Example", "annexample@example.org", "annexample")
		if (got == "") != good {
			t.Errorf("%.30q: %q", pass, got)
		}
	}
}

// A long password is judged as fast as any other.
func TestWeaknessIsBounded(t *testing.T) {
	start := time.Now()
	password.Weakness(strings.Repeat("ab1!", 250))
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestOutdated(t *testing.T) {
	now, err := password.Hash("lantern gravel otter")
	if err != nil {
		t.Fatal(err)
	}
	for encoded, want := range map[string]bool{
		now: false, strings.Replace(now, "m=19456", "m=8192", 1): true, strings.Replace(now, "t=2", "t=1", 1): true, "": false, "x": false,
	} {
		if got := password.Outdated(encoded); got != want {
			t.Errorf("%q: %v", encoded, got)
		}
	}
}
