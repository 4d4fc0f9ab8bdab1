package cfchattest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go"
)

// Contact is a contact to add.
type Contact struct {
	Name       string // "Contact 2" and so on by default
	Email      string // in lower case
	Phone      string
	Identifier string
	Blocked    bool           // new conversations are resolved at once, from 3.7.0 on
	Online     bool           // an online contact cannot be deleted
	Inbox      int64          // where it has a source id; none by default, or the first inbox if SourceID is set
	SourceID   string         // the contact's id in that inbox, shared by its conversations there; a new one by default
	Additional map[string]any // additional_attributes
	Custom     map[string]any // custom_attributes
	Labels     []string
}

type contact struct {
	cfchat.Contact

	updated time.Time
	lead    bool // more than a visitor: a contact who can be written to
	labels  []string
	joined  []*contactInbox          // in order of joining
	deleted bool                     // but its conversations are not yet, and cannot be rendered
	places  map[*inbox]*contactInbox // for conversations that are added without a request
	unnamed []*contactInbox          // places with an invented source id, because the snapshot lacks it
}

// AddContact adds a contact and returns its id.
func (s *Server) AddContact(c Contact) int64 {
	s.mu.Lock()
	defer s.unlock()
	s.checkNewContact(c)
	c.Email, c.Labels = deref(lowered(&c.Email)), s.labels("Contact.Labels", c.Labels)
	added := s.state.addContact(s.home(), c)
	switch {
	case c.SourceID != "":
		in := s.inbox(c.Inbox)
		place, _ := s.state.joinInbox(s.home(), in, added, c.SourceID)
		added.places = map[*inbox]*contactInbox{in: place}
	case c.Inbox != 0:
		s.state.placeOf(s.home(), s.inbox(c.Inbox), added)
	}
	s.state.tellContact("contact_created", s.home(), added)
	return added.ID
}

// checkNewContact fails the test if a server would not store such a contact (contract, W2.5).
func (s *Server) checkNewContact(c Contact) {
	a := s.home()
	noneOrOneOf(s, "Contact.Inbox", "inbox", c.Inbox, idsOf(a.inboxes))
	if c.SourceID != "" {
		in := s.inbox(c.Inbox)
		if other := s.state.sourceOf(in, c.SourceID); other != nil {
			s.mistake("Contact.SourceID", "in inbox %d contact %d has %q already", in.id, other.contact.ID, c.SourceID)
		}
	}
	s.checkEmail("Contact.Email", c.Email, "contact", a.contactWith(emailOf, strings.ToLower(c.Email)))
	if c.Phone != "" && !validNumber.MatchString(c.Phone) {
		s.mistake("Contact.Phone", "%q is not a number such as +4712345678", c.Phone)
	}
	if other := a.contactWith(identifierOf, c.Identifier); other != 0 {
		s.mistake("Contact.Identifier", "contact %d has %q already", other, c.Identifier)
	}
	for field, text := range map[string]string{"Name": c.Name, "Email": c.Email, "Phone": c.Phone, "Identifier": c.Identifier} {
		s.checkText("Contact."+field, text, 255)
	}
	s.checkSince("Contact.Blocked", c.Blocked, "3.7.0")
	s.checkAttributes("Contact.Additional", c.Additional)
	s.checkAttributes("Contact.Custom", c.Custom)
}

// contactWith returns the id of the contact that has a value, 0 for none. Nobody has "".
func (a *account) contactWith(of func(*contact) *string, value string) int64 {
	for _, each := range a.contactsThat(func(c *contact) bool { return value != "" && deref(of(c)) == value }) {
		return each.ID
	}
	return 0
}

func (s *state) addContact(a *account, c Contact) *contact {
	s.lastContact++
	added := &contact{Contact: cfchat.Contact{
		ID: s.lastContact, Name: new(cmp.Or(c.Name, fmt.Sprintf("Contact %d", s.lastContact))),
		Email: orNil(c.Email), PhoneNumber: orNil(c.Phone), Identifier: orNil(c.Identifier), Blocked: new(c.Blocked),
		AvailabilityStatus:   new(cfchat.AvailabilityOffline),
		AdditionalAttributes: attributesOf(orEmpty(c.Additional)), CustomAttributes: attributesOf(orEmpty(c.Custom)),
		CreatedAt: &cfchat.UnixTime{Time: s.now()},
	}}
	if c.Online {
		added.AvailabilityStatus = new(cfchat.AvailabilityOnline)
	}
	added.labels = s.asTags(c.Labels)
	added.stored()
	a.contacts[added.ID] = added
	return added
}

// contactDetails answers a contact, to anybody in the account.
func (c *caller) contactDetails() (any, error) {
	found, err := c.contactOfPath()
	if err != nil {
		return nil, err
	}
	return c.contactAnswer(found), nil
}

// contactsThat returns the contacts that match, in order of id.
func (a *account) contactsThat(fit func(*contact) bool) []*contact {
	var out []*contact
	for _, id := range slices.Sorted(maps.Keys(a.contacts)) {
		if each := a.contacts[id]; !each.deleted && fit(each) {
			out = append(out, each)
		}
	}
	return out
}

// conversationsOf counts the conversations of a contact.
func (a *account) conversationsOf(c *contact) int {
	count := 0
	for _, each := range a.conversations {
		if each.source.contact == c {
			count++
		}
	}
	return count
}

// isIdentified reports whether a contact has something that distinguishes it from a visitor.
func (c *contact) isIdentified() bool {
	return deref(c.Email) != "" || deref(c.PhoneNumber) != "" || deref(c.Identifier) != ""
}

// DeleteContact deletes a contact but keeps its conversations, as the server does for a while: it cannot render them, and
// answers 500 for every page with one of them. The contact must exist.
func (s *Server) DeleteContact(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkContact("DeleteContact", id)
	s.home().contacts[id].deleted = true
}

func (v view) contact(c *contact) object {
	out := object{
		"id": c.ID, "name": c.Name, "email": c.Email, "phone_number": c.PhoneNumber, "identifier": c.Identifier,
		"thumbnail": c.Thumbnail, "availability_status": c.AvailabilityStatus,
		"additional_attributes": c.AdditionalAttributes, "custom_attributes": c.CustomAttributes,
	}
	if c.LastActivityAt != nil {
		out["last_activity_at"] = unix(c.LastActivityAt.Time)
	}
	if c.CreatedAt != nil {
		out["created_at"] = unix(c.CreatedAt.Time)
	}
	if v.version.AtLeast("4.0.2") {
		out["blocked"] = c.Blocked != nil && *c.Blocked
	}
	return out
}

func (v view) contactSender(c *contact) object {
	out := object{"id": c.ID, "name": c.Name, "email": c.Email, "phone_number": c.PhoneNumber, "identifier": c.Identifier,
		"thumbnail": c.Thumbnail, "type": "contact",
		"additional_attributes": c.AdditionalAttributes, "custom_attributes": c.CustomAttributes}
	if v.version.AtLeast("4.0.2") {
		out["blocked"] = c.Blocked != nil && *c.Blocked
	}
	return out
}
