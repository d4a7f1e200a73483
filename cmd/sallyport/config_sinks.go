package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sallyport/review"
	"sallyport/storage"
)

// sinkConfig is one place that releases go to. Which keys it has depends on its
// kind. Secrets are never written here: a key names the file, or the variable of
// the environment, that holds one.
type sinkConfig struct {
	Name string `yaml:"name"` // kept with each release; never change it
	Kind string `yaml:"kind"` // folder, s3 or job-server

	Folder string `yaml:"folder"` // of kind folder: packages are put here

	Bucket        string `yaml:"bucket"`          // of kind s3: its name
	Prefix        string `yaml:"prefix"`          // of kind s3: what the names in it begin with
	Region        string `yaml:"region"`          // of kind s3
	Endpoint      string `yaml:"endpoint"`        // of kind s3: address of the server, when it is not that of AWS
	PathStyle     bool   `yaml:"path_style"`      // of kind s3: the bucket is part of the path, not of the host name
	AccessKeyFile string `yaml:"access_key_file"` // of kind s3: file that holds the access key
	AccessKeyEnv  string `yaml:"access_key_env"`  // of kind s3: variable that holds the access key
	SecretKeyFile string `yaml:"secret_key_file"` // of kind s3: file that holds the secret key
	SecretKeyEnv  string `yaml:"secret_key_env"`  // of kind s3: variable that holds the secret key

	URL       string        `yaml:"url"`        // of kind job-server: its address
	TokenFile string        `yaml:"token_file"` // of kind job-server: file that holds the token
	TokenEnv  string        `yaml:"token_env"`  // of kind job-server: variable that holds the token
	CAFile    string        `yaml:"ca_file"`    // PEM; the system's authorities when empty
	Timeout   time.Duration `yaml:"timeout"`    // of one call
}

// Kinds of sink.
const (
	folderKind    = "folder"
	s3Kind        = "s3"
	jobServerKind = "job-server"
)

// defaultSink is the name of the one sink of a configuration that lists none.
const defaultSink = "exports"

// sinkName is what a sink may be called: it is part of jobs' names.
var sinkName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// sinks lists the places that releases go to: those that are listed, or else the
// exports folder.
func (c config) sinks() []sinkConfig {
	if len(c.Sinks) > 0 {
		return c.Sinks
	}
	return []sinkConfig{{Name: defaultSink, Kind: folderKind, Folder: c.Exports}}
}

// checkSinks says what is wrong with the list.
func (c config) checkSinks() error {
	if len(c.Sinks) > 0 && c.Exports != "" {
		return errors.New("both exports and sinks are given: list the exports folder as a sink of kind folder")
	}
	seen := map[string]bool{}
	for _, s := range c.sinks() {
		if !sinkName.MatchString(s.Name) {
			return fmt.Errorf("a sink is named %q: a name is lower-case letters, digits and hyphens, and begins with a letter", s.Name)
		}
		if seen[s.Name] {
			return fmt.Errorf("two sinks are named %s", s.Name)
		}
		seen[s.Name] = true
		if err := s.check(); err != nil {
			return fmt.Errorf("sink %s: %w", s.Name, err)
		}
		if s.Kind == folderKind {
			if err := apart(c.Workspaces, s.Folder); err != nil {
				return err
			}
		}
	}
	return nil
}

// check refuses keys that are not of the sink's kind, and asks for those that
// are needed.
func (s sinkConfig) check() error {
	of := map[string]struct{ needed, allowed []string }{
		folderKind:    {needed: []string{"folder"}},
		s3Kind:        {needed: []string{"bucket"}, allowed: []string{"prefix", "region", "endpoint", "path_style", "access_key_file", "access_key_env", "secret_key_file", "secret_key_env"}},
		jobServerKind: {needed: []string{"url"}, allowed: []string{"token_file", "token_env", "ca_file", "timeout"}},
	}
	kind, ok := of[s.Kind]
	if !ok {
		return fmt.Errorf("its kind is %q, and there are folder, s3 and job-server", s.Kind)
	}
	given := s.given()
	for _, key := range kind.needed {
		if !slices.Contains(given, key) {
			return fmt.Errorf("the key %s is missing", key)
		}
	}
	for _, key := range given {
		if !slices.Contains(kind.needed, key) && !slices.Contains(kind.allowed, key) {
			return fmt.Errorf("the key %s is not one of a sink of kind %s", key, s.Kind)
		}
	}
	return nil
}

