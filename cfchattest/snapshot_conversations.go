package cfchattest

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// snapshotConversation is a conversation as an answer showed it. The server cannot render one without a meta.sender, because
// its contact is gone.
type snapshotConversation struct {
	cfchat.Conversation

	messages []*message // those in the answer; nil for none
}

// UnmarshalJSON reads a recorded conversation.
func (c *snapshotConversation) UnmarshalJSON(data []byte) error {
	var recorded struct {
		Messages []*message `json:"messages"`
		Last     *message   `json:"last_non_activity_message"`
	}
	if err := json.Unmarshal(data, &recorded); err != nil {
		return err
	}
	c.messages = slices.Concat(recorded.Messages, []*message{recorded.Last})
	return json.Unmarshal(data, &c.Conversation)
}

// assigneeID returns the assignee's id. An assignee who has left the account, or was never in it, appears only in the
// messages.
func (c *snapshotConversation) assigneeID() *int64 {
	if c.Meta.Assignee != nil {
		return &c.Meta.Assignee.ID
	}
	for _, m := range c.messages {
		if m != nil && m.Conversation != nil && m.Conversation.AssigneeID != nil {
			return m.Conversation.AssigneeID
		}
	}
	return nil
}

// addConversation adds a recorded conversation. Its times are in whole seconds; the recorded order decides which of two in
// the same second was later.
func (r *snapshot) addConversation(s *state, a *account, shown snapshotConversation) {
	c := &conversation{
		account: a, id: shown.ID, uuid: deref(shown.UUID), status: shown.Status,
		priority: shown.Priority, slaPolicy: shown.SLAPolicyID,
		labels: shown.Labels, additional: shown.AdditionalAttributes.Map(), custom: shown.CustomAttributes.Map(),
		canReply: shown.CanReply,
		created:  shown.CreatedAt.Time, lastActivity: shown.Timestamp.Time, updated: shown.Timestamp.Time,
		agentSeen: shown.AgentLastSeenAt.Time, assigneeSeen: shown.AssigneeLastSeenAt.Time,
		contactSeen: shown.ContactLastSeenAt.Time,
		firstReply:  shown.FirstReplyCreatedAt.Time, waiting: deref(shown.WaitingSince).Time,
	}
	if rank := slices.Index(r.Order, shown.ID); rank >= 0 {
		c.lastActivity = c.lastActivity.Add(time.Duration(len(r.Order)-rank) * time.Microsecond)
	}
	if shown.UpdatedAt != nil {
		c.updated = shown.UpdatedAt.Time
	}
	if shown.SnoozedUntil != nil {
		c.snoozed = shown.SnoozedUntil.Time
	}
	c.assignee = shown.assigneeID()
	if shown.Meta.AssigneeBot != nil {
		c.ownedBy = s.bots[shown.Meta.AssigneeBot.ID]
	}
	if shown.Meta.Team != nil {
		c.team = &shown.Meta.Team.ID
	}
	if c.team != nil && c.assignee != nil && a.teams[*c.team] != nil {
		a.teams[*c.team].members[*c.assignee] = true // or the server would have dropped the assignee (contract, 1.5)
	}
	c.messages = r.messagesOf(s, shown)
	c.source = r.sourceOf(s, a, shown)
	if shown.Muted {
		s.mute(c, c.lastActivity.Add(mutedFor)) // muting updates it
	}
	for _, id := range r.Participants[strconv.FormatInt(shown.ID, 10)] {
		c.join(id)
	}
	s.store(c)
}

// sourceOf returns the contact's place, under the source id in a message, else under one of its own.
func (r *snapshot) sourceOf(s *state, a *account, shown snapshotConversation) *contactInbox {
	who, in := a.contacts[shown.Meta.Sender.ID], a.inboxes[shown.InboxID]
	sourceID := ""
	if in.channel == cfchat.ChannelEmail {
		sourceID = deref(shown.Meta.Sender.Email)
	}
	for _, m := range shown.messages {
		if m != nil && m.Conversation != nil && m.Conversation.ContactInbox != nil {
			sourceID = deref(m.Conversation.ContactInbox.SourceID)
		}
	}
	unnamed := sourceID == ""
	if unnamed {
		s.lastSource++
		sourceID = newUUID(s.lastSource)
	}
	joined, mine := s.joinInbox(a, in, who, sourceID)
	if !mine { // an address that several contacts share
		s.lastSource++
		joined, _ = s.joinInbox(a, in, who, newUUID(s.lastSource))
	}
	if unnamed {
		who.unnamed = append(who.unnamed, joined)
	}
	joined.verified = shown.Meta.HMACVerified
	return joined
}

// messagesOf returns a conversation's messages. Those in the conversation itself have more fields than the rest.
func (r *snapshot) messagesOf(s *state, shown snapshotConversation) []*message {
	full := map[int64]*message{}
	for _, m := range shown.messages {
		if m != nil {
			full[m.ID] = m
		}
	}
	for _, m := range r.Messages[strconv.FormatInt(shown.ID, 10)] { // may have duplicates
		full[m.ID] = cmp.Or(full[m.ID], &m)
	}
	out := slices.SortedFunc(maps.Values(full), func(x, y *message) int { return cmp.Compare(x.ID, y.ID) })
	for _, m := range out {
		s.lastMessage = max(s.lastMessage, m.ID)
		for _, a := range m.attachments {
			id, _ := cast.Integer(a["id"])
			s.lastAttachment = max(s.lastAttachment, id)
		}
		completeMessage(s, m)
	}
	return out
}

// completeMessage fills in the fields that only some messages show, from those that all show.
func completeMessage(s *state, m *message) {
	if m.UpdatedAt.IsZero() {
		m.UpdatedAt = cfchat.NewISOTime(m.CreatedAt.Time)
		m.ProcessedMessageContent = m.Content
	}
	if m.Sender == nil {
		return
	}
	switch m.Sender.Type {
	case cfchat.SenderKindUser:
		s.sentBy(m, cfchat.SenderTypeUser, m.Sender.ID)
	case cfchat.SenderKindContact:
		s.sentBy(m, cfchat.SenderTypeContact, m.Sender.ID)
	case cfchat.SenderKindAgentBot:
		s.sentBy(m, cfchat.SenderTypeAgentBot, m.Sender.ID)
	case cfchat.SenderKindCaptainAssistant:
		s.sentBy(m, cfchat.SenderTypeCaptainAssistant, m.Sender.ID)
	}
}
