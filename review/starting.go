package review

import (
	"context"
	"maps"
)

// Started puts on record that a server began to work: with which program, which
// configuration (its SHA-256) and which policy. A policy or configuration that
// is not the one of the last start is an event of its own.
func (s *Service) Started(ctx context.Context, version, config string) error {
	last, err := s.Store.Events(ctx, EventQuery{Types: []EventType{EvServerStarted}, Newest: true, Limit: 1})
	if err != nil {
		return err
	}
	ref := s.Policy.Ref()
	e := s.event(Actor{Source: "local"}, EvServerStarted, nil)
	e.Actor = "system"
	e.Detail = map[string]string{"program": version, "configuration": config, "policy": ref.Name, "policy_version": ref.Version, "engine": s.Checker.Engine()}
	events := []Event{e}
	if len(last) > 0 {
		was := last[0]
		if was.Policy != e.Policy {
			events = append(events, changed(e, EvPolicyChanged, map[string]string{"was": was.Policy, "was_version": was.Detail["policy_version"]}))
		}
		if was.Detail["configuration"] != config {
			events = append(events, changed(e, EvReconfigured, map[string]string{"was": was.Detail["configuration"]}))
		}
	}
	return s.Store.Append(ctx, events...)
}

// changed is the event of a difference between two starts.
func changed(start Event, t EventType, was map[string]string) Event {
	start.Type, start.Detail = t, maps.Clone(start.Detail)
	maps.Copy(start.Detail, was)
	return start
}
