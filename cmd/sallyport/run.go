package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/alecthomas/kong"

	"sallyport/cmd/sallyport/internal/report"
)

// version is stamped by the build (-ldflags "-X main.version=...").
var version string

// Exit statuses.
const (
	exitOK       = 0
	exitFindings = 1
	exitError    = 2
)

// errFindings ends a command whose output already says what was found.
var errFindings = errors.New("the output says what was found")

// app is what every command needs of the world.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
}

// commands is the command line.
type commands struct {
	Check     checkCommand     `cmd:"" help:"Check files for disclosure problems, without server or database."`
	Sanitise  sanitiseCommand  `cmd:"" help:"Write the bytes that would be released, and say what was removed."`
	Serve     serveCommand     `cmd:"" help:"Run the service."`
	Ready     readyCommand     `cmd:"" help:"Ask a running instance whether it is ready, and if not, why."`
	Demo      demoCommand      `cmd:"" help:"Run a demonstration on invented data, on this machine only."`
	Request   requestCommand   `cmd:"" help:"File and follow release requests on a running server."`
	Queue     queueCommand     `cmd:"" help:"List open reviews: all of them for a lead, one's own for a checker."`
	People    peopleCommand    `cmd:"" help:"Add people and projects, and set passwords."`
	Access    accessCommand    `cmd:"" help:"Say who may do what; give, confirm and take away roles."`
	Sessions  sessionsCommand  `cmd:"" help:"List and end the sessions of a person."`
	Migrate   migrateCommand   `cmd:"" help:"Bring the schema of the database up to date, or say what it lacks."`
	Backup    backupCommand    `cmd:"" help:"Make and verify backups."`
	Restore   restoreCommand   `cmd:"" help:"Fill an empty data folder or database from a backup."`
	Copy      copyCommand      `cmd:"" help:"Copy the database into another, of SQLite or of PostgreSQL."`
	Jobs      jobsCommand      `cmd:"" help:"List what was given up, and have it tried again."`
	Verify    verifyCommand    `cmd:"" help:"Check that the database, the record and the snapshots are as they were written."`
	Audit     auditCommand     `cmd:"" help:"Sign checkpoints of the audit log, verify it against them, and prove what it holds."`
	Package   packageCommand   `cmd:"" help:"Verify a package that was released."`
	Retention retentionCommand `cmd:"" help:"Show what the retention policy would remove now, or apply it."`
	Config    configCommand    `cmd:"" help:"Check a configuration file."`
	Policy    policyCommand    `cmd:"" help:"Show the policy in force, or check a policy file."`
	Notify    notifyCommand    `cmd:"" help:"Try the ways in which people are told what happens."`
	Version   versionCommand   `cmd:"" help:"Print the version."`
	Examine   examineCommand   `cmd:"" hidden:"" help:"Examine files for a service that started this process."`
}

// run is the whole program: it parses args, runs one command until it is done
// or ctx ends, and returns the exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, now: func() time.Time { return time.Now().UTC() }} //permit:time.Now // the clock that is injected
	helped := false
	parser, err := kong.New(&commands{},
		kong.Name("sallyport"),
		kong.Description("The way out of a trusted research environment: checks, two blind reviews, and exactly the approved bytes."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(a),
	)
	if err != nil {
		return a.fail(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if helped {
		return exitOK
	}
	if err != nil {
		a.complain("%v (try: sallyport --help)", err)
		return exitError
	}
	return a.fail(command.Run())
}

// fail reports err, if any, and returns the exit status for it.
func (a *app) fail(err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errFindings):
		return exitFindings
	default:
		a.complain("%s", cause(err))
		return exitError
	}
}

// complain writes one line to standard error, fit for a terminal.
func (a *app) complain(format string, args ...any) {
	_, _ = fmt.Fprintf(a.stderr, "sallyport: %s\n", report.Message(fmt.Sprintf(format, args...)))
}

// say writes to standard output. A reader that has gone away (a closed pipe)
// is an output error.
func (a *app) say(format string, args ...any) error {
	_, err := fmt.Fprintf(a.stdout, format, args...)
	return err
}

type versionCommand struct{}

func (versionCommand) Run(a *app) error { return a.say("sallyport %s\n", buildVersion()) }

// buildVersion is the stamped version, else what Go knows of the build.
func buildVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "development, commit " + s.Value
		}
	}
	return "development"
}
