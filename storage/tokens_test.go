package storage

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// peopled opens a store with the people of reviewtest.
func peopled(t testing.TB) *Store {
	t.Helper()
	s := newStore(t)
	must(t, s.SavePeople(t.Context(), reviewtest.People(), []review.Project{{ID: reviewtest.Study}, {ID: reviewtest.Trial}}, tokenEvent(review.EvPeopleChanged)))
	return s
}

func tokenEvent(typ review.EventType) review.Event {
	return review.Event{At: noon(), Type: typ, Actor: "ann", Detail: map[string]string{"token": "T1"}}
}

func annsToken(id string) review.Token {
	return review.Token{
		ID: id, Person: "ann", Name: "the monthly tables", Scopes: []policy.Scope{policy.ScopeRead, policy.ScopeRequest},
		Created: noon(), Expires: noon().AddDate(0, 0, 90),
	}
}

func wantKind(t testing.TB, err error, k review.Kind) {
	t.Helper()
	if err == nil || review.KindOf(err) != k {
		t.Errorf("error %v of kind %d, want kind %d", err, review.KindOf(err), k)
	}
}

func lastEvent(t testing.TB, s *Store) review.EventType {
	t.Helper()
	list, err := s.Events(t.Context(), review.EventQuery{Newest: true, Limit: 1})
	must(t, err)
	return list[0].Type
}

func TestTokens(t *testing.T) {
	s, hash := peopled(t), string(digestOf("secret"))
	token := annsToken("T1")
	must(t, s.AddToken(t.Context(), token, hash, tokenEvent(review.EvTokenCreated)))
	got, err := s.TokenByHash(t.Context(), hash)
	must(t, err)
	if diff := cmp.Diff(&token, got); diff != "" {
		t.Errorf("token (-want +got):\n%s", diff)
	}
	if typ := lastEvent(t, s); typ != review.EvTokenCreated {
		t.Errorf("the last event is %s", typ)
	}
	_, err = s.TokenByHash(t.Context(), string(digestOf("another")))
	wantKind(t, err, review.NotFound)

	older := annsToken("T0")
	older.Created = noon().Add(-time.Hour)
	must(t, s.AddToken(t.Context(), older, string(digestOf("older")), tokenEvent(review.EvTokenCreated)))
	must(t, s.UseToken(t.Context(), "T1", noon().Add(time.Minute)))
	token.Used = noon().Add(time.Minute)
	list, err := s.TokensOf(t.Context(), "ann")
	must(t, err)
	if diff := cmp.Diff([]review.Token{token, older}, list); diff != "" {
		t.Errorf("tokens of ann (-want +got):\n%s", diff)
	}
	if list, err = s.TokensOf(t.Context(), "abe"); err != nil || len(list) != 0 {
		t.Errorf("tokens of abe: %v, %v", list, err)
	}
}

func TestRevokeToken(t *testing.T) {
	s, hash := peopled(t), string(digestOf("secret"))
	must(t, s.AddToken(t.Context(), annsToken("T1"), hash, tokenEvent(review.EvTokenCreated)))
	wantKind(t, s.RevokeToken(t.Context(), "abe", "T1", noon(), tokenEvent(review.EvTokenRevoked)), review.NotFound)
	if typ := lastEvent(t, s); typ != review.EvTokenCreated {
		t.Errorf("a revocation that was none left the event %s", typ)
	}
	must(t, s.RevokeToken(t.Context(), "ann", "T1", noon().Add(time.Hour), tokenEvent(review.EvTokenRevoked)))
	wantKind(t, s.RevokeToken(t.Context(), "ann", "T1", noon(), tokenEvent(review.EvTokenRevoked)), review.NotFound)
	must(t, s.UseToken(t.Context(), "T1", noon().Add(2*time.Hour)))
	got, err := s.TokenByHash(t.Context(), hash)
	must(t, err)
	if got.Revoked != noon().Add(time.Hour) || !got.Used.IsZero() || got.Valid(noon()) {
		t.Errorf("after the revocation: %+v", got)
	}
}

// The event and the token are kept together or not at all.
func TestTokenNeedsItsEvent(t *testing.T) {
	s, hash := peopled(t), string(digestOf("secret"))
	if err := s.AddToken(t.Context(), annsToken("T1"), hash, review.Event{}); err == nil {
		t.Error("a token without an event was kept")
	}
	_, err := s.TokenByHash(t.Context(), hash)
	wantKind(t, err, review.NotFound)
	must(t, s.AddToken(t.Context(), annsToken("T1"), hash, tokenEvent(review.EvTokenCreated)))
	if err := s.RevokeToken(t.Context(), "ann", "T1", noon(), review.Event{}); err == nil {
		t.Error("a revocation without an event was kept")
	}
	got, err := s.TokenByHash(t.Context(), hash)
	must(t, err)
	if !got.Valid(noon()) {
		t.Error("the token is revoked without an event")
	}
}

