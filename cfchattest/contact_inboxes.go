package cfchattest

import (
	"slices"
	"time"
)

// contactInbox joins a contact to an inbox under a source id.
type contactInbox struct {
	id       int64
	account  *account
	inbox    *inbox
	contact  *contact
	sourceID string
	verified *bool // nil if the snapshot does not say
	created  time.Time
	token    string // opens the contact's own view
}

// joinInbox finds or creates the contact's place in an inbox under a source id. It reports false if somebody else has the
// source id in that inbox.
func (s *state) joinInbox(a *account, in *inbox, c *contact, sourceID string) (*contactInbox, bool) {
	if other := s.sourceOf(in, sourceID); other != nil {
		return other, other.contact == c
	}
	s.lastPlace++
	joined := &contactInbox{
		id: s.lastPlace, account: a, inbox: in, contact: c, sourceID: sourceID, verified: new(false), created: s.clock().UTC(), token: newSecret(),
	}
	s.bySource[sourceID] = append(s.bySource[sourceID], joined)
	c.joined = append(c.joined, joined)
	return joined, true
}

// sourceOf returns the place that has a source id in an inbox.
func (s *state) sourceOf(in *inbox, sourceID string) *contactInbox {
	for _, joined := range s.bySource[sourceID] {
		if joined.inbox == in {
			return joined
		}
	}
	return nil
}

// renameSource gives a contact's place another source id.
func (s *state) renameSource(joined *contactInbox, sourceID string) {
	rest := slices.DeleteFunc(s.bySource[joined.sourceID], func(c *contactInbox) bool { return c == joined })
	s.bySource[joined.sourceID] = rest
	joined.sourceID = sourceID
	s.bySource[sourceID] = append(s.bySource[sourceID], joined)
}

// nameSource gives an unused source id to a place of the contact whose real one the snapshot does not say. In an inbox that
// allows one conversation per contact, the recorded conversation is then found.
func (s *state) nameSource(in *inbox, who *contact, sourceID string) {
	i := slices.IndexFunc(who.unnamed, func(place *contactInbox) bool { return place.inbox == in })
	if i >= 0 && s.sourceOf(in, sourceID) == nil {
		s.renameSource(who.unnamed[i], sourceID)
		who.unnamed = slices.Delete(who.unnamed, i, i+1)
	}
}

// placeOf returns the contact's place in an inbox, or creates one under a new source id.
func (s *state) placeOf(a *account, in *inbox, c *contact) *contactInbox {
	if c.places == nil {
		c.places = map[*inbox]*contactInbox{}
	}
	if c.places[in] == nil {
		s.lastSource++
		c.places[in], _ = s.joinInbox(a, in, c, newUUID(s.lastSource))
	}
	return c.places[in]
}

// contactInboxes renders the inboxes in which a contact can be reached.
func (v view) contactInboxes(c *contact) []object {
	out := make([]object, len(c.joined))
	for i, joined := range c.joined {
		out[i] = object{"source_id": joined.sourceID, "inbox": v.inbox(joined.inbox)}
	}
	return out
}

// inbox renders an inbox of a contact: before 4.0.2 all of it, for an administrator with its secrets.
func (v view) inbox(in *inbox) object {
	if v.version.AtLeast("4.0.2") {
		return object{"id": in.id, "avatar_url": "", "channel_id": in.id, "name": in.name, "channel_type": in.channel, "provider": nil}
	}
	return v.wholeInbox(in)
}
