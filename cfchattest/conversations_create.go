package cfchattest

import (
	"errors"
	"net/url"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// Values that cannot be stored, or that the server's code fails on: a 500 (contract, 1.5).
var (
	errAttributes = errors.New("the attributes are no object")
	errAssignee   = errors.New("the id does not fit")
	errMessage    = errors.New("no such message can be made")
	errChannel    = errors.New("the channel makes no source ids")
)

// newConversation creates a conversation. Its answer does not have the activity message of an assignment yet, as in the
// recorded create-assignee-str.
func (c *caller) newConversation() (any, error) {
	place, err := c.place()
	if err != nil {
		return nil, err
	}
	if err := c.mayShow(place.inbox); err != nil {
		return nil, err
	}
	made, err := c.latestOrNew(place)
	if err != nil {
		return nil, err
	}
	isNew := made.id == 0
	if isNew {
		made.id = made.account.nextDisplayID() // a message that is refused below loses it
	}
	first, err := c.firstMessage(made)
	if err != nil {
		return nil, err
	}
	if isNew {
		c.store(made)
		made.fresh = true
		c.tellConversation("conversation_created", made)
	}
	if first != nil {
		c.append(made, first)
	}
	answer, err := c.view().conversation(made)
	if isNew && made.assignee != nil {
		c.noteAssignment(made)
	}
	if err != nil {
		return nil, err // a bot is shown no team, but the conversation is there
	}
	return answer, nil
}

// latestOrNew returns the contact's last conversation in an inbox that allows only one, else a new one that is not stored
// yet (contract, 1.5).
func (c *caller) latestOrNew(place *contactInbox) (*conversation, error) {
	if place.inbox.locked {
		var last *conversation
		for _, each := range place.account.conversations {
			if each.source == place && (last == nil || each.internalID > last.internalID) {
				last = each
			}
		}
		if last != nil {
			return last, nil
		}
	}
	return c.build(place)
}

// build makes a conversation from the parameters.
func (c *caller) build(place *contactInbox) (*conversation, error) {
	now := c.now()
	made := &conversation{
		account: place.account, source: place, status: cfchat.StatusOpen, canReply: true,
		created: now, updated: now, lastActivity: now, waiting: now,
	}
	err := c.readInto(made)
	if err != nil {
		return nil, err
	}
	switch {
	case place.contact.Blocked != nil && *place.contact.Blocked && c.version.AtLeast("3.7.0"):
		made.status = cfchat.StatusResolved
	case place.inbox.bot != nil:
		made.status = cfchat.StatusPending
		if made.assignee == nil && c.version.AtLeast("4.16.2") {
			made.ownedBy = place.inbox.bot // contract, N6
		}
	}
	if made.status == cfchat.StatusSnoozed {
		made.snoozed = cast.Time(c.params["snoozed_until"])
	}
	return made, validAttributes(made)
}

// readInto reads the parameters into a new conversation (contract, 1.5).
func (c *caller) readInto(made *conversation) (err error) {
	if made.additional, err = c.attributes("additional_attributes"); err != nil {
		return err
	}
	if made.custom, err = c.attributes("custom_attributes"); err != nil {
		return err
	}
	if referer, ok := made.additional["referer"]; ok && !isWebAddress(referer) {
		made.additional["referer"] = nil
	}
	if status := c.params["status"]; !cast.Blank(status) {
		var ok bool
		if made.status, ok = assignStatus(status); !ok {
			return errStatus
		}
	}
	return c.readOwner(made)
}

// readOwner reads the assignee and the team of a new conversation, which are stored unchecked (contract, 1.5).
func (c *caller) readOwner(made *conversation) (err error) {
	if made.assignee, err = c.storedID("assignee_id", cast.FitsInteger); err != nil {
		return err
	}
	if made.team, err = c.storedID("team_id", cast.FitsBigint); err != nil {
		return err
	}
	if made.assignee != nil && c.person(made.assignee) == nil && c.version.AtLeast("3.16.0") && !c.version.AtLeast("4.0.0") {
		return errAssignee // seen on 3.16.0, but not on 2.16.0 or 4.7.0; in between (unseen)
	}
	if made.assignee != nil && made.team != nil {
		if team := made.account.teams[*made.team]; team != nil && !team.members[*made.assignee] {
			made.assignee = nil // an assignee has to be in the team
		}
	}
	return nil
}

// storedID reads an id that is stored unchanged, in a column that it has to fit.
func (c *caller) storedID(name string, fits func(int64) bool) (*int64, error) {
	id, ok := cast.Integer(c.params[name])
	if !ok {
		return nil, nil
	}
	if !fits(id) {
		return nil, errAssignee
	}
	return &id, nil
}

// attributes reads free-form attributes: an object or nothing (contract, 1.5).
func (c *caller) attributes(name string) (map[string]any, error) {
	switch v := c.params[name].(type) {
	case nil:
		return map[string]any{}, nil
	case map[string]any:
		return v, nil
	}
	return nil, errAttributes
}

func isWebAddress(value any) bool {
	text, _ := value.(string)
	address, err := url.Parse(text)
	return err == nil && (address.Scheme == "http" || address.Scheme == "https")
}
