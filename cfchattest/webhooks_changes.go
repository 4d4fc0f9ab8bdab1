package cfchattest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go"
)

// column is a column of a row, with its value as JSON and, for a time, the exact time.
type column struct {
	name  string
	value json.RawMessage
	at    time.Time
}

// changesOf returns the changes of a row, as changed_attributes has them.
func changesOf(before, after []column) []fields {
	var changes []fields
	for i, each := range after {
		if !bytes.Equal(before[i].value, each.value) || !before[i].at.Equal(each.at) {
			changes = append(changes, fields{{each.name, fields{{"previous_value", before[i].value}, {"current_value", each.value}}}})
		}
	}
	return changes
}

// columnsOf encodes columns.
func columnsOf(all fields) []column {
	out := make([]column, len(all))
	for i, each := range all {
		out[i].name = each.name
		if at, isTime := each.value.(time.Time); isTime {
			out[i].at, each.value = at, isoOrNull(at)
		}
		out[i].value = encode(each.value)
	}
	return out
}

// saving is a save of a conversation in progress.
type saving struct {
	state  *state
	of     *conversation
	before []column // nil if nobody listens
	labels []string
	twice  bool // label changes are sent twice up to 4.5.2
}

// saving starts a save of a conversation. All changes until done is called, updated included, belong to it.
func (s *state) saving(of *conversation) *saving {
	begun := &saving{state: s, of: of, labels: of.labels}
	if s.listens(of) {
		begun.before = s.conversationColumns(of)
	}
	return begun
}

// done ends the save and queues its events as the version does (contract, H1): one for a change of the status, another to
// bots for the new status, and one with all changes if a trigger column is among them.
func (b *saving) done() {
	s, of := b.state, b.of
	if of.shown || !slices.Equal(b.labels, of.labels) {
		of.cached = new(strings.Join(of.labels, ", "))
	}
	if b.before == nil {
		s.shows(of)
		return
	}
	of.fresh = false
	changes := changesOf(b.before, s.conversationColumns(of))
	changed := func(name string) bool {
		return slices.ContainsFunc(changes, func(c fields) bool { return c[0].name == name })
	}
	if changed("status") {
		switch of.status {
		case cfchat.StatusOpen:
			s.tellConversation("conversation_opened", of)
		case cfchat.StatusResolved:
			s.tellConversation("conversation_resolved", of)
		}
		s.tellConversation("conversation_status_changed", of, field{"changed_attributes", nil})
	}
	for name, since := range triggers {
		if !s.since(since) || !changed(name) {
			continue
		}
		s.tellConversation("conversation_updated", of, field{"changed_attributes", changes})
		if b.twice {
			s.tellConversation("conversation_updated", of, field{"changed_attributes", changes})
		}
		break
	}
}

// conversationColumns returns the columns of a conversation that can change, in order. Right after creation the row in the
// server's memory has no display_id yet, and before 4.1.0 no uuid (unseen).
func (s *state) conversationColumns(c *conversation) []column {
	var displayID, uuid, owner any = c.id, c.uuid, nil
	if c.fresh {
		displayID = nil
	}
	if c.fresh && !s.version.AtLeast("4.1.0") {
		uuid = nil
	}
	if c.ownedBy != nil {
		owner = c.ownedBy.ID
	}
	return columnsOf(hookView{view: view{state: s}}.fields(dated{
		{"", field{"status", c.status}},
		{"", field{"assignee_id", c.assignee}},
		{"", field{"updated_at", c.updated}},
		{"", field{"display_id", displayID}},
		{"", field{"uuid", uuid}},
		{"", field{"team_id", c.team}},
		{"", field{"snoozed_until", c.snoozed}},
		{"", field{"custom_attributes", c.custom}},
		{"", field{"first_reply_created_at", c.firstReply}},
		{"2.17.0", field{"priority", c.priority}},
		{"3.0.0", field{"waiting_since", c.waiting}},
		{"3.4.0", field{"cached_label_list", c.cached}},
		{"4.8.0", field{"assignee_agent_bot_id", owner}},
		{"", field{"label_list", append([]string{}, c.labels...)}},
	}))
}

// shows records that a request has rendered the labels of a conversation: each later save in that request stores them as
// text.
func (s *state) shows(of *conversation) {
	if !of.shown {
		of.shown = true
		s.inMind = append(s.inMind, of)
	}
}

// forget ends a request and clears the marks that it left on conversations.
func (s *state) forget() {
	for _, of := range s.inMind {
		of.shown, of.fresh = false, false
	}
	s.inMind = nil
}

// savingContact starts a save of a contact and returns the function that ends it and queues its event if something changed.
func (s *state) savingContact(a *account, who *contact) (done func()) {
	before := s.contactColumns(who)
	return func() {
		who.lead = who.lead || who.isLead()
		if len(changesOf(before, s.contactColumns(who))) == 0 {
			return
		}
		who.updated = s.now()
		s.tellContact("contact_updated", a, who, field{"changed_attributes", changesOf(before, s.contactColumns(who))})
	}
}

// contactColumns returns the columns of a contact that can change, in order. That servers also store the kind and the
// location of a contact as columns is (unseen).
func (s *state) contactColumns(c *contact) []column {
	kind := "visitor"
	if c.lead {
		kind = "lead"
	}
	additional := c.AdditionalAttributes.Map()
	return columnsOf(hookView{view: view{state: s}}.fields(dated{
		{"", field{"name", c.Name}},
		{"", field{"email", c.Email}},
		{"", field{"phone_number", c.PhoneNumber}},
		{"", field{"updated_at", c.updated}},
		{"", field{"additional_attributes", additional}},
		{"", field{"identifier", c.Identifier}},
		{"", field{"custom_attributes", c.CustomAttributes.Map()}},
		{"", field{"last_activity_at", deref(c.LastActivityAt).Time}},
		{"3.7.0", field{"contact_type", kind}},
		{"3.7.0", field{"location", additional["city"]}},
		{"3.7.0", field{"country_code", additional["country"]}},
		{"3.7.0", field{"blocked", deref(c.Blocked)}},
		{"", field{"label_list", append([]string{}, c.labels...)}},
	}))
}

// stored sets the fields that follow from how a contact is first stored.
func (c *contact) stored() {
	c.updated, c.lead = deref(c.CreatedAt).Time, c.isLead()
}

// isLead reports whether a contact is more than a visitor: a contact who can be written to.
func (c *contact) isLead() bool { return deref(c.Email) != "" || deref(c.PhoneNumber) != "" }
