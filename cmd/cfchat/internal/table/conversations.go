package table

import "github.com/cfchat/cfchat-go"

var conversationColumns = []column[cfchat.Conversation]{
	{"id", "The id within the account, which the web page shows.", func(c *cfchat.Conversation) cell { return id(c.ID) }},
	{"uuid", "An id that is unique everywhere. From 2.18.0.",
		func(c *cfchat.Conversation) cell { return text(c.GetUUID()) }},
	{"inbox_id", "The inbox.", func(c *cfchat.Conversation) cell { return id(c.InboxID) }},
	{"channel", "The kind of inbox, such as Channel::Email.",
		func(c *cfchat.Conversation) cell { return text(string(c.Meta.GetChannel())) }},
	{"status", "open, resolved, pending or snoozed.", func(c *cfchat.Conversation) cell { return text(string(c.Status)) }},
	{"priority", "urgent, high, medium or low; empty when none is set. From 2.17.1.",
		func(c *cfchat.Conversation) cell { return text(string(c.GetPriority())) }},
	{"contact_id", "The person on the other side.", func(c *cfchat.Conversation) cell { return id(c.Meta.Sender.ID) }},
	{"contact_name", "The contact's name.", func(c *cfchat.Conversation) cell { return text(c.Meta.Sender.GetName()) }},
	{"contact_email", "The contact's mail address.",
		func(c *cfchat.Conversation) cell { return text(c.Meta.Sender.GetEmail()) }},
	{"contact_phone_number", "The contact's phone number, with an apostrophe before its +.",
		func(c *cfchat.Conversation) cell { return text(c.Meta.Sender.GetPhoneNumber()) }},
	{"contact_identifier", "Your own id for the contact.",
		func(c *cfchat.Conversation) cell { return text(c.Meta.Sender.GetIdentifier()) }},
	{"assignee_type", "User where a person is assigned, AgentBot where a bot is.", assigneeType},
	{"assignee_id", "The person or bot that is assigned. A person and a bot may have the same id.", assigneeID},
	{"assignee_name", "The name of whoever is assigned.", assigneeName},
	{"team_id", "The team that it is assigned to.", func(c *cfchat.Conversation) cell { return id(c.Meta.Team.GetID()) }},
	{"team_name", "The team's name, in lower case.",
		func(c *cfchat.Conversation) cell { return text(c.Meta.Team.GetName()) }},
	{"labels", "The labels.", func(c *cfchat.Conversation) cell { return joined(c.Labels) }},
	{"created_at", "When it began.", func(c *cfchat.Conversation) cell { return seconds(c.CreatedAt) }},
	{"last_activity_at", "When something last happened in it.",
		func(c *cfchat.Conversation) cell { return seconds(c.Timestamp) }},
	{"updated_at", "When anything about it changed. From 4.0.2.",
		func(c *cfchat.Conversation) cell { return seconds(c.GetUpdatedAt()) }},
	{"first_reply_created_at", "When it was first answered.",
		func(c *cfchat.Conversation) cell { return seconds(c.FirstReplyCreatedAt) }},
	{"waiting_since", "Since when an answer is due, even before the contact has written. From 3.1.0.",
		func(c *cfchat.Conversation) cell { return seconds(c.GetWaitingSince()) }},
	{"snoozed_until", "When it opens again; empty if it is not snoozed, or is until the next reply.",
		func(c *cfchat.Conversation) cell { return iso(c.GetSnoozedUntil()) }},
	{"contact_last_seen_at", "When the contact last looked.",
		func(c *cfchat.Conversation) cell { return seconds(c.ContactLastSeenAt) }},
	{"agent_last_seen_at", "When an agent last looked.",
		func(c *cfchat.Conversation) cell { return seconds(c.AgentLastSeenAt) }},
	{"assignee_last_seen_at", "When the assignee last looked.",
		func(c *cfchat.Conversation) cell { return seconds(c.AssigneeLastSeenAt) }},
	{"unread_count", "Incoming messages since an agent looked. From 3.1.0 it stops at 10.",
		func(c *cfchat.Conversation) cell { return count(c.UnreadCount) }},
	{"can_reply", "Whether the channel lets you answer.", func(c *cfchat.Conversation) cell { return flag(&c.CanReply) }},
	{"muted", "Whether the contact is blocked; before 3.7.0 that this conversation was muted.",
		func(c *cfchat.Conversation) cell { return flag(&c.Muted) }},
	{"sla_policy_id", "The service level agreement. From 3.7.0, where they are switched on.",
		func(c *cfchat.Conversation) cell { return id(c.GetSLAPolicyID()) }},
	{"custom_attributes", "What the account defines, JSON.",
		func(c *cfchat.Conversation) cell { return attributes(c.CustomAttributes) }},
	{"additional_attributes", "What the channel knows, JSON.",
		func(c *cfchat.Conversation) cell { return attributes(c.AdditionalAttributes) }},
}

// assigneeType returns the kind of assignee, even for servers before 4.8.0, which only had people and did not state it.
func assigneeType(c *cfchat.Conversation) cell {
	switch {
	case c.Meta.AssigneeBot != nil:
		return "AgentBot"
	case c.Meta.Assignee != nil:
		return "User"
	}
	return ""
}

func assigneeID(c *cfchat.Conversation) cell {
	if bot := c.Meta.AssigneeBot; bot != nil {
		return id(bot.ID)
	}
	return id(c.Meta.Assignee.GetID())
}

func assigneeName(c *cfchat.Conversation) cell {
	if bot := c.Meta.AssigneeBot; bot != nil {
		return text(bot.GetName())
	}
	return text(c.Meta.Assignee.GetName())
}
