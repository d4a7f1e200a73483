package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"sallyport/review"
)

// config is what a server needs to know. A file gives it, and flags win over
// the file.
type config struct {
	Listen     string    `yaml:"listen"`     // address and port; 127.0.0.1:8080 when empty
	Data       string    `yaml:"data"`       // folder of the database and the snapshots
	Workspaces string    `yaml:"workspaces"` // folder with one folder for each workspace; only read
	Exports    string    `yaml:"exports"`    // folder that packages are put into, unless sinks are listed
	Code       string    `yaml:"code"`       // folder of mirrors of the studies' repositories; only read; code is not shown when empty
	Policy     string    `yaml:"policy"`     // policy file; the embedded default when empty
	Secure     bool      `yaml:"secure"`     // browsers reach the service by HTTPS, through a proxy
	TLS        tlsConfig `yaml:"tls"`        // the server speaks HTTPS itself
	Hosts      []string  `yaml:"hosts"`      // host names that requests may be addressed to
	Keys       string    `yaml:"keys"`       // folder of the signing key; "keys" in the data folder when empty
	// Checkpoints says when the record is signed.
	Checkpoints ledgerConfig `yaml:"checkpoints"`
	// PublicURL is the address under which people reach the service, for links.
	PublicURL string `yaml:"public_url"`
	// TimeZone is that of people who chose none, Europe/London when empty.
	TimeZone  string       `yaml:"time_zone"`
	Mail      mailConfig   `yaml:"mail"`      // how mail is sent; none is when it is empty
	Notify    notifyConfig `yaml:"notify"`    // where else notices go
	Publisher string       `yaml:"publisher"` // name of the organisation that releases, for packages
	// PublicRegister opens the register of releases to anybody, and
	// PublicRegisterNames shows the names of released files in it.
	PublicRegister      bool `yaml:"public_register"`
	PublicRegisterNames bool `yaml:"public_register_names"` // with the names of the released files
	// Sinks are the places that packages go to, instead of the exports folder.
	Sinks []sinkConfig `yaml:"sinks"`
	// Blobs is where snapshots are kept, s3://bucket/prefix?...; the data folder
	// when empty.
	Blobs string `yaml:"blobs"`
	// MalwareScan says who looks for malware in every file.
	MalwareScan malwareConfig `yaml:"malware_scan"`
	// Checks says what examining files may take.
	Checks checksConfig `yaml:"checks"`
	// Metrics, Traces and Log say how the service is watched.
	Metrics metricsConfig `yaml:"metrics"`
	Traces  tracesConfig  `yaml:"traces"` // where traces are sent
	Log     logConfig     `yaml:"log"`    // how the log is written
	// Schedules are requests that are drafted each month.
	Schedules []schedule `yaml:"schedules"`

	// Access says how people sign in; its keys stand beside the others.
	Access signInConfig `yaml:",inline"`
	// Shell says who is believed and how fast anybody may ask; its keys stand
	// beside the others.
	Shell shellConfig `yaml:",inline"`

	// DatabaseFile holds the postgres:// URL of the database; SQLite in the data
	// folder when empty.
	DatabaseFile string `yaml:"database_file"`
	Address      string `yaml:"-"` // of the database, whatever else is said
}

// configFlags are the flags that stand for a configuration's keys.
type configFlags struct {
	Config     string `placeholder:"FILE" help:"Configuration file (YAML)."`
	Listen     string `placeholder:"ADDRESS" help:"Address and port to listen on (default 127.0.0.1:8080)."`
	Data       string `placeholder:"DIR" help:"Folder of the database and the snapshots."`
	Workspaces string `placeholder:"DIR" help:"Folder with one folder for each workspace. It is only read."`
	Exports    string `placeholder:"DIR" help:"Folder that released packages are put into."`
	Code       string `placeholder:"DIR" help:"Folder of mirrors of the studies' repositories, to show the code that ran. It is only read."`
	Policy     string `placeholder:"FILE" help:"Policy, instead of the embedded default."`
	Secure     bool   `help:"Browsers reach the service by HTTPS, through a proxy."`
	// DatabaseFile holds an address, which may hold a password.
	DatabaseFile string   `placeholder:"FILE" help:"File that holds the postgres:// URL of the database, instead of SQLite in the data folder."`
	Host         []string `placeholder:"NAME" help:"Host name that requests may be addressed to; may be repeated."`
}

