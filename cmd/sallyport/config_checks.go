package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"sallyport/checks/confine"
)

// checksConfig says what examining files may take. Files are examined in
// processes of their own, so that none can take the service down.
type checksConfig struct {
	Memory int      `yaml:"memory_mb"` // of one process, in MiB; 1024 when not said
	Time   duration `yaml:"time"`      // of one file, and of comparing the files of a request; 2 minutes when not said
	AtOnce int      `yaml:"at_once"`   // processes that work at once; 2 when not said
}

// behindFrom is from how many files on the checks of a request go on behind the
// page that added them. Fewer take less than a second or two.
const behindFrom = 40

// examine is the command by which a service starts such a process.
const examine = "examine"

func (c checksConfig) pool() (*confine.Pool, error) {
	if c.Memory != 0 && c.Memory < 128 || c.Time.Duration < 0 || c.AtOnce < 0 {
		return nil, errors.New("checks: memory_mb is at least 128, and nothing is negative")
	}
	program, err := ownProgram()
	if err != nil {
		return nil, fmt.Errorf("checks: %w", err)
	}
	pool, err := confine.New([]string{program, examine}, confine.Limits{Memory: int64(c.Memory) << 20, Time: c.Time.Duration, AtOnce: c.AtOnce})
	if err != nil {
		return nil, fmt.Errorf("checks: %w", err)
	}
	return pool, nil
}

// ownProgram is this program, also when its file was replaced by a newer one
// since it started: both ends must be of one version.
func ownProgram() (string, error) {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}

type examineCommand struct {
	Memory int64 `arg:"" help:"Bytes of memory."`
}

func (c examineCommand) Run(a *app) error { return confine.Serve(a.stdin, a.stdout, c.Memory) }
