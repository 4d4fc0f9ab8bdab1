package cfchat_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestAnswerOfAnother checks that an answer about another conversation, or with a body where none belongs, is an ErrDecode.
func TestAnswerOfAnother(t *testing.T) {
	t.Parallel()
	of := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(200, "application/json", trial.GoodConversation), nil
	})).Account(7).Conversations
	for what, err := range map[string]error{
		"seen": trial.Second(of.MarkSeen(t.Context(), 43)), "unread": trial.Second(of.MarkUnread(t.Context(), 43)), "mute": of.Mute(t.Context(), 42),
	} {
		if !errors.Is(err, cfchat.ErrDecode) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestRefusedTranscripts checks that no transcript is sent unless the recipient is a single valid address.
func TestRefusedTranscripts(t *testing.T) {
	t.Parallel()
	server := cfchattest.New(t)
	of, id := server.Account(t).Conversations, server.AddConversation(cfchattest.Conversation{})
	for _, email := range []string{
		"", " ", "jo", "jo@", "@customer.test", "jo@customer.test ", "jo@customer.test,mia@customer.test", "jo@customer.test,mia", "jo;mia@customer.test",
		"Jo <jo@customer.test>", "jo@customer.test\nBcc: mia", "jo@a@b", "jo@customer.test\x00", "jo\x01@customer.test", "jo@.test", "jo@customer..test", "jo\u00a0@customer.test", "jo@customer\u202e.test", "\ufeffjo@customer.test", "jo..a@customer.test", "\xff@customer.test", `"jo"@customer.test`,
	} {
		err := of.SendTranscript(t.Context(), id, email)
		if failed, _ := errors.AsType[*cfchat.Error](err); !errors.Is(err, cfchat.ErrInvalidInput) || failed.Fields[0].Field != "email" {
			t.Errorf("%q: %v", email, err)
		}
	}
	if sent := server.Transcripts(id); len(sent) > 0 {
		t.Errorf("sent to %q, want no transcript", sent)
	}
	if err := of.SendTranscript(t.Context(), 0, "jo@customer.test"); !errors.Is(err, cfchat.ErrInvalidInput) {
		t.Errorf("id 0: %v", err)
	}
	if err := of.SendTranscript(t.Context(), id, "ünï+1@customer.test"); err != nil {
		t.Error(err)
	}
}

// TestTranscriptLimit requests one more transcript than the server allows in an hour, and checks that the call retries for
// minutes, not for an hour.
func TestTranscriptLimit(t *testing.T) {
	t.Parallel()
	for name, over := range map[string]http.RoundTripper{
		"of the server": nil,
		"of the cloud": trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(http.StatusTooManyRequests, "application/json", ""), nil
		}),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := cfchattest.New(t, cfchattest.Version("4.7.0"), cfchattest.RateLimits)
				id := server.AddConversation(cfchattest.Conversation{})
				of := server.Account(t, func(c *cfchat.Config) {
					if over != nil {
						c.HTTPClient.Transport = over
					}
				}).Conversations
				if over == nil {
					for range 20 {
						if err := of.SendTranscript(t.Context(), id, "jo@customer.test"); err != nil {
							t.Fatal(err)
						}
					}
				}
				begun := time.Now()
				err := of.SendTranscript(t.Context(), id, "jo@customer.test")
				if took := time.Since(begun); !errors.Is(err, cfchat.ErrRateLimited) || errors.Is(err, cfchat.ErrUnknownOutcome) || took > 3*time.Minute {
					t.Errorf("after %s: %v", took, err)
				}
				ahead := time.Until(time.Now().Truncate(time.Hour).Add(time.Hour))
				_, says, _ := strings.Cut(err.Error(), "the next hour begins in ")
				if got, err := time.ParseDuration(says); err != nil || (got-ahead).Abs() > 2*time.Second { // the server's clock has whole seconds
					t.Errorf("the error states %q, want %s", says, ahead)
				}
			})
		})
	}
}

// TestMuteByVersion has a contact write to a muted conversation and start another one.
func TestMuteByVersion(t *testing.T) {
	t.Parallel()
	for version, blocks := range map[string]bool{"2.16.0": false, "3.6.0": false, "3.7.0": true, "4.16.2": true} {
		now := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
		server := cfchattest.New(t, cfchattest.Version(version), cfchattest.Clock(func() time.Time { return now }))
		of, who := server.Account(t).Conversations, server.AddContact(cfchattest.Contact{})
		id, sister := server.AddConversation(cfchattest.Conversation{Contact: who}), server.AddConversation(cfchattest.Conversation{Contact: who})
		if err := of.Mute(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		server.AddMessage(id, cfchattest.Message{})
		if muted, _ := server.Conversation(id); !muted.Muted || muted.Status != cfchat.StatusResolved {
			t.Errorf("%s: muted %t, %s", version, muted.Muted, muted.Status)
		}
		if other, _ := server.Conversation(sister); other.Muted != blocks || other.Status != cfchat.StatusOpen {
			t.Errorf("%s: the other conversation: muted %t, %s", version, other.Muted, other.Status)
		}
		made, err := of.Create(t.Context(), cfchat.ConversationCreate{InboxID: 1, ContactID: who})
		if err != nil || (made.Status == cfchat.StatusResolved) != blocks {
			t.Errorf("%s: a new conversation: %+v, %v", version, made, err)
		}
		now = now.Add(6*time.Hour + time.Minute)
		server.AddMessage(id, cfchattest.Message{})
		if later, _ := server.Conversation(id); later.Muted != blocks || (later.Status == cfchat.StatusResolved) != blocks {
			t.Errorf("%s: six hours later: muted %t, %s", version, later.Muted, later.Status)
		}
	}
}

// TestTyping checks that on or off is sent, and private only if set.
func TestTyping(t *testing.T) {
	t.Parallel()
	server := cfchattest.New(t)
	of, id := server.Account(t).Conversations, server.AddConversation(cfchattest.Conversation{})
	for typing, want := range map[cfchat.Typing]string{
		{}: `{"typing_status":"off"}`, {On: true}: `{"typing_status":"on"}`, {On: true, Private: true}: `{"is_private":true,"typing_status":"on"}`,
	} {
		err := of.SetTyping(t.Context(), id, typing)
		if all := server.Requests(); err != nil || all[len(all)-1].Body != want {
			t.Errorf("%+v: sent %s, %v", typing, all[len(all)-1].Body, err)
		}
	}
}
