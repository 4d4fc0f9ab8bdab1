package cfchat_test

import (
	"flag"
	"maps"
	"net/http"
	"os"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/recordings"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

var record = flag.String("record", "", "the `folder` below which the conformance test writes its requests and their answers")

// recorded returns the target with clients whose exchanges are written below a folder. First, it asks the server for its
// version and the roles of the keys, which is not recorded.
func (s target) recorded(t *testing.T, dir string) target {
	t.Helper()
	info, err := s.chat.ServerInfo(t.Context())
	if err != nil {
		t.Fatalf("a recording needs the server's version, and the server does not report it: %v", err)
	}
	s.recorder = recordings.NewRecorder(t, dir, info.Version, s.accountID, s.keys(t))
	return s
}

// during returns the target for one part of the test. The name of the part becomes part of the recorded file names.
func (s target) during(t *testing.T, what string) target {
	t.Helper()
	if s.recorder == nil {
		return s
	}
	return s.over(t, s.recorder.Over(s.transport, what))
}

// realKeys returns the keys in the environment by role. What the user's key may see depends on its owner, so the server is
// asked for the owner's role instead of assuming an administrator's key.
func (s target) realKeys(t *testing.T) map[string]string {
	t.Helper()
	profile, err := s.chat.Profile(t.Context())
	if err != nil {
		t.Fatalf("a recording states whose key was sent, and the server does not report it: %v", err)
	}
	keys := map[string]string{}
	for _, account := range profile.Accounts {
		if account.ID == s.accountID {
			keys[string(account.Role)] = os.Getenv("CFCHAT_TEST_USER_API_KEY")
		}
	}
	if len(keys) == 0 {
		t.Fatalf("the owner of CFCHAT_TEST_USER_API_KEY is not a member of account %d", s.accountID)
	}
	if bot := os.Getenv("CFCHAT_TEST_AGENT_BOT_API_KEY"); bot != "" {
		keys["bot"] = bot
	}
	return keys
}

// TestRealKeys checks that the role of the user's key is the one in the tested account, whatever it is in others.
func TestRealKeys(t *testing.T) {
	const profile = `{"id":1,"role":"agent","accounts":[{"id":1,"role":"agent"},{"id":2,"role":"administrator"}]}`
	s := target{accountID: 2, config: cfchat.Config{Keys: auth.Keys{User: auth.NewKey("u-s-e-r-key")}}}.over(t,
		trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if req.Method != http.MethodGet || req.URL.Path != "/api/v1/profile" {
				t.Errorf("sent %s %s", req.Method, req.URL)
			}
			return trial.Reply(http.StatusOK, "application/json", profile), nil
		}))
	t.Setenv("CFCHAT_TEST_USER_API_KEY", "u-s-e-r-key")
	for bot, want := range map[string]map[string]string{
		"":          {"administrator": "u-s-e-r-key"},
		"b-o-t-key": {"administrator": "u-s-e-r-key", "bot": "b-o-t-key"},
	} {
		t.Setenv("CFCHAT_TEST_AGENT_BOT_API_KEY", bot)
		if got := s.realKeys(t); !maps.Equal(got, want) {
			t.Errorf("the keys are %v, want %v", got, want)
		}
	}
}
