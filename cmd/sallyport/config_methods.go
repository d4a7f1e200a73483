package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/signin"
	"sallyport/ui/signin/jobserver"
	"sallyport/ui/signin/openid"
)

// The kinds of methods that a configuration chooses from.
const (
	methodPassword  = "password"
	methodOpenID    = "openid"
	methodJobServer = "job-server"
)

// signInMethod is one entry of sign_in. Which keys it may have depends on the
// method.
type signInMethod struct {
	Method string   `yaml:"method"` // password, openid or job-server
	ID     string   `yaml:"id"`     // stable: people are linked under it
	Label  string   `yaml:"label"`  // for people
	Every  duration `yaml:"every"`  // how often the provider is asked whether somebody may still sign in
	Grace  duration `yaml:"grace"`  // for how long its last word holds while it cannot be asked

	// Of openid.
	Issuer           string                      `yaml:"issuer"`
	ClientID         string                      `yaml:"client_id"`          // of openid: what the provider knows this service by
	ClientSecretFile string                      `yaml:"client_secret_file"` // of openid: file that holds the secret of that
	Scopes           []string                    `yaml:"scopes"`             // of openid: asked for beside openid
	UsernameClaim    string                      `yaml:"username_claim"`     // of openid: claim that holds the username
	GroupsClaim      string                      `yaml:"groups_claim"`       // of openid: claim that lists groups
	Roles            map[string]policy.Role      `yaml:"roles"`              // of openid: role by group
	Projects         map[string]review.ProjectID `yaml:"projects"`           // of openid: project by group
	InProjects       map[string]projectRole      `yaml:"in_projects"`        // of openid: role in one project, copilot or collaborator, by group
	ACR              []string                    `yaml:"acr"`                // of openid: values of acr that count as a second factor
	AMR              []string                    `yaml:"amr"`                // of openid: values of amr that count as a second factor

	// Of job-server.
	Endpoint     string      `yaml:"endpoint"`
	TokenFile    string      `yaml:"token_file"`     // of job-server: file that holds the token
	ReadOnlyRole policy.Role `yaml:"read_only_role"` // of job-server: role of people who may only read there

	// TrainedDays is for how many days the word of a provider or a job server
	// makes somebody a trained checker.
	TrainedDays int `yaml:"trained_days"`
}

// projectRole is a role that somebody has in one project.
type projectRole struct {
	Role    policy.Role      `yaml:"role"`
	Project review.ProjectID `yaml:"project"`
}

// id is what sessions and identities of the method are known by.
func (m signInMethod) id() string {
	if m.ID == "" {
		return m.Method
	}
	return m.ID
}

func (m signInMethod) check(publicURL string) error {
	id := m.id()
	if !name.MatchString(id) || id == "local" || id == "demo" {
		return fmt.Errorf("%q cannot be the id of a method", id)
	}
	roles := slices.Collect(maps.Values(m.Roles))
	if m.ReadOnlyRole != "" {
		roles = append(roles, m.ReadOnlyRole)
	}
	for _, r := range roles {
		if !slices.Contains(knownRoles(), r) {
			return fmt.Errorf("%s: there is no role %q", id, r)
		}
	}
	for group, r := range m.InProjects {
		if r.Role != policy.Copilot && r.Role != policy.Collaborator || r.Project == "" {
			return fmt.Errorf("%s: in_projects: %q needs a project and the role copilot or collaborator", id, group)
		}
	}
	switch m.Method {
	case methodPassword:
		return nil
	case methodOpenID:
		if m.Issuer == "" || m.ClientID == "" || publicURL == "" {
			return fmt.Errorf("%s: OpenID Connect needs issuer, client_id, and public_url, the address that browsers come back to", id)
		}
		return secureAddress(id, m.Issuer)
	case methodJobServer:
		if m.Endpoint == "" || m.TokenFile == "" {
			return fmt.Errorf("%s: a job server needs endpoint and token_file", id)
		}
		return secureAddress(id, m.Endpoint)
	}
	return fmt.Errorf("there is no method %q: it is password, openid or job-server", m.Method)
}

// secureAddress refuses to send secrets in the clear to another machine.
func secureAddress(id, address string) error {
	rest, plain := strings.CutPrefix(address, "http://")
	if !plain {
		return nil
	}
	host, _, _ := strings.Cut(rest, "/")
	if !strings.Contains(host, ":") {
		host += ":80"
	}
	if !loopback(host) {
		return fmt.Errorf("%s: %s would get secrets in the clear: use https", id, address)
	}
	return nil
}

// label is how the method is called before people.
func (m signInMethod) label() string {
	switch {
	case m.Label != "":
		return m.Label
	case m.Method == methodJobServer:
		return "the job server"
	}
	return m.id()
}

func (m signInMethod) open(publicURL string, now review.Clock) (signin.Method, error) {
	if m.Method == methodJobServer {
		token, err := secretFile(m.TokenFile)
		if err != nil {
			return nil, err
		}
		return jobserver.New(jobserver.Options{
			ID: m.id(), Label: m.label(), Endpoint: m.Endpoint, Token: token, Every: m.Every.Duration, Grace: m.Grace.Duration,
			ReadOnly: m.ReadOnlyRole, Trained: time.Duration(m.TrainedDays) * 24 * time.Hour, Now: now,
		})
	}
	secret, err := secretFile(m.ClientSecretFile)
	if err != nil {
		return nil, err
	}
	here := strings.TrimSuffix(publicURL, "/")
	inProjects := map[string]review.ScopedRole{}
	for group, r := range m.InProjects {
		inProjects[group] = review.ScopedRole{Role: r.Role, Project: r.Project}
	}
	return openid.New(openid.Options{
		ID: m.id(), Label: m.label(), Issuer: m.Issuer, ClientID: m.ClientID, ClientSecret: secret, Scopes: m.Scopes,
		Trained: time.Duration(m.TrainedDays) * 24 * time.Hour,
		Back:    here + "/sign-in/by/" + m.id() + "/back", AfterSignOut: here + "/sign-in",
		UsernameClaim: m.UsernameClaim, GroupsClaim: m.GroupsClaim, Roles: m.Roles, Projects: m.Projects, InProjects: inProjects, ACR: m.ACR, AMR: m.AMR,
		Every: m.Every.Duration, Grace: m.Grace.Duration, Now: now,
	})
}
