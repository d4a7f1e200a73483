package api

import (
	"net/http"
	"reflect"

	"sallyport/policy"
)

// A route is one row of the table that both the router and the description are
// made from.
type route struct {
	method, path string        // path below Prefix, with :names
	action       policy.Action // asked of Service.Authorise before the handler
	status       int           // of success; 204 when there is nothing to answer
	summary      string        // one line of the description
	query        []param
	in, out      reflect.Type // of the bodies; nil for none
	handle       func(c *call, body []byte) (any, error)
}

// param is one name of a query.
type param struct {
	name, doc string
	number    bool
}

// none is the body of a route that takes, or answers, nothing.
type none struct{}

// textOut is an answer of plain text: a signed note, a key.
type textOut string

// bytesOut is an answer that is not made of our structs: a file, a manifest.
type bytesOut struct {
	media string
	data  []byte
}

// row makes a route of a handler that takes In and answers Out.
func row[In, Out any](method, path string, action policy.Action, status int, summary string, handle func(*call, In) (Out, error), query ...param) route {
	r := route{method: method, path: path, action: action, status: status, summary: summary, query: query}
	if t := reflect.TypeFor[In](); t != reflect.TypeFor[none]() {
		r.in = t
	}
	if t := reflect.TypeFor[Out](); t != reflect.TypeFor[none]() {
		r.out = t
	} else {
		r.status = http.StatusNoContent
	}
	r.handle = func(c *call, body []byte) (any, error) {
		var in In
		if r.in != nil {
			if err := decodeBody(body, &in); err != nil {
				return nil, err
			}
		}
		return handle(c, in)
	}
	return r
}

// paged are the names of the query of a list, after its own.
func paged(own ...param) []param {
	return append(own,
		param{"limit", "how many items at most, 1 to 200; 50 when it is not there", true},
		param{"offset", "how many items to leave out before the first", true})
}

// placed are those of a list that goes on from a place as well.
func placed(own ...param) []param {
	return append(paged(own...), param{name: "after", doc: "the place where the page before ended, as its next has it: far down a list this costs less than an offset"})
}

