package cfchattest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestContactListsRefuse sends each list of contacts the parameters that it answers with 500: an order or a page that is a
// list, and a page number beyond the database's range (contract, W2 and 6). The same values as text are answered with a
// page.
func TestContactListsRefuse(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.16.0", "4.7.0", "4.16.2"} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		srv.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@example.com"})
		const rules = `{"payload":[{"attribute_key":"name","filter_operator":"equal_to","values":["Jo"],"query_operator":null}]}`
		for _, of := range []struct{ method, path, body string }{
			{"GET", "?", ""}, {"GET", "/search?q=jo&", ""}, {"POST", "/filter?", rules},
		} {
			for query, want := range map[string]int{
				"sort[]=name": 500, "page[]=1": 500, "page=9223372036854775807": 500,
				"sort=name": 200, "sort=-name,email": 200, "sort=nothing": 200, "page=1": 200, "page=100": 200,
			} {
				if status, body := call(t, srv, srv.AgentKey(), of.method, contacts+of.path+query, of.body); status != want {
					t.Errorf("%s: %s%s: %d %s, want %d", version, of.path, query, status, body, want)
				}
			}
		}
	}
}

// TestContactsCountConversations checks that lists up to 3.0.0, and no other answers, count each contact's conversations
// (contract, W2).
func TestContactsCountConversations(t *testing.T) {
	t.Parallel()
	const rules = `{"payload":[{"attribute_key":"name","filter_operator":"equal_to","values":["Jo"],"query_operator":null}]}`
	for version, counted := range map[string]bool{"2.16.0": true, "3.0.0": true, "3.1.0": false, "4.16.2": false} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		jo := srv.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@example.com"})
		srv.AddConversation(cfchattest.Conversation{Contact: jo})
		srv.AddConversation(cfchattest.Conversation{Contact: jo, Status: cfchat.StatusResolved})
		srv.AddConversation(cfchattest.Conversation{})
		for _, of := range []struct{ method, path, body string }{{"GET", "", ""}, {"GET", "/search?q=jo", ""}, {"POST", "/filter", rules}} {
			_, body := call(t, srv, srv.AgentKey(), of.method, contacts+of.path, of.body)
			counts := picked(decode(body), "conversations_count")
			if len(counts) != 1 || counted && fmt.Sprint(counts[0]) != "2" || !counted && counts[0] != nil {
				t.Errorf("%s: %s counts %v", version, of.path, counts)
			}
		}
		if _, body := call(t, srv, srv.AgentKey(), "GET", fmt.Sprintf("%s/%d", contacts, jo), ""); strings.Contains(body, "conversations_count") {
			t.Errorf("%s: %s", version, body)
		}
	}
}
