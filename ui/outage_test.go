package ui

import (
	"net/http"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"sallyport/review"
)

// deafSessions is a store of sessions whose database is away.
type deafSessions struct {
	scs.Store
	reads, writes bool // what works
}

func databaseAway() error {
	return review.Errorf(review.Unavailable, "The database cannot be reached.")
}

func (d *deafSessions) Find(token string) ([]byte, bool, error) {
	if !d.reads {
		return nil, false, databaseAway()
	}
	return d.Store.Find(token)
}

func (d *deafSessions) Commit(token string, b []byte, until time.Time) error {
	if !d.writes {
		return databaseAway()
	}
	return d.Store.Commit(token, b, until)
}

// While sessions cannot be read or kept, the service says so as for any outage, and
// nobody is signed in by it.
func TestSessionsAway(t *testing.T) {
	store := &deafSessions{reads: true, writes: true}
	s := newSite(t, func(o *Options) { store.Store, o.Sessions = o.Sessions, store })
	b := s.as(t, "ann")
	b.get("/requests").want(http.StatusOK)

	store.reads = false
	b.get("/requests").want(http.StatusServiceUnavailable).has("The database cannot be reached", "Help with this page")
	store.reads, store.writes = true, false
	s.as(t, "").post("/sign-in/demo", "person", "abe").want(http.StatusServiceUnavailable).has("You may not be signed in")
}
