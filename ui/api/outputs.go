package api

import (
	"time"

	"sallyport/checks"
	"sallyport/checks/provenance"
	"sallyport/policy"
	"sallyport/review"
)

// What programs are sent. Nothing is in here that nobody chose to send. A member
// with omitzero is left out when there is nothing to say.

type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitzero" doc:"address of the next page; not there on the last"`
}

type created struct {
	ID string `json:"id"`
}

type accepted struct {
	Detail string `json:"detail"`
}

type added struct {
	Results []addResult `json:"results" doc:"in the order asked"`
}

// filedForm says what became of a form.
type filedForm struct {
	ID      review.RequestID `json:"id,omitzero" doc:"not there when nothing was changed and there was no draft"`
	Created bool             `json:"created" doc:"false: a draft that was there was brought up to date"`
	Filed   bool             `json:"filed" doc:"false: something was refused, and nothing was changed"`
	Added   []string         `json:"added" doc:"paths"`
	Updated []string         `json:"updated" doc:"taken anew, because the workspace's file had changed"`
	Moved   []string         `json:"moved" doc:"to another group or kind"`
	Refused []refusedFile    `json:"refused"`
	Extra   []string         `json:"not_in_form" doc:"in the draft and not in the form; left as they are"`
}

type refusedFile struct {
	Path    string `json:"path" doc:"of a file, or a wildcard"`
	Message string `json:"message"`
}

type addResult struct {
	Path    string        `json:"path"`
	File    review.FileID `json:"file,omitzero" doc:"not there when it was not added"`
	Problem string        `json:"problem,omitzero" doc:"why it was not added"`
	Later   bool          `json:"later,omitzero" doc:"it is being added behind"`
}

type requestSummary struct {
	ID        review.RequestID     `json:"id"`
	Workspace review.WorkspaceName `json:"workspace"`
	Project   review.ProjectID     `json:"project"`
	Author    review.Username      `json:"author"`
	Title     string               `json:"title"`
	Status    review.Status        `json:"status"`
	Turn      int                  `json:"turn" doc:"changes of owner, from 1"`
	Created   time.Time            `json:"created"`
	Updated   time.Time            `json:"updated"`
	Submitted time.Time            `json:"submitted,omitzero" doc:"last"`
	Due       time.Time            `json:"due,omitzero" doc:"when feedback is promised"`
	Decided   time.Time            `json:"decided,omitzero"`
	Released  time.Time            `json:"released,omitzero"`
}

type requestView struct {
	Summary          requestSummary             `json:"summary"`
	ProjectNumber    string                     `json:"project_number"`
	Repository       string                     `json:"repository"`
	Purpose          string                     `json:"purpose"`
	Concerns         string                     `json:"concerns"`
	Checklist        []string                   `json:"checklist" doc:"items confirmed at submission"`
	Policy           policyRef                  `json:"policy,omitzero" doc:"under which it was submitted"`
	PermittedResults string                     `json:"permitted_results"`
	Reused           review.RequestID           `json:"reused,omitzero"`
	Findings         review.Digest              `json:"findings_sha256,omitzero"`
	Relation         policy.Relation            `json:"relation" doc:"yours to it"`
	Phase            review.Phase               `json:"phase"`
	Can              map[policy.Action]bool     `json:"can" doc:"what you can do now"`
	Why              map[policy.Action]string   `json:"why" doc:"why not, where you might expect to"`
	Missing          []missingOut               `json:"missing" doc:"what must be mended before it can be submitted"`
	Seats            []seatOut                  `json:"seats"`
	Groups           []groupOut                 `json:"groups"`
	Checking         *checkingOut               `json:"checking,omitzero" doc:"how far the checks of its many files are, at whichever server; not there when none go on"`
	Adding           *addingOut                 `json:"adding,omitzero" doc:"files that are being added behind, or were not, for those who may edit it and their project; not there when there is nothing to tell"`
	Recalled         *recallOut                 `json:"recalled,omitzero" doc:"when something of its release was taken back"`
	Damaged          bool                       `json:"damaged" doc:"stored bytes that it rests on are damaged: nothing of it can be decided"`
	Retired          time.Time                  `json:"retired,omitzero" doc:"when its stored bytes were removed under the retention policy"`
	People           map[review.Username]string `json:"people" doc:"full names of who is mentioned"`
}

