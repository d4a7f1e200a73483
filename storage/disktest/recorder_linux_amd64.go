package disktest

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// add records a call that is let through. That it may still be refused by the
// kernel, since a name is taken or is not there, the record knows by itself.
func (r *Record) add(c *call) {
	o := op{kind: c.kind, name: c.name, to: c.name2, empties: c.empties}
	var err error
	switch c.kind {
	case 0:
		err = fmt.Errorf("%s, in a way that cannot be recorded", c)
	case callWrite:
		o.data, o.offset, err = c.bytes()
	case callTruncate:
		o.offset = int64(c.args[c.size])
	case callCreate:
		if !c.makes && !c.empties {
			return
		}
	case callRemove:
		o.directory = c.path == 0 && c.rmdir || c.path == 1 && c.args[2]&unix.AT_REMOVEDIR != 0
	case callRename, callLink:
		if c.name2 == "" {
			err = fmt.Errorf("%s leaves the folder", c)
		}
	}
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("recording: %w", err)
	}
	r.ops = append(r.ops, o)
}
