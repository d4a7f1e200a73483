package checks

import (
	"context"

	"sallyport/policy"
)

// Read reads one file as the checks see it, for showing it to a person: its
// type and its tables, without checking anything. Document.Unread says why
// there are none.
func (e *Engine) Read(ctx context.Context, p *policy.Policy, f *File) *Document {
	r := &run{engine: e, policy: p, limit: e.TimeLimit}
	if r.limit == 0 {
		r.limit = DefaultTimeLimit
	}
	d := load(f, p.Files.MaxBytes)
	if d.Unread == nil && !d.TooLarge {
		d.Unread = r.interpret(ctx, d)
	}
	return d
}