type checkingOut struct {
	Done  int `json:"done" doc:"files examined by themselves; what was found in them is there"`
	Total int `json:"total"`
}

type addingOut struct {
	Done    int         `json:"done" doc:"files read and kept, or refused"`
	Total   int         `json:"total"`
	Going   bool        `json:"going" doc:"false: it is over, and the refused files were not added"`
	Refused []addResult `json:"refused"`
}

type policyRef struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

type missingOut struct {
	Group   review.GroupID `json:"group,omitzero"`
	File    review.FileID  `json:"file,omitzero"`
	Field   string         `json:"field"`
	Message string         `json:"message"`
}

type seatOut struct {
	Checker    review.Username `json:"checker"`
	Assigned   time.Time       `json:"assigned"`
	Why        string          `json:"why,omitzero"`
	Submitted  time.Time       `json:"submitted,omitzero" doc:"when the review of this turn came in, once you may know"`
	Specialist bool            `json:"specialist" doc:"for single files only"`
}

type groupOut struct {
	ID           review.GroupID    `json:"id"`
	Name         string            `json:"name"`
	Context      map[string]string `json:"context"`
	Controls     map[string]string `json:"controls"`
	Pattern      string            `json:"pattern,omitzero"`
	PatternCount int               `json:"pattern_count,omitzero"`
	Intermediate bool              `json:"intermediate"`
	Files        []fileOut         `json:"files"`
	Comments     []commentOut      `json:"comments"`
}

type fileOut struct {
	ID             review.FileID      `json:"id"`
	Path           string             `json:"path"`
	Kind           review.FileKind    `json:"kind"`
	SHA256         review.Digest      `json:"sha256" doc:"of the bytes as the workspace had them"`
	Size           int64              `json:"size"`
	ReleaseSHA256  review.Digest      `json:"release_sha256,omitzero" doc:"of the bytes that would leave; not there when none can"`
	ReleaseSize    int64              `json:"release_size"`
	MediaType      string             `json:"media_type"`
	Cleaning       []removalOut       `json:"cleaning" doc:"what was taken out of the bytes that would leave"`
	CleanError     string             `json:"clean_error,omitzero"`
	Origin         originOut          `json:"origin"`
	Added          time.Time          `json:"added"`
	Checkers       []review.Username  `json:"checkers" doc:"who decides on it, when not those of the request"`
	Exceptions     []exceptionOut     `json:"exceptions"`
	Previous       []snapshotOut      `json:"previous" doc:"what it was before, oldest first"`
	Report         *checks.FileReport `json:"report,omitzero" doc:"what the automated checks say"`
	Acknowledged   []acknowledgedOut  `json:"acknowledgements" doc:"the author's answers to findings"`
	Yours          bool               `json:"yours" doc:"to decide on"`
	Mine           *voteOut           `json:"mine,omitzero" doc:"your own standing vote"`
	DecisionNeeded bool               `json:"decision_needed" doc:"it is yours, and no vote of yours counts now"`
	Votes          []voteOut          `json:"votes" doc:"all standing votes that you may see"`
	Outcome        review.Outcome     `json:"outcome"`
	Changed        string             `json:"changed,omitzero" doc:"changed or gone, in the workspace"`
	MalwareScan    *scanOut           `json:"malware_scan,omitzero" doc:"not there where no scanner is configured"`
}

type scanOut struct {
	Verdict   review.ScanVerdict `json:"verdict" doc:"clean, infected or unscanned; only clean goes a step further"`
	Signature string             `json:"signature,omitzero" doc:"of what was found"`
	Reason    string             `json:"reason,omitzero" doc:"why there is no verdict"`
	Scanner   string             `json:"scanner,omitzero"`
	Database  string             `json:"database,omitzero" doc:"version of the signatures"`
	At        time.Time          `json:"at,omitzero"`
}

