package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/password"
	"sallyport/ui/signin"
)

// Whoever has a second factor shows it, too, to be the second person on the
// command line.
func TestConfirmAsksForTheSecondFactor(t *testing.T) {
	ctx, dir, now := context.Background(), t.TempDir(), time.Now().UTC()
	flags := databaseFlags{Data: dir}
	a := &app{stdout: new(bytes.Buffer), stderr: new(bytes.Buffer), now: func() time.Time { return now }}
	people := "people:\n  - {username: ops, name: Ops, roles: [operator]}\n  - {username: lea, name: Lea, roles: [lead]}\n" +
		"  - {username: aud, name: Aud, roles: [auditor]}\n"
	must(t, peopleImport{databaseFlags: flags, File: file(t, "people.yaml", people)}.Run(ctx, a))

	s, closer, err := flags.openAccess(ctx, a)
	must(t, err)
	defer closer.Close()
	waiting, err := s.Store.Proposals(ctx, true)
	must(t, err)
	if len(waiting) != 1 || waiting[0].Grant.Role != policy.Auditor {
		t.Fatalf("these wait: %+v", waiting)
	}
	conf, err := flags.config()
	must(t, err)
	sealer, err := signin.OpenSealer(conf.keysFolder())
	must(t, err)
	made, err := signin.MakeCode("lea")
	must(t, err)
	accounts, err := accountsOf(s.Store)
	must(t, err)
	const pass = "a long and unlikely sentence 17"
	hash, err := password.Hash(pass)
	must(t, err)
	must(t, accounts.UpdateCredentials(ctx, "lea", func(c *review.Credentials) ([]review.Event, error) {
		c.PasswordHash, c.Code = hash, &review.CodeFactor{Secret: sealer.Seal([]byte(made.Secret), signin.CodePurpose("lea")), Added: now}
		return []review.Event{a.accountEvent(review.EvPasswordSet, "lea")}, nil
	}))
	code, err := totp.GenerateCode(made.Secret, now)
	must(t, err)
	for _, try := range []struct {
		lines []string
		right bool
	}{
		{[]string{pass}, false},
		{[]string{pass, "000000"}, false},
		{[]string{"a wrong one", code}, false},
		{[]string{pass, code}, true},
	} {
		a.stdin = strings.NewReader(strings.Join(try.lines, "\n") + "\n")
		err := accessConfirm{databaseFlags: flags, As: "lea", Proposal: waiting[0].ID}.Run(ctx, a)
		if (err == nil) != try.right {
			t.Errorf("with %d lines: %v", len(try.lines), err)
		}
	}
	p, err := s.Store.Person(ctx, "aud")
	must(t, err)
	if !p.Has(policy.Auditor) {
		t.Error("what was confirmed does not count")
	}
}

// A list that is let in says for each role of whom and what, and where one holds
// it is one place.
func FuzzParseRoles(f *testing.F) {
	f.Add([]byte("grants:\n  - {person: jane, role: copilot, project: p, until: 2027-06-30, reason: x}\n"), false)
	f.Add([]byte("\ufeffperson,role,project,until,reason\njane,copilot,p,2027-06-30,\"x, y\"\n"), true)
	f.Add([]byte("person,person\na,b\n"), true)
	f.Fuzz(func(t *testing.T, source []byte, sheet bool) {
		parse := parseRoleYAML
		if sheet {
			parse = parseRoleCSV
		}
		asks, err := parse(source)
		if err == nil && len(asks) == 0 {
			t.Error("an empty list was let in")
		}
		for _, ask := range asks {
			if (ask.Reach == policy.WholeService) != (ask.In == "") {
				t.Errorf("%+v was let in", ask)
			}
		}
	})
}
