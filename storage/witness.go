package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"time"

	"sallyport/review"
)

// FolderWitness keeps each checkpoint as a file of its own in a folder, which
// should be on other storage, where files cannot be altered once written.
type FolderWitness struct{ Folder string }

// WebhookWitness posts each checkpoint to an address, as text/plain, over HTTPS.
// The note is signed, so it needs no other proof of where it comes from.
type WebhookWitness struct {
	URL    string
	Client *http.Client // nil for one that follows no redirects
}

var (
	_ review.Witness = FolderWitness{}
	_ review.Witness = WebhookWitness{}
)

// Observe writes the note. The same note again is no error; another one of the
// same size is ErrCorrupt: one of the two logs is not the one that was signed.
func (w FolderWitness) Observe(_ context.Context, size int64, signed []byte) error {
	dir, err := os.OpenRoot(w.Folder)
	if err != nil {
		return err
	}
	defer dir.Close() // only written to through f
	name := fmt.Sprintf("checkpoint-%012d.txt", size)
	there, err := dir.ReadFile(name)
	switch {
	case err == nil && bytes.Equal(there, signed):
		return syncDir(dir, ".") // an earlier try may not have come so far
	case err == nil:
		return fmt.Errorf("%w: the witness has another checkpoint of %d events", review.ErrCorrupt, size)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	part := ".new-" + name
	if err := dir.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := dir.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return err
	}
	_, err = f.Write(signed)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := dir.Rename(part, name); err != nil {
		return err
	}
	return syncDir(dir, ".")
}

// witnessTime is how long a witness may take.
const witnessTime = 30 * time.Second

// CheckWitnessURL refuses an address that is not HTTPS with a host and nothing
// secret in it.
func CheckWitnessURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return errors.New("a witness's address is https://host/path, without a password")
	}
	return nil
}

// Observe posts the note; any answer of 200 to 299 will do.
func (w WebhookWitness) Observe(ctx context.Context, size int64, signed []byte) error {
	ctx, cancel := context.WithTimeout(ctx, witnessTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(signed))
	if err != nil {
		return errors.New("the witness's address cannot be used")
	}
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	req.Header.Set("Idempotency-Key", fmt.Sprintf("checkpoint-%d", size))
	client := w.Client
	if client == nil {
		client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	res, err := client.Do(req)
	if err != nil {
		return errors.New("the witness cannot be reached") // the library's words hold the address
	}
	defer res.Body.Close() // only read from
	_, _ = io.CopyN(io.Discard, res.Body, 4<<10)
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return fmt.Errorf("the witness answered with status %d", res.StatusCode)
	}
	return nil
}
