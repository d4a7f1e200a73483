package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

const deploy = "../../docs/deploy/"

// The unit is one that systemd takes, and leaves the service little to attack
// with: systemd's own measure is from 0, nothing, to 10, everything.
func TestSystemdUnit(t *testing.T) {
	path, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	unit, err := os.ReadFile(deploy + "sallyport.service")
	must(t, err)
	for _, need := range []string{"NoNewPrivileges=yes", "CapabilityBoundingSet=\n", "ProtectSystem=strict", "MemoryDenyWriteExecute=yes", "ReadOnlyPaths=/srv/workspaces"} {
		if !bytes.Contains(unit, []byte(need)) {
			t.Errorf("the unit has no %q", need)
		}
	}
	file := filepath.Join(t.TempDir(), "sallyport.service")
	must(t, os.WriteFile(file, bytes.ReplaceAll(unit, []byte("/usr/local/bin/sallyport"), []byte("/bin/true")), 0o600))
	if out, err := exec.Command(path, "verify", "--man=no", file).CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("verify: %v\n%s", err, out)
	}
	if out, err := exec.Command(path, "security", "--offline=true", "--threshold=15", file).CombinedOutput(); err != nil {
		if bytes.Contains(out, []byte("unrecognized option")) {
			t.Skip("this systemd does not measure units that are not running")
		}
		t.Errorf("more than 1.5 of 10: %v\n%s", err, out)
	}
}

// freePort is a port that nobody listened on a moment ago.
func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	must(t, err)
	return port
}

// Behind nginx as configured in the documentation, the service answers with
// headers for HTTPS and its own host only, and programs that speak in the clear are
// refused.
func TestBehindNginx(t *testing.T) {
	path, err := exec.LookPath("nginx")
	if err != nil {
		t.Skip("nginx is not installed (Debian: apt-get install nginx-light)")
	}
	dir, files, port, plain, secure := t.TempDir(), tlsFiles(t), freePort(t), freePort(t), freePort(t)
	cert := newCertificate(t, files, 1, time.Now().Add(90*24*time.Hour))
	text, err := os.ReadFile(deploy + "nginx.conf")
	must(t, err)
	conf := strings.NewReplacer("/etc/sallyport/tls.pem", files.CertificateFile, "/etc/sallyport/tls.key", files.KeyFile,
		"127.0.0.1:8080", "127.0.0.1:"+port, "listen 80;", "listen 127.0.0.1:"+plain+";", "    listen [::]:80;\n", "",
		"listen 443", "listen 127.0.0.1:"+secure, "    listen [::]:443 ssl http2;\n", "").Replace(string(text))
	main := filepath.Join(dir, "nginx.conf")
	var temp strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temp, "%s_temp_path %s;\n", kind, filepath.Join(dir, kind))
	}
	must(t, os.WriteFile(main, fmt.Appendf(nil, "daemon off;\npid %s;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n%s%s}\n", filepath.Join(dir, "pid"), temp.String(), conf), 0o600))
	if out, err := exec.Command(path, "-t", "-c", main).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	proxy := exec.Command(path, "-c", main)
	must(t, proxy.Start())
	defer func() { _ = proxy.Process.Signal(syscall.SIGTERM); _ = proxy.Wait() }()

	must(t, os.Mkdir(filepath.Join(dir, "workspaces"), 0o700))
	c, err := parseConfig([]byte("secure: true\nhosts: [release.example.org]\ntrusted_proxies: [127.0.0.1]\n"))
	must(t, err)
	c.Listen, c.Data, c.Workspaces, c.Exports = "127.0.0.1:"+port, filepath.Join(dir, "data"), filepath.Join(dir, "workspaces"), filepath.Join(dir, "exports")
	s, err := newServer(t.Context(), c, slog.New(slog.DiscardHandler), func() time.Time { return time.Now().UTC() }, nil)
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- s.run(ctx, func(url string) { ready <- url }) }()
	defer func() {
		stop()
		must(t, <-ended)
		must(t, s.Close())
	}()
	<-ready
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	client := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}, ForceAttemptHTTP2: true,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				at := secure
				if strings.HasSuffix(address, ":80") {
					at = plain
				}
				return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+at)
			},
		},
	}
	get := func(address string) *http.Response {
		t.Helper()
		for range 100 {
			resp, err := client.Get(address)
			if err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				must(t, resp.Body.Close())
				return resp
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Fatalf("%s cannot be reached", address)
		return nil
	}
	page := get("https://release.example.org/sign-in")
	if page.StatusCode != http.StatusOK || page.ProtoMajor != 2 || page.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("the page: %s over %s, HSTS %q", page.Status, page.Proto, page.Header.Get("Strict-Transport-Security"))
	}
	if r := get("http://release.example.org/sign-in"); r.StatusCode != http.StatusMovedPermanently || r.Header.Get("Location") != "https://release.example.org/sign-in" {
		t.Errorf("a person in the clear: %s %s", r.Status, r.Header.Get("Location"))
	}
	if r := get("http://release.example.org/api/v1/requests"); r.StatusCode != http.StatusForbidden {
		t.Errorf("a program in the clear: %s", r.Status)
	}
	if r := get("https://other.example.org/sign-in"); r.StatusCode == http.StatusOK {
		t.Errorf("another host: %s", r.Status)
	}
}

