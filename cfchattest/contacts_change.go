package cfchattest

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// contactOfPath returns the contact that the path names, to anybody in the account.
func (c *caller) contactOfPath() (*contact, error) {
	id, _ := cast.ID(c.ids["contact_id"])
	found := c.account.contacts[id]
	if found == nil || found.deleted {
		return nil, notFound()
	}
	return found, nil
}

// contactUpdate changes the given fields of a contact (contract, W2.6).
func (c *caller) contactUpdate() (any, error) {
	found, err := c.contactOfPath()
	if err != nil {
		return nil, err
	}
	changed := &contact{Contact: found.Contact}
	c.changeContact(&changed.Contact)
	if err := c.validContact(changed); err != nil {
		return nil, err
	}
	if changed.Identifier != nil && c.isTaken(*changed.Identifier, identifierOf, changed) { // "" too
		return nil, errNotUnique
	}
	save := c.savingContact(c.account, found)
	found.Contact = changed.Contact
	save()
	return c.contactAnswer(found), nil
}

// contactAnswer returns the answer about one contact.
func (c *caller) contactAnswer(found *contact) object {
	shown := c.view().contact(found)
	if c.withInboxes() || !c.version.AtLeast("3.16.0") {
		shown["contact_inboxes"] = c.view().contactInboxes(found)
	}
	return object{"payload": shown}
}

// changeContact sets the fields in the parameters. It ignores attributes that are not an object.
func (c *caller) changeContact(to *cfchat.Contact) {
	for name, field := range map[string]**string{
		"name": &to.Name, "email": &to.Email, "phone_number": &to.PhoneNumber, "identifier": &to.Identifier,
	} {
		if _, given := c.params[name]; given {
			*field = c.scalar(name)
		}
	}
	if to.Email = lowered(to.Email); cast.Blank(deref(to.Email)) {
		to.Email = nil
	}
	if blocked, given := c.params["blocked"].(bool); given && c.version.AtLeast("3.7.0") {
		to.Blocked = &blocked
	}
	if custom, given := c.params["custom_attributes"].(map[string]any); given {
		to.CustomAttributes = merged(to.CustomAttributes, custom)
	}
	if additional, given := c.params["additional_attributes"].(map[string]any); given {
		if !c.version.AtLeast("4.2.0") {
			to.AdditionalAttributes = attributesOf(map[string]any{})
		}
		to.AdditionalAttributes = merged(to.AdditionalAttributes, additional)
	}
}

// merged returns attributes, overwritten with others.
func merged(attributes cfchat.Attributes, others map[string]any) cfchat.Attributes {
	all := attributes.Map()
	maps.Copy(all, others)
	return attributesOf(all)
}

// destroyCustomAttributesOfAContact removes attributes: a list of keys, or one key as text (contract, W2.6).
func (c *caller) destroyCustomAttributesOfAContact() (any, error) {
	found, err := c.contactOfPath()
	if err != nil {
		return nil, err
	}
	all := found.CustomAttributes.Map()
	for _, key := range c.params.list("custom_attributes") {
		if name, ok := key.(string); ok {
			delete(all, name)
		}
	}
	save := c.savingContact(c.account, found)
	found.CustomAttributes = attributesOf(all)
	save()
	return c.contactAnswer(found), nil
}

// errNoName is the error for an online contact without a name: the server fails to build its message.
var errNoName = errors.New("undefined method for nil")

// jobDelay is how long the job of a deletion takes to start (run: 0.2 to 2 s).
const jobDelay = 500 * time.Millisecond

// contactDelete deletes a contact. Its conversations stay for a moment, and cannot be rendered (contract, W2.7).
func (c *caller) contactDelete() (any, error) {
	found, err := c.contactOfPath()
	switch err := cmp.Or(err, c.administers()); {
	case err != nil:
		return nil, err
	case deref(found.AvailabilityStatus) == cfchat.AvailabilityOnline && found.Name == nil:
		return nil, errNoName
	case deref(found.AvailabilityStatus) == cfchat.AvailabilityOnline:
		return nil, refuse(http.StatusUnprocessableEntity, object{"message": *found.Name + " is Online, please try again later"})
	}
	found.deleted = true
	account := c.account
	c.jobs = append(c.jobs, job{c.clock().Add(jobDelay), func() { account.remove(found) }})
	return nil, empty()
}

// job is something that the server does later.
type job struct {
	due time.Time
	do  func()
}

// runJobs runs the jobs that are due.
func (s *state) runJobs() {
	now := s.clock()
	s.jobs = slices.DeleteFunc(s.jobs, func(j job) bool {
		if j.due.After(now) {
			return false
		}
		j.do()
		return true
	})
}

// remove removes a contact with its conversations.
func (a *account) remove(gone *contact) {
	delete(a.contacts, gone.ID)
	a.removeConversations(func(c *conversation) bool { return c.source.contact == gone })
}
