package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/mail"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"sallyport/review"
	"sallyport/review/ledger"
	"sallyport/storage"
	"sallyport/storage/notify"
)

// ledgerConfig says when the record is signed, and who is sent the checkpoints.
type ledgerConfig struct {
	Every     *time.Duration  `yaml:"every"`     // an hour when not set; 0 for never
	Events    *int64          `yaml:"events"`    // 1000 when not set; 0 for no such number
	Witnesses []witnessConfig `yaml:"witnesses"` // each is sent every checkpoint
}

// witnessConfig names one witness: a folder on other storage, an address, or
// somebody who is sent mail.
type witnessConfig struct {
	Name   string `yaml:"name"`   // in the record and in the names of jobs
	Folder string `yaml:"folder"` // checkpoints are put here as files
	URL    string `yaml:"url"`    // checkpoints are posted here
	Mail   string `yaml:"mail"`   // checkpoints are mailed here
}

// keysFolder is where the signing key lies.
func (c config) keysFolder() string {
	if c.Keys != "" {
		return c.Keys
	}
	return filepath.Join(c.Data, "keys")
}

// openLedger opens the signing key, made at the first start, and the log over
// the store.
func (c config) openLedger(store *storage.Store, now review.Clock) (*ledger.Log, error) {
	signer, err := ledger.OpenSigner(c.keysFolder())
	if err != nil {
		return nil, err
	}
	keys, err := ledger.FolderKeys(c.keysFolder())
	if err != nil {
		return nil, err
	}
	return &ledger.Log{Store: store, Signer: signer, Keys: keys, Now: now, Beside: filepath.Join(c.keysFolder(), ledger.NewestFile)}, nil
}

var witnessName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// checkpoints is the configuration as the service takes it, with what mail goes
// out by.
func (c config) checkpoints(now review.Clock) (review.Checkpoints, error) {
	var mail *notify.Mail
	if c.Mail.Host != "" && slices.ContainsFunc(c.Checkpoints.Witnesses, func(w witnessConfig) bool { return w.Mail != "" }) {
		var err error
		if mail, err = c.Mail.open(now); err != nil {
			return review.Checkpoints{}, fmt.Errorf("mail: %w", err)
		}
	}
	return c.Checkpoints.rules(c.Mail.Host != "", mail)
}

// rules checks the configuration. Mails says that there is a mail server; sender
// may be nil when nothing is to be sent yet.
func (c ledgerConfig) rules(mails bool, sender *notify.Mail) (review.Checkpoints, error) {
	out := review.Checkpoints{Every: time.Hour, Events: 1000}
	if c.Every != nil {
		out.Every = *c.Every
	}
	if c.Events != nil {
		out.Events = *c.Events
	}
	if out.Every < 0 || out.Events < 0 {
		return out, fmt.Errorf("checkpoints: every and events are not negative")
	}
	seen := map[string]bool{}
	for _, w := range c.Witnesses {
		if !witnessName.MatchString(w.Name) || seen[w.Name] {
			return out, fmt.Errorf("checkpoints: witness %q needs a name of its own, of small letters, digits and hyphens", w.Name)
		}
		seen[w.Name] = true
		if w.Mail != "" && !mails {
			return out, fmt.Errorf("checkpoints: witness %s is sent mail, and no mail server is configured", w.Name)
		}
		witness, err := w.witness(sender)
		if err != nil {
			return out, fmt.Errorf("checkpoints: witness %s: %w", w.Name, err)
		}
		out.Witnesses = append(out.Witnesses, review.NamedWitness{Name: w.Name, Witness: witness})
	}
	return out, nil
}

func (w witnessConfig) witness(sender *notify.Mail) (review.Witness, error) {
	switch {
	case w.Folder != "" && w.URL == "" && w.Mail == "":
		return storage.FolderWitness{Folder: w.Folder}, nil
	case w.URL != "" && w.Folder == "" && w.Mail == "":
		return storage.WebhookWitness{URL: w.URL}, storage.CheckWitnessURL(w.URL)
	case w.Mail != "" && w.Folder == "" && w.URL == "":
		_, err := mail.ParseAddress(w.Mail)
		return notify.Witness{Mail: sender, To: w.Mail}, err
	}
	return nil, fmt.Errorf("it has either a folder, or a url, or a mail address")
}

// digest is the SHA-256 of the configuration, defaults and flags included: the
// record tells by it whether two starts had the same.
func (c config) digest() (string, error) {
	text, err := yaml.Marshal(c)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}
