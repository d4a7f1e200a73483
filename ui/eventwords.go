package ui

import (
	"strings"
	"time"

	"sallyport/policy"
	"sallyport/review"
)

// eventNames are what the record's events are called, as what happened; a type that
// is missing here has the words of its own name.
var eventNames = map[review.EventType]string{
	review.EvSignIn: "Signed in", review.EvSignInFailed: "Sign-in failed", review.EvSignOut: "Signed out", review.EvDenied: "Refused: not permitted",
	review.EvRequestCreated: "Request begun", review.EvRequestEdited: "Request edited", review.EvGroupEdited: "Group edited",
	review.EvFileAdded: "File added", review.EvFileUpdated: "File replaced by its newer version", review.EvFileMoved: "File moved to another group",
	review.EvFileWithdrawn: "File taken out", review.EvFileViewed: "File viewed", review.EvFileDownloaded: "File downloaded",
	review.EvLogViewed: "Log viewed", review.EvCodeViewed: "Code viewed", review.EvChecked: "Checked", review.EvScanned: "Scanned for malware",
	review.EvSubmitted: "Submitted", review.EvRouted: "Routed to a checker", review.EvResubmitted: "Submitted again", review.EvWithdrawn: "Request withdrawn",
	review.EvVoted: "Decided on a file", review.EvVoteVoided: "Decision void", review.EvCommented: "Commented",
	review.EvReviewSubmitted: "Review handed in", review.EvPartiallyReviewed: "One review is in", review.EvReviewed: "Both reviews are in",
	review.EvReturned: "Returned to the author", review.EvRejected: "Rejected", review.EvApproved: "Approved for release",
	review.EvPackaged: "Package made", review.EvPackageDownloaded: "Package downloaded", review.EvReleased: "Released",
	review.EvDelivered: "Package delivered", review.EvReleaseFailed: "Release failed", review.EvIntegrity: "Stored bytes found damaged",
	review.EvRestored: "Stored bytes brought back", review.EvRecalled: "Recalled", review.EvTakenBack: "Package taken back",
	review.EvNotTakenBack: "Package could not be taken back", review.EvRecallNoted: "Note added to a recall",
	review.EvHeld: "Legal hold put on", review.EvHoldLifted: "Legal hold lifted", review.EvExpiring: "Author told that the draft will be withdrawn",
	review.EvRetention: "Removed under the retention policy", review.EvExceptionAsked: "Exception asked for", review.EvExceptionAnswered: "Exception answered",
	review.EvAcknowledged: "Finding answered by the author", review.EvAckAnswered: "Author’s answer judged", review.EvCommentPublished: "Comment shown to the author",
	review.EvClaimed: "Free seat taken", review.EvHandedOver: "Seat handed over", review.EvReassigned: "Seat moved", review.EvSeatVacated: "Seat left",
	review.EvFileRouted: "Single file routed to a specialist", review.EvReopened: "Review reopened", review.EvReminded: "Checker reminded",
	review.EvContextReused: "Descriptions copied from an earlier request", review.EvPeopleChanged: "People changed",
	review.EvAccessProposed: "Role proposed", review.EvAccessSettled: "Proposal of a role settled", review.EvAccessGranted: "Role given", review.EvAccessEnded: "Role ended",
	review.EvExported: "Exported", review.EvTokenCreated: "Token made", review.EvTokenRevoked: "Token revoked",
	review.EvNoticesChosen: "Notifications chosen", review.EvZoneChosen: "Time zone chosen", review.EvConfirmed: "Showed again who they are",
	review.EvSessionEnded: "Session ended", review.EvLockedOut: "Locked out after failed tries", review.EvVouchRefused: "Sign-in method no longer vouches",
	review.EvInvited: "Invited", review.EvPasswordSet: "Password set", review.EvFactorAdded: "Second factor added", review.EvFactorRemoved: "Second factor removed",
	review.EvRecoveryMade: "Recovery codes made", review.EvRecoveryUsed: "Recovery code used", review.EvIdentityLinked: "Linked to a sign-in method",
	review.EvJobFailed: "Background work failed", review.EvJobRevived: "Background work tried again",
	review.EvServerStarted: "Service started", review.EvPolicyChanged: "Policy changed", review.EvReconfigured: "Configuration changed",
	review.EvScheduleBegun: "Monthly draft begun", review.EvScheduleDone: "Monthly draft completed", review.EvScheduleFailed: "Monthly draft failed",
}

// eventWords is an event's type in plain words.
func eventWords(t review.EventType) string {
	if name := eventNames[t]; name != "" {
		return name
	}
	return capital(strings.NewReplacer(".", " ", "_", " ").Replace(string(t)))
}

