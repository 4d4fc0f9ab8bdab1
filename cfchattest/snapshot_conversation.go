package cfchattest

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/cfchat/cfchat-go"
)

// addConversation adds a conversation as it was shown. Times are shown in whole seconds; the recorded order says which of
// two in the same second was later.
func (r *snapshot) addConversation(s *state, a *account, shown cfchat.Conversation) {
	c := &conversation{
		account: a, id: shown.ID, uuid: deref(shown.UUID), status: shown.Status, priority: shown.Priority, slaPolicy: shown.SLAPolicyID,
		labels: shown.Labels, additional: shown.AdditionalAttributes.Map(), custom: shown.CustomAttributes.Map(),
		canReply: shown.CanReply, muted: shown.Muted,
		created: shown.CreatedAt.Time, lastActivity: shown.Timestamp.Time, updated: shown.Timestamp.Time,
		agentSeen: shown.AgentLastSeenAt.Time, assigneeSeen: shown.AssigneeLastSeenAt.Time, contactSeen: shown.ContactLastSeenAt.Time,
		firstReply: shown.FirstReplyCreatedAt.Time, waiting: deref(shown.WaitingSince).Time,
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
	if shown.Meta.Assignee != nil {
		c.assignee = &shown.Meta.Assignee.ID
	}
	if shown.Meta.Team != nil {
		c.team = &shown.Meta.Team.ID
	}
	if c.team != nil && c.assignee != nil && a.teams[*c.team] != nil {
		a.teams[*c.team].members[*c.assignee] = true // or the server would have dropped the assignee (contract, 1.5)
	}
	c.messages = r.messagesOf(s, shown)
	c.source = r.sourceOf(s, a, shown)
	s.store(c)
}

// sourceOf returns the contact's place: under the source id that a message shows, else one of its own.
func (r *snapshot) sourceOf(s *state, a *account, shown cfchat.Conversation) *contactInbox {
	who, in := a.contacts[shown.Meta.Sender.ID], a.inboxes[shown.InboxID]
	sourceID := ""
	if in.channel == cfchat.ChannelEmail {
		sourceID = deref(shown.Meta.Sender.Email)
	}
	for _, m := range shown.Messages {
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

// messagesOf returns a conversation's messages. Those that go with the conversation are shown with more fields than the rest.
func (r *snapshot) messagesOf(s *state, shown cfchat.Conversation) []*cfchat.Message {
	full := map[int64]*cfchat.Message{}
	for _, m := range append(slices.Clone(shown.Messages), shown.LastNonActivityMessage) {
		if m != nil {
			full[m.ID] = m
		}
	}
	var out []*cfchat.Message
	for _, m := range r.Messages[strconv.FormatInt(shown.ID, 10)] {
		out = append(out, cmp.Or(full[m.ID], &m))
		delete(full, m.ID)
	}
	out = slices.AppendSeq(out, maps.Values(full)) // where only these were recorded
	slices.SortFunc(out, func(x, y *cfchat.Message) int { return cmp.Compare(x.ID, y.ID) })
	for _, m := range out {
		s.lastMessage = max(s.lastMessage, m.ID)
		completeMessage(s, m)
	}
	return out
}

// completeMessage fills in what is shown of few messages, from what is shown of all.
func completeMessage(s *state, m *cfchat.Message) {
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
