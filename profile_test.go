package cfchat_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/recordings"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestProfile reads the recorded responses: the accounts that a key serves, including a suspended one, and its owner's role
// in each.
func TestProfile(t *testing.T) {
	t.Parallel()
	for version, permissions := range map[string]string{"2.16.0": "[]", "4.16.2": "[administrator]"} {
		for role, want := range map[string]string{
			"administrator": "1 Acme Inc active administrator, 2 Umbrella Org active administrator, 3 Suspended Ltd suspended administrator",
			"agent":         "1 Acme Inc active agent",
		} {
			r := recordings.Read(t, "testdata/recordings-whole/"+version+"/profile-"+role+".json")
			profile, err := infoOf(t, r.Response.Body).Profile(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var accounts []string
			for _, a := range profile.Accounts {
				accounts = append(accounts, fmt.Sprint(a.ID, " ", a.Name, " ", a.Status, " ", a.Role))
			}
			first := profile.Accounts[0]
			if got := strings.Join(accounts, ", "); got != want || profile.GetAccountID() != 1 || string(profile.GetRole()) != role {
				t.Errorf("%s: %s, last active in %d as %s", version, got, profile.GetAccountID(), profile.GetRole())
			}
			if got := fmt.Sprint(first.Permissions); got != strings.Replace(permissions, "administrator", role, 1) {
				t.Errorf("%s: %s may do %s", version, role, got)
			}
		}
	}
}

// TestProfileHasNoSecrets checks that neither the profile nor an error has the key, which the server sends back.
func TestProfileHasNoSecrets(t *testing.T) {
	t.Parallel()
	srv := cfchattest.New(t)
	var response cfchat.Response
	profile, err := srv.Chat(t).Profile(t.Context(), cfchat.WithResponse(&response))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{srv.AdminKey(), "pubsub-"} {
		if !strings.Contains(string(response.Body), secret) {
			t.Errorf("the stand-in's response does not contain %q", secret)
		}
		if shown := fmt.Sprintf("%+v %#v %s", profile, profile, encode(t, profile)); strings.Contains(shown, secret) {
			t.Errorf("the profile shows %q", secret)
		}
	}
	_, err = infoOf(t, `{"id":0,"access_token":"tOkEn","pubsub_token":"tOkEn","hmac_identifier":"tOkEn"}`).Profile(t.Context())
	e, ok := errors.AsType[*cfchat.Error](err)
	if !ok || !errors.Is(err, cfchat.ErrDecode) || !strings.Contains(e.Body, "hmac_identifier") || strings.Contains(e.Body+e.Error(), "tOkEn") {
		t.Errorf("%v with %q", err, e.Body)
	}
}

// TestNoProfile checks that a response without a person, or without a list of accounts, is refused.
func TestNoProfile(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"id":1,"email":"ada@example.com"}`, `{"accounts":[]}`} {
		if _, err := infoOf(t, body).Profile(t.Context()); !errors.Is(err, cfchat.ErrDecode) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// TestProfileHasNoAccount checks that the request and the errors of Profile name no account.
func TestProfileHasNoAccount(t *testing.T) {
	t.Parallel()
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		if req.URL.Path != "/base/api/v1/profile" || len(auth.HeaderNames(req.Header)) != 1 {
			t.Errorf("requested %s with %v", req.URL, req.Header)
		}
		return trial.Reply(401, "application/json", `{"error":"Invalid Access Token"}`), nil
	}))
	_, err := chat.Profile(t.Context())
	e, ok := errors.AsType[*cfchat.Error](err)
	if !ok || e.AccountID != 0 || err.Error() != "cfchat: fetchProfile: 401 Invalid Access Token: no user or bot on the server has this key; check Keys and Config.Server" {
		t.Errorf("got %v", err)
	}
	bot := trial.Chat(t, trial.Broken{}, func(c *cfchat.Config) { c.Keys = auth.Keys{AgentBot: auth.NewKey("bot-key")} })
	if _, err := bot.Profile(t.Context()); !errors.Is(err, auth.ErrNoKey) || !strings.Contains(err.Error(), "set Keys.User") {
		t.Errorf("with a bot's key: %v", err)
	}
	var none *cfchat.Chat
	if _, err := none.Profile(t.Context()); !errors.Is(err, cfchat.ErrInvalidInput) || strings.Contains(err.Error(), "account") {
		t.Errorf("without a client: %v", err)
	}
}