type removalOut struct {
	What  string `json:"what"`
	Count int    `json:"count"`
	Where string `json:"where,omitzero"`
}

type originOut struct {
	Level      provenance.Level `json:"level"`
	Path       string           `json:"path,omitzero"`
	Action     string           `json:"action,omitzero"`
	JobID      string           `json:"job_id,omitzero"`
	JobRequest string           `json:"job_request,omitzero"`
	User       string           `json:"user,omitzero"`
	Repo       string           `json:"repo,omitzero"`
	Commit     string           `json:"commit,omitzero"`
	Created    time.Time        `json:"created,omitzero"`
	OutOfDate  bool             `json:"out_of_date"`
	Excluded   string           `json:"excluded,omitzero"`
	Why        string           `json:"why,omitzero"`
}

type exceptionOut struct {
	Kind    review.ExceptionKind `json:"kind"`
	Check   string               `json:"check"`
	Reason  string               `json:"reason"`
	Asked   time.Time            `json:"asked"`
	Answers []checkerAnswer      `json:"answers"`
}

type checkerAnswer struct {
	Checker review.Username `json:"checker"`
	Accept  bool            `json:"accept"`
	Reason  string          `json:"reason,omitzero"`
	Turn    int             `json:"turn"`
	At      time.Time       `json:"at"`
}

type snapshotOut struct {
	SHA256        review.Digest `json:"sha256"`
	ReleaseSHA256 review.Digest `json:"release_sha256,omitzero"`
	Size          int64         `json:"size"`
	Turn          int           `json:"turn"`
	Replaced      time.Time     `json:"replaced"`
}

type acknowledgedOut struct {
	Fingerprint string          `json:"fingerprint"`
	Check       string          `json:"check"`
	Code        string          `json:"code"`
	Text        string          `json:"text"`
	CodeLink    string          `json:"code_link,omitzero"`
	By          review.Username `json:"by"`
	At          time.Time       `json:"at"`
	Answers     []checkerAnswer `json:"answers"`
}

type voteOut struct {
	Checker       review.Username `json:"checker"`
	Decision      review.Decision `json:"decision"`
	Reason        string          `json:"reason,omitzero"`
	Turn          int             `json:"turn"`
	At            time.Time       `json:"at"`
	Earlier       review.Decision `json:"earlier,omitzero" doc:"before a resubmission made it undecided"`
	EarlierReason string          `json:"earlier_reason,omitzero"`
}

type commentOut struct {
	ID         review.CommentID  `json:"id"`
	File       review.FileID     `json:"file,omitzero"`
	Line       int               `json:"line,omitzero"`
	Column     int               `json:"column,omitzero"`
	Author     review.Username   `json:"author"`
	ByChecker  bool              `json:"by_checker"`
	Visibility review.Visibility `json:"visibility"`
	Text       string            `json:"text" doc:"Markdown, as it was written"`
	Turn       int               `json:"turn"`
	At         time.Time         `json:"at"`
	Published  time.Time         `json:"published,omitzero"`
}

type versionsOut struct {
	File      review.FileID `json:"file"`
	Path      string        `json:"path"`
	Workspace bool          `json:"workspace" doc:"after is what lies in the workspace now, and is not part of the request"`
	Before    []byte        `json:"before"`
	After     []byte        `json:"after"`
}

type projectOut struct {
	ID      review.ProjectID   `json:"id"`
	Name    string             `json:"name"`
	Number  string             `json:"number"`
	Kind    review.ProjectKind `json:"kind"`
	Backend string             `json:"backend,omitzero"`
}

type workspaceOut struct {
	Name    review.WorkspaceName `json:"name"`
	Project projectOut           `json:"project"`
	Active  *requestSummary      `json:"active,omitzero" doc:"your active request for it"`
	Problem string               `json:"problem,omitzero" doc:"why its folder cannot be read"`
}

