package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sallyport/ui/filing"
)

// remoteFlags say which server a command speaks to, and as whom. The token is
// never a flag: the command lines of a machine can be read by all its users.
type remoteFlags struct {
	Server    string        `env:"SALLYPORT_SERVER" placeholder:"URL" help:"Address of the server, such as https://out.example.org."`
	TokenFile string        `env:"SALLYPORT_TOKEN_FILE" placeholder:"FILE" help:"File with your token, readable by you alone; SALLYPORT_TOKEN goes before it."`
	Timeout   time.Duration `default:"2m" help:"How long one call may take (default ${default})."`
}

const tokenHelp = `
The server is named by --server or SALLYPORT_SERVER. Your token comes from
SALLYPORT_TOKEN, or from a file that only you can read: --token-file, or
sallyport/token in your folder for configurations. Make one on the page of your
account. A call that gets no answer is tried again, and does nothing twice.`

func (f remoteFlags) client() (*filing.Client, error) {
	if f.Server == "" {
		return nil, errors.New("no server is named (--server, or SALLYPORT_SERVER)")
	}
	token, err := f.token()
	if err != nil {
		return nil, err
	}
	return filing.NewClient(f.Server, token, f.Timeout)
}

// token finds the token. No error holds any of it.
func (f remoteFlags) token() (string, error) {
	text, where := os.Getenv("SALLYPORT_TOKEN"), "SALLYPORT_TOKEN"
	if text == "" {
		where = f.TokenFile
		if where == "" {
			dir, err := os.UserConfigDir()
			if err != nil {
				return "", errors.New("no token: set SALLYPORT_TOKEN, or name a file with --token-file")
			}
			where = filepath.Join(dir, "sallyport", "token")
		}
		var err error
		if text, err = readSecret(where); errors.Is(err, fs.ErrNotExist) && f.TokenFile == "" {
			return "", fmt.Errorf("no token: set SALLYPORT_TOKEN, or put one into %s", where)
		} else if err != nil {
			return "", err
		}
	}
	token := strings.TrimSpace(text)
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	if !strings.HasPrefix(token, "sp_") || len(token) > 100 || strings.ContainsFunc(token, odd) {
		return "", fmt.Errorf("%s does not hold a token: one begins with sp_", where)
	}
	return token, nil
}
