package crate

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"sallyport/checks/strictjson"
)

// node is one entity of a crate, as far as it is compared with the record.
type node struct {
	ID      string `json:"@id"`
	SHA256  string `json:"sha256"`
	Kind    links  `json:"additionalType"`
	Agent   links  `json:"agent"`
	Object  links  `json:"object"`
	Result  links  `json:"result"`
	Tool    links  `json:"instrument"`
	Parts   links  `json:"hasPart"`
	Mention links  `json:"mentions"`
	Main    links  `json:"mainEntity"`
	Project links  `json:"sourceOrganization"`
	Ended   string `json:"endTime"`
}

// links are references, one or several.
type links []string

// UnmarshalJSON reads {"@id": x}, a list of these, or plain text.
func (l *links) UnmarshalJSON(data []byte) error {
	var one ref
	var many []ref
	var text string
	switch {
	case json.Unmarshal(data, &one) == nil:
		*l = links{one.ID}
	case json.Unmarshal(data, &many) == nil:
		for _, r := range many {
			*l = append(*l, r.ID)
		}
	case json.Unmarshal(data, &text) == nil:
		*l = links{text}
	}
	return nil // what is none of these is compared with as nothing
}

// described holds the crate's metadata to the record: the same files with the
// same digests, and an assessment for each approval and for the release.
func (v *verifier) described() {
	text, err := v.src.text(payload + metadataFile)
	if err == nil {
		err = strictjson.Check(text)
	}
	var doc struct {
		Graph []node `json:"@graph"`
	}
	if err != nil || json.Unmarshal(text, &doc) != nil {
		v.problem("%s cannot be read.", metadataFile)
		return
	}
	at := map[string]node{}
	for _, n := range doc.Graph {
		if _, twice := at[n.ID]; twice {
			v.problem("%s describes %.100q twice.", metadataFile, n.ID)
		}
		at[n.ID] = n
	}
	root := at[rootID]
	for _, f := range v.rec.Files {
		id := fileID(f.Path)
		if at[id].SHA256 != string(f.SHA256) || !slices.Contains(root.Parts, id) {
			v.problem("%s does not describe %s as the record does.", metadataFile, f.Path)
		}
		for _, d := range f.Decisions {
			if d.Standing && !slices.ContainsFunc(doc.Graph, func(n node) bool {
				return slices.Contains(n.Kind, disclosureCheck) && slices.Contains(n.Agent, personID(d.Checker)) &&
					slices.Contains(n.Object, id) && n.Ended == stamp(d.At) && slices.Contains(root.Mention, n.ID)
			}) {
				v.problem("%s lacks the decision of %s on %s.", metadataFile, d.Checker, f.Path)
			}
		}
	}
	for _, n := range doc.Graph {
		if n.SHA256 != "" && string(v.sums[payload+unescaped(n.ID)].sha256) != n.SHA256 {
			v.problem("%s describes a file that is not in the package: %.100q.", metadataFile, n.ID)
		}
	}
	signed := slices.ContainsFunc(doc.Graph, func(n node) bool {
		return slices.Contains(n.Kind, signOff) && slices.Contains(n.Agent, personID(v.rec.Release.ReleasedBy)) &&
			slices.Contains(n.Tool, policyFile) && n.Ended == stamp(v.rec.Release.Approved)
	})
	if !signed {
		v.problem("%s lacks the sign-off of this release by its policy.", metadataFile)
	}
}

// unescaped is the path that an identifier stands for; "" when it is none.
func unescaped(id string) string {
	name, err := url.PathUnescape(strings.TrimPrefix(id, "./"))
	if err != nil {
		return ""
	}
	return name
}
