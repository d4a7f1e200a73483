package main

import (
	"fmt"

	"sallyport/review"
	"sallyport/ui/signin"
)

// The kinds of methods that a configuration chooses from.
const (
	methodPassword  = "password"
	methodOpenID    = "openid"
	methodJobServer = "job-server"
)

// signInMethod is one entry of sign_in.
type signInMethod struct {
	Method string `yaml:"method"`
}

func (m signInMethod) id() string { return m.Method }

func (m signInMethod) check() error {
	if m.Method != methodPassword {
		return fmt.Errorf("there is no method %q", m.Method)
	}
	return nil
}

func (m signInMethod) open(string, review.Clock) (signin.Method, error) {
	return nil, fmt.Errorf("there is no method %q", m.Method)
}