// config reads the file, if one is named, and lets the flags win.
func (f configFlags) config() (config, error) {
	var c config
	if f.Config != "" {
		source, err := os.ReadFile(f.Config)
		if err != nil {
			return c, err
		}
		if c, err = parseConfig(source); err != nil {
			return c, fmt.Errorf("%s: %w", f.Config, err)
		}
	}
	for value, flag := range map[*string]string{
		&c.Listen: f.Listen, &c.Data: f.Data, &c.Workspaces: f.Workspaces, &c.Exports: f.Exports, &c.Code: f.Code, &c.Policy: f.Policy, &c.DatabaseFile: f.DatabaseFile,
	} {
		if flag != "" {
			*value = flag
		}
	}
	c.Secure = c.Secure || f.Secure || c.TLS.on()
	if len(f.Host) > 0 {
		c.Hosts = f.Host
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:8080"
	}
	return c, nil
}

// address is where people reach the service, as far as the configuration tells: its
// public address, else the first host name, else where it listens.
func (c config) address() string {
	scheme, host := "http://", c.Listen
	if name, port, err := net.SplitHostPort(c.Listen); err == nil && (name == "" || net.ParseIP(name).IsUnspecified()) {
		host = net.JoinHostPort("127.0.0.1", port) // it listens on all; this one answers here
	}
	if c.Secure {
		scheme = "https://"
	}
	switch {
	case c.PublicURL != "":
		return c.PublicURL
	case len(c.Hosts) > 0 && c.Secure:
		host = c.Hosts[0]
	}
	return scheme + host
}

// parseConfig reads one YAML document; a key it does not know is an error that
// names the line.
func parseConfig(source []byte) (config, error) {
	var c config
	dec := yaml.NewDecoder(bytes.NewReader(source))
	dec.KnownFields(true)
	if err := dec.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return c, plainYAML(err)
	}
	var second yaml.Node
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		return c, errors.New("there must be exactly one document")
	}
	return c, nil
}

// goTypes are the words of the YAML library for where a key would have to be.
var goTypes = regexp.MustCompile(` in type \S+`)

// plainYAML says on one line what was wrong with a document, without the names of
// types of this program. A key that is not known keeps its line.
func plainYAML(err error) error {
	words := strings.TrimSpace(strings.TrimPrefix(goTypes.ReplaceAllString(err.Error(), ""), "yaml: unmarshal errors:"))
	return errors.New(strings.ReplaceAll(words, "\n  ", "; "))
}

// complete says what a server cannot start without.
func (c config) complete() error {
	for _, need := range []struct{ name, value string }{{"data", c.Data}, {"workspaces", c.Workspaces}, {"exports", c.Exports}} {
		if need.value == "" && !(need.name == "exports" && len(c.Sinks) > 0) {
			return fmt.Errorf("no %s folder is named (--%[1]s, or %[1]s: in the configuration file)", need.name)
		}
	}
	if err := apart(c.Workspaces, c.Data); err != nil {
		return err
	}
	if err := c.checkSinks(); err != nil {
		return err
	}
	if err := apart(c.Workspaces, c.keysFolder()); err != nil {
		return err
	}
	if _, err := c.Checkpoints.rules(c.Mail.Host != "", nil); err != nil {
		return err
	}
	if err := c.TLS.check(); err != nil {
		return err
	}
	if _, err := c.MalwareScan.scanner(); err != nil {
		return err
	}
	if _, err := c.zone(); err != nil {
		return err
	}
	if _, err := c.Checks.pool(); err != nil {
		return err
	}
	if err := c.checkObserve(); err != nil {
		return err
	}
	if err := c.checkNotify(); err != nil {
		return err
	}
	if err := c.Access.check(c.PublicURL); err != nil {
		return err
	}
	if err := c.Shell.check(); err != nil {
		return err
	}
	if err := c.checkHosts(); err != nil {
		return err
	}
	if c.PublicRegisterNames && !c.PublicRegister {
		return errors.New("public_register_names is set, and public_register is not")
	}
	return checkSchedules(c.Schedules)
}

// defaultZone is where the service's people are thought to be.
const defaultZone = "Europe/London"

// zone is the time zone in which times are shown to people who chose none.
func (c config) zone() (*time.Location, error) {
	zone, err := review.ZoneNamed(cmp.Or(c.TimeZone, defaultZone))
	if err != nil {
		return nil, fmt.Errorf("time_zone: %q is no time zone such as Europe/London", c.TimeZone)
	}
	return zone, nil
}

// apart refuses a folder that is written to inside the workspaces, which are
// only read, or around them.
func apart(workspaces, written string) error {
	w, err := filepath.Abs(workspaces)
	if err != nil {
		return err
	}
	d, err := filepath.Abs(written)
	if err != nil {
		return err
	}
	if within(w, d) {
		return fmt.Errorf("%s lies inside the workspaces folder, which is only read", written)
	}
	return nil
}

// within reports whether path is dir or lies below it.
func within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// loopback reports whether an address can be reached from this machine only.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
