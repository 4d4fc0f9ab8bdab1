package cfchattest

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// message returns the message that the path names, nil for none, and its conversation.
func (c *caller) message() (*conversation, *message, error) {
	of, err := c.conversation()
	if err != nil {
		return nil, nil, err
	}
	id, _ := cast.Integer(c.ids["message_id"])
	i := slices.IndexFunc(of.messages, func(m *message) bool { return m.ID == id })
	if i < 0 {
		return of, nil, nil
	}
	return of, of.messages[i], nil
}

// deleteAMessage removes the content of a message and keeps the message itself (contract, W1.3).
func (c *caller) deleteAMessage() (any, error) {
	of, m, err := c.message()
	switch {
	case err != nil:
		return nil, err
	case m == nil:
		return nil, notFound()
	case m.madeOfItems() && !c.version.AtLeast("3.13.0"):
		return nil, errMessage
	}
	save := c.savingMessage(of, m)
	c.dropFiles(m)
	m.Content = new("This message was deleted")
	m.ProcessedMessageContent, m.attachments = m.Content, nil
	m.ContentAttributes = attributesOf(map[string]any{"deleted": true})
	if c.version.AtLeast("3.13.0") {
		m.ContentType = new(cfchat.MessageContentTypeText)
	}
	save()
	return c.view().shortMessage(of, m)
}

// updateAMessage sets the status of a message. An unknown status changes nothing (contract, W1.4).
func (c *caller) updateAMessage() (any, error) {
	of, m, err := c.message()
	switch {
	case err != nil:
		return nil, err
	case of.source.inbox.channel != cfchat.ChannelAPI:
		return nil, refuse(http.StatusForbidden, errorText("Message status update is only allowed for API inboxes"))
	case m == nil:
		return nil, notFound()
	}
	text, _ := c.params["status"].(string)
	status := cfchat.MessageStatus(text)
	if !status.Known() || status == cfchat.MessageStatusDelivered && deref(m.Status) == cfchat.MessageStatusRead {
		return c.view().shortMessage(of, m)
	}
	save := c.savingMessage(of, m)
	m.Status = &status
	attributes := m.ContentAttributes.Map()
	_, failed := attributes["external_error"]
	switch reason := c.params["external_error"]; {
	case status == cfchat.MessageStatusFailed:
		m.ContentAttributes = withError(attributes, reason)
	case failed:
		m.ContentAttributes = withError(attributes, nil)
	}
	save()
	return c.view().shortMessage(of, m)
}

// retryAMessage sends a message again. For a message with items, the server fails on the attributes that it has emptied,
// after it has stored the status (contract, W1.5).
func (c *caller) retryAMessage() (any, error) {
	of, m, err := c.message()
	switch {
	case err != nil:
		return nil, err
	case m == nil:
		return nil, unprocessable(fmt.Sprintf(`Couldn't find Message with 'id'=%q [WHERE "messages"."conversation_id" = $1]`, c.ids["message_id"]))
	}
	save := c.savingMessage(of, m)
	m.Status = new(cfchat.MessageStatusSent)
	c.deliver(of, m)
	if m.madeOfItems() {
		save()
		m.ContentAttributes = withError(m.ContentAttributes.Map(), nil)
		return nil, unprocessable("undefined method `reject' for nil")
	}
	m.ContentAttributes = attributesOf(map[string]any{})
	save()
	return c.view().shortMessage(of, m)
}

// savingMessage starts a save of a message and returns the function that ends it. Before 4.12.0 this changes its
// conversation too (contract, W1.3). Before 3.5.0 even a save that changes nothing sends message_updated.
func (s *state) savingMessage(of *conversation, m *message) (done func()) {
	row := func() []byte { return encode([]any{m.Content, m.ContentAttributes.Map(), m.ContentType, m.Status}) }
	before := row()
	return func() {
		now := s.now()
		m.UpdatedAt = cfchat.NewISOTime(now)
		if !s.version.AtLeast("4.12.0") {
			of.updated = later(of.updated, now)
		}
		if !bytes.Equal(before, row()) || !s.version.AtLeast("3.5.0") {
			s.tellMessage("message_updated", of, m)
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// withError returns attributes with the reason why a message failed.
func withError(attributes map[string]any, reason any) cfchat.Attributes {
	more := map[string]any{"external_error": reason}
	for key, each := range attributes {
		if key != "external_error" {
			more[key] = each
		}
	}
	return attributesOf(more)
}

// madeOfItems reports whether a message has a content type that needs items.
func (m *message) madeOfItems() bool {
	switch deref(m.ContentType) {
	case cfchat.MessageContentTypeInputSelect, cfchat.MessageContentTypeCards, cfchat.MessageContentTypeForm, cfchat.MessageContentTypeArticle:
		return true
	}
	return false
}
