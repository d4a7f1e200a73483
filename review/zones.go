package review

import (
	"cmp"
	"context"
	"time"
)

// longestZone is longer than any name of a time zone.
const longestZone = 64

// ZoneNamed finds a time zone by its IANA name, "Europe/London". Invalid for any
// other text, for "" and for "Local", which is whatever the machine is set to.
func ZoneNamed(name string) (*time.Location, error) {
	if name == "" || name == "Local" || len(name) > longestZone {
		return nil, Errorf(Invalid, "There is no time zone of this name.").with("zone", "Choose a time zone of the list, such as Europe/London.")
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, Errorf(Invalid, "There is no time zone of this name.").with("zone", "Choose a time zone of the list, such as Europe/London.")
	}
	return zone, nil
}

// ZoneOr is the time zone that a person chose, or other where they chose none, or
// one that is not known here. Other must not be nil; p may be.
func (p *Person) ZoneOr(other *time.Location) *time.Location {
	if p == nil || p.Zone == "" {
		return other
	}
	zone, err := ZoneNamed(p.Zone)
	if err != nil {
		return other
	}
	return zone
}

// ChooseZone keeps the time zone in which the actor reads times, "" for the
// service's own. It changes no time on record: all of them are UTC. Invalid, with
// the field "zone", for what is no time zone.
func (s *Service) ChooseZone(ctx context.Context, a Actor, zone string) error {
	if err := signedIn(a); err != nil {
		return err
	}
	if zone != "" {
		if _, err := ZoneNamed(zone); err != nil {
			return err
		}
	}
	e := s.event(a, EvZoneChosen, nil)
	e.Detail = map[string]string{"zone": cmp.Or(zone, "of the service")}
	return s.Store.SaveZone(ctx, a.Username, zone, e)
}

// zoneOf is the zone of a person's digests.
func (s *Service) zoneOf(p *Person) *time.Location {
	return p.ZoneOr(cmp.Or(s.Notify.Zone, time.UTC))
}
