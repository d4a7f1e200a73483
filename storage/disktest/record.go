package disktest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Record is what was done to the files of a folder, in order.
type Record struct {
	ops []op
	err error
}

// op is one call that was let through.
type op struct {
	kind       kind
	name, to   string
	data       []byte
	offset     int64 // -1 for the end of the file; of a truncation the size
	empties    bool
	directory  bool // of a removal: only a folder goes
	word       string
	afterCalls int
}

// Marks are the words in the record, and after how many calls each stands.
func (r *Record) Marks() (words []string, after []int) {
	for _, o := range r.ops {
		if o.word != "" {
			words, after = append(words, o.word), append(after, o.afterCalls)
		}
	}
	return words, after
}

// Calls is how many there are.
func (r *Record) Calls() (n int) {
	for _, o := range r.ops {
		if o.word == "" {
			n++
		}
	}
	return n
}

func (r *Record) mark(word string) {
	if r != nil {
		r.ops = append(r.ops, op{word: word, afterCalls: r.Calls()})
	}
}

// Crash writes the files to a new folder as they are after a power cut that
// follows so many calls. Seed chooses what of the unflushed is there, in mode Some.
func (r *Record) Crash(dir string, after int, mode Mode, seed uint64) error {
	if r.err != nil {
		return r.err
	}
	m := newMachine()
	for _, o := range r.ops {
		if o.word != "" {
			continue
		}
		if after--; after < 0 {
			break
		}
		m.do(o)
	}
	m.cut(mode, rand.New(rand.NewPCG(seed, 1)))
	return m.root.write(dir)
}

// machine is a file system of which it is known what is on the disk. Names of a
// folder are on the disk once the folder was flushed, and a file's bytes once the
// file was; a renaming is on the disk whole, or not at all.
type machine struct {
	root    *node
	waiting []*change // of names, in order
}

// node is a file or a folder. A folder has entries.
type node struct {
	entries map[string]*node // as programs see them
	kept    map[string]*node // as they are on the disk
	data    []byte           // as programs see it
	flushed []byte           // as it is on the disk
	writes  []op             // since it was flushed
}

// change is a change of names that is not on the disk.
type change struct {
	folders []*node
	apply   func()
	done    bool
}

func newFolder() *node { return &node{entries: map[string]*node{}, kept: map[string]*node{}} }

func newMachine() *machine { return &machine{root: newFolder()} }

func (m *machine) find(name string) *node {
	at := m.root
	if name == "." {
		return at
	}
	for _, part := range strings.Split(name, "/") {
		if at == nil || at.entries == nil {
			return nil
		}
		at = at.entries[part]
	}
	return at
}

func (m *machine) do(o op) {
	at, folder, base := m.find(o.name), m.find(path.Dir(o.name)), path.Base(o.name)
	switch o.kind {
	case callCreate:
		switch {
		case at == nil && folder != nil:
			m.link(folder, base, new(node))
		case at != nil && at.entries == nil && o.empties:
			at.truncate(0)
		}
	case callMkdir:
		if at == nil && folder != nil {
			m.link(folder, base, newFolder())
		}
	case callWrite:
		if at != nil && at.entries == nil {
			at.writeAt(o)
		}
	case callTruncate:
		if at != nil && at.entries == nil {
			at.truncate(o.offset)
		}
	case callSync:
		m.flush(at)
	case callLink:
		if to := m.find(path.Dir(o.to)); at != nil && to != nil && m.find(o.to) == nil {
			m.link(to, path.Base(o.to), at)
		}
	case callRename:
		m.rename(o, at, folder, base)
	case callRemove:
		if at != nil && (at.entries != nil) == o.directory && len(at.entries) == 0 {
			delete(folder.entries, base)
			m.later(func() { delete(folder.kept, base) }, folder)
		}
	}
}

func (m *machine) link(folder *node, name string, n *node) {
	folder.entries[name] = n
	m.later(func() { folder.kept[name] = n }, folder)
}

