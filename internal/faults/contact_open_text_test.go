package faults_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// opened returns the error of OpenConversation on the stand-in, with one contact that has no e-mail. If answer is not nil,
// it answers the creation of a conversation.
func opened(inbox func(*cfchattest.Server) int64, answer func(create func()) (*http.Response, error), options cfchat.OpenOptions, opts ...cfchat.CallOption) func(*testing.T) error {
	return func(t *testing.T) error {
		server := cfchattest.New(t)
		contact := server.AddContact(cfchattest.Contact{Name: "Jo"})
		account := server.Account(t, func(c *cfchat.Config) {
			c.HTTPClient = &http.Client{Transport: trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
				if answer == nil || req.Method != http.MethodPost || !strings.HasSuffix(req.URL.Path, "/conversations") {
					return server.Transport().RoundTrip(req)
				}
				return answer(func() {
					if resp, err := server.Transport().RoundTrip(req); err == nil {
						_ = resp.Body.Close()
					}
				})
			})}
		})
		return trial.Second(account.Contacts.OpenConversation(t.Context(), contact, inbox(server), options, opts...))
	}
}

// firstInbox and mailInbox return the inbox to open a conversation in.
func firstInbox(*cfchattest.Server) int64 { return 1 }

func mailInbox(server *cfchattest.Server) int64 {
	return server.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail})
}

// lost and storedAndLost are creations that get no answer.
func lost(func()) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }

func storedAndLost(create func()) (*http.Response, error) {
	create()
	return nil, io.ErrUnexpectedEOF
}

var contactOpenTexts = []errorText{
	{"a conversation opened with an invalid contact", contactOf(func(ctx context.Context, s cfchat.ContactsService) error {
		return trial.Second(s.OpenConversation(ctx, 0, 1, cfchat.OpenOptions{}))
	})},
	{"a conversation opened with WithResponse", opened(firstInbox, nil, cfchat.OpenOptions{}, cfchat.WithResponse(new(cfchat.Response)))},
	{"a conversation opened in an invalid inbox", opened(func(*cfchattest.Server) int64 { return 99 }, nil, cfchat.OpenOptions{})},
	{"a conversation opened without an address", opened(mailInbox, nil, cfchat.OpenOptions{})},
	{"a conversation opened, and lost", opened(firstInbox, lost, cfchat.OpenOptions{})},
	{"a conversation opened with a message, and lost", opened(firstInbox, storedAndLost, cfchat.OpenOptions{Message: cfchat.FirstMessage{Content: "hi"}})},
	{"a conversation opened with another contact's answer", opened(firstInbox, func(func()) (*http.Response, error) {
		return trial.Reply(200, "application/json", trial.GoodConversation), nil
	}, cfchat.OpenOptions{})},
	{"a conversation opened without a source id in the inbox", opened(func(server *cfchattest.Server) int64 {
		return server.AddInbox(cfchattest.Inbox{Channel: "Channel::TwitterProfile"})
	}, nil, cfchat.OpenOptions{})},
	{"a conversation opened that the key may not read", opened(firstInbox, func(func()) (*http.Response, error) {
		return trial.Reply(200, "application/json", strings.Replace(trial.GoodConversation, `{"id":42,`,
			`{"id":42,"inbox_id":1,"meta":{"sender":{"id":1}},`, 1)), nil
	}, cfchat.OpenOptions{})},
	{"a message to the one conversation of an inbox, and lost", func(t *testing.T) error {
		server := cfchattest.New(t)
		inbox := server.AddInbox(cfchattest.Inbox{Locked: true})
		contact := server.AddContact(cfchattest.Contact{Name: "Jo"})
		server.AddConversation(cfchattest.Conversation{Inbox: inbox, Contact: contact, Status: cfchat.StatusResolved})
		server.FailNext(cfchat.OperationNewConversation, cfchattest.Failure{Cut: true})
		options := cfchat.OpenOptions{Message: cfchat.FirstMessage{Content: "hi"}}
		return trial.Second(server.Account(t).Contacts.OpenConversation(t.Context(), contact, inbox, options))
	}},
	{"a conversation opened until the context ends", func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		server := cfchattest.New(t)
		contact := server.AddContact(cfchattest.Contact{Name: "Jo"})
		account := server.Account(t, func(c *cfchat.Config) {
			c.HTTPClient = &http.Client{Transport: trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
				if req.Method == http.MethodPost {
					cancel()
					return nil, ctx.Err()
				}
				return server.Transport().RoundTrip(req)
			})}
		})
		return trial.Second(account.Contacts.OpenConversation(ctx, contact, 1, cfchat.OpenOptions{}))
	}},
	{"a conversation opened that cannot be looked for", func(t *testing.T) error {
		server := cfchattest.New(t)
		contact := server.AddContact(cfchattest.Contact{Name: "Jo"})
		account := server.Account(t, func(c *cfchat.Config) {
			c.HTTPClient = &http.Client{Transport: trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
				if req.Method == http.MethodPost {
					server.FailNext(cfchat.OperationContactConversations, cfchattest.Failure{Status: 401})
					return nil, io.ErrUnexpectedEOF
				}
				return server.Transport().RoundTrip(req)
			})}
		})
		return trial.Second(account.Contacts.OpenConversation(t.Context(), contact, 1, cfchat.OpenOptions{}))
	}},
}
