package reviewtest

import (
	"testing"

	"sallyport/policy"
	"sallyport/review"
)

func policyOnce(t *testing.T, s review.Store) {
	p := policy.Default()
	must(t, s.SavePolicy(t.Context(), p))
	must(t, s.SavePolicy(t.Context(), p)) // again
	got, err := s.Policy(t.Context(), p.SHA256)
	must(t, err)
	same(t, "the text of the policy", string(p.Source), string(got.Source))
	same(t, "its name", p.Ref(), got.Ref())
	wantKind(t, second(s.Policy(t.Context(), string(sum([]byte("other"))))), review.NotFound)
}

func sealOnce(t *testing.T, s review.Store) {
	approve(t, s, fullRelease("rel1", "r1"))
	wantKind(t, second(s.Seal(t.Context(), "rel1")), review.NotFound)
	text := []byte("BagIt-Version: 1.0\n")
	want := &review.Seal{Release: "rel1", Made: later(3), Files: []review.SealedFile{
		{Path: "bagit.txt", Size: int64(len(text)), SHA256: sum(text), Body: text},
		{Path: "data/empty", SHA256: sum(nil), Body: []byte{}},
		{Path: "data/release/t.csv", Size: 9, SHA256: sum([]byte("elsewhere")), Released: true},
	}}
	must(t, s.SaveSeal(t.Context(), want))
	other := []byte("another")
	must(t, s.SaveSeal(t.Context(), &review.Seal{Release: "rel1", Made: later(4), Files: []review.SealedFile{
		{Path: "bagit.txt", Size: int64(len(other)), SHA256: sum(other), Body: other},
	}}))
	got, err := s.Seal(t.Context(), "rel1")
	must(t, err)
	same(t, "the package first kept", want, got)
	texts, err := s.SealedText(t.Context(), "bagit.txt", []string{"rel1", "nothing"})
	must(t, err)
	same(t, "one file of packages", map[string][]byte{"rel1": text}, texts)
	texts, err = s.SealedText(t.Context(), "data/release/t.csv", []string{"rel1"})
	must(t, err)
	same(t, "bytes that lie elsewhere", 0, len(texts))
	err = s.SaveSeal(t.Context(), &review.Seal{Release: "nothing", Made: later(4), Files: want.Files})
	if err == nil {
		t.Error("a package of no release was kept")
	}
}

func sealRace(t *testing.T, s review.Store) {
	approve(t, s, fullRelease("rel1", "r1"))
	for _, err := range race(6, func(i int) error {
		body := []byte{'a' + byte(i)}
		return s.SaveSeal(t.Context(), &review.Seal{Release: "rel1", Made: later(i + 1), Files: []review.SealedFile{
			{Path: "bagit.txt", Size: 1, SHA256: sum(body), Body: body},
		}})
	}) {
		must(t, err)
	}
	first, err := s.Seal(t.Context(), "rel1")
	must(t, err)
	same(t, "files of the package", 1, len(first.Files))
	same(t, "time and bytes of one worker", later(int(first.Files[0].Body[0]-'a')+1), first.Made)
}
