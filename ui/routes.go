package ui

import (
	"fmt"
	"net/http"

	"sallyport/policy"
	"sallyport/ui/help"
)

// Gates that are not actions of the policy, because they come before anybody is
// known, or only ask that somebody is.
const (
	open      policy.Action = "ui.open"      // whoever asks
	signedIn  policy.Action = "ui.signed-in" // any person who is signed in
	confirmed policy.Action = "ui.confirmed" // who has shown a moment ago that it is they
)

// A route is one row of the table that all pages are registered from. Its
// Action is asked of Service.Authorise before Handle runs: a second lock, since
// each use case authorises again.
type route struct {
	Method, Path string
	Action       policy.Action
	Handle       func(*UI, *call) error
}

// routes is every page, form and file that this package serves.
func routes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/static/*", open, (*UI).static},
		{get, "/health", open, (*UI).health},
		{get, "/sign-in", open, (*UI).signInPage},
		{post, "/sign-in", open, (*UI).signIn},
		{post, "/sign-in/demo", open, (*UI).demoSignIn},
		{post, "/sign-out", signedIn, (*UI).signOut},
		{get, "/", signedIn, (*UI).home},
		{post, "/sign-in/code", open, (*UI).secondFactor},
		{get, "/sign-in/code", open, (*UI).secondFactorPage},
		{post, "/sign-in/passkey/begin", open, (*UI).beginPasskeySignIn},
		{post, "/sign-in/passkey", open, (*UI).passkeySignIn},
		{post, "/sign-in/by/:method", open, (*UI).askMethod},
		{get, "/sign-in/by/:method", open, (*UI).leaveToMethod},
		{get, "/sign-in/by/:method/back", open, (*UI).backFromMethod},
		{post, "/sign-in/by/:method/end", open, (*UI).endedByMethod},
		{get, "/invitation/:secret", open, (*UI).invitationPage},
		{post, "/invitation/:secret", open, (*UI).acceptInvitation},
		{post, "/tour", open, (*UI).showTour},
		{get, "/confirm", signedIn, (*UI).confirmWhoPage},
		{post, "/confirm", signedIn, (*UI).confirmWho},
		{get, "/confirm/go", confirmed, (*UI).resumePage},
		{post, "/confirm/passkey/begin", signedIn, (*UI).beginPasskeyConfirm},
		{post, "/confirm/passkey", signedIn, (*UI).passkeyConfirm},
		{get, "/account", signedIn, (*UI).account},
		{post, "/account/sessions/:session/end", signedIn, (*UI).endOwnSession},
		{post, "/account/sessions/end-others", signedIn, (*UI).endOtherSessions},
		{post, "/account/zone", signedIn, (*UI).chooseZone},
		{get, "/account/password", confirmed, (*UI).passwordPage},
		{post, "/account/password", confirmed, (*UI).changePassword},
		{get, "/account/code", confirmed, (*UI).appPage},
		{post, "/account/code", confirmed, (*UI).addCode},
		{post, "/account/code/remove", confirmed, (*UI).removeCode},
		{post, "/account/recovery", confirmed, (*UI).makeRecovery},
		{get, "/account/passkeys", confirmed, (*UI).passkeysPage},
		{post, "/account/passkeys/begin", confirmed, (*UI).beginPasskey},
		{post, "/account/passkeys", confirmed, (*UI).addPasskey},
		{post, "/account/passkeys/:passkey/remove", confirmed, (*UI).removePasskey},
		{get, "/people", policy.PeopleManage, (*UI).people},
		{get, "/people/:person", policy.PeopleManage, (*UI).person},
		{post, "/people/:person/invite", policy.PeopleManage, (*UI).invite},
		{post, "/people/:person/sessions/end", policy.PeopleManage, (*UI).endSessionsOf},
		{get, "/access", policy.AccessView, (*UI).access},
		{get, "/access/people/:person", policy.AccessView, (*UI).accessPerson},
		{post, "/access/people/:person/grants", policy.AccessPropose, (*UI).grantRole},
		{post, "/access/people/:person/grants/:grant/revoke", policy.AccessPropose, (*UI).revokeRole},
		{post, "/access/proposals/:proposal", policy.AccessConfirm, (*UI).answerProposal},
		{get, "/account/access", signedIn, (*UI).ownAccess},
		{get, "/account/tokens", signedIn, (*UI).tokensPage},
		{post, "/account/tokens", signedIn, (*UI).createToken},
		{post, "/account/tokens/:token/revoke", signedIn, (*UI).revokeToken},
		{get, "/notifications", signedIn, (*UI).notices},
		{post, "/notifications", policy.NoticesChoose, (*UI).chooseNotices},
		{get, "/notifications/sent", signedIn, (*UI).sentNotices},

		{get, help.Home, signedIn, (*UI).helpHome},
		{get, help.Home + "/signing-in", open, (*UI).helpGuide},
		{get, help.Home + "/accessibility", open, (*UI).helpGuide},
		{get, help.Home + "/glossary", open, (*UI).helpGuide},
		{get, help.Home + "/files/*", signedIn, (*UI).helpFile},
		{get, help.Home + "/:page", signedIn, (*UI).helpGuide},

		{get, "/workspaces", policy.WorkspaceList, (*UI).workspaces},
		{get, "/workspaces/:workspace", policy.WorkspaceView, (*UI).workspace},
		{post, "/workspaces/:workspace/files", policy.RequestCreate, (*UI).addFiles},
		{get, "/workspaces/:workspace/jobs", policy.WorkspaceJobs, (*UI).jobs},
		{get, "/workspaces/:workspace/jobs/:job", policy.WorkspaceJobs, (*UI).job},
		{get, "/workspaces/:workspace/logs/:action", policy.WorkspaceJobs, (*UI).jobLog},
		{get, "/workspaces/:workspace/code/:commit/*", policy.WorkspaceJobs, (*UI).code},
		{get, "/workspaces/:workspace/compare", policy.WorkspaceJobs, (*UI).compare},
		{get, "/workspaces/:workspace/form", policy.RequestCreate, (*UI).downloadForm},
		{post, "/workspaces/:workspace/form", policy.RequestCreate, (*UI).uploadForm},
		{post, "/workspaces/:workspace/matching", policy.RequestCreate, (*UI).addMatching},
		{get, "/requests", policy.RequestList, (*UI).myRequests},
		{get, "/requests/:request", policy.RequestView, (*UI).request},
		{get, "/requests/:request/details", policy.RequestEdit, (*UI).detailsPage},
		{post, "/requests/:request/details/field", policy.RequestEdit, (*UI).amendDetails},
		{get, "/requests/:request/findings", policy.RequestEdit, (*UI).findings},
		{post, "/requests/:request/findings", policy.RequestEdit, (*UI).acknowledgeAll},
		{post, "/requests/:request/details", policy.RequestEdit, (*UI).saveDetails},
		{get, "/requests/:request/groups/:group", policy.RequestView, (*UI).group},
		{post, "/requests/:request/groups/:group", policy.RequestEdit, (*UI).saveGroup},
		{post, "/requests/:request/groups/:group/field", policy.RequestEdit, (*UI).amendGroup},
		{post, "/requests/:request/groups/:group/guidance", policy.RequestEdit, (*UI).guidance},
		{post, "/requests/:request/reuse", policy.RequestEdit, (*UI).reuse},
		{get, "/requests/:request/submit", policy.RequestSubmit, (*UI).submitPage},
		{post, "/requests/:request/submit", policy.RequestSubmit, (*UI).submit},
		{get, "/requests/:request/withdraw", policy.RequestWithdraw, (*UI).withdrawPage},
		{post, "/requests/:request/withdraw", policy.RequestWithdraw, (*UI).withdraw},
		{post, "/requests/:request/comments", policy.RequestComment, (*UI).comment},

		{post, "/requests/:request/comments/:comment/publish", policy.RequestComment, (*UI).publish},

		{get, "/requests/:request/files/:file", policy.FileContent, (*UI).file},
		{get, "/requests/:request/files/:file/rows", policy.FileContent, (*UI).tableRows},
		{get, "/requests/:request/files/:file/content", policy.FileContent, (*UI).content},
		{get, "/requests/:request/files/:file/download", policy.FileContent, (*UI).download},
		{get, "/requests/:request/files/:file/changes", policy.FileContent, (*UI).changes},
		{get, "/requests/:request/files/:file/changes/:version", policy.FileContent, (*UI).version},
		{post, "/requests/:request/files/:file/move", policy.RequestEdit, (*UI).moveFile},
		{post, "/requests/:request/files/:file/update", policy.RequestEdit, (*UI).updateFile},
		{post, "/requests/:request/files/:file/withdraw", policy.RequestEdit, (*UI).withdrawFile},
		{post, "/requests/:request/files/:file/exception", policy.RequestEdit, (*UI).askException},
		{post, "/requests/:request/files/:file/exception/answer", policy.ReviewVote, (*UI).answerException},
		{post, "/requests/:request/files/:file/findings", policy.RequestEdit, (*UI).acknowledge},
		{post, "/requests/:request/files/:file/findings/answer", policy.ReviewVote, (*UI).answerAcknowledgement},
		{post, "/requests/:request/files/:file/vote", policy.ReviewVote, (*UI).vote},

		{get, "/queue", policy.QueueView, (*UI).queue},
		{post, "/requests/:request/claim", policy.ReviewClaim, (*UI).claim},
		{get, "/requests/:request/hand-over", policy.ReviewHandOver, (*UI).handOverPage},
		{post, "/requests/:request/hand-over", policy.ReviewHandOver, (*UI).handOver},
		{get, "/board", policy.QueueAll, (*UI).board},
		{post, "/requests/:request/reassign", policy.ReviewReassign, (*UI).reassign},
		{get, "/requests/:request/route", policy.ReviewReassign, (*UI).routePage},
		{post, "/requests/:request/route", policy.ReviewReassign, (*UI).routeFile},
		{post, "/requests/:request/groups/:group/changes", policy.ReviewVote, (*UI).groupChanges},
		{get, "/requests/:request/review", policy.ReviewVote, (*UI).reviewPage},
		{post, "/requests/:request/review", policy.ReviewSubmit, (*UI).submitReview},
		{get, "/requests/:request/return", policy.ReviewReturn, (*UI).returnPage},
		{post, "/requests/:request/return", policy.ReviewReturn, (*UI).returnRequest},
		{get, "/requests/:request/reject", policy.ReviewReject, (*UI).rejectPage},
		{post, "/requests/:request/reject", policy.ReviewReject, (*UI).reject},
		{get, "/requests/:request/release", policy.ReviewRelease, (*UI).releasePage},
		{post, "/requests/:request/release", policy.ReviewRelease, (*UI).release},

		{get, "/requests/:request/package", policy.ReleasePackage, (*UI).packageZIP},
		{get, "/requests/:request/recall", policy.ReleaseRecall, (*UI).recallPage},
		{post, "/requests/:request/recall", policy.ReleaseRecall, (*UI).recall},
		{get, "/requests/:request/recall/report", policy.ReleaseRecall, (*UI).recallReport},
		{get, "/requests/:request/recall/report.json", policy.ReleaseRecall, (*UI).recallJSON},
		{post, "/requests/:request/recall/notes", policy.ReleaseRecall, (*UI).noteRecall},
		{get, "/requests/:request/hold", policy.RequestHold, (*UI).holdPage},
		{post, "/requests/:request/hold", policy.RequestHold, (*UI).hold},

		{get, "/releases", policy.ReleaseList, (*UI).releases},
		{get, "/records", policy.RecordView, (*UI).records},
		{get, "/records/:request", policy.RecordView, (*UI).record},
		{get, "/records/:request/print", policy.RecordExport, (*UI).printRecord},
		{get, "/export/events", policy.AuditExport, (*UI).exportEvents},
		{get, "/export/requests", policy.RecordExport, (*UI).exportRequests},
		{get, "/export/releases", policy.RecordExport, (*UI).exportReleases},
		{get, "/figures", policy.AuditView, (*UI).figures},
		{get, "/export/figures", policy.AuditExport, (*UI).exportFigures},
		{get, "/export/records/:request", policy.RecordExport, (*UI).exportRecord},
		{get, "/export/reviews/:request", policy.ReviewExport, (*UI).exportReview},
		{get, "/audit", policy.AuditView, (*UI).audit},
		{get, "/audit/checkpoints", policy.AuditView, (*UI).checkpoints},
		{get, "/audit/checkpoints/:size", policy.AuditExport, (*UI).checkpointNote},
		{get, "/audit/key", signedIn, (*UI).logKey},
		{get, "/audit/proofs/:seq", policy.AuditExport, (*UI).eventProof},
		{get, "/records/:request/proof", policy.RecordExport, (*UI).releaseProof},
		{get, "/status/alarms/:alarm", policy.BlobRestore, (*UI).restoredPage},
		{post, "/status/alarms/:alarm", policy.BlobRestore, (*UI).restored},
		{get, "/status", policy.StatusView, (*UI).status},
		{post, "/status/retry", policy.JobRetry, (*UI).retryJob},
	}
}

// registerPath is where anybody reads the register of releases.
const registerPath = "/register"

// registerRoutes are there only where the register is public. They know no
// session, and answer everybody alike.
func registerRoutes() []route {
	const get = http.MethodGet
	return []route{
		{get, registerPath, open, (*UI).publicRegister},
		{get, registerPath + ".csv", open, (*UI).publicCSV},
		{get, registerPath + ".json", open, (*UI).publicJSON},
		{get, help.Home + registerPath, open, (*UI).helpGuide}, // what the register says, for whoever reads it
	}
}

// register puts the table into the router. A row without an action, or a
// second row for the same place, is a mistake that must not start.
func (u *UI) register(rows []route) error {
	seen := map[string]bool{}
	for _, r := range rows {
		key := r.Method + " " + r.Path
		switch {
		case r.Action == "":
			return fmt.Errorf("route %s names no action", key)
		case r.Handle == nil:
			return fmt.Errorf("route %s has no handler", key)
		case seen[key]:
			return fmt.Errorf("route %s is there twice", key)
		}
		seen[key] = true
		u.echo.Add(r.Method, r.Path, u.gate(r))
		if r.Method == http.MethodGet {
			u.echo.Add(http.MethodHead, r.Path, u.gate(r))
		}
	}
	return nil
}
