package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"sallyport/cmd/sallyport/internal/demo"
	"sallyport/review"
	"sallyport/storage"
)

// databaseVariable may hold the address of a database, instead of a file.
const databaseVariable = "SALLYPORT_DATABASE"

var errNoData = errors.New("no data folder is named (--data, or data: in the configuration file)")

// databaseFlags name the database that a command works on, as serve does.
type databaseFlags struct {
	Config       string `placeholder:"FILE" help:"Configuration file (YAML)."`
	Data         string `placeholder:"DIR" help:"Folder of the database, if it is SQLite, and of the snapshots."`
	DatabaseFile string `placeholder:"FILE" help:"File that holds the postgres:// URL of the database."`
}

// anyConfig is the configuration as far as these flags go.
func (f databaseFlags) anyConfig() (config, error) {
	return configFlags{Config: f.Config, Data: f.Data, DatabaseFile: f.DatabaseFile}.config()
}

// config is the same, of a real server only.
func (f databaseFlags) config() (config, error) {
	c, err := f.anyConfig()
	if err == nil && demo.Is(c.Data) {
		err = fmt.Errorf("%s belongs to a demonstration: name another folder", c.Data)
	}
	return c, err
}

// database is the address of the database: what SALLYPORT_DATABASE says, else
// the one line of database_file, else the SQLite file in the data folder, which
// alone a demonstration has. An address may hold a password, so no error repeats
// it.
func (c config) database() (string, error) {
	if c.Address != "" {
		return c.Address, nil
	}
	if demo.Is(c.Data) {
		return filepath.Join(c.Data, databaseFile), nil
	}
	if address := os.Getenv(databaseVariable); address != "" {
		return checkAddress(address, databaseVariable)
	}
	if c.DatabaseFile != "" {
		return c.fromFile()
	}
	if c.Data == "" {
		return "", errNoData
	}
	return filepath.Join(c.Data, databaseFile), nil
}

// fromFile is the address that database_file holds.
func (c config) fromFile() (string, error) {
	text, err := secretFile(c.DatabaseFile)
	if err != nil {
		return "", err
	}
	return checkAddress(text, c.DatabaseFile)
}

func checkAddress(address, source string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || strings.ContainsAny(address, "\r\n") {
		return "", fmt.Errorf("%s does not hold the address of a database: postgres://name:password@host/database", source)
	}
	return address, nil
}

// openPresent opens a database that is there already, and makes none.
func openPresent(ctx context.Context, c config, now review.Clock) (*storage.Store, error) {
	if c.Data == "" {
		return nil, errNoData
	}
	address, err := c.database()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(address); embedded(address) && err != nil {
		return nil, fmt.Errorf("%q holds no database", c.Data)
	}
	return storage.Open(ctx, address, now)
}

// embedded reports whether an address is a file of SQLite.
func embedded(address string) bool {
	return !strings.HasPrefix(address, "postgres://") && !strings.HasPrefix(address, "postgresql://")
}
