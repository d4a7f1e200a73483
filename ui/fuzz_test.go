package ui

import (
	"bytes"
	"errors"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2/memstore"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/labstack/echo/v4"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/storage"
	"sallyport/ui/form"
	cells "sallyport/ui/sheet"
)

// A browser drops tabs and line breaks, and reads a backslash as a slash, before
// it looks where an address leads.
func leadsAway(address string) bool {
	plain := strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(strings.TrimFunc(address, func(r rune) bool { return r <= ' ' }))
	if !strings.HasPrefix(plain, "/") || strings.HasPrefix(plain, "//") {
		return true
	}
	base := url.URL{Scheme: "https", Host: "sallyport.example", Path: "/sign-in"}
	to, err := base.Parse(plain)
	return err != nil || to.Host != base.Host || to.Scheme != base.Scheme || to.User != nil
}

// Wherever somebody is to be sent after signing in, it is here.
func FuzzLocalPath(f *testing.F) {
	for _, seed := range []string{
		"/requests?x=1#y", "//evil.example", `/\evil.example`, "/%2f%2fevil.example", "/%5cevil.example", "/\t/evil.example", "https:evil.example", "https:/evil.example", "///evil.example",
		"/https://evil.example", "/@evil.example", "/.//evil.example", "/..//evil.example", "\u0000//x", "/\u2028", "/%0d%0aSet-Cookie:x", "javascript:alert(1)", "/?next=//evil.example", "/#//evil.example", " /", "/\u3000/x", "/%",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, next string) {
		to := localPath(next)
		if leadsAway(to) {
			t.Errorf("%q leads to %q", next, to)
		}
		rec := httptest.NewRecorder()
		http.Redirect(rec, httptest.NewRequest(http.MethodGet, "/sign-in", nil), to, http.StatusSeeOther)
		if at := rec.Header().Get("Location"); leadsAway(at) || strings.ContainsAny(at, "\r\n") {
			t.Errorf("%q is sent as %q", next, at)
		}
	})
}

// Any body of any type is read or refused, within its limits, and nothing else
// happens.
func FuzzForms(f *testing.F) {
	f.Add("application/x-www-form-urlencoded", "a=1&b=%20&a=2")
	f.Add("application/x-www-form-urlencoded", "a=%zz;b")
	f.Add("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"form\"; filename=\"a.xlsx\"\r\n\r\nPK\r\n--x--\r\n")
	f.Add("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"form\"; filename=\"../../a\x00.xlsx\"\r\n\r\n--x")
	f.Add("application/json", "{}")
	f.Add("text/plain", "a")
	f.Fuzz(func(t *testing.T, media, body string) {
		for _, route := range []string{uploadRoute, "/sign-in", "/sign-in/passkey"} {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
			r.Header.Set("Content-Type", media)
			if checkMedia(r, route) != nil || readForms(r) != nil {
				continue
			}
			if !tidy(r.Form) {
				t.Errorf("%q, %q: %d fields", media, body, len(r.Form))
			}
			if r.MultipartForm != nil && route != uploadRoute {
				t.Errorf("%s took a file", route)
			}
		}
	})
}

// Whatever is sent as a form is a form, or refused with a reason, and what is said
// against it names a place.
func FuzzUpload(f *testing.F) {
	u, err := New(&review.Service{}, Options{Sessions: memstore.New(), Accounts: new(storage.Store), Policy: policy.Default(), Log: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		f.Fatal(err)
	}
	whole := &form.Form{Workspace: "cohort", Groups: []form.Group{
		{Name: "a", Context: map[string]string{"none": "x"}, Files: []form.File{{Path: "release/a.csv"}, {Path: form.NewestRelease + "b"}}},
		{Name: "b", Wildcard: "release/*", Count: 2},
	}}
	data, err := form.Write("form.xlsx", whole, u.guide())
	if err != nil {
		f.Fatal(err)
	}
	f.Add("form.xlsx", data)
	f.Add("form.XLSX", data[:len(data)/2])
	f.Add("form.xlsm", data)
	f.Add("a/../\"; filename=\"b.xlsx", []byte("PK\x05\x06"))
	ws := &review.Workspace{Name: "cohort", Releases: []string{"release"}, Files: []review.WorkspaceFile{{Path: "release/a.csv"}}}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		part, err := w.CreateFormFile("form", name)
		if err != nil {
			return
		}
		_, _ = part.Write(data) // into memory
		_ = w.Close()
		r := httptest.NewRequest(http.MethodPost, "/", &body)
		r.Header.Set("Content-Type", w.FormDataContentType())
		got, err := readForm(&call{Context: echo.New().NewContext(r, httptest.NewRecorder()), ui: u})
		var bad *form.Error
		switch {
		case err == nil:
			for _, p := range u.formProblems(got, ws) {
				if !strings.HasPrefix(p, "sheet ") {
					t.Errorf("a problem without a place: %q", p)
				}
			}
		case !errors.As(err, &bad) && review.KindOf(err) != review.TooLarge:
			t.Errorf("refused with %v", err)
		}
	})
}

