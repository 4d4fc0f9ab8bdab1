package cfchattest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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

// Contact is a contact to add.
type Contact struct {
	Name       string // "Contact 2" and so on by default
	Email      string
	Phone      string
	Identifier string
	Blocked    bool           // new conversations are resolved at once, from 3.7.0 on
	Inbox      int64          // where SourceID is known; the first inbox by default
	SourceID   string         // the contact's id in that inbox, if it has one already; its conversations there have it
	Additional map[string]any // additional_attributes
	Custom     map[string]any // custom_attributes
}

// Agent is a person to add.
type Agent struct {
	Name          string // "Agent 3" and so on by default
	Email         string
	Administrator bool
}

// Team is a team to add.
type Team struct {
	Name        string // in lower case; "team 1" and so on by default
	Description string
	Members     []int64
}

// CustomAttribute is the definition of a custom attribute of conversations, without which filter does not know it.
type CustomAttribute struct {
	Key     string
	Display string // text, number, date, list, link, checkbox, currency or percent; text by default
}

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

// Message is a message to add. The zero value is a text from the contact.
type Message struct {
	Content string // "Message 2" and so on by default
	Type    cfchat.MessageType
	Private bool
	Sender  int64 // the agent who sends an outgoing one; the administrator by default
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

// AddContact adds a contact and returns its id.
func (s *Server) AddContact(c Contact) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.SourceID == "" {
		return s.state.addContact(s.home(), c).ID
	}
	in := s.inbox(c.Inbox)
	if s.state.sourceOf(in, c.SourceID) != nil {
		s.fail("inbox %d has a contact with the source id %q", in.id, c.SourceID)
	}
	added := s.state.addContact(s.home(), c)
	place, _ := s.state.joinInbox(s.home(), in, added, c.SourceID)
	added.places = map[*inbox]*contactInbox{in: place}
	return added.ID
}

func (s *state) addContact(a *account, c Contact) *contact {
	s.lastContact++
	added := &contact{Contact: cfchat.Contact{
		ID: s.lastContact, Name: new(cmp.Or(c.Name, fmt.Sprintf("Contact %d", s.lastContact))),
		Email: orNil(c.Email), PhoneNumber: orNil(c.Phone), Identifier: orNil(c.Identifier), Blocked: new(c.Blocked),
		AvailabilityStatus:   new(cfchat.AvailabilityOffline),
		AdditionalAttributes: attributesOf(orEmpty(c.Additional)), CustomAttributes: attributesOf(orEmpty(c.Custom)),
		CreatedAt: &cfchat.UnixTime{Time: s.now()},
	}}
	a.contacts[added.ID] = added
	return added
}

// AddAgent adds a person to the account and returns its id and key.
func (s *Server) AddAgent(a Agent) (id int64, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.addAgent(s.home(), a)
}

func (s *state) addAgent(a *account, in Agent) (int64, string) {
	s.lastUser++
	name := cmp.Or(in.Name, fmt.Sprintf("Agent %d", s.lastUser))
	role := cfchat.RoleAgent
	if in.Administrator {
		role = cfchat.RoleAdministrator
	}
	s.users[s.lastUser] = &user{
		Agent: cfchat.Agent{
			ID: s.lastUser, Name: name, AvailableName: name, Confirmed: true, AutoOffline: new(true),
			Email:              cmp.Or(in.Email, fmt.Sprintf("agent%d@example.com", s.lastUser)),
			AvailabilityStatus: new(cfchat.AvailabilityOffline),
		},
		roles: map[int64]cfchat.Role{a.id: role},
	}
	key := keyFor(fmt.Sprintf("user-%d", s.lastUser))
	s.keys[key] = owner{user: s.users[s.lastUser]}
	return s.lastUser, key
}

// AddTeam adds a team and returns its id.
func (s *Server) AddTeam(t Team) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkAgents(t.Members...)
	s.state.lastTeam++
	id := s.state.lastTeam
	s.home().teams[id] = &team{
		Team: cfchat.Team{
			ID: id, AccountID: s.home().id, Name: strings.ToLower(cmp.Or(t.Name, fmt.Sprintf("team %d", id))),
			Description: orNil(t.Description), AllowAutoAssign: new(false),
		},
		members: setOf(t.Members),
	}
	return id
}

