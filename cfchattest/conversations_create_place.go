package cfchattest

import (
	"encoding/json"
	"strings"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// place finds or creates the contact's place in an inbox. If both an inbox and a contact are given, it is theirs; otherwise
// the source id is looked up across all accounts and inboxes, and the first one counts (contract, 1.5).
func (c *caller) place() (*contactInbox, error) {
	in, err := c.namedInbox()
	if err != nil {
		return nil, err
	}
	who, err := c.namedContact()
	if err != nil {
		return nil, err
	}
	sourceID, given := sourceIDOf(c.params["source_id"])
	if in == nil || who == nil || given && strings.TrimSpace(sourceID) == "" {
		if places := c.bySource[sourceID]; len(places) > 0 {
			return places[0], nil
		}
		return nil, notFound()
	}
	if given {
		c.nameSource(in, who, sourceID)
	} else if sourceID, err = c.newSourceID(in, who); err != nil {
		return nil, err
	}
	return c.join(in, who, sourceID)
}

// join finds or creates the contact's place in an inbox under a source id, which must be theirs alone (contract, 1.5 and
// 4.2).
func (c *caller) join(in *inbox, who *contact, sourceID string) (*contactInbox, error) {
	switch taken := c.sourceOf(in, sourceID); {
	case taken == nil:
	case taken.contact == who:
		return taken, nil
	case c.version.AtLeast("4.0.4") && renames(in.channel):
		c.lastSource++
		c.renameSource(taken, newUUID(c.lastSource))
	default:
		return nil, unprocessable("source_id should be unique")
	}
	joined, _ := c.joinInbox(c.account, in, who, sourceID)
	joined.verified = new(c.version.AtLeast("2.18.0") && cast.Boolean(c.params["hmac_verified"]))
	return joined, nil
}

// sourceIDOf reads a source id: text, or a number as text. It reports false for none.
func sourceIDOf(value any) (string, bool) {
	switch v := value.(type) {
	case nil:
		return "", false
	case json.Number:
		return v.String(), true
	}
	text, _ := value.(string)
	return text, true
}

// namedInbox returns the inbox that was named, nil for none.
func (c *caller) namedInbox() (*inbox, error) {
	if cast.Blank(c.params["inbox_id"]) {
		return nil, nil
	}
	id, _ := cast.ID(c.params["inbox_id"])
	in := c.account.inboxes[id]
	if in == nil {
		return nil, notFound()
	}
	return in, c.mayShow(in)
}

// namedContact returns the contact that was named, nil for none.
func (c *caller) namedContact() (*contact, error) {
	if cast.Blank(c.params["contact_id"]) {
		return nil, nil
	}
	id, _ := cast.ID(c.params["contact_id"])
	who := c.account.contacts[id]
	if who == nil || who.deleted {
		return nil, notFound()
	}
	return who, nil
}

// newSourceID makes a source id if none was given. Its form depends on the channel (contract, 1.5).
func (c *caller) newSourceID(in *inbox, who *contact) (string, error) {
	switch in.channel {
	case cfchat.ChannelAPI, cfchat.ChannelWebWidget:
		c.lastSource++
		return newUUID(c.lastSource), nil
	case cfchat.ChannelEmail:
		return required(who.Email, "contact email")
	case cfchat.ChannelSMS, cfchat.ChannelTwilioSMS, cfchat.ChannelWhatsApp:
		return required(who.PhoneNumber, "contact phone number")
	}
	return "", errChannel
}

func required(value *string, name string) (string, error) {
	if value == nil {
		return "", unprocessable("param is missing or the value is empty: " + name)
	}
	return *value, nil
}

// renames reports whether a source id is taken from somebody else who has it, from 4.0.4 on (contract, 4.2).
func renames(channel cfchat.Channel) bool {
	switch channel {
	case cfchat.ChannelEmail, cfchat.ChannelSMS, cfchat.ChannelTwilioSMS, cfchat.ChannelWhatsApp:
		return true
	}
	return false
}
