package auth_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
)

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(req *http.Request) (*http.Response, error) { return d(req) }

// TestStockClient uses Keys as a request editor of the generated client, without this module's chain, for all calls and for
// a single one.
func TestStockClient(t *testing.T) {
	var sent http.Header
	record := doer(func(req *http.Request) (*http.Response, error) {
		sent = req.Header
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
			Body: io.NopCloser(strings.NewReader(`{"meta":{}}`))}, nil
	})
	keys := auth.Keys{User: auth.NewKey("U")}
	client, err := cfchat.NewClientWithResponses("https://chat.test",
		cfchat.WithRequestEditorFn(keys.Edit), cfchat.WithHTTPClient(record))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.ConversationListMetaWithResponse(t.Context(), 1, nil); err != nil {
		t.Fatal(err)
	}
	if got := sent[underscore]; len(got) != 1 || got[0] != "U" {
		t.Errorf("sent %v", sent)
	}
	other := auth.Keys{User: auth.NewKey("V"), Header: auth.HeaderDash}
	if _, err := client.ConversationListMetaWithResponse(t.Context(), 1, nil, other.Edit); err != nil {
		t.Fatal(err)
	}
	if names := auth.HeaderNames(sent); len(names) != 1 || sent[auth.HeaderDash][0] != "V" {
		t.Errorf("with another key for one call: sent %v", sent)
	}
	sent = nil
	bot := auth.Keys{AgentBot: auth.NewKey("B")}
	client, err = cfchat.NewClientWithResponses("https://chat.test",
		cfchat.WithRequestEditorFn(bot.Edit), cfchat.WithHTTPClient(record))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.ConversationListMetaWithResponse(t.Context(), 1, nil); !errors.Is(err, auth.ErrNoKey) || sent != nil {
		t.Errorf("without a suitable key: %v, sent %v", err, sent)
	}
}
