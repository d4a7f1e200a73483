package review

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

const (
	// maxPurpose and maxName are how much of what people wrote goes into a
	// notice, in characters.
	maxPurpose, maxName = 300, 120
	// maxDigest is how many notices one digest holds.
	maxDigest = 1000
	// digestMargin keeps a notice out of a digest that is about to be made.
	digestMargin = 2 * time.Minute
)

// send hands one notice to one channel: the effect of a job of kind "send".
func (s *Service) send(ctx context.Context, job *Job) error {
	i := slices.IndexFunc(s.Notify.Channels, func(c NamedChannel) bool { return c.Name == job.Target })
	if i < 0 {
		return Errorf(Unavailable, "There is no channel named %s in the configuration any more.", job.Target)
	}
	c := s.Notify.Channels[i]
	n, err := s.wholeNotice(ctx, string(job.Payload))
	if err != nil {
		return err
	}
	if c.Personal {
		p, err := s.Store.Person(ctx, n.Person)
		if err != nil && KindOf(err) != NotFound {
			return err
		}
		if p == nil || p.Disabled || p.Email == "" {
			return nil // nobody to tell any more; the page has it
		}
		n.Email, n.Name = p.Email, p.Name
	}
	n.ID = job.ID
	s.step("notify.channel")
	return c.Channel.Send(ctx, *n)
}

// wholeNotice reads a notice with its words and, of a digest, its items.
func (s *Service) wholeNotice(ctx context.Context, id string) (*Notice, error) {
	list, err := s.Store.Notices(ctx, NoticeQuery{ID: id})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, Errorf(NotFound, "There is no such notice.")
	}
	n := &list[0]
	if n.Kind == NoticeDigest {
		if n.Items, err = s.Store.Notices(ctx, NoticeQuery{Digest: id, Limit: maxDigest}); err != nil {
			return nil, err
		}
		slices.Reverse(n.Items)
	}
	s.word(n)
	return n, nil
}

// word adds what is not kept with a notice: the words of its rule, and links.
func (s *Service) word(n *Notice) {
	n.Link = s.Notify.PublicURL + n.Path
	switch {
	case n.Kind == NoticeDigest:
		n.Subject = fmt.Sprintf("Sallyport: %s since your last digest", counted(len(n.Items), "notice"))
		n.Text = "This is what happened, oldest first."
	case n.Person == "":
		n.Subject, n.Text = sharedWords(n.Kind)
	default:
		for _, r := range rulesOf(n.Kind) {
			if r.To == n.To {
				n.Subject, n.Text = r.Subject, r.Text
			}
		}
	}
	for i := range n.Items {
		s.word(&n.Items[i])
	}
}

// digestJob is the job of a person's next digest. Notices that wait for the same
// one make it once.
func (s *Service) digestJob(n Notice, hour int, zone *time.Location) Job {
	due := nextDigest(s.Now(), hour, zone)
	id := string(digestOf("digest", string(n.Person), due.Format(time.RFC3339)))[:32]
	job := s.job(id, JobDigest, "", "")
	job.Payload, job.Due = []byte(n.Person), due
	return job
}

// nextDigest is the next time, in UTC, at which it is the hour in the zone.
func nextDigest(now time.Time, hour int, zone *time.Location) time.Time {
	now = now.Add(digestMargin)
	local := now.In(zone)
	for day := 0; ; day++ {
		// On a day whose clocks skip the hour, this is the hour after.
		due := time.Date(local.Year(), local.Month(), local.Day()+day, hour, 0, 0, 0, zone)
		if due.After(now) {
			return due.UTC()
		}
	}
}

// digest makes one person's digest of what waits for it, and puts it on the way.
func (s *Service) digest(ctx context.Context, job *Job) error {
	name := Username(job.Payload)
	items, err := s.Store.Notices(ctx, NoticeQuery{Person: name, Waiting: true, Limit: maxDigest})
	if err != nil {
		return err
	}
	n := Notice{ID: job.ID, Kind: NoticeDigest, To: ToSubject, Person: name, At: job.Due, Path: "/notifications", Items: items}
	if len(items) > 0 {
		if err := s.Store.KeepDigest(ctx, n); err != nil {
			return err
		}
	} else if kept, err := s.Store.Notices(ctx, NoticeQuery{ID: job.ID}); err != nil || len(kept) == 0 {
		return err
	}
	s.step("notify.digest")
	return s.Store.Enqueue(ctx, s.sendJobs(n, 0, time.UTC)...)
}

// oneLine makes a line of what somebody wrote: no control or invisible
// characters, no line breaks, and cut when it is longer than most characters.
func oneLine(text string, most int) string {
	visible := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == unicode.ReplacementChar || unicode.Is(unicode.C, r):
			return -1
		}
		return r
	}, text)
	line := []rune(strings.Join(strings.Fields(visible), " "))
	if len(line) > most {
		line = append(line[:most-1], '…')
	}
	return string(line)
}
