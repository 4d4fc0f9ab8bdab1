package cfchat_test

import (
	"errors"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// spoken creates a conversation for a new contact, with a message from the contact, and returns its id.
func (s target) spoken(t *testing.T) int64 {
	t.Helper()
	c, err := s.account().Conversations.Create(t.Context(), cfchat.ConversationCreate{InboxID: s.inbox, ContactID: s.person(t)})
	if err != nil {
		t.Fatal(err)
	}
	s.resolve(t, c.ID)
	s.writes(t, c.ID)
	return c.ID
}

// writes sends a message from the contact, which a key may do in an API inbox.
func (s target) writes(t *testing.T, id int64) {
	t.Helper()
	if _, err := s.account().Messages.Send(t.Context(), id, cfchat.MessageCreate{Content: "hello?", MessageType: cfchat.MessageKindIncoming}); err != nil {
		t.Fatal(err)
	}
}

// conformMute mutes and unmutes a conversation, twice each, and has the contact write after both.
func conformMute(t *testing.T, s target) {
	ctx, of, id := t.Context(), s.account().Conversations, s.spoken(t)
	for _, step := range []struct {
		what   string
		do     func() error
		muted  bool
		status cfchat.Status
	}{
		{"muted", func() error { return of.Mute(ctx, id) }, true, cfchat.StatusResolved},
		{"muted again", func() error { return of.Mute(ctx, id) }, true, cfchat.StatusResolved},
		{"muted, new message", func() error { s.writes(t, id); return nil }, true, cfchat.StatusResolved},
		{"unmuted", func() error { return of.Unmute(ctx, id) }, false, cfchat.StatusResolved},
		{"unmuted again", func() error { return of.Unmute(ctx, id) }, false, cfchat.StatusResolved},
		{"unmuted, new message", func() error { s.writes(t, id); return nil }, false, cfchat.StatusOpen},
	} {
		err := step.do()
		now, failed := of.Get(ctx, id)
		if err != nil || failed != nil || now.Muted != step.muted || now.Status != step.status {
			t.Fatalf("%s: %v; then %+v, %v", step.what, err, now, failed)
		}
	}
	refusesBots(t, "mute", of.Mute(auth.WithScheme(ctx, auth.AgentBotAPIKey), id))
	if err := of.Mute(ctx, 1<<40); !errors.Is(err, cfchat.ErrNotFound) {
		t.Errorf("a conversation that does not exist: %v", err)
	}
}

// conformSeen marks a conversation as seen and as unread, and sets its typing indicator.
func conformSeen(t *testing.T, s target) {
	ctx, of, id := t.Context(), s.account().Conversations, s.spoken(t)
	before, err := of.Get(ctx, id)
	if err != nil || before.UnreadCount != 1 {
		t.Fatalf("before: %+v, %v", before, err)
	}
	seen, err := of.MarkSeen(ctx, id)
	if err != nil || seen.ID != id || seen.UnreadCount != 0 || seen.AgentLastSeenAt.Before(before.AgentLastSeenAt.Time) {
		t.Errorf("seen: %+v, %v", seen, err)
	}
	unread, err := of.MarkUnread(ctx, id)
	if err != nil || unread.ID != id || unread.UnreadCount != 1 || !unread.AgentLastSeenAt.Before(seen.AgentLastSeenAt.Time) {
		t.Errorf("unread: %+v, %v", unread, err)
	}
	if before.Timestamp != unread.Timestamp {
		t.Errorf("the last activity moved from %s to %s", before.Timestamp, unread.Timestamp)
	}
	for _, typing := range []cfchat.Typing{{On: true}, {On: true, Private: true}, {}} {
		if err := of.SetTyping(ctx, id, typing); err != nil {
			t.Errorf("%+v: %v", typing, err)
		}
	}
	asBot := auth.WithScheme(ctx, auth.AgentBotAPIKey)
	refusesBots(t, "seen", trial.Second(of.MarkSeen(asBot, id)))
	refusesBots(t, "unread", trial.Second(of.MarkUnread(asBot, id)))
	refusesBots(t, "transcript", of.SendTranscript(asBot, id, "jo@customer.test"))
	info, err := s.chat.ServerInfo(ctx)
	if typed := of.SetTyping(asBot, id, cfchat.Typing{On: true}); err == nil && (typed == nil) != info.AtLeast("4.12.0") {
		t.Errorf("a bot sets the typing indicator: %v", typed)
	}
}
