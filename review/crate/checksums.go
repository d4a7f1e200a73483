package crate

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"sallyport/review"
)

// sums are the checksums of one file, as it is.
type sums struct {
	sha256 review.Digest
	sha512 string
}

// sum reads a file through.
func (s *source) sum(ctx context.Context, name string) (sums, error) {
	r, err := s.open(name)
	if err != nil {
		return sums{}, err
	}
	defer r.Close() // only read from
	short, long := sha256.New(), sha512.New()
	n, err := io.Copy(io.MultiWriter(short, long), io.LimitReader(review.Interruptible(ctx, r), s.sizes[name]+1))
	if err == nil && n != s.sizes[name] {
		err = fmt.Errorf("%s is not as long as it says", name)
	}
	return sums{review.Digest(hex.EncodeToString(short.Sum(nil))), hex.EncodeToString(long.Sum(nil))}, err
}

// parseManifest reads a manifest: checksums in lower case by path. Every line
// must be one that this program would write.
func parseManifest(text []byte) (map[string]string, error) {
	out := map[string]string{}
	if len(text) > 0 && text[len(text)-1] != '\n' {
		return nil, fmt.Errorf("its last line has no end")
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if _, err := hex.DecodeString(sum); !ok || err != nil || len(sum) != 2*sha512.Size || strings.ToLower(sum) != sum {
			return nil, fmt.Errorf("line %d is not a checksum and a path", n)
		}
		decoded := manifestName.Replace(name)
		if why := pathProblem(decoded); why != "" || manifestPath.Replace(decoded) != name {
			return nil, fmt.Errorf("the path in line %d is not one", n)
		}
		if _, twice := out[decoded]; twice {
			return nil, fmt.Errorf("line %d names a file for the second time", n)
		}
		out[decoded] = sum
	}
	return out, nil
}

var manifestName = strings.NewReplacer("%25", "%", "%0A", "\n", "%0D", "\r")
