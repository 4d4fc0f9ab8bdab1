package cfchattest

import "bytes"

// updateCustomAttributesOfAConversation replaces the custom attributes of a conversation, of which no activity message tells
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
	if !bytes.Equal(encode(of.custom), encode(sent)) {
		defer c.saving(of).done()
		of.custom, of.updated = sent, c.now()
	}
	return object{"custom_attributes": of.custom}, nil
}
