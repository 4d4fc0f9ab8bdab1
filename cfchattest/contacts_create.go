package cfchattest

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/between"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// Values that the server's database refuses, or that its code fails on: a 500 (contract, W2.4).
var (
	errNotUnique = errors.New("the database has it already")
	errSource    = errors.New("no such source id can be made")
)

// The valid forms; anything may precede the + of a number.
var (
	validEmail  = regexp.MustCompile(`\A[^@\s]+@[^@\s]+\z`)
	validNumber = regexp.MustCompile(`\+[1-9]\d{1,14}\z`)
)

// contactCreate creates a contact, in any inbox of the account or in none. Other requests can run between its checks and the
// write.
func (c *caller) contactCreate() (any, error) {
	made := c.readContact()
	if err := c.validContact(made); err != nil {
		return nil, err
	}
	c.letOthersIn()
	return c.storeContact(made)
}

// letOthersIn serves other requests between the checks and the write of this one, if a test asks for it.
func (c *caller) letOthersIn() {
	if c.between != nil {
		c.between()
	}
}

// betweenOf returns the function that serves other requests in between, nil if no test asks for it.
func (s *Server) betweenOf(ctx context.Context) func() {
	f := between.Of(ctx)
	if f == nil {
		return nil
	}
	return func() {
		s.mu.Unlock()
		defer s.mu.Lock()
		f()
	}
}

// readContact reads the parameters of a new contact. Attributes that are not an object are dropped.
func (c *caller) readContact() *contact {
	made := &contact{Contact: cfchat.Contact{
		Name: c.scalar("name"), Email: c.scalar("email"), PhoneNumber: c.scalar("phone_number"),
		Identifier: c.scalar("identifier"), AvailabilityStatus: new(cfchat.AvailabilityOffline),
		Blocked:              new(c.version.AtLeast("3.7.0") && cast.Boolean(c.params["blocked"])),
		AdditionalAttributes: c.objectIn("additional_attributes"), CustomAttributes: c.objectIn("custom_attributes"),
		CreatedAt: &cfchat.UnixTime{Time: c.now()},
	}}
	if _, given := c.params["name"]; !given && c.version.AtLeast("2.17.0") {
		made.Name = new("")
	}
	if made.Email = lowered(made.Email); cast.Blank(deref(made.Email)) {
		made.Email = nil
	}
	return made
}

// scalar reads a text, or a number as one; nil for none.
func (c *caller) scalar(name string) *string {
	switch v := c.params[name].(type) {
	case nil, []any, map[string]any:
		return nil
	default:
		return new(cast.Text(v))
	}
}

func (c *caller) objectIn(name string) cfchat.Attributes {
	given, _ := c.params[name].(map[string]any)
	return attributesOf(orEmpty(given)) // empty if it is not an object
}

// validContact returns the refusal of an invalid contact. The order of several messages is (unseen), except for two formats.
func (c *caller) validContact(made *contact) error {
	var messages, attributes []string
	wrong := func(is bool, attribute, message string) {
		if !is {
			return
		}
		messages = append(messages, message)
		if !slices.Contains(attributes, attribute) {
			attributes = append(attributes, attribute)
		}
	}
	email, number, identifier := deref(made.Email), deref(made.PhoneNumber), deref(made.Identifier)
	taken := func(value string, of func(*contact) *string) bool {
		return !cast.Blank(value) && c.isTaken(value, of, made)
	}
	wrong(taken(email, emailOf), "email", "Email has already been taken")
	wrong(email != "" && !validEmail.MatchString(email), "email", "Email Invalid email")
	wrong(taken(identifier, identifierOf), "identifier", "Identifier has already been taken")
	wrong(taken(number, numberOf), "phone_number", "Phone number has already been taken")
	wrong(!cast.Blank(number) && !validNumber.MatchString(number), "phone_number", "Phone number should be in e164 format")
	for _, f := range []struct{ attribute, name, value string }{
		{"name", "Name", deref(made.Name)}, {"email", "Email", email}, {"identifier", "Identifier", identifier},
		{"phone_number", "Phone number", number},
	} {
		checked := f.attribute == "name" || c.version.AtLeast("2.17.0")
		long := utf8.RuneCountInString(f.value) > 255
		wrong(checked && long, f.attribute, f.name+" is too long (maximum is 255 characters)")
	}
	if len(messages) == 0 {
		return nil
	}
	return invalidRecord(strings.Join(messages, ", "), attributes...)
}

