package database

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go"
)

// column is a column of a table, with the function that returns a row's value.
type column[T any] struct {
	name  string
	value func(*T) any
}

// table is a table with the statement that writes a row.
type table struct {
	name    string
	columns []string
	upsert  string // of one row

	onConflict string
}

// kind is a table with the values of its rows.
type kind[T any] struct {
	table
	values []column[T]
}

// newKind builds the statement that writes a row, or overwrites the one with the same id. The columns in more follow those
// of values.
func newKind[T any](name, condition string, values []column[T], more ...string) kind[T] {
	k := kind[T]{table{name: name}, values}
	for _, c := range values {
		k.columns = append(k.columns, c.name)
	}
	k.columns = append(k.columns, more...)
	sets := make([]string, 0, len(k.columns))
	for _, c := range k.columns[1:] {
		sets = append(sets, c+" = excluded."+c)
	}
	k.onConflict = " on conflict (id) do update set " + strings.Join(sets, ", ") + condition
	k.upsert = k.upsertOf(1)
	return k
}

// upsertOf returns the statement that writes the given number of rows, which have different ids.
func (t *table) upsertOf(rows int) string {
	var text strings.Builder
	text.WriteString("insert into " + t.name + " (" + strings.Join(t.columns, ", ") + ") values ")
	for n := range rows * len(t.columns) {
		switch {
		case n == 0:
			text.WriteString("(")
		case n%len(t.columns) == 0:
			text.WriteString("), (")
		default:
			text.WriteString(", ")
		}
		text.WriteString("$" + strconv.Itoa(n+1))
	}
	text.WriteString(")" + t.onConflict)
	return text.String()
}

// row returns the statement that writes a row.
func (k *kind[T]) row(of *T, more ...any) statement {
	args := make([]any, 0, len(k.columns))
	for _, c := range k.values {
		args = append(args, c.value(of))
	}
	return statement{k.upsert, append(args, more...)}
}

