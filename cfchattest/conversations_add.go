package cfchattest

import (
	"cmp"
	"time"

	"github.com/cfchat/cfchat-go"
)

// Conversation is a conversation to add. The zero value is an open one, without messages, of a new contact in the first
// inbox.
type Conversation struct {
	Inbox        int64
	Contact      int64
	Status       cfchat.Status
	SnoozedUntil time.Time
	Assignee     int64
	Bot          int64 // the agent bot that owns it, from 4.8.0 on, in place of an assignee; AddBot returns its id
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
		labels: s.state.tagged(s.labels(in.Labels)), additional: orEmpty(in.Additional), custom: orEmpty(in.Custom), canReply: true,
		created: created, updated: created, waiting: created, lastActivity: created, snoozed: in.SnoozedUntil,
	}
	if !in.LastActivity.IsZero() {
		added.lastActivity = in.LastActivity
	}
	s.state.store(added)
	s.state.tellConversation("conversation_created", added)
	return added.id
}

// checkConversation fails the test if what a conversation is to be of is not there.
func (s *Server) checkConversation(in Conversation) {
	who := s.home().contacts[in.Contact]
	switch {
	case in.Contact != 0 && (who == nil || who.deleted):
		s.fail("there is no contact %d", in.Contact)
	case in.Status != "" && !in.Status.Known():
		s.fail("there is no status %q", in.Status)
	case in.Priority != "" && !in.Priority.Known():
		s.fail("there is no priority %q", in.Priority)
	case in.Team != 0 && s.home().teams[in.Team] == nil:
		s.fail("there is no team %d", in.Team)
	case in.Bot != 0:
		s.checkOwner(in)
	case in.Assignee != 0:
		s.checkAgents(in.Assignee)
	}
}

// checkOwner fails the test if the bot cannot own the conversation.
func (s *Server) checkOwner(in Conversation) {
	switch {
	case s.state.bots[in.Bot] == nil:
		s.fail("there is no bot %d", in.Bot)
	case in.Assignee != 0:
		s.fail("bot %d and agent %d cannot both own a conversation", in.Bot, in.Assignee)
	case !s.state.version.AtLeast("4.8.0"):
		s.fail("bots own conversations from 4.8.0 on, and this is %s; take New(t, Version(\"4.8.0\"))", s.state.version)
	}
}
