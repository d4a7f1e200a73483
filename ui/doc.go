// Package ui shows the service in a browser and takes what people type. It
// holds no rules of its own: every page asks a [Service], which authorises each
// call, and shows what comes back. Every page works without script.
//
// # The way of one request
//
// A checker presses "Save, next file". The browser sends
// POST /requests/R/files/F/vote. The middleware in middleware.go gives the
// request an id, sets the security headers (headers.go), refuses a host that is
// not ours, somebody who asks too fast and what another site's page sent, reads
// the form within its bounds (body.go) and loads the session.
// The router finds the row in routes.go, the only list of pages there is; its
// gate (gate.go) looks the person up afresh and asks the service whether their
// roles can do the row's action at all. The handler, vote in reviewing.go,
// passes the form on to Service.Vote, which decides. An error of a known kind
// becomes a page with its words and a status code, in errors.go and nowhere
// else; any other shows a number, which the log explains. Success redirects to
// the next file, and the next page says what was done (a flash, kept in the
// session). That page, file in files.go, is built as a struct with exactly what
// templates/file.html shows, and rendered in memory before the first byte goes
// out.
//
// # What researchers supply
//
// Names, text and cells reach a page through html/template and the function
// "name", which makes control characters and direction overrides visible. A
// picture or a report is never part of a page: it comes from the content route,
// cleaned, in a sandbox without script, origin or network. Markdown of comments
// is the only markup that is passed on, sanitised, in markdown.go.
//
// # Style and script
//
// assets/ is bundled by build.mjs (npm ci, npm run build) into static/dist,
// which is embedded. Without it pages are plain and say so; see
// [UI.AssetsBuilt].
//
// # Names that tests and scripts may rely on
//
// Sign in: #demo-USERNAME, or #username, #password and #sign-in; then
// #signed-in-as and #sign-out. What the last action did: #flash. Second step:
// #code and #send-code, #passkey-sign-in. Other methods: #by-ID, #username-ID,
// #token-ID. Before a grave action: #confirm-who (#password, #code, #token) or
// #passkey-confirm, then #resume. Account: #account, #passkeys, #add-passkey,
// #code-app, #add-code, #make-recovery, #change-password, #end-others; people:
// #invite, #invitation-link, #end-sessions.
//
// Workspace: checkboxes named file with the path as value; kind (#kind-output,
// #kind-supporting); group (#group-each, #group-new, or value "in:NAME"),
// new_group; #add-files.
//
// Request: #state, #missing, #edit-details, #add-more, #go-submit, #go-withdraw,
// #start-review, #my-review, #compare-reviews. Details: #field-title,
// #field-project_number, #field-repository, #field-purpose, #field-concerns,
// #save-details. Group: #field-ID for each field of the policy (named
// context.ID or controls.ID), #guidance, #save-group. Fields save themselves when
// they are left, and #saved says so; #steps says how far a draft has come. Findings
// explained: #check-NAME, #mend-NAME, #questions, #go-on. Submit: checkboxes
// #confirm-ID, #submit-request.
//
// File: #bench, #prev-file, #next-file, #download, #go-review, #keys-open and the
// dialog #keys with #keys-on; #table with #table-search; #beside; cells #rROWcCOLUMN (both from 0),
// columns #hCOLUMN, lines #LNUMBER; findings #finding-ID; #decision-approve,
// #decision-changes, #decision-reject, #reason, #vote-next, #vote-save,
// #undo-form, #take-back-form;
// #update-file, #move-file, #withdraw-file. Comments: a form with the fields
// comment and visibility (public or checkers), line and column, and the button add-comment.
//
// An answer to a finding is a form with fingerprint, code, text and code_link;
// an exception one with check and reason (#exceptions); a checker judges either
// by the button accept, yes or no. #go-hand-over gives a seat away.
//
// Runs: #runs and #made-by lead to them, #hidden-outputs tells what is left out;
// job requests link to #compare-code. #changes on a file leads to what changed.
// Adding by wildcard: pattern, pattern_count, group, #add-matching. An earlier
// description: from, #reuse-context.
//
// Notifications: #go-notifications; #hour and fields when.KEY, #save-choices.
//
// Review: #submit-review, #go-return, #go-reject, #go-release; each of the three
// leads to a page with #confirm and #cancel (and #field-reason for a rejection).
package ui
