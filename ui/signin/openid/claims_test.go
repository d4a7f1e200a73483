package openid

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/ui/signin"
)

// Whatever a provider claims, only the groups that are mapped give a role.
func FuzzClaims(f *testing.F) {
	f.Add([]byte(`{"sid":"1","preferred_username":"ann","name":"Ann","email":"a@example.org","groups":["checkers"]}`))
	f.Add([]byte(`{"sid":1,"preferred_username":["ann"],"groups":"checkers"}`))
	f.Add([]byte(`{"groups":[1,null,{"a":"checkers"},"CHECKERS","checkers "]}`))
	f.Add([]byte(`{"groups":{"checkers":true}}`))
	m := &Method{o: Options{Roles: map[string]policy.Role{"checkers": policy.Checker}, Now: time.Now}}
	f.Fuzz(func(t *testing.T, data []byte) {
		claims := map[string]any{}
		if json.Unmarshal(data, &claims) != nil {
			return
		}
		groups := list(claims["groups"])
		p := &signin.Profile{Username: "x", Name: text(claims["name"]), Email: text(claims["email"])}
		m.applyGroups(p, groups)
		if slices.Contains(p.Roles, policy.Checker) != slices.Contains(groups, "checkers") || len(p.Roles) > 1 {
			t.Errorf("%s gives %v", data, p.Roles)
		}
	})
}
