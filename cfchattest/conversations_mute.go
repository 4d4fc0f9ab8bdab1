package cfchattest

import (
	"time"

	"github.com/cfchat/cfchat-go"
)

// mutedFor is how long a conversation is muted before 3.7.0 (contract, W3.6).
const mutedFor = 6 * time.Hour

// muteAConversation resolves a conversation and keeps it resolved: before 3.7.0 for some hours, later by blocking the
// contact (contract, W3.6).
func (c *caller) muteAConversation() (any, error) {
	of, err := c.conversation()
	if err != nil {
		return nil, err
	}
	c.setStatus(of, cfchat.StatusResolved, time.Time{})
	c.mute(of, c.clock().Add(mutedFor))
	c.activityMessage(of, c.name()+" has muted the conversation")
	return nil, empty()
}

// unmuteAConversation undoes muting. The status stays.
func (c *caller) unmuteAConversation() (any, error) {
	of, err := c.conversation()
	if err != nil {
		return nil, err
	}
	c.mute(of, time.Time{})
	c.activityMessage(of, c.name()+" has unmuted the conversation")
	return nil, empty()
}

// mute mutes a conversation until a time; the zero time unmutes it. From 3.7.0 on it blocks the contact, indefinitely.
func (s *state) mute(of *conversation, until time.Time) {
	of.mutedUntil = until
	if s.version.AtLeast("3.7.0") {
		defer s.savingContact(of.account, of.source.contact)()
		of.source.contact.Blocked = new(!until.IsZero())
	}
}

// isMuted reports whether a conversation stays as it is when the contact writes.
func (s *state) isMuted(of *conversation) bool {
	if s.version.AtLeast("3.7.0") {
		return deref(of.source.contact.Blocked)
	}
	return of.mutedUntil.After(s.clock())
}
