package main

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // digests come at an hour of a zone, whatever the machine has

	"sallyport/review"
	"sallyport/storage/notify"
)

// mailConfig says how mail is sent.
type mailConfig struct {
	Host         string `yaml:"host"`          // of the SMTP server
	Port         int    `yaml:"port"`          // 587, or 465 with tls: implicit
	TLS          string `yaml:"tls"`           // starttls (the default) or implicit
	Username     string `yaml:"username"`      // no authentication when empty
	PasswordFile string `yaml:"password_file"` // or the variable SALLYPORT_MAIL_PASSWORD
	From         string `yaml:"from"`          // "Sallyport <sallyport@example.org>"
	CAFile       string `yaml:"ca_file"`       // PEM; the system's authorities when empty
}

// notifyConfig says where else notices go.
type notifyConfig struct {
	Timezone  string           `yaml:"timezone"`   // of digests; the service's when empty
	Folder    string           `yaml:"folder"`     // mails are put here as files
	Webhooks  []endpointConfig `yaml:"webhooks"`   // addresses that notices are posted to
	Slack     []endpointConfig `yaml:"slack"`      // chat rooms, by incoming webhooks
	JobServer *jobServerConfig `yaml:"job_server"` // OpenSAFELY's job-server
}

// endpointConfig is one webhook, or one incoming webhook of Slack, whose secret
// is its address.
type endpointConfig struct {
	Name       string   `yaml:"name"`        // what the channel is called
	URL        string   `yaml:"url"`         // not for Slack
	SecretFile string   `yaml:"secret_file"` // or the variable SALLYPORT_NOTIFY_NAME
	Private    bool     `yaml:"private"`     // it may be in a private network
	Kinds      []string `yaml:"kinds"`       // of notices; all that may be shared when empty
}

// jobServerConfig is OpenSAFELY's job-server.
type jobServerConfig struct {
	URL       string   `yaml:"url"`        // whole, with /airlock/events/
	TokenFile string   `yaml:"token_file"` // or the variable SALLYPORT_JOB_SERVER_TOKEN
	Private   bool     `yaml:"private"`    // it may be in a private network
	Org       string   `yaml:"org"`        // organisation that events are filed under
	Repo      string   `yaml:"repo"`       // repository that events are filed under
	Kinds     []string `yaml:"kinds"`      // all nine when empty
}

// jobServer is the name of its channel.
const jobServer = "job-server"

// told reports whether any channel is configured.
func (c config) told() bool {
	n := c.Notify
	return c.Mail.Host != "" || n.Folder != "" || len(n.Webhooks) > 0 || len(n.Slack) > 0 || n.JobServer != nil
}

// checkNotify refuses what could never work, before anything is opened.
func (c config) checkNotify() error {
	if c.Mail != (mailConfig{}) {
		if err := c.Mail.check(); err != nil {
			return fmt.Errorf("mail: %w", err)
		}
	}
	if c.PublicURL == "" {
		if c.told() {
			return errors.New("public_url: notices need links, so say under which address people reach the service")
		}
		return nil
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || c.Secure) ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		return fmt.Errorf("public_url: %q is no address such as https://sallyport.example.org", c.PublicURL)
	}
	return nil
}

func (m mailConfig) check() error {
	if m.Host == "" {
		return errors.New("no host is named")
	}
	if _, err := mail.ParseAddress(m.From); err != nil {
		return fmt.Errorf("from: %q is no address", m.From)
	}
	if m.TLS != "" && m.TLS != "starttls" && m.TLS != "implicit" {
		return fmt.Errorf("tls: %q is neither starttls nor implicit; mail is never sent without", m.TLS)
	}
	if m.Port < 0 || m.Port > 65535 {
		return fmt.Errorf("port: there is no port %d", m.Port)
	}
	return nil
}

// channels makes everything that notices go out by. The folder is nil when none
// is configured; it is to be closed.
func (c config) channels(now review.Clock) (review.Notify, *notify.Folder, error) {
	n := review.Notify{PublicURL: strings.TrimSuffix(c.PublicURL, "/")}
	var err error
	if n.Zone, err = time.LoadLocation(cmp.Or(c.Notify.Timezone, c.TimeZone, defaultZone)); err != nil {
		return n, nil, fmt.Errorf("notify: timezone: %w", err)
	}
	if c.Mail.Host != "" {
		m, err := c.Mail.open(now)
		if err != nil {
			return n, nil, fmt.Errorf("mail: %w", err)
		}
		n.Channels = append(n.Channels, review.NamedChannel{Name: "mail", Channel: m, Personal: true})
	}
	shared, err := c.Notify.shared(now)
	if err != nil {
		return n, nil, fmt.Errorf("notify: %w", err)
	}
	n.Channels = append(n.Channels, shared...)
	if c.Notify.Folder == "" {
		return n, nil, nil
	}
	folder, err := notify.OpenFolder(c.Notify.Folder, now)
	if err != nil {
		return n, nil, err
	}
	n.Channels = append(n.Channels, review.NamedChannel{Name: "folder", Channel: folder, Personal: true})
	return n, folder, nil
}

