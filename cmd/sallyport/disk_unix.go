//go:build linux || darwin

package main

import "golang.org/x/sys/unix"

// diskSpace is what is free for this program, and there in all, on the file system
// of a folder, in bytes.
func diskSpace(folder string) (free, total int64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), int64(s.Blocks) * int64(s.Bsize), nil
}
