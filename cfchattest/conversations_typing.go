package cfchattest

import "github.com/cfchat/cfchat-go/cfchattest/internal/cast"

// toggleTypingStatusOfAConversation accepts anything and stores nothing (contract, W3.6).
func (c *caller) toggleTypingStatusOfAConversation() (any, error) {
	of, err := c.conversation()
	if err != nil {
		return nil, err
	}
	private := c.params["is_private"]
	if private == nil {
		private = false
	}
	switch c.params["typing_status"] {
	case "on":
		c.tellTyping("conversation_typing_on", of, c.owner, private)
	case "off":
		c.tellTyping("conversation_typing_off", of, c.owner, private)
	}
	return nil, empty()
}

// sendTranscriptOfAConversation notes where a transcript is sent. The address is not checked (contract, W3.6).
func (c *caller) sendTranscriptOfAConversation() (any, error) {
	of, err := c.conversation()
	if err != nil {
		return nil, err
	}
	email := c.params["email"]
	if cast.Blank(email) {
		return nil, unprocessable("email param missing")
	}
	of.transcripts = append(of.transcripts, cast.Text(email))
	return nil, empty()
}
