package review

import "time"

// EventType names what happened.
type EventType string

// Every event type. The record of a request is its events in order.
const (
	EvSignIn            EventType = "person.signed_in"
	EvSignInFailed      EventType = "person.sign_in_failed"
	EvSignOut           EventType = "person.signed_out"
	EvDenied            EventType = "access.denied"
	EvRequestCreated    EventType = "request.created"
	EvRequestEdited     EventType = "request.edited"
	EvGroupEdited       EventType = "group.edited"
	EvFileAdded         EventType = "file.added"
	EvFileUpdated       EventType = "file.updated"
	EvFileMoved         EventType = "file.moved"
	EvFileWithdrawn     EventType = "file.withdrawn"
	EvFileViewed        EventType = "file.viewed"
	EvLogViewed         EventType = "workspace.log_viewed"
	EvCodeViewed        EventType = "workspace.code_viewed" // a study's code, a pipeline, a comparison
	EvFileDownloaded    EventType = "file.downloaded"
	EvChecked           EventType = "request.checked"
	EvScanned           EventType = "file.scanned" // for malware, with another verdict or other signatures than before
	EvSubmitted         EventType = "request.submitted"
	EvRouted            EventType = "request.routed"
	EvResubmitted       EventType = "request.resubmitted"
	EvWithdrawn         EventType = "request.withdrawn"
	EvVoted             EventType = "file.voted"
	EvVoteVoided        EventType = "file.vote_voided"
	EvCommented         EventType = "group.commented"
	EvReviewSubmitted   EventType = "review.submitted"
	EvPartiallyReviewed EventType = "request.partially_reviewed"
	EvReviewed          EventType = "request.reviewed"
	EvReturned          EventType = "request.returned"
	EvRejected          EventType = "request.rejected"
	EvApproved          EventType = "request.approved"
	EvPackaged          EventType = "release.packaged"
	EvPackageDownloaded EventType = "release.package_downloaded"
	EvReleased          EventType = "request.released"
	EvDelivered         EventType = "release.delivered" // to one of its places
	EvReleaseFailed     EventType = "release.failed"
	EvIntegrity         EventType = "blob.integrity_failed" // once for each alarm
	EvRestored          EventType = "blob.restored"
	EvRecalled          EventType = "release.recalled"
	EvTakenBack         EventType = "release.withdrawn"     // by one of its places
	EvNotTakenBack      EventType = "release.not_withdrawn" // one of its places cannot
	EvRecallNoted       EventType = "release.recall_noted"
	EvHeld              EventType = "request.held"
	EvHoldLifted        EventType = "request.hold_lifted"
	EvExpiring          EventType = "request.expiring" // an untouched draft, to be withdrawn
	EvRetention         EventType = "retention.applied"
	EvExceptionAsked    EventType = "file.exception_asked"
	EvExceptionAnswered EventType = "file.exception_answered"
	EvAcknowledged      EventType = "finding.acknowledged"
	EvAckAnswered       EventType = "finding.acknowledgement_answered"
	EvCommentPublished  EventType = "group.comment_published"
	EvClaimed           EventType = "request.claimed"
	EvHandedOver        EventType = "request.handed_over"
	EvReassigned        EventType = "request.reassigned"
	EvSeatVacated       EventType = "request.seat_vacated"
	EvFileRouted        EventType = "file.routed"
	EvReopened          EventType = "request.reopened"
	EvReminded          EventType = "request.reminded"
	EvContextReused     EventType = "request.context_reused"
	EvPeopleChanged     EventType = "people.changed"
	EvAccessProposed    EventType = "access.proposed" // a guarded role, to be given or taken
	EvAccessSettled     EventType = "access.settled"  // the second person's word on a proposal
	EvAccessGranted     EventType = "access.granted"
	EvAccessEnded       EventType = "access.ended"
	EvExported          EventType = "audit.exported" // bytes taken out of the pages: see Export
	EvTokenCreated      EventType = "token.created"
	EvTokenRevoked      EventType = "token.revoked"
	EvNoticesChosen     EventType = "notices.chosen"    // what a person is told, and when
	EvZoneChosen        EventType = "zone.chosen"       // the time zone in which a person reads times
	EvConfirmed         EventType = "session.confirmed" // that it is they, before a grave action
	EvSessionEnded      EventType = "session.ended"     // other than by signing out
	EvLockedOut         EventType = "session.locked_out"
	EvVouchRefused      EventType = "session.refused" // the method no longer vouches, or cannot be asked
	EvInvited           EventType = "account.invited"
	EvPasswordSet       EventType = "account.password_set"
	EvFactorAdded       EventType = "account.factor_added"
	EvFactorRemoved     EventType = "account.factor_removed"
	EvRecoveryMade      EventType = "account.recovery_made"
	EvRecoveryUsed      EventType = "account.recovery_used"
	EvIdentityLinked    EventType = "account.identity_linked"
	EvJobFailed         EventType = "job.failed"  // an effect that is no release
	EvJobRevived        EventType = "job.revived" // given up, and to be tried again
	EvServerStarted     EventType = "server.started"
	EvPolicyChanged     EventType = "server.policy_changed"        // since the last start
	EvReconfigured      EventType = "server.configuration_changed" // since the last start
	EvScheduleBegun     EventType = "schedule.begun"               // a regular draft
	EvScheduleDone      EventType = "schedule.done"
	EvScheduleFailed    EventType = "schedule.failed"
)

