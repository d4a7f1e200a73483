package ledger_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/review"
	"sallyport/review/ledger"
)

// memory is a ledger.Store of nothing but maps.
type memory struct {
	tree   ledger.Tree
	nodes  map[ledger.Node]ledger.Hash
	kept   []review.Checkpoint
	events []review.Event
}

func (m *memory) add(n int) {
	for range n {
		e := review.Event{Seq: int64(len(m.events) + 1), At: noon(), Type: review.EvSignIn, Actor: review.Username(fmt.Sprint("person", len(m.events)))}
		m.events = append(m.events, e)
		for level, h := range m.tree.Append(ledger.LeafHash(e.Leaf())) {
			m.nodes[ledger.Node{Seq: e.Seq, Level: level}] = h
		}
	}
}

func (m *memory) TreeSize(context.Context) (int64, error) { return m.tree.Size(), nil }

func (m *memory) TreeNodes(_ context.Context, nodes []ledger.Node) ([]ledger.Hash, error) {
	var out []ledger.Hash
	for _, n := range nodes {
		out = append(out, m.nodes[n])
	}
	return out, nil
}

func (m *memory) LatestCheckpoints(context.Context, int64, int) ([]review.Checkpoint, error) {
	return nil, nil
}

func (m *memory) NewestCheckpoint(context.Context) (review.Checkpoint, error) {
	if len(m.kept) == 0 {
		return review.Checkpoint{}, review.Errorf(review.NotFound, "none")
	}
	return m.kept[len(m.kept)-1], nil
}

func (m *memory) KeepCheckpoint(_ context.Context, c review.Checkpoint) error {
	m.kept = append(m.kept, c)
	return nil
}

func noon() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 123456000, time.UTC) }

// newLog is a log of so many events.
func newLog(t *testing.T, events int) (*ledger.Log, *memory) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	signer, err := ledger.OpenSigner(dir)
	must(t, err)
	keys, err := ledger.FolderKeys(dir)
	must(t, err)
	m := &memory{nodes: map[ledger.Node]ledger.Hash{}}
	m.add(events)
	return &ledger.Log{Store: m, Signer: signer, Keys: keys, Now: noon, Beside: filepath.Join(dir, ledger.NewestFile)}, m
}

func checkpoint(t *testing.T, l *ledger.Log) review.Checkpoint {
	t.Helper()
	c, err := l.Checkpoint(t.Context())
	must(t, err)
	return c
}

func TestCheckpoint(t *testing.T) {
	l, m := newLog(t, 0)
	if _, err := l.Checkpoint(t.Context()); review.KindOf(err) != review.Conflict {
		t.Errorf("an empty log: %v, want a conflict", err)
	}
	m.add(5)
	c := checkpoint(t, l)
	want := fmt.Sprintf("%s\n5\n", l.Signer.Name())
	if c.Size != 5 || !strings.HasPrefix(string(c.Note), want) || !strings.Contains(string(c.Note), "2026-11-21T12:00:00.123456Z\n\n— ") {
		t.Errorf("the note is %s", c.Note)
	}
	read, err := l.Keys.Checkpoint(c.Note)
	must(t, err)
	if diff := cmp.Diff(c, read); diff != "" {
		t.Error(diff)
	}
	if again := checkpoint(t, l); string(again.Note) != string(c.Note) || len(m.kept) != 1 {
		t.Error("nothing was added, and there is another checkpoint")
	}
	m.add(1)
	if next := checkpoint(t, l); next.Size != 6 || len(m.kept) != 2 {
		t.Errorf("the next covers %d", next.Size)
	}
}

