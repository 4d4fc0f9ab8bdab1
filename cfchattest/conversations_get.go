package cfchattest

import "github.com/cfchat/cfchat-go/cfchattest/internal/cast"

// getDetailsOfAConversation answers one conversation.
func (c *caller) getDetailsOfAConversation() (any, error) {
	found, err := c.conversation()
	if err != nil {
		return nil, err
	}
	return c.view().conversation(found)
}

// conversation finds the conversation that the path names and checks that the caller may see it.
func (c *caller) conversation() (*conversation, error) {
	id, _ := cast.ID(c.ids["conversation_id"])
	found := c.account.conversations[id]
	if found == nil {
		return nil, notFound()
	}
	return found, c.mayOpen(found)
}
