package main

import (
	"strconv"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestTour checks that the tour uses the stand-in if no account is set, and otherwise that account.
func TestTour(t *testing.T) {
	if out, err := ran(t, nil, "tour"); err != nil || !strings.HasPrefix(out, "A stand-in server in this program") {
		t.Errorf("%v: %s", err, out)
	}
	server := cfchattest.New(t)
	server.AddConversation(cfchattest.Conversation{})
	account := strconv.FormatInt(server.AccountID(), 10)
	env := map[string]string{"CFCHAT_USER_API_KEY": server.AdminKey(), "CFCHAT_SERVER": server.URL()}
	for write, args := range map[bool][]string{
		false: {"tour", "--account", account, "--inbox", "1", "--contact", "1"},
		true:  {"tour", "--account", account, "--inbox", "1", "--contact", "1", "--write"},
	} {
		before := len(server.Conversations())
		out, err := ran(t, env, args...)
		if err != nil || !strings.HasPrefix(out, "Account "+account+" of "+server.URL()+"\n") {
			t.Errorf("%v: %s", err, out)
		}
		if created := len(server.Conversations()) > before; created != write {
			t.Errorf("%q: a conversation was created: %v", args, created)
		}
	}
}
