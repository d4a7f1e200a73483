package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const threeSinks = `
data: d
workspaces: w
sinks:
  - {name: exports, kind: folder, folder: out}
  - name: archive
    kind: s3
    bucket: releases
    prefix: from/here
    region: eu-west-2
    endpoint: https://storage.example.org
    path_style: true
    access_key_env: ARCHIVE_KEY
    secret_key_file: SECRET
  - {name: jobs, kind: job-server, url: "https://jobs.example.org/api/v2", token_file: SECRET, timeout: 30s}
`

func TestSinksAreOpened(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ARCHIVE_KEY", "key")
	c, err := parseConfig([]byte(strings.ReplaceAll(threeSinks, "SECRET", file)))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.complete(); err != nil {
		t.Fatal(err)
	}
	c.Sinks[0].Folder = filepath.Join(t.TempDir(), "out")
	for _, s := range c.sinks() {
		sink, err := s.open(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		if err := sink.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Setenv("ARCHIVE_KEY", "")
	if _, err := c.Sinks[1].open(t.Context()); err == nil || !strings.Contains(err.Error(), "ARCHIVE_KEY") {
		t.Errorf("without the key: %v", err)
	}
}

// A configuration without sinks has the exports folder, as ever.
func TestTheExportsFolderIsTheDefault(t *testing.T) {
	c := config{Data: "d", Workspaces: "w", Exports: "e"}
	if err := c.complete(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]sinkConfig{{Name: "exports", Kind: "folder", Folder: "e"}}, c.sinks()); diff != "" {
		t.Error(diff)
	}
}

func TestSinksAreRefused(t *testing.T) {
	for complaint, sinks := range map[string]string{
		`is named ""`:               `[{kind: folder, folder: out}]`,
		`named "A b"`:               `[{name: A b, kind: folder, folder: out}]`,
		"two sinks":                 `[{name: a, kind: folder, folder: out}, {name: a, kind: folder, folder: out}]`,
		`kind is "ftp"`:             `[{name: a, kind: ftp}]`,
		"folder is missing":         `[{name: a, kind: folder}]`,
		"bucket is missing":         `[{name: a, kind: s3}]`,
		"url is missing":            `[{name: a, kind: job-server}]`,
		"url is not one of a sink":  `[{name: a, kind: folder, folder: out, url: x}]`,
		"field token not found":     `[{name: a, kind: job-server, url: x, token: secret}]`,
		"inside the workspaces":     `[{name: a, kind: folder, folder: w/out}]`,
		"timeout is not one":        `[{name: a, kind: s3, bucket: b, timeout: 3s}]`,
		"cannot unmarshal":          `[{name: a, kind: job-server, url: x, timeout: soon}]`,
		"both exports and sinks":    "[{name: a, kind: folder, folder: out}]\nexports: e",
		"path_style is not one of ": `[{name: a, kind: folder, folder: out, path_style: true}]`,
	} {
		c, err := parseConfig([]byte("data: d\nworkspaces: w\nsinks: " + sinks + "\n"))
		if err == nil {
			err = c.complete()
		}
		if err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%s: %v", complaint, err)
		}
	}
}

func TestBlobsAddress(t *testing.T) {
	got, err := blobsAddress("s3://snapshots/of/us?region=eu-west-2&endpoint=https://s.example.org&path_style=true&access_key_file=a&secret_key_env=B")
	if err != nil {
		t.Fatal(err)
	}
	want := sinkConfig{Kind: "s3", Bucket: "snapshots", Prefix: "of/us", Region: "eu-west-2", Endpoint: "https://s.example.org",
		PathStyle: true, AccessKeyFile: "a", SecretKeyEnv: "B"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "snapshots", "s3://", "gs://b", "s3://key:secret@b/p", "s3://b?colour=red", "s3://b?region=a&region=b", "s3://b?path_style=perhaps", "s3://b#x"} {
		if _, err := blobsAddress(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
