package confine

import (
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"
)

// limitMemory lets the process have so many bytes of memory; an allocation
// beyond ends it. The collector begins to hurry below that.
func limitMemory(bytes int64) error {
	debug.SetMemoryLimit(bytes / 4 * 3)
	if raceDetector {
		return nil // its own memory is beyond any limit
	}
	return set(unix.RLIMIT_DATA, uint64(bytes))
}

// limitRest takes away files, connections and dumps of memory. Pipes that are
// open stay so.
func limitRest() error {
	// The runtime opens what its timers need with the first of them.
	time.AfterFunc(time.Hour, func() {}).Stop()
	for _, resource := range []int{unix.RLIMIT_NOFILE, unix.RLIMIT_FSIZE, unix.RLIMIT_CORE} {
		if err := set(resource, 0); err != nil {
			return err
		}
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

func set(resource int, n uint64) error {
	return unix.Setrlimit(resource, &unix.Rlimit{Cur: n, Max: n})
}
