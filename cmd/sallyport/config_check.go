package main

import (
	"fmt"
	"os"
)

type configCommand struct {
	Check configCheckCommand `cmd:"" help:"Say whether a configuration file is in order, without starting anything."`
}

type configCheckCommand struct {
	File string `arg:"" help:"Configuration file (YAML)."`
}

func (configCheckCommand) Help() string {
	return `It reads the file as "sallyport serve" would: unknown keys, values of the wrong
kind and what contradicts itself are errors, with the line where it can be told.
The policy that it names is read too. Nothing is opened or made: that secrets can
be read and places reached shows at the start only.`
}

func (c configCheckCommand) Run(a *app) error {
	conf, err := configFlags{Config: c.File}.config()
	if err != nil {
		return err
	}
	if err := conf.complete(); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if err := conf.protected(); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if _, err := loadPolicy(conf.Policy); err != nil {
		return fmt.Errorf("%s: policy: %w", c.File, err)
	}
	for _, folder := range []string{conf.Workspaces, conf.Code} {
		if _, err := os.Stat(folder); folder != "" && err != nil {
			a.complain("warning: %v", err)
		}
	}
	return a.say("%s is in order.\n", c.File)
}
