package cfchat_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// contactIn adds a contact and an inbox to a stand-in.
func contactIn(srv *cfchattest.Server, in cfchattest.Inbox) (contact, inbox int64) {
	return srv.AddContact(cfchattest.Contact{Email: "mia@customer.test"}), srv.AddInbox(in)
}

// TestOpenConversation checks that one conversation with one source id is created and returned again until it is resolved.
func TestOpenConversation(t *testing.T) {
	for _, version := range []string{"2.16.0", "3.7.0", "4.0.1", "4.7.0", "4.16.2"} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		account := srv.Account(t)
		contact, inbox := contactIn(srv, cfchattest.Inbox{})
		other := srv.AddConversation(cfchattest.Conversation{})
		text := "Hi {{contact.email}}"
		options := cfchat.OpenOptions{Message: cfchat.FirstMessage{Content: text}, Reopen: true}
		first, err := account.Contacts.OpenConversation(t.Context(), contact, inbox, options)
		if err != nil || !first.Created || !first.Sent || first.Reopened || first.Blocked || len(first.Others) > 0 || first.Conversation.InboxID != inbox {
			t.Fatalf("%s: %+v, %v", version, first, err)
		}
		again, err := account.Contacts.OpenConversation(t.Context(), contact, inbox, options)
		if err != nil || again.Conversation.ID != first.Conversation.ID || again.Created || again.Sent || again.Reopened {
			t.Errorf("%s: again: %+v, %v", version, again, err)
		}
		if got := textsOf(t, srv, first.Conversation.ID); !slices.Equal(got, []string{text}) {
			t.Errorf("%s: %q", version, got)
		}
		srv.SetStatus(first.Conversation.ID, cfchat.StatusResolved)
		second, err := account.Contacts.OpenConversation(t.Context(), contact, inbox, cfchat.OpenOptions{})
		if err != nil || !second.Created || second.Sent || second.Conversation.ID == first.Conversation.ID {
			t.Errorf("%s: after the first was resolved: %+v, %v", version, second, err)
		}
		srv.SetStatus(first.Conversation.ID, cfchat.StatusPending)
		third, err := account.Contacts.OpenConversation(t.Context(), contact, inbox, cfchat.OpenOptions{})
		if err != nil || third.Conversation.ID != second.Conversation.ID || !slices.Equal(third.Others, []int64{first.Conversation.ID}) {
			t.Errorf("%s: with two unresolved conversations: %+v, %v", version, third, err)
		}
		if got, err := account.Contacts.Get(t.Context(), contact); err != nil || len(got.ContactInboxes) != 1 {
			t.Errorf("%s: %d source ids, want 1: %v", version, len(got.ContactInboxes), err)
		}
		if n := len(srv.Conversations()); n != 3 || first.Conversation.ID == other {
			t.Errorf("%s: %d conversations", version, n)
		}
	}
}

// TestOpenConversationLocked checks that the single conversation in a locked inbox is returned, and reopened on request.
func TestOpenConversationLocked(t *testing.T) {
	for _, version := range []string{"2.16.0", "4.16.2"} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		contacts := srv.Account(t).Contacts
		contact, inbox := contactIn(srv, cfchattest.Inbox{Locked: true})
		first, err := contacts.OpenConversation(t.Context(), contact, inbox, cfchat.OpenOptions{})
		if err != nil || !first.Created {
			t.Fatal(err)
		}
		id := first.Conversation.ID
		srv.SetStatus(id, cfchat.StatusResolved)
		got, err := contacts.OpenConversation(t.Context(), contact, inbox, cfchat.OpenOptions{Message: cfchat.FirstMessage{Content: "hi"}})
		if err != nil || got.Created || got.Reopened || !got.Sent || got.Conversation.ID != id || got.Conversation.Status != cfchat.StatusResolved {
			t.Errorf("%s: %+v, %v", version, got, err)
		}
		got, err = contacts.OpenConversation(t.Context(), contact, inbox, cfchat.OpenOptions{Reopen: true})
		if err != nil || got.Created || !got.Reopened || got.Conversation.ID != id || got.Conversation.Status != cfchat.StatusOpen {
			t.Errorf("%s: reopened: %+v, %v", version, got, err)
		}
	}
}

