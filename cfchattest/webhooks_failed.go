package cfchattest

import (
	"slices"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go"
)

// KeepPending keeps conversations pending if the delivery of a message to a bot fails, an account setting from 4.11.0 on
// (keep_pending_on_bot_failure).
func KeepPending(s *Server) { s.keepPending = true }

// failed handles a delivery that has finally failed, which has effects only for a message that still exists (contract, H3).
func (s *Server) failed(o *outgoing, reason string) {
	if !strings.HasPrefix(o.name, "message_") || o.isGone() {
		return
	}
	st := s.state
	st.inJob = true
	defer func() { st.inJob = false }()
	switch {
	case o.kind == HookInbox && st.version.AtLeast("3.3.0"):
		st.markFailed(o.of, o.message, reason)
	case o.kind == HookBot && st.version.AtLeast("4.7.0") && !(s.keepPending && st.version.AtLeast("4.11.0")):
		st.giveUpBot(o.of)
	}
}

// isGone reports whether the subject of a delivery was deleted since.
func (o *outgoing) isGone() bool {
	return o.account.conversations[o.of.id] != o.of || !slices.Contains(o.of.messages, o.message)
}

// markFailed marks a message as not delivered. This is a change of the message, but failing again in the same way is not.
func (s *state) markFailed(of *conversation, m *message, reason string) {
	attributes := m.ContentAttributes.Map()
	if deref(m.Status) == cfchat.MessageStatusFailed && attributes["external_error"] == reason {
		return
	}
	defer s.savingMessage(of, m)()
	m.Status, m.ContentAttributes = new(cfchat.MessageStatusFailed), withError(attributes, reason)
}

// giveUpBot opens a pending conversation for people. A bot that owns it remains the owner.
func (s *state) giveUpBot(of *conversation) {
	if of.status != cfchat.StatusPending {
		return
	}
	save := s.saving(of)
	of.status, of.snoozed, of.updated = cfchat.StatusOpen, time.Time{}, s.now()
	save.done()
	s.activityMessage(of, "Conversation was marked open by system due to an error with the agent bot.")
}
