package provenance

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Sources is everything a workspace says about where its files come from, ready
// to be asked. It is safe for use by several goroutines.
type Sources struct {
	project  string // text of project.yaml
	pipeline *Pipeline
	manifest *Manifest
	byHash   map[string][]string // content hash -> output paths, sorted
	logs     map[string]string   // content hash -> path of a log, see Logs
	problems []string
}

// ReadSources reads a workspace's project.yaml and manifest.json; nil means
// that there is none. One that cannot be read is a problem in plain words, and
// leaves every file of unknown level: what it would have said is not known.
func ReadSources(project, manifest []byte) *Sources {
	s := &Sources{project: string(project), byHash: map[string][]string{}}
	var err error
	if project != nil {
		if s.pipeline, err = ReadPipeline(project); err != nil {
			s.problems = append(s.problems, err.Error())
		}
	}
	if manifest != nil {
		if s.manifest, err = ReadManifest(manifest); err != nil {
			s.problems = append(s.problems, err.Error())
		}
	}
	if s.manifest != nil {
		for _, p := range s.manifest.Paths() {
			if h := s.manifest.Outputs[p].ContentHash; h != "" {
				s.byHash[h] = append(s.byHash[h], p)
			}
		}
	}
	return s
}

// Logs tells s the contents of the job runner's own logs, as lower-case hex
// SHA-256 by path ("metadata/<action>.log"): the manifest does not list them.
// Without it, a log copied to a release folder is of unknown level. Call it
// before the first Origin.
func (s *Sources) Logs(hashByPath map[string]string) {
	s.logs = make(map[string]string, len(hashByPath))
	for p, h := range hashByPath {
		if logAction(p) != "" {
			s.logs[h] = p
		}
	}
}

// Pipeline returns the workspace's pipeline, nil when there is none to read.
func (s *Sources) Pipeline() *Pipeline { return s.pipeline }

// Project returns the text of the workspace's project.yaml as it was read,
// readable or not; "" when there is none. It is hostile.
func (s *Sources) Project() string { return s.project }

// Manifest returns the workspace's manifest, nil when there is none to read.
func (s *Sources) Manifest() *Manifest { return s.manifest }

// Problems says in plain words what could not be read.
func (s *Sources) Problems() []string { return slices.Clone(s.problems) }

// IsRelease says whether a path lies in a release folder: one whose name starts
// with "release", at the top of the workspace.
func IsRelease(path string) bool {
	dir, rest, ok := strings.Cut(path, "/")
	return ok && rest != "" && strings.HasPrefix(dir, "release")
}

// Origin finds where one file came from. The path is relative to the workspace;
// sha256 is the lower-case hex digest of its bytes, "" when they were not read.
//
// An output is known by its path, and must still have the bytes that its job
// wrote. Any other file, such as a copy in a release folder, is known by its
// bytes. The manifest's level counts only when a pipeline, where there is one,
// gives that output the same level. Whatever is missing or disagrees makes the
// level [Unknown], and Why says so.
func (s *Sources) Origin(path, sha256 string) Origin {
	switch {
	case len(s.problems) > 0:
		return unknown("No level is known, because the workspace's records cannot be read: " + strings.Join(s.problems, "; ") + ".")
	case s.pipeline == nil && s.manifest == nil:
		return unknown("No level is known, because the workspace has neither a project.yaml nor a manifest.")
	}
	sha256 = strings.ToLower(sha256)
	if s.manifest != nil {
		if o, ok := s.fromManifest(path, sha256); ok {
			return o
		}
	}
	if o, ok := s.fromLog(path, sha256); ok {
		return o
	}
	if IsRelease(path) {
		return s.lostCopy(sha256)
	}
	return s.fromPipeline(path)
}

func unknown(why string) Origin { return Origin{Why: why} }

