package password_test

import (
	"strings"
	"testing"

	"sallyport/ui/password"
)

func TestVerify(t *testing.T) {
	encoded, err := password.Hash("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	again, err := password.Hash("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if encoded == again {
		t.Error("two hashes of one password are equal: the salt is not fresh")
	}
	tests := []struct {
		name, encoded, password string
		want                    bool
	}{
		{"right", encoded, "correct horse", true},
		{"wrong", encoded, "correct horsf", false},
		{"empty password", encoded, "", false},
		{"too long", encoded, strings.Repeat("a", password.MaxLength+1), false},
		{"no hash", "", "", false},
		{"no hash, some password", "", "x", false},
		{"truncated hash", encoded[:len(encoded)-4], "correct horse", false},
		{"other algorithm", strings.Replace(encoded, "argon2id", "argon2i", 1), "correct horse", false},
		{"absurd memory", strings.Replace(encoded, "m=19456", "m=4000000000", 1), "correct horse", false},
		{"no passes", strings.Replace(encoded, "t=2", "t=0", 1), "correct horse", false},
		{"no lanes", strings.Replace(encoded, "p=1", "p=0", 1), "correct horse", false},
		{"plain text", "correct horse", "correct horse", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := password.Verify(tt.encoded, tt.password); got != tt.want {
				t.Errorf("Verify = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestHashRefuses(t *testing.T) {
	for _, p := range []string{"", strings.Repeat("a", password.MaxLength+1)} {
		if _, err := password.Hash(p); err == nil {
			t.Errorf("Hash accepted %d bytes", len(p))
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA", "x")
	f.Add("$argon2id$v=19$m=-1,t=2,p=1$$", "")
	f.Fuzz(func(t *testing.T, encoded, p string) {
		if len(encoded) < 80 && password.Verify(encoded, p) {
			t.Errorf("%q matches a string too short to be a hash", p)
		}
	})
}