// id returns an id, or nil for 0, which is no id.
func id(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

// known returns *v, or nil if v is nil, which means that the value is not known.
func known[T any](v *T) any {
	if v == nil {
		return nil
	}
	return *v
}

// words returns a text, or nil if it is not known.
func words[T ~string](s *T) any {
	if s == nil {
		return nil
	}
	return string(*s)
}

func seconds(t cfchat.UnixTime) any { return instant(t.Time) }

func instant(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC()
}

func attributes(a cfchat.Attributes) any {
	if a.IsZero() {
		return nil
	}
	return document(a.String())
}

// document is JSON as received.
type document string

func received(data json.RawMessage) any { return document(data) }

var conversations = newKind("conversations", "", []column[cfchat.Conversation]{
	{"id", func(c *cfchat.Conversation) any { return c.ID }},
	{"uuid", func(c *cfchat.Conversation) any { return known(c.UUID) }},
	{"inbox_id", func(c *cfchat.Conversation) any { return id(c.InboxID) }},
	{"channel", func(c *cfchat.Conversation) any { return words(c.Meta.Channel) }},
	{"status", func(c *cfchat.Conversation) any { return string(c.Status) }},
	{"priority", func(c *cfchat.Conversation) any { return words(c.Priority) }},
	{"contact_id", func(c *cfchat.Conversation) any { return id(c.Meta.Sender.ID) }},
	{"assignee_type", assigneeType},
	{"assignee_id", assigneeID},
	{"team_id", func(c *cfchat.Conversation) any { return id(c.Meta.Team.GetID()) }},
	{"created_at", func(c *cfchat.Conversation) any { return seconds(c.CreatedAt) }},
	{"last_activity_at", func(c *cfchat.Conversation) any { return seconds(c.Timestamp) }},
	{"updated_at", func(c *cfchat.Conversation) any { return seconds(c.GetUpdatedAt()) }},
	{"first_reply_created_at", func(c *cfchat.Conversation) any { return seconds(c.FirstReplyCreatedAt) }},
	{"waiting_since", func(c *cfchat.Conversation) any { return seconds(c.GetWaitingSince()) }},
	{"snoozed_until", func(c *cfchat.Conversation) any { return instant(c.GetSnoozedUntil().Time) }},
	{"contact_last_seen_at", func(c *cfchat.Conversation) any { return seconds(c.ContactLastSeenAt) }},
	{"agent_last_seen_at", func(c *cfchat.Conversation) any { return seconds(c.AgentLastSeenAt) }},
	{"assignee_last_seen_at", func(c *cfchat.Conversation) any { return seconds(c.AssigneeLastSeenAt) }},
	{"unread_count", func(c *cfchat.Conversation) any { return c.UnreadCount }},
	{"can_reply", func(c *cfchat.Conversation) any { return c.CanReply }},
	{"muted", func(c *cfchat.Conversation) any { return c.Muted }},
	{"custom_attributes", func(c *cfchat.Conversation) any { return attributes(c.CustomAttributes) }},
	{"additional_attributes", func(c *cfchat.Conversation) any { return attributes(c.AdditionalAttributes) }},
	{"received", func(c *cfchat.Conversation) any { return received(c.JSON()) }},
}, "settled", "walk")

// assigneeType returns the kind of assignee, even for servers before 4.8.0, which only had people and did not state it.
func assigneeType(c *cfchat.Conversation) any {
	switch {
	case c.Meta.AssigneeBot != nil:
		return "AgentBot"
	case c.Meta.Assignee != nil:
		return "User"
	}
	return nil
}

func assigneeID(c *cfchat.Conversation) any {
	if bot := c.Meta.AssigneeBot; bot != nil {
		return id(bot.ID)
	}
	return id(c.Meta.Assignee.GetID())
}

var messages = newKind("messages", "", []column[cfchat.Message]{
	{"id", func(m *cfchat.Message) any { return m.ID }},
	{"conversation_id", func(m *cfchat.Message) any { return m.ConversationID }},
	{"inbox_id", func(m *cfchat.Message) any { return id(m.InboxID) }},
	{"created_at", func(m *cfchat.Message) any { return seconds(m.CreatedAt) }},
	{"message_type", func(m *cfchat.Message) any { return m.MessageType.String() }},
	{"private", func(m *cfchat.Message) any { return known(m.Private) }},
	{"sender_type", senderType},
	{"sender_id", func(m *cfchat.Message) any { return id(m.Sender.GetID()) }},
	{"sender_name", senderName},
	{"content", func(m *cfchat.Message) any { return known(m.Content) }},
	{"content_type", func(m *cfchat.Message) any { return string(m.ContentType) }},
	{"status", func(m *cfchat.Message) any { return words(m.Status) }},
	{"source_id", func(m *cfchat.Message) any { return known(m.SourceID) }},
	{"attachments_count", func(m *cfchat.Message) any { return len(m.Attachments) }},
	{"content_attributes", func(m *cfchat.Message) any { return attributes(m.ContentAttributes) }},
	{"received", func(m *cfchat.Message) any { return received(m.JSON()) }},
}, "walk")

func senderType(m *cfchat.Message) any {
	if m.Sender == nil {
		return nil
	}
	return string(m.Sender.Type)
}

func senderName(m *cfchat.Message) any {
	if m.Sender == nil {
		return nil
	}
	return m.Sender.GetName()
}

// contacts holds contacts as the list returns them. A contact that is only embedded in a conversation does not overwrite
// that.
var contacts = newKind("contacts", " where excluded.listed or not contacts.listed", []column[cfchat.Contact]{
	{"id", func(c *cfchat.Contact) any { return c.ID }},
	{"name", func(c *cfchat.Contact) any { return known(c.Name) }},
	{"email", func(c *cfchat.Contact) any { return known(c.Email) }},
	{"phone_number", func(c *cfchat.Contact) any { return known(c.PhoneNumber) }},
	{"identifier", func(c *cfchat.Contact) any { return known(c.Identifier) }},
	{"blocked", func(c *cfchat.Contact) any { return known(c.Blocked) }},
	{"company_id", func(c *cfchat.Contact) any { return id(c.GetCompanyID()) }},
	{"created_at", func(c *cfchat.Contact) any { return seconds(c.GetCreatedAt()) }},
	{"last_activity_at", func(c *cfchat.Contact) any { return seconds(c.GetLastActivityAt()) }},
	{"thumbnail", func(c *cfchat.Contact) any { return c.Thumbnail }},
	{"custom_attributes", func(c *cfchat.Contact) any { return attributes(c.CustomAttributes) }},
	{"additional_attributes", func(c *cfchat.Contact) any { return attributes(c.AdditionalAttributes) }},
}, "listed", "received", "walk")

var inboxes = newKind("inboxes", "", []column[cfchat.Inbox]{
	{"id", func(i *cfchat.Inbox) any { return i.ID }},
	{"name", func(i *cfchat.Inbox) any { return i.Name }},
	{"channel_type", func(i *cfchat.Inbox) any { return string(i.ChannelType) }},
	{"channel_id", func(i *cfchat.Inbox) any { return id(i.ChannelID) }},
	{"provider", func(i *cfchat.Inbox) any { return i.GetProvider() }},
	{"email", func(i *cfchat.Inbox) any { return i.GetEmail() }},
	{"phone_number", func(i *cfchat.Inbox) any { return i.GetPhoneNumber() }},
	{"website_url", func(i *cfchat.Inbox) any { return i.GetWebsiteURL() }},
	{"timezone", func(i *cfchat.Inbox) any { return i.GetTimezone() }},
	{"received", func(i *cfchat.Inbox) any { return received(i.JSON()) }},
})

var agents = newKind("agents", "", []column[cfchat.Agent]{
	{"id", func(a *cfchat.Agent) any { return a.ID }},
	{"name", func(a *cfchat.Agent) any { return a.Name }},
	{"available_name", func(a *cfchat.Agent) any { return a.AvailableName }},
	{"email", func(a *cfchat.Agent) any { return a.Email }},
	{"role", func(a *cfchat.Agent) any { return string(a.GetRole()) }},
	{"availability_status", func(a *cfchat.Agent) any { return string(a.GetAvailabilityStatus()) }},
	{"confirmed", func(a *cfchat.Agent) any { return a.Confirmed }},
	{"received", func(a *cfchat.Agent) any { return received(a.JSON()) }},
})

var agentBots = newKind("agent_bots", "", []column[cfchat.AccountBot]{
	{"id", func(b *cfchat.AccountBot) any { return b.ID }},
	{"name", func(b *cfchat.AccountBot) any { return b.GetName() }},
	{"description", func(b *cfchat.AccountBot) any { return b.GetDescription() }},
	{"bot_type", func(b *cfchat.AccountBot) any { return b.BotType }},
	{"outgoing_url", func(b *cfchat.AccountBot) any { return b.GetOutgoingURL() }},
	{"account_id", func(b *cfchat.AccountBot) any { return id(b.GetAccountID()) }},
	{"received", func(b *cfchat.AccountBot) any { return received(b.JSON()) }},
})

var teams = newKind("teams", "", []column[cfchat.Team]{
	{"id", func(t *cfchat.Team) any { return t.ID }},
	{"name", func(t *cfchat.Team) any { return t.Name }},
	{"description", func(t *cfchat.Team) any { return t.GetDescription() }},
	{"allow_auto_assign", func(t *cfchat.Team) any { return known(t.AllowAutoAssign) }},
	{"received", func(t *cfchat.Team) any { return received(t.JSON()) }},
})

var labels = newKind("labels", "", []column[cfchat.Label]{
	{"id", func(l *cfchat.Label) any { return l.ID }},
	{"title", func(l *cfchat.Label) any { return l.Title }},
	{"description", func(l *cfchat.Label) any { return l.GetDescription() }},
	{"color", func(l *cfchat.Label) any { return l.Color }},
	{"show_on_sidebar", func(l *cfchat.Label) any { return known(l.ShowOnSidebar) }},
	{"received", func(l *cfchat.Label) any { return received(l.JSON()) }},
})

var attributeDefinitions = newKind("attribute_definitions", "", []column[cfchat.AttributeDefinition]{
	{"id", func(d *cfchat.AttributeDefinition) any { return d.ID }},
	{"attribute_key", func(d *cfchat.AttributeDefinition) any { return d.AttributeKey }},
	{"attribute_model", func(d *cfchat.AttributeDefinition) any { return string(d.AttributeModel) }},
	{"attribute_display_name", func(d *cfchat.AttributeDefinition) any { return d.AttributeDisplayName }},
	{"attribute_display_type", func(d *cfchat.AttributeDefinition) any { return string(d.AttributeDisplayType) }},
	{"attribute_description", func(d *cfchat.AttributeDefinition) any { return d.GetAttributeDescription() }},
	{"created_at", func(d *cfchat.AttributeDefinition) any { return instant(d.CreatedAt.Time) }},
	{"updated_at", func(d *cfchat.AttributeDefinition) any { return instant(d.UpdatedAt.Time) }},
	{"received", func(d *cfchat.AttributeDefinition) any { return received(d.JSON()) }},
})

// allTables returns the tables in the order in which their rows are counted.
func allTables() []table {
	return slices.Concat([]table{conversations.table, messages.table, contacts.table}, []table{
		inboxes.table, agents.table, agentBots.table, teams.table, labels.table, attributeDefinitions.table,
	})
}
