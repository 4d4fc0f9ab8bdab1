package cfchat

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// ConversationListOptions select conversations to list or count. Zero fields are not sent; the zero value selects the first
// page of the open ones.
type ConversationListOptions struct {
	// Status is the status to list, or StatusAll. Empty means open. It cannot be combined with Q. A status that the server
	// does not know lists nothing, or is a 500.
	Status Status
	// AssigneeType selects whose conversations to list; a value that the server does not know means everybody's. Counts
	// refuses it (D44). Conversations owned by an agent bot count as unassigned.
	AssigneeType AssigneeType
	// Q is text that an incoming or outgoing message contains, ignoring case, with % and _ as wildcards. It finds
	// conversations of every status; counts cover one page of at most 25 (D25).
	Q string
	// InboxID is the inbox to list. One that does not exist, or is not yours, returns an empty page (D27).
	InboxID int64
	// TeamID is the team to list. One that does not exist is ErrNotFound (D28).
	TeamID int64
	// Labels lists conversations with any of these labels, ignoring case. A label with a comma is refused (D29).
	Labels []string
	// Page is the page to list, from 1. Zero means the first.
	Page int
	// SortBy is the order. Empty, or an order that the server does not know, means the latest activity first.
	SortBy SortBy
	// ConversationType lists conversations that mention you, that you participate in, or that nobody has answered. A value
	// that the server does not know is ignored.
	ConversationType ConversationType
	// UpdatedWithin lists conversations that changed within this time until now, in whole seconds. From 3.6.0 on, all in one
	// answer regardless of Page; ignored before. From 4.12.0 on, changing or deleting a message does not count as a change.
	// Counts refuses it.
	UpdatedWithin time.Duration
	// SourceID lists conversations of this contact's source id. From 2.17.0 on, ignored before.
	SourceID string
}

// check refuses options that the server would read as something else, or ignore. Unknown words pass, because a newer server
// may know them.
func (o ConversationListOptions) check(r *refusal) {
	r.optionalID("InboxID", o.InboxID)
	r.optionalID("TeamID", o.TeamID)
	r.labels("Labels", o.Labels)
	if o.Page != 0 {
		r.page("Page", o.Page)
	}
	if o.UpdatedWithin < 0 || o.UpdatedWithin%time.Second != 0 {
		r.add("UpdatedWithin", "%s is not a whole number of seconds; use a time.Duration such as 5*time.Minute", o.UpdatedWithin)
	}
	if o.Q != "" && o.Status != "" && o.Status != StatusAll {
		r.add("Status", "with Q the server ignores it, and finds conversations of every status; check their Status yourself")
	}
	byValue := strings.Contains(string(o.SortBy), "priority") || strings.Contains(string(o.SortBy), "waiting_since")
	if byValue && o.SortBy.Known() && (o.Q != "" || o.SourceID != "") {
		r.add("SortBy", "%s with Q or SourceID makes the server answer 500; sort by activity or creation", o.SortBy)
	}
}

// checkCounted refuses options that a server accepts with counts but does not apply.
func (o ConversationListOptions) checkCounted(r *refusal) {
	if o.AssigneeType != "" && o.AssigneeType != AssigneeTypeAll {
		r.add("AssigneeType", "the server does not count by it; the answer has MineCount, AssignedCount and UnassignedCount")
	}
	if o.UpdatedWithin != 0 {
		r.add("UpdatedWithin", "the server does not count by it; count what List returns")
	}
}

// params returns the parameters to send for the options.
func (o ConversationListOptions) params() *ConversationListParams {
	var labels []string // nil is not sent, empty would be
	if len(o.Labels) > 0 {
		labels = o.Labels
	}
	return &ConversationListParams{
		Status: optional(o.Status), AssigneeType: optional(o.AssigneeType), Q: optional(o.Q), InboxID: optional(o.InboxID),
		TeamID: optional(o.TeamID), Labels: labels, Page: optional(int64(o.Page)), SortBy: optional(o.SortBy),
		ConversationType: optional(o.ConversationType), UpdatedWithin: optional(int64(o.UpdatedWithin / time.Second)), SourceID: optional(o.SourceID),
	}
}

// optional returns a pointer to a value, nil for the zero value, which is not sent: the server reads an empty parameter as
// matching nothing, or everything (contract, section 1.2).
func optional[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}