func (m *machine) rename(o op, at, folder *node, base string) {
	to, name := m.find(path.Dir(o.to)), path.Base(o.to)
	if at == nil || to == nil {
		return
	}
	delete(folder.entries, base)
	to.entries[name] = at
	m.later(func() {
		if folder.kept[base] == at {
			delete(folder.kept, base)
		}
		to.kept[name] = at
	}, to, folder)
}

func (m *machine) later(apply func(), folders ...*node) {
	m.waiting = append(m.waiting, &change{folders: folders, apply: apply})
}

// flush puts a file's bytes, or a folder's names, on the disk.
func (m *machine) flush(n *node) {
	if n == nil {
		return
	}
	if n.entries == nil {
		for _, w := range n.writes {
			n.flushed = put(n.flushed, w, len(w.data))
		}
		n.writes = nil
		return
	}
	for _, c := range m.waiting {
		if slices.Contains(c.folders, n) {
			c.apply()
			c.done = true
		}
	}
	m.waiting = slices.DeleteFunc(m.waiting, func(c *change) bool { return c.done })
}

// sector is what a disk writes whole.
const sector = 512

// cut decides what of the unflushed is there.
func (m *machine) cut(mode Mode, chance *rand.Rand) {
	names := len(m.waiting)
	if mode == Some {
		names = chance.IntN(names + 1)
	}
	for _, c := range m.waiting[:names] {
		if mode != Nothing {
			c.apply()
		}
	}
	seen := map[*node]bool{}
	m.root.each("", func(_ string, n *node) {
		if seen[n] || n.entries != nil {
			return
		}
		seen[n] = true
		for _, w := range n.writes {
			switch {
			case mode == Everything || mode == Some && chance.IntN(2) == 0:
				n.flushed = put(n.flushed, w, len(w.data))
			case mode == Some && chance.IntN(2) == 0: // torn
				n.flushed = put(n.flushed, w, chance.IntN(len(w.data)/sector+1)*sector)
			}
		}
	})
}

// each visits what is on the disk, in order of the names.
func (n *node) each(at string, visit func(string, *node)) {
	visit(at, n)
	var names []string
	for name := range n.kept {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		n.kept[name].each(path.Join(at, name), visit)
	}
}

// write makes what is on the disk real.
func (n *node) write(dir string) (err error) {
	n.each("", func(at string, n *node) {
		name := filepath.Join(dir, filepath.FromSlash(at))
		switch {
		case err != nil:
		case n.entries != nil:
			err = os.MkdirAll(name, 0o700)
		default:
			err = os.WriteFile(name, n.flushed, 0o600)
		}
	})
	return err
}

func (n *node) writeAt(o op) {
	if o.offset < 0 {
		o.offset = int64(len(n.data))
	}
	n.data = put(n.data, o, len(o.data))
	n.writes = append(n.writes, o)
}

func (n *node) truncate(size int64) {
	o := op{kind: callTruncate, offset: size}
	n.data = put(n.data, o, 0)
	n.writes = append(n.writes, o)
}

// put makes a write, or its first bytes, or a truncation, in the slice itself
// where there is room.
func put(data []byte, o op, n int) []byte {
	if o.kind == callTruncate {
		return grown(data, int(o.offset))[:o.offset]
	}
	data = grown(data, int(o.offset)+n)
	copy(data[o.offset:], o.data[:n])
	return data
}

func grown(data []byte, size int) []byte {
	if len(data) < size {
		data = append(data, make([]byte, size-len(data))...)
	}
	return data
}

func (r *Record) String() string {
	var b strings.Builder
	for i, o := range r.ops {
		fmt.Fprintf(&b, "%d %s %s %s %d+%d %s\n", i, callNames[o.kind], o.name, o.to, o.offset, len(o.data), o.word)
	}
	return b.String()
}
