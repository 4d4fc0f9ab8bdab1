package trial

import (
	"cmp"
	"encoding/json"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
)

// place is a contact's source id in an inbox, as in answers.
type place struct {
	SourceID string `json:"source_id"`
	Inbox    row
}

// row is a row with an id and perhaps a name.
type row struct {
	ID   int64
	Name *string
}

// answer has the fields of recorded answers that identify their subjects; each answer has some of them.
type answer struct {
	place

	ID           int64
	Conversation int64 `json:"conversation_id"`
	Status       cfchat.MessageStatus
	Places       []place           `json:"contact_inboxes"`
	Attributes   cfchat.Attributes `json:"custom_attributes"`
	Payload      json.RawMessage
}

// SubjectOf returns the subject of a recorded answer, as far as it is stated; the rest is that of [One]. Each answer is
// decoded once, because there are many and some are long.
func SubjectOf(t *testing.T, text string) Subject {
	t.Helper()
	s := One
	if strings.HasPrefix(text, "[") {
		var rows []row
		if json.Unmarshal([]byte(text), &rows) == nil && len(rows) > 0 {
			s.People = nil
			for _, each := range rows {
				s.People = append(s.People, each.ID)
			}
		}
		return s
	}
	var a answer
	_ = json.Unmarshal([]byte(text), &a)
	if len(a.Places) > 0 {
		s.Inbox, s.Source = a.Places[0].Inbox.ID, a.Places[0].SourceID
	}
	s.Place = cfchat.ContactInboxCreate{InboxID: cmp.Or(a.Inbox.ID, One.Place.InboxID), SourceID: cmp.Or(a.SourceID, One.Place.SourceID)}
	if !a.Attributes.IsZero() {
		s.Attributes = a.Attributes.Map()
	}
	if a.Payload == nil {
		_ = json.Unmarshal([]byte(text), &s.Assigned)
	}
	s.Conversation = cmp.Or(a.Conversation, a.ID, One.Conversation)
	s.Message, s.MessageStatus = cmp.Or(a.ID, One.Message), cmp.Or(a.Status, One.MessageStatus)
	s.Contact, s.Team = cmp.Or(a.ID, One.Contact), cmp.Or(a.ID, One.Team)
	s.payload(a)
	return s
}

// payload sets the fields that the payload of an answer states: it may be one row, a list of rows, or labels.
func (s *Subject) payload(a answer) {
	var one struct {
		row

		Conversation int64         `json:"conversation_id"`
		Status       cfchat.Status `json:"current_status"`
		Webhook      *cfchat.Webhook
	}
	var list []struct {
		Conversation int64 `json:"conversation_id"`
		Meta         struct{ Sender row }
	}
	var labels []string
	switch {
	case strings.HasPrefix(string(a.Payload), "{"):
		_ = json.Unmarshal(a.Payload, &one)
	case json.Unmarshal(a.Payload, &labels) == nil && labels != nil:
		s.Labels = labels
	case json.Unmarshal(a.Payload, &list) == nil && len(list) > 0:
		one.Conversation, one.ID = list[0].Conversation, list[0].Meta.Sender.ID
	}
	s.Conversation = cmp.Or(a.Conversation, a.ID, one.Conversation, One.Conversation)
	s.Status = cmp.Or(one.Status, One.Status)
	if hook := one.Webhook; hook != nil {
		s.Webhook, s.Hook = hook.ID, cfchat.WebhookCreate{URL: hook.URL, Subscriptions: hook.Subscriptions}
	}
	s.Contact = cmp.Or(one.ID, a.ID, One.Contact)
	switch {
	case one.ID == 0:
	case one.Name == nil || *one.Name == "":
		s.Update = cfchat.ContactUpdate{Clear: []cfchat.ContactField{cfchat.ContactFieldName}}
	default:
		s.Update = cfchat.ContactUpdate{Name: one.Name}
	}
}
