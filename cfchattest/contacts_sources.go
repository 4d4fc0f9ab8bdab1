package cfchattest

import (
	"maps"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// contactConversations answers 20 conversations of a contact, of every status (contract, W2.8).
func (c *caller) contactConversations() (any, error) {
	found, err := c.contactOfPath()
	if err != nil {
		return nil, err
	}
	sees := c.seen()
	its := func(each *conversation) bool { return each.source.contact == found && sees(each) }
	rows := kept(slices.Collect(c.account.latestFirst()), its)
	if !c.version.AtLeast("4.0.2") {
		rows = kept(c.account.byID(), its)
		slices.Reverse(rows)
	}
	shown, err := c.view().conversations(rows[:min(20, len(rows))])
	if err != nil {
		return nil, err
	}
	return object{"payload": shown}, nil
}

// contactableInboxesGet answers the inboxes in which a contact can be written to (contract, W2.9).
func (c *caller) contactableInboxesGet() (any, error) {
	found, err := c.contactOfPath()
	if err != nil {
		return nil, err
	}
	shown := []object{}
	for _, id := range slices.Sorted(maps.Keys(c.account.inboxes)) {
		in := c.account.inboxes[id]
		if c.mayShow(in) != nil {
			continue
		}
		if sourceID := c.contactableBy(found, in); sourceID != nil {
			shown = append(shown, object{"inbox": c.view().inbox(in), "source_id": *sourceID})
		}
	}
	return object{"payload": shown}, nil
}

// contactableBy returns the source id by which a contact can be written to in an inbox, nil for none.
func (c *caller) contactableBy(who *contact, in *inbox) *string {
	var newest *contactInbox
	for _, joined := range who.joined {
		if joined.inbox == in {
			newest = joined
		}
	}
	switch in.channel {
	case cfchat.ChannelAPI:
		if newest == nil {
			c.lastSource++
			return new(newUUID(c.lastSource))
		}
		return &newest.sourceID
	case cfchat.ChannelWebWidget:
		if newest == nil || slices.ContainsFunc(c.account.byActivity, func(each *conversation) bool { return each.source == newest }) {
			return nil
		}
		return &newest.sourceID
	case cfchat.ChannelEmail:
		return who.Email
	case cfchat.ChannelSMS, cfchat.ChannelTwilioSMS:
		return who.PhoneNumber
	case cfchat.ChannelWhatsApp:
		if who.PhoneNumber != nil {
			return new(strings.TrimPrefix(*who.PhoneNumber, "+"))
		}
	}
	return nil
}

// contactInboxCreation gives a contact a source id in an inbox (contract, W2.10).
func (c *caller) contactInboxCreation() (any, error) {
	found, err := c.contactOfPath()
	if err != nil {
		return nil, err
	}
	id, _ := cast.ID(c.params["inbox_id"])
	in := c.account.inboxes[id]
	if in == nil {
		return nil, notFound()
	}
	if err := c.mayShow(in); err != nil {
		return nil, err
	}
	sourceID, err := c.sourceIDFor(in, found)
	if err != nil {
		return nil, err
	}
	joined, err := c.join(in, found, sourceID)
	if err != nil {
		return nil, errSource // here it is no 422
	}
	return object{"source_id": joined.sourceID, "inbox": c.view().inbox(in)}, nil
}
