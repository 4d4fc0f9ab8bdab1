package cfchattest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	cfchat "github.com/cfchat/cfchat-go"
)

// snapshot is a recorded account: the file _snapshot.json of a set of recordings.
type snapshot struct {
	Account       int64                       `json:"account"`
	Facts         facts                       `json:"facts"`
	Order         []int64                     `json:"order_by_last_activity_desc"`
	Inboxes       []snapshotInbox             `json:"inboxes"`
	Teams         []cfchat.Team               `json:"teams"`
	Agents        []cfchat.Agent              `json:"agents"`
	Attributes    []snapshotAttribute         `json:"custom_attribute_definitions"`
	Conversations []cfchat.Conversation       `json:"conversations"`
	Messages      map[string][]cfchat.Message `json:"messages"`
}

// facts name what the recorded requests are about.
type facts struct {
	Other     int64            `json:"other"`
	Suspended int64            `json:"suspended"`
	Users     map[string]int64 `json:"users"`
	Inboxes   map[string]int64 `json:"inboxes"`
	Contacts  []int64          `json:"contacts"`
	OContact  int64            `json:"ocontact"`
	Source    struct {
		Known        string `json:"known"`
		KnownContact int64  `json:"known_contact"`
	} `json:"source"`
	Conversations map[string]int64 `json:"convs"`
}

type snapshotInbox struct {
	ID      int64          `json:"id"`
	Name    string         `json:"name"`
	Channel cfchat.Channel `json:"channel_type"`
	Locked  bool           `json:"lock_to_single_conversation"`
	Members []int64        `json:"members"`
}

type snapshotAttribute struct {
	Key     string `json:"attribute_key"`
	Display string `json:"attribute_display_type"`
	Model   string `json:"attribute_model"`
}

// sinceSnapshot is how long after its last change a snapshot is taken to be used: the recorded accounts came to rest some
// minutes before their requests were made.
const sinceSnapshot = 5 * time.Minute

// LoadSnapshot replaces everything by a recorded account. The data is a file _snapshot.json of the recordings, and the roles
// of [Server.Key] are those of its facts: users 1 and 2, a bot in its bot inbox, and a bot without an inbox. Time goes on from
// the snapshot's, unless [Clock] is given.
func (s *Server) LoadSnapshot(data []byte) error {
	var recorded snapshot
	if err := json.Unmarshal(data, &recorded); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	if err := recorded.whole(); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = recorded.state(s.state.version, s.state.clock, s.ownClock)
	return nil
}

// whole checks that everything is there that the rest refers to.
func (r *snapshot) whole() error {
	if r.Account == 0 {
		return errors.New("no account in it")
	}
	admin := r.Facts.Users["admin"]
	if !slices.ContainsFunc(r.Agents, func(a cfchat.Agent) bool { return a.ID == admin }) {
		return fmt.Errorf("the administrator, user %d, is not there", admin)
	}
	for _, c := range r.Conversations {
		if !slices.ContainsFunc(r.Inboxes, func(in snapshotInbox) bool { return in.ID == c.InboxID }) {
			return fmt.Errorf("conversation %d is in inbox %d, which is not there", c.ID, c.InboxID)
		}
	}
	return nil
}

// state makes the state that a snapshot shows.
func (r *snapshot) state(v version, clock func() time.Time, ownClock bool) *state {
	s := newState(v, clock)
	s.home = r.Account
	a := s.addAccount(r.Account)
	r.addPeople(s, a)
	r.addInboxes(s, a)
	for _, t := range r.Teams {
		members := map[int64]bool{}
		if t.IsMember != nil && *t.IsMember {
			members[r.Facts.Users["admin"]] = true
		}
		a.teams[t.ID] = &team{t, members}
		s.lastTeam = max(s.lastTeam, t.ID)
	}
	for _, attribute := range r.Attributes {
		if attribute.Model == "conversation_attribute" {
			a.attributes[attribute.Key] = attribute.Display
		}
	}
	r.addContacts(s, a)
	for _, c := range r.Conversations {
		r.addConversation(s, a, c)
	}
	if last := s.lastChange(); !ownClock && !last.IsZero() {
		start, loaded := last.Add(sinceSnapshot), time.Now()
		s.clock = func() time.Time { return start.Add(time.Since(loaded)) }
	}
	r.addOtherAccounts(s)
	return s
}

