package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"sallyport/review"
)

// tlsConfig is for a server that speaks HTTPS itself, without a proxy in front.
type tlsConfig struct {
	CertificateFile string `yaml:"certificate_file"` // PEM: the server's, then those between it and the root
	KeyFile         string `yaml:"key_file"`         // PEM; only its owner may read it
}

func (c tlsConfig) on() bool { return c != tlsConfig{} }

func (c tlsConfig) check() error {
	if c.on() && (c.CertificateFile == "" || c.KeyFile == "") {
		return errors.New("tls: it needs both certificate_file and key_file")
	}
	return nil
}

// How often the files of a certificate are looked at, and how long before its
// end the log says so at each start and change.
const (
	certificateWatch = 30 * time.Second
	certificateNear  = 14 * 24 * time.Hour
)

// certificate is the one in use. Connections that stand keep the one they began
// with.
type certificate struct {
	files tlsConfig
	now   review.Clock
	log   *slog.Logger
	seen  string // of the files that were last read, whether they were of use or not
	inUse atomic.Pointer[tls.Certificate]
}

// openCertificate reads the certificate and its key, which must fit.
func openCertificate(files tlsConfig, now review.Clock, log *slog.Logger) (*certificate, error) {
	c := &certificate{files: files, now: now, log: log}
	return c, c.load()
}

// load reads the files and puts them into use, or leaves what is in use.
func (c *certificate) load() error {
	c.seen = c.stamp()
	chain, err := os.ReadFile(c.files.CertificateFile)
	if err != nil {
		return fmt.Errorf("tls: %w", err)
	}
	key, err := readSecret(c.files.KeyFile)
	if err != nil {
		return fmt.Errorf("tls: %w", err)
	}
	pair, err := tls.X509KeyPair(chain, []byte(key))
	if err != nil {
		return fmt.Errorf("tls: %s and %s do not hold a certificate and its key", c.files.CertificateFile, c.files.KeyFile)
	}
	if pair.Leaf == nil {
		if pair.Leaf, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			return fmt.Errorf("tls: %w", err)
		}
	}
	if end := pair.Leaf.NotAfter; end.Before(c.now()) {
		return fmt.Errorf("tls: the certificate in %s ended on %s", c.files.CertificateFile, end.UTC().Format(time.DateOnly))
	} else if end.Before(c.now().Add(certificateNear)) {
		c.log.Warn("the certificate ends soon", "on", end.UTC().Format(time.DateOnly))
	}
	c.inUse.Store(&pair)
	return nil
}

// stamp changes when either file does, also when a link is set on another.
func (c *certificate) stamp() string {
	var out string
	for _, name := range []string{c.files.CertificateFile, c.files.KeyFile} {
		if path, _, err := secretPath(name); err == nil {
			name = path
		}
		if info, err := os.Stat(name); err == nil {
			out += fmt.Sprintln(info.Size(), info.ModTime().UnixNano())
			if s, ok := info.Sys().(*syscall.Stat_t); ok {
				out += fmt.Sprintln(s.Ino)
			}
		}
	}
	return out
}

// watch listens for SIGHUP from now on. What it returns reads the files again
// when they change and at each SIGHUP, until ctx ends. What is of no use is
// complained of, and the one in use stays.
func (c *certificate) watch(ctx context.Context) func() error {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	return func() error {
		defer signal.Stop(hangups)
		c.follow(ctx, hangups)
		return nil
	}
}

func (c *certificate) follow(ctx context.Context, hangups <-chan os.Signal) {
	every := time.NewTicker(certificateWatch)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		case <-every.C:
			if c.stamp() == c.seen {
				continue
			}
		}
		if err := c.load(); err != nil {
			c.log.Error("the certificate was not read again; the one before stays", "error", err)
		} else {
			c.log.Info("the certificate was read again")
		}
	}
}

// settings are how the server speaks TLS: 1.2 and later with the library's
// suites, HTTP/2 where the browser can.
func (c *certificate) settings() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.inUse.Load(), nil },
	}
}
