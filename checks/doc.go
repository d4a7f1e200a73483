// Package checks finds disclosure problems in one set of files. It reads bytes
// and touches no database and no network.
//
// A [Check] is data plus a function: a name, the words for the person who reads
// its findings, the source of its rule, and what it looks at. [All] is the
// explicit list. [Run] reads every file of a [Set] once into a [Document] (its
// kind by content, its tables, its text), runs the checks of each file, then
// the checks that look across the set and at what was released before, and
// returns a [Report]. A check that cannot finish makes its file incomplete,
// with the reason; incomplete is never a pass.
//
// A check grades its findings by kind; the policy maps check and kind to a
// severity (see [Finding] and policy.Policy.Severity).
//
// Sub-packages read and clean one sort of content each and know nothing of
// checks: table (cells, column roles, rounding), markup (HTML and SVG), raster
// (PNG and JPEG), text (logs and printed tables), jsontable and strictjson, acro
// (records of ACRO sessions), audit (what can be worked out from totals),
// provenance (pipelines and manifests).
package checks
