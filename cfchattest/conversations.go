package cfchattest

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go"
)

type conversation struct {
	account    *account
	id         int64 // within the account; this one is shown
	internalID int64
	uuid       string
	source     *contactInbox
	status     cfchat.Status
	assignee   *int64
	ownedBy    *bot // instead of an assignee
	team       *int64
	priority   *cfchat.Priority
	slaPolicy  *int64
	labels     []string
	additional map[string]any
	custom     map[string]any
	canReply   bool
	mutedUntil time.Time // before 3.7.0
	broken     bool      // it cannot be rendered

	created, updated, lastActivity       time.Time
	agentSeen, assigneeSeen, contactSeen time.Time
	firstReply, waiting, snoozed         time.Time

	messages     []*message // in order of id
	delivered    []int64    // the messages that went out to the contact
	participants map[int64]bool
	transcripts  []string // the addresses that transcripts were sent to

	cached *string // the labels as text, as servers from 3.4.0 on keep them; nil if not set yet
	shown  bool    // the present request has shown its labels
	fresh  bool    // the present request has created it
}

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
	s.asTags(c.labels)
	if len(c.labels) > 0 {
		c.cached = new(strings.Join(c.labels, ", "))
	}
}

// nextDisplayID allocates an id. Servers use a database sequence, so a rollback loses its id, as in the recorded
// create-message-string and create-message-long.
func (a *account) nextDisplayID() int64 {
	a.lastDisplayID++
	return a.lastDisplayID
}

// participate adds the assignee to the participants: everybody who was ever assigned is one (contract, 1.2).
func (c *conversation) participate() {
	if c.assignee != nil {
		c.join(*c.assignee)
	}
}

// join adds a participant.
func (c *conversation) join(id int64) {
	if c.participants == nil {
		c.participants = map[int64]bool{}
	}
	c.participants[id] = true
}

// latestFirst returns the account's conversations in the default order.
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

// activity moves a conversation to the front of the default order, if it has not been deleted.
func (c *conversation) activity(t time.Time) {
	a := c.account
	i, found := slices.BinarySearchFunc(a.byActivity, c, byActivity)
	c.lastActivity, c.updated = t, t
	if !found {
		return
	}
	a.byActivity = slices.Delete(a.byActivity, i, i+1)
	a.insert(c)
}

// unread returns the messages of any kind since an agent last looked.
func (c *conversation) unread() []*message {
	if c.agentSeen.IsZero() {
		return c.messages
	}
	var out []*message
	for _, m := range c.messages {
		if m.CreatedAt.After(c.agentSeen) {
			out = append(out, m)
		}
	}
	return out
}

// unreadIncoming counts the contact's messages since an agent last looked.
func (c *conversation) unreadIncoming() int {
	n := 0
	for _, m := range c.unread() {
		if m.MessageType == cfchat.MessageTypeIncoming {
			n++
		}
	}
	return n
}

// unreadCount returns the unread count that answers show: 10 at most from 3.1.0 on (contract, 4.1).
func (s *state) unreadCount(c *conversation) int {
	if s.version.AtLeast("3.1.0") {
		return min(c.unreadIncoming(), 10)
	}
	return c.unreadIncoming()
}

// byID returns the account's conversations in order of id.
func (a *account) byID() []*conversation {
	return slices.SortedFunc(maps.Values(a.conversations), func(x, y *conversation) int { return cmp.Compare(x.id, y.id) })
}
