package api

import (
	"reflect"
	"strings"
	"time"

	"sallyport/checks/provenance"
	"sallyport/policy"
	"sallyport/review"
)

// schema is a JSON Schema of the 2020-12 dialect, which OpenAPI 3.1 speaks.
type schema = map[string]any

// schemas makes schemas of Go types as the encoder of this package writes them,
// one for each struct, which others refer to by name.
type schemas map[string]schema

// of is the schema of a type.
func (s schemas) of(t reflect.Type) schema {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return schema{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[[]byte]():
		return schema{"type": "string", "contentEncoding": "base64"}
	}
	if words := words(t); words != nil {
		return schema{"type": "string", "enum": words}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Struct:
		return s.ref(t)
	case reflect.Slice:
		return schema{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.String:
		return schema{"type": "string"}
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return schema{"type": "integer"}
	case reflect.Float64:
		return schema{"type": "number"}
	case reflect.Interface:
		return schema{} // evidence: numbers, texts and lists of them
	default:
		panic("api: no schema for " + t.String())
	}
}

// ref makes the schema of a struct, once, and refers to it.
func (s schemas) ref(t reflect.Type) schema {
	name := schemaName(t)
	if _, made := s[name]; !made {
		out := schema{"type": "object", "additionalProperties": false}
		s[name] = out // before its members, which may refer to it
		properties := schema{}
		for i := range t.NumField() {
			member, _ := memberName(t.Field(i))
			of := s.of(t.Field(i).Type)
			if doc := t.Field(i).Tag.Get("doc"); doc != "" {
				of["description"] = doc
			}
			properties[member] = of
		}
		out["properties"] = properties
		if required := required(t); len(required) > 0 {
			out["required"] = required
		}
	}
	return schema{"$ref": "#/components/schemas/" + name}
}

// required are the members of a struct that are always there.
func required(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		if member, always := memberName(t.Field(i)); always {
			out = append(out, member)
		}
	}
	return out
}

// requiredOf are the members that a body must have to be read into v.
func requiredOf(v any) []string { return required(reflect.TypeOf(v).Elem()) }

// memberName is the JSON name of a field, and whether it is always there.
func memberName(f reflect.StructField) (name string, always bool) {
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" || f.Anonymous {
		panic("api: no JSON name for " + f.Name)
	}
	return name, options == ""
}

// schemaName is the type's name with a capital, "Page" of something for a page.
func schemaName(t reflect.Type) string {
	name, of, generic := strings.Cut(t.Name(), "[")
	name = strings.ToUpper(name[:1]) + name[1:]
	if !generic {
		return name
	}
	of = strings.TrimSuffix(of[strings.LastIndex(of, ".")+1:], "]")
	return name + "Of" + strings.ToUpper(of[:1]) + of[1:]
}

func statuses() []string {
	return []string{"PENDING", "SUBMITTED", "PARTIALLY_REVIEWED", "REVIEWED", "APPROVED", "RELEASED", "RETURNED", "REJECTED", "WITHDRAWN"}
}

// words are all values of a type that has few, nil for others.
func words(t reflect.Type) []string {
	switch t {
	case reflect.TypeFor[review.Status]():
		return statuses()
	case reflect.TypeFor[review.FileKind]():
		return []string{"output", "supporting", "withdrawn"}
	case reflect.TypeFor[review.Decision]():
		return []string{"approve", "changes", "reject", "undecided"}
	case reflect.TypeFor[review.Visibility]():
		return []string{"public", "checkers"}
	case reflect.TypeFor[review.Phase]():
		return []string{"", "independent", "consolidation"}
	case reflect.TypeFor[review.Outcome]():
		return []string{"incomplete", "approved", "changes requested", "rejected", "conflicted"}
	case reflect.TypeFor[review.ExceptionKind]():
		return []string{"type", "size", "rows", "finding"}
	case reflect.TypeFor[review.ProjectKind]():
		return []string{"study", "testing", "curation"}
	case reflect.TypeFor[policy.Relation]():
		return []string{"author", "member", "assigned", "helper", "other"}
	case reflect.TypeFor[policy.Reach]():
		return []string{"service", "project", "backend"}
	case reflect.TypeFor[review.ProposalKind]():
		return []string{"grant", "revoke", "revoked at once"}
	case reflect.TypeFor[policy.Severity]():
		return []string{"off", "note", "warn", "block"}
	case reflect.TypeFor[provenance.Level]():
		return []string{"highly_sensitive", "moderately_sensitive", "minimally_sensitive", ""}
	case reflect.TypeFor[policy.Scope]():
		var all []string
		for _, row := range policy.Scopes() {
			all = append(all, string(row.Scope))
		}
		return all
	default:
		return nil
	}
}
