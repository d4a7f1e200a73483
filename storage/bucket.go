package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"
	"gocloud.dev/gcerrors"

	"sallyport/review"
)

// BucketSettings say where S3-compatible storage is.
type BucketSettings struct {
	Bucket   string
	Prefix   string // of every object's name; "" or without slashes at its ends
	Region   string // us-east-1 when empty
	Endpoint string // https address; the cloud's own when empty
	// PathStyle addresses a bucket by path, as most servers other than the
	// cloud's want.
	PathStyle bool
	// AccessKey and SecretKey; the environment and the files that the AWS tools
	// know are asked when both are empty.
	AccessKey, SecretKey string

	pause time.Duration // at most, before the library tries again; cloudPause when zero
}

// Bucket is S3-compatible storage.
type Bucket struct {
	bucket *blob.Bucket
	client *s3.Client
	name   string
	prefix string // "" or ending in a slash
}

const (
	// connectTime and answerTime bound how long the other side may be silent.
	connectTime, answerTime = 10 * time.Second, 60 * time.Second
	// cloudTries is how often the library itself tries one call; the outbox
	// tries again after that.
	cloudTries = 2
	// cloudPause is how long it rests at most before that.
	cloudPause = 20 * time.Second
)

// OpenBucket prepares to use a bucket. It asks nothing of the other side, which
// need not be there yet.
func OpenBucket(ctx context.Context, s BucketSettings) (*Bucket, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("storage: opening a bucket: %w", err)
	}
	region := s.Region
	if region == "" {
		region = "us-east-1"
	}
	options := []func(*config.LoadOptions) error{
		config.WithRegion(region),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts, o.MaxBackoff = cloudTries, cmp.Or(s.pause, cloudPause)
			})
		}),
		config.WithHTTPClient(awshttp.NewBuildableClient().
			WithDialerOptions(func(d *net.Dialer) { d.Timeout = connectTime }).
			WithTransportOptions(func(t *http.Transport) {
				t.TLSHandshakeTimeout, t.ResponseHeaderTimeout = connectTime, answerTime
			})),
	}
	if s.AccessKey != "" {
		options = append(options, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, "")))
	}
	conf, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("storage: opening a bucket: %w", err)
	}
	client := s3.NewFromConfig(conf, func(o *s3.Options) {
		o.UsePathStyle = s.PathStyle
		if s.Endpoint != "" {
			o.BaseEndpoint = aws.String(s.Endpoint)
		}
	})
	bucket, err := s3blob.OpenBucket(ctx, client, s.Bucket, &s3blob.Options{RequestChecksumCalculation: conf.RequestChecksumCalculation})
	if err != nil {
		return nil, fmt.Errorf("storage: opening a bucket: %w", err)
	}
	b := &Bucket{bucket: bucket, client: client, name: s.Bucket}
	if s.Prefix != "" {
		b.prefix = s.Prefix + "/"
	}
	return b, nil
}

func (s BucketSettings) check() error {
	if s.Bucket == "" {
		return errors.New("no bucket is named")
	}
	if s.Prefix != "" {
		if why := nameProblem(s.Prefix); why != "" {
			return fmt.Errorf("the prefix %q: %s", s.Prefix, why)
		}
	}
	if (s.AccessKey == "") != (s.SecretKey == "") {
		return errors.New("an access key and a secret key go together")
	}
	if s.Endpoint == "" {
		return nil
	}
	return protected(s.Endpoint)
}

// protected refuses an address over which secrets would cross a network unseen
// by nobody: it is HTTPS, or this machine.
func protected(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return fmt.Errorf("%q is not an address of a server", address)
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return fmt.Errorf("%q is not protected: it must begin with https://", address)
	}
	return nil
}

// Close lets go of the bucket.
func (b *Bucket) Close() error { return b.bucket.Close() }

// Address is where an object is, for people.
func (b *Bucket) address(key string) string { return "s3://" + b.name + "/" + key }

// bucketError says in words what people can act on, and keeps the rest for the
// log.
func bucketError(doing string, err error) error {
	var known *review.Error
	var network net.Error
	kept := fmt.Errorf("storage: %s: %w", doing, err)
	say := func(words string) error { return &review.Error{Kind: review.Unavailable, Message: words, Err: kept} }
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known), errors.Is(err, review.ErrCorrupt):
		return kept
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return say("The storage did not answer in time.")
	case gcerrors.Code(err) == gcerrors.PermissionDenied:
		kept = fmt.Errorf("%w: %w", review.ErrRefused, kept)
		return say("The storage refused access: look at its keys and their rights.")
	case gcerrors.Code(err) == gcerrors.NotFound:
		return say("The storage has no such bucket or object.")
	case errors.As(err, &network):
		return say("The storage could not be reached.")
	}
	return say("The storage answered with an error.")
}
