package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// credentialScheme begins the name of a secret that systemd hands to the service
// (LoadCredential=, SetCredentialEncrypted=): "credential:mail-password".
const credentialScheme = "credential:"

// maxSecret bounds the file of a secret, in bytes.
const maxSecret = 64 << 10

// secretFile reads one secret, without the space around it, from a file that is
// its owner's alone and that belongs to whoever runs this, or to root. "" when
// no file is named. No error holds any of the secret.
func secretFile(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := readSecret(file)
	if err != nil {
		return "", err
	}
	value := strings.TrimSpace(text)
	switch {
	case value == "":
		return "", fmt.Errorf("%s is empty", file)
	case strings.ContainsAny(value, "\r\n\x00"):
		return "", fmt.Errorf("%s does not hold one secret alone: it is to be one line", file)
	}
	return value, nil
}

// readSecret reads a small file that nobody else may read.
func readSecret(name string) (string, error) {
	path, handed, err := secretPath(name)
	if err != nil {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe must not hang the start
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a file", name)
	}
	if err := ownersAlone(name, info, handed); err != nil {
		return "", err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err == nil && len(data) > maxSecret {
		err = fmt.Errorf("%s is too large for a secret", name)
	}
	return string(data), err
}

// secretPath is where a secret's file lies, and whether it is one of systemd's.
func secretPath(name string) (path string, handed bool, err error) {
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if id, ok := strings.CutPrefix(name, credentialScheme); ok {
		switch {
		case dir == "":
			return "", false, fmt.Errorf("%s: systemd handed over no credentials: is LoadCredential= in the unit?", name)
		case id == "" || id != filepath.Base(id) || id == "." || id == "..":
			return "", false, fmt.Errorf("%s: a credential has a plain name", name)
		}
		return filepath.Join(dir, id), true, nil
	}
	return name, dir != "" && within(dir, name), nil
}

// ownersAlone refuses a file or folder that others than its owner may read or
// write, or that is somebody else's, and says how to mend it. What systemd hands
// over is root's and read through an access list, which shows as the group's
// right to read.
func ownersAlone(name string, info fs.FileInfo, handed bool) error {
	others := fs.FileMode(0o077)
	if handed {
		others = 0o037
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	uid := os.Geteuid()
	if known && int(owner.Uid) != uid && owner.Uid != 0 {
		return fmt.Errorf("%s belongs to user %d, and this runs as user %d: chown %d %[1]s", name, owner.Uid, uid, uid)
	}
	if mode := info.Mode().Perm(); mode&others != 0 {
		want := "600"
		if info.IsDir() {
			want = "700"
		}
		return fmt.Errorf("%s can be read or written by others (mode %04o): chmod %s %[1]s, and change what it holds if somebody may have read it", name, mode, want)
	}
	return nil
}

// secret reads a secret from the file, or from the environment variable; one of
// them must have it.
func secret(file, variable string) (string, error) {
	if file != "" {
		return secretFile(file)
	}
	if value := os.Getenv(variable); value != "" {
		return value, nil
	}
	return "", fmt.Errorf("there is no secret: name a file, or set %s", variable)
}

// namedSecret reads a secret from a file, or from a variable of the environment; ""
// when neither is named.
func namedSecret(file, variable string) (string, error) {
	switch {
	case file != "" && variable != "":
		return "", fmt.Errorf("a secret is to come from the file %s and from the variable %s: name one", file, variable)
	case variable != "":
		value := os.Getenv(variable)
		if value == "" {
			return "", fmt.Errorf("the variable %s is empty", variable)
		}
		return value, nil
	}
	return secretFile(file)
}

// privateFolders refuses folders of a server, where they are there already, that
// others could look into.
func privateFolders(names ...string) error {
	for _, name := range names {
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it is made, for its owner alone
		}
		if err != nil {
			return err
		}
		if !info.IsDir() {
			return fmt.Errorf("%s is not a folder", name)
		}
		if err := ownersAlone(name, info, false); err != nil {
			return err
		}
	}
	return nil
}

// narrowUmask keeps whatever this process makes from everybody but its owner and
// group; packages in the exports folder are for the group to take on.
func narrowUmask() { syscall.Umask(syscall.Umask(0o077) | 0o027) }
