package review

import "slices"

// NoticeRules is the whole table of who hears of what. Where two rows fit one
// person and one change, the first is used, so the more particular come first.
//
// That one review is in reaches neither the other checker nor a channel that
// checkers read: it would tell them that the other has finished.
func NoticeRules() []NoticeRule {
	return []NoticeRule{
		{NoticeRecalled, ToAuthor, AtOnce, true, "A release of yours was recalled", "What was released must no longer be used or passed on. Delete every copy, and read what is asked of you."},
		{NoticeRecalled, ToMembers, AtOnce, true, "A release of your project was recalled", "What was released must no longer be used or passed on. Delete every copy, and read what is asked of you."},
		{NoticeRecalled, ToAssigned, AtOnce, true, "A release that you reviewed was recalled", "It must no longer be used. Its page says when and why; you need do nothing."},
		{NoticeRecalled, ToLeads, AtOnce, true, "A release was recalled", "A release was recalled. Its page says what has to be done."},
		{NoticeRecalled, ToAuditors, AtOnce, true, "A release was recalled", "A release was recalled. Its record says when and why."},
		{NoticeRecalled, ToOperator, AtOnce, true, "A release was recalled", "A release was recalled. The places that it went to are asked to give it back; the status page lists what fails."},

		{NoticeAssigned, ToSubject, AtOnce, true, "A release request is routed to you for review", "You are one of the output checkers of this release request. Review it on your own: the other review stays hidden until both are in."},
		{NoticeUnassigned, ToSubject, AtOnce, false, "A release request is no longer routed to you", "Your place on this release request was given to another output checker. There is nothing left for you to do on it."},
		{NoticeReminder, ToSubject, AtOnce, false, "A release request waits for you", "Something is left for you to do on this release request, and the feedback on it is due."},
		{NoticeTraining, ToSubject, AtOnce, true, "Your training as an output checker expires soon", "Nothing is routed to you once your training has expired. Renew it, and tell a lead checker."},
		{NoticeTraining, ToLeads, Daily, false, "The training of an output checker expires soon", "Nothing is routed to an output checker whose training has expired. The board names who is concerned."},
		{NoticeDraftReady, ToSubject, AtOnce, false, "A regular release request is drafted for you", "The draft holds the files of your regular form. Look at it, complete it, and submit it."},
		{NoticeDraftFailed, ToSubject, AtOnce, false, "A regular release request could not be drafted", "Your regular form could not be made into a draft. It is tried again; you may also file the request yourself."},
		{NoticeDraftFailed, ToOperator, AtOnce, false, "A regular release request could not be drafted", "A regular form could not be made into a draft. The status page says why."},
		{NoticeExpiring, ToAuthor, AtOnce, true, "Your draft release request will be withdrawn", "Nobody has touched your draft for long. It is withdrawn soon unless you change something in it: its page says when. Nothing is lost by that but the draft; you may file a new request at any time."},
		{NoticeExpired, ToAuthor, AtOnce, true, "Your draft release request was withdrawn", "Nobody touched it, and you were told before. File a new request when you need one."},
		{NoticeHeld, ToLeads, AtOnce, false, "A release request is under a legal hold", "None of its stored bytes are removed until the hold is lifted. The request's page says why."},
		{NoticeHeld, ToAuditors, Daily, false, "A release request is under a legal hold", "None of its stored bytes are removed until the hold is lifted. The request's page says why."},
		{NoticeHoldLifted, ToLeads, AtOnce, false, "A legal hold on a release request was lifted", "The times of the retention policy count for its stored bytes again."},
		{NoticeHoldLifted, ToAuditors, Daily, false, "A legal hold on a release request was lifted", "The times of the retention policy count for its stored bytes again."},
		{NoticeDeliveryFailed, ToOperator, AtOnce, true, "A delivery keeps failing", "A package that was approved does not reach where it should. The status page says why, and what is still tried."},
		{NoticeDeliveryFailed, ToLeads, Daily, false, "A delivery keeps failing", "A package that was approved does not reach where it should. The operators were told."},

		{NoticeDamaged, ToOperator, AtOnce, true, "Stored bytes are damaged", "Bytes that a request rests on are not those on record. Everything that rests on them is stopped until they are back. The status page says which."},
		{NoticeDamaged, ToLeads, AtOnce, false, "Stored bytes are damaged", "Bytes that a request rests on are not those on record. Everything that rests on them is stopped. The operators were told."},

		{NoticeComment, ToAuthor, AtOnce, false, "Your release request came back with comments to answer", "The output checkers ask for changes. Read their comments, answer each, and submit the request again."},
		{NoticeComment, ToAssigned, AtOnce, false, "A comment in a review that you take part in", "Both reviews are in, and there is a new comment on them."},
		{NoticeReturned, ToAuthor, AtOnce, false, "Your release request came back to you", "The output checkers gave your release request back. Read why, and submit it again when it is ready."},
		{NoticeReturned, ToAssigned, AtOnce, false, "A release request went back to its author", "A release request that you review went back to its author. It comes back to you when it is submitted again."},
		{NoticeReturned, ToMembers, NotAtAll, false, "A release request of your project went back to its author", "The output checkers gave a release request of your project back to its author."},
		{NoticeReturned, ToLeads, NotAtAll, false, "A release request went back to its author", "The output checkers gave a release request back to its author."},

		{NoticeReleased, ToAuthor, AtOnce, false, "Your release request was released", "Both output checkers approved every file, and the package has left."},
		{NoticeReleased, ToAssigned, Daily, false, "A release request that you reviewed was released", "The package that you approved has left."},
		{NoticeReleased, ToMembers, NotAtAll, false, "A release request of your project was released", "Both output checkers approved every file, and the package has left."},
		{NoticeReleased, ToLeads, NotAtAll, false, "A release request was released", "Both output checkers approved every file, and the package has left."},
		{NoticeReleased, ToAuditors, Daily, false, "A release request was released", "Both output checkers approved every file, and the package has left."},

		{NoticeRejected, ToAuthor, AtOnce, false, "Your release request was rejected", "Nothing of this release request may leave. Read the reason, which the output checkers gave."},
		{NoticeRejected, ToAssigned, AtOnce, false, "A release request that you review was rejected", "The review of this release request has ended: nothing of it may leave."},
		{NoticeRejected, ToMembers, NotAtAll, false, "A release request of your project was rejected", "Nothing of this release request may leave."},
		{NoticeRejected, ToLeads, Daily, false, "A release request was rejected", "Nothing of this release request may leave."},
		{NoticeRejected, ToAuditors, Daily, false, "A release request was rejected", "Nothing of this release request may leave."},

		{NoticeReviewed, ToAssigned, AtOnce, false, "Both reviews of a release request are in", "Compare the two reviews, and release the request, give it back or reject it."},
		{NoticeReviewed, ToAuthor, NotAtAll, false, "Both reviews of your release request are in", "The output checkers now compare their reviews."},
		{NoticeReviewed, ToLeads, NotAtAll, false, "Both reviews of a release request are in", "The output checkers now compare their reviews."},

		{NoticePartiallyReviewed, ToAuthor, NotAtAll, false, "The first review of your release request is in", "One output checker has handed a review in. The other works on."},
		{NoticePartiallyReviewed, ToLeads, NotAtAll, false, "The first review of a release request is in", "One output checker has handed a review in. The other works on."},

		{NoticeResubmitted, ToAssigned, AtOnce, true, "A release request that you review was submitted again", "Its author answered and submitted it again. Decide on what has changed."},
		{NoticeResubmitted, ToMembers, NotAtAll, false, "A release request of your project was submitted again", "A release request of your project was submitted again."},
		{NoticeResubmitted, ToLeads, NotAtAll, false, "A release request was submitted again", "A release request was submitted again."},

		{NoticeSubmitted, ToLeads, Daily, false, "A release request was submitted", "A release request was submitted for review."},
		{NoticeSubmitted, ToMembers, NotAtAll, false, "A release request of your project was submitted", "A release request of your project was submitted for review."},

		{NoticeWithdrawn, ToAssigned, AtOnce, false, "A release request that you review was withdrawn", "It was taken back for good. There is nothing left for you to do on it."},
		{NoticeWithdrawn, ToMembers, NotAtAll, false, "A release request of your project was withdrawn", "It was taken back for good, by its author or because nobody touched it for long."},
		{NoticeWithdrawn, ToLeads, NotAtAll, false, "A release request was withdrawn", "It was taken back for good, by its author or because nobody touched it for long."},

		{NoticeApproved, ToAuthor, NotAtAll, false, "Your release request was approved", "Both output checkers approved every file. The package is on its way out."},
		{NoticeApproved, ToMembers, NotAtAll, false, "A release request of your project was approved", "Both output checkers approved every file. The package is on its way out."},
		{NoticeApproved, ToLeads, NotAtAll, false, "A release request was approved", "Both output checkers approved every file. The package is on its way out."},

		{NoticeOverdue, ToLeads, Daily, false, "The review of a release request is overdue", "Feedback on this release request was promised and is late. You can give a seat to another output checker."},
	}
}

// sharedWords are the subject and text of a kind for a channel that many read.
func sharedWords(k NoticeKind) (subject, text string) {
	for _, to := range []Audience{ToLeads, ToOperator} {
		for _, r := range rulesOf(k) {
			if r.To == to {
				return r.Subject, r.Text
			}
		}
	}
	return "", ""
}

// NoticeKinds lists the kinds that people and channels may be told of, in the
// order of the rules.
func NoticeKinds() []NoticeKind {
	var out []NoticeKind
	for _, r := range NoticeRules() {
		if !slices.Contains(out, r.Kind) {
			out = append(out, r.Kind)
		}
	}
	return out
}
