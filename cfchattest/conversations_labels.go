package cfchattest

// listAllLabelsOfAConversation answers the labels of a conversation.
func (c *caller) listAllLabelsOfAConversation() (any, error) {
	found, err := c.conversation()
	if err != nil {
		return nil, err
	}
	return object{"payload": append([]string{}, found.labels...)}, nil
}
