package cfchattest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/release"
)

// snapshot is a recorded account: the file _snapshot.json.gz of a set of recordings.
type snapshot struct {
	Server  string          `json:"server"` // its version
	Account int64           `json:"account"`
	Facts   facts           `json:"facts"`
	Order   []int64         `json:"order_by_last_activity_desc"`
	Inboxes []snapshotInbox `json:"inboxes"`
	Teams   []cfchat.Team   `json:"teams"`
	Agents  []cfchat.Agent  `json:"agents"`
	Labels  []string        `json:"labels"`

	Webhooks []snapshotWebhook `json:"webhooks"`

	Attributes    []cfchat.AttributeDefinition `json:"custom_attribute_definitions"`
	Contacts      []cfchat.Contact             `json:"contacts"`
	Conversations []snapshotConversation       `json:"conversations"`
	Messages      map[string][]message         `json:"messages"`
	Participants  map[string][]int64           `json:"participants"` // besides the assignees
}

// facts names the objects that the recorded requests use.
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

	WebhookURL string `json:"webhook_url"`
}

// sinceSnapshot is the time assumed between a snapshot's last change and its use: the recorded accounts were idle for some
// minutes before the requests were made.
const sinceSnapshot = 5 * time.Minute

// LoadSnapshot replaces everything with a recorded account; deliveries that are still pending are dropped. The data is in
// the format of cmd/cfchat/internal/tour/snapshot.json. The roles of [Server.Key] are the users that its facts name, a bot
// with an inbox in the account, and one without. Time continues from the snapshot's, unless [Clock] is given. A conversation
// without a meta.sender in the data cannot be rendered.
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
	s.dropFormer()
	return nil
}

// whole checks that all references resolve.
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

// state returns the state that a snapshot describes.
func (r *snapshot) state(v release.Version, clock func() time.Time, ownClock bool) *state {
	s := newState(v, clock)
	s.home = r.Account
	s.recorded, _ = release.Parse(r.Server) // the first version if it does not say
	a := s.addAccount(r.Account)
	r.addPeople(s, a)
	r.addInboxes(s, a)
	for _, t := range r.Teams {
		members := map[int64]bool{}
		if t.IsMember != nil && *t.IsMember {
			members[r.Facts.Users["admin"]] = true
		}
		a.teams[t.ID] = &team{Team: t, members: members, created: time.Unix(0, 0)} // the snapshot lacks the time
		s.lastTeam = max(s.lastTeam, t.ID)
	}
	for _, title := range r.Labels {
		s.addLabel(a, Label{Title: title})
	}
	for _, d := range r.Attributes {
		switch a.definitions = append(a.definitions, d); d.AttributeModel {
		case cfchat.AttributeModelConversation:
			a.attributes[d.AttributeKey] = string(d.AttributeDisplayType)
		case cfchat.AttributeModelContact:
			a.contactAttributes[d.AttributeKey] = string(d.AttributeDisplayType)
		}
		s.lastDefinition = max(s.lastDefinition, d.ID)
	}
	r.addWebhooks(s, a)
	r.addContacts(s, a)
	for _, c := range r.Conversations {
		r.addConversation(s, a, c)
	}
	r.addContactInboxes(s, a)
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
	s.assignKeys(a, s.users[r.Facts.Users["admin"]], s.users[r.Facts.Users["agent"]], r.addBots(s))
}

// addBots adds the bots that own conversations, and returns the one that answers in the inbox of a bot: the owner of a
// conversation there, else the first bot, else a new one.
func (r *snapshot) addBots(s *state) *bot {
	var helper *bot
	for _, c := range r.Conversations {
		owner := c.Meta.AssigneeBot
		if owner == nil {
			continue
		}
		added := s.storeBot(*owner)
		if helper == nil || c.InboxID == r.Facts.Inboxes["bot"] {
			helper = added
		}
	}
	if helper == nil {
		helper = s.addBot(Bot{Name: "Helper Bot"})
	}
	return helper
}