// routes is every address of the interface.
func routes() []route {
	const get, post, put, remove = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	const ok, made, taken = http.StatusOK, http.StatusCreated, http.StatusAccepted
	const request = "/requests/:request"
	const file = request + "/files/:file"
	return []route{
		row(get, "/openapi.json", open, ok, "This description", (*call).describe),
		row(get, "/me", signedIn, ok, "Who the token belongs to, and what it lets through", (*call).me),
		row(get, "/policy", signedIn, ok, "What a request has to say: fields, checklist, answers, limits", (*call).rules),
		row(get, "/tokens", signedIn, ok, "One's own tokens in force", (*call).listTokens),
		row(remove, "/tokens/:token", signedIn, ok, "Revoke one of one's own tokens", (*call).revokeToken),
		row(get, "/notifications", signedIn, ok, "What one was told, newest first", (*call).notices, paged()...),
		row(get, "/notifications/choices", signedIn, ok, "What one is told of, and when", (*call).noticeChoices),
		row(put, "/notifications/choices", policy.NoticesChoose, ok, "Choose what one is told of, and when", (*call).chooseNotices),

		row(get, "/workspaces", policy.WorkspaceList, ok, "The workspaces of one's projects", (*call).workspaces, paged()...),
		row(get, "/workspaces/:workspace", policy.WorkspaceView, ok, "One workspace", (*call).workspace),
		row(get, "/workspaces/:workspace/files", policy.WorkspaceView, ok, "The files of a workspace, without contents", (*call).workspaceFiles, paged()...),
		row(get, "/workspaces/:workspace/pipeline", policy.WorkspaceJobs, ok, "The pipeline as it lies in a workspace now", (*call).pipeline),
		row(get, "/workspaces/:workspace/jobs", policy.WorkspaceJobs, ok, "What ran in a workspace, newest first", (*call).jobs, paged()...),
		row(get, "/workspaces/:workspace/jobs/:job", policy.WorkspaceJobs, ok, "One job request, and the one before it", (*call).job),
		row(get, "/workspaces/:workspace/logs/:action", policy.WorkspaceJobs, ok, "The last part of an action's log; the view is on record", (*call).jobLog),
		row(get, "/workspaces/:workspace/code/:commit", policy.WorkspaceJobs, ok, "The code at a commit that a job ran", (*call).code,
			param{name: "path", doc: "the file to show; without it, only the names of all"}),
		row(get, "/workspaces/:workspace/code/:commit/changes", policy.WorkspaceJobs, ok, "What changed in the code since another commit", (*call).codeChanges,
			param{name: "from", doc: "the other commit"}),

		row(post, "/workspaces/:workspace/draft", policy.RequestCreate, ok, "File a whole form in one change: begin the draft, or bring it up to date", (*call).fileForm),

		row(get, "/requests", policy.RequestList, ok, "One's own requests, newest first", (*call).requests, paged()...),
		row(post, "/requests", policy.RequestCreate, made, "Begin a draft for a workspace", (*call).createRequest),
		row(get, request, policy.RequestView, ok, "A request as one may see it now", (*call).request),
		row(put, request+"/details", policy.RequestEdit, ok, "Say what holds for the request as a whole", (*call).editDetails),
		row(post, request+"/reuse", policy.RequestEdit, ok, "Fill empty descriptions from an earlier request", (*call).reuse),
		row(put, request+"/groups/:group", policy.RequestEdit, ok, "Describe a group of files", (*call).editGroup),
		row(post, request+"/files", policy.RequestEdit, ok, "Add files of the workspace; each is answered for itself", (*call).addFiles),
		row(post, request+"/wildcards", policy.RequestEdit, ok, "Add every output that a wildcard captures, as one group", (*call).addMatching),
		row(post, file+"/move", policy.RequestEdit, ok, "Move a file to another group or kind", (*call).moveFile),
		row(post, file+"/update", policy.RequestEdit, ok, "Take the file as the workspace has it now", (*call).updateFile),
		row(post, file+"/withdraw", policy.RequestEdit, ok, "Take a file back", (*call).withdrawFile),
		row(post, file+"/exceptions", policy.RequestEdit, ok, "Ask for an exception; an empty reason takes it back", (*call).askException),
		row(post, request+"/acknowledgements", policy.RequestEdit, ok, "Answer a finding; an empty code takes the answer back", (*call).acknowledge),
		row(post, request+"/submit", policy.RequestSubmit, ok, "Hand the request to the checkers", (*call).submit),
		row(post, request+"/withdraw", policy.RequestWithdraw, ok, "Take the request back for good", (*call).withdraw),
		row(post, request+"/comments", policy.RequestComment, ok, "Comment on a group, a file, or a place in it", (*call).comment),
		row(post, request+"/comments/:comment/publish", policy.RequestComment, ok, "Make a checkers' comment public, in consolidation", (*call).publishComment),

		row(get, file+"/content", policy.FileContent, ok, "The bytes of a file; the view is on record", (*call).content,
			param{name: "form", doc: "clean (what would leave, the default) or original (what came)"}),
		row(get, file+"/download", policy.FileContent, ok, "The bytes that would leave; the download is on record", (*call).download),
		row(get, file+"/versions", policy.FileContent, ok, "A file before and after its last change", (*call).versions),
		row(get, file+"/versions/:which", policy.FileContent, ok, "One of the two, before or after, as it would leave", (*call).versionContent),

		row(get, "/queue", policy.QueueView, ok, "What is routed to one, most urgent first", (*call).queue, paged()...),
		row(get, "/claimable", policy.ReviewClaim, ok, "Requests with a free seat that one may take", (*call).claimable, paged()...),
		row(get, "/board", policy.QueueAll, ok, "All open reviews and everyone's load", (*call).board),
		row(post, request+"/claim", policy.ReviewClaim, ok, "Take a free seat", (*call).claim),
		row(post, request+"/hand-over", policy.ReviewHandOver, ok, "Give one's seat to another checker", (*call).handOver),
		row(post, request+"/reassign", policy.ReviewReassign, ok, "Move a checker's seat to another", (*call).reassign),
		row(post, file+"/route", policy.ReviewReassign, ok, "Give one file to a specialist in a checker's place", (*call).routeFile),
		row(post, file+"/vote", policy.ReviewVote, ok, "Decide on a file, on the bytes seen", (*call).vote),
		row(post, request+"/groups/:group/request-changes", policy.ReviewVote, ok, "Request changes to each of one's files of a group", (*call).requestChanges),
		row(post, file+"/exceptions/answer", policy.ReviewVote, ok, "Accept or refuse an exception", (*call).answerException),
		row(post, request+"/acknowledgements/answer", policy.ReviewVote, ok, "Accept or refuse the author's answer to a finding", (*call).answerAcknowledgement),
		row(post, request+"/review", policy.ReviewSubmit, ok, "Submit one's review of this turn", (*call).submitReview),
		row(post, request+"/return", policy.ReviewReturn, ok, "Give the request back to its author", (*call).returnRequest),
		row(post, request+"/reject", policy.ReviewReject, ok, "End the request: nothing of it may leave", (*call).reject),
		row(post, request+"/release", policy.ReviewRelease, taken, "Release what both checkers approved", (*call).release),

		row(get, request+"/package", policy.ReleasePackage, ok, "The package of a release as it left, as a ZIP; the download is on record", (*call).releasedPackage),
		row(post, request+"/recall", policy.ReleaseRecall, ok, "Report a released file and recall it; this cannot be undone", (*call).recall),
		row(get, request+"/recall", policy.RequestView, ok, "The report on a recalled release", (*call).recallReport),
		row(post, request+"/recall/notes", policy.ReleaseRecall, ok, "Add a note to a report; it undoes nothing", (*call).noteRecall),
		row(post, request+"/hold", policy.RequestHold, ok, "Keep the stored bytes of a request whatever the retention policy says", (*call).hold),
		row(post, request+"/hold/lift", policy.RequestHold, ok, "Lift the hold", (*call).liftHold),

		row(get, "/releases", policy.ReleaseList, ok, "The register of releases, newest first", (*call).releases, placed(releaseParams()...)...),
		row(get, "/records", policy.RecordView, ok, "All requests, newest first", (*call).records, placed(recordParams()...)...),
		row(get, "/records/:request", policy.RecordView, ok, "One request's whole record", (*call).record),
		row(get, "/records/:request/manifest", policy.RecordView, ok, "The manifest of a release: the bytes that went with its files", (*call).manifest),
		row(get, "/records/:request/independence", policy.RecordView, ok, "What the events show of the two reviews behind a release", (*call).independence),
		row(get, "/audit", policy.AuditView, ok, "The event log, oldest first", (*call).audit, append(auditParams(),
			param{"after", "only events with a greater number", true},
			param{"limit", "how many events at most, 1 to 200; 50 when it is not there", true})...),
		row(get, "/audit/checkpoints", policy.AuditView, ok, "The signed checkpoints of the log, newest first", (*call).checkpoints,
			param{"before", "only checkpoints of fewer events", true},
			param{"limit", "how many at most, 1 to 200; 50 when it is not there", true}),
		row(get, "/audit/checkpoints/:size", policy.AuditExport, ok, "The signed note of the checkpoint of a number of events; the export is on record", (*call).checkpointNote),
		row(get, "/audit/key", signedIn, ok, "The public key that checkpoints, proofs and packages are checked with", (*call).logKey),
		row(get, "/audit/proofs/:seq", policy.AuditExport, ok, "A proof that an event is in the log, whole in itself; the export is on record", (*call).eventProof),
		row(get, "/records/:request/proof", policy.RecordExport, ok, "A proof that all decisions on a release are in the log; the export is on record", (*call).releaseProof),
		row(get, "/export/events", policy.AuditExport, ok, "The event log as a file; the export is on record", (*call).exportEvents, withFormat(auditParams())...),
		row(get, "/export/requests", policy.RecordExport, ok, "All requests as a file; the export is on record", (*call).exportRecords, withFormat(recordParams())...),
		row(get, "/export/releases", policy.RecordExport, ok, "The register of releases as a file; the export is on record", (*call).exportReleases, withFormat(releaseParams())...),
		row(get, "/figures", policy.AuditView, ok, "The work in numbers: each figure with its definition", (*call).figures, bounds()...),
		row(get, "/export/figures", policy.AuditExport, ok, "The figures as a file; the export is on record", (*call).exportFigures, withFormat(append(bounds(),
			param{name: "figure", doc: "only this one, by its id"}))...),
		row(get, "/export/records/:request", policy.RecordExport, ok, "One request's whole record as a file; the export is on record", (*call).exportRecord, withFormat(nil)...),
		row(get, "/export/reviews/:request", policy.ReviewExport, ok, "A request as its checker sees it, as a file; the export is on record", (*call).exportReview, withFormat(nil)...),
		row(get, "/me/access", signedIn, ok, "What one may do oneself, and why", (*call).ownAccess),
		row(get, "/access", policy.AccessView, ok, "Who has which role, and what waits for a second person", (*call).access),
		row(get, "/access/people/:person", policy.AccessView, ok, "What one person may do, by whom and why", (*call).personAccess),
		row(post, "/access/grants", policy.AccessPropose, ok, "Give a role, or propose one that takes two people", (*call).grantRole),
		row(post, "/access/grants/:grant/revoke", policy.AccessPropose, ok, "End a role, or propose to", (*call).revokeRole),
		row(post, "/access/proposals/:proposal", policy.AccessConfirm, ok, "Be the second person, who confirms or refuses", (*call).answerProposal),
		row(post, "/alarms/:alarm/end", policy.BlobRestore, ok, "Record that damaged bytes are back; they are read again first", (*call).endAlarm),
		row(post, "/jobs/:job/retry", policy.JobRetry, ok, "Have a delivery or a message that was given up tried again", (*call).retryJob),
		row(get, "/status", policy.StatusView, ok, "That the service works, and what is stuck", (*call).status),
	}
}
