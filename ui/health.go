package ui

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"sallyport/review"
	"sallyport/ui/help"
)

// healthView is the service's condition, each fact in words, with whether it is a
// concern.
type healthView struct {
	*review.Health
	Concerns []review.Concern
	Disks    []diskView
	SignIn   string
}

type diskView struct {
	review.Disk
	Words string
	Used  int // percent
}

func (u *UI) healthOf(h *review.Health) *healthView {
	v := &healthView{Health: h, Concerns: h.Concerns(), SignIn: u.signInWords()}
	for _, d := range h.Host.Disks {
		x := diskView{Disk: d}
		if d.Total > 0 {
			x.Used = int((d.Total - d.Free) * 100 / d.Total)
			x.Words = humanize.IBytes(uint64(max(d.Free, 0))) + " free of " + humanize.IBytes(uint64(d.Total))
		}
		v.Disks = append(v.Disks, x)
	}
	return v
}

// Is reports whether there is a concern of a kind.
func (v *healthView) Is(what string) bool {
	return slices.ContainsFunc(v.Concerns, func(c review.Concern) bool { return c.What == what })
}

// runbooks are where the guide of operations says what to do about a concern.
var runbooks = map[string]string{
	"disk": "disk-low", "jobs": "work-given-up", "checkpoint": "record-not-signed", "witness": "witness-behind", "backup": "backup-old",
}

// Runbook is the address of what to do about a concern; of all that there is, when
// none is about it alone.
func (v *healthView) Runbook(c review.Concern) string {
	return help.Home + "/operations#" + cmp.Or(runbooks[c.What], "runbooks")
}

// signInWords lists the ways in which people can sign in.
func (u *UI) signInWords() string {
	var ways []string
	for _, m := range u.options.Methods {
		ways = append(ways, m.Label())
	}
	if !u.options.NoPasswords {
		ways = append(ways, "password")
		if u.passkeys != nil {
			ways = append(ways, "passkey")
		}
		if u.options.Sealer != nil {
			ways = append(ways, "code of an authenticator app")
		}
	}
	if u.options.Demo {
		ways = append(ways, "by choosing a name (demonstration)")
	}
	return strings.Join(ways, ", ")
}

// jobWords names a kind of background work for people.
func jobWords(kind string) string {
	switch kind {
	case review.JobRelease:
		return "releases on their way out"
	case review.JobWithdraw:
		return "releases to be taken back"
	case review.JobWitness:
		return "checkpoints for witnesses"
	case review.JobAdd:
		return "files being added to drafts"
	case review.JobDigest:
		return "daily digests of notices"
	case review.JobNotify, review.JobSend:
		return "notices (" + kind + ")"
	default:
		return kind
	}
}