func (m mailConfig) open(now review.Clock) (*notify.Mail, error) {
	o := notify.MailOptions{Host: m.Host, Port: m.Port, ImplicitTLS: m.TLS == "implicit", Username: m.Username, From: m.From, Now: now}
	var err error
	if m.Username != "" {
		if o.Password, err = secret(m.PasswordFile, "SALLYPORT_MAIL_PASSWORD"); err != nil {
			return nil, err
		}
	}
	if m.CAFile != "" {
		pem, err := os.ReadFile(m.CAFile)
		if err != nil {
			return nil, err
		}
		o.Roots = x509.NewCertPool()
		if !o.Roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", m.CAFile)
		}
	}
	return notify.NewMail(o)
}

// shared makes the channels that many read.
func (c notifyConfig) shared(now review.Clock) ([]review.NamedChannel, error) {
	var out []review.NamedChannel
	seen := []string{"mail", "folder", jobServer}
	add := func(e endpointConfig, people bool, open func(secret string) (review.Channel, error)) error {
		if !name.MatchString(e.Name) || slices.Contains(seen, e.Name) {
			return fmt.Errorf("channel %q: each has a name of its own, of letters, digits, dots, dashes and underscores", e.Name)
		}
		seen = append(seen, e.Name)
		kinds, err := noticeKinds(e.Kinds, people)
		if err != nil {
			return fmt.Errorf("channel %q: %w", e.Name, err)
		}
		key, err := secret(e.SecretFile, "SALLYPORT_NOTIFY_"+strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(e.Name)))
		if err != nil {
			return fmt.Errorf("channel %q: %w", e.Name, err)
		}
		channel, err := open(key)
		if err != nil {
			return fmt.Errorf("channel %q: %w", e.Name, err)
		}
		out = append(out, review.NamedChannel{Name: e.Name, Channel: channel, Kinds: kinds})
		return nil
	}
	for _, e := range c.Webhooks {
		err := add(e, false, func(key string) (review.Channel, error) {
			return notify.NewWebhook(notify.Endpoint{URL: e.URL, Private: e.Private}, key, now)
		})
		if err != nil {
			return nil, err
		}
	}
	for _, e := range c.Slack {
		err := add(e, true, func(key string) (review.Channel, error) {
			if e.URL != "" {
				return nil, errors.New("the address of an incoming webhook is a secret: put it into secret_file")
			}
			return notify.NewSlack(notify.Endpoint{URL: key, Private: e.Private})
		})
		if err != nil {
			return nil, err
		}
	}
	if c.JobServer == nil {
		return out, nil
	}
	j, err := c.JobServer.open()
	return append(out, j), err
}

func (c jobServerConfig) open() (review.NamedChannel, error) {
	out := review.NamedChannel{Name: jobServer, Kinds: notify.JobServerKinds()}
	if len(c.Kinds) > 0 {
		kinds, err := noticeKinds(c.Kinds, false)
		if err != nil {
			return out, fmt.Errorf("job_server: %w", err)
		}
		for _, k := range kinds {
			if !slices.Contains(notify.JobServerKinds(), k) {
				return out, fmt.Errorf("job_server: it has no event for %q", k)
			}
		}
		out.Kinds = kinds
	}
	token, err := secret(c.TokenFile, "SALLYPORT_JOB_SERVER_TOKEN")
	if err != nil {
		return out, fmt.Errorf("job_server: %w", err)
	}
	out.Channel, err = notify.NewJobServer(notify.Endpoint{URL: c.URL, Private: c.Private}, token, c.Org, c.Repo)
	return out, err
}

// noticeKinds reads kinds by name. What people read together never carries a
// notice that one of them must not have.
func noticeKinds(names []string, people bool) ([]review.NoticeKind, error) {
	var out []review.NoticeKind
	for _, s := range names {
		k := review.NoticeKind(s)
		switch {
		case !slices.Contains(review.NoticeKinds(), k):
			return nil, fmt.Errorf("there are no notices of kind %q", s)
		case k.Personal() && (people || k != review.NoticePartiallyReviewed):
			return nil, fmt.Errorf("notices of kind %q are for single people only", s)
		}
		out = append(out, k)
	}
	return out, nil
}
