//go:build !linux

package storage

import "syscall"

// abandon leaves it to the system when a connection is given up.
func abandon(string, string, syscall.RawConn) error { return nil }