// TestOpenConversationBlocked checks that one conversation is created for a blocked contact, however many calls there are.
func TestOpenConversationBlocked(t *testing.T) {
	for version, counts := range map[string]bool{"2.16.0": false, "3.7.0": true, "4.0.1": true, "4.0.1 hidden": true, "4.16.2": true} {
		version, hidden := strings.CutSuffix(version, " hidden")
		srv := cfchattest.New(t, cfchattest.Version(version))
		contacts := srv.Account(t).Contacts
		if hidden {
			srv.FailEvery(cfchat.OperationServerInformation, 1, cfchattest.Failure{Status: http.StatusNotFound})
		}
		inbox, contact := srv.AddInbox(cfchattest.Inbox{}), srv.AddContact(cfchattest.Contact{Blocked: counts})
		for i := range 3 {
			got, err := contacts.OpenConversation(t.Context(), contact, inbox, cfchat.OpenOptions{})
			if err != nil || got.Blocked != counts || got.Created != (i == 0) || (got.Conversation.Status == cfchat.StatusResolved) != counts {
				t.Errorf("%s: %d: %+v, %v", version, i, got, err)
			}
		}
		if n := len(srv.Conversations()); n != 1 {
			t.Errorf("%s: %d conversations", version, n)
		}
	}
}

// TestOpenConversationOfMany checks that the unresolved conversation is found among more than fit in a contact's list.
func TestOpenConversationOfMany(t *testing.T) {
	for _, version := range []string{"2.16.0", "3.8.0", "4.7.0", "4.16.2"} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		contact := srv.AddContact(cfchattest.Contact{Email: "mia@customer.test"})
		for i := range 45 {
			status := cfchat.StatusResolved
			if i == 3 || i == 22 {
				status = cfchat.StatusSnoozed
			}
			srv.AddConversation(cfchattest.Conversation{Contact: contact, Status: status})
		}
		got, err := srv.Account(t).Contacts.OpenConversation(t.Context(), contact, 1, cfchat.OpenOptions{})
		if err != nil || got.Created || got.Conversation.ID != 23 || !slices.Equal(got.Others, []int64{4}) {
			t.Errorf("%s: %+v, %v", version, got, err)
		}
	}
}

// TestOpenConversationLost checks that a conversation is found if the response to its create was lost, and that the error
// states what is unknown.
func TestOpenConversationLost(t *testing.T) {
	for _, c := range []struct{ stored, message bool }{{true, false}, {true, true}, {false, false}} {
		srv := cfchattest.New(t)
		contact, inbox := contactIn(srv, cfchattest.Inbox{})
		lost := true
		contacts := srv.Account(t, func(config *cfchat.Config) {
			config.HTTPClient = &http.Client{Transport: trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
				isCreate := req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/conversations")
				if isCreate && lost && !c.stored {
					return nil, io.ErrUnexpectedEOF
				}
				resp, err := srv.Transport().RoundTrip(req)
				if isCreate && lost {
					return nil, io.ErrUnexpectedEOF
				}
				return resp, err
			})}
		}).Contacts
		var options cfchat.OpenOptions
		if c.message {
			options.Message.Content = "hi"
		}
		got, err := contacts.OpenConversation(t.Context(), contact, inbox, options)
		switch {
		case c.stored && !c.message && (err != nil || !got.Created):
			t.Errorf("%+v: %+v, %v", c, got, err)
		case c.stored && c.message && (!errors.Is(err, cfchat.ErrUnknownOutcome) || got == nil || got.Created || got.Sent):
			t.Errorf("%+v: %+v, %v", c, got, err)
		case !c.stored && (!errors.Is(err, cfchat.ErrUnknownOutcome) || got != nil):
			t.Errorf("%+v: %+v, %v", c, got, err)
		}
		lost = false
		if got, err := contacts.OpenConversation(t.Context(), contact, inbox, options); err != nil || got.Created == c.stored {
			t.Errorf("%+v: again: %+v, %v", c, got, err)
		}
		if n := len(srv.Conversations()); n != 1 {
			t.Errorf("%+v: %d conversations", c, n)
		}
	}
}