func (r *snapshot) addInboxes(s *state, a *account) {
	for _, in := range r.Inboxes {
		a.inboxes[in.ID] = &inbox{
			id: in.ID, name: in.Name, channel: in.Channel, locked: in.Locked, members: setOf(in.Members),
			zone: "UTC", webhookURL: in.WebhookURL, secret: newSecret(),
		}
		if in.ID == r.Facts.Inboxes["bot"] {
			a.inboxes[in.ID].bot = s.keys[keyFor(roleBot)].bot
		}
		s.lastInbox = max(s.lastInbox, in.ID)
	}
}

// addContacts adds the contacts of the conversations, and the one with a known source id.
func (r *snapshot) addContacts(s *state, a *account) {
	for _, id := range r.Facts.Contacts {
		a.contacts[id] = &contact{Contact: cfchat.Contact{
			ID: id, AdditionalAttributes: attributesOf(map[string]any{}), CustomAttributes: attributesOf(map[string]any{}),
		}}
		s.lastContact = max(s.lastContact, id)
	}
	for _, c := range r.Conversations {
		id := c.Meta.Sender.ID
		a.contacts[id] = &contact{Contact: c.Meta.Sender, deleted: id == 0}
		a.contacts[id].stored()
		s.lastContact = max(s.lastContact, id)
	}
	for _, c := range r.Contacts {
		if a.contacts[c.ID] == nil || a.contacts[c.ID].CreatedAt == nil { // no conversation shows it
			a.contacts[c.ID] = &contact{Contact: c}
			a.contacts[c.ID].stored()
			s.lastContact = max(s.lastContact, c.ID)
		}
	}
	known, in := a.contacts[r.Facts.Source.KnownContact], a.inboxes[r.Facts.Inboxes["api"]]
	if known != nil && in != nil && r.Facts.Source.Known != "" {
		s.joinInbox(a, in, known, r.Facts.Source.Known)
	}
}

// addContactInboxes adds the places of contacts besides those of their conversations, or their source ids.
func (r *snapshot) addContactInboxes(s *state, a *account) {
	for _, c := range r.Contacts {
		who := a.contacts[c.ID]
		for _, place := range c.ContactInboxes {
			in := a.inboxes[place.Inbox.ID]
			if in == nil || s.sourceOf(in, place.SourceID) != nil {
				continue
			}
			s.nameSource(in, who, place.SourceID)
			if s.sourceOf(in, place.SourceID) == nil {
				s.joinInbox(a, in, who, place.SourceID)
			}
		}
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
	last := s.lastContact
	if r.Facts.OContact != 0 {
		s.lastContact = r.Facts.OContact - 1
	}
	in, who := s.addInbox(other, Inbox{}), s.addContact(other, Contact{Name: "Foreign"})
	s.lastContact = max(last, s.lastContact)
	for range r.Facts.Conversations["other"] {
		now := s.now()
		c := &conversation{
			account: other, source: s.placeOf(other, in, who), status: cfchat.StatusOpen, canReply: true,
			additional: map[string]any{}, custom: map[string]any{}, created: now, updated: now, lastActivity: now, waiting: now,
		}
		s.store(c)
		m := &message{ConversationMessage: cfchat.ConversationMessage{ID: s.missingMessage(), Content: new("foreign"), Private: new(false)}}
		s.sentBy(m, cfchat.SenderTypeContact, who.ID)
		s.append(c, m)
	}
}

// missingMessage returns the highest unused message id below the newest, so that invented messages do not take ids of future
// ones. It returns 0, for the next id, if none is unused.
func (s *state) missingMessage() int64 {
	taken := map[int64]bool{}
	for _, a := range s.accounts {
		for _, c := range a.conversations {
			for _, m := range c.messages {
				taken[m.ID] = true
			}
		}
	}
	for id := s.lastMessage - 1; id > 0; id-- {
		if !taken[id] {
			return id
		}
	}
	return 0
}

// lastChange returns the latest time at which anything happened.
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
