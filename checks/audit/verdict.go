package audit

// Verdict says what a range gives away about one hidden count.
type Verdict string

const (
	Protected  Verdict = ""      // too wide to matter
	Exact      Verdict = "exact" // one value of 1..T
	Narrow     Verdict = "narrow"
	KnownLarge Verdict = "large" // one value above T: nothing that had to be hidden
	KnownZero  Verdict = "zero"
)

// Judge gives the verdict on a hidden count with range r, where counts of
// 1..threshold must not be shown and a range narrower than width is too narrow.
func Judge(r Range, threshold, width int) Verdict {
	t := float64(threshold)
	switch {
	case r.Empty():
		return Protected
	case r.Fixed() && r.Lo == 0:
		return KnownZero
	case r.Fixed() && r.Lo > t:
		return KnownLarge
	case r.Fixed():
		return Exact
	case r.Width() < float64(width) && r.Lo <= t && r.Hi >= 1:
		return Narrow
	}
	return Protected
}
