package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2/memstore"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
	"sallyport/storage"
	"sallyport/storage/pgtest"
	"sallyport/ui"
	"sallyport/ui/api"
)

// site is the real handler of pages and interface over the real service and
// database, served on a port of this machine. Each answer of a test is held to
// the interface's own description.
type site struct {
	*reviewtest.World
	api    *api.API
	store  *storage.Store
	url    string
	folder string // of the database
	open   *description
	made   map[string]*program // by person and scopes
}

func newSite(t testing.TB) *site {
	t.Helper()
	folder := t.TempDir()
	store, err := storage.Open(context.Background(), pgtest.Address(t, filepath.Join(folder, "db"), schema), func() time.Time { return time.Now().UTC() })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	w := reviewtest.NewWorld(t, store)
	w.Sign(t)
	log := slog.New(slog.DiscardHandler)
	a, err := api.New(w.Service, api.Options{Tokens: store, Keys: store, Policy: policy.Default(), Log: log, Now: w.Now})
	if err != nil {
		t.Fatal(err)
	}
	pages, err := ui.New(w.Service, ui.Options{Sessions: memstore.New(), Accounts: store, Policy: policy.Default(), Log: log, Now: w.Now, API: a})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(pages)
	t.Cleanup(srv.Close)
	s := &site{World: w, api: a, store: store, url: srv.URL, folder: folder, made: map[string]*program{}}
	s.open = describe(t, s)
	return s
}

// files are those of the database.
func (s *site) files(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(s.folder, "*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("the database's files: %v, %v", names, err)
	}
	return names
}

// allScopes lets a token do all that its person may.
func allScopes() []policy.Scope {
	var all []policy.Scope
	for _, row := range policy.Scopes() {
		all = append(all, row.Scope)
	}
	return all
}

// as is a program with a token of the person, "" for one without.
func (s *site) as(t testing.TB, name string, scopes ...policy.Scope) *program {
	t.Helper()
	p := &program{t: t, site: s}
	if name == "" {
		return p
	}
	if scopes == nil {
		scopes = allScopes()
	}
	key := fmt.Sprint(name, scopes)
	if made := s.made[key]; made != nil {
		p.secret, p.token = made.secret, made.token
		return p
	}
	secret, token, err := s.api.CreateToken(context.Background(), s.As(t, review.Username(name)), api.NewToken{Name: "a test", Scopes: scopes, Days: 90})
	if err != nil {
		t.Fatal(err)
	}
	p.secret, p.token = secret, token.ID
	s.made[key] = p
	return p
}

// program is one caller with a token. It keeps the last answer.
type program struct {
	t      testing.TB
	site   *site
	secret string
	token  string // its id

	asked  string
	status int
	header http.Header
	body   []byte
}

// call sends a body, made into JSON unless it is a string, with headers given as
// name and value in turn.
func (p *program) call(method, path string, body any, headers ...string) *program {
	p.t.Helper()
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(body)
	default:
		data, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		reader = bytes.NewReader(data)
	}
	req, err := http.NewRequest(method, p.site.url+path, reader)
	if err != nil {
		p.t.Fatal(err)
	}
	if reader != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if p.secret != "" {
		req.Header.Set("Authorization", "Bearer "+p.secret)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return p.do(req)
}

func (p *program) do(req *http.Request) *program {
	p.t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	p.asked, p.status, p.header, p.body = req.Method+" "+req.URL.Path, res.StatusCode, res.Header, data
	if p.site.open != nil {
		p.site.open.check(p.t, req.Method, req.URL.EscapedPath(), res, data)
	}
	return p
}

const v1 = api.Prefix

func (p *program) get(path string) *program {
	p.t.Helper()
	return p.call(http.MethodGet, v1+path, nil)
}

func (p *program) post(path string, body any, headers ...string) *program {
	p.t.Helper()
	return p.call(http.MethodPost, v1+path, body, headers...)
}

func (p *program) put(path string, body any) *program {
	p.t.Helper()
	return p.call(http.MethodPut, v1+path, body)
}

func (p *program) want(status int) *program {
	p.t.Helper()
	if p.status != status {
		p.t.Fatalf("%s: status %d, want %d\n%s", p.asked, p.status, status, p.body)
	}
	return p
}

