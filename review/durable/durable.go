package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// unfinished begins the name of a file that is being written.
const unfinished = ".new-"

// Folder makes a folder, and those above it, where they are not there. Modes are
// for new ones.
func Folder(dir string, mode fs.FileMode) error {
	dir = filepath.Clean(dir)
	above := []string{filepath.Dir(dir)}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); err == nil || filepath.Dir(at) == at {
			break
		}
		above = append(above, filepath.Dir(at))
	}
	if err := os.MkdirAll(dir, mode); err != nil {
		return err
	}
	for i := len(above) - 1; i > 0; i-- {
		if err := Flush(above[i]); err != nil {
			return err
		}
	}
	// A process that was killed may have made it and not come so far. Of a folder
	// that is somebody else's and cannot be opened nothing is promised.
	if err := Flush(above[0]); len(above) > 1 || !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// Flush puts the names in a folder on the disk.
func Flush(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// New writes a file that is not there yet; else the error is fs.ErrExist.
func New(file string, data []byte, mode fs.FileMode) error {
	return place(file, data, mode, os.Link) // which fails when the name is taken
}

// Replace writes a file, in the place of one that may be there.
func Replace(file string, data []byte, mode fs.FileMode) error {
	return place(file, data, mode, os.Rename)
}

func place(file string, data []byte, mode fs.FileMode, give func(from, to string) error) error {
	f, err := os.CreateTemp(filepath.Dir(file), unfinished)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // unless it has been renamed
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := give(f.Name(), file); err != nil {
		return err
	}
	return Flush(filepath.Dir(file))
}
