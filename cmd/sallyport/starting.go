package main

import (
	"cmp"
	"log/slog"
	"net/url"
	"strings"

	"sallyport/policy"
)

// tell writes where everything of this instance is, once, so that whoever reads its
// log need not find its configuration first. No address keeps a name or a password.
func (s *server) tell(c config, p *policy.Policy) error {
	address, err := c.database()
	if err != nil {
		return err
	}
	var sinks []string
	for _, k := range c.sinks() {
		sinks = append(sinks, k.Name)
	}
	s.log.Info("starting",
		slog.String("version", buildVersion()), slog.String("configuration", s.config),
		slog.Group("policy", "name", p.Name, "version", p.Version, "sha256", p.SHA256),
		slog.String("database", bare(address)), slog.String("blobs", cmp.Or(bare(c.Blobs), c.Data)),
		slog.String("data", c.Data), slog.String("keys", c.keysFolder()), slog.String("workspaces", c.Workspaces),
		slog.Any("sinks", sinks), slog.String("exports", c.Exports),
		slog.String("malware_scan", cmp.Or(c.MalwareScan.ClamAV, "off")), slog.String("mail", cmp.Or(c.Mail.Host, "off")),
		slog.String("metrics", cmp.Or(c.Metrics.Listen, "off")), slog.String("traces", cmp.Or(bare(c.Traces.URL), "off")))
	return nil
}

// bare is an address without what lets anybody in: scheme, host and path of a URL,
// or the path of a file.
func bare(address string) string {
	if !strings.Contains(address, "://") {
		return address
	}
	u, err := url.Parse(address)
	if err != nil {
		return "an address that cannot be shown"
	}
	return u.Scheme + "://" + cmp.Or(u.Host, u.Query().Get("host")) + u.Path
}
