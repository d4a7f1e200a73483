package ledger_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"sallyport/review/ledger"
)

func TestSigner(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	s, err := ledger.OpenSigner(dir)
	must(t, err)
	msg, err := s.Sign([]byte("some text\n"))
	must(t, err)
	v, err := note.NewVerifier(s.PublicKey())
	must(t, err)
	n, err := note.Open(msg, note.VerifierList(v))
	if err != nil || n.Text != "some text\n" {
		t.Errorf("the note says %q, %v", n.Text, err)
	}
	again, err := ledger.OpenSigner(dir)
	must(t, err)
	if again.PublicKey() != s.PublicKey() || again.Name() != s.Name() {
		t.Error("opened again, it is another key")
	}
	for name, mode := range map[string]os.FileMode{".": 0o700, ledger.KeyFile: 0o600, ledger.PublicFile: 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		if info.Mode().Perm() != mode {
			t.Errorf("%s has mode %o, want %o", name, info.Mode().Perm(), mode)
		}
	}
}

// TestSignerRefuses what says that somebody has been there.
func TestSignerRefuses(t *testing.T) {
	for name, spoil := range map[string]func(dir, key, pub string) error{
		"a key others can read":     func(_, key, _ string) error { return os.Chmod(key, 0o640) },
		"a key others can write":    func(_, key, _ string) error { return os.Chmod(key, 0o602) },
		"a folder others can enter": func(dir, _, _ string) error { return os.Chmod(dir, 0o750) },
		"a key that is gone":        func(_, key, _ string) error { return os.Remove(key) },
		"a key that is none":        func(_, key, _ string) error { return os.WriteFile(key, []byte("secret words"), 0o600) },
		"a key that is empty":       func(_, key, _ string) error { return os.Truncate(key, 0) },
		"a public half of another":  func(_, _, pub string) error { return os.WriteFile(pub, []byte("x+00000000+AA==\n"), 0o644) },
		"a link where the key should be": func(dir, key, _ string) error {
			if err := os.Rename(key, dir+"/../elsewhere"); err != nil {
				return err
			}
			return os.Symlink("../elsewhere", key)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "keys")
			_, err := ledger.OpenSigner(dir)
			must(t, err)
			must(t, spoil(dir, filepath.Join(dir, ledger.KeyFile), filepath.Join(dir, ledger.PublicFile)))
			_, err = ledger.OpenSigner(dir)
			if err == nil {
				t.Fatal("it was opened")
			}
			if strings.Contains(err.Error(), "secret words") {
				t.Errorf("the error quotes the key's file: %v", err)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