func emailOf(c *contact) *string      { return c.Email }
func numberOf(c *contact) *string     { return c.PhoneNumber }
func identifierOf(c *contact) *string { return c.Identifier }

// isTaken reports whether another contact of the account has a value.
func (c *caller) isTaken(value string, of func(*contact) *string, self *contact) bool {
	for _, each := range c.account.contacts {
		if has := of(each); !each.deleted && each.ID != self.ID && has != nil && *has == value {
			return true
		}
	}
	return false
}

// storeContact stores a contact and its place, or neither, and then its id is lost. The database enforces unique e-mails and
// identifiers, "" included; for phone numbers there was only the earlier check.
func (c *caller) storeContact(made *contact) (any, error) {
	c.lastContact++
	made.ID = c.lastContact
	if made.Email != nil && c.isTaken(*made.Email, emailOf, made) {
		return nil, errNotUnique
	}
	if made.Identifier != nil && c.isTaken(*made.Identifier, identifierOf, made) {
		return nil, errNotUnique
	}
	where := object{"inbox": nil, "source_id": nil}
	if !cast.Blank(c.params["inbox_id"]) {
		place, err := c.placeIn(c.params["inbox_id"], made)
		if err != nil {
			return nil, err
		}
		where = object{"inbox": c.view().inboxRow(place.inbox), "source_id": place.sourceID}
	}
	made.stored()
	c.account.contacts[made.ID] = made
	c.tellContact("contact_created", c.account, made)
	shown := c.view().contact(made)
	shown["contact_inboxes"] = c.view().contactInboxes(made)
	return object{"payload": object{"contact": shown, "contact_inbox": where}}, nil
}

// placeIn puts a new contact into an inbox, which need not be one of the caller's.
func (c *caller) placeIn(inboxID any, made *contact) (*contactInbox, error) {
	id, _ := cast.ID(inboxID)
	in := c.account.inboxes[id]
	if in == nil {
		return nil, notFound()
	}
	sourceID, err := c.sourceIDFor(in, made)
	if err != nil {
		return nil, err
	}
	place, err := c.join(in, made, sourceID)
	if err != nil {
		return nil, errSource // here it is not a 422
	}
	return place, nil
}

// sourceIDFor returns the source id of a new contact: the given one (a blank one is unseen) or a new one. In 4.0.4, one that
// cannot be made is a 500.
func (c *caller) sourceIDFor(in *inbox, who *contact) (string, error) {
	if given, ok := sourceIDOf(c.params["source_id"]); ok {
		if cast.Blank(given) {
			return "", errSource
		}
		return given, nil
	}
	sourceID, err := c.newSourceID(in, who)
	if err != nil && c.version.AtLeast("4.0.4") && !c.version.AtLeast("4.1.0") {
		err = errSource
	}
	return sourceID, err
}

// inboxRow renders an inbox as its database row, of which the stand-in has few columns.
func (v view) inboxRow(in *inbox) object {
	created := v.clock().UTC().Format("2006-01-02T15:04:05.000Z")
	out := object{
		"id": in.id, "channel_id": in.id, "account_id": v.account.id, "name": in.name, "channel_type": in.channel,
		"created_at": created, "updated_at": created, "timezone": in.zone, "auto_assignment_config": object{},
		"greeting_message": nil, "email_address": nil, "out_of_office_message": nil, "lock_to_single_conversation": in.locked,
		"greeting_enabled": false, "working_hours_enabled": in.hours != nil, "csat_survey_enabled": false,
		"enable_auto_assignment": true, "enable_email_collect": true, "allow_messages_after_resolved": true,
	}
	for name, since := range map[string]string{
		"portal_id": "2.17.0", "sender_name_type": "3.0.0", "business_name": "3.0.0", "csat_config": "4.2.0",
	} {
		if v.version.AtLeast(since) {
			out[name] = nil
		}
	}
	return out
}

// contactInboxFilter answers the contact that has a source id in an inbox.
func (c *caller) contactInboxFilter() (any, error) {
	in, err := c.namedInbox()
	switch {
	case err != nil:
		return nil, err
	case in == nil:
		return nil, notFound()
	}
	sourceID, _ := sourceIDOf(c.params["source_id"])
	place := c.sourceOf(in, sourceID)
	if place == nil || place.contact.deleted {
		header := http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-cache"}}
		return nil, &reply{http.StatusNotFound, header, nil}
	}
	shown := c.view().contact(place.contact)
	shown["contact_inboxes"] = c.view().contactInboxes(place.contact)
	return shown, nil
}
