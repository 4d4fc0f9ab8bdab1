package cfchattest

import (
	"cmp"
	"maps"
	"slices"
)

// deleteAConversation deletes a conversation in a job; until that has run, nothing changes (contract, W3.7).
func (c *caller) deleteAConversation() (any, error) {
	gone, err := c.conversation()
	if err := cmp.Or(err, c.administers()); err != nil {
		return nil, err
	}
	account := c.account
	remove := func() { account.removeConversations(func(each *conversation) bool { return each == gone }) }
	c.jobs = append(c.jobs, job{c.clock().Add(jobDelay), remove})
	return nil, empty()
}

// removeConversations removes the conversations that match.
func (a *account) removeConversations(fit func(*conversation) bool) {
	maps.DeleteFunc(a.conversations, func(_ int64, c *conversation) bool { return fit(c) })
	a.byActivity = slices.DeleteFunc(a.byActivity, fit)
}