// confined is how a command is run as nobody, with no capability and no way to one,
// and with the folder mounted read-only; nil where this machine makes no such
// mounts.
func confined(t *testing.T, folder string) []string {
	t.Helper()
	way := []string{"unshare", "--mount", "sh", "-c", `mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"`, folder}
	if out, err := exec.Command(way[0], append(way[1:], "true")...).CombinedOutput(); err != nil {
		t.Logf("NOT TESTED: a read-only mount, no capabilities: %v %s", err, out)
		return nil
	}
	if err := exec.Command(way[0], append(way[1:], "touch", filepath.Join(folder, "x"))...).Run(); err == nil {
		t.Error("the mount is not read-only")
	}
	return way
}

// signedInAs asks for a page as somebody who signs in with a password.
func signedInAs(t *testing.T, at, name, password, page string) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	client := &http.Client{Jar: jar}
	for _, step := range []struct{ method, path, body string }{
		{http.MethodPost, "/sign-in", url.Values{"username": {name}, "password": {password}}.Encode()}, {http.MethodGet, page, ""},
	} {
		req, err := http.NewRequest(step.method, at+step.path, strings.NewReader(step.body))
		must(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		resp, err := client.Do(req)
		must(t, err)
		text, err := io.ReadAll(resp.Body)
		must(t, errors.Join(err, resp.Body.Close()))
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", step.path, resp.Status)
		}
		if step.path == page {
			return string(text)
		}
	}
	return ""
}

