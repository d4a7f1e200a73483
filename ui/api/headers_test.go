package api

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// What comes in headers and queries is taken as it should be, or not at all.
func FuzzHeaders(f *testing.F) {
	f.Add("Bearer sp_abc", "k-1", "limit=5&offset=0")
	f.Add("bearer  sp_", `"k"`, "limit=5&limit=6")
	f.Add("Basic x", "a\x00", "%zz=1;a")
	known := []param{{name: "limit", number: true}, {name: "offset", number: true}}
	f.Fuzz(func(t *testing.T, authorization, key, query string) {
		if secret, sent := bearer([]string{authorization}); secret != "" && (!sent || !strings.HasPrefix(secret, tokenPrefix) || len(secret) > 100) {
			t.Errorf("%q gives the token %q", authorization, secret)
		}
		if got, err := idempotencyKey(http.Header{"Idempotency-Key": {key}}); err == nil && (got == "" || len(got) > 200 || strings.ContainsFunc(got, func(r rune) bool { return r <= ' ' || r > '~' })) {
			t.Errorf("%q gives the key %q", key, got)
		}
		q, err := readQuery(query, known)
		if err != nil {
			return
		}
		for name, values := range q {
			if len(values) != 1 || name != "limit" && name != "offset" {
				t.Errorf("%q gives %q", query, q)
			}
		}
		c := &call{query: url.Values(q)}
		if n, err := c.number("limit", pageSize, 1, maxPage); err == nil && (n < 1 || n > maxPage) {
			t.Errorf("%q gives the limit %d", query, n)
		}
	})
}
