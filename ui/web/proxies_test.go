package web

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestSettle(t *testing.T) {
	tests := []struct {
		name, peer string
		told       []string
		want       string
	}{
		{"nobody in between", "192.0.2.1:5", nil, "192.0.2.1:5"},
		{"a stranger's word", "192.0.2.1:5", []string{"127.0.0.1"}, "192.0.2.1:5"},
		{"a proxy's word", "10.0.0.1:5", []string{"192.0.2.7"}, "192.0.2.7:0"},
		{"with a port", "10.0.0.1:5", []string{"192.0.2.7:4711"}, "192.0.2.7:0"},
		{"of IPv6", "10.0.0.1:5", []string{"[2001:db8::1]:4711"}, "[2001:db8::1]:0"},
		{"of IPv6, with a zone", "10.0.0.1:5", []string{"fe80::1%eth0"}, "[fe80::1]:0"},
		{"mapped", "[::ffff:10.0.0.1]:5", []string{"::ffff:192.0.2.7"}, "192.0.2.7:0"},
		{"two proxies", "127.0.0.1:5", []string{"192.0.2.7, 10.0.0.2"}, "192.0.2.7:0"},
		{"two headers", "127.0.0.1:5", []string{"192.0.2.7", "10.0.0.2"}, "192.0.2.7:0"},
		{"what the sender says of itself", "127.0.0.1:5", []string{"127.0.0.1, 192.0.2.7"}, "192.0.2.7:0"},
		{"only proxies", "127.0.0.1:5", []string{"10.0.0.9"}, "10.0.0.9:0"},
		{"nonsense", "127.0.0.1:5", []string{"unknown"}, "127.0.0.1:0"},
		{"nonsense before the proxy", "127.0.0.1:5", []string{"192.0.2.7, x, 10.0.0.2"}, "10.0.0.2:0"},
		{"empty", "127.0.0.1:5", []string{" , "}, "127.0.0.1:0"},
		{"no address", "@", []string{"192.0.2.7"}, "@"},
	}
	proxies, err := ParseProxies([]string{"127.0.0.1", "10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		r := &http.Request{RemoteAddr: tt.peer, Header: http.Header{"X-Forwarded-For": tt.told, "X-Real-Ip": {"127.0.0.1"}, "X-Forwarded-Host": {"evil.example"}}}
		if proxies.Settle(r); r.RemoteAddr != tt.want {
			t.Errorf("%s: from %s, want %s", tt.name, r.RemoteAddr, tt.want)
		}
		if len(r.Header) != 0 {
			t.Errorf("%s: %v is left", tt.name, r.Header)
		}
	}
}

func TestParseProxies(t *testing.T) {
	for _, bad := range []string{"", "localhost", "10.0.0.0/33", "0.0.0.0/0", "::/0", "fe80::1%eth0", "10.0.0.1:80"} {
		if _, err := ParseProxies([]string{bad}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// However X-Forwarded-For is written, the address is one, and never that of a
// proxy's neighbour that the sender made up.
func FuzzSettle(f *testing.F) {
	f.Add("192.0.2.7")
	f.Add("192.0.2.7, [2001:db8::1]:80,,x")
	f.Add("[[::1")
	f.Fuzz(func(t *testing.T, told string) {
		proxies := Proxies{netip.MustParsePrefix("127.0.0.1/32")}
		r := &http.Request{RemoteAddr: "127.0.0.1:5", Header: http.Header{"X-Forwarded-For": {told + ", 192.0.2.7"}}}
		if proxies.Settle(r); r.RemoteAddr != "192.0.2.7:0" {
			t.Errorf("%q: from %s", told, r.RemoteAddr)
		}
		r = &http.Request{RemoteAddr: "127.0.0.1:5", Header: http.Header{"X-Forwarded-For": {told}}}
		proxies.Settle(r)
		if _, err := netip.ParseAddrPort(r.RemoteAddr); err != nil || strings.Contains(r.RemoteAddr, "%") {
			t.Errorf("%q: from %s", told, r.RemoteAddr)
		}
	})
}

func TestRate(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	r := NewRate(func() time.Time { return now }, 2, 3)
	for range 3 {
		if err := r.Take("a"); err != nil {
			t.Fatal(err)
		}
	}
	err := r.Take("a")
	many, ok := err.(*TooManyError)
	if !ok || many.Wait != 500*time.Millisecond || many.Seconds() != 1 || Status(err) != http.StatusTooManyRequests {
		t.Errorf("the fourth at once: %v", err)
	}
	if err := r.Take("b"); err != nil {
		t.Errorf("another is kept waiting: %v", err)
	}
	now = now.Add(500 * time.Millisecond)
	if r.Take("a") != nil || r.Take("a") == nil {
		t.Error("half a second does not bring one more")
	}
	if (*Rate)(nil).Take("a") != nil {
		t.Error("no limit is a limit")
	}
}

func TestRateIsBounded(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	r := NewRate(func() time.Time { return now }, 1, 1)
	for i := range maxTracked + 10 {
		_ = r.Take(string(rune(i)) + "x")
	}
	if len(r.buckets) > maxTracked {
		t.Errorf("%d buckets are kept", len(r.buckets))
	}
}
