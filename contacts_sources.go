package cfchat

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// SourceIDs gets the source ids with which a contact can be written to, each with its inbox, of those that the key's user
// sees. In an e-mail inbox it is the contact's e-mail, in a phone inbox its number, even if the contact has never been
// there. In an API inbox it is the contact's newest there, if any: source ids that the server makes up are left out, which
// takes a second request, for the contact. Get has every stored source id.
func (s ContactsService) SourceIDs(ctx context.Context, id int64, opts ...CallOption) ([]ContactInbox, error) {
	found, err := s.Contactable(ctx, id, opts...)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(c ContactInbox) bool { return c.SourceID == "" }) // for a phone number that is ""
	isAPI := func(c ContactInbox) bool { return c.Inbox.ChannelType == ChannelAPI }
	if !slices.ContainsFunc(found, isAPI) {
		return found, nil
	}
	contact, err := s.Get(ctx, id, opts...)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(c ContactInbox) bool { return isAPI(c) && contact.source(c.Inbox.ID, c.SourceID) == nil }), nil
}

// checkSource refuses an invalid source id or inbox.
func checkSource(id, inboxID int64, sourceID string) refusal {
	var input refusal
	input.id("id", id)
	input.id("inboxID", inboxID)
	if strings.TrimSpace(sourceID) == "" {
		input.add("sourceID", "it is blank; give one of your own: in an e-mail inbox the contact's e-mail, in a phone inbox its number")
	}
	input.text("sourceID", sourceID)
	return input
}

// AddSource gives a contact a source id in an inbox, and never takes one from another contact, as servers would from 4.0.4
// on in inboxes of e-mail, SMS, Twilio and WhatsApp: if another contact has it, it is ErrInvalidInput, and the error names
// that contact. From 3.2.0 on it first looks for the owner, with a request of its own; another program may act in between.
// Before 3.2.0 a server keeps it for its owner, and answers a 500: ErrServer and ErrUnknownOutcome. A source id that the
// contact already has is returned. The call may be repeated.
func (s ContactsService) AddSource(ctx context.Context, id, inboxID int64, sourceID string, opts ...CallOption) (*ContactInbox, error) {
	call := s.core.callOf(addSourceCall.operation, id)
	input := checkSource(id, inboxID, sourceID)
	s.core.check(ctx, &input)
	if err := input.err(call); err != nil {
		return nil, err
	}
	if !s.core.chat.lacks(ctx, "3.2.0") {
		owner, err := s.FindBySourceID(ctx, inboxID, sourceID, opts...)
		switch {
		case err == nil && owner.ID != id:
			input.add("sourceID", "contact %d has it in inbox %d; give another one, or merge the contacts", owner.ID, inboxID)
			return nil, input.err(call)
		case err == nil:
			return owner.source(inboxID, sourceID), nil
		case !s.saysNobody(ctx, err):
			return nil, err
		}
	}
	return s.TakeSource(ctx, id, inboxID, sourceID, opts...)
}

// saysNobody reports whether a look for a source id found that nobody has it, or that the server has no such call, or no
// such inbox, which the next request reports better. A proxy's 404 means none of these.
func (s ContactsService) saysNobody(ctx context.Context, err error) bool {
	e, ok := errors.AsType[*Error](err)
	switch {
	case !ok || e.StatusCode != http.StatusNotFound:
		return false
	case e.noRoute:
		return !s.core.chat.has(ctx, "3.2.0")
	}
	return e.Body == "" || e.isGone()
}

// source returns a contact's source id in an inbox, nil for none.
func (c *Contact) source(inboxID int64, sourceID string) *ContactInbox {
	i := slices.IndexFunc(c.ContactInboxes, func(has ContactInbox) bool { return has.Inbox.ID == inboxID && has.SourceID == sourceID })
	if i < 0 {
		return nil
	}
	return &c.ContactInboxes[i]
}

// maxConversations is the maximum number of conversations in a contact's list.
const maxConversations = 20

