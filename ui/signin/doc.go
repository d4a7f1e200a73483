// Package signin holds what signing in is made of, and knows no pages: codes of
// an authenticator app, recovery codes, the sealing of secrets that the database
// keeps without being able to read them, and what a method is that vouches for
// people from elsewhere.
//
// # The way of one sign-in
//
// Somebody presses "Sign in with the university". Package ui asks the method (a
// [Sender]) where to send the browser, and keeps the [Attempt] in the browser's
// session. The provider sends the browser back; Finish checks what it brought
// against the attempt and answers with a [Profile]: who they are there, and
// which roles and projects the configuration gives them for it. Package ui finds
// the person the subject is, or makes them, and starts a session. From then on
// Refresh is asked again every few minutes, and the session ends when the
// method no longer vouches.
//
// A method is one type in a package below this one: openid, jobserver.
package signin
