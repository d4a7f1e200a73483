package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// newCertificate puts a certificate for 127.0.0.1 and its key into files.
func newCertificate(t *testing.T, files tlsConfig, serial int64, end time.Time) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "sallyport test"}, NotBefore: end.Add(-365 * 24 * time.Hour), NotAfter: end,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{files.CertificateFile: {Type: "CERTIFICATE", Bytes: der}, files.KeyFile: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func tlsFiles(t *testing.T) tlsConfig {
	dir := t.TempDir()
	return tlsConfig{CertificateFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
}

func TestCertificateRefused(t *testing.T) {
	now := time.Now()
	for name, tt := range map[string]struct {
		spoil     func(t *testing.T, files tlsConfig)
		complaint string
	}{
		"whole":        {func(*testing.T, tlsConfig) {}, ""},
		"others read":  {func(t *testing.T, f tlsConfig) { chmod(t, f.KeyFile, 0o644) }, "chmod 600"},
		"ended":        {func(t *testing.T, f tlsConfig) { newCertificate(t, f, 1, now.Add(-time.Hour)) }, "ended on"},
		"no key":       {func(t *testing.T, f tlsConfig) { must(t, os.Remove(f.KeyFile)) }, "no such file"},
		"another key":  {func(t *testing.T, f tlsConfig) { swapKey(t, f) }, "do not hold a certificate and its key"},
		"not a secret": {func(t *testing.T, f tlsConfig) { must(t, os.WriteFile(f.KeyFile, []byte("s3cret"), 0o600)) }, "do not hold"},
	} {
		files := tlsFiles(t)
		newCertificate(t, files, 1, now.Add(time.Hour*24*90))
		tt.spoil(t, files)
		_, err := openCertificate(files, time.Now, slog.New(slog.DiscardHandler))
		if tt.complaint == "" && err != nil || tt.complaint != "" && (err == nil || !strings.Contains(err.Error(), tt.complaint)) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error holds the secret", name)
		}
	}
	for _, half := range []tlsConfig{{CertificateFile: "c"}, {KeyFile: "k"}} {
		if half.check() == nil {
			t.Errorf("%+v was taken", half)
		}
	}
}

func chmod(t *testing.T, name string, mode os.FileMode) { must(t, os.Chmod(name, mode)) }

func swapKey(t *testing.T, f tlsConfig) {
	other := tlsFiles(t)
	newCertificate(t, other, 2, time.Now().Add(time.Hour))
	must(t, os.Rename(other.KeyFile, f.KeyFile))
}

// A whole server speaks HTTPS and HTTP/2, nothing older than TLS 1.2, and takes
// up a new certificate on SIGHUP while an old connection goes on; one that is of
// no use changes nothing.
func TestServeTLS(t *testing.T) {
	files, dir := tlsFiles(t), t.TempDir()
	roots := x509.NewCertPool()
	roots.AddCert(newCertificate(t, files, 1, time.Now().Add(90*24*time.Hour)))
	must(t, os.Mkdir(filepath.Join(dir, "workspaces"), 0o700))
	var said logs
	s, err := newServer(t.Context(), config{
		Listen: "127.0.0.1:0", Data: filepath.Join(dir, "data"), Workspaces: filepath.Join(dir, "workspaces"),
		Exports: filepath.Join(dir, "exports"), TLS: files, Secure: true,
	}, slog.New(slog.NewTextHandler(&said, nil)), func() time.Time { return time.Now().UTC() }, nil)
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	at, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- s.run(ctx, func(url string) { at <- url }) }()
	defer func() {
		stop()
		must(t, <-ended)
		must(t, s.Close())
	}()
	url := <-at
	client := func(roots *x509.CertPool, most uint16) *http.Client {
		return &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10, MaxVersion: most}}}
	}
	first := client(roots, 0)
	serial := func(c *http.Client) int64 {
		t.Helper()
		resp, err := c.Get(url + "sign-in")
		must(t, err)
		_, err = io.Copy(io.Discard, resp.Body)
		must(t, err)
		must(t, resp.Body.Close())
		if resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 || resp.Header.Get("Strict-Transport-Security") == "" {
			t.Errorf("status %d over %s, HSTS %q", resp.StatusCode, resp.Proto, resp.Header.Get("Strict-Transport-Security"))
		}
		return resp.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	if !strings.HasPrefix(url, "https://") || serial(first) != 1 {
		t.Errorf("the server at %s shows another certificate", url)
	}
	if _, err := client(roots, tls.VersionTLS11).Get(url); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	swapKey(t, files)
	hangUp(t, &said, "was not read again")
	if n := serial(client(roots, 0)); n != 1 {
		t.Errorf("certificate %d after a change that is of no use", n)
	}
	roots2 := x509.NewCertPool()
	roots2.AddCert(newCertificate(t, files, 7, time.Now().Add(90*24*time.Hour)))
	hangUp(t, &said, "was read again")
	if old, fresh := serial(first), serial(client(roots2, 0)); old != 1 || fresh != 7 {
		t.Errorf("the old connection has certificate %d, a new one %d", old, fresh)
	}
}

// hangUp sends SIGHUP and waits for what the log says of it.
func hangUp(t *testing.T, said *logs, words string) {
	t.Helper()
	must(t, syscall.Kill(os.Getpid(), syscall.SIGHUP))
	for range 1000 {
		if strings.Contains(said.String(), words) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the log never says %q", words)
}

// logs keeps what a log wrote, for readers beside it.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
