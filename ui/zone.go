package ui

import (
	"net/http"
	"strings"
	"time"
)

// zoneForm is where a person chooses by whose clock they are told times.
type zoneForm struct {
	Value   string // what they chose, "" for the service's
	Service string
	Names   []string // that are offered; others can be written
	Now     time.Time
	Error   string
}

// chooseZone keeps the time zone that a person chose on their account's page, or
// that their browser offered them on another.
func (u *UI) chooseZone(c *call) error {
	name := strings.TrimSpace(c.FormValue("zone"))
	err := u.service.ChooseZone(c.ctx(), c.actor, name)
	if bad := fieldErrors(err); bad != nil {
		return u.showAccount(c, http.StatusUnprocessableEntity, zoneForm{Value: name, Error: bad["zone"]})
	}
	if err != nil {
		return err
	}
	if name == "" {
		name = zoneName(u.zone)
	}
	c.setFlash(flash{Text: "Times are shown by the clock of " + name + " now."})
	if back := c.FormValue("back"); back != "" {
		return c.redirect(localPath(back))
	}
	return c.redirect("/account#zone")
}

// wellKnownZones are offered to choose from. Any other name of the IANA's list
// can be written.
func wellKnownZones() []string {
	return []string{
		"Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi",
		"America/Chicago", "America/Denver", "America/Halifax", "America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Sao_Paulo", "America/Toronto",
		"Asia/Dhaka", "Asia/Dubai", "Asia/Hong_Kong", "Asia/Jerusalem", "Asia/Karachi", "Asia/Kolkata", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Tokyo",
		"Atlantic/Reykjavik", "Australia/Perth", "Australia/Sydney",
		"Europe/Amsterdam", "Europe/Athens", "Europe/Berlin", "Europe/Brussels", "Europe/Copenhagen", "Europe/Dublin", "Europe/Helsinki", "Europe/Istanbul", "Europe/Kyiv", "Europe/Lisbon", "Europe/London", "Europe/Madrid", "Europe/Oslo", "Europe/Paris", "Europe/Rome", "Europe/Stockholm", "Europe/Vienna", "Europe/Warsaw", "Europe/Zurich",
		"Pacific/Auckland", "Pacific/Honolulu", "UTC",
	}
}
