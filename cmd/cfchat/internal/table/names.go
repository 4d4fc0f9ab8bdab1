package table

import (
	"encoding/json"
	"strings"

	"github.com/cfchat/cfchat-go"
)

var inboxColumns = []column[cfchat.Inbox]{
	{"id", "The inbox's id.", func(i *cfchat.Inbox) cell { return id(i.ID) }},
	{"name", "The name.", func(i *cfchat.Inbox) cell { return text(i.Name) }},
	{"channel_type", "The kind of inbox, such as Channel::Email.",
		func(i *cfchat.Inbox) cell { return text(string(i.ChannelType)) }},
	{"channel_id", "The id of its channel, among those of the same kind.",
		func(i *cfchat.Inbox) cell { return id(i.ChannelID) }},
	{"provider", "Who carries its messages, where its channel has several.",
		func(i *cfchat.Inbox) cell { return text(i.GetProvider()) }},
	{"email", "Of e-mail, the address.", func(i *cfchat.Inbox) cell { return text(i.GetEmail()) }},
	{"phone_number", "Of channels with a phone, with an apostrophe before its +.",
		func(i *cfchat.Inbox) cell { return text(i.GetPhoneNumber()) }},
	{"website_url", "Of a website, its address.", func(i *cfchat.Inbox) cell { return text(i.GetWebsiteURL()) }},
	{"timezone", "The time zone of the working hours.", func(i *cfchat.Inbox) cell { return text(i.GetTimezone()) }},
	{"working_hours_enabled", "Whether it has working hours.",
		func(i *cfchat.Inbox) cell { return flag(i.WorkingHoursEnabled) }},
	{"enable_auto_assignment", "Whether conversations are assigned by the server.",
		func(i *cfchat.Inbox) cell { return flag(i.EnableAutoAssignment) }},
	{"greeting_enabled", "Whether contacts are greeted.", func(i *cfchat.Inbox) cell { return flag(i.GreetingEnabled) }},
	{"csat_survey_enabled", "Whether contacts are asked if they are content.",
		func(i *cfchat.Inbox) cell { return flag(i.CsatSurveyEnabled) }},
	{"allow_messages_after_resolved", "Whether contacts may write in a resolved conversation.",
		func(i *cfchat.Inbox) cell { return flag(i.AllowMessagesAfterResolved) }},
	{"lock_to_single_conversation", "Whether a contact has one conversation here.",
		func(i *cfchat.Inbox) cell { return flag(i.LockToSingleConversation) }},
	{"avatar_url", "The picture's address.", func(i *cfchat.Inbox) cell { return text(i.AvatarURL) }},
	{"additional_attributes", "Of an API inbox, JSON.",
		func(i *cfchat.Inbox) cell { return attributes(i.AdditionalAttributes) }},
}

var agentColumns = []column[cfchat.Agent]{
	{"id", "The agent's id.", func(a *cfchat.Agent) cell { return id(a.ID) }},
	{"name", "The full name.", func(a *cfchat.Agent) cell { return text(a.Name) }},
	{"available_name", "The name that contacts see.", func(a *cfchat.Agent) cell { return text(a.AvailableName) }},
	{"email", "The mail address.", func(a *cfchat.Agent) cell { return text(a.Email) }},
	{"role", "administrator or agent.", func(a *cfchat.Agent) cell { return text(string(a.GetRole())) }},
	{"custom_role_id", "The role that the account has made. From 3.13.0.",
		func(a *cfchat.Agent) cell { return id(a.GetCustomRoleID()) }},
	{"availability_status", "Whether the agent was there when the export asked.",
		func(a *cfchat.Agent) cell { return text(string(a.GetAvailabilityStatus())) }},
	{"auto_offline", "Whether the agent goes offline on leaving.",
		func(a *cfchat.Agent) cell { return flag(a.AutoOffline) }},
	{"confirmed", "Whether the invitation was accepted.", func(a *cfchat.Agent) cell { return flag(&a.Confirmed) }},
	{"provider", "How the agent signs in. From 4.7.0.", func(a *cfchat.Agent) cell { return text(a.GetProvider()) }},
	{"thumbnail", "The picture's address.", func(a *cfchat.Agent) cell { return text(a.Thumbnail) }},
	{"custom_attributes", "JSON; empty when there are none.",
		func(a *cfchat.Agent) cell { return attributes(a.CustomAttributes) }},
}

