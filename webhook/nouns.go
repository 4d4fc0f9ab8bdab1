package webhook

import (
	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/redact"
)

// Account is the account of an event.
type Account struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// InboxName is the inbox of a message.
type InboxName struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// Contact is a contact as webhooks write one. It has no times and no availability.
type Contact struct {
	Account              *Account          `json:"account,omitempty"` // not in a conversation's meta
	AdditionalAttributes cfchat.Attributes `json:"additional_attributes"`
	Avatar               string            `json:"avatar"`            // the address, "" for none
	Blocked              *bool             `json:"blocked,omitempty"` // from 4.0.2
	CustomAttributes     cfchat.Attributes `json:"custom_attributes"`
	Email                *string           `json:"email"`
	ID                   int64             `json:"id"`
	Identifier           *string           `json:"identifier"`
	Name                 *string           `json:"name"`
	PhoneNumber          *string           `json:"phone_number"`
	Thumbnail            string            `json:"thumbnail"`
}

// Sender is the author of a message, or the person typing. Kind returns its kind, which determines the fields that it has.
type Sender struct {
	Contact

	AvatarURL   string             `json:"avatar_url,omitempty"`  // of a captain assistant
	CreatedAt   *cfchat.ISOTime    `json:"created_at,omitempty"`  // of a captain assistant
	Description *string            `json:"description,omitempty"` // of a captain assistant
	Type        *cfchat.SenderKind `json:"type,omitempty"`        // absent for a contact
}

// Kind returns the kind of the sender: a contact if the body does not say, because servers omit it for contacts; "" for nil.
func (s *Sender) Kind() cfchat.SenderKind {
	switch {
	case s == nil:
		return ""
	case s.Type == nil:
		return cfchat.SenderKindContact
	}
	return *s.Type
}

// Conversation is a conversation as webhooks write one. Its account is named from 4.14.2 on.
type Conversation struct {
	Account              *Account                      `json:"account,omitempty"` // from 4.14.2
	AdditionalAttributes cfchat.Attributes             `json:"additional_attributes"`
	AgentLastSeenAt      cfchat.UnixTime               `json:"agent_last_seen_at"`
	AppliedSLA           cfchat.Attributes             `json:"applied_sla,omitzero"` // enterprise, from 3.8.0
	CanReply             bool                          `json:"can_reply"`
	Channel              *cfchat.Channel               `json:"channel"`
	ContactInbox         *ContactInbox                 `json:"contact_inbox"`
	ContactLastSeenAt    cfchat.UnixTime               `json:"contact_last_seen_at"`
	CreatedAt            cfchat.UnixTime               `json:"created_at"`
	CustomAttributes     cfchat.Attributes             `json:"custom_attributes"`
	FirstReplyCreatedAt  cfchat.ISOTime                `json:"first_reply_created_at"` // zero for none
	ID                   int64                         `json:"id"`                     // as in URLs: counted within the account
	InboxID              int64                         `json:"inbox_id"`
	Labels               []string                      `json:"labels"`
	LastActivityAt       *cfchat.UnixTime              `json:"last_activity_at,omitempty"` // from 3.12.0
	Messages             []*cfchat.ConversationMessage `json:"messages"`                   // the last that is neither an activity nor private
	Meta                 Meta                          `json:"meta"`
	Priority             *cfchat.Priority              `json:"priority,omitempty"`      // from 2.17.0
	SLAEvents            []cfchat.Attributes           `json:"sla_events,omitzero"`     // enterprise, from 3.8.0
	SLAPolicyID          *int64                        `json:"sla_policy_id,omitempty"` // enterprise, from 3.8.0
	SnoozedUntil         cfchat.ISOTime                `json:"snoozed_until"`           // zero for none
	Status               cfchat.Status                 `json:"status"`
	Timestamp            cfchat.UnixTime               `json:"timestamp"` // of the last activity
	UnreadCount          int64                         `json:"unread_count"`
	UpdatedAt            *cfchat.UnixTime              `json:"updated_at,omitempty"`    // from 4.0.2, with a fraction of a second
	WaitingSince         *cfchat.UnixTime              `json:"waiting_since,omitempty"` // from 3.0.0
}

// Meta has the people and the team of a conversation.
type Meta struct {
	Assignee     *cfchat.MessageSender `json:"assignee"`                // a person (without the e-mail) or a bot, nil for nobody
	AssigneeType *cfchat.SenderType    `json:"assignee_type,omitempty"` // from 4.8.0, nil for nobody
	HMACVerified *bool                 `json:"hmac_verified"`
	Sender       *cfchat.MessageSender `json:"sender"`
	Team         *Team                 `json:"team"`
}

// Team is a team as webhooks write one.
type Team struct {
	Icon      *string `json:"icon,omitempty"`       // from 4.16.0
	IconColor *string `json:"icon_color,omitempty"` // from 4.16.0
	ID        int64   `json:"id"`
	Name      string  `json:"name"`
}

