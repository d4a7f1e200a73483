package storagetest

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// The keys and the bucket of an S3 server.
const (
	AccessKey  = "sallyport-test"
	SecretKey  = "sallyport-test-secret"
	BucketName = "releases"
)

// S3 is a server that a test started: versitygw over a folder.
type S3 struct {
	Endpoint string // http://127.0.0.1:port
	Dir      string // of the bucket: each object is a file

	process *os.Process
}

// Hang stops the server in the middle of what it does, as a disk that answers
// nothing does, for some time.
func (s *S3) Hang(d time.Duration) error {
	if err := s.process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	time.Sleep(d)
	return s.process.Signal(syscall.SIGCONT)
}

// StartS3 starts a server with one empty bucket, which ends with the test. The
// test is skipped when there is no server to start, and fails when SALLYPORT_S3
// is "required"; other values of it name the program.
func StartS3(t testing.TB) *S3 {
	t.Helper()
	program := find(t)
	root, side := t.TempDir(), t.TempDir()
	s := &S3{Dir: filepath.Join(root, BucketName)}
	if err := os.Mkdir(s.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	s.Endpoint = "http://" + address
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "--quiet", "--port", address,
		"--access", AccessKey, "--secret", SecretKey, "posix", "--sidecar", side, root)
	cmd.Dir = root
	out, err := os.Create(filepath.Join(side, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.process = cmd.Process
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
		_ = out.Close()
	})
	for range 200 {
		resp, err := http.Get(s.Endpoint)
		if err == nil {
			_ = resp.Body.Close()
			return s
		}
		time.Sleep(25 * time.Millisecond)
	}
	text, _ := os.ReadFile(out.Name())
	t.Fatalf("the S3 server does not answer:\n%s", text)
	return nil
}

// find names the server's program.
func find(t testing.TB) string {
	t.Helper()
	told := os.Getenv("SALLYPORT_S3")
	if told != "" && told != "required" {
		return told
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		program := filepath.Join(dir, "bin", "tools", "versitygw")
		if _, err := os.Stat(program); err == nil {
			return program
		}
	}
	if told == "required" {
		t.Fatal("there is no S3 server to test with: .ci/s3 builds one")
	}
	t.Skip("there is no S3 server to test with: .ci/s3 builds one")
	return ""
}

// freeAddress is a port of this machine that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // it is for the server
	return l.Addr().String()
}