var agentBotColumns = []column[cfchat.AccountBot]{
	{"id", "The bot's id. A person may have the same one.", func(b *cfchat.AccountBot) cell { return id(b.ID) }},
	{"name", "The name.", func(b *cfchat.AccountBot) cell { return text(b.GetName()) }},
	{"description", "What it does.", func(b *cfchat.AccountBot) cell { return text(b.GetDescription()) }},
	{"bot_type", "The kind of bot, such as webhook.", func(b *cfchat.AccountBot) cell { return text(b.BotType) }},
	{"outgoing_url", "Where its events go.", func(b *cfchat.AccountBot) cell { return text(b.GetOutgoingURL()) }},
	{"account_id", "The account whose it is; empty for one of the whole server.",
		func(b *cfchat.AccountBot) cell { return id(b.GetAccountID()) }},
	{"system_bot", "Whether it is one of the whole server. Newer versions.",
		func(b *cfchat.AccountBot) cell { return flag(b.SystemBot) }},
	{"thumbnail", "The picture's address. Newer versions.",
		func(b *cfchat.AccountBot) cell { return text(b.GetThumbnail()) }},
	{"bot_config", "What it is set to, JSON.", func(b *cfchat.AccountBot) cell { return attributes(b.BotConfig) }},
}

var teamColumns = []column[cfchat.Team]{
	{"id", "The team's id.", func(t *cfchat.Team) cell { return id(t.ID) }},
	{"name", "The name, in lower case.", func(t *cfchat.Team) cell { return text(t.Name) }},
	{"description", "What it is for.", func(t *cfchat.Team) cell { return text(t.GetDescription()) }},
	{"allow_auto_assign", "Whether its members get conversations by turns.",
		func(t *cfchat.Team) cell { return flag(t.AllowAutoAssign) }},
	{"is_member", "Whether the owner of the key is in it.", func(t *cfchat.Team) cell { return flag(t.IsMember) }},
	{"icon", "The picture's name. From 4.16.0.", func(t *cfchat.Team) cell { return text(t.GetIcon()) }},
	{"icon_color", "The picture's colour. From 4.16.0.", func(t *cfchat.Team) cell { return text(t.GetIconColor()) }},
}

var labelColumns = []column[cfchat.Label]{
	{"id", "The label's id.", func(l *cfchat.Label) cell { return id(l.ID) }},
	{"title", "The name, which conversations have.", func(l *cfchat.Label) cell { return text(l.Title) }},
	{"description", "What it is for.", func(l *cfchat.Label) cell { return text(l.GetDescription()) }},
	{"color", "Such as #1f93ff.", func(l *cfchat.Label) cell { return text(l.Color) }},
	{"show_on_sidebar", "Whether the web page lists it.", func(l *cfchat.Label) cell { return flag(l.ShowOnSidebar) }},
}

var attributeDefinitionColumns = []column[cfchat.AttributeDefinition]{
	{"id", "The definition's id.", func(d *cfchat.AttributeDefinition) cell { return id(d.ID) }},
	{"attribute_key", "Its key in custom_attributes.",
		func(d *cfchat.AttributeDefinition) cell { return text(d.AttributeKey) }},
	{"attribute_model", "What has it, such as conversation_attribute.",
		func(d *cfchat.AttributeDefinition) cell { return text(string(d.AttributeModel)) }},
	{"attribute_display_name", "The name that people see.",
		func(d *cfchat.AttributeDefinition) cell { return text(d.AttributeDisplayName) }},
	{"attribute_display_type", "What its values are, such as text.",
		func(d *cfchat.AttributeDefinition) cell { return text(string(d.AttributeDisplayType)) }},
	{"attribute_description", "What it is for.",
		func(d *cfchat.AttributeDefinition) cell { return text(d.GetAttributeDescription()) }},
	{"attribute_values", "What can be chosen from a list, JSON.",
		func(d *cfchat.AttributeDefinition) cell { return values(d.AttributeValues) }},
	{"default_value", "What it is without a value.",
		func(d *cfchat.AttributeDefinition) cell { return number(d.DefaultValue) }},
	{"regex_pattern", "What a text has to match. From 3.6.0.",
		func(d *cfchat.AttributeDefinition) cell { return text(d.GetRegexPattern()) }},
	{"regex_cue", "How to write it, for people. From 3.6.0.",
		func(d *cfchat.AttributeDefinition) cell { return text(d.GetRegexCue()) }},
	{"created_at", "When it was defined.", func(d *cfchat.AttributeDefinition) cell { return iso(d.CreatedAt) }},
	{"updated_at", "When it was changed.", func(d *cfchat.AttributeDefinition) cell { return iso(d.UpdatedAt) }},
}

// values returns the cell of the values to choose from, as the JSON they were read from.
func values(list []any) cell {
	if list == nil {
		return ""
	}
	var data strings.Builder
	encoder := json.NewEncoder(&data)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(list); err != nil {
		return ""
	}
	return cell(strings.TrimSuffix(data.String(), "\n"))
}
