package cfchattest

import "bytes"

// updateCustomAttributesOfAConversation replaces the custom attributes of a conversation, without an activity message
// (contract, W3.4).
func (c *caller) updateCustomAttributesOfAConversation() (any, error) {
	of, err := c.conversation()
	if err != nil {
		return nil, err
	}
	sent, ok := c.params["custom_attributes"].(map[string]any)
	if !ok {
		return nil, errAttributes
	}
	if err := validAttributes(&conversation{custom: sent}); err != nil {
		return nil, err
	}
	c.setCustom(of, sent)
	return object{"custom_attributes": of.custom}, nil
}

// setCustom replaces the custom attributes of a conversation.
func (c *caller) setCustom(of *conversation, custom map[string]any) {
	if bytes.Equal(encode(of.custom), encode(custom)) {
		return
	}
	defer c.saving(of).done()
	of.custom, of.updated = custom, c.now()
}
