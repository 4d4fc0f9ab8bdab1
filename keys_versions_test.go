package cfchat_test

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// The first versions that have an operation, and the first that let bots call it, according to the contract (contract,
// W0.1). They do not come from openapi.yaml, because they check it. An operation that is not listed exists from 2.16.0 on,
// and is never open to bots. Some of those listed have no method yet.
var (
	serversSince = map[string]string{
		"listAttachmentsOfAConversation": "2.17.0", "togglePriorityOfAConversation": "2.17.0", "contactInboxFilter": "3.2.0",
		"retryAMessage": "3.4.0", "updateConversation": "3.7.0", "updateAMessage": "4.2.0", "deleteAConversation": "4.3.0",
	}
	botsSince = map[string]string{
		"toggleStatusOfAConversation": "2.16.0", "newConversation": "2.16.0", "createANewMessageInAConversation": "2.16.0",
		"assignAConversation": "3.6.0", "togglePriorityOfAConversation": "3.6.0",
		"updateConversation":                    "3.7.0",
		"updateCustomAttributesOfAConversation": "4.2.0",
		"toggleTypingStatusOfAConversation":     "4.12.0",
		"getDetailsOfAConversation":             "4.14.2",
		"listAllLabelsOfAConversation":          "4.14.2",
		"conversationAddLabels":                 "4.14.2",
	}
	// tryBots are documented as open to bots, so that a bot's key is sent, although no server lets bots call them.
	tryBots = []string{"conversationFilter"}
)

// TestKeysByVersion makes every call on every version with each kind of key: it succeeds if the contract allows it, and
// otherwise fails with an error that says which key to use, or from which version on.
func TestKeysByVersion(t *testing.T) {
	t.Parallel()
	for _, version := range []string{
		"2.16.0", "2.17.0", "3.4.0", "3.6.0", "3.7.0", "4.2.0", "4.3.0", "4.7.0", "4.8.0", "4.12.0", "4.14.2", "4.16.2",
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			server := cfchattest.New(t, cfchattest.Version(version))
			s := standInTarget(t, server)
			about := s.subject(t)
			for _, c := range trial.Calls {
				keyed{c, server, s.spared(t, c, about)}.check(t, version)
			}
		})
	}
}

// keyed is a call with its subject and the server to call.
type keyed struct {
	trial.Call

	server *cfchattest.Server
	about  trial.Subject
}

// check makes the call with a bot's key, then with a bot's key passed as a person's, which shows the server's own refusal,
// and last with a person's key, because the call may delete its subject.
func (k keyed) check(t *testing.T, version string) {
	t.Helper()
	user, bot := auth.NewKey(k.server.AdminKey()), auth.NewKey(k.server.BotKey())
	since, bots := cmp.Or(serversSince[k.ID], "2.16.0"), botsSince[k.ID]
	var toUser, toBot string // how the server refuses each, "" if it does not
	switch {
	case !atLeast(version, since):
		toUser = "servers have it from " + since + " on"
		toBot = toUser
	case k.IsPublic():
	case bots == "":
		toBot = "no server lets bots make this call; set Keys.User"
	case !atLeast(version, bots):
		toBot = "servers let bots make this call from " + bots + " on; set Keys.User"
	}
	k.comesTo(t, "a bot's key as a person's", auth.Keys{User: bot}, toBot)
	if bots == "" && !k.IsPublic() && !slices.Contains(tryBots, k.ID) {
		toBot = "nothing was sent: no key for " + k.ID + ": set Keys.User"
	}
	k.comesTo(t, "a bot's key", auth.Keys{AgentBot: bot}, toBot)
	k.comesTo(t, "a person's key", auth.Keys{User: user}, toUser)
}

// comesTo makes the call and checks that it succeeds if refusal is "", and otherwise fails with an error that contains
// refusal and is of the kind that refusal describes.
func (k keyed) comesTo(t *testing.T, with string, keys auth.Keys, refusal string) {
	t.Helper()
	chat := k.server.Chat(t, func(c *cfchat.Config) { c.Keys = keys })
	before := len(k.server.Requests())
	_, err := k.In(t.Context(), chat, k.server.AccountID(), k.about)
	sent := len(k.server.Requests()) > before
	if refusal == "" {
		if err != nil || !sent {
			t.Errorf("%s with %s: %v", k, with, err)
		}
		return
	}
	e, ok := errors.AsType[*cfchat.Error](err)
	if !ok || !strings.Contains(err.Error(), refusal) {
		t.Fatalf("%s with %s: %v, want %q", k, with, err, refusal)
	}
	noKey, noBots := errors.Is(err, auth.ErrNoKey), errors.Is(err, cfchat.ErrUnauthorized)
	if sent == noKey || noBots != (e.StatusCode == http.StatusUnauthorized) || noBots != strings.Contains(refusal, "bots") {
		t.Errorf("%s with %s: %v with status %d, sent %v", k, with, err, e.StatusCode, sent)
	}
}
