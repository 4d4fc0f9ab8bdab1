package cfchattest

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	cfchat "github.com/cfchat/cfchat-go"
)

// state is everything that the server stores. Ids but a conversation's are counted over all accounts, as in a database.
type state struct {
	version       version
	clock         func() time.Time
	latest        time.Time // the last moment given out
	accounts      map[int64]*account
	users         map[int64]*user
	bots          map[int64]*bot
	keys          map[string]owner
	home          int64                      // the account that a Server's methods are about
	bySource      map[string][]*contactInbox // over all accounts and inboxes, in order of creation
	lastInbox     int64
	lastContact   int64
	lastTeam      int64
	lastUser      int64
	lastBot       int64
	lastMessage   int64
	lastInternal  int64 // of conversations, which show another id
	lastSource    int64
	lastRequestID int64
}

// account is one account.
type account struct {
	id            int64
	suspended     bool
	inboxes       map[int64]*inbox
	contacts      map[int64]*contact
	teams         map[int64]*team
	attributes    map[string]string // display type by key, of the defined custom attributes of conversations
	conversations map[int64]*conversation
	lastDisplayID int64
	byActivity    []*conversation // always in order, latest last: that is where nearly all changes happen
}

type inbox struct {
	id        int64
	name      string
	channel   cfchat.Channel
	locked    bool // one conversation per contact
	activeBot bool // new conversations are pending
	members   map[int64]bool
}

type contact struct {
	cfchat.Contact
	deleted bool            // but its conversations are not yet: they cannot be rendered
	place   *contactInbox   // where conversations that are added without a request go
	unnamed []*contactInbox // places under a made-up source id, because a snapshot does not tell it
}

type team struct {
	cfchat.Team
	members map[int64]bool
}

// user is a person, with the role in each account.
type user struct {
	cfchat.Agent
	roles map[int64]cfchat.Role
}

// bot is an agent bot. It may enter an account in which it has an inbox.
type bot struct {
	id       int64
	name     string
	accounts map[int64]bool
}

// owner is who a key belongs to: a user or a bot.
type owner struct {
	user *user
	bot  *bot
}

// contactInbox joins a contact to an inbox under a source id.
type contactInbox struct {
	account  *account
	inbox    *inbox
	contact  *contact
	sourceID string
	verified *bool // nil where a snapshot does not say
}

type conversation struct {
	account    *account
	id         int64 // within the account, the one that is shown
	internalID int64
	uuid       string
	source     *contactInbox
	status     cfchat.Status
	assignee   *int64
	team       *int64
	priority   *cfchat.Priority
	slaPolicy  *int64
	labels     []string
	additional cfchat.Attributes
	custom     cfchat.Attributes
	canReply   bool
	muted      bool

	created, updated, lastActivity       time.Time
	agentSeen, assigneeSeen, contactSeen time.Time
	firstReply, waiting, snoozed         time.Time

	messages     []*cfchat.Message // in order of id
	participants map[int64]bool
}

func newState(v version, clock func() time.Time) *state {
	return &state{
		version: v, clock: clock,
		accounts: map[int64]*account{}, users: map[int64]*user{}, bots: map[int64]*bot{},
		keys: map[string]owner{}, bySource: map[string][]*contactInbox{},
	}
}

// now is the time, later each time it is asked, so that the order of what happened is never a matter of luck.
func (s *state) now() time.Time {
	t := s.clock().UTC().Truncate(time.Microsecond)
	if !t.After(s.latest) {
		t = s.latest.Add(time.Microsecond)
	}
	s.latest = t
	return t
}

func (s *state) addAccount(id int64) *account {
	a := &account{
		id: id, inboxes: map[int64]*inbox{}, contacts: map[int64]*contact{}, teams: map[int64]*team{},
		attributes: map[string]string{}, conversations: map[int64]*conversation{},
	}
	s.accounts[id] = a
	return a
}

