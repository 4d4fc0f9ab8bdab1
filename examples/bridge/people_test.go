package main

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestKnownByEmail checks that a source id is added to the contact with the e-mail address, and that users with the same id
// in different inboxes stay separate.
func TestKnownByEmail(t *testing.T) {
	server := cfchattest.New(t)
	shop, forum := server.AddInbox(cfchattest.Inbox{}), server.AddInbox(cfchattest.Inbox{})
	jo := server.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@customer.test"})
	queue := filepath.Join(t.TempDir(), "queue")
	for _, e := range []entry{
		{ID: "a", person: person{shop, "7", "", "jo@customer.test"}, Content: "hi"},
		{ID: "b", person: person{forum, "7", "Noah", ""}, Content: "hi", From: fromContact},
		{ID: "c", person: person{shop, "7", "", ""}, Content: "ho"},
		{ID: "d", person: person{forum, "7", "", "jo@customer.test"}, Content: "ho"}, // the source id takes precedence
	} {
		enqueue(t, queue, e)
	}
	var out strings.Builder
	if err := newBridgeOn(t, server, queue, &out).work(t.Context()); err != nil {
		t.Fatal(err, &out)
	}
	want := "a: sent as message 1 of conversation 1\nb: sent as message 2 of conversation 2, from Noah\n" +
		"c: sent as message 3 of conversation 1\nd: sent as message 4 of conversation 2\nForwarded: 4 of 4\n"
	if out.String() != want {
		t.Errorf("%s", &out)
	}
	contacts := server.Account(t).Contacts
	for inbox, want := range map[int64]int64{shop: jo, forum: jo + 1} {
		if owner, err := contacts.FindBySourceID(t.Context(), inbox, "7"); err != nil || owner.ID != want {
			t.Errorf("inbox %d: %+v, %v", inbox, owner, err)
		}
	}
}

// TestResolved checks that a message is found in the conversation that it was sent to, although that was resolved before the
// restart, so that a new message would open another one.
func TestResolved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cfchattest.New(t)
		queue := filepath.Join(t.TempDir(), "queue")
		enqueue(t, queue, entry{ID: "a", person: person{server.AddInbox(cfchattest.Inbox{}), "7", "Jo", ""}, Content: "hi"})
		var out strings.Builder
		if err := newBridgeOn(t, server, queue, &out).work(t.Context()); err != nil {
			t.Fatal(err)
		}
		server.SetStatus(1, cfchat.StatusResolved)
		begun := bytes.SplitAfter(read(t, queue+".notes"), []byte("\n"))[:2] // as if it were killed before the third
		write(t, queue+".notes", string(bytes.Join(begun, nil)))
		if err := newBridgeOn(t, server, queue, &out).work(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := "a: already there as message 1 of conversation 1\nForwarded: 1 of 1\n"
		if n := len(server.Conversations()); n != 1 || !strings.HasSuffix(out.String(), want) {
			t.Errorf("%d conversations, %s", n, &out)
		}
	})
}

// TestLostOpening checks that the bridge waits before it retries opening a conversation, because the server may still be
// opening it.
func TestLostOpening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cfchattest.New(t)
		queue := filepath.Join(t.TempDir(), "queue")
		enqueue(t, queue, entry{ID: "a", person: person{server.AddInbox(cfchattest.Inbox{}), "7", "Jo", ""}, Content: "hi"})
		server.FailNext(cfchat.OperationNewConversation, cfchattest.Failure{Status: 504})
		var out strings.Builder
		began := time.Now()
		if err := newBridgeOn(t, server, queue, &out).work(t.Context()); err != nil || time.Since(began) < time.Minute {
			t.Errorf("%v after %v: %s", err, time.Since(began), &out)
		}
		if !strings.Contains(out.String(), "waiting 50s") || len(server.Conversations()) != 1 {
			t.Errorf("%d conversations, %s", len(server.Conversations()), &out)
		}
	})
}

// TestNotForPeople checks that a message that the server or the inbox does not support is refused before anything is sent or
// created.
func TestNotForPeople(t *testing.T) {
	for _, c := range []struct {
		version string
		channel cfchat.Channel
		inbox   int64 // 0 for the one with the channel
		want    string
	}{
		{"2.16.0", cfchat.ChannelAPI, 0, "servers before 3.4.0 keep no mark"},
		{"3.3.1", cfchat.ChannelAPI, 0, "the server is 3.3.1"},
		{"4.16.2", cfchat.ChannelEmail, 0, "is Channel::Email; only API inboxes"},
		{"4.16.2", cfchat.ChannelWebWidget, 0, "is Channel::WebWidget; only API inboxes"},
		{"4.16.2", cfchat.ChannelAPI, 99, "404"},
	} {
		server := cfchattest.New(t, cfchattest.Version(c.version))
		added := server.AddInbox(cfchattest.Inbox{Channel: c.channel})
		queue := filepath.Join(t.TempDir(), "queue")
		e := entry{ID: "a", person: person{Inbox: added, SourceID: "7"}, Content: "hi"}
		if c.inbox != 0 {
			e.Inbox = c.inbox
		}
		enqueue(t, queue, e)
		var out strings.Builder
		err := newBridgeOn(t, server, queue, &out).work(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "a: ") {
			t.Errorf("%s: %v, want %s", c.version, err, c.want)
		}
		for _, request := range server.Requests() {
			if request.Method != "GET" {
				t.Errorf("%s: %s %s", c.version, request.Method, request.Path)
			}
		}
	}
}

// TestFromContactElsewhere checks that the bridge stops at a message from the contact if the inbox does not accept one.
func TestFromContactElsewhere(t *testing.T) {
	server := cfchattest.New(t, cfchattest.Version("4.16.2"))
	inbox := server.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail})
	id := server.AddConversation(cfchattest.Conversation{Inbox: inbox})
	queue := filepath.Join(t.TempDir(), "queue")
	enqueue(t, queue, entry{ID: "a", Conversation: id, From: fromContact, Content: "hi"})
	var out strings.Builder
	err := newBridgeOn(t, server, queue, &out).work(t.Context())
	if !errors.Is(err, cfchat.ErrRejected) || !strings.Contains(err.Error(), "only allowed in Api inboxes") {
		t.Errorf("%v: %s", err, &out)
	}
}