func TestTokensAreNeverAltered(t *testing.T) {
	s := peopled(t)
	must(t, s.AddToken(t.Context(), annsToken("T1"), string(digestOf("secret")), tokenEvent(review.EvTokenCreated)))
	must(t, s.AddToken(t.Context(), annsToken("T2"), string(digestOf("revoked")), tokenEvent(review.EvTokenCreated)))
	must(t, s.RevokeToken(t.Context(), "ann", "T2", noon(), tokenEvent(review.EvTokenRevoked)))
	db, err := s.writer.DB()
	must(t, err)
	for _, statement := range []string{
		"UPDATE tokens SET username = 'ops'",
		"UPDATE tokens SET scopes = '[\"release\"]' WHERE id = 'T1'",
		"UPDATE tokens SET expires = expires + 1 WHERE id = 'T1'",
		"UPDATE tokens SET hash = printf('%064d', 1) WHERE id = 'T1'",
		"UPDATE tokens SET revoked = 0 WHERE id = 'T2'",
		"DELETE FROM tokens",
		"REPLACE INTO tokens SELECT * FROM tokens",
	} {
		if _, err := db.Exec(statement); err == nil {
			t.Errorf("the database allowed: %s", statement)
		}
	}
}

func TestIdempotencyKeys(t *testing.T) {
	s, now := newStore(t), noon()
	lease, kept := now.Add(time.Minute), now.Add(24*time.Hour)
	claim := func(person review.Username, digest, claim string, now time.Time) ([]byte, error) {
		return s.ClaimKey(t.Context(), person, "key", digest, claim, now, now.Add(time.Minute))
	}
	answer, err := s.ClaimKey(t.Context(), "ann", "key", "d1", "c1", now, lease)
	if err != nil || answer != nil {
		t.Fatalf("the first claim: %q, %v", answer, err)
	}
	_, err = claim("ann", "d1", "c2", now)
	wantKind(t, err, review.Conflict)
	_, err = claim("ann", "d2", "c2", now)
	wantKind(t, err, review.Invalid)
	if answer, err = claim("abe", "d2", "c2", now); err != nil || answer != nil {
		t.Errorf("another person's key of the same name: %q, %v", answer, err)
	}

	// The lease runs out: somebody else makes the change, and the first one's
	// late answer does not count.
	if answer, err = claim("ann", "d1", "c3", lease); err != nil || answer != nil {
		t.Errorf("after the lease: %q, %v", answer, err)
	}
	wantKind(t, s.HoldKey(t.Context(), "ann", "key", "c1", kept), review.Conflict)
	must(t, s.HoldKey(t.Context(), "ann", "key", "c3", lease.Add(2*time.Minute)))
	_, err = claim("ann", "d1", "c4", lease.Add(time.Minute))
	wantKind(t, err, review.Conflict)
	must(t, s.KeepAnswer(t.Context(), "ann", "key", "c1", []byte("late"), kept))
	must(t, s.FreeKey(t.Context(), "ann", "key", "c1"))
	must(t, s.KeepAnswer(t.Context(), "ann", "key", "c3", []byte("done"), kept))
	must(t, s.FreeKey(t.Context(), "ann", "key", "c3"))
	for _, at := range []time.Time{lease, kept.Add(-time.Microsecond)} {
		if answer, err = claim("ann", "d1", "c4", at); err != nil || !bytes.Equal(answer, []byte("done")) {
			t.Errorf("at %v: %q, %v", at, answer, err)
		}
	}
	_, err = claim("ann", "d2", "c4", lease)
	wantKind(t, err, review.Invalid)
	if answer, err = claim("ann", "d2", "c5", kept); err != nil || answer != nil {
		t.Errorf("after a day: %q, %v", answer, err)
	}
	must(t, s.FreeKey(t.Context(), "ann", "key", "c5"))
	if answer, err = claim("ann", "d3", "c6", kept); err != nil || answer != nil {
		t.Errorf("after it was freed: %q, %v", answer, err)
	}
	if s.KeepAnswer(t.Context(), "ann", "key", "c6", nil, kept) == nil {
		t.Error("no answer was kept as one")
	}
}

// Nobody fills the disk with keys; others are not kept from theirs.
func TestIdempotencyKeysAreBounded(t *testing.T) {
	s := newStore(t)
	db, err := s.writer.DB()
	must(t, err)
	_, err = db.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO idempotency_keys SELECT 'ann', 'k' || i, 'd', 'c', NULL, CAST($2 AS bigint) FROM n`, maxKeys, micros(noon().Add(time.Hour)))
	must(t, err)
	claim := func(person review.Username, at time.Time) error {
		_, err := s.ClaimKey(t.Context(), person, "one more", "d", "c", at, at.Add(time.Minute))
		return err
	}
	wantKind(t, claim("ann", noon()), review.Unavailable)
	must(t, claim("abe", noon()))
	must(t, claim("ann", noon().Add(time.Hour)))
}

// Of many who claim a key at once, one makes the change.
func TestIdempotencyKeyRace(t *testing.T) {
	s := newStore(t)
	var won, lost atomic.Int64
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			answer, err := s.ClaimKey(t.Context(), "ann", "key", "d", "c", noon(), noon().Add(time.Minute))
			var known *review.Error
			switch {
			case err == nil && answer == nil:
				won.Add(1)
			case errors.As(err, &known) && known.Kind == review.Conflict:
				lost.Add(1)
			}
		})
	}
	wait.Wait()
	if won.Load() != 1 || lost.Load() != 7 {
		t.Errorf("%d won and %d were told to wait, want 1 and 7", won.Load(), lost.Load())
	}
}
