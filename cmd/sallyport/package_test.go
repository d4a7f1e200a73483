package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/review/crate"
)

// verifyPackage runs the command and returns its exit status and output.
func verifyPackage(args ...string) (int, string, string) {
	var out, errs bytes.Buffer
	code := run(context.Background(), append([]string{"package", "verify"}, args...), strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// goodPackage holds a package that was put out to what its recipient does.
func goodPackage(t *testing.T, path, key string) {
	t.Helper()
	code, out, errs := verifyPackage(path, "--key", key)
	if code != exitOK || !strings.HasPrefix(out, "Good. ") || !strings.Contains(out, "approved by ") {
		t.Errorf("verifying %s: status %d\n%s%s", filepath.Base(path), code, out, errs)
	}
	code, out, _ = verifyPackage(path, "--format", "json")
	var v crate.Verdict
	if err := json.Unmarshal([]byte(out), &v); err != nil || code != exitOK || !v.Good || v.Trusted || len(v.Notes) == 0 {
		t.Errorf("without a key, as JSON: status %d, %v\n%.300s", code, err, out)
	}
}

func TestPackageVerifyStatus(t *testing.T) {
	empty := t.TempDir()
	junk := filepath.Join(t.TempDir(), "p.zip")
	if err := os.WriteFile(junk, []byte("no ZIP\x1b[2J"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"an empty folder":    {[]string{empty}, exitFindings, "NOT GOOD"},
		"no ZIP":             {[]string{junk}, exitFindings, "refused"},
		"nothing there":      {[]string{filepath.Join(empty, "none")}, exitError, "no such file"},
		"no key there":       {[]string{empty, "--key", filepath.Join(empty, "none")}, exitError, "no such file"},
		"a key that is none": {[]string{empty, "--key", junk}, exitError, "public key"},
		"nothing named":      {nil, exitError, "path"},
		"another format":     {[]string{empty, "--format", "xml"}, exitError, "format"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := verifyPackage(test.args...)
			if code != test.code || !strings.Contains(out+errs, test.want) || strings.Contains(out+errs, "\x1b") {
				t.Errorf("status %d, want %d\n%s%s", code, test.code, out, errs)
			}
		})
	}
}