// The service runs as somebody without any right but to read the workspaces, which
// it cannot write to, and to its own folder. Where namespaces can be made, the
// workspaces are mounted read-only besides, and it has no capability.
func TestServeUnprivileged(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can run it as somebody else")
	}
	const nobody = 65534
	dir := t.TempDir()
	must(t, os.Chmod(filepath.Dir(dir), 0o755))
	workspaces, own := filepath.Join(dir, "workspaces"), filepath.Join(dir, "own")
	must(t, os.MkdirAll(filepath.Join(workspaces, "cohort", "release"), 0o755))
	must(t, os.WriteFile(filepath.Join(workspaces, "cohort", "release", "a.csv"), []byte("sex,n\nF,10\n"), 0o644))
	must(t, os.Mkdir(own, 0o700))
	must(t, os.Chown(own, nobody, nobody))
	self, err := os.Executable()
	must(t, err)
	program, err := os.ReadFile(self)
	must(t, err)
	binary := filepath.Join(dir, "sallyport")
	must(t, os.WriteFile(binary, program, 0o755))
	people := filepath.Join(dir, "people.yaml")
	must(t, os.WriteFile(people, []byte("projects:\n  - {id: p, name: P, workspaces: [cohort]}\npeople:\n  - {username: jane, name: Jane, email: jane@example.org, roles: [researcher], projects: [p]}\n"), 0o644))
	way := confined(t, workspaces)
	as := func(args ...string) *exec.Cmd {
		c := exec.Command(binary, args...)
		if way != nil {
			c = exec.Command(way[0], slices.Concat(way[1:], []string{binary}, args)...)
		} else {
			c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		}
		c.Dir, c.Env = own, []string{"HOME=" + own, "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TMPDIR=" + own}
		return c
	}
	const password = "seven bronze kettles sing"
	if out, err := as("people", "import", people, "--data", filepath.Join(own, "data")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	set := as("people", "password", "jane", "--data", filepath.Join(own, "data"))
	set.Stdin = strings.NewReader(password + "\n")
	if out, err := set.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	port := freePort(t)
	var said logs
	serve := as("serve", "--listen", "127.0.0.1:"+port, "--data", filepath.Join(own, "data"), "--workspaces", workspaces, "--exports", filepath.Join(own, "exports"))
	serve.Stdout, serve.Stderr = &said, &said
	must(t, serve.Start())
	var status int
	for range 200 {
		if resp, err := http.Get("http://127.0.0.1:" + port + "/sign-in"); err == nil {
			status = resp.StatusCode
			must(t, resp.Body.Close())
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if status == http.StatusOK {
		if page := signedInAs(t, "http://127.0.0.1:"+port, "jane", password, "/workspaces/cohort"); !strings.Contains(page, "a.csv") {
			t.Errorf("the workspace's files are not shown:\n%s", page)
		}
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", serve.Process.Pid))
		must(t, err)
		for _, line := range []string{"CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Uid:\t65534\t65534\t65534\t65534"} {
			if way != nil && !strings.Contains(string(state), line) {
				t.Errorf("the service runs without %q", line)
			}
		}
	}
	must(t, serve.Process.Signal(syscall.SIGTERM))
	if err := serve.Wait(); err != nil || status != http.StatusOK {
		t.Errorf("status %d, %v\n%s", status, err, said.String())
	}
	must(t, filepath.WalkDir(own, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o007 != 0 && info.Mode().Type() != os.ModeSymlink && !strings.HasSuffix(path, ".pub") {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		return err
	}))
}

// TestManifests reads the other examples: they are YAML without keys given twice,
// they name the files and addresses that the program has, and the example of a
// configuration is in order.
func TestManifests(t *testing.T) {
	var out bytes.Buffer
	if code := run(t.Context(), []string{"config", "check", deploy + "sallyport.yaml"}, strings.NewReader(""), &out, io.Discard); code != exitOK {
		t.Errorf("the example of a configuration: exit status %d", code)
	}
	for name, needs := range map[string][]string{
		"compose.yaml":              {"read_only: true", "/tmp:", "--locale=C --encoding=UTF8", "cap_drop: [ALL]", "/srv/workspaces:ro", "/etc/sallyport/sallyport.yaml:ro", "/var/lib/sallyport/keys"},
		"kubernetes/sallyport.yaml": {"path: /healthz", "path: /readyz", "readOnlyRootFilesystem: true", "runAsNonRoot: true", "mountPath: /tmp", "CREDENTIALS_DIRECTORY", "containerPort: 9464", "capabilities: {drop: [ALL]}"},
	} {
		source, err := os.ReadFile(deploy + name)
		must(t, err)
		documents := 0
		for dec := yaml.NewDecoder(bytes.NewReader(source)); ; documents++ {
			var any map[string]any
			if err := dec.Decode(&any); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if documents == 0 {
			t.Errorf("%s holds nothing", name)
		}
		for _, need := range needs {
			if !bytes.Contains(source, []byte(need)) {
				t.Errorf("%s has no %q", name, need)
			}
		}
	}
	containerfile, err := os.ReadFile(deploy + "Containerfile")
	must(t, err)
	for _, need := range []string{"FROM scratch", "USER 65532:65532", `CMD ["serve", "--config", "/etc/sallyport/sallyport.yaml"]`, "-extldflags '-static"} {
		if !bytes.Contains(containerfile, []byte(need)) {
			t.Errorf("the container file has no %q", need)
		}
	}
}
