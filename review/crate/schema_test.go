package crate_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestRecordSchema holds the record to its published schema, and the schema to
// noticing what is wrong.
func TestRecordSchema(t *testing.T) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	schema, err := c.Compile("../../docs/disclosure-record.schema.json")
	must(t, err)
	text := contents(t, newSample(t).pack(t))["data/disclosure-record.json"]
	valid := func(text []byte) error {
		t.Helper()
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		must(t, err)
		return schema.Validate(value)
	}
	if err := valid(text); err != nil {
		t.Error(err)
	}
	for was, wrong := range map[string]string{
		`disclosure-record/1`: `disclosure-record/2`, `"sha256": "0`: `"sha256": "x0`, `"decision"`: `"vote"`, `"found"`: `"perhaps"`,
		`"approvals": 2`: `"approvals": 1`, `"withheld"`: `"kept"`, `"at": "2026`: `"at": "26`, `"severity": "warn"`: `"severity": "off"`,
	} {
		if bad := strings.ReplaceAll(string(text), was, wrong); bad != string(text) && valid([]byte(bad)) == nil {
			t.Errorf("with %s for %s the record is valid", wrong, was)
		}
	}
}
