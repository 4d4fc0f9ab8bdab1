package cfchattest

import (
	"slices"
	"time"

	"github.com/cfchat/cfchat-go"
)

// seenAgain is how old the last time must be, from 4.11.0 on, to be updated when nothing is unread (contract, W3.6).
const seenAgain = time.Hour

// conversationUpdateLastSeen records that an agent has seen a conversation, and that the assignee has, if that is the caller
// (contract, W3.6).
func (c *caller) conversationUpdateLastSeen() (any, error) {
	of, err := c.conversation()
	if err != nil {
		return nil, err
	}
	seen := []*time.Time{&of.agentSeen}
	if of.assignee != nil && *of.assignee == c.user.ID {
		seen = append(seen, &of.assigneeSeen)
	}
	now := c.now()
	old := func(t *time.Time) bool { return now.Sub(*t) >= seenAgain }
	unread := slices.ContainsFunc(of.messages, func(m *message) bool { return m.CreatedAt.After(*seen[len(seen)-1]) })
	if unread || slices.ContainsFunc(seen, old) || !c.version.AtLeast("4.11.0") {
		for _, t := range seen {
			*t = now
		}
	}
	return c.view().conversation(of)
}

// markAConversationAsUnread sets the times at which agents and the assignee saw a conversation to a second before the
// contact's last message, or to never if there is none (contract, W3.6).
func (c *caller) markAConversationAsUnread() (any, error) {
	of, err := c.conversation()
	if err != nil {
		return nil, err
	}
	var seen time.Time
	for _, m := range of.messages {
		if m.MessageType == cfchat.MessageTypeIncoming {
			seen = m.CreatedAt.Add(-time.Second)
		}
	}
	of.agentSeen, of.assigneeSeen = seen, seen
	return c.view().conversation(of)
}