// TestOpenConversationConcurrently checks that concurrent calls of one Chat create one conversation, and that those of
// several Chats report each other's.
func TestOpenConversationConcurrently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := cfchattest.New(t)
		contact, inbox := contactIn(srv, cfchattest.Inbox{})
		slow := func(c *cfchat.Config) {
			c.HTTPClient = &http.Client{Transport: trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
				time.Sleep(time.Second)
				return srv.Transport().RoundTrip(req)
			})}
		}
		for _, chats := range []int{1, 2} {
			var all sync.WaitGroup
			var mu sync.Mutex
			found, others := map[int64]bool{}, map[int64]bool{}
			account := srv.Account(t, slow)
			for range 4 {
				if chats == 2 {
					account = srv.Account(t, slow)
				}
				contacts := account.Contacts
				all.Go(func() {
					got, err := contacts.OpenConversation(t.Context(), contact, inbox, cfchat.OpenOptions{})
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					defer mu.Unlock()
					found[got.Conversation.ID] = true
					for _, id := range got.Others {
						others[id] = true
					}
				})
			}
			all.Wait()
			for id := range found {
				if others[id] != (chats == 2) {
					t.Errorf("case %d: found %v, others %v", chats, found, others)
				}
				srv.SetStatus(id, cfchat.StatusResolved)
			}
			if chats == 1 && len(found) != 1 || chats == 2 && len(found) != 4 {
				t.Errorf("case %d: found %v", chats, found)
			}
		}
	})
}

// TestOpenConversationEnds checks that the call reports what was done, at whatever request the context ends.
func TestOpenConversationEnds(t *testing.T) {
	for ends := 1; ends <= 5; ends++ {
		srv := cfchattest.New(t)
		contact, inbox := contactIn(srv, cfchattest.Inbox{})
		ctx, cancel := context.WithCancel(t.Context())
		requests := 0
		contacts := srv.Account(t, func(c *cfchat.Config) {
			c.ServerVersion = "4.16.2"
			c.HTTPClient = &http.Client{Transport: trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
				resp, err := srv.Transport().RoundTrip(req)
				if requests++; requests == ends {
					cancel()
					return nil, ctx.Err()
				}
				return resp, err
			})}
		}).Contacts
		got, err := contacts.OpenConversation(ctx, contact, inbox, cfchat.OpenOptions{})
		cancel()
		switch {
		case ends == 5: // there are only four requests
			if err != nil || requests != 4 {
				t.Errorf("%d requests: %v", requests, err)
			}
		case !errors.Is(err, context.Canceled), (got != nil) != (ends == 4), ends == 3 && !errors.Is(err, cfchat.ErrUnknownOutcome):
			t.Errorf("at request %d: %+v, %v", ends, got, err)
		}
	}
}

