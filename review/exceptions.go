package review

import (
	"context"
	"slices"
	"strings"

	"sallyport/checks"
	"sallyport/policy"
)

// exceptionFor says which exception a blocking finding needs, and whether one
// may be asked for at all. A file that is not what its name says, cannot be
// read, or is of the wrong level, cannot be excepted.
func exceptionFor(x checks.Finding) (kind ExceptionKind, open bool) {
	switch x.Check {
	case "file-type":
		return ExceptType, x.Kind == "not-allowed"
	case "file-size":
		return ExceptSize, true
	case "file-rows":
		return ExceptRows, true
	case "unreadable", "output-level", malwareCheck:
		return "", false
	default:
		return ExceptFinding, true
	}
}

// asks reports whether an exception is asked for a finding of the check.
func (f *File) asks(check string) bool {
	return slices.ContainsFunc(f.Exceptions, func(x Exception) bool { return x.Check == check })
}

// AskException asks for an exception from one blocking check on a file, with a
// reason; an empty reason takes it back. It voids approvals of the file.
func (s *Service) AskException(ctx context.Context, a Actor, id RequestID, file FileID, check, reason string) error {
	reason = strings.TrimSpace(reason)
	if err := checkLengths(map[string]string{"exception": reason}, maxText); err != nil {
		return err
	}
	if s.later != nil { // what is asked for rests on a finding
		if err := s.recheckNow(ctx, a, id, nil); err != nil {
			return err
		}
	}
	r, _, err := s.load(ctx, a, id, policy.RequestEdit)
	if err != nil {
		return err
	}
	report, err := s.report(ctx, r)
	if err != nil {
		return err
	}
	_, f := r.File(file)
	if f == nil {
		return Errorf(NotFound, "There is no such file in the request.")
	}
	kind := kindAsked(reportsByPath(report)[f.Path], check)
	if kind == "" && reason != "" {
		return Errorf(Invalid, "This file has no finding that an exception could be asked for.")
	}
	return s.editFile(ctx, a, id, file, func(r *Request, g *Group, f *File) (Event, error) {
		if f.Kind != Output && reason != "" {
			return Event{}, Errorf(Invalid, "Only a file that is to leave needs an exception.")
		}
		f.Exceptions = slices.DeleteFunc(slices.Clone(f.Exceptions), func(x Exception) bool { return x.Check == check })
		e := s.fileEvent(a, EvExceptionAsked, r, g, f)
		e.Detail = map[string]string{"check": check, "kind": string(kind)}
		if reason == "" {
			e.Detail["withdrawn"] = "true"
		} else {
			f.Exceptions = append(f.Exceptions, Exception{Kind: kind, Check: check, Reason: reason, Asked: s.Now()})
		}
		return e, nil
	})
}

// kindAsked is the exception that a blocking finding of the check allows.
func kindAsked(rep *checks.FileReport, check string) ExceptionKind {
	if rep == nil {
		return ""
	}
	for _, x := range rep.Findings {
		if x.Check == check && x.Severity == policy.Block {
			if kind, open := exceptionFor(x); open {
				return kind
			}
		}
	}
	return ""
}

// AnswerException is one checker's acceptance or refusal of an exception. It is
// part of their review, and blind like it. A refusal needs a reason.
func (s *Service) AnswerException(ctx context.Context, a Actor, id RequestID, file FileID, check string, accept bool, reason string) error {
	reason, err := answerReason(accept, reason)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, a, id, policy.ReviewVote, func(r *Request, c *Change) error {
		if err := mayReview(r, a); err != nil {
			return err
		}
		g, f := r.File(file)
		if f == nil || !r.reviews(a.Username, f) {
			return Errorf(NotFound, "There is no such file for you to decide on.")
		}
		i := slices.IndexFunc(f.Exceptions, func(x Exception) bool { return x.Check == check })
		if i < 0 {
			return Errorf(NotFound, "There is no such exception.")
		}
		f.Exceptions[i].Answers = setAnswer(f.Exceptions[i].Answers, s.answer(a, r, accept, reason))
		e := s.fileEvent(a, EvExceptionAnswered, r, g, f)
		e.Detail = map[string]string{"check": check, "accept": yesNo(accept), "phase": string(r.Phase())}
		c.Events = append(c.Events, e)
		return nil
	})
	return err
}

func (s *Service) answer(a Actor, r *Request, accept bool, reason string) Answer {
	return Answer{Checker: a.Username, Accept: accept, Reason: reason, Turn: r.Turn, At: s.Now()}
}