type workspaceDetail struct {
	Workspace workspaceOut `json:"workspace"`
	Releases  []string     `json:"releases" doc:"its release folders"`
	Problems  []string     `json:"problems"`
	Files     int          `json:"files" doc:"how many"`
}

type workspaceFile struct {
	Path     string        `json:"path"`
	Size     int64         `json:"size"`
	Modified time.Time     `json:"modified,omitzero"`
	Release  bool          `json:"release" doc:"it lies in a release folder"`
	SHA256   review.Digest `json:"sha256,omitzero"`
	Problem  string        `json:"problem,omitzero" doc:"why it cannot be added"`
	Origin   originOut     `json:"origin"`
}

type queueItem struct {
	Request  requestSummary  `json:"request"`
	Files    int             `json:"files" doc:"yours to decide on"`
	Decided  int             `json:"decided" doc:"by you"`
	Overdue  bool            `json:"overdue"`
	YourTurn bool            `json:"your_turn"`
	State    string          `json:"state" doc:"in words"`
	Worst    policy.Severity `json:"worst" doc:"severity of the findings"`
}

type boardOut struct {
	Requests []boardRow `json:"requests" doc:"most urgent first"`
	Checkers []loadOut  `json:"checkers" doc:"most open work first"`
}

type boardRow struct {
	Request  requestSummary `json:"request"`
	Seats    []seatOut      `json:"seats"`
	Overdue  bool           `json:"overdue"`
	Unrouted bool           `json:"unrouted" doc:"a seat is free"`
}

type loadOut struct {
	Username     review.Username `json:"username"`
	Name         string          `json:"name"`
	Skills       []string        `json:"skills"`
	Open         int             `json:"open" doc:"reviews not yet submitted"`
	Overdue      int             `json:"overdue"`
	Away         bool            `json:"away"`
	Trained      bool            `json:"trained"`
	TrainedUntil time.Time       `json:"trained_until,omitzero"`
}

type releaseOut struct {
	ID        string               `json:"id"`
	Request   review.RequestID     `json:"request"`
	Workspace review.WorkspaceName `json:"workspace"`
	Project   review.ProjectID     `json:"project"`
	Author    review.Username      `json:"author"`
	Title     string               `json:"title"`
	Purpose   string               `json:"purpose"`
	Policy    policyRef            `json:"policy"`
	Findings  review.Digest        `json:"findings_sha256,omitzero"`
	Approved  time.Time            `json:"approved"`
	By        review.Username      `json:"released_by"`
	Checkers  []review.Username    `json:"checkers"`
	Files     []releasedFile       `json:"files"`
	Delivered time.Time            `json:"delivered,omitzero" doc:"not there until it is"`
	Location  string               `json:"location,omitzero"`
	Recalled  *recallOut           `json:"recalled,omitzero" doc:"when something of it was taken back: do not use those files"`
}

type releasedFile struct {
	Path      string        `json:"path"`
	SHA256    review.Digest `json:"sha256" doc:"of the bytes that leave"`
	Size      int64         `json:"size"`
	Original  review.Digest `json:"original_sha256" doc:"before cleaning"`
	Group     string        `json:"group"`
	Approvals []approvalOut `json:"approvals"`
}

type approvalOut struct {
	Checker review.Username `json:"checker"`
	Name    string          `json:"name"`
	At      time.Time       `json:"at"`
}

type recordOut struct {
	Request requestView `json:"request"`
	Events  []eventOut  `json:"events"`
	Release *releaseOut `json:"release,omitzero"`
}

type eventOut struct {
	Seq       int64                `json:"seq"`
	At        time.Time            `json:"at"`
	Type      review.EventType     `json:"type"`
	Actor     review.Username      `json:"actor,omitzero"`
	Request   review.RequestID     `json:"request,omitzero"`
	Workspace review.WorkspaceName `json:"workspace,omitzero"`
	Group     review.GroupID       `json:"group,omitzero"`
	File      review.FileID        `json:"file,omitzero"`
	Path      string               `json:"path,omitzero"`
	Turn      int                  `json:"turn,omitzero"`
	From      review.Status        `json:"from,omitzero"`
	To        review.Status        `json:"to,omitzero"`
	SHA256    review.Digest        `json:"sha256,omitzero"`
	Findings  review.Digest        `json:"findings_sha256,omitzero"`
	Policy    string               `json:"policy_sha256,omitzero"`
	Detail    map[string]string    `json:"detail"`
	Source    string               `json:"source,omitzero"`
}

