package cfchat_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestVersionIsRequestedOnce makes each call that depends on the version twice, and counts the requests for it: what was
// learned is enough, and so is that the server or its proxy does not report a version. A server that may be better soon is
// asked again, and so is one that is too old to render, because it may have been upgraded.
func TestVersionIsRequestedOnce(t *testing.T) {
	send := func(m cfchat.MessageCreate) func(*testing.T, *cfchat.Account, int64) {
		return func(t *testing.T, acct *cfchat.Account, id int64) { _, _ = acct.Messages.Send(t.Context(), id, m) }
	}
	calls := map[string]func(*testing.T, *cfchat.Account, int64){
		"a text":              send(cfchat.MessageCreate{Content: "{{ a }}", MessageType: cfchat.MessageKindTemplate}),
		"template parameters": send(cfchat.MessageCreate{TemplateParams: map[string]any{"name": "n", "processed_params": map[string]any{"1": "{{ a }}"}}}),
		"a file":              send(cfchat.MessageCreate{ContentAttributes: map[string]any{"a": 1.5}, Files: []cfchat.File{opening("a.txt", "x")}}),
		"a mark":              send(cfchat.MessageCreate{Content: "a", Mark: "m"}),
		"a bot": func(t *testing.T, acct *cfchat.Account, id int64) {
			_, _ = acct.Conversations.AssignBot(t.Context(), id, 1)
		},
	}
	for name, answer := range map[string]struct {
		version string
		status  int
		again   bool
	}{
		"a new server":          {version: "4.16.2"},
		"no version":            {version: "4.16.2", status: http.StatusNotFound},
		"a proxy that refuses":  {version: "4.16.2", status: http.StatusForbidden},
		"an unavailable server": {version: "4.16.2", status: http.StatusServiceUnavailable, again: true},
		"a server of 2.16.0":    {version: "2.16.0", again: true},
	} {
		for of, call := range calls {
			if answer.version == "2.16.0" && of != "a text" {
				continue // only what is not rendered is sent as it is written
			}
			t.Run(name+", "+of, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					srv := cfchattest.New(t, cfchattest.Version(answer.version))
					id := srv.AddConversation(cfchattest.Conversation{})
					if answer.status != 0 {
						srv.FailEvery(cfchat.OperationServerInformation, 1, cfchattest.Failure{Status: answer.status})
					}
					acct := srv.Account(t, func(c *cfchat.Config) { c.ServerVersion, c.Retry.MaxTries = "", 1 })
					call(t, acct, id)
					call(t, acct, id)
					if asked := askedOf(srv, cfchat.OperationServerInformation); asked == 0 || asked > 1 != answer.again {
						t.Errorf("%d requests for the version; want more than one: %t", asked, answer.again)
					}
				})
			})
		}
	}
}
