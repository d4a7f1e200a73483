//go:build !linux

package confine

import "runtime/debug"

// limitMemory has the collector hurry; elsewhere than on Linux nothing ends a
// process that goes on.
func limitMemory(bytes int64) error {
	debug.SetMemoryLimit(bytes / 4 * 3)
	return nil
}

func limitRest() error { return nil }
