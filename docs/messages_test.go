package docs_test

import (
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestOneMessage checks what messages.md says of a window of one id: it has that message alone, or is empty if the
// conversation has no such message.
func TestOneMessage(t *testing.T) {
	for _, version := range []string{"2.16.0", "4.7.0", "4.16.2"} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		conversation, other := srv.AddConversation(cfchattest.Conversation{}), srv.AddConversation(cfchattest.Conversation{})
		ids := []int64{srv.AddMessage(conversation, cfchattest.Message{}), srv.AddMessage(conversation, cfchattest.Message{})}
		elsewhere := srv.AddMessage(other, cfchattest.Message{})
		ids = append(ids, srv.AddMessage(conversation, cfchattest.Message{}))
		messages := srv.Account(t).Messages
		for _, id := range append(ids, elsewhere, 99) {
			page, err := messages.List(t.Context(), conversation, cfchat.MessageListOptions{After: id, Before: id + 1})
			if err != nil {
				t.Fatalf("%s: %d: %v", version, id, err)
			}
			found := len(page.Payload) == 1 && page.Payload[0].ID == id
			if missing := id == elsewhere || id == 99; missing && len(page.Payload) != 0 || !missing && !found {
				t.Errorf("%s: %d: %+v", version, id, page.Payload)
			}
		}
	}
}
