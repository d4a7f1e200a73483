package review

import "context"

// KeepRetention is what the background does about retention, for tests.
func KeepRetention(ctx context.Context, s *Service) error { return s.keepRetention(ctx) }