// The search of the record is read from a query that anybody may write.
func FuzzSearch(f *testing.F) {
	f.Add("person=ann&from=2026-01-01&to=2026-02-30&find=x&page=-1&after=99999999999999999999")
	f.Add("type=%00&project=%ff&from=0000-00-00")
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		sr := readSearch(values)
		_, _ = sr.events()
		_, _ = sr.requests()
		_, _ = sr.releases()
	})
}

// Whatever a page shows of a hostile text can be seen, and is a safe cell too.
func FuzzPrintable(f *testing.F) {
	f.Add("a\x1b[31m\u202eb\xff")
	f.Fuzz(func(t *testing.T, text string) {
		shown := printable(text)
		if strings.ContainsFunc(shown, odd) || printable(shown) != shown {
			t.Errorf("%q is shown as %q", text, shown)
		}
		if got := cells.Cell(shown); strings.HasPrefix(got, "=") || strings.HasPrefix(got, "@") {
			t.Errorf("%q is the cell %q", text, got)
		}
	})
}

// Whatever stands in a cookie, nobody is signed in by it, and nothing breaks.
func FuzzCookie(f *testing.F) {
	f.Add("sallyport=abc")
	f.Add("sallyport=; sallyport=\"x\"; __Host-sallyport=%00")
	u, err := New(&review.Service{}, Options{Sessions: memstore.New(), Accounts: new(storage.Store), Policy: policy.Default(), Log: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, cookie string) {
		req := httptest.NewRequest(http.MethodGet, "http://localhost/requests", nil)
		req.Header["Cookie"] = []string{cookie}
		rec := httptest.NewRecorder()
		if u.ServeHTTP(rec, req); rec.Code != http.StatusSeeOther || !strings.HasPrefix(rec.Header().Get("Location"), "/sign-in") {
			t.Errorf("%q: status %d", cookie, rec.Code)
		}
	})
}

// Whatever a device, or who says to be one, answers to a challenge, it is no
// passkey.
func FuzzPasskey(f *testing.F) {
	for _, seed := range []string{
		"{}", "null", `{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA"}}`,
		`{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiQUFBQSIsIm9yaWdpbiI6Imh0dHBzOi8vcmVsZWFzZS5leGFtcGxlIn0","attestationObject":"o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YUA"}}`,
		`{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiQUFBQSIsIm9yaWdpbiI6Imh0dHBzOi8vcmVsZWFzZS5leGFtcGxlIn0","authenticatorData":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABAAAAAA","signature":"AA","userHandle":"AA"}}`,
		`{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"` + strings.Repeat("gY", 200) + `"}}`,
	} {
		f.Add([]byte(seed))
	}
	keys, err := newPasskeys("https://release.example")
	if err != nil {
		f.Fatal(err)
	}
	who := holder{&review.Credentials{Person: "ann", Handle: []byte("handle")}, "Ann"}
	f.Fuzz(func(t *testing.T, answer []byte) {
		challenge := webauthn.SessionData{Challenge: "AAAA", UserID: who.Handle, RelyingPartyID: "release.example", UserVerification: protocol.VerificationRequired}
		if parsed, err := protocol.ParseCredentialCreationResponseBytes(answer); err == nil {
			if made, err := keys.CreateCredential(who, challenge, parsed); err == nil && !made.Flags.UserVerified {
				t.Errorf("%q is a passkey of nobody seen", answer) // the page refuses it too
			}
		}
		if parsed, err := protocol.ParseCredentialRequestResponseBytes(answer); err == nil {
			if _, err := keys.ValidateLogin(who, challenge, parsed); err == nil {
				t.Errorf("%q signs ann in, who has no passkey", answer)
			}
		}
	})
}