// joinInbox finds or makes the contact's place in an inbox under a source id. It is false if the inbox has the source id
// already, for somebody else.
func (s *state) joinInbox(a *account, in *inbox, c *contact, sourceID string) (*contactInbox, bool) {
	if other := s.sourceOf(in, sourceID); other != nil {
		return other, other.contact == c
	}
	joined := &contactInbox{account: a, inbox: in, contact: c, sourceID: sourceID, verified: new(false)}
	s.bySource[sourceID] = append(s.bySource[sourceID], joined)
	return joined, true
}

// sourceOf finds a source id in an inbox.
func (s *state) sourceOf(in *inbox, sourceID string) *contactInbox {
	for _, joined := range s.bySource[sourceID] {
		if joined.inbox == in {
			return joined
		}
	}
	return nil
}

// renameSource gives a contact's place another source id.
func (s *state) renameSource(joined *contactInbox, sourceID string) {
	rest := slices.DeleteFunc(s.bySource[joined.sourceID], func(c *contactInbox) bool { return c == joined })
	s.bySource[joined.sourceID] = rest
	joined.sourceID = sourceID
	s.bySource[sourceID] = append(s.bySource[sourceID], joined)
}

// newUUID makes ids that can be told apart and read in a failing test.
func newUUID(n int64) string { return fmt.Sprintf("00000000-0000-4000-8000-%012x", n) }

// store adds a conversation to its account under the next id.
func (s *state) store(c *conversation) {
	s.lastInternal++
	c.internalID = s.lastInternal
	if c.id == 0 {
		c.id = c.account.nextDisplayID()
	}
	c.uuid = cmp.Or(c.uuid, newUUID(c.internalID))
	c.account.lastDisplayID = max(c.account.lastDisplayID, c.id)
	c.account.conversations[c.id] = c
	c.account.insert(c)
	c.participate()
}

// nextDisplayID takes an id. A database sequence counts it, so an id that was taken by what was rolled back is lost.
func (a *account) nextDisplayID() int64 {
	a.lastDisplayID++
	return a.lastDisplayID
}

// participate remembers the assignee: who was ever assigned takes part.
func (c *conversation) participate() {
	if c.assignee == nil {
		return
	}
	if c.participants == nil {
		c.participants = map[int64]bool{}
	}
	c.participants[*c.assignee] = true
}

// latestFirst are the account's conversations in the default order.
func (a *account) latestFirst() iter.Seq[*conversation] {
	return func(yield func(*conversation) bool) {
		for _, c := range slices.Backward(a.byActivity) {
			if !yield(c) {
				return
			}
		}
	}
}

func byActivity(x, y *conversation) int {
	return cmp.Or(x.lastActivity.Compare(y.lastActivity), cmp.Compare(x.id, y.id))
}

func (a *account) insert(c *conversation) {
	i, _ := slices.BinarySearchFunc(a.byActivity, c, byActivity)
	a.byActivity = slices.Insert(a.byActivity, i, c)
}

// activity moves a conversation to the front of the default order.
func (c *conversation) activity(t time.Time) {
	a := c.account
	i, _ := slices.BinarySearchFunc(a.byActivity, c, byActivity)
	a.byActivity = slices.Delete(a.byActivity, i, i+1)
	c.lastActivity, c.updated = t, t
	a.insert(c)
}

// unread are the messages of any kind since an agent looked.
func (c *conversation) unread() []*cfchat.Message {
	if c.agentSeen.IsZero() {
		return c.messages
	}
	var out []*cfchat.Message
	for _, m := range c.messages {
		if m.CreatedAt.After(c.agentSeen) {
			out = append(out, m)
		}
	}
	return out
}

// unreadIncoming counts the contact's messages since an agent looked. From 3.1.0 on nobody counts beyond 10.
func (s *state) unreadIncoming(c *conversation) int {
	n := 0
	for _, m := range c.unread() {
		if m.MessageType == cfchat.MessageTypeIncoming {
			n++
		}
	}
	if s.version != version216 {
		n = min(n, 10)
	}
	return n
}

// role is the user's role in an account, "" for a stranger.
func (u *user) role(a *account) cfchat.Role { return u.roles[a.id] }

// byID are the account's conversations in order of id.
func (a *account) byID() []*conversation {
	return slices.SortedFunc(maps.Values(a.conversations), func(x, y *conversation) int { return cmp.Compare(x.id, y.id) })
}
