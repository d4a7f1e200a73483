package ui

import (
	"strings"

	"sallyport/policy"
)

// actionWords says in plain words what an action is.
func actionWords(a policy.Action) string {
	switch a {
	case policy.WorkspaceList:
		return "List the workspaces of their projects"
	case policy.WorkspaceView:
		return "See the files of a workspace, without contents"
	case policy.WorkspaceContent:
		return "Read moderately sensitive files of a workspace"
	case policy.WorkspaceJobs:
		return "See job requests, logs and code"
	case policy.RequestCreate:
		return "File requests"
	case policy.RequestList:
		return "List their own requests"
	case policy.RequestView:
		return "See requests"
	case policy.RequestEdit:
		return "Change a draft"
	case policy.RequestSubmit:
		return "Submit a draft"
	case policy.RequestWithdraw:
		return "Withdraw a draft"
	case policy.RequestComment:
		return "Comment on requests"
	case policy.FileContent:
		return "Read the files of requests"
	case policy.QueueView:
		return "See the review queue"
	default:
		return reviewWords(a)
	}
}

// reviewWords is actionWords of what checkers and leads do.
func reviewWords(a policy.Action) string {
	switch a {
	case policy.ReviewClaim:
		return "Take a free seat as a checker"
	case policy.ReviewHandOver:
		return "Hand a review over"
	case policy.ReviewReassign:
		return "Move a review to another checker"
	case policy.QueueAll:
		return "See the load of all checkers"
	case policy.ReviewVote:
		return "Vote on files"
	case policy.ReviewSubmit:
		return "Submit a review"
	case policy.ReviewReturn:
		return "Return requests to their authors"
	case policy.ReviewExport:
		return "Take their review out as a file"
	case policy.ReviewReject:
		return "Reject requests"
	case policy.ReviewRelease:
		return "Release what both checkers approved"
	case policy.ReleaseRecall:
		return "Report a breach and recall a release"
	default:
		return keepingWords(a)
	}
}

// keepingWords is actionWords of what auditors and operators do.
func keepingWords(a policy.Action) string {
	switch a {
	case policy.ReleaseList:
		return "Read the register of releases"
	case policy.ReleasePackage:
		return "Download the package of a release"
	case policy.RecordView:
		return "Read the whole record of requests"
	case policy.AuditView:
		return "Read the event log and the figures"
	case policy.AuditExport:
		return "Export the event log and the figures"
	case policy.RecordExport:
		return "Export records, and lists of what they audit"
	case policy.RequestHold:
		return "Put and lift legal holds"
	case policy.BlobRestore:
		return "Record that damaged files are back"
	case policy.JobRetry:
		return "Have a failed delivery tried again"
	case policy.StatusView:
		return "See the status of the service"
	case policy.PeopleManage:
		return "Invite people and end their sessions"
	case policy.NoticesChoose:
		return "Choose what they are told, and when"
	case policy.AccessView:
		return "See who may do what"
	case policy.AccessPropose:
		return "Give and end roles"
	case policy.AccessConfirm:
		return "Be the second person for a role"
	default:
		return string(a)
	}
}

// relationWords says where a role lets something be done, to be put after the
// role's name; "" for anywhere.
func relationWords(list []policy.Relation) string {
	var out []string
	for _, r := range list {
		switch r {
		case policy.Author:
			out = append(out, "their own requests")
		case policy.Member:
			out = append(out, "their projects")
		case policy.Assigned:
			out = append(out, "reviews routed to them")
		case policy.Helper:
			out = append(out, "projects they help")
		case policy.Other:
			out = append(out, "requests of projects they have no part in")
		case policy.Anyone:
			return ""
		}
	}
	return ": " + strings.Join(out, ", ")
}
