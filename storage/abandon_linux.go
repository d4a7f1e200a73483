package storage

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// abandon has the system give a connection up when nothing of what was sent is
// acknowledged for abandonAfter. It would try for a quarter of an hour.
func abandon(network, _ string, c syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(abandonAfter.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return failed
}