// ConversationsAll walks through every conversation of a contact, of every status, in the inboxes that the key's user sees,
// and yields each once. Fewer than 20 take one request. For more, it filters by the contact up to 2.16 and from 4.14.2 on;
// in between, or if the server's version is not known, it lists the conversations of each of its source ids and leaves out
// those of other contacts. It compares the rows with the server's count and reads again, as [ContactsService.ListAll] does,
// but not up to 2.16, where the filter counts a conversation for each of its labels and also finds other inboxes'
// conversations. A conversation that is created meanwhile may be missing, and so may one that moves to another contact, by a
// merge say.
//
// Every range over it starts anew.
func (s ContactsService) ConversationsAll(ctx context.Context, id int64, opts ...CallOption) iter.Seq2[*Conversation, error] {
	opts = slices.Clone(opts)
	return func(yield func(*Conversation, error) bool) {
		var input refusal
		input.id("id", id)
		refuseResponse(opts, &input)
		s.core.check(ctx, &input)
		if err := input.err(s.core.callOf(operation.ContactConversations, id)); err != nil {
			yield(nil, err)
			return
		}
		newest, err := s.Conversations(ctx, id, opts...)
		if err != nil {
			yield(nil, err)
			return
		}
		yielded := map[int64]struct{}{}
		yieldNew := func(c *Conversation) bool {
			if _, again := yielded[c.ID]; again || c.Meta.Sender.ID != id {
				return true
			}
			yielded[c.ID] = struct{}{}
			return yield(c, nil)
		}
		for i := range newest {
			if !yieldNew(&newest[i]) {
				return
			}
		}
		if len(newest) < maxConversations {
			return
		}
		for c, err := range s.olderConversations(ctx, id, opts) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yieldNew(c) {
				return
			}
		}
	}
}

// olderConversations walks through all conversations of a contact that has many, and may yield those of others, or one
// twice.
func (s ContactsService) olderConversations(ctx context.Context, id int64, opts []CallOption) iter.Seq2[*Conversation, error] {
	conversations := ConversationsService(s)
	isOld := s.core.chat.lacks(ctx, "2.17.0")
	if isOld || s.core.chat.has(ctx, "4.14.2") {
		walk := conversations.walk(filterCall.operation, opts)
		walk.check = func(*refusal) {}
		page := func(page int) ([]Conversation, int64, error) {
			return conversationRows(conversations.Filter(ctx, Where(Equal(AttributeContactID, id)), page, opts...))
		}
		if isOld {
			return walk.pages(func(n int) ([]Conversation, error) { rows, _, err := page(n); return rows, err })
		}
		return counted(walk, page)
	}
	return func(yield func(*Conversation, error) bool) {
		walked := map[string]bool{}
		for more := true; more; { // a source id may have been added meanwhile
			contact, err := s.Get(ctx, id, opts...)
			if err != nil {
				yield(nil, err)
				return
			}
			more = false
			for _, place := range contact.ContactInboxes {
				if walked[place.SourceID] || place.SourceID == "" {
					continue
				}
				walked[place.SourceID], more = true, true
				for c, err := range conversations.ofSource(ctx, place.SourceID, opts) {
					if !yield(c, err) || err != nil {
						return
					}
				}
			}
		}
	}
}

// ofSource walks through the conversations of a source id, in any inbox. Before 2.17.0 a server lists all conversations.
func (s ConversationsService) ofSource(ctx context.Context, sourceID string, opts []CallOption) iter.Seq2[*Conversation, error] {
	walk := s.walk(listCall.operation, opts)
	walk.check = func(*refusal) {}
	options := ConversationListOptions{SourceID: sourceID, Status: StatusAll, SortBy: SortBySortOnCreatedAt}
	return counted(walk, func(page int) ([]Conversation, int64, error) {
		options := options
		options.Page = page
		return conversationRows(s.List(ctx, options, opts...))
	})
}

// conversationRows returns the rows of a page and the count of all.
func conversationRows(page *ConversationPage, err error) ([]Conversation, int64, error) {
	if err != nil {
		return nil, 0, err
	}
	return page.Payload, page.Meta.AllCount, nil
}
