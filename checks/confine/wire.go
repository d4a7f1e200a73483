package confine

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"sallyport/checks"
	"sallyport/checks/provenance"
)

// Letters of frames.
const (
	frameJob   = 'J' // to a child: job
	frameData  = 'D' // to a child: a file it asked for; from one: a cleaned file, raw
	frameOpen  = 'O' // question
	frameBegun = 'B' // the place of a file, as a number
	frameDone  = 'F' // done
	frameEnd   = 'R' // result
)

// maxFrame bounds a frame. Reports of the largest sets stay far below.
const maxFrame = 256 << 20

// job is one thing to do.
type job struct {
	// Clean names the one file that is to be cleaned; "" when Files are to be
	// checked.
	Clean     string
	Policy    []byte // text
	Files     []file
	Earlier   []file
	Workspace bool
	Workers   int  // 0 for one to a processor
	Apart     bool // do not compare the files with one another
}

// file is a checks.File without its bytes.
type file struct {
	Path       string
	Supporting bool               `json:",omitempty"`
	Group      string             `json:",omitempty"`
	Context    string             `json:",omitempty"`
	Origin     *provenance.Origin `json:",omitempty"`
}

// question asks for the bytes of the file at a place. ID comes back with them.
type question struct {
	ID uint32
	At int
}

// answer stands before the bytes in a frame, as JSON with its length in four bytes.
type answer struct {
	ID     uint32
	Size   int64  // of the file, -1 when unknown; no more than asked for is sent
	Reason string // why there is nothing, to be shown
	Failed bool   // there is nothing
}

type done struct {
	At     int
	Report *checks.FileReport // nil for a file of Earlier
}

// result ends a job.
type result struct {
	Report  *checks.Report   `json:",omitempty"`
	Media   string           `json:",omitempty"`
	Removed []checks.Removal `json:",omitempty"`
	Refused string           `json:",omitempty"` // why a file cannot be cleaned
	Error   string           `json:",omitempty"` // why nothing could be done; no file is to blame
}

var errFrame = errors.New("a frame is malformed or too large")

// wire writes and reads frames. Several goroutines may write.
type wire struct {
	r  *bufio.Reader
	mu sync.Mutex
	w  *bufio.Writer
}

func newWire(r io.Reader, w io.Writer) *wire {
	return &wire{r: bufio.NewReaderSize(r, 64<<10), w: bufio.NewWriterSize(w, 64<<10)}
}

// send writes one frame of several parts.
func (w *wire) send(letter byte, parts ...[]byte) error {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if n > maxFrame {
		return errFrame
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	head := binary.BigEndian.AppendUint32([]byte{letter}, uint32(n))
	if _, err := w.w.Write(head); err != nil {
		return err
	}
	for _, p := range parts {
		if _, err := w.w.Write(p); err != nil {
			return err
		}
	}
	return w.w.Flush()
}

func (w *wire) sendJSON(letter byte, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.send(letter, text)
}

// next reads one frame.
func (w *wire) next() (letter byte, body []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(w.r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > maxFrame {
		return 0, nil, errFrame
	}
	body = make([]byte, n)
	_, err = io.ReadFull(w.r, body)
	return head[0], body, err
}

// sendAnswer sends the bytes of a file.
func (w *wire) sendAnswer(a answer, data []byte) error {
	head, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return w.send(frameData, binary.BigEndian.AppendUint32(nil, uint32(len(head))), head, data)
}

func readAnswer(body []byte) (a answer, data []byte, err error) {
	if len(body) < 4 {
		return a, nil, errFrame
	}
	n := int64(binary.BigEndian.Uint32(body))
	if n > int64(len(body)-4) {
		return a, nil, errFrame
	}
	if err := json.Unmarshal(body[4:4+n], &a); err != nil {
		return a, nil, fmt.Errorf("%w: %w", errFrame, err)
	}
	return a, body[4+n:], nil
}
