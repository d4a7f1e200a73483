package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"sallyport/ui"
	"sallyport/ui/web"
)

// shellConfig is the part of a configuration that says who is believed and how
// fast anybody may ask.
type shellConfig struct {
	// TrustedProxies are the addresses and networks of the proxies in front of
	// the service. Only they are believed when they say where a request came from.
	TrustedProxies []string `yaml:"trusted_proxies"`
	// ContentHost is another name of this service, by which browsers reach
	// researchers' files and nothing else; empty shows them under the pages' name.
	ContentHost string `yaml:"content_host"`
	// HSTSHostOnly leaves names below this service's own out of what browsers
	// remember of HTTPS.
	HSTSHostOnly bool `yaml:"hsts_host_only"`
	// Pace is how fast a person, and an address, may ask.
	Pace paceConfig `yaml:"pace"`
	// Crowd bounds how many requests are worked on at once.
	Crowd crowdConfig `yaml:"crowd"`
	// StopAfter is for how long a server that was told to stop goes on taking
	// requests, while it tells load balancers to send them elsewhere.
	StopAfter time.Duration `yaml:"stop_after"`
}

// crowdConfig is ui.Crowd; what is not said is as that has it.
type crowdConfig struct {
	AtOnce   int           `yaml:"at_once"`  // requests worked on at once
	Waiting  int           `yaml:"waiting"`  // requests that wait meanwhile; further ones are answered 503
	Patience time.Duration `yaml:"patience"` // for how long one waits
}

type paceConfig struct {
	Person bucketConfig `yaml:"person"` // of somebody signed in
	Source bucketConfig `yaml:"source"` // of an address
}

// bucketConfig allows so many requests at once, and so many a second after that.
type bucketConfig struct {
	PerSecond float64 `yaml:"per_second"` // requests a second
	Burst     int     `yaml:"burst"`      // requests at once
}

// Fast enough for people and for programs that read pages of lists. Many people
// may sit behind one address.
const (
	personPerSecond, personBurst = 20, 300
	sourcePerSecond, sourceBurst = 200, 2000
)

func (b bucketConfig) check(name string) error {
	if b.PerSecond < 0 || b.Burst < 0 || b.PerSecond > 0 && b.Burst == 0 || b.PerSecond == 0 && b.Burst > 0 {
		return fmt.Errorf("pace: %s needs per_second and burst, both more than 0", name)
	}
	return nil
}

func (b bucketConfig) rate(now func() time.Time, perSecond float64, burst int) *web.Rate {
	if b.Burst > 0 {
		perSecond, burst = b.PerSecond, b.Burst
	}
	return web.NewRate(now, perSecond, burst)
}

func (c *shellConfig) check() error {
	if _, err := web.ParseProxies(c.TrustedProxies); err != nil {
		return fmt.Errorf("trusted_proxies: %w", err)
	}
	if err := c.Pace.Person.check("person"); err != nil {
		return err
	}
	if c.Crowd.AtOnce < 0 || c.Crowd.Waiting < 0 || c.Crowd.Patience < 0 {
		return errors.New("crowd: at_once, waiting and patience are not negative")
	}
	if c.StopAfter < 0 || c.StopAfter > time.Minute {
		return errors.New("stop_after: a time from 0s to 1m")
	}
	return c.Pace.Source.check("source")
}

// shellOptions puts into the options which hosts are served, who is believed
// and how fast anybody may ask.
func (c *config) shellOptions(o *ui.Options) (err error) {
	o.Secure, o.Hosts, o.ContentHost = c.Secure, c.hosts(), c.Shell.ContentHost
	o.HSTSHostOnly = c.Shell.HSTSHostOnly
	o.PerPerson = c.Shell.Pace.Person.rate(o.Now, personPerSecond, personBurst)
	o.PerSource = c.Shell.Pace.Source.rate(o.Now, sourcePerSecond, sourceBurst)
	o.Crowd = ui.Crowd(c.Shell.Crowd)
	o.Proxies, err = web.ParseProxies(c.Shell.TrustedProxies)
	return err
}

// publicHost is the name that browsers ask for at the public address: they leave
// the usual port away. Empty without such an address.
func (c *config) publicHost() string {
	at, err := url.Parse(c.PublicURL)
	if err != nil {
		return ""
	}
	if at.Scheme == "https" && at.Port() == "443" || at.Scheme == "http" && at.Port() == "80" {
		return at.Host[:strings.LastIndex(at.Host, ":")]
	}
	return at.Host
}

// checkHosts refuses a list of names that leaves out the one which people and
// links use: every page would be refused.
func (c *config) checkHosts() error {
	host := c.publicHost()
	if host == "" || len(c.Hosts) == 0 || web.Served(c.Hosts, host) {
		return nil
	}
	return fmt.Errorf("hosts: %s, which public_url names, is not among them (a port is part of the name unless it is the usual one)", host)
}

// hosts are the names that requests may be addressed to: those listed, else the
// one that people use, and this machine's own when only it can be reached.
// Without any of these every name is served. That of contents is not among them.
func (c *config) hosts() []string {
	if len(c.Hosts) > 0 {
		return c.Hosts
	}
	var out []string
	if host := c.publicHost(); host != "" {
		out = append(out, host)
	}
	if loopback(c.Listen) && (len(out) > 0 || !c.Secure) {
		out = append(out, "localhost:*", "127.0.0.1:*", "[::1]:*")
	}
	return out
}