// fromManifest looks the file up by path, then by content.
func (s *Sources) fromManifest(path, sha256 string) (Origin, bool) {
	if e, ok := s.manifest.Outputs[path]; ok {
		o := s.judge(path, e)
		if e.ContentHash != "" && sha256 != "" && e.ContentHash != sha256 {
			o.Level, o.Why = Unknown, "The file has changed since its job wrote it: its bytes are not those in the manifest."
		}
		return o, true
	}
	if e, ok := s.manifest.Outputs[strings.TrimSuffix(path, ".txt")]; ok && e.Excluded && strings.HasSuffix(path, ".txt") {
		return s.judge(strings.TrimSuffix(path, ".txt"), e), true
	}
	if paths := s.byHash[sha256]; sha256 != "" && len(paths) > 0 {
		return s.copyOf(path, paths), true
	}
	return Origin{}, false
}

// copyOf judges a file whose bytes are those of one or more outputs. It is a
// copy of the one whose name it bears; but bytes that also stand at another
// level have no level that can be relied on.
func (s *Sources) copyOf(path string, outputs []string) Origin {
	best := outputs[0]
	for _, p := range outputs {
		if commonTail(p, path) > commonTail(best, path) {
			best = p
		}
	}
	o := s.judge(best, s.manifest.Outputs[best])
	for _, p := range outputs {
		if other := s.judge(p, s.manifest.Outputs[p]); other.Level != o.Level {
			o.Why = fmt.Sprintf("The same bytes are %s as %s and %s as %s.", o.Level.words(), best, other.Level.words(), p)
			o.Level = Unknown
			return o
		}
	}
	if o.Level != Unknown {
		o.Why = fmt.Sprintf("Same bytes as %s. %s", best, o.Why)
	}
	return o
}

// commonTail counts the path elements that a and b share at their ends.
func commonTail(a, b string) int {
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	n := 0
	for n < len(x) && n < len(y) && x[len(x)-1-n] == y[len(y)-1-n] {
		n++
	}
	return n
}

// judge holds one manifest entry against the pipeline.
func (s *Sources) judge(path string, e Entry) Origin {
	o := Origin{
		Path: path, Action: e.Action, JobID: e.JobID, JobRequest: e.JobRequest, User: e.User,
		Repo: e.Repo, Commit: e.Commit, Created: e.Timestamp, OutOfDate: e.OutOfDate,
	}
	if o.Repo == "" {
		o.Repo = s.manifest.Repo
	}
	switch {
	case e.Excluded:
		o.Excluded = e.Message
		if o.Excluded == "" {
			o.Excluded = "no reason given"
		}
		o.Why = "The job runner kept this output back; what is here is its note of why, not the output."
	case !e.Level.Known():
		o.Why = "The manifest gives this output no level that a pipeline can give."
	case s.pipeline == nil:
		o.Level = e.Level
		o.Why = fmt.Sprintf("The manifest says %s; there is no project.yaml to compare.", e.Level.words())
	default:
		o.Level, o.Why = s.crossCheck(path, e)
	}
	return o
}

// crossCheck compares a manifest entry's level with what the pipeline gives the
// path, by the entry's own action where the pipeline still has it.
func (s *Sources) crossCheck(path string, e Entry) (Level, string) {
	covers := s.pipeline.Covers(path)
	if own := coversOf(covers, e.Action); len(own) > 0 {
		covers = own
	} else if e.Action != "" && s.pipeline.Action(e.Action) != nil {
		return Unknown, fmt.Sprintf("The manifest says that action %s wrote this output, but no output pattern of that action in project.yaml covers it.", e.Action)
	}
	level, ok := oneLevel(covers)
	switch {
	case len(covers) == 0:
		return Unknown, "No output pattern in project.yaml covers this path."
	case !ok:
		return Unknown, "Output patterns in project.yaml give this path more than one level: " + patternList(covers) + "."
	case level != e.Level:
		return Unknown, fmt.Sprintf("The manifest says %s, but project.yaml says %s (%s).", e.Level.words(), level.words(), patternList(covers))
	}
	return level, fmt.Sprintf("The manifest and project.yaml both say %s (%s).", level.words(), patternList(covers))
}