// into reads the answer.
func into[T any](p *program) (out T) {
	p.t.Helper()
	if err := json.Unmarshal(p.body, &out); err != nil {
		p.t.Fatalf("%s: %v\n%s", p.asked, err, p.body)
	}
	return out
}

// object is any JSON object.
type object = map[string]any

// problem is what an error looks like from outside.
type problem struct {
	Type, Title, Detail string
	Status              int
	Fields              map[string]string
	RequestID           string `json:"request_id"`
}

// description holds answers to the interface's own description.
type description struct {
	doc      object
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

func describe(t testing.TB, s *site) *description {
	t.Helper()
	body := s.as(t, "").get("/openapi.json").want(http.StatusOK).body
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	d := &description{doc.(object), jsonschema.NewCompiler(), map[string]*jsonschema.Schema{}}
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource("urn:openapi", doc); err != nil {
		t.Fatal(err)
	}
	return d
}

// operation finds the template of the description that a path is of.
func (d *description) operation(method, path string) (template string, op object) {
	parts := strings.Split(path, "/")
	best := -1
	for candidate, item := range d.doc["paths"].(object) {
		names, plain := strings.Split(candidate, "/"), 0
		if len(names) != len(parts) {
			continue
		}
		fits := true
		for i, n := range names {
			if n == parts[i] {
				plain++
			} else if !strings.HasPrefix(n, "{") {
				fits = false
			}
		}
		if found, ok := item.(object)[strings.ToLower(method)].(object); ok && fits && plain > best {
			template, op, best = candidate, found, plain
		}
	}
	return template, op
}

// elsewhere is a time with an offset.
var elsewhere = regexp.MustCompile(`"\d{4}-\d\d-\d\dT[0-9:.]+[+-]\d\d:\d\d"`)

// check holds one answer to the description: its status, its type and its body.
func (d *description) check(t testing.TB, method, path string, res *http.Response, body []byte) {
	t.Helper()
	template, op := d.operation(method, path)
	if op == nil {
		return // a page, or nothing
	}
	status, media := strconv.Itoa(res.StatusCode), res.Header.Get("Content-Type")
	described, ok := op["responses"].(object)[status].(object)
	if !ok {
		status = "default"
		described = op["responses"].(object)[status].(object)
		if res.StatusCode < 400 {
			t.Errorf("%s %s answers %d, which is not described", method, template, res.StatusCode)
		}
	}
	content, _ := described["content"].(object)
	if content == nil {
		if len(body) > 0 {
			t.Errorf("%s %s answers %d with a body that is not described: %s", method, template, res.StatusCode, body)
		}
		return
	}
	if _, ok := content[media]; !ok {
		t.Errorf("%s %s answers %d as %q, which is not described", method, template, res.StatusCode, media)
		return
	}
	if media == "application/octet-stream" || media == "application/zip" || strings.HasPrefix(media, "text/plain") || strings.HasPrefix(media, "text/csv") || strings.Contains(media, "spreadsheet") {
		return
	}
	if abroad := elsewhere.Find(body); abroad != nil {
		t.Errorf("%s %s: a time that is not in UTC: %s", method, template, abroad)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		t.Errorf("%s %s: %v", method, template, err)
		return
	}
	if err := d.schema(t, method, template, status, media).Validate(value); err != nil {
		t.Errorf("%s %s answers %d not as described: %v\n%s", method, template, res.StatusCode, err, body)
	}
}

func (d *description) schema(t testing.TB, method, template, status, media string) *jsonschema.Schema {
	t.Helper()
	escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")
	at := "urn:openapi#/paths/" + escape.Replace(template) + "/" + strings.ToLower(method) +
		"/responses/" + status + "/content/" + escape.Replace(media) + "/schema"
	if d.compiled[at] == nil {
		s, err := d.compiler.Compile(at)
		if err != nil {
			t.Fatal(err)
		}
		d.compiled[at] = s
	}
	return d.compiled[at]
}

// schema makes the schema of a test's database in PostgreSQL.
func schema(ctx context.Context, owner string) error {
	_, err := storage.Migrate(ctx, owner, time.Now, pgtest.AppRole)
	return err
}
