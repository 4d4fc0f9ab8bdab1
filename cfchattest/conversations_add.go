package cfchattest

import (
	"cmp"
	"time"

	"github.com/cfchat/cfchat-go"
)

// Conversation is a conversation to add. The zero value is an open conversation without messages, with a new contact in the
// first inbox.
type Conversation struct {
	Inbox        int64
	Contact      int64
	Status       cfchat.Status
	SnoozedUntil time.Time // for a snoozed one; until the next reply by default
	Assignee     int64
	Bot          int64 // the id of the agent bot that owns it instead of an assignee, from 4.8.0 on; see AddBot
	Team         int64
	Priority     cfchat.Priority
	Labels       []string
	Additional   map[string]any
	Custom       map[string]any
	CreatedAt    time.Time // now by default
	LastActivity time.Time // CreatedAt by default
}

// AddConversation adds a conversation and returns its id within the account.
func (s *Server) AddConversation(in Conversation) int64 {
	s.mu.Lock()
	defer s.unlock()
	s.checkConversation(in)
	a := s.home()
	who := a.contacts[in.Contact]
	if who == nil {
		who = s.state.addContact(a, Contact{})
	}
	created := in.CreatedAt
	if created.IsZero() {
		created = s.state.now()
	}
	added := &conversation{
		account: a, source: s.state.placeOf(a, s.inbox(in.Inbox), who),
		status:   cmp.Or(in.Status, cfchat.StatusOpen),
		assignee: orNil(in.Assignee), ownedBy: s.state.bots[in.Bot], team: orNil(in.Team), priority: orNil(in.Priority),
		labels: s.state.tagged(s.labels("Conversation.Labels", in.Labels)), additional: orEmpty(in.Additional), custom: orEmpty(in.Custom), canReply: true,
		created: created, updated: created, waiting: created, lastActivity: created, snoozed: in.SnoozedUntil,
	}
	if !in.LastActivity.IsZero() {
		added.lastActivity = in.LastActivity
	}
	s.state.store(added)
	s.state.tellConversation("conversation_created", added)
	return added.id
}

// checkConversation fails the test if a conversation is impossible.
func (s *Server) checkConversation(in Conversation) {
	a := s.home()
	noneOrOneOf(s, "Conversation.Inbox", "inbox", in.Inbox, idsOf(a.inboxes))
	s.checkContact("Conversation.Contact", in.Contact)
	noneOrOneOf(s, "Conversation.Status", "status", in.Status, statuses)
	noneOrOneOf(s, "Conversation.Priority", "priority", in.Priority, priorities)
	noneOrOneOf(s, "Conversation.Team", "team", in.Team, idsOf(a.teams))
	if !in.SnoozedUntil.IsZero() && in.Status != cfchat.StatusSnoozed {
		s.mistake("Conversation.SnoozedUntil", "only a snoozed conversation has it; set Status to cfchat.StatusSnoozed")
	}
	if in.Assignee != 0 {
		s.checkAgents("Conversation.Assignee", in.Assignee)
	}
	s.checkOwner(in)
	s.checkConversationAttributes("Conversation.Additional", in.Additional)
	s.checkConversationAttributes("Conversation.Custom", in.Custom)
}

// checkOwner fails the test if the given bot cannot own the conversation.
func (s *Server) checkOwner(in Conversation) {
	var there []int64
	for _, id := range idsOf(s.state.bots) {
		if s.state.bots[id].account == s.home().id {
			there = append(there, id)
		}
	}
	noneOrOneOf(s, "Conversation.Bot", "bot", in.Bot, there)
	if in.Bot != 0 && in.Assignee != 0 {
		s.mistake("Conversation.Bot", "bot %d and agent %d cannot both own a conversation", in.Bot, in.Assignee)
	}
	s.checkSince("Conversation.Bot", in.Bot != 0, "4.8.0")
}
