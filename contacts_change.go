package cfchat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/decode"
)

// ContactField is a field of a contact that can be emptied: [ContactUpdate].Clear.
type ContactField string

// Fields that can be emptied.
const (
	ContactFieldName        ContactField = "name"
	ContactFieldEmail       ContactField = "email"
	ContactFieldPhoneNumber ContactField = "phone_number"
	ContactFieldIdentifier  ContactField = "identifier"
)

// contactText is a text of an update, or of the contact in its answer.
type contactText struct {
	name  string // in Go
	value *string
}

// texts returns the texts of an update by their names on the wire.
func (u ContactUpdate) texts() map[ContactField]contactText {
	return map[ContactField]contactText{
		ContactFieldName: {"Name", u.Name}, ContactFieldEmail: {"Email", u.Email},
		ContactFieldPhoneNumber: {"PhoneNumber", u.PhoneNumber}, ContactFieldIdentifier: {"Identifier", u.Identifier},
	}
}

// MarshalJSON writes what is set, and null for what Clear names.
func (u ContactUpdate) MarshalJSON() ([]byte, error) {
	type plain ContactUpdate
	data, err := json.Marshal(plain(u))
	if err != nil || len(u.Clear) == 0 {
		return data, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, err
	}
	for _, field := range u.Clear {
		fields[string(field)] = null
	}
	return json.Marshal(fields)
}

// errBlockedOrNot is the reason why it is unknown whether a contact has been blocked.
var errBlockedOrNot = errors.New("the server reports neither whether the contact is blocked nor its version, on which that depends; " +
	"set Config.ServerVersion")

// whole returns an update with all additional attributes that the contact is to have, where the server would replace the
// existing ones. Until done is called, other updates of the contact wait.
func (s ContactsService) whole(ctx context.Context, id int64, update ContactUpdate, opts []CallOption) (body ContactUpdate, done func(), err error) {
	if len(update.AdditionalAttributes) == 0 || s.core.chat.has(ctx, "4.2.0") {
		return update, func() {}, nil
	}
	key := turnKey{conversationKey: conversationKey{s.core.id, id}} // the key of a message has a mark
	_, give, err := s.core.turn(ctx, key, s.core.callOf(updateContactCall.operation, id))
	if err != nil {
		return update, nil, err
	}
	defer func() {
		if done == nil { // the contact could not be read, or the caller's code has ended the goroutine
			give()
		}
	}()
	now, err := s.Get(ctx, id, opts...)
	if err != nil {
		return update, nil, err
	}
	all := now.AdditionalAttributes.Map()
	maps.Copy(all, update.AdditionalAttributes)
	update.AdditionalAttributes = all
	return update, give, nil
}

// change makes a call that changes one contact. Its answer must be that contact, and pass accept.
func (s ContactsService) change(ctx context.Context, call typedCall[ContactAnswer], id int64, accept func(*Contact) *chain.Failure,
	input refusal, opts []CallOption, build func(server string) (*http.Request, error),
) (*Contact, error) {
	call = call.of(id).accepting(func(a *ContactAnswer) *chain.Failure {
		if a.Payload.ID != id {
			return another("contact", a.Payload.ID, id)
		}
		return accept(&a.Payload)
	})
	answer, err := call.run(ctx, s.core, input, opts, build)
	if err != nil {
		return nil, err
	}
	return &answer.Payload, nil
}

// notAsAsked returns the failure of a change after which a field is not as requested.
func notAsAsked(field string) *chain.Failure {
	return &chain.Failure{Cause: fmt.Errorf("%s is not as requested", field), Rejected: true}
}