// addPeople adds users and bots, and their keys.
func (r *snapshot) addPeople(s *state, a *account) {
	for _, agent := range r.Agents {
		u := &user{Agent: agent, roles: map[int64]cfchat.Role{}}
		if agent.Role != nil {
			u.roles[a.id] = *agent.Role
		}
		s.users[agent.ID] = u
		s.lastUser = max(s.lastUser, agent.ID)
	}
	for name, id := range r.Facts.Users {
		if u := s.users[id]; u != nil {
			s.keys[keyFor(name)] = owner{user: u}
		}
	}
	helper := s.addBot("Helper Bot")
	helper.accounts[a.id] = true
	s.assignKeys(s.users[r.Facts.Users["admin"]], s.users[r.Facts.Users["agent"]], helper, s.addBot("Stray Bot"))
}

func (r *snapshot) addInboxes(s *state, a *account) {
	for _, in := range r.Inboxes {
		a.inboxes[in.ID] = &inbox{
			id: in.ID, name: in.Name, channel: in.Channel, locked: in.Locked, members: setOf(in.Members),
			activeBot: in.ID == r.Facts.Inboxes["bot"],
		}
		s.lastInbox = max(s.lastInbox, in.ID)
	}
}

// addContacts adds the contacts of the conversations, and the one whose source id is known.
func (r *snapshot) addContacts(s *state, a *account) {
	for _, id := range r.Facts.Contacts {
		a.contacts[id] = &contact{Contact: cfchat.Contact{ID: id, AdditionalAttributes: cfchat.Attributes{}, CustomAttributes: cfchat.Attributes{}}}
		s.lastContact = max(s.lastContact, id)
	}
	for _, c := range r.Conversations {
		id := c.Meta.Sender.ID
		a.contacts[id] = &contact{Contact: c.Meta.Sender}
		s.lastContact = max(s.lastContact, id)
	}
	known, in := a.contacts[r.Facts.Source.KnownContact], a.inboxes[r.Facts.Inboxes["api"]]
	if known != nil && in != nil && r.Facts.Source.Known != "" {
		s.joinInbox(a, in, known, r.Facts.Source.Known)
	}
}

// addOtherAccounts adds the suspended account, and another one with one conversation. The administrator belongs to both.
func (r *snapshot) addOtherAccounts(s *state) {
	admin := s.users[r.Facts.Users["admin"]]
	if r.Facts.Suspended != 0 {
		s.addAccount(r.Facts.Suspended).suspended = true
		admin.roles[r.Facts.Suspended] = cfchat.RoleAdministrator
	}
	if r.Facts.Other == 0 {
		return
	}
	other := s.addAccount(r.Facts.Other)
	admin.roles[other.id] = cfchat.RoleAdministrator
	s.lastInbox = max(s.lastInbox, r.Facts.Inboxes["oapi"]-1)
	s.lastContact = max(s.lastContact, r.Facts.OContact-1)
	in, who := s.addInbox(other, Inbox{}), s.addContact(other, Contact{Name: "Foreign"})
	for range r.Facts.Conversations["other"] {
		now := s.now()
		c := &conversation{
			account: other, source: s.placeOf(other, in, who), status: cfchat.StatusOpen, canReply: true,
			additional: cfchat.Attributes{}, custom: cfchat.Attributes{}, created: now, updated: now, lastActivity: now, waiting: now,
		}
		s.store(c)
		m := &cfchat.Message{Content: new("foreign"), Private: new(false)}
		s.sentBy(m, cfchat.SenderTypeContact, who.ID)
		s.append(c, m)
	}
}

// addConversation adds a conversation as it was shown. Times are shown in whole seconds; the recorded order says which of
// two in the same second was later.
func (r *snapshot) addConversation(s *state, a *account, shown cfchat.Conversation) {
	c := &conversation{
		account: a, id: shown.ID, uuid: deref(shown.UUID), status: shown.Status, priority: shown.Priority, slaPolicy: shown.SLAPolicyID,
		labels: shown.Labels, additional: shown.AdditionalAttributes, custom: shown.CustomAttributes,
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
		c.snoozed, _ = shown.SnoozedUntil.Time()
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

// sourceOf is the contact's place: under the source id that a message shows, else one of its own.
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

// messagesOf are a conversation's messages. Those that go with the conversation are shown with more fields than the rest.
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
	if m.UpdatedAt == "" {
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

// lastChange is the latest time at which anything happened.
func (s *state) lastChange() (last time.Time) {
	for _, a := range s.accounts {
		for _, c := range a.conversations {
			for _, t := range []time.Time{c.updated, c.lastActivity} {
				if t.After(last) {
					last = t
				}
			}
		}
	}
	return last
}

// deref is what a pointer points to, the zero value for none.
func deref[T any](p *T) (value T) {
	if p != nil {
		value = *p
	}
	return value
}