// AddCustomAttribute defines a custom attribute of conversations.
func (s *Server) AddCustomAttribute(a CustomAttribute) {
	s.mu.Lock()
	defer s.mu.Unlock()
	display := cmp.Or(a.Display, "text")
	if !slices.Contains([]string{"text", "number", "date", "list", "link", "checkbox", "currency", "percent"}, display) {
		s.fail("no custom attribute is of type %q", display)
	}
	s.home().attributes[a.Key] = display
}

// AddConversation adds a conversation and returns its id within the account.
func (s *Server) AddConversation(in Conversation) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
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
		assignee: orNil(in.Assignee), owner: s.state.bots[in.Bot], team: orNil(in.Team), priority: orNil(in.Priority),
		labels: slices.Clone(in.Labels), additional: orEmpty(in.Additional), custom: orEmpty(in.Custom), canReply: true,
		created: created, updated: created, waiting: created, lastActivity: created, snoozed: in.SnoozedUntil,
	}
	if !in.LastActivity.IsZero() {
		added.lastActivity = in.LastActivity
	}
	s.state.store(added)
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
	case in.Bot != 0 && s.state.bots[in.Bot] == nil:
		s.fail("there is no bot %d", in.Bot)
	case in.Bot != 0 && in.Assignee != 0:
		s.fail("bot %d and agent %d cannot both own a conversation", in.Bot, in.Assignee)
	case in.Bot != 0 && !s.state.version.AtLeast("4.8.0"):
		s.fail("bots own conversations from 4.8.0 on, and this is %s; take New(t, Version(\"4.8.0\"))", s.state.version)
	case in.Assignee != 0:
		s.checkAgents(in.Assignee)
	}
}

// checkAgents fails the test if one of the people is not in the account.
func (s *Server) checkAgents(ids ...int64) {
	for _, id := range ids {
		if u := s.state.users[id]; u == nil || u.role(s.home()) == "" {
			s.fail("there is no agent %d", id)
		}
	}
}

// placeOf finds the contact's place in an inbox, or makes one under a new source id.
func (s *state) placeOf(a *account, in *inbox, c *contact) *contactInbox {
	if c.places == nil {
		c.places = map[*inbox]*contactInbox{}
	}
	if c.places[in] == nil {
		s.lastSource++
		c.places[in], _ = s.joinInbox(a, in, c, newUUID(s.lastSource))
	}
	return c.places[in]
}

// AddMessage adds a message to a conversation and returns the message's id. What follows from one happens: it moves to the
// front of the default order, a snoozed or resolved one opens if the contact writes.
func (s *Server) AddMessage(conversationID int64, m Message) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.home().conversations[conversationID]
	switch {
	case c == nil:
		s.fail("there is no conversation %d", conversationID)
	case !m.Type.Known():
		s.fail("there is no message type %d", m.Type)
	case m.Sender != 0:
		s.checkAgents(m.Sender)
	}
	content := cmp.Or(m.Content, fmt.Sprintf("Message %d", s.state.lastMessage+1))
	added := &message{Message: cfchat.Message{Content: &content, MessageType: m.Type, Private: new(m.Private)}}
	switch m.Type {
	case cfchat.MessageTypeIncoming:
		s.state.sentBy(added, cfchat.SenderTypeContact, c.source.contact.ID)
	case cfchat.MessageTypeOutgoing:
		s.state.sentBy(added, cfchat.SenderTypeUser, cmp.Or(m.Sender, s.state.keys[keyFor(roleAdministrator)].user.ID))
	}
	s.state.append(c, added)
	return added.ID
}

func setOf(ids []int64) map[int64]bool {
	set := map[int64]bool{}
	for _, id := range ids {
		set[id] = true
	}
	return set
}

// orNil returns a pointer to the value, nil for the zero value.
func orNil[T comparable](value T) *T {
	if value == *new(T) {
		return nil
	}
	return &value
}

// orEmpty returns a copy of the attributes as a server stores them; what is stored is never what the caller holds.
func orEmpty(a map[string]any) map[string]any { return attributesOf(a).Map() }

// attributesOf makes attributes of what JSON can say, which is all that is stored.
func attributesOf(a map[string]any) cfchat.Attributes {
	if a == nil {
		return cfchat.Attributes{}
	}
	made, err := cfchat.NewAttributes(a)
	if err != nil {
		panic(fmt.Sprintf("cfchattest: %v", err))
	}
	return made
}