// check refuses a conversation that the server would create differently than asked.
func (c ConversationCreate) check(r *refusal) {
	switch {
	case c.InboxID == 0 && c.ContactID != 0:
		r.add("InboxID", "the server ignores ContactID without it; set both or neither")
	case c.InboxID != 0 && c.ContactID == 0:
		r.add("ContactID", "the server ignores InboxID without it; set both or neither")
	case c.SourceID == "" && c.InboxID == 0:
		r.add("SourceID", "set it, or InboxID and ContactID")
	}
	r.optionalID("InboxID", c.InboxID)
	r.optionalID("ContactID", c.ContactID)
	r.optionalID("AssigneeID", c.AssigneeID)
	r.optionalID("TeamID", c.TeamID)
	if c.Status != "" {
		r.status("Status", c.Status)
	}
	switch {
	case c.SnoozedUntil.IsZero():
	case c.Status != StatusSnoozed:
		r.add("SnoozedUntil", "the server drops it unless Status is snoozed")
	default:
		r.snooze("SnoozedUntil", c.SnoozedUntil)
	}
	r.attributes("AdditionalAttributes", c.AdditionalAttributes)
	r.attributes("CustomAttributes", c.CustomAttributes)
	c.Message.check(r)
}

// check refuses a first message that the server would store as something else, or render unasked.
func (m FirstMessage) check(r *refusal) {
	if m.MessageType != "" && m.MessageType != MessageKindOutgoing && m.MessageType != MessageKindIncoming {
		r.add("Message.MessageType", "%q does not open a conversation; use MessageKindOutgoing or MessageKindIncoming", m.MessageType)
	}
	r.attributes("Message.ContentAttributes", m.ContentAttributes)
	r.attributes("Message.TemplateParams", m.TemplateParams)
	switch {
	case m.Template && m.MessageType == MessageKindIncoming:
		r.add("Message.Template", "the server does not fill in templates in a contact's message; leave it out")
	case !m.Template:
		r.templateParams("Message.TemplateParams", m.TemplateParams)
	}
	for _, f := range []fieldText{
		{"Content", m.Content}, {"ContentType", string(m.ContentType)}, {"CCEmails", m.CCEmails}, {"BCCEmails", m.BCCEmails},
		{"EchoID", m.EchoID}, {"ExternalCreatedAt", m.ExternalCreatedAt}, {"SourceID", m.SourceID}, {"ToEmails", m.ToEmails},
	} {
		if strings.Contains(f.text, "\x00") || f.field != "Content" { // the rest is refused anyway
			r.text("Message."+f.field, f.text)
		}
	}
	r.texts("Message.ContentAttributes", m.ContentAttributes)
	r.texts("Message.TemplateParams", m.TemplateParams)
	r.signedIDs("Message.Attachments", m.Attachments)
	given := !reflect.ValueOf(m).IsZero()
	if given && isBlank(m.Content) && !hasItems(m.ContentAttributes) && len(m.Attachments) == 0 && len(m.TemplateParams) == 0 {
		r.add("Message.Content", "it is blank, and the server would send that; leave Message out for a conversation without one")
	}
}

// status refuses a status that would be a 500, and an empty one, which would flip the status.
func (r *refusal) status(field string, status Status) {
	if !status.Known() {
		r.add(field, "%q is not a status; use open, resolved, pending or snoozed", status)
	}
}

// priority refuses an invalid priority: servers read "" as none, and answer anything else, even "none", with a 500
// (contract, W3.3).
func (r *refusal) priority(field string, priority Priority) {
	if !priority.Known() {
		r.add(field, "%q is not a priority; use low, medium, high or urgent, or call ClearPriority for none", priority)
	}
}

// snooze refuses times that nobody can mean.
func (r *refusal) snooze(field string, until time.Time) {
	switch {
	case until.Unix() <= 0:
		r.add(field, "%s is not after 1970; use the zero time for the next reply", until.Format(time.RFC3339))
	case until.Year() > 9999:
		r.add(field, "the year %d has more than four digits; use the zero time for the next reply", until.Year())
	}
}

// labels refuses labels that the comma list cannot carry: the server splits at commas, drops blank ones, and interprets
// quotes at either end (contract, section 6.4).
func (r *refusal) labels(field string, labels []string) {
	for i, label := range labels {
		switch {
		case strings.TrimSpace(label) != label || label == "":
			r.add(fmt.Sprintf("%s[%d]", field, i), "%q is empty or has surrounding spaces; trim it, or leave it out", label)
		case isMisread(label):
			r.add(fmt.Sprintf("%s[%d]", field, i), "%q has a comma or a leading quote, which the server reads as punctuation; "+
				"filter with Equal(\"labels\", …) instead", label)
		}
	}
}

// isMisread reports whether a list cannot carry a label, because the server reads part of it as punctuation.
func isMisread(label string) bool {
	return strings.Contains(label, ",") || strings.IndexAny(label, "\"'") == 0
}

// teamKey refuses a team together with a bot's key: every version then stores the conversation and answers 500.
func (r *refusal) teamKey(ctx context.Context, keys *auth.Keys) {
	if ctx == nil {
		return // refused elsewhere
	}
	call := chain.Call{Operation: operation.NewConversation}
	if scheme, _ := call.Scheme(ctx, *keys); scheme == operation.AgentBotAPIKey {
		r.add("TeamID", "with an agent bot's key the server stores the conversation and answers 500; "+
			"call with auth.WithScheme(ctx, auth.UserAPIKey), or leave the team out")
	}
}
