package review

import (
	"context"
	"maps"
	"strconv"

	"sallyport/policy"
)

// Export is a file made of the record for somebody to keep.
type Export struct {
	Kind    string            // "record xlsx", "releases csv", ...; stable words
	Request RequestID         // when it is of one request
	Listed  bool              // a list that holds for each reader what they audit: all requests, the register
	Filter  map[string]string // what was asked for, by name
	Rows    int               // of data, all sheets together
	Size    int64             // bytes
	SHA256  Digest            // of the bytes
}

// RecordExport puts an export on record: what was asked for, how much it is, and
// the digest of its bytes. The caller sends the bytes only when this succeeds.
// An auditor may export anything, one of some projects the records of these and
// the lists of them, a checker the review of what is routed to them.
func (s *Service) RecordExport(ctx context.Context, a Actor, x Export) error {
	var r *Request
	if x.Request == "" {
		action := policy.AuditExport
		if x.Listed {
			action = policy.RecordExport
		}
		if err := s.Authorise(ctx, a, action); err != nil {
			return err
		}
	} else {
		action := policy.ReviewExport
		if a.Person != nil && a.MaySomewhere(policy.RecordExport) {
			action = policy.RecordExport
		}
		var err error
		if r, _, err = s.load(ctx, a, x.Request, action); err != nil {
			return err
		}
	}
	e := s.event(a, EvExported, r)
	e.Digest, e.Purpose = x.SHA256, ForAudit
	if r != nil {
		e.Purpose = purpose(relation(a.Person, r))
	}
	e.Detail = map[string]string{"export": x.Kind, "rows": strconv.Itoa(x.Rows), "bytes": strconv.FormatInt(x.Size, 10)}
	filter := maps.Clone(x.Filter)
	maps.DeleteFunc(filter, func(_, v string) bool { return v == "" })
	for k, v := range filter {
		e.Detail["filter_"+k] = v
	}
	return s.Store.Append(ctx, e)
}

// ReviewRecord is a request as one of its checkers may export it: blind as the
// page is, so that before both reviews are in it holds their own only.
func (s *Service) ReviewRecord(ctx context.Context, a Actor, id RequestID) (*View, error) {
	r, rel, err := s.load(ctx, a, id, policy.ReviewExport)
	if err != nil {
		return nil, err
	}
	return s.view(ctx, a, r, rel)
}
