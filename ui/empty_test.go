package ui

import (
	"net/http"
	"testing"

	"sallyport/review"
)

// Whoever has no role yet is told so, and what to do, instead of being refused.
func TestWhoHasNoRoleIsToldWhatToDo(t *testing.T) {
	s := newSite(t, func(o *Options) { o.People = append(o.People, DemoPerson{Username: "zil", Name: "Zil"}) })
	s.save(t, review.Person{Username: "zil", Name: "Zil"})
	zil := s.as(t, "zil").get("/").want(http.StatusOK)
	zil.has("You are signed in, and have no role yet", "Ask whoever runs the service").lacks("You cannot do this")
	zil.get("/queue").want(http.StatusNotFound)
}
