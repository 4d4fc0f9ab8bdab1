package cfchattest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestProfile checks that a profile shows the key's owner and their account, with the fields of the version, and that bots
// are refused.
func TestProfile(t *testing.T) {
	t.Parallel()
	for version, newer := range map[string][]string{
		"2.16.0": nil, "3.11.0": {"permissions"}, "4.14.0": {"permissions", "onboarding_step"},
		"4.16.0": {"permissions", "onboarding_step", "api_and_webhooks"},
	} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		_, added := srv.AddAgent(cfchattest.Agent{Name: "Bea"})
		for key, want := range map[string]string{srv.AdminKey(): `"role":"administrator"`, srv.AgentKey(): `"role":"agent"`, added: `"name":"Bea"`} {
			status, body := call(t, srv, key, "GET", "/api/v1/profile", "")
			if status != http.StatusOK || !strings.Contains(body, want) || !strings.Contains(body, `"access_token":"`+key+`"`) {
				t.Errorf("%s: %d %s, want %s", version, status, body, want)
			}
			for _, field := range []string{"permissions", "onboarding_step", "api_and_webhooks"} {
				if strings.Contains(body, field) != slices.Contains(newer, field) {
					t.Errorf("%s: %s is wrongly present or absent in %s", version, field, body)
				}
			}
		}
		for key, want := range map[string]string{
			srv.BotKey(): `{"error":"Access to this endpoint is not authorized for bots"}`, "wrong": `{"error":"Invalid Access Token"}`,
			"": `{"errors":["You need to sign in or sign up before continuing."]}`,
		} {
			if status, body := call(t, srv, key, "GET", "/api/v1/profile", ""); status != http.StatusUnauthorized || body != want {
				t.Errorf("%s: %d %s, want %s", version, status, body, want)
			}
		}
	}
}
