package cfchattest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestCallbacks checks that a test's functions are called before a call is carried out, and after it but before its caller
// is answered.
func TestCallbacks(t *testing.T) {
	srv := cfchattest.New(t)
	id := srv.AddConversation(cfchattest.Conversation{})
	var seen []string
	see := func(name string) func(cfchattest.Request) {
		return func(r cfchattest.Request) {
			now, _ := srv.Conversation(id)
			seen = append(seen, fmt.Sprintf("%s %s %s %d: %s", name, r.Operation, r.Body, r.Status, now.Status))
		}
	}
	srv.Before("toggle_status_of_a_conversation", see("before"))
	srv.Before(cfchat.OperationConversationList, see("never"))
	srv.After(cfchat.OperationToggleStatusOfAConversation, see("after"))
	srv.After("", see("any"))
	if _, err := srv.Account(t).Conversations.SetStatus(t.Context(), id, cfchat.StatusResolved); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`before toggleStatusOfAConversation {"status":"resolved"} 0: open`,
		`after toggleStatusOfAConversation {"status":"resolved"} 200: resolved`,
		`any toggleStatusOfAConversation {"status":"resolved"} 200: resolved`,
	}
	if !slices.Equal(seen, want) {
		t.Errorf("%q, want %q", seen, want)
	}
}

// TestFailureByWhatIsAsked lets a callback decide whether the current call fails.
func TestFailureByWhatIsAsked(t *testing.T) {
	srv := cfchattest.New(t)
	id := srv.AddConversation(cfchattest.Conversation{})
	srv.Before(cfchat.OperationCreateANewMessageInAConversation, func(r cfchattest.Request) {
		if strings.Contains(r.Body, "refund") {
			srv.FailNext(r.Operation, cfchattest.Failure{Cut: true})
		}
	})
	for content, unknown := range map[string]bool{"hello": false, "a refund": true} {
		_, err := srv.Account(t).Messages.Send(t.Context(), id, cfchat.MessageCreate{Content: content})
		if errors.Is(err, cfchat.ErrUnknownOutcome) != unknown {
			t.Errorf("%s: %v", content, err)
		}
	}
}

// TestCallbackThatCalls checks that a callback can use a client of the server within a call.
func TestCallbackThatCalls(t *testing.T) {
	srv := cfchattest.New(t)
	id := srv.AddConversation(cfchattest.Conversation{})
	acct := srv.Account(t)
	srv.After(cfchat.OperationGetDetailsOfAConversation, func(cfchattest.Request) {
		if _, err := acct.Conversations.SetStatus(t.Context(), id, cfchat.StatusResolved); err != nil {
			t.Error(err)
		}
	})
	got, err := acct.Conversations.Get(t.Context(), id)
	if now, _ := srv.Conversation(id); err != nil || got.Status != cfchat.StatusOpen || now.Status != cfchat.StatusResolved {
		t.Errorf("read as %s, is %s: %v", got.Status, now.Status, err)
	}
}
