// Package api offers the use cases of package review to programs, as JSON under
// /api/v1. It holds no rules of its own: each route asks a [Service], which
// authorises every call, and answers with structs made for it, so that nothing
// goes out that nobody chose to send.
//
// # A call
//
// One table (routes.go) names each route with its action, what it takes and
// what it answers. [API.Register] puts the table into the router of the pages,
// behind the same checks of host, origin and headers; the description of the
// interface (openapi.go, at /api/v1/openapi.json) is made from the same rows and
// Go types. A call is let in by a personal token (tokens.go) and by nothing else:
// cookies are not looked at, so that no other site's page can use a browser's
// session. Then Service.Authorise is asked for the route's action, the token's
// scopes must let it through, and query and body are read strictly (decode.go).
//
// # Changes
//
// PUT and DELETE can be repeated. A POST can carry an Idempotency-Key
// (once.go): the first answer to it is kept for a day and given again, so that a
// program that lost an answer can ask again without doing the thing twice.
//
// # Errors
//
// Every error is a problem of RFC 9457 (problem.go), with the kind of
// review.Error and, for input, the fields that are wrong.
package api