// TestCheckpointContinues: a log that is not the one signed last is not signed.
func TestCheckpointContinues(t *testing.T) {
	for name, change := range map[string]func(l *ledger.Log, m *memory){
		"an earlier state": func(_ *ledger.Log, m *memory) {
			kept := m.kept
			*m = memory{nodes: map[ledger.Node]ledger.Hash{}, kept: kept}
			m.add(3)
		},
		"an earlier state, checkpoints too": func(_ *ledger.Log, m *memory) {
			*m = memory{nodes: map[ledger.Node]ledger.Hash{}}
			m.add(3)
		},
		"another log as long": func(_ *ledger.Log, m *memory) {
			m.nodes[ledger.Node{Seq: 4, Level: 2}] = ledger.Hash{1}
		},
		"a checkpoint by somebody else": func(l *ledger.Log, m *memory) {
			other, _ := newLog(t, 0)
			c, err := other.Signer.Issue(5, m.tree.Root(), noon())
			must(t, err)
			m.kept = []review.Checkpoint{c}
		},
		"another checkpoint beside": func(l *ledger.Log, m *memory) {
			must(t, os.WriteFile(l.Beside, []byte("x"), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, m := newLog(t, 5)
			checkpoint(t, l)
			m.add(1)
			change(l, m)
			if _, err := l.Checkpoint(t.Context()); !errors.Is(err, review.ErrCorrupt) {
				t.Errorf("%v, want ErrCorrupt", err)
			}
		})
	}
}

// TestNewKey: what the old key signed stays valid, and the log goes on.
func TestNewKey(t *testing.T) {
	l, m := newLog(t, 5)
	c := checkpoint(t, l)
	dir := filepath.Dir(l.Beside)
	signer, err := ledger.NewKey(dir)
	must(t, err)
	if signer.PublicKey() == l.Signer.PublicKey() || signer.Name() != l.Signer.Name() {
		t.Errorf("the new key is %s, the old was %s", signer.PublicKey(), l.Signer.PublicKey())
	}
	l.Signer = signer
	l.Keys, err = ledger.FolderKeys(dir)
	must(t, err)
	m.add(2)
	next := checkpoint(t, l)
	for _, text := range [][]byte{c.Note, next.Note} {
		if _, err := l.Keys.Checkpoint(text); err != nil {
			t.Error(err)
		}
	}
	must(t, os.Remove(filepath.Join(dir, ledger.KeyFile))) // lost
	if _, err := ledger.NewKey(dir); err != nil {
		t.Errorf("after the key was lost: %v", err)
	}
}

// TestProofs proves every event of every size to 40, and refuses any other.
func TestProofs(t *testing.T) {
	l, m := newLog(t, 0)
	for size := int64(1); size <= 40; size++ {
		m.add(1)
		c := checkpoint(t, l)
		for seq := int64(1); seq <= size; seq++ {
			proof, err := l.Inclusion(t.Context(), seq, size)
			must(t, err)
			file := ledger.NewProofFile("an event", c, m.events[seq-1:seq], []review.Proof{proof})
			text, err := file.JSON()
			must(t, err)
			read, err := ledger.ParseProof(text)
			must(t, err)
			at, events, err := read.Check(l.Keys)
			if err != nil || at.Size != size || len(events) != 1 || events[0].Seq != seq || events[0].Actor != m.events[seq-1].Actor {
				t.Fatalf("event %d of %d: %+v, %v", seq, size, events, err)
			}
			claims, err := read.Claims(l.Keys, "the proof")
			must(t, err)
			v := ledger.NewVerifier(claims...)
			for _, e := range m.entries() {
				v.Add(e)
			}
			report := v.Finish(size, size)
			for _, r := range report.Results {
				if !r.Events || !r.Tree || r.Short {
					t.Fatalf("of event %d of %d: %+v", seq, size, r)
				}
			}
			other := ledger.NewProofFile("an event", c, []review.Event{{Seq: seq, At: noon(), Type: review.EvSignIn, Actor: "mallory"}}, []review.Proof{proof})
			if _, _, err := other.Check(l.Keys); err == nil {
				t.Fatalf("event %d of %d: another is proven too", seq, size)
			}
		}
	}
	for _, bad := range [][2]int64{{0, 5}, {6, 5}, {1, 41}, {-1, 2}} {
		if _, err := l.Inclusion(t.Context(), bad[0], bad[1]); review.KindOf(err) == review.Internal {
			t.Errorf("event %d of %d: %v", bad[0], bad[1], err)
		}
	}
}

// entries are the log's events with the tree over them, as a store has them.
func (m *memory) entries() []ledger.Entry {
	var list []ledger.Entry
	for _, e := range m.events {
		entry := ledger.Entry{Seq: e.Seq, Present: true, Leaf: e.Leaf(), Sealed: e.Leaf()}
		for level := 0; ; level++ {
			h, ok := m.nodes[ledger.Node{Seq: e.Seq, Level: level}]
			if !ok {
				break
			}
			entry.Nodes = append(entry.Nodes, h[:]...)
		}
		list = append(list, entry)
	}
	return list
}

// TestProofFlips: a proof in which anything was changed proves nothing.
func TestProofFlips(t *testing.T) {
	l, m := newLog(t, 21)
	c := checkpoint(t, l)
	proof, err := l.Inclusion(t.Context(), 7, 21)
	must(t, err)
	text, err := ledger.NewProofFile("", c, m.events[6:7], []review.Proof{proof}).JSON()
	must(t, err)
	for i := range text { // a byte and a bit at a time
		for bit := range 8 {
			changed := append([]byte(nil), text...)
			changed[i] ^= 1 << bit
			p, err := ledger.ParseProof(changed)
			if err != nil {
				continue
			}
			if _, events, err := p.Check(l.Keys); err == nil && (p.About == "" || events[0].Seq != 7) {
				t.Errorf("byte %d, bit %d: it still proves, and is\n%s", i, bit, changed)
			}
		}
	}
}

// TestNarrow: a rebuilt log is held to saved proofs, which tell where it
// differs.
func TestNarrow(t *testing.T) {
	l, m := newLog(t, 64)
	early, claims := checkpoint(t, l), []ledger.Claim(nil)
	m.add(36)
	late := checkpoint(t, l)
	file := func(seq int64) []ledger.Claim {
		proof, err := l.Inclusion(t.Context(), seq, late.Size)
		must(t, err)
		list, err := ledger.NewProofFile("", late, m.events[seq-1:seq], []review.Proof{proof}).Claims(l.Keys, "a proof")
		must(t, err)
		return list
	}
	old := ledger.CheckpointClaim(early, "the early checkpoint")
	claims = append(claims, old, ledger.CheckpointClaim(late, "the late checkpoint"))
	for _, test := range []struct {
		name     string
		change   int64
		claims   []ledger.Claim
		from, to int64
	}{
		{"before the early one", 10, claims, 1, 64},
		{"after it", 80, claims, 65, 100},
		{"the late one alone", 10, claims[1:], 1, 100},
		{"a proof of the event", 80, append(file(80), claims...), 80, 80},
		{"a proof of its neighbour", 80, append(file(79), claims...), 80, 80},
		{"a proof near it", 78, append(file(80), claims...), 77, 78},
		{"a proof far from it", 98, append(file(70), claims...), 97, 100},
	} {
		t.Run(test.name, func(t *testing.T) {
			other, n := newLog(t, 0)
			_ = other
			for _, e := range m.events {
				if e.Seq == test.change {
					e.Actor = "mallory"
				}
				n.events = append(n.events, e)
				for level, h := range n.tree.Append(ledger.LeafHash(e.Leaf())) {
					n.nodes[ledger.Node{Seq: e.Seq, Level: level}] = h
				}
			}
			v := ledger.NewVerifier(test.claims...)
			for _, e := range n.entries() {
				v.Add(e)
			}
			first := v.Finish(100, 100).First
			if first == nil || first.From != test.from || first.To != test.to {
				t.Errorf("found %+v, want %d to %d", first, test.from, test.to)
			}
		})
	}
}

// FuzzKeys: no text of a key makes trouble.
func FuzzKeys(f *testing.F) {
	f.Add("x+00000000+AA==")
	f.Add("# a comment\n\nPeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n")
	f.Fuzz(func(t *testing.T, text string) {
		if k, err := ledger.ParseKeys(text); err == nil {
			_, _ = k.Checkpoint([]byte(text))
		}
	})
}

// FuzzCheckpoint: what is read as a checkpoint was signed as it is.
func FuzzCheckpoint(f *testing.F) {
	const public = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
	f.Add("If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n")
	f.Add("sallyport\n5\nAAAA\n2026-11-21T12:00:00.000000Z\n\n— PeterNeumann x08goAAAA\n")
	keys, err := ledger.ParseKeys(public)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := keys.Checkpoint([]byte(text)); err == nil {
			t.Errorf("somebody else's key has signed a checkpoint of %d events", c.Size)
		}
	})
}

func FuzzProof(f *testing.F) {
	var hash ledger.Hash = sha256.Sum256(nil)
	c := review.Checkpoint{Size: 2, Root: hash, Note: []byte("a note")}
	text, err := ledger.NewProofFile("event 1", c, []review.Event{{Seq: 1, At: noon(), Type: "t"}}, []review.Proof{{Seq: 1, Size: 2, Hashes: []([32]byte){hash}}}).JSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"format":"sallyport-inclusion-proof-1","events":[{"event":{"seq":1e400},"hashes":[]}]}`))
	f.Add([]byte(`{"format":"sallyport-inclusion-proof-1","format":1}`))
	keys, err := ledger.ParseKeys("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ledger.ParseProof(text)
		if err != nil {
			return
		}
		if _, _, err := p.Check(keys); err == nil {
			t.Error("an unsigned proof proves something")
		}
	})
}
