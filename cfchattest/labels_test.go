package cfchattest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestLabels sets labels in each recorded way, and in those that only the contract describes (W3.1), before and after 3.4.0.
func TestLabels(t *testing.T) {
	for _, c := range []struct{ body, answer, old, later, contact string }{
		{`{"labels":["a","A"," b ",""]}`, `["a","b"]`, `["a","b"]`, `["a","b"]`, `["a","b"]`},
		{`{"labels":["VIP"]}`, `["VIP"]`, `["vip"]`, `["VIP"]`, `["vip"]`},
		{`{"labels":["a,b"]}`, `["a","b"]`, `["a","b"]`, `["a","b"]`, `["a","b"]`},
		{`{"labels":["\"a, b\""]}`, `["a, b"]`, `["a, b"]`, `["a","b"]`, `["a, b"]`},
		{`{"labels":[1,true,null]}`, `["1","true"]`, `["1","true"]`, `["1","true"]`, `["1","true"]`},
		{`{"labels":["a",{}]}`, `[]`, `[]`, `[]`, `[]`},
		{`{"labels":["a",["b"]]}`, `[]`, `[]`, `[]`, `[]`},
		{`{"labels":"a"}`, `[]`, `[]`, `[]`, `[]`},
		{`{}`, `[]`, `[]`, `[]`, `[]`},
	} {
		for version, want := range map[string]string{"3.3.1": c.old, "3.4.0": c.later} {
			srv := cfchattest.New(t, cfchattest.Version(version))
			id := srv.AddConversation(cfchattest.Conversation{Labels: []string{"vip"}})
			who := srv.AddContact(cfchattest.Contact{})
			for path, want := range map[string]string{
				fmt.Sprintf("%s/%d/labels", conversations, id):                              want,
				fmt.Sprintf("/api/v1/accounts/%d/contacts/%d/labels", srv.AccountID(), who): c.contact,
			} {
				_, answer := call(t, srv, srv.AdminKey(), "POST", path, c.body)
				_, read := call(t, srv, srv.AdminKey(), "GET", path, "")
				if answer != `{"payload":`+c.answer+`}` || read != `{"payload":`+want+`}` {
					t.Errorf("%s, %s: answers %s, then %s, want %s", version, c.body, answer, read, want)
				}
			}
		}
	}
}

// TestLabelsAreNoted checks that a change is noted with the labels added and removed, and that setting the same labels is
// not noted (contract, W3.1).
func TestLabelsAreNoted(t *testing.T) {
	srv := cfchattest.New(t, cfchattest.Version("4.16.2"))
	id := srv.AddConversation(cfchattest.Conversation{Labels: []string{"vip"}})
	path := fmt.Sprintf("%s/%d/labels", conversations, id)
	before, _ := srv.Conversation(id)
	if _, err := srv.Account(t).Conversations.SetLabels(t.Context(), id, []string{"vip"}); err != nil {
		t.Fatal(err)
	}
	if same, _ := srv.Conversation(id); !same.UpdatedAt.Equal(before.UpdatedAt.Time) {
		t.Errorf("the same set moves updated_at to %s", same.UpdatedAt)
	}
	if status, answer := call(t, srv, srv.AdminKey(), "POST", path, `{"labels":["`+strings.Repeat("x", 256)+`"]}`); status != 422 ||
		answer != `{"message":"Tag must exist, Tag can't be blank","attributes":["tag","tag_id"]}` {
		t.Errorf("a label that is too long: %d %s", status, answer)
	}
	call(t, srv, srv.BotKey(), "POST", path, `{"labels":["a","b"]}`)
	var noted []string
	for m, err := range srv.Account(t).Messages.Scan(t.Context(), id, cfchat.MessageScanOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		_, what, _ := strings.Cut(m.GetContent(), " ")
		noted = append(noted, what)
	}
	if got := strings.Join(noted, "|"); !strings.Contains(got, "added a, b") || !strings.Contains(got, "removed ") || len(noted) != 2 {
		t.Errorf("got the notes %q", noted)
	}
	if after, _ := srv.Conversation(id); !after.UpdatedAt.After(before.UpdatedAt.Time) {
		t.Errorf("updated_at stays %s", after.UpdatedAt)
	}
}
