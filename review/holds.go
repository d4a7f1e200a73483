package review

import (
	"context"
	"strings"

	"sallyport/policy"
)

// Hold keeps the bytes of a request for as long as the hold lasts.
func (s *Service) Hold(ctx context.Context, a Actor, id RequestID, reason string) error {
	r, _, err := s.load(ctx, a, id, policy.RequestHold)
	if err != nil {
		return err
	}
	if reason, err = holdReason(reason); err != nil {
		return err
	}
	if at, err := s.Store.RetiredAt(ctx, id); err != nil || !at.IsZero() {
		if err != nil {
			return err
		}
		return errRemoved(at)
	}
	e := s.event(a, EvHeld, r)
	e.Detail = map[string]string{"reason": reason}
	held, err := s.heldRequests(ctx, id)
	if err != nil {
		return err
	}
	if held[id] {
		return Errorf(Conflict, "This request is held already.")
	}
	if err := s.tellOfHold(ctx, &e, r, NoticeHeld); err != nil {
		return err
	}
	return s.Store.Hold(ctx, Hold{ID: newID(), Request: id, At: e.At, By: a.Username, Reason: reason}, e)
}

// LiftHold ends a hold: the policy's times count again.
func (s *Service) LiftHold(ctx context.Context, a Actor, id RequestID, reason string) error {
	r, _, err := s.load(ctx, a, id, policy.RequestHold)
	if err != nil {
		return err
	}
	if reason, err = holdReason(reason); err != nil {
		return err
	}
	e := s.event(a, EvHoldLifted, r)
	e.Detail = map[string]string{"reason": reason}
	held, err := s.heldRequests(ctx, id)
	if err != nil {
		return err
	}
	if !held[id] {
		return Errorf(Conflict, "This request is not held.")
	}
	if err := s.tellOfHold(ctx, &e, r, NoticeHoldLifted); err != nil {
		return err
	}
	return s.Store.LiftHold(ctx, Hold{Request: id, Lifted: e.At, LiftedBy: a.Username, LiftReason: reason}, e)
}

func holdReason(text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", Errorf(Invalid, "Say why.").with("reason", "Say why.")
	}
	return text, checkLengths(map[string]string{"reason": text}, maxWords)
}

// heldRequests are those, of one or of all, that a hold is in force for.
func (s *Service) heldRequests(ctx context.Context, id RequestID) (map[RequestID]bool, error) {
	list, err := s.Store.Holds(ctx, id)
	held := map[RequestID]bool{}
	for _, h := range list {
		held[h.Request] = held[h.Request] || h.Lifted.IsZero()
	}
	return held, err
}
