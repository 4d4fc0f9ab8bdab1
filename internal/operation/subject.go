package operation

import (
	"fmt"
	"net/http"
	"strconv"
)

// Subject is what a call is about: the ids in its path. An id that is not known, or is none, is not above 0.
type Subject struct {
	AccountID      int64
	ConversationID int64
	MessageID      int64
	ContactID      int64
}

// SubjectOf returns what a request is about that is this operation.
func (o *Operation) SubjectOf(req *http.Request) (s Subject) {
	if !o.Known() {
		return s
	}
	for name, value := range o.Values(Steps(req.URL.EscapedPath())) {
		id, _ := strconv.ParseInt(value, 10, 64) // 0 for what the server refuses
		switch name {
		case "account_id":
			s.AccountID = id
		case "conversation_id":
			s.ConversationID = id
		case "message_id":
			s.MessageID = id
		case "contact_id":
			s.ContactID = id
		}
	}
	return s
}

// String returns words such as "conversation 42 of account 56", "" when nothing is known.
func (s Subject) String() string {
	if s.MessageID > 0 {
		within := s
		if within.MessageID = 0; within == (Subject{}) {
			return fmt.Sprintf("message %d", s.MessageID)
		}
		return fmt.Sprintf("message %d of %s", s.MessageID, within)
	}
	switch {
	case s.ConversationID > 0 && s.AccountID > 0:
		return fmt.Sprintf("conversation %d of account %d", s.ConversationID, s.AccountID)
	case s.ConversationID > 0:
		return fmt.Sprintf("conversation %d", s.ConversationID)
	case s.ContactID > 0 && s.AccountID > 0:
		return fmt.Sprintf("contact %d of account %d", s.ContactID, s.AccountID)
	case s.ContactID > 0:
		return fmt.Sprintf("contact %d", s.ContactID)
	case s.AccountID > 0:
		return fmt.Sprintf("account %d", s.AccountID)
	}
	return ""
}
