package table

import (
	"strconv"

	"github.com/cfchat/cfchat-go"
)

// contactColumns leaves cells empty for a contact that is known only from its conversation, which has fewer fields.
var contactColumns = []column[cfchat.Contact]{
	{"id", "The contact's id.", func(c *cfchat.Contact) cell { return id(c.ID) }},
	{"name", "The name.", func(c *cfchat.Contact) cell { return text(c.GetName()) }},
	{"email", "The mail address.", func(c *cfchat.Contact) cell { return text(c.GetEmail()) }},
	{"phone_number", "The phone number, with an apostrophe before its +.",
		func(c *cfchat.Contact) cell { return text(c.GetPhoneNumber()) }},
	{"identifier", "Your own id for the contact.", func(c *cfchat.Contact) cell { return text(c.GetIdentifier()) }},
	{"blocked", "Whether the contact is blocked. From 4.0.2.", func(c *cfchat.Contact) cell { return flag(c.Blocked) }},
	{"company_id", "The company. From 4.15.0, where companies are switched on.",
		func(c *cfchat.Contact) cell { return id(c.GetCompanyID()) }},
	{"created_at", "When the contact was made.", func(c *cfchat.Contact) cell { return seconds(c.GetCreatedAt()) }},
	{"last_activity_at", "When the contact last did something.",
		func(c *cfchat.Contact) cell { return seconds(c.GetLastActivityAt()) }},
	{"inbox_ids", "The inboxes in which the contact can be reached.", inboxIDs},
	{"source_ids", "The contact's ids in those inboxes, in the same order.", sourceIDs},
	{"thumbnail", "The picture's address.", func(c *cfchat.Contact) cell { return text(c.Thumbnail) }},
	{"custom_attributes", "What the account defines, JSON.",
		func(c *cfchat.Contact) cell { return attributes(c.CustomAttributes) }},
	{"additional_attributes", "What the channel knows, such as the company and the city, JSON.",
		func(c *cfchat.Contact) cell { return attributes(c.AdditionalAttributes) }},
}

func inboxIDs(c *cfchat.Contact) cell {
	ids := make([]string, len(c.ContactInboxes))
	for i := range c.ContactInboxes {
		ids[i] = strconv.FormatInt(c.ContactInboxes[i].Inbox.ID, 10)
	}
	return joined(ids)
}

func sourceIDs(c *cfchat.Contact) cell {
	ids := make([]string, len(c.ContactInboxes))
	for i := range c.ContactInboxes {
		ids[i] = c.ContactInboxes[i].SourceID
	}
	return joined(ids)
}
