package operation

import (
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
)

// Subject is the subject of a call: the ids in its path. An unknown or invalid id is not above 0.
type Subject struct {
	AccountID      int64
	ConversationID int64
	MessageID      int64
	ContactID      int64
	InboxID        int64
	TeamID         int64
	WebhookID      int64
}

// SubjectOf returns the subject of a request of this operation.
func (o *Operation) SubjectOf(req *http.Request) (s Subject) {
	if !o.Known() {
		return s
	}
	for name, value := range o.Values(Steps(req.URL.EscapedPath())) {
		id, _ := strconv.ParseInt(value, 10, 64) // 0 for an id that the server refuses
		switch name {
		case "account_id":
			s.AccountID = id
		case "conversation_id":
			s.ConversationID = id
		case "message_id":
			s.MessageID = id
		case "contact_id":
			s.ContactID = id
		case "inbox_id":
			s.InboxID = id
		case "team_id":
			s.TeamID = id
		case "webhook_id":
			s.WebhookID = id
		}
	}
	return s
}

// part is an id of a Subject with the name of its kind.
type part struct {
	name string
	id   int64
}

// parts returns the ids, each before that of its container.
func (s Subject) parts() [7]part {
	return [...]part{
		{"message", s.MessageID}, {"conversation", s.ConversationID}, {"contact", s.ContactID},
		{"inbox", s.InboxID}, {"team", s.TeamID}, {"webhook", s.WebhookID}, {"account", s.AccountID},
	}
}

// String returns words such as "conversation 42 of account 56", "" if nothing is known.
func (s Subject) String() (words string) {
	for _, p := range s.parts() {
		switch {
		case p.id <= 0:
		case words == "":
			words = fmt.Sprintf("%s %d", p.name, p.id)
		default:
			words += fmt.Sprintf(" of %s %d", p.name, p.id)
		}
	}
	return words
}

// AppendAttrs appends the known ids as slog attributes, from the account down.
func (s Subject) AppendAttrs(attrs []slog.Attr) []slog.Attr {
	parts := s.parts()
	for i := len(parts) - 1; i >= 0; i-- {
		if p := parts[i]; p.id > 0 {
			attrs = append(attrs, slog.Int64(p.name, p.id))
		}
	}
	return attrs
}
