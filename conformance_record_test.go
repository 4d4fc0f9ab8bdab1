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

var record = flag.String("record", "", "the `folder` below which the conformance test writes what it sends and is answered")

// recorded returns the target as clients see it whose exchanges are written below a folder. It asks the server for its
// version and its keys' roles before, and does not record that.
func (s target) recorded(t *testing.T, dir string) target {
	t.Helper()
	info, err := s.chat.ServerInfo(t.Context())
	if err != nil {
		t.Fatalf("a recording is of a version, and the server does not tell it: %v", err)
	}
	s.recorder = recordings.NewRecorder(t, dir, info.Version, s.accountID, s.keys(t))
	return s
}

// during returns the target for one part of the test, which names the files that are recorded of it.
func (s target) during(t *testing.T, what string) target {
	t.Helper()
	if s.recorder == nil {
		return s
	}
	return s.over(t, s.recorder.Over(s.transport, what))
}

// realKeys returns the keys of the environment by role. What the user's key may see depends on whose it is, so the server is
// asked rather than believed to have been given an administrator's.
func (s target) realKeys(t *testing.T) map[string]string {
	t.Helper()
	profile, err := s.chat.Profile(t.Context())
	if err != nil {
		t.Fatalf("a recording tells whose key was sent, and the server does not tell it: %v", err)
	}
	keys := map[string]string{}
	for _, account := range profile.Accounts {
		if account.ID == s.accountID {
			keys[string(account.Role)] = os.Getenv("CFCHAT_TEST_USER_API_KEY")
		}
	}
	if len(keys) == 0 {
		t.Fatalf("the person of CFCHAT_TEST_USER_API_KEY is no member of account %d", s.accountID)
	}
	if bot := os.Getenv("CFCHAT_TEST_AGENT_BOT_API_KEY"); bot != "" {
		keys["bot"] = bot
	}
	return keys
}

// TestRealKeys takes the role of the user's key in the account that is tested, whatever it is in others.
func TestRealKeys(t *testing.T) {
	const profile = `{"id":1,"role":"agent","accounts":[{"id":1,"role":"agent"},{"id":2,"role":"administrator"}]}`
	s := target{accountID: 2, config: cfchat.Config{Keys: auth.Keys{User: auth.NewKey("u-s-e-r-key")}}}.over(t,
		trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if req.Method != http.MethodGet || req.URL.Path != "/api/v1/profile" {
				t.Errorf("asks %s %s", req.Method, req.URL)
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
