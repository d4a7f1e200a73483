package crate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"sallyport/checks/strictjson"
	"sallyport/policy"
	"sallyport/review"
)

// readStrict reads a JSON file of the package that must have no field we do not
// know, no key twice and no depth to get lost in.
func (v *verifier) readStrict(name string, into any) error {
	text, err := v.src.text(payload + name)
	if err != nil {
		return errors.New("it is missing or cannot be read")
	}
	if err := strictjson.Check(text); err != nil {
		return err
	}
	if err := json.Unmarshal(text, into, json.RejectUnknownMembers(true)); err != nil {
		return errors.New("it has not the form it should have")
	}
	return nil
}

func (v *verifier) readRecord() {
	rec := new(Record)
	if err := v.readStrict(recordFile, rec); err != nil {
		v.problem("%s cannot be relied on: %v.", recordFile, err)
		return
	}
	if rec.Schema != RecordSchema {
		v.problem("%s is of the form %.60q, and this program knows %s.", recordFile, rec.Schema, RecordSchema)
		return
	}
	if rec.Release.Identifier != Identifier(rec.Release.ID) {
		v.problem("The identifier of the release is not that of its ID.")
	}
	v.rec = rec
}

// policy holds the policy's text to its digest, and the record to the policy.
func (v *verifier) policy() {
	p := v.rec.Policy
	text, err := v.src.text(payload + policyFile)
	if err != nil {
		v.problem("%s is missing or cannot be read.", policyFile)
		return
	}
	sum := sha256.Sum256(text)
	if hex.EncodeToString(sum[:]) != p.SHA256 || string(text) != p.Text {
		v.problem("The policy's text is not the one that the record and the log name.")
		return
	}
	loaded, err := policy.Load(text)
	if err != nil {
		v.note("This program cannot read the policy, so the number of approvals is taken from the record: %v.", err)
		return
	}
	if loaded.Name != p.Name || loaded.Version != p.Version || loaded.Review.Approvals != p.Approvals {
		v.problem("The record says something else of the policy than the policy itself.")
	}
}

// files holds the payload to the record: the released files and the package's
// own, and nothing else.
func (v *verifier) files() {
	own := []string{metadataFile, recordFile, summaryFile, policyFile, checkpointFile, proofsFile}
	listed := map[string]bool{}
	for _, name := range own {
		listed[payload+name] = true
		if _, there := v.src.sizes[payload+name]; !there {
			v.problem("%s is missing.", name)
		}
	}
	if len(v.rec.Files) == 0 {
		v.problem("The record names no file.")
	}
	for _, f := range v.rec.Files {
		name := payload + f.Path
		if listed[name] {
			v.problem("The record names %s for the second time, or as a released file.", f.Path)
			continue
		}
		listed[name] = true
		size, there := v.src.sizes[name]
		switch {
		case !there:
			v.problem("%s was released and is not in the package.", f.Path)
		case v.sums[name].sha256 != f.SHA256 || size != f.Size:
			v.problem("%s is not the file that was approved.", f.Path)
		}
		if f.Before.Same != (f.Before.SHA256 == f.SHA256) {
			v.problem("The record contradicts itself on whether cleaning changed %s.", f.Path)
		}
	}
	for _, name := range v.src.paths() {
		if strings.HasPrefix(name, payload) && !listed[name] {
			v.problem("%s is in the package and not in the record: nobody approved it.", strings.TrimPrefix(name, payload))
		}
	}
	for _, name := range v.src.paths() {
		if !strings.HasPrefix(name, payload) && !slices.Contains([]string{
			declarationFile, infoFile, manifestFile, tagManifestFile, keyFile, signatureFile,
		}, name) {
			v.problem("%s does not belong into a package.", name)
		}
	}
}

// clockSlack is by how much times may contradict the order of the log. That order
// is proven; a time is what the clock of one of several servers said, and clocks
// are set back.
const clockSlack = 24 * time.Hour

