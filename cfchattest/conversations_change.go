package cfchattest

import (
	"time"

	"github.com/cfchat/cfchat-go"
)

// done maps a new status to its activity message. The texts are those of the recorded ones.
var done = map[cfchat.Status]string{
	cfchat.StatusOpen:     "Conversation was reopened by ",
	cfchat.StatusResolved: "Conversation was marked resolved by ",
	cfchat.StatusPending:  "Conversation was marked as pending by ",
	cfchat.StatusSnoozed:  "Conversation was snoozed by ",
}

// name returns the caller's name for an activity message. Before 3.5.0 a bot's actions have no message, as in the recorded
// toggle-bot-open of 2.16.0; since which version they do is (unseen).
func (c *caller) name() string {
	switch {
	case c.user != nil:
		return c.user.Name
	case !c.version.AtLeast("3.5.0"):
		return ""
	}
	return deref(c.bot.Name)
}

// setStatus changes a conversation's status and the end of its snooze. Only a real change leaves a trace, such as an
// activity message (contract, 1.6).
func (c *caller) setStatus(of *conversation, status cfchat.Status, until time.Time) {
	c.setStatusAndOwner(of, status, until, of.ownedBy)
}

// setStatusAndOwner also changes, in the same save, the bot that owns the conversation; nil for none.
func (c *caller) setStatusAndOwner(of *conversation, status cfchat.Status, until time.Time, owner *bot) {
	if status != cfchat.StatusSnoozed {
		until = time.Time{}
	}
	changed := of.status != status
	if !changed && of.snoozed.Equal(until) {
		return
	}
	if status == cfchat.StatusResolved && c.version.AtLeast("4.4.0") {
		of.waiting = time.Time{} // without an event
	}
	save := c.saving(of)
	of.status, of.snoozed, of.ownedBy, of.updated = status, until, owner, c.now()
	save.done()
	if changed && c.name() != "" {
		c.activityMessage(of, done[status]+c.name())
	}
}

// assign makes a person the owner, or nobody if nil. It also removes a bot that was the owner; without a new person that
// leaves no activity message (contract, W3.2).
func (c *caller) assign(of *conversation, assignee *int64) {
	changed := deref(of.assignee) != deref(assignee)
	if !changed && of.ownedBy == nil {
		return
	}
	save := c.saving(of)
	of.assignee, of.ownedBy = assignee, nil
	of.participate()
	of.updated = c.now()
	save.done()
	if changed {
		c.noteAssignment(of)
	}
}

// noteAssignment writes the activity message about the assignee of a conversation, if the caller has a name for it.
func (c *caller) noteAssignment(of *conversation) {
	switch {
	case c.name() == "":
	case of.assignee == nil:
		c.activityMessage(of, "Conversation unassigned by "+c.name())
	case c.user != nil && c.user.ID == *of.assignee:
		c.activityMessage(of, c.name()+" self-assigned this conversation")
	default:
		c.activityMessage(of, "Assigned to "+c.personName(of.assignee)+" by "+c.name())
	}
}

// personName returns the name of a person, "" for none.
func (s *state) personName(id *int64) string {
	if who := s.person(id); who != nil {
		return who.Name
	}
	return ""
}
