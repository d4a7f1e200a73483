package main

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/alecthomas/kong"
)

func TestSecretFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	good := write("good", " s3cret\n", 0o600)
	link := filepath.Join(dir, "link")
	if err := os.Symlink(good, link); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ file, want, complaint string }{
		{file: good, want: "s3cret"},
		{file: link, want: "s3cret"},
		{file: write("kept", "s3cret", 0o400), want: "s3cret"},
		{file: write("group", "s3cret", 0o640), complaint: "chmod 600"},
		{file: write("world", "s3cret", 0o604), complaint: "chmod 600"},
		{file: write("writable", "s3cret", 0o620), complaint: "chmod 600"},
		{file: write("empty", " \n", 0o600), complaint: "is empty"},
		{file: write("two", "s3cret\nother\n", 0o600), complaint: "one line"},
		{file: write("huge", strings.Repeat("s", maxSecret+1), 0o600), complaint: "too large"},
		{file: dir, complaint: "not a file"},
		{file: pipe, complaint: "not a file"},
		{file: filepath.Join(dir, "none"), complaint: "no such file"},
		{file: "credential:mail", complaint: "LoadCredential"},
	} {
		got, err := secretFile(tt.file)
		switch {
		case tt.complaint == "" && (err != nil || got != tt.want):
			t.Errorf("%s: %q, %v", tt.file, got, err)
		case tt.complaint != "" && (err == nil || !strings.Contains(err.Error(), tt.complaint)):
			t.Errorf("%s: error %v, want one that says %q", tt.file, err, tt.complaint)
		case err != nil && strings.Contains(err.Error(), "s3cret"):
			t.Errorf("%s: the error holds the secret", tt.file)
		}
	}
}

// A secret that belongs to somebody else could be changed by them.
func TestSecretOfSomebodyElse(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	path := file(t, "secret", "s3cret")
	if err := os.Chown(path, 12345, -1); err != nil {
		t.Fatal(err)
	}
	if _, err := secretFile(path); err == nil || !strings.Contains(err.Error(), "belongs to user 12345") {
		t.Errorf("error %v", err)
	}
}

// What systemd hands over is root's, and read through an access list.
func TestSystemdCredentials(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	for name, mode := range map[string]os.FileMode{"mail": 0o440, "open": 0o444} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("s3cret"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	for name, ok := range map[string]bool{
		"credential:mail": true, filepath.Join(dir, "mail"): true, "credential:open": false,
		"credential:none": false, "credential:": false, "credential:..": false, "credential:../mail": false,
	} {
		if got, err := secretFile(name); ok != (err == nil && got == "s3cret") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestPrivateFolders(t *testing.T) {
	dir := t.TempDir()
	open, closed := filepath.Join(dir, "open"), filepath.Join(dir, "closed")
	for name, mode := range map[string]os.FileMode{open: 0o750, closed: 0o700} {
		if err := os.Mkdir(name, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := privateFolders(closed, filepath.Join(dir, "none")); err != nil {
		t.Error(err)
	}
	if err := privateFolders(closed, open); err == nil || !strings.Contains(err.Error(), "chmod 700") {
		t.Errorf("a folder that others can look into: %v", err)
	}
	if err := privateFolders(file(t, "f", "")); err == nil {
		t.Error("a file is taken for a folder")
	}
}

var (
	secretWord = regexp.MustCompile(`(?i)secret|password|passphrase|token|credential|private|key`)
	// named are endings that name where a secret lies, and plain words that only
	// sound like one.
	named = regexp.MustCompile(`[_-](file|env)$`)
)

// No flag and no key of the configuration holds a secret itself: command lines
// can be read by everybody on the machine, and configuration files get copied.
func TestNoSecretInFlagsOrKeys(t *testing.T) {
	harmless := map[string]string{
		"keys":    "the folder of the signing key",
		"key":     "public keys, and files of them",
		"private": "whether a webhook may be in a private network",
		// Its own keys are held to this too.
		"passwords": "which passwords nobody may choose",
	}
	seen := 0
	hold := func(where, name string) {
		seen++
		if _, ok := harmless[name]; secretWord.MatchString(name) && !named.MatchString(name) && !ok {
			t.Errorf("%s: %s could hold a secret", where, name)
		}
	}
	parser, err := kong.New(&commands{}, kong.Name("sallyport"))
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(false) {
		for _, group := range leaf.AllFlags(false) {
			for _, f := range group {
				if f.IsBool() {
					continue
				}
				hold(leaf.Path(), f.Name)
			}
		}
	}
	var keys func(where string, t reflect.Type)
	keys = func(where string, typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || typ.PkgPath() != reflect.TypeFor[config]().PkgPath() {
			return
		}
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, rest, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			if name == "-" || f.PkgPath != "" {
				continue
			}
			if rest != "inline" {
				hold("configuration", name)
			}
			keys(where+"."+name, f.Type)
		}
	}
	keys("", reflect.TypeFor[config]())
	if seen < 100 {
		t.Errorf("only %d flags and keys were looked at", seen)
	}
}
