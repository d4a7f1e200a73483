package clamav

import (
	"crypto/md5"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/review"
)

// eicar is the test file of the anti-virus makers, in two parts so that this
// file is not taken for it.
func eicar() string {
	return `X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR` + `-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`
}

// realClamd starts the daemon itself with one signature, EICAR's.
func realClamd(t *testing.T, settings string) *Scanner {
	t.Helper()
	path, err := exec.LookPath("clamd")
	if err != nil {
		t.Skip("clamd is not installed (Debian: apt-get install clamav-daemon)")
	}
	dir := t.TempDir()
	socket, conf := filepath.Join(dir, "clamd.sock"), filepath.Join(dir, "clamd.conf")
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dir, "own.hdb"), fmt.Sprintf("%x:%d:Sallyport.Eicar\n", md5.Sum([]byte(eicar())), len(eicar())))
	write(conf, fmt.Sprintf("DatabaseDirectory %s\nLocalSocket %s\nForeground yes\n%s", dir, socket, settings))
	daemon := exec.Command(path, "--config-file", conf)
	out, err := os.Create(filepath.Join(dir, "said"))
	if err != nil {
		t.Fatal(err)
	}
	daemon.Stdout, daemon.Stderr = out, out
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
		_ = out.Close()
	})
	s, err := New(Options{Network: "unix", Address: socket, Timeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	for range 600 {
		if _, err = s.Version(t.Context()); err == nil {
			return s
		}
		time.Sleep(50 * time.Millisecond)
	}
	said, _ := os.ReadFile(out.Name())
	t.Fatalf("clamd does not start: %v\n%s", err, said)
	return nil
}

func TestRealClamd(t *testing.T) {
	s := realClamd(t, "StreamMaxLength 1M\n")
	v, err := s.Version(t.Context())
	if err != nil || !strings.HasPrefix(v.Engine, "ClamAV ") {
		t.Errorf("version %+v, %v", v, err)
	}
	for name, tt := range map[string]struct {
		bytes io.Reader
		want  string
		kind  review.Kind
	}{
		"empty":     {bytes: strings.NewReader("")},
		"table":     {bytes: strings.NewReader("sex,n\nF,10\n")},
		"EICAR":     {bytes: strings.NewReader(eicar()), want: "Sallyport.Eicar"},
		"large":     {bytes: strings.NewReader(strings.Repeat("x", 900<<10))},
		"too large": {bytes: strings.NewReader(strings.Repeat("x", 5<<20)), kind: review.TooLarge},
	} {
		got, err := s.Scan(t.Context(), tt.bytes)
		if !strings.HasPrefix(got, tt.want) || (got == "") != (tt.want == "") || review.KindOf(err) != tt.kind || (err != nil) != (tt.kind != 0) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