// factNames are what the facts of events are called, by the keys that the record
// has; the exports keep the keys. A key that an event can have needs a row here:
// TestFactsHaveNames.
var factNames = map[string]string{
	"accept": "accepted", "action": "action", "after": "newer version", "author": "author",
	"before": "older version", "blobs": "stored files", "by": "by", "bytes": "size in bytes",
	"check": "check", "checker": "checker", "code": "answer", "comment": "comment", "commit": "commit", "configuration": "digest of the configuration",
	"damage": "found to be", "days": "kept for", "decision": "decision", "digests": "digests", "discovered": "found out",
	"early": "before both reviews were in", "engine": "version of the checks", "expires": "holds until", "export": "what was exported",
	"factor": "second factor", "factors": "showed", "files": "files", "findings": "findings removed", "findings_on": "findings on files not approved",
	"fingerprint": "finding", "from": "from", "grant": "entry in the list of roles", "hour": "hour of the daily summary", "how": "how",
	"in": "in project", "in_projects": "in projects", "independent": "found to be neither author nor member", "instead_of": "in place of",
	"job": "job", "jobs": "finished jobs forgotten", "jobs_days": "jobs kept for", "kind": "kind", "left": "left over",
	"method": "way of signing in", "notices": "notices forgotten", "notices_days": "notices kept for", "original": "bytes in the workspace",
	"outcome": "outcome", "overrode": "findings approved all the same", "people": "people", "period": "month", "person": "person",
	"phase": "while reviews were", "policy": "name of the policy", "policy_version": "version of the policy", "problem": "problem",
	"program": "version of the program", "proposal": "proposal", "reach": "reaches", "reason": "reason", "recall": "recall", "release": "release",
	"role": "role", "roles": "roles", "rows": "rows", "rule": "rule", "schedule": "regular request", "scopes": "may be used for", "seconds": "for seconds",
	"session": "session", "severity": "severity", "signature": "malware found", "signatures": "version of the signatures", "since": "due since",
	"sink": "delivered to", "source": "where it comes from", "target": "addressed to", "to": "to", "token": "token", "tries": "tries",
	"two_people": "by two people", "until": "until", "verdict": "verdict", "visibility": "shown to", "was": "before", "was_version": "version before",
	"what": "with what", "when": "when they are told", "whole": "whole release", "why": "because", "withdrawn": "taken back",
	"withdrawn_after": "will be withdrawn after", "words": "answer of the place", "words_sha256": "digest of what was written", "zone": "time zone",
}

// keyBeginnings are those of keys that end in a name: of a person, of a filter.
var keyBeginnings = [][2]string{{"filter_", "asked for by "}, {"was ", "rights before, of "}, {"is ", "rights now, of "}}

// factWords names a fact of an event by its key.
func factWords(key string) string {
	if name := factNames[key]; name != "" {
		return name
	}
	for _, b := range keyBeginnings {
		if rest, ok := strings.CutPrefix(key, b[0]); ok {
			return b[1] + rest
		}
	}
	return strings.ReplaceAll(key, "_", " ")
}

// factValues are what values say that the program writes as codes, by key.
var factValues = map[string]map[string]string{
	"rule": {"blobs.rejected": "files of rejected requests", "blobs.withdrawn": "files of withdrawn requests", "blobs.released": "files of released requests",
		"blobs.unnamed": "stored files that nothing names", "drafts": "untouched drafts", "packages": "delivered packages", "outbox": "finished background work and old notices"},
	"phase":      {"independent": "blind", "consolidation": "open to both checkers"},
	"visibility": {"public": "the author, after the turn", "checkers": "checkers only"},
	"what":       {"passkey counter": "a passkey that may have been copied"},
	"why": {"scope": "the token may not be used for it", "chosen": "they ended it", "password": "the password was changed", "revoked": "an operator ended it",
		"claimed": review.TookSeat},
	"kind": {"supporting": "supporting file"},
}

// aFact is one fact of an event as a page shows it: in words, or a moment.
type aFact struct {
	Key, Value string
	Raw        string    // as on record, for the few who compare
	At         time.Time // a moment, told by the reader's clock; zero for any other
}

// factOf puts one fact of an event in words.
func factOf(e *review.Event, key string) aFact {
	raw := e.Detail[key]
	f := aFact{Key: factWords(key), Value: raw, Raw: raw}
	switch key {
	case "discovered", "expires", "until":
		f.At, _ = time.Parse(time.RFC3339, raw)
	case "whole", "withdrawn", "early":
		if f.Value = "no"; raw == "true" {
			f.Value = "yes"
		}
	case "decision":
		f.Value = decisionWords(review.Decision(raw))
	case "was":
		if e.Type == review.EvVoted || e.Type == review.EvVoteVoided {
			f.Value = decisionWords(review.Decision(raw))
		}
	case "action":
		if e.Type == review.EvDenied {
			f.Value = actionWords(policy.Action(raw))
		}
	case "severity":
		if label, _ := recallWords(review.RecallSeverity(raw)); e.Type == review.EvRecalled {
			f.Value = label
		}
	default:
		f.Value = factValues[key][raw]
	}
	if f.Value == "" {
		f.Value = raw
	}
	return f
}

// sourceWords says from how near what happened was asked for.
func sourceWords(class string) string {
	switch class {
	case "local":
		return "the server itself"
	case "private":
		return "the internal network"
	case "public":
		return "the internet"
	default:
		return class
	}
}
