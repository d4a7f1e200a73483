package api

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"sallyport/policy"
	"sallyport/ui/export"
)

// document makes the OpenAPI 3.1 description of the routes, as JSON.
func document(rows []route) ([]byte, error) {
	made := schemas{}
	made.of(reflect.TypeFor[problem]())
	paths := map[string]schema{}
	for _, r := range rows {
		at := Prefix + openPath(r.path)
		if paths[at] == nil {
			paths[at] = schema{}
		}
		paths[at][strings.ToLower(r.method)] = operation(made, r)
	}
	doc := schema{
		"openapi":           "3.1.0",
		"jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
		"info": schema{
			"title":   "Sallyport",
			"version": "1",
			"description": "Release requests, their review, and the record of both. Every call needs a personal token " +
				"(Authorization: Bearer sp_…) and can do no more than its person. Times are RFC 3339 in UTC.",
		},
		"security": []schema{{"token": []string{}}},
		"paths":    paths,
		"components": schema{
			"schemas":         made,
			"securitySchemes": schema{"token": schema{"type": "http", "scheme": "bearer", "description": "made on the page of one's account"}},
		},
	}
	return json.Marshal(doc, json.Deterministic(true), jsontext.WithIndent("  "))
}

func operation(made schemas, r route) schema {
	op := schema{
		"operationId": operationID(r), "summary": r.summary, "parameters": parameters(r),
		"responses": schema{
			strconv.Itoa(r.status): success(made, r),
			"default": schema{
				"description": "A problem (RFC 9457)",
				"content":     schema{mimeProblem: schema{"schema": made.of(reflect.TypeFor[problem]())}},
			},
		},
	}
	if r.in != nil {
		op["requestBody"] = schema{"required": true, "content": schema{mimeJSON: schema{"schema": made.of(r.in)}}}
	}
	switch r.action {
	case open:
		op["security"] = []schema{}
	case signedIn:
	default:
		op["description"] = "Action " + string(r.action) + "; scope " + strings.Join(scopesOf(r.action), " or ") + "."
	}
	return op
}

// operationID names an operation as its path does: "post-requests-request-submit".
func operationID(r route) string {
	plain := strings.NewReplacer(":", "", "/", "-", ".", "-")
	return strings.ToLower(r.method) + plain.Replace(r.path)
}

func scopesOf(action policy.Action) []string {
	var out []string
	for _, row := range policy.Scopes() {
		if policy.InScope([]policy.Scope{row.Scope}, action) {
			out = append(out, string(row.Scope))
		}
	}
	return out
}

func success(made schemas, r route) schema {
	out := schema{"description": http.StatusText(r.status)}
	switch {
	case r.out == nil:
	case r.out == reflect.TypeFor[streamOut]() && r.action == policy.ReleasePackage:
		out["content"] = schema{mimeZIP: schema{}}
	case r.out == reflect.TypeFor[streamOut]():
		out["content"] = schema{export.CSV.Media(): schema{}, export.XLSX.Media(): schema{}}
	case r.out == reflect.TypeFor[textOut]():
		out["content"] = schema{mimeText: schema{"schema": schema{"type": "string"}}}
	case r.out != reflect.TypeFor[bytesOut]():
		out["content"] = schema{mimeJSON: schema{"schema": made.of(r.out)}}
	case strings.HasPrefix(r.path, "/requests/"):
		out["content"] = schema{mimeBytes: schema{}}
	default:
		out["content"] = schema{mimeJSON: schema{"schema": schema{"type": "object"}}}
	}
	if r.status == http.StatusCreated {
		out["headers"] = schema{"Location": schema{"schema": schema{"type": "string"}}}
	}
	return out
}

// parameters are the names of the path, of the query, and the key of a change.
func parameters(r route) []schema {
	out := []schema{}
	for _, part := range strings.Split(r.path, "/") {
		if name, named := strings.CutPrefix(part, ":"); named {
			out = append(out, schema{"name": name, "in": "path", "required": true, "schema": schema{"type": "string"}})
		}
	}
	for _, p := range r.query {
		typ := "string"
		if p.number {
			typ = "integer"
		}
		out = append(out, schema{"name": p.name, "in": "query", "description": p.doc, "schema": schema{"type": typ}})
	}
	if r.method == http.MethodPost {
		out = append(out, schema{
			"name": "Idempotency-Key", "in": "header", "schema": schema{"type": "string", "maxLength": 200},
			"description": "the first answer to it is given again for 24 hours; other contents under it are refused",
		})
	}
	return out
}

// openPath writes ":name" as "{name}".
func openPath(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if name, named := strings.CutPrefix(p, ":"); named {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}