// given names the keys that are set, but for name and kind.
func (s sinkConfig) given() []string {
	var keys []string
	for _, k := range []struct {
		key string
		set bool
	}{
		{"folder", s.Folder != ""}, {"bucket", s.Bucket != ""}, {"prefix", s.Prefix != ""}, {"region", s.Region != ""},
		{"endpoint", s.Endpoint != ""}, {"path_style", s.PathStyle}, {"access_key_file", s.AccessKeyFile != ""},
		{"access_key_env", s.AccessKeyEnv != ""}, {"secret_key_file", s.SecretKeyFile != ""}, {"secret_key_env", s.SecretKeyEnv != ""},
		{"url", s.URL != ""}, {"token_file", s.TokenFile != ""}, {"token_env", s.TokenEnv != ""}, {"ca_file", s.CAFile != ""},
		{"timeout", s.Timeout != 0},
	} {
		if k.set {
			keys = append(keys, k.key)
		}
	}
	return keys
}

// closingSink is a sink that lets go of what it holds.
type closingSink interface {
	review.Sink
	io.Closer
}

// open opens the sink. Nothing is asked of the other side yet.
func (s sinkConfig) open(ctx context.Context) (closingSink, error) {
	switch s.Kind {
	case folderKind:
		return storage.OpenFolder(s.Folder)
	case s3Kind:
		bucket, err := s.bucket(ctx)
		if err != nil {
			return nil, err
		}
		return storage.NewBucketSink(bucket), nil
	}
	token, err := namedSecret(s.TokenFile, s.TokenEnv)
	if err != nil {
		return nil, err
	}
	return storage.OpenJobServer(storage.JobServerSettings{URL: s.URL, Token: token, CAFile: s.CAFile, Timeout: s.Timeout})
}

func (s sinkConfig) bucket(ctx context.Context) (*storage.Bucket, error) {
	settings := storage.BucketSettings{Bucket: s.Bucket, Prefix: s.Prefix, Region: s.Region, Endpoint: s.Endpoint, PathStyle: s.PathStyle}
	var err error
	if settings.AccessKey, err = namedSecret(s.AccessKeyFile, s.AccessKeyEnv); err != nil {
		return nil, err
	}
	if settings.SecretKey, err = namedSecret(s.SecretKeyFile, s.SecretKeyEnv); err != nil {
		return nil, err
	}
	return storage.OpenBucket(ctx, settings)
}

// closingBlobs are blobs that let go of what they hold.
type closingBlobs interface {
	review.Blobs
	io.Closer
}

// openBlobs opens where the snapshots are kept: the data folder, or the storage
// that the key blobs names.
func (c config) openBlobs(ctx context.Context, now review.Clock) (closingBlobs, error) {
	if c.Blobs == "" {
		return storage.OpenBlobs(filepath.Join(c.Data, blobsFolder), now)
	}
	s, err := blobsAddress(c.Blobs)
	if err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	bucket, err := s.bucket(ctx)
	if err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	return storage.NewBucketBlobs(bucket), nil
}

// blobsAddress reads s3://bucket/prefix?region=...; its parameters are the keys
// of a sink of kind s3.
func blobsAddress(address string) (sinkConfig, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return sinkConfig{}, errors.New("it is to be written like s3://bucket/prefix?region=eu-west-2")
	}
	s := sinkConfig{Kind: s3Kind, Bucket: u.Host, Prefix: strings.Trim(u.Path, "/")}
	to := map[string]*string{
		"region": &s.Region, "endpoint": &s.Endpoint, "access_key_file": &s.AccessKeyFile, "access_key_env": &s.AccessKeyEnv,
		"secret_key_file": &s.SecretKeyFile, "secret_key_env": &s.SecretKeyEnv,
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return sinkConfig{}, errors.New("its parameters cannot be read")
	}
	for key, values := range query {
		switch field := to[key]; {
		case len(values) != 1:
			return sinkConfig{}, fmt.Errorf("the parameter %s is there twice", key)
		case field != nil:
			*field = values[0]
		case key == "path_style":
			if s.PathStyle, err = strconv.ParseBool(values[0]); err != nil {
				return sinkConfig{}, fmt.Errorf("path_style is true or false, not %q", values[0])
			}
		default:
			return sinkConfig{}, fmt.Errorf("there is no parameter %s", key)
		}
	}
	return s, s.check()
}
