package cfchattest

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// errStatus is the error for a status that cannot be stored, errSnooze for a time that cannot be read: both a 500 (contract,
// 1.6).
var (
	errStatus = errors.New("not a status")
	errSnooze = errors.New("not seconds")
)

// toggleStatusOfAConversation sets or flips the status. An agent whose call leaves the conversation open becomes its
// assignee, replacing any other (contract, 1.6).
func (c *caller) toggleStatusOfAConversation() (any, error) {
	of, err := c.conversation()
	if err != nil {
		return nil, err
	}
	var success any = true
	status, given := c.params["status"], c.statusGiven()
	switch {
	case c.handsOff(of):
		c.handOff(of)
		success = nil
	case given:
		if err := c.setGivenStatus(of, status); err != nil {
			return nil, err
		}
	default:
		c.setStatus(of, flipped(of.status), of.snoozed)
	}
	answer := object{
		"success": success, "conversation_id": of.id, "current_status": of.status, "snoozed_until": isoOrNull(of.snoozed),
	}
	if of.status == cfchat.StatusOpen && c.user != nil {
		c.takeOver(of)
	}
	return object{"payload": answer}, nil
}

// takeOver changes the owner of a conversation that a person's toggle leaves open: the person takes it from its bot. From
// 4.16.2 on so does an administrator, who does not become the assignee (contract, N6).
func (c *caller) takeOver(of *conversation) {
	switch {
	case c.user.role(c.account) == cfchat.RoleAgent:
		c.assign(of, &c.user.ID)
	case of.ownedBy != nil && c.version.AtLeast("4.16.2"):
		defer c.saving(of).done()
		of.ownedBy, of.updated = nil, c.now()
	}
}

// handOff hands a bot's conversation to people: from 4.12.0 on waiting_since is set unless it was; from 4.16.2 on the bot is
// no longer the owner (contract, N6).
func (c *caller) handOff(of *conversation) {
	if of.waiting.IsZero() && c.version.AtLeast("4.12.0") {
		save := c.saving(of)
		of.waiting = c.now()
		of.updated = c.now()
		save.done()
	}
	owner := of.ownedBy
	if c.version.AtLeast("4.16.2") {
		owner = nil
	}
	c.setStatusAndOwner(of, cfchat.StatusOpen, time.Time{}, owner)
}

// statusGiven reports whether a status was given. Before 3.2.0 "" counts as one, which cannot be stored; later versions
// treat it as none (contract, 4.2).
func (c *caller) statusGiven() bool {
	status := c.params["status"]
	if !c.version.AtLeast("3.2.0") {
		return status != nil && status != false
	}
	return !cast.Blank(status)
}

// handsOff reports whether a bot hands a pending conversation to people, which answers success: null from 3.5.0 on
// (contract, 4.2).
func (c *caller) handsOff(of *conversation) bool {
	return c.bot != nil && c.version.AtLeast("3.5.0") && of.status == cfchat.StatusPending && c.params["status"] == "open"
}

// setGivenStatus sets the status that was sent, and with it the end of a snooze.
func (c *caller) setGivenStatus(of *conversation, value any) error {
	status, ok := assignStatus(value)
	if !ok {
		return errStatus
	}
	until := of.snoozed
	if raw := c.params["snoozed_until"]; raw != nil && raw != false {
		if until, ok = leadingSeconds(raw); !ok {
			return errSnooze
		}
	}
	c.setStatus(of, status, until)
	return nil
}

// The first and the last second that the database can store (unseen).
const (
	firstSecond = -210866803200
	lastSecond  = 9224318015999
)

// leadingSeconds reads a time as seconds since 1970: the number that its text starts with. ISO text is thus a moment in
// 1970, and "" is none (contract, 1.6).
func leadingSeconds(value any) (time.Time, bool) {
	if text, ok := value.(string); ok {
		digits := strings.TrimPrefix(text, "-")
		if digits == "" || digits[0] < '0' || digits[0] > '9' {
			return time.Time{}, false
		}
	} else if _, ok := value.(json.Number); !ok {
		return time.Time{}, false
	}
	seconds, _ := cast.Integer(value)
	return time.Unix(seconds, 0).UTC(), seconds >= firstSecond && seconds <= lastSecond
}

// flipped returns the status after a toggle without a status: open becomes resolved, anything else open (contract, 1.6).
func flipped(status cfchat.Status) cfchat.Status {
	if status == cfchat.StatusOpen {
		return cfchat.StatusResolved
	}
	return cfchat.StatusOpen
}