func (u ContactUpdate) check(r *refusal) {
	if u.IsZero() && u.AdditionalAttributes == nil && u.CustomAttributes == nil { // refused below
		r.add("update", "it changes nothing; set a field, or Clear")
	}
	texts := u.texts()
	for i, field := range u.Clear {
		switch text, known := texts[field]; {
		case !known:
			r.add(fmt.Sprintf("Clear[%d]", i), "%q cannot be emptied; use a ContactField constant", field)
		case text.value != nil:
			r.add(text.name, "it is both set and in Clear; choose one")
		}
	}
	for _, field := range slices.Sorted(maps.Keys(texts)) {
		text := texts[field]
		switch {
		case text.value == nil:
		case *text.value == "":
			r.add(text.name, "it is empty; to remove it, put ContactField%s into Clear", text.name)
		case field == ContactFieldEmail:
			r.email(text.name, *text.value)
		case field == ContactFieldPhoneNumber:
			r.phoneNumber(text.name, *text.value)
		case field == ContactFieldIdentifier:
			r.notBlank(text.name, *text.value, "identifier")
		default:
			r.column(text.name, *text.value)
			r.text(text.name, *text.value)
		}
	}
	r.attributesIn("AdditionalAttributes", u.AdditionalAttributes)
	r.attributesIn("CustomAttributes", u.CustomAttributes)
}

// checkVersion refuses what the server's version does not accept.
func (u ContactUpdate) checkVersion(ctx context.Context, core *core, r *refusal) {
	if u.Blocked != nil && core.chat.lacks(ctx, "3.7.0") {
		r.add("Blocked", "servers accept it from 3.7.0 on, and this one is older; leave it nil")
	}
	for _, text := range []contactText{{"Email", u.Email}, {"Identifier", u.Identifier}} {
		if text.value != nil {
			checkColumns(ctx, core, r, fieldText{text.name, *text.value})
		}
	}
}

// IsZero reports whether the update changes nothing: nothing is set, and Clear is empty. Empty attributes change nothing.
func (u ContactUpdate) IsZero() bool {
	for _, text := range u.texts() {
		if text.value != nil {
			return false
		}
	}
	return u.Blocked == nil && len(u.Clear) == 0 && len(u.AdditionalAttributes) == 0 && len(u.CustomAttributes) == 0
}

// attributesIn refuses attributes that change nothing, or that cannot be sent.
func (r *refusal) attributesIn(field string, attributes map[string]any) {
	if attributes != nil && len(attributes) == 0 {
		r.add(field, "they are empty, which changes nothing; leave them nil")
	}
	r.attributes(field, attributes)
	r.texts(field, attributes)
}

// accept requires the contact to be as requested. The servers answer 200 even if they have left out what they do not know,
// or do not accept in this place.
func (u ContactUpdate) accept(c *Contact) *chain.Failure {
	got := ContactUpdate{Name: c.Name, Email: c.Email, PhoneNumber: c.PhoneNumber, Identifier: c.Identifier}.texts()
	for field, want := range u.texts() {
		now := got[field].value
		switch {
		case slices.Contains(u.Clear, field) && now != nil && *now != "":
			return notAsAsked(want.name)
		case want.value == nil || now != nil && *now == *want.value:
		case field != ContactFieldEmail || now == nil || !sameEmail(*now, *want.value):
			return notAsAsked(want.name)
		}
	}
	if u.Blocked != nil && c.Blocked != nil && *c.Blocked != *u.Blocked { // up to 4.0.1 the answer does not state it
		return notAsAsked("Blocked")
	}
	if key, missing := notStored(u.CustomAttributes, c.CustomAttributes); missing {
		return notAsAsked(fmt.Sprintf("CustomAttributes[%q]", key))
	}
	if key, missing := notStored(u.AdditionalAttributes, c.AdditionalAttributes); missing {
		return notAsAsked(fmt.Sprintf("AdditionalAttributes[%q]", key))
	}
	return nil
}

// MergedContact is the answer to a merge: a contact. Up to 3.1.1 it is the row of the database, whose times are text (D76).
type MergedContact struct{ Contact }

// UnmarshalJSON reads either.
func (m *MergedContact) UnmarshalJSON(data []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	for _, name := range []string{"created_at", "last_activity_at"} {
		var text string
		if json.Unmarshal(fields[name], &text) != nil || text == "" {
			continue
		}
		seconds, err := UnixTime{timeOf(text).Truncate(time.Second)}.MarshalJSON()
		if err != nil {
			return err
		}
		fields[name] = seconds
	}
	data, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, &m.Contact)
}

func (m *MergedContact) decodeJSON(r *decode.Reader) { decode.Any(m, r) }
