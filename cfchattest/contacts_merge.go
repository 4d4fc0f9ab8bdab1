package cfchattest

import (
	"maps"
	"slices"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// contactMerge merges a contact into another one (contract, W2.12).
func (c *caller) contactMerge() (any, error) {
	base, mergee := c.contactNamed("base_contact_id"), c.contactNamed("mergee_contact_id")
	if base == nil || mergee == nil {
		return nil, notFound()
	}
	if base != mergee {
		c.merge(base, mergee)
	}
	if c.version.AtLeast("3.2.0") {
		return c.view().contact(base), nil
	}
	return c.contactRow(base), nil
}

// contactNamed returns the contact that a parameter names, nil for none.
func (c *caller) contactNamed(parameter string) *contact {
	id, _ := cast.ID(c.params[parameter])
	if found := c.account.contacts[id]; found != nil && !found.deleted {
		return found
	}
	return nil
}

// merge moves everything that mergee has to base, and fills the fields that base lacks. Labels and the blocked flag are
// ignored.
func (c *caller) merge(base, mergee *contact) {
	now := c.now()
	for _, each := range c.account.conversations {
		if each.source.contact == mergee {
			each.updated = later(each.updated, now)
		}
		for _, m := range each.messages {
			if deref(m.SenderType) == cfchat.SenderTypeContact && deref(m.SenderID) == mergee.ID {
				c.sentBy(m, cfchat.SenderTypeContact, base.ID)
			}
		}
	}
	for _, joined := range slices.Concat(mergee.joined, mergee.unnamed) {
		joined.contact = base
	}
	base.joined, base.unnamed = append(base.joined, mergee.joined...), append(base.unnamed, mergee.unnamed...)
	if base.places == nil {
		base.places = map[*inbox]*contactInbox{}
	}
	for in, place := range mergee.places {
		place.contact = base
		if base.places[in] == nil {
			base.places[in] = place
		}
	}
	defer c.savingContact(c.account, base)()
	for to, from := range map[**string]*string{
		&base.Name: mergee.Name, &base.Email: mergee.Email, &base.PhoneNumber: mergee.PhoneNumber, &base.Identifier: mergee.Identifier,
	} {
		if deref(*to) == "" {
			*to = from
		}
	}
	if base.LastActivityAt == nil {
		base.LastActivityAt = mergee.LastActivityAt
	}
	base.AdditionalAttributes = attributesOf(deepMerged(mergee.AdditionalAttributes.Map(), base.AdditionalAttributes.Map()))
	base.CustomAttributes = attributesOf(deepMerged(mergee.CustomAttributes.Map(), base.CustomAttributes.Map()))
	delete(c.account.contacts, mergee.ID)
}

// deepMerged returns attributes merged with others, nested objects included.
func deepMerged(attributes, others map[string]any) map[string]any {
	out := maps.Clone(attributes)
	for key, value := range others {
		inner, isObject := value.(map[string]any)
		target, hasObject := out[key].(map[string]any)
		if isObject && hasObject {
			value = deepMerged(target, inner)
		}
		out[key] = value
	}
	return out
}

// contactRow renders a contact as its database row, which merging answered up to 3.1.1.
func (c *caller) contactRow(of *contact) object {
	out := object{
		"account_id": c.account.id, "id": of.ID, "name": of.Name, "email": of.Email, "phone_number": of.PhoneNumber,
		"identifier": of.Identifier, "additional_attributes": of.AdditionalAttributes, "custom_attributes": of.CustomAttributes,
		"label_list": append([]string{}, of.labels...), "updated_at": cfchat.NewISOTime(c.now()),
	}
	out["created_at"] = cfchat.NewISOTime(deref(of.CreatedAt).Time)
	if of.LastActivityAt != nil { // any other columns are (unseen)
		out["last_activity_at"] = cfchat.NewISOTime(of.LastActivityAt.Time)
	}
	return out
}