func answerReason(accept bool, reason string) (string, error) {
	if !accept {
		return reasonOf(reason)
	}
	reason = strings.TrimSpace(reason)
	return reason, checkLengths(map[string]string{"reason": reason}, maxText)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// AcknowledgeInput is the author's answer to one finding.
type AcknowledgeInput struct {
	Fingerprint string
	Code        string // an id of Policy.Acknowledgements
	Text        string
	CodeLink    string // "analysis/x.R:42@commit", may be empty
}

// Acknowledge answers one finding of the request. An empty code takes the
// answer back. It explains, and never hides or lowers the finding.
func (s *Service) Acknowledge(ctx context.Context, a Actor, id RequestID, in AcknowledgeInput) error {
	in.Text, in.CodeLink = strings.TrimSpace(in.Text), strings.TrimSpace(in.CodeLink)
	if err := checkLengths(map[string]string{"text": in.Text}, maxText); err != nil {
		return err
	}
	if err := checkLengths(map[string]string{"code_link": in.CodeLink}, maxLine); err != nil {
		return err
	}
	known := slices.ContainsFunc(s.Policy.Acknowledgements, func(c policy.ChecklistItem) bool { return c.ID == in.Code })
	if in.Code != "" && !known {
		return Errorf(Invalid, "Choose one of the answers.").with("code", "Choose one.")
	}
	if in.Code != "" && in.Text == "" {
		return Errorf(Invalid, "Say in a sentence why.").with("text", "Say in a sentence why.")
	}
	r, _, err := s.load(ctx, a, id, policy.RequestEdit)
	if err != nil {
		return err
	}
	report, err := s.report(ctx, r)
	if err != nil {
		return err
	}
	file, check := findingOf(r, report, in.Fingerprint)
	if file == "" {
		return Errorf(NotFound, "There is no such finding; it may have gone since you looked.")
	}
	_, err = s.change(ctx, a, id, policy.RequestEdit, func(r *Request, c *Change) error {
		if err := requireStatus(r, Pending, Returned); err != nil {
			return err
		}
		g, f := r.File(file)
		if f == nil {
			return Errorf(NotFound, "There is no such file in the request.")
		}
		r.Acknowledgements = slices.DeleteFunc(slices.Clone(r.Acknowledgements), func(k Acknowledgement) bool {
			return k.Fingerprint == in.Fingerprint && k.File == file
		})
		if in.Code != "" {
			r.Acknowledgements = append(r.Acknowledgements, Acknowledgement{
				Fingerprint: in.Fingerprint, File: file, Check: check, Code: in.Code, Text: in.Text, CodeLink: in.CodeLink,
				By: a.Username, At: s.Now(),
			})
		}
		e := s.fileEvent(a, EvAcknowledged, r, g, f)
		e.Detail = map[string]string{"check": check, "code": in.Code, "fingerprint": in.Fingerprint}
		c.Events = append(c.Events, e)
		return nil
	})
	return err
}

// findingOf finds the file and check of a finding in force.
func findingOf(r *Request, report *checks.Report, fingerprint string) (FileID, string) {
	found := reportsByPath(report)
	for i := range r.Groups {
		for _, f := range r.Groups[i].Files {
			rep := found[f.Path]
			if rep == nil || f.Kind == WithdrawnF {
				continue
			}
			for _, x := range rep.Findings {
				if x.Fingerprint == fingerprint {
					return f.ID, x.Check
				}
			}
		}
	}
	return "", ""
}

// AnswerAcknowledgement is one checker's acceptance or refusal of the author's
// answer to a finding, blind to the other's until both reviews are in.
func (s *Service) AnswerAcknowledgement(ctx context.Context, a Actor, id RequestID, fingerprint string, accept bool, reason string) error {
	reason, err := answerReason(accept, reason)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, a, id, policy.ReviewVote, func(r *Request, c *Change) error {
		if err := mayReview(r, a); err != nil {
			return err
		}
		i := slices.IndexFunc(r.Acknowledgements, func(k Acknowledgement) bool { return k.Fingerprint == fingerprint })
		if i < 0 {
			return Errorf(NotFound, "There is no such answer.")
		}
		k := &r.Acknowledgements[i]
		g, f := r.File(k.File)
		if f == nil || f.Kind == Output && !r.reviews(a.Username, f) {
			return Errorf(NotFound, "There is no such file for you to decide on.")
		}
		k.Answers = setAnswer(k.Answers, s.answer(a, r, accept, reason))
		e := s.fileEvent(a, EvAckAnswered, r, g, f)
		e.Detail = map[string]string{"check": k.Check, "fingerprint": fingerprint, "accept": yesNo(accept), "phase": string(r.Phase())}
		c.Events = append(c.Events, e)
		return nil
	})
	return err
}