// fromPipeline judges an output that no manifest lists by its path alone.
func (s *Sources) fromPipeline(path string) Origin {
	if s.pipeline == nil {
		return unknown("The manifest does not list this file, and there is no project.yaml.")
	}
	covers := s.pipeline.Covers(path)
	if len(covers) == 0 {
		return unknown("The manifest does not list this file, and no output pattern in project.yaml covers it.")
	}
	if s.manifest != nil && len(s.manifest.Outputs) > 0 {
		return unknown("project.yaml covers this path (" + patternList(covers) + "), but the manifest does not list the file, so no job is known to have written it.")
	}
	o := Origin{Path: path, Action: oneAction(covers)}
	var ok bool
	if o.Level, ok = oneLevel(covers); !ok {
		o.Why = "Output patterns in project.yaml give this path more than one level: " + patternList(covers) + "."
		return o
	}
	o.Why = fmt.Sprintf("project.yaml says %s (%s); no manifest lists outputs to compare.", o.Level.words(), patternList(covers))
	return o
}

// fromLog recognises the job runner's own logs, which are written where
// moderately sensitive outputs are.
func (s *Sources) fromLog(path, sha256 string) (Origin, bool) {
	if IsRelease(path) && sha256 != "" {
		path = s.logs[sha256]
	}
	action := logAction(path)
	if action == "" || s.pipeline != nil && s.pipeline.Action(action) == nil {
		return Origin{}, false
	}
	if h := s.logHash(path); h != "" && sha256 != "" && h != sha256 {
		return unknown("The log is not the one that the job runner wrote."), true
	}
	return Origin{Level: Moderately, Path: path, Action: action,
		Why: "The job runner's own log of action " + action + ", kept with the moderately sensitive outputs."}, true
}

func (s *Sources) logHash(path string) string {
	for h, p := range s.logs {
		if p == path {
			return h
		}
	}
	return ""
}

// logAction returns the action of "metadata/<action>.log", else "".
func logAction(path string) string {
	name, ok := strings.CutPrefix(path, "metadata/")
	name, isLog := strings.CutSuffix(name, ".log")
	if !ok || !isLog || strings.Contains(name, "/") {
		return ""
	}
	return name
}

func (s *Sources) lostCopy(sha256 string) Origin {
	switch {
	case s.manifest == nil:
		return unknown("The workspace has no manifest, so a file in a release folder cannot be traced to the output it is a copy of.")
	case sha256 == "":
		return unknown("The file's contents were not compared with the manifest.")
	case len(s.byHash) == 0:
		return unknown("The manifest holds no content hashes, so a file in a release folder cannot be traced to the output it is a copy of.")
	}
	return unknown("No output in the manifest has the same contents: the file was changed after it was copied, was made by hand, or its output has been replaced.")
}

func coversOf(covers []Cover, action string) []Cover {
	var out []Cover
	for _, c := range covers {
		if c.Action == action {
			out = append(out, c)
		}
	}
	return out
}

func oneLevel(covers []Cover) (Level, bool) {
	for _, c := range covers {
		if c.Output.Level != covers[0].Output.Level {
			return Unknown, false
		}
	}
	if len(covers) == 0 {
		return Unknown, false
	}
	return covers[0].Output.Level, true
}

// oneAction names the action of the covers when they agree on one.
func oneAction(covers []Cover) string {
	for _, c := range covers {
		if c.Action != covers[0].Action {
			return ""
		}
	}
	return covers[0].Action
}

// patternList names at most three patterns, each once.
func patternList(covers []Cover) string {
	var out []string
	for _, c := range covers {
		if s := fmt.Sprintf("%s in %s, %s", c.Output.Pattern, c.Action, c.Output.Level.words()); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	sort.Strings(out)
	if len(out) > 3 {
		return strings.Join(out[:3], "; ") + fmt.Sprintf("; and %d more", len(out)-3)
	}
	return strings.Join(out, "; ")
}

// words says a level as people do.
func (l Level) words() string {
	if !l.Known() {
		return "of unknown level"
	}
	return strings.ReplaceAll(string(l), "_", " ")
}
