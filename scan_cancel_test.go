package cfchat_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// cancelBehindControl ends the context just when the answer of a scan's control request is read to its end.
type cancelBehindControl struct {
	http.RoundTripper
	cancel func()
}

func (c cancelBehindControl) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		body, _ := io.ReadAll(r.Body)
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
		if bytes.Contains(body, []byte("2147483647")) {
			resp, err := c.RoundTripper.RoundTrip(r)
			if err == nil {
				data, _ := io.ReadAll(resp.Body)
				resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(data), eofThen(c.cancel)))
			}
			return resp, err
		}
	}
	return c.RoundTripper.RoundTrip(r)
}

// eofThen is an empty body that does something when its end is read.
type eofThen func()

func (f eofThen) Read([]byte) (int, error) { f(); return 0, io.EOF }

// TestScanEndsWhenTheControlSucceedsAndTheContextEnds: it must not wait for the answer that it has taken already.
func TestScanEndsWhenTheControlSucceedsAndTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cfchattest.New(t)
		for i := range 60 {
			contact := server.AddContact(cfchattest.Contact{})
			server.AddConversation(cfchattest.Conversation{Contact: contact})
			if i == 30 {
				server.DeleteContact(contact)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		account := server.Account(t, func(c *cfchat.Config) {
			c.HTTPClient = &http.Client{Transport: cancelBehindControl{server.Transport(), cancel}}
		})
		var last error
		for _, err := range account.Conversations.Scan(ctx, cfchat.Filter{}, cfchat.ConversationScanOptions{}) {
			last = err
		}
		if !errors.Is(last, context.Canceled) {
			t.Errorf("ended with %v", last)
		}
	})
}

// TestScanProgressStaysBehindAfter: who stores LastID must not be thrown back when the newest conversation is older.
func TestScanProgressStaysBehindAfter(t *testing.T) {
	server := cfchattest.New(t)
	for range 5 {
		server.AddConversation(cfchattest.Conversation{})
	}
	options := cfchat.ConversationScanOptions{After: 100, Progress: func(p cfchat.ScanProgress) {
		if p.LastID < 100 || p.End < p.LastID {
			t.Errorf("%+v", p)
		}
	}}
	for _, err := range server.Account(t).Conversations.Scan(t.Context(), cfchat.Filter{}, options) {
		t.Error(err)
	}
}