// Event is one entry of the audit log. The store appends it in the transaction
// of the change it tells of, gives it Seq, and never changes or drops it. It
// holds no file contents and no comment text.
type Event struct {
	Seq       int64 // 1, 2, 3, ... without gaps
	At        time.Time
	Type      EventType
	Actor     Username // "system" for the service itself
	Request   RequestID
	Workspace WorkspaceName
	Group     GroupID
	File      FileID
	Path      string
	Turn      int
	From, To  Status
	// Digest of the bytes concerned; for a vote or a release, of the bytes that
	// leave.
	Digest   Digest
	Findings Digest // of the stored findings the actor was shown
	Policy   string // sha256 of the policy in force
	// Detail holds further facts, keys stable per type: a decision, a field's
	// id, a count.
	Detail map[string]string
	Source string // source address class: "local", "private", "public", or ""
	// Purpose says why contents were seen or moved; "" for an event that shows
	// nobody anything.
	Purpose Purpose
}

// Purpose is why somebody saw contents, or why they were moved. The words are
// stable: programs and auditors search for them.
type Purpose string

// Every purpose.
const (
	ForReview     Purpose = "review"      // a checker of the request, deciding on it
	ForOwnRequest Purpose = "own request" // its author, or the author's project
	ForAudit      Purpose = "audit"       // somebody who holds no part in it, looking over it
	ForRelease    Purpose = "release"     // the service, taking approved bytes out
	ForRecall     Purpose = "recall"      // the service or a person, taking released bytes back
	ForResearch   Purpose = "research"    // a member of the project, in their own workspace
)

// EventTypes lists every event type, in the order in which they are declared.
func EventTypes() []EventType {
	return []EventType{
		EvSignIn, EvSignInFailed, EvSignOut, EvDenied, EvRequestCreated, EvRequestEdited, EvGroupEdited, EvFileAdded,
		EvFileUpdated, EvFileMoved, EvFileWithdrawn, EvFileViewed, EvLogViewed, EvCodeViewed, EvFileDownloaded, EvChecked, EvScanned,
		EvSubmitted, EvRouted, EvResubmitted, EvWithdrawn, EvVoted, EvVoteVoided, EvCommented, EvReviewSubmitted,
		EvPartiallyReviewed, EvReviewed, EvReturned, EvRejected, EvApproved, EvPackaged, EvPackageDownloaded, EvReleased, EvDelivered, EvReleaseFailed,
		EvIntegrity, EvRestored, EvRecalled, EvTakenBack, EvNotTakenBack, EvRecallNoted,
		EvHeld, EvHoldLifted, EvExpiring, EvRetention, EvExceptionAsked, EvExceptionAnswered, EvAcknowledged, EvAckAnswered, EvCommentPublished,
		EvClaimed, EvHandedOver, EvReassigned, EvSeatVacated, EvFileRouted, EvReopened, EvReminded, EvContextReused,
		EvPeopleChanged, EvAccessProposed, EvAccessSettled, EvAccessGranted, EvAccessEnded, EvExported, EvTokenCreated, EvTokenRevoked, EvNoticesChosen, EvZoneChosen, EvConfirmed, EvSessionEnded, EvLockedOut, EvVouchRefused,
		EvInvited, EvPasswordSet, EvFactorAdded, EvFactorRemoved, EvRecoveryMade, EvRecoveryUsed, EvIdentityLinked,
		EvJobFailed, EvJobRevived,
		EvServerStarted, EvPolicyChanged, EvReconfigured,
		EvScheduleBegun, EvScheduleDone, EvScheduleFailed,
	}
}
