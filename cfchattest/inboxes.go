package cfchattest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/cfchat/cfchat-go"
)

// Inbox is an inbox to add. The zero value is an API inbox without members.
type Inbox struct {
	Name    string         // "Inbox 2" and so on by default
	Channel cfchat.Channel // [cfchat.ChannelAPI] by default
	Locked  bool           // one conversation per contact: a second one is the first again
	Bot     bool           // the bot of BotKey answers first: what Create makes is pending, and not what AddConversation adds
	Members []int64        // the agents who see it; an administrator sees every inbox
}

type inbox struct {
	id      int64
	name    string
	channel cfchat.Channel
	locked  bool // one conversation per contact
	bot     *bot // answers first: new conversations are pending; nil for none
	members map[int64]bool
}

// AddInbox adds an inbox and returns its id.
func (s *Server) AddInbox(in Inbox) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkAgents(in.Members...)
	return s.state.addInbox(s.home(), in).id
}

func (s *state) addInbox(a *account, in Inbox) *inbox {
	s.lastInbox++
	added := &inbox{
		id: s.lastInbox, name: cmp.Or(in.Name, fmt.Sprintf("Inbox %d", s.lastInbox)),
		channel: cmp.Or(in.Channel, cfchat.ChannelAPI), locked: in.Locked, members: setOf(in.Members),
	}
	if in.Bot {
		added.bot = s.keys[keyFor(roleBot)].bot
	}
	a.inboxes[added.id] = added
	return added
}

// inbox returns an inbox of the account, for 0 the first one. An account that was recorded without any gets one.
func (s *Server) inbox(id int64) *inbox {
	inboxes := s.home().inboxes
	switch found := inboxes[id]; {
	case found != nil:
		return found
	case id != 0:
		s.fail("there is no inbox %d", id)
	case len(inboxes) == 0:
		return s.state.addInbox(s.home(), Inbox{})
	}
	return inboxes[slices.Min(slices.Collect(maps.Keys(inboxes)))]
}
