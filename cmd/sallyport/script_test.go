package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets scripts run this program under its own name, and the kill test
// run processes to be killed.
func TestMain(m *testing.M) {
	if told := os.Getenv(killAt); told != "" {
		if err := dieReleasing(told); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) == 3 && os.Args[1] == examine {
		main() // a child of a server that runs in a test
	}
	if config := os.Getenv(serveWith); config != "" {
		if err := serveChild(config); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	testscript.Main(m, map[string]func(){"sallyport": main})
}

// TestScripts plays the command line as people type it: testdata/script.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}