// decisions holds the approvals of each file to the policy: enough of them, of
// different people, none the author's, each answer to an exception a yes.
func (v *verifier) decisions() {
	need := max(v.rec.Policy.Approvals, 2)
	seated := map[review.Username]bool{}
	for _, s := range v.rec.Routing {
		seated[s.Checker] = true
		if s.Checker == v.rec.Release.Author {
			v.problem("The author was one of the checkers.")
		}
	}
	for _, f := range v.rec.Files {
		var who []review.Username
		for _, d := range f.Decisions {
			switch {
			case !d.Standing:
				continue
			case d.Decision != review.Approve:
				v.problem("%s left although %s decided otherwise: %s.", f.Path, d.Checker, d.Decision)
			case slices.Contains(who, d.Checker):
				v.problem("%s approved %s twice, which counts once.", d.Checker, f.Path)
			case d.Checker == v.rec.Release.Author:
				v.problem("The author approved %s.", f.Path)
			case !seated[d.Checker]:
				v.problem("%s approved %s, and the request was not routed to them.", d.Checker, f.Path)
			case d.At.After(v.rec.Release.Approved.Add(clockSlack)):
				v.problem("%s approved %s after it was released.", d.Checker, f.Path)
			default:
				who = append(who, d.Checker)
			}
		}
		if len(who) < need {
			v.problem("%s has %d approvals, and the policy asks for %d.", f.Path, len(who), need)
		}
		v.exceptions(f, who)
	}
}

func (v *verifier) exceptions(f FileFacts, who []review.Username) {
	for _, x := range f.Exceptions {
		for _, checker := range who {
			if !slices.ContainsFunc(x.Answers, func(a AnswerFacts) bool { return a.Checker == checker && a.Accept }) {
				v.problem("%s needed an exception (%s) that %s did not accept.", f.Path, x.Kind, checker)
			}
		}
	}
}

// steps holds the history to the course that a release takes, in the order of the
// log.
func (v *verifier) steps() {
	h := v.rec.History
	if len(h) == 0 {
		v.problem("The record has no history.")
		return
	}
	status := review.Pending
	for i, s := range h {
		if i > 0 && (s.Seq <= h[i-1].Seq || s.Turn < h[i-1].Turn) {
			v.problem("The history is out of order at event %d.", s.Seq)
		}
		if s.From != s.To && s.From != "" {
			if s.From != status {
				v.problem("The history has a gap before event %d.", s.Seq)
			}
			if !mayFollow(s.From, s.To) {
				v.problem("The history goes from %s to %s, which no request does.", s.From, s.To)
			}
			status = s.To
		}
	}
	last := h[len(h)-1]
	if last.Event != review.EvApproved || status != review.Approved || last.By != v.rec.Release.ReleasedBy {
		v.problem("The history does not end with the approval of this release.")
	}
}

// mayFollow are the changes of status that lead to a release.
func mayFollow(from, to review.Status) bool {
	next := map[review.Status][]review.Status{
		review.Pending:           {review.Submitted},
		review.Submitted:         {review.PartiallyReviewed, review.Returned},
		review.PartiallyReviewed: {review.Reviewed, review.Returned, review.Submitted},
		review.Reviewed:          {review.Approved, review.Returned, review.PartiallyReviewed, review.Submitted},
		review.Returned:          {review.Submitted},
	}
	return slices.Contains(next[from], to)
}

// asWritten holds a ZIP to the one that was written, byte for byte. Between the
// files stands what other programs go by when they unpack it, names among it: a
// ZIP that reads well here could be other files elsewhere.
func (v *verifier) asWritten() {
	var entries []review.Entry
	for _, name := range v.src.paths() {
		entries = append(entries, review.Entry{Path: name, Size: v.src.sizes[name], Open: v.src.opener(name)})
	}
	same := &comparing{r: v.src.raw}
	if err := WriteZIP(v.ctx, same, v.src.top, entries); err != nil || !same.equal(v.src.rawSize) {
		v.problem("The ZIP is not the one that was written: bytes between its files differ, or it was packed anew. Of a package that was packed anew, check the folder it came from.")
	}
}

// comparing is a writer that compares with what is there.
type comparing struct {
	r interface {
		ReadAt(p []byte, off int64) (int, error)
	}
	n      int64
	differ bool
}

func (c *comparing) Write(p []byte) (int, error) {
	there := make([]byte, len(p))
	if n, _ := c.r.ReadAt(there, c.n); n != len(p) || !bytes.Equal(there, p) {
		c.differ = true
		return 0, fmt.Errorf("it differs at byte %d", c.n)
	}
	c.n += int64(len(p))
	return len(p), nil
}

func (c *comparing) equal(size int64) bool { return !c.differ && c.n == size }
