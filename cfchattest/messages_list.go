package cfchattest

import (
	"errors"
	"slices"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// The largest numbers of messages in an answer, by the bounds that were given (contract, W1.1).
const (
	latestMessages  = 20
	messagesAfter   = 100
	messagesBetween = 1000
)

// errBound is the error for a bound that cannot be read, or does not fit the column: a 500 (contract, W1.1).
var errBound = errors.New("no such bound")

// largestBound is the largest bound that fits.
const largestBound = "9223372036854775807"

// listAllMessages answers a window of a conversation's messages.
func (c *caller) listAllMessages() (any, error) {
	of, err := c.conversation()
	if err != nil {
		return nil, err
	}
	rows, err := c.window(of)
	if err != nil {
		return nil, err
	}
	meta, err := c.view().messagesMeta(of)
	if err != nil {
		return nil, err
	}
	payload := make([]object, len(rows))
	for i, m := range rows {
		if payload[i], err = c.view().shortMessage(of, m); err != nil {
			return nil, err
		}
	}
	return object{"meta": meta, "payload": payload}, nil
}

// window returns the requested messages, in order of time. The bounds are ids, but the limit goes by time: it keeps the
// newest without after, else the oldest. With before, the message after itself is included.
func (c *caller) window(of *conversation) ([]*message, error) {
	before, hasBefore, err := c.bound("before")
	if err != nil {
		return nil, err
	}
	after, hasAfter, err := c.bound("after")
	if err != nil {
		return nil, err
	}
	internal := !cast.Blank(c.params["filter_internal_messages"])
	var rows []*message
	for _, m := range of.messages {
		isInternal := m.MessageType == cfchat.MessageTypeActivity || m.GetPrivate()
		switch {
		case hasBefore && m.ID >= before, hasAfter && m.ID < after, hasAfter && !hasBefore && m.ID == after, internal && isInternal:
		default:
			rows = append(rows, m)
		}
	}
	slices.SortFunc(rows, byTime)
	switch {
	case !hasAfter:
		return rows[max(0, len(rows)-latestMessages):], nil
	case hasBefore:
		return rows[:min(len(rows), messagesBetween)], nil
	}
	return rows[:min(len(rows), messagesAfter)], nil
}

// bound reads an id that messages are listed before or after; a blank one counts as none.
func (c *caller) bound(name string) (id int64, given bool, err error) {
	value := c.params[name]
	switch value.(type) {
	case []any, map[string]any:
		return 0, false, errBound
	}
	if cast.Blank(value) {
		return 0, false, nil
	}
	id, _ = cast.Integer(value)
	if !cast.FitsBigint(id) && value != largestBound {
		return 0, false, errBound
	}
	return id, true, nil
}

// messagesMeta renders the meta of a list of messages.
func (v view) messagesMeta(c *conversation) (object, error) {
	switch {
	case c.source.contact.deleted:
		return nil, errNoContact
	case c.broken:
		return nil, errBroken
	}
	out := object{
		"labels": append([]string{}, c.labels...), "additional_attributes": c.additional,
		"contact":            v.contactSender(c.source.contact),
		"agent_last_seen_at": isoOrNull(c.agentSeen), "assignee_last_seen_at": isoOrNull(c.assigneeSeen),
	}
	if who := v.person(c.assignee); who != nil && who.role(c.account) != "" && c.ownedBy == nil {
		out["assignee"] = userSender(who)
	}
	return out, nil
}

// shortMessage renders a message as the message operations answer it (contract, W1.1).
func (v view) shortMessage(c *conversation, m *message) (object, error) {
	if m.broken {
		return nil, errBroken
	}
	out := object{
		"id": m.ID, "content": m.Content, "inbox_id": m.InboxID, "conversation_id": c.id, "message_type": m.MessageType,
		"content_type": m.ContentType, "status": m.Status, "content_attributes": orObject(m.ContentAttributes),
		"created_at": unix(m.CreatedAt.Time), "private": m.Private, "source_id": m.SourceID,
	}
	if sender := v.sender(c, m); sender != nil {
		out["sender"] = sender
	}
	if len(m.attachments) > 0 {
		out["attachments"] = v.attachments(m)
	}
	return out, nil
}
