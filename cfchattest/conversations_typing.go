package cfchattest

import "github.com/cfchat/cfchat-go/cfchattest/internal/cast"

// toggleTypingStatusOfAConversation takes anything, and stores nothing (contract, W3.6).
func (c *caller) toggleTypingStatusOfAConversation() (any, error) {
	if _, err := c.conversation(); err != nil {
		return nil, err
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
