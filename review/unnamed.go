package review

import (
	"context"
	"fmt"

	"sallyport/policy"
)

// expireUnnamed removes bytes that no request ever named: adding them was cut
// short. That they go is on record first, and a run that was cut short is
// finished by the next.
func (s *Service) expireUnnamed(ctx context.Context, plan *RetentionPlan, dry bool) error {
	days := s.Policy.Retention.Blobs.Unnamed
	if days == policy.Never {
		return nil
	}
	old, page := before(plan.At, days), make([]Digest, 0, digestsPerEvent)
	flush := func() error {
		unnamed, err := s.Store.Unnamed(ctx, page)
		page = page[:0]
		if err != nil || len(unnamed) == 0 {
			return err
		}
		plan.Items = append(plan.Items, RetentionItem{Rule: "blobs.unnamed", What: "remove the bytes", Since: old, Days: days, Digests: unnamed})
		if dry {
			return nil
		}
		return s.removeUnnamed(ctx, plan, unnamed, days)
	}
	err := s.Blobs.List(ctx, old, func(d Digest) error {
		if page = append(page, d); len(page) < digestsPerEvent {
			return nil
		}
		return flush()
	})
	if err != nil || len(page) == 0 {
		return err
	}
	return flush()
}

// removeUnnamed removes one page. Bytes that somebody stored anew since are young,
// and stay.
func (s *Service) removeUnnamed(ctx context.Context, plan *RetentionPlan, unnamed []Digest, days policy.Days) error {
	e := s.event(system(), EvRetention, nil)
	e.Detail = map[string]string{"rule": "blobs.unnamed", "days": days.String(), "blobs": fmt.Sprint(len(unnamed)), "digests": joinDigests(unnamed)}
	if err := s.Store.Append(ctx, e); err != nil {
		return err
	}
	s.step("retention.unnamed")
	for _, d := range unnamed {
		gone, err := s.Blobs.Remove(ctx, d, before(plan.At, days))
		if err != nil {
			return err
		}
		if gone {
			plan.Removed++
		}
	}
	return nil
}
