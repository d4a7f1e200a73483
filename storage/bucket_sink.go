package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"sallyport/review"
	"sallyport/review/crate"
)

// BucketSink is a review.Sink that puts each package into S3-compatible storage:
// its files below <workspace>/<release>/, the same as <workspace>/<release>.zip,
// and last of all <workspace>/<release>.complete.json. Without that last object
// there is no release: who takes releases up waits for it.
type BucketSink struct{ bucket *Bucket }

var _ review.Sink = BucketSink{}

// NewBucketSink puts packages into a bucket.
func NewBucketSink(b *Bucket) BucketSink { return BucketSink{b} }

// Close lets go of the bucket.
func (s BucketSink) Close() error { return s.bucket.Close() }

// What stands beside a package in a bucket.
const (
	completeMark = ".complete.json"
	zipType      = "application/zip"
	jsonType     = "application/json"
	textType     = "text/plain; charset=utf-8"
	bytesType    = "application/octet-stream"
)

// Deliver uploads what is not there, reads every object back and holds it to its
// digest. Nothing is written over: an object with other bytes in the place of
// one of ours is ErrCorrupt.
func (s BucketSink) Deliver(ctx context.Context, p *review.Package) (string, error) {
	at, err := s.place(p.Release)
	if err == nil {
		err = s.deliver(ctx, at, p)
	}
	if err != nil {
		return "", bucketError("delivering "+p.Release.ID, err)
	}
	return s.bucket.address(at) + "/", nil
}

// place is the name of a release's objects, before what distinguishes them.
func (s BucketSink) place(rel *review.Release) (string, error) {
	if err := folderNames(string(rel.Workspace), rel.ID); err != nil {
		return "", err
	}
	return s.bucket.prefix + path.Join(string(rel.Workspace), rel.ID), nil
}

func (s BucketSink) deliver(ctx context.Context, at string, p *review.Package) error {
	taken, err := s.bucket.bucket.Exists(ctx, at+withdrawnNote)
	if err != nil {
		return err
	}
	if taken {
		return errWithdrawn()
	}
	mark := completion{Schema: "sallyport-complete/1", Release: p.Release.ID}
	for _, e := range p.Entries {
		if why := nameProblem(e.Path); why != "" {
			return fmt.Errorf("a file's name: %s", why)
		}
		err := s.bucket.ensure(ctx, at+"/"+e.Path, bytesType, func(w io.Writer) error { return copyEntry(ctx, w, e) })
		if err != nil {
			return err
		}
		mark.Files = append(mark.Files, completeFile{e.Path, e.Size, e.SHA256})
	}
	err = s.bucket.ensure(ctx, at+".zip", zipType, func(w io.Writer) error {
		return crate.WriteZIP(ctx, w, p.Release.ID, p.Entries)
	})
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(mark, "", "  ")
	if err != nil {
		return err
	}
	return s.bucket.ensure(ctx, at+completeMark, jsonType, bytesOf(append(text, '\n')))
}

// completion says that a package is whole, and what it consists of.
type completion struct {
	Schema  string         `json:"schema"`
	Release string         `json:"release"`
	Files   []completeFile `json:"files"`
}

type completeFile struct {
	Path   string        `json:"path"`
	Size   int64         `json:"size"`
	SHA256 review.Digest `json:"sha256"`
}

// errWithdrawn refuses to put out again what was taken back.
func errWithdrawn() error {
	return review.Errorf(review.Conflict, "This release was withdrawn, and is not put out again.")
}

// Withdraw puts a note in the release's place and deletes its objects, the mark
// of completeness first.
func (s BucketSink) Withdraw(ctx context.Context, rel *review.Release, _ string) (string, error) {
	at, err := s.place(rel)
	if err == nil {
		err = s.withdraw(ctx, at, review.Tombstone(rel))
	}
	if err != nil {
		return "", bucketError("withdrawing "+rel.ID, err)
	}
	what := "The package was deleted from the storage, and a note says so in its place. Copies that somebody made before are not reached by this."
	versions, err := s.bucket.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: aws.String(s.bucket.name)})
	switch {
	case err != nil:
		what += " Whether the storage keeps deleted versions could not be found out: ask whoever runs it."
	case versions.Status != "":
		what += " The storage keeps deleted versions: whoever runs it must delete those too."
	}
	return what, nil
}

// RemovePackage removes a package whose time is over, and says nothing there.
func (s BucketSink) RemovePackage(ctx context.Context, rel *review.Release, _ string) error {
	at, err := s.place(rel)
	if err == nil {
		err = s.discard(ctx, at)
	}
	return bucketError("removing "+rel.ID, err)
}

func (s BucketSink) withdraw(ctx context.Context, at string, note []byte) error {
	if err := s.bucket.replace(ctx, at+withdrawnNote, textType, bytesOf(note)); err != nil {
		return err
	}
	return s.discard(ctx, at)
}

// discard deletes a package, the mark of completeness first.
func (s BucketSink) discard(ctx context.Context, at string) error {
	for _, name := range []string{at + completeMark, at + ".zip"} {
		if err := s.bucket.remove(ctx, name); err != nil {
			return err
		}
	}
	return s.bucket.removeAll(ctx, at+"/")
}