type statusOut struct {
	ByStatus  map[review.Status]int `json:"by_status"`
	Overdue   []requestSummary      `json:"overdue"`
	Unrouted  []requestSummary      `json:"unrouted" doc:"too few checkers"`
	Abandoned []requestSummary      `json:"abandoned" doc:"drafts untouched for long"`
	DeadJobs  []jobOut              `json:"dead_jobs" doc:"deliveries that were given up"`
	Schedules []scheduleOut         `json:"schedules" doc:"regular drafts that could not be made whole"`
	Integrity int                   `json:"integrity_failures" doc:"on record, mended or not"`
	Alarms    []alarmOut            `json:"alarms" doc:"damaged bytes that stop what rests on them"`
	Malware   *malwareOut           `json:"malware_scan,omitzero" doc:"not there where no scanner is configured"`
	Engine    string                `json:"engine"`
	Policy    policyRef             `json:"policy"`
}

type malwareOut struct {
	Scanner  string    `json:"scanner,omitzero"`
	Database string    `json:"database,omitzero" doc:"version of the signatures"`
	Built    time.Time `json:"built,omitzero" doc:"of the signatures"`
	Problem  string    `json:"problem,omitzero" doc:"why nothing can be scanned now"`
	Waiting  int       `json:"waiting" doc:"files of open requests without a verdict"`
	Infected int       `json:"infected" doc:"files of open requests in which something was found"`
}

type scheduleOut struct {
	Schedule  string               `json:"schedule"`
	Period    string               `json:"period"`
	Workspace review.WorkspaceName `json:"workspace"`
	Author    review.Username      `json:"author"`
	At        time.Time            `json:"at"`
	Reason    string               `json:"reason"`
}

type jobOut struct {
	ID      string           `json:"id"`
	Kind    string           `json:"kind"`
	Request review.RequestID `json:"request"`
	Tries   int              `json:"tries"`
	Due     time.Time        `json:"due"`
}

type meOut struct {
	Username review.Username    `json:"username"`
	Name     string             `json:"name"`
	Roles    []policy.Role      `json:"roles"`
	Projects []review.ProjectID `json:"projects"`
	Token    tokenOut           `json:"token"`
}

type tokenOut struct {
	ID      string         `json:"id"`
	Name    string         `json:"name"`
	Scopes  []policy.Scope `json:"scopes"`
	Created time.Time      `json:"created"`
	Expires time.Time      `json:"expires"`
	Used    time.Time      `json:"used,omitzero" doc:"last, to the minute"`
}

type policyOut struct {
	Policy           policyRef   `json:"policy"`
	PermittedResults string      `json:"permitted_results" doc:"version in force, to be confirmed at submission"`
	PermittedURL     string      `json:"permitted_results_url,omitzero"`
	Context          []fieldOut  `json:"context"`
	Controls         []fieldOut  `json:"controls"`
	Checklist        []choiceOut `json:"checklist"`
	Acknowledgements []choiceOut `json:"acknowledgements" doc:"ways to answer a finding"`
	MaxBytes         int64       `json:"max_bytes" doc:"of a file without an exception"`
	MaxFiles         int         `json:"max_files" doc:"of a request"`
	FileTypes        []string    `json:"file_types" doc:"extensions that need no exception"`
}

type fieldOut struct {
	ID       string   `json:"id"`
	Label    string   `json:"label"`
	Help     string   `json:"help,omitzero"`
	Required bool     `json:"required"`
	When     []string `json:"when" doc:"only for groups with such a use of file; all when empty"`
}

type choiceOut struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}
