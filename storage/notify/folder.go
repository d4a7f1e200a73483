package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"sallyport/review"
	"sallyport/review/durable"
)

// Folder puts mails into a folder instead of sending them, one file each: for a
// demonstration.
type Folder struct {
	root   *os.Root
	letter *letter
	now    review.Clock
}

// Letter is one mail as a Folder keeps it.
type Letter struct {
	At      time.Time `json:"at"`
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
}

// OpenFolder opens the folder, made when it is not there, for its owner alone.
func OpenFolder(dir string, now review.Clock) (*Folder, error) {
	if err := durable.Folder(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	l, err := newLetter()
	return &Folder{root, l, now}, err
}

// Close lets go of the folder.
func (f *Folder) Close() error { return f.root.Close() }

// Send keeps a notice under its id: again, it is the same file.
func (f *Folder) Send(_ context.Context, n review.Notice) error {
	text, _, err := f.letter.write(n)
	if err != nil {
		return err
	}
	data, err := json.Marshal(Letter{f.now(), headerLine(n.Name) + " <" + headerLine(n.Email) + ">", headerLine(n.Subject), text})
	if err != nil {
		return err
	}
	name := "mail-" + idPart(n.ID)
	if err := f.root.WriteFile(".new-"+name, data, 0o600); err != nil {
		return err
	}
	return f.root.Rename(".new-"+name, name+".json")
}

// Letters lists at most so many, newest first.
func (f *Folder) Letters(most int) ([]Letter, error) {
	names, err := fs.Glob(f.root.FS(), "mail-*.json")
	if err != nil {
		return nil, err
	}
	var list []Letter
	for _, name := range names {
		data, err := f.root.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var l Letter
		if err == nil {
			err = json.Unmarshal(data, &l)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b Letter) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.To, b.To)) })
	return list[:min(most, len(list))], nil
}