// TestOpenConversationRefuses checks that invalid input is refused before anything is sent, and that nothing is created for
// a contact or in an inbox that cannot have a conversation.
func TestOpenConversationRefuses(t *testing.T) {
	srv := cfchattest.New(t)
	contacts := srv.Account(t).Contacts
	var response cfchat.Response
	for want, call := range map[string]func() (*cfchat.Opened, error){
		"contactID": func() (*cfchat.Opened, error) {
			return contacts.OpenConversation(t.Context(), 0, 1, cfchat.OpenOptions{})
		},
		"inboxID": func() (*cfchat.Opened, error) {
			return contacts.OpenConversation(t.Context(), 1, -1, cfchat.OpenOptions{})
		},
		"Message.MessageType": func() (*cfchat.Opened, error) {
			return contacts.OpenConversation(t.Context(), 1, 1, cfchat.OpenOptions{Message: cfchat.FirstMessage{Content: "a", MessageType: cfchat.MessageKindActivity}})
		},
		"WithResponse": func() (*cfchat.Opened, error) {
			return contacts.OpenConversation(t.Context(), 1, 1, cfchat.OpenOptions{}, cfchat.WithResponse(&response))
		},
		"account": func() (*cfchat.Opened, error) {
			return cfchat.ContactsService{}.OpenConversation(t.Context(), 1, 1, cfchat.OpenOptions{})
		},
	} {
		_, err := call()
		e, ok := errors.AsType[*cfchat.Error](err)
		if !ok || !errors.Is(err, cfchat.ErrInvalidInput) || len(e.Fields) != 1 || e.Fields[0].Field != want {
			t.Errorf("%s: %v", want, err)
		}
	}
	if got, err := contacts.OpenConversation(t.Context(), 99, 1, cfchat.OpenOptions{}); !errors.Is(err, cfchat.ErrNotFound) || got != nil {
		t.Errorf("a contact that does not exist: %v", err)
	}
	contact, before := srv.AddContact(cfchattest.Contact{Name: "Jo"}), len(srv.Conversations())
	mail := srv.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail})
	for inbox, want := range map[int64]string{99: "there may be no inbox 99", mail: "Update the contact first"} {
		got, err := contacts.OpenConversation(t.Context(), contact, inbox, cfchat.OpenOptions{})
		if err == nil || !strings.HasSuffix(err.Error(), want) || got != nil || len(srv.Conversations()) != before {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestOpenConversationUnseen checks that nothing is created if the key's user sees no conversations, even if there is a bot's
// key too, and that the error says so if a created conversation cannot be seen.
func TestOpenConversationUnseen(t *testing.T) {
	srv := cfchattest.New(t)
	contact, inbox := contactIn(srv, cfchattest.Inbox{})
	both := srv.Account(t, func(c *cfchat.Config) {
		c.Keys = auth.Keys{User: auth.NewKey(srv.AgentKey()), AgentBot: auth.NewKey(srv.BotKey())}
	}).Contacts
	hides := srv.Account(t, func(c *cfchat.Config) { // like a role that sees only its own conversations
		c.HTTPClient = &http.Client{Transport: trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/conversations") && req.Method == http.MethodGet {
				return trial.Reply(200, "application/json", `{"payload":[]}`), nil
			}
			return srv.Transport().RoundTrip(req)
		})}
	}).Contacts
	if got, err := both.OpenConversation(t.Context(), contact, inbox, cfchat.OpenOptions{}); !errors.Is(err, cfchat.ErrUnauthorized) || got != nil {
		t.Errorf("%+v, %v", got, err)
	}
	got, err := hides.OpenConversation(t.Context(), contact, inbox, cfchat.OpenOptions{})
	if err == nil || got == nil || !got.Created || !strings.Contains(err.Error(), "is not among those") {
		t.Errorf("%+v, %v", got, err)
	}
	if n := len(srv.Conversations()); n != 1 {
		t.Errorf("%d conversations", n)
	}
}

// TestOpenConversationLockedLost checks that the conversation in a locked inbox, which may have the Message, is returned if
// the response was lost.
func TestOpenConversationLockedLost(t *testing.T) {
	srv := cfchattest.New(t)
	contact, inbox := contactIn(srv, cfchattest.Inbox{Locked: true})
	contacts := srv.Account(t).Contacts
	first, err := contacts.OpenConversation(t.Context(), contact, inbox, cfchat.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	srv.SetStatus(first.Conversation.ID, cfchat.StatusResolved)
	srv.FailNext(cfchat.OperationNewConversation, cfchattest.Failure{Cut: true})
	got, err := contacts.OpenConversation(t.Context(), contact, inbox, cfchat.OpenOptions{Message: cfchat.FirstMessage{Content: "hi"}})
	if !errors.Is(err, cfchat.ErrUnknownOutcome) || got == nil || got.Conversation.ID != first.Conversation.ID || got.Sent || got.Created {
		t.Errorf("%+v, %v", got, err)
	}
}
