package cfchattest

import (
	"errors"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// errPriority is the error for a priority that cannot be stored: a 500 (contract, W3.3).
var errPriority = errors.New("not a priority")

// togglePriorityOfAConversation sets the priority, or removes it if none is given (contract, W3.3).
func (c *caller) togglePriorityOfAConversation() (any, error) {
	of, err := c.conversation()
	if err != nil {
		return nil, err
	}
	var next *cfchat.Priority
	if value := c.params["priority"]; !cast.Blank(value) {
		priority, ok := storable(value, priorities)
		if !ok {
			return nil, errPriority
		}
		next = &priority
	}
	c.setPriority(of, next)
	return nil, empty()
}

// setPriority changes a conversation's priority, nil for none. The texts are those of the recorded activity messages.
func (c *caller) setPriority(of *conversation, next *cfchat.Priority) {
	before, after := string(deref(of.priority)), string(deref(next))
	if before == after {
		return
	}
	save := c.saving(of)
	of.priority, of.updated = next, c.now()
	save.done()
	done := " changed the priority from " + before + " to " + after
	switch {
	case before == "":
		done = " set the priority to " + after
	case after == "":
		done = " removed the priority"
	}
	if c.name() != "" {
		c.activityMessage(of, c.name()+done)
	}
}
