//go:build !linux && !darwin

package main

import "errors"

// diskSpace is not asked for on other systems.
func diskSpace(string) (free, total int64, err error) {
	return 0, 0, errors.ErrUnsupported
}
