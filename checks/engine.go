package checks

import (
	"context"
	"time"

	"sallyport/policy"
)

// EngineVersion names this engine in reports. It changes whenever the same
// bytes under the same policy may give another report: reports are kept by
// (bytes, policy, engine version) and never computed again.
const EngineVersion = "1"

// Engine runs all checks. The zero value is ready; it is safe for use by many
// goroutines.
type Engine struct {
	// Checks to run; nil means [All].
	Checks []Check
	// TimeLimit is how long reading one file, and each check of it, may take; 0
	// means [DefaultTimeLimit]. What takes longer leaves its file incomplete.
	TimeLimit time.Duration
	// Workers is how many files are read at once; 0 means one per processor.
	Workers int
}

// DefaultTimeLimit is far above what any allowed file takes; it is met by
// inputs built to be slow.
const DefaultTimeLimit = 10 * time.Second

// Engine returns [EngineVersion].
func (e *Engine) Engine() string { return EngineVersion }

// Run checks a set of files under a policy with the default engine. See
// [Engine.Run].
func Run(ctx context.Context, p *policy.Policy, set Set) (*Report, error) {
	return new(Engine).Run(ctx, p, set)
}