// ContactInbox is the place of a contact in an inbox. Servers read it on delivery, not at the time of the event. The token
// that opens the contact's own view, pubsub_token, is not kept.
type ContactInbox struct {
	ContactID    int64          `json:"contact_id"`
	CreatedAt    cfchat.ISOTime `json:"created_at"`
	HMACVerified *bool          `json:"hmac_verified"`
	ID           int64          `json:"id"`
	InboxID      int64          `json:"inbox_id"`
	PubsubToken  *string        `json:"pubsub_token"` // always nil
	SourceID     string         `json:"source_id"`
	UpdatedAt    cfchat.ISOTime `json:"updated_at"`
}

var _ = redact.Mark[ContactInbox]("pubsub_token")

// Message is a message as webhooks write one. It has no status: content_attributes show a failed delivery, as does the
// conversation if the message is its last.
type Message struct {
	Account              Account                   `json:"account"`
	AdditionalAttributes cfchat.Attributes         `json:"additional_attributes"`
	Attachments          []*cfchat.Attachment      `json:"attachments,omitzero"` // absent if there are none
	Content              *string                   `json:"content"`              // from 4.9.0 to 4.12.0 as the channel shows it; else nearly as stored
	ContentAttributes    cfchat.Attributes         `json:"content_attributes"`
	ContentType          cfchat.MessageContentType `json:"content_type"`
	Conversation         Conversation              `json:"conversation"` // its Messages may have a different message
	CreatedAt            cfchat.ISOTime            `json:"created_at"`
	ID                   int64                     `json:"id"`
	Inbox                InboxName                 `json:"inbox"`
	MessageType          MessageType               `json:"message_type"`
	Private              bool                      `json:"private"` // a note, hidden from the contact
	Sender               *Sender                   `json:"sender"`  // nil if unknown
	SourceID             *string                   `json:"source_id"`
}

// MessageType is the type of a message as webhooks write it. Activity messages are not sent.
type MessageType string

// The types of messages that have events.
const (
	MessageIncoming MessageType = "incoming"
	MessageOutgoing MessageType = "outgoing"
	MessageTemplate MessageType = "template" // from 2.18.0
)

// Typing is somebody who types in a conversation.
type Typing struct {
	Conversation Conversation `json:"conversation"`
	IsPrivate    bool         `json:"is_private"`
	User         Sender       `json:"user"`
}

// Widget is an action in a web widget.
type Widget struct {
	Account             Account           `json:"account"`
	Contact             *Contact          `json:"contact"`
	CurrentConversation *Conversation     `json:"current_conversation"`
	EventInfo           cfchat.Attributes `json:"event_info"` // as the widget sent it, in any form
	ID                  int64             `json:"id"`         // the id of the contact's place in the inbox
	Inbox               InboxName         `json:"inbox"`
	SourceID            string            `json:"source_id"`
}

// Inbox has the settings of an inbox (unseen). Servers write neither its id nor its name. They send it only if the operator
// enables that, and from 3.2.0 to 4.14.0 nothing arrives even then.
type Inbox struct {
	Account                    *Account            `json:"account,omitempty"` // from 4.14.2
	AllowMessagesAfterResolved *bool               `json:"allow_messages_after_resolved"`
	AutoAssignmentConfig       cfchat.Attributes   `json:"auto_assignment_config"`
	BusinessName               *string             `json:"business_name"`
	Channel                    Channel             `json:"channel"`
	CreatedAt                  cfchat.ISOTime      `json:"created_at"`
	CSATSurveyEnabled          *bool               `json:"csat_survey_enabled"`
	EnableAutoAssignment       *bool               `json:"enable_auto_assignment"`
	EnableEmailCollect         *bool               `json:"enable_email_collect"`
	GreetingEnabled            *bool               `json:"greeting_enabled"`
	GreetingMessage            *string             `json:"greeting_message"`
	LockToSingleConversation   *bool               `json:"lock_to_single_conversation"`
	OutOfOfficeMessage         *string             `json:"out_of_office_message"`
	SenderNameType             any                 `json:"sender_name_type"`
	Timezone                   *string             `json:"timezone"`
	UpdatedAt                  cfchat.ISOTime      `json:"updated_at"`
	WorkingHours               []cfchat.Attributes `json:"working_hours"`
	WorkingHoursEnabled        *bool               `json:"working_hours_enabled"`
}

// Channel is the database row of an inbox's channel, with the columns of its kind. Credentials in it are null.
type Channel struct{ cfchat.Attributes }

var _ = redact.MarkIf[Channel](opens)

// opens reports whether a column of a channel may hold a credential, by the words in its name: the columns depend on the
// version and on the kind of the channel.
func opens(column string) bool {
	return redact.HasWord(column, "token", "secret", "password", "sid", "key", "config", "webhook")
}
