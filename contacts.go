package cfchat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// ContactsService is the contacts of an account, regardless of the inboxes of the key's user: [Account.Contacts]. Every call
// of the zero value fails with ErrInvalidInput. It is safe for concurrent use.
type ContactsService struct{ core *core }

// Calls of the methods below.
var (
	contactsCall       = newCall(operation.ContactList, checkContacts)
	searchContactsCall = newCall(operation.ContactSearch, checkContacts)
	filterContactsCall = newCall(operation.ContactFilter, checkContacts)
	contactCall        = newCall(operation.ContactDetails, checkContactAnswer)
	sourceCall         = newCall(operation.ContactInboxFilter, func(c *Contact, _ []byte) error { return checkContact(c) })
	createContactCall  = newCall(operation.ContactCreate, checkCreatedContact)
	updateContactCall  = newCall(operation.ContactUpdate, checkContactAnswer)
	attributesGoneCall = newCall(operation.DestroyCustomAttributesOfAContact, checkContactAnswer)
	deleteContactCall  = newEmptyCall(operation.ContactDelete)
	mergeCall          = newCall(operation.ContactMerge, checkMerged)
	contactTalksCall   = newCall(operation.ContactConversations, checkContactConversations)
	contactableCall    = newCall(operation.ContactableInboxesGet, checkContactable)
	addSourceCall      = newCall(operation.ContactInboxCreation, checkContactInbox)

	contactLabelsCall    = newCall(operation.ListAllLabelsOfAContact, checkLabelNames)
	setContactLabelsCall = newCall(operation.ContactAddLabels, checkLabelNames)
)

// ContactListOptions select a page of contacts. The zero value selects the first, the oldest contact first.
type ContactListOptions struct {
	// Page is the page to get, from 1. Zero means the first.
	Page int
	// Sort is what to sort by. The servers apply e-mail, name, phone number, last activity and creation in this order,
	// regardless of yours. A key that no version knows is refused, because then there would be no order. Empty means by
	// creation from 3.1.0 on; before, or if the server's version is not known, by e-mail, name and phone number. Without an
	// order pages repeat and lose contacts (D58).
	Sort []ContactSort
	// Labels lists contacts with any of these labels, which are not those of conversations. A label with a comma is refused.
	// Only List accepts this field.
	Labels []string
	// WithoutInboxes omits ContactInboxes, which make up most of an answer before 4.0.2.
	WithoutInboxes bool
}

// otherContactSorts are the keys without a constant that servers know; some versions lack some of them.
var otherContactSorts = []string{"company", "company_name", "city", "country"}

func (o ContactListOptions) check(r *refusal) {
	if o.Page != 0 {
		r.page("Page", o.Page)
	}
	for i, sort := range o.Sort {
		if !sort.Known() && !slices.Contains(otherContactSorts, strings.TrimPrefix(string(sort), "-")) {
			r.add(fmt.Sprintf("Sort[%d]", i), "%q is not a sort key, and there would be no order; use a ContactSort constant", sort)
		}
	}
	r.labels("Labels", o.Labels)
}

// withoutLabels refuses labels where the server ignores them.
func (o ContactListOptions) withoutLabels(r *refusal, instead string) {
	if len(o.Labels) > 0 {
		r.add("Labels", "only List accepts them; %s", instead)
	}
}

// inboxes returns the parameter for WithoutInboxes.
func (o ContactListOptions) inboxes() *bool {
	if o.WithoutInboxes {
		return new(false)
	}
	return nil
}

// sort returns the order to ask for. It may ask the server for its version.
func (s ContactsService) sort(ctx context.Context, o ContactListOptions) []ContactSort {
	switch {
	case len(o.Sort) > 0:
		return o.Sort
	case s.core.chat.has(ctx, "3.1.0"):
		return []ContactSort{ContactSortCreatedAt}
	}
	return []ContactSort{ContactSortEmail, ContactSortName, ContactSortPhoneNumber}
}

// List gets one page, 15 to a page, of the contacts that have an e-mail, a phone number or an identifier; of the leads,
// where the account distinguishes leads from visitors. Other contacts are reached by [ContactsService.Get] and through their
// conversations only. A page beyond the last is empty. An order is always requested, because the server has none (D58), but
// no order has unique keys: pages read one after another may repeat or miss contacts that are added, removed or changed
// meanwhile.
//
// GET /api/v1/accounts/{account_id}/contacts, contactList. Key: user.
func (s ContactsService) List(ctx context.Context, options ContactListOptions, opts ...CallOption) (*ContactPage, error) {
	var input refusal
	options.check(&input)
	return contactsCall.run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		params := &ContactListParams{
			Page: optional(int64(options.Page)), Sort: s.sort(ctx, options), IncludeContactInboxes: options.inboxes(),
			Labels: append([]string(nil), options.Labels...), // nil is not sent, empty would be
		}
		return newContactListRequest(server, s.core.id, params)
	})
}

// Search gets one page of the contacts that have a text in their name, e-mail or phone number, ignoring case, or in their
// identifier, respecting case; from 3.1.1 to 4.10 in the company_name of their AdditionalAttributes too. In the text % and _
// are wildcards. It serves people who look for somebody, and is not a look-up: the first match may be anybody whose name
// contains the text.
//
// Up to 4.10 it searches the contacts that List lists, and Meta.Count counts all matches. From 4.11.0 on it searches every
// contact, and Meta.Count counts this page only; Meta.HasMore reports whether there is another (D59). From 3.9.0 on a server
// accepts 100 searches per account and minute, from 3.6.0 to 3.8.0 five.
//
// GET /api/v1/accounts/{account_id}/contacts/search, contactSearch. Key: user.
func (s ContactsService) Search(ctx context.Context, text string, options ContactListOptions, opts ...CallOption) (*ContactPage, error) {
	var input refusal
	if strings.TrimSpace(text) == "" {
		input.add("text", "it is blank, which finds nothing; use List for everything")
	}
	input.text("text", text)
	options.check(&input)
	options.withoutLabels(&input, "a search ignores them from 4.11.0 on")
	return searchContactsCall.run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		params := &ContactSearchParams{
			Q: new(text), Page: optional(int64(options.Page)), Sort: s.sort(ctx, options), IncludeContactInboxes: options.inboxes(),
		}
		return newContactSearchRequest(server, s.core.id, params)
	})
}

// Filter gets one page of the contacts that match a filter, 15 to a page, with the count of all. Texts are compared without
// case. The server reads only the first value of a rule, so several are refused; a phone number may omit its +. Up to 4.6 it
// searches every contact, from 4.7.0 on those that List lists. There is no rule on ids. Before 3.1.1 servers compare a
// label's number, so Equal and NotEqual on labels are refused there: use the Labels of List.
//
// POST /api/v1/accounts/{account_id}/contacts/filter, contactFilter. Key: user.
func (s ContactsService) Filter(ctx context.Context, filter Filter, options ContactListOptions, opts ...CallOption) (*ContactPage, error) {
	var input refusal
	body := filter.contactRequest(s.core.now(), &input)
	options.check(&input)
	options.withoutLabels(&input, `add a rule such as Equal("labels", "vip")`)
	filter.checkVersion(ctx, s.core, contactAttributes, &input)
	filter.checkContactLabels(ctx, s.core, &input)
	return filterContactsCall.run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		params := &ContactFilterParams{
			Page: optional(int64(options.Page)), Sort: s.sort(ctx, options), IncludeContactInboxes: options.inboxes(),
		}
		return newContactFilterRequest(server, s.core.id, params, body)
	})
}

// Get gets one contact by its id, with its ContactInboxes.
//
// GET /api/v1/accounts/{account_id}/contacts/{contact_id}, contactDetails. Key: user.
func (s ContactsService) Get(ctx context.Context, id int64, opts ...CallOption) (*Contact, error) {
	var input refusal
	input.id("id", id)
	same := answers("contact", id, func(a *ContactAnswer) int64 { return a.Payload.ID })
	answer, err := contactCall.of(id).accepting(same).run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newContactDetailsRequest(server, s.core.id, id, nil)
	})
	if err != nil {
		return nil, err
	}
	return &answer.Payload, nil
}

// Create creates a contact, with one request. Zero fields are not sent. If another contact has the e-mail, phone number or
// identifier, it is ErrRejected, and the error's Attributes name which. With two creates at once it may be a 500, so
// ErrServer and ErrUnknownOutcome, and with the same phone number both contacts may be created (D63).
// [ContactsService.FindOrCreate] deals with all of that.
//
// With an InboxID, which need not be an inbox of the key's user, the contact gets a source id there; ContactInboxes has it.
// ErrNotFound means that the inbox does not exist and that nothing was created. From 4.0.4 on, in inboxes of e-mail, SMS,
// Twilio and WhatsApp, a SourceID that another contact has is taken away from it.
//
// POST /api/v1/accounts/{account_id}/contacts, contactCreate. Key: user.
func (s ContactsService) Create(ctx context.Context, create ContactCreate, opts ...CallOption) (*Contact, error) {
	var input refusal
	if create.Name == "" && len(create.keys()) == 0 {
		input.add("Name", "set it, or Email, PhoneNumber or Identifier; nothing would distinguish the contact from others")
	}
	create.check(ctx, s.core, &input)
	call := createContactCall.accepting(create.stored)
	answer, err := call.run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newContactCreateRequest(server, s.core.id, create)
	})
	if err != nil {
		return nil, err
	}
	return &answer.Payload.Contact, nil
}

// Update changes the fields that are set, and empties those that Clear names; everything else stays. Custom attributes are
// merged into the existing ones, key by key, and so are additional attributes. Before 4.2.0 a server would replace the
// latter, so they are read first, with a second request, and what another program writes to them in between is lost. Within
// one Chat such updates of a contact wait for each other. A null stays as an attribute;
// [ContactsService.RemoveCustomAttributes] removes one.
//
// A value that another contact has is ErrRejected, and Attributes of the [*Error] names it. So is an answer in which the
// contact is not as requested. An update that changes nothing is ErrInvalidInput: see [ContactUpdate.IsZero]. Blocked exists
// from 3.7.0 on. Contacts of inboxes that the key's user does not see can be changed, too.
//
// PUT /api/v1/accounts/{account_id}/contacts/{contact_id}, contactUpdate. Key: user.
func (s ContactsService) Update(ctx context.Context, id int64, update ContactUpdate, opts ...CallOption) (*Contact, error) {
	var input refusal
	input.id("id", id)
	update.check(&input)
	s.core.check(ctx, &input)
	if err := input.err(s.core.callOf(updateContactCall.operation, id)); err != nil {
		return nil, err
	}
	update.checkVersion(ctx, s.core, &input)
	if err := input.err(s.core.callOf(updateContactCall.operation, id)); err != nil {
		return nil, err
	}
	body, done, err := s.whole(ctx, id, update, opts)
	if err != nil {
		return nil, err
	}
	defer done()
	accept := func(c *Contact) *chain.Failure {
		if update.Blocked != nil && c.Blocked == nil && !s.core.chat.has(ctx, "3.7.0") {
			return &chain.Failure{Cause: errBlockedOrNot, Unknown: true}
		}
		return update.accept(c)
	}
	return s.change(ctx, updateContactCall, id, accept, input, opts, func(server string) (*http.Request, error) {
		return newContactUpdateRequest(server, s.core.id, id, body)
	})
}

// RemoveCustomAttributes removes custom attributes from a contact. Ones that it does not have are no error.
//
// POST /api/v1/accounts/{account_id}/contacts/{contact_id}/destroy_custom_attributes, destroyCustomAttributesOfAContact.
// Key: user.
func (s ContactsService) RemoveCustomAttributes(ctx context.Context, id int64, keys []string, opts ...CallOption) (*Contact, error) {
	var input refusal
	input.id("id", id)
	input.attributeKeys("keys", keys)
	if i := slices.Index(keys, ""); i >= 0 {
		input.add(fmt.Sprintf("keys[%d]", i), "it is empty; give an attribute's name")
	}
	body := AttributeKeys{CustomAttributes: slices.Clone(keys)}
	gone := func(c *Contact) *chain.Failure {
		if i := slices.IndexFunc(body.CustomAttributes, c.CustomAttributes.Has); i >= 0 {
			return notAsAsked(fmt.Sprintf("CustomAttributes[%q]", body.CustomAttributes[i]))
		}
		return nil
	}
	return s.change(ctx, attributesGoneCall, id, gone, input, opts, func(server string) (*http.Request, error) {
		return newDestroyCustomAttributesOfAContactRequest(server, s.core.id, id, body)
	})
}

// Labels lists the labels of a contact, which are not those of its conversations, in no particular order; an empty list if
// it has none. Compare them without case: a label is returned as it was first written anywhere on the server.
//
// GET /api/v1/accounts/{account_id}/contacts/{contact_id}/labels, listAllLabelsOfAContact. Key: user.
func (s ContactsService) Labels(ctx context.Context, id int64, opts ...CallOption) ([]string, error) {
	return s.labelled(id, opts).read(ctx)
}

// SetLabels replaces all labels of a contact, no matter who set them, and returns those that are set. It requires at least
// one; [ContactsService.ClearLabels] sets none. Within a Chat it waits for AddLabels and RemoveLabels of the contact.
// ErrUnknownOutcome means that they may be set or not; calling again does no harm.
//
// POST /api/v1/accounts/{account_id}/contacts/{contact_id}/labels, contactAddLabels. Key: user.
func (s ContactsService) SetLabels(ctx context.Context, id int64, labels []string, opts ...CallOption) ([]string, error) {
	var input refusal
	input.labelSet("labels", labels)
	return s.labelled(id, opts).set(ctx, labels, input)
}

// ClearLabels removes all labels from a contact, no matter who set them. Those that another program sets at the same time
// may be removed or stay.
//
// POST /api/v1/accounts/{account_id}/contacts/{contact_id}/labels, contactAddLabels. Key: user.
func (s ContactsService) ClearLabels(ctx context.Context, id int64, opts ...CallOption) error {
	_, err := s.labelled(id, opts).set(ctx, nil, refusal{})
	return err
}

// Delete deletes a contact, which only an administrator may: anybody else is ErrUnauthorized. A job of the server deletes
// its conversations and messages within seconds; until then every list, filter and get that includes one of them is
// ErrServer: try again later. [ConversationsService.Scan] continues without them. Deleting a contact that is online is
// ErrRejected, deleting one again ErrNotFound.
//
// DELETE /api/v1/accounts/{account_id}/contacts/{contact_id}, contactDelete. Key: user.
func (s ContactsService) Delete(ctx context.Context, id int64, opts ...CallOption) error {
	var input refusal
	input.id("id", id)
	_, err := deleteContactCall.of(id).run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newContactDeleteRequest(server, s.core.id, id)
	})
	return err
}

// Merge merges a contact, the mergee, into another, the base, and returns the base, without its ContactInboxes. Immediately
// the base has the mergee's conversations, messages and source ids, and those of its fields and attributes that the base
// lacked, and the mergee is gone. The mergee's labels, and that it was blocked, are lost.
//
// It cannot be undone or repeated: a second call is ErrNotFound. So after ErrUnknownOutcome look for the mergee with
// [ContactsService.Get]: if it is ErrNotFound, they have been merged. Agents may merge, like administrators.
//
// POST /api/v1/accounts/{account_id}/actions/contact_merge, contactMerge. Key: user.
func (s ContactsService) Merge(ctx context.Context, baseID, mergeeID int64, opts ...CallOption) (*Contact, error) {
	var input refusal
	input.id("baseID", baseID)
	input.id("mergeeID", mergeeID)
	if baseID == mergeeID && baseID > 0 {
		input.add("mergeeID", "it is the base contact itself, and nothing would be merged; give another contact")
	}
	same := func(m *MergedContact) *chain.Failure {
		if m.ID != baseID {
			return another("contact", m.ID, baseID)
		}
		return nil
	}
	merged, err := mergeCall.accepting(same).run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newContactMergeRequest(server, s.core.id, ContactMerge{BaseContactID: baseID, MergeeContactID: mergeeID})
	})
	if e, ok := errors.AsType[*Error](err); ok && len(e.Fields) == 0 {
		return nil, e.with(fmt.Sprintf("contact %d was to be merged into %d", mergeeID, baseID))
	}
	if err != nil {
		return nil, err
	}
	return &merged.Contact, nil
}

// Conversations gets conversations of a contact, of every status, in the inboxes that the key's user sees: at most 20, with
// no further page. Up to 4.0.1 these are the newest, the newest first, from 4.0.2 on the last active ones. For all of them
// use [ContactsService.ConversationsAll].
//
// GET /api/v1/accounts/{account_id}/contacts/{contact_id}/conversations, contactConversations. Key: user.
func (s ContactsService) Conversations(ctx context.Context, id int64, opts ...CallOption) ([]Conversation, error) {
	var input refusal
	input.id("id", id)
	its := func(a *ContactConversations) *chain.Failure {
		for i := range a.Payload {
			if sender := a.Payload[i].Meta.Sender.ID; sender != id {
				err := fmt.Errorf("payload[%d] belongs to contact %d, not %d", i, sender, id)
				return &chain.Failure{Cause: err, Decode: true}
			}
		}
		return nil
	}
	answer, err := contactTalksCall.of(id).accepting(its).run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newContactConversationsRequest(server, s.core.id, id)
	})
	if err != nil {
		return nil, err
	}
	return answer.Payload, nil
}

// Contactable gets the inboxes in which a contact can be written to, of those that the key's user sees, as the server
// answers. In an API inbox where the contact has no source id yet, the server makes up a random one for each answer and does
// not store it: [ContactsService.SourceIDs] leaves those out.
//
// GET /api/v1/accounts/{account_id}/contacts/{contact_id}/contactable_inboxes, contactableInboxesGet. Key: user.
func (s ContactsService) Contactable(ctx context.Context, id int64, opts ...CallOption) ([]ContactInbox, error) {
	var input refusal
	input.id("id", id)
	answer, err := contactableCall.of(id).run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newContactableInboxesGetRequest(server, s.core.id, id)
	})
	if err != nil {
		return nil, err
	}
	return answer.Payload, nil
}

// TakeSource gives a contact a source id in an inbox, no matter who has it: from 4.0.4 on, in e-mail, SMS, Twilio and
// WhatsApp inboxes, another contact silently loses it. In other inboxes, and before, a source id of another contact is
// ErrServer, and ErrUnknownOutcome like every 500 of a change. [ContactsService.AddSource] looks first. A source id that the
// contact already has is no error, so the call may be repeated.
//
// POST /api/v1/accounts/{account_id}/contacts/{contact_id}/contact_inboxes, contactInboxCreation. Key: user.
func (s ContactsService) TakeSource(ctx context.Context, id, inboxID int64, sourceID string, opts ...CallOption) (*ContactInbox, error) {
	input := checkSource(id, inboxID, sourceID)
	same := func(c *ContactInbox) *chain.Failure {
		if c.SourceID != sourceID || c.Inbox.ID != inboxID {
			return &chain.Failure{Cause: errors.New("it is about another source id or inbox"), Decode: true, Unknown: true}
		}
		return nil
	}
	call := addSourceCall.of(id).accepting(same)
	added, err := call.run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newContactInboxCreationRequest(server, s.core.id, id, ContactInboxCreate{InboxID: inboxID, SourceID: sourceID})
	})
	if e, ok := errors.AsType[*Error](err); ok && e.StatusCode == http.StatusInternalServerError {
		return nil, e.with("another contact may have the source id in this inbox, or the inbox accepts none")
	}
	return added, err
}

// FindByEmail finds the contact with this e-mail, ignoring case, and nobody else (ErrNotFound: no contact that can be found
// has it). It filters, compares the results, and from 4.7.0 on, where a filter does not cover everybody, searches too.
//
// POST /api/v1/accounts/{account_id}/contacts/filter, contactFilter. Key: user.
func (s ContactsService) FindByEmail(ctx context.Context, email string, opts ...CallOption) (*Contact, error) {
	var input refusal
	input.email("email", email)
	return s.find(ctx, byEmail(email), input, opts)
}

// FindByPhone finds the contact with this phone number, such as +14155551000, and nobody else (ErrNotFound: no contact that
// can be found has it). The servers look for duplicates before they store a number, but two that are stored at once both
// stay; it returns the one with the lower id. It filters, compares and searches as [ContactsService.FindByEmail] does.
//
// POST /api/v1/accounts/{account_id}/contacts/filter, contactFilter. Key: user.
func (s ContactsService) FindByPhone(ctx context.Context, number string, opts ...CallOption) (*Contact, error) {
	var input refusal
	input.phoneNumber("number", number)
	return s.find(ctx, byPhone(number), input, opts)
}

// FindByIdentifier finds the contact with this identifier of yours, in exactly the given case, and nobody else (ErrNotFound:
// no contact that can be found has it). It filters, compares and searches as [ContactsService.FindByEmail] does.
//
// POST /api/v1/accounts/{account_id}/contacts/filter, contactFilter. Key: user.
func (s ContactsService) FindByIdentifier(ctx context.Context, identifier string, opts ...CallOption) (*Contact, error) {
	var input refusal
	input.notBlank("identifier", identifier, "identifier")
	return s.find(ctx, byIdentifier(identifier), input, opts)
}

// FindBySourceID finds the contact with this source id in an inbox, in exactly the given case, and nobody else. Servers have
// the call from 3.2.0 on, and no other exact look-up: an older server's error says so, and is not ErrNotFound. ErrNotFound
// means that nobody has it there, or that the inbox does not exist; the error says which. An agent who does not belong to
// the inbox gets ErrUnauthorized.
//
// POST /api/v1/accounts/{account_id}/contact_inboxes/filter, contactInboxFilter. Key: user.
func (s ContactsService) FindBySourceID(ctx context.Context, inboxID int64, sourceID string, opts ...CallOption) (*Contact, error) {
	var input refusal
	input.id("inboxID", inboxID)
	input.notBlank("sourceID", sourceID, "source id")
	call := sourceCall.accepting(isIn(inboxID, sourceID))
	contact, err := call.run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newContactInboxFilterRequest(server, s.core.id, ContactInboxFilter{InboxID: inboxID, SourceID: sourceID})
	})
	e, ok := errors.AsType[*Error](err)
	switch {
	case !ok || e.StatusCode != http.StatusNotFound || e.noRoute:
		return contact, err
	case e.Body == "":
		return nil, e.with("no contact has this source id in the inbox")
	case e.isGone():
		return nil, e.with(fmt.Sprintf("the account has no inbox %d", inboxID))
	}
	return nil, e // from a proxy
}

// isIn judges an answer about the contact with a source id in an inbox: it must name that source id.
func isIn(inboxID int64, sourceID string) func(*Contact) *chain.Failure {
	return func(c *Contact) *chain.Failure {
		if c.source(inboxID, sourceID) != nil {
			return nil
		}
		err := fmt.Errorf("it is about contact %d, who does not have this source id in inbox %d", c.ID, inboxID)
		return &chain.Failure{Cause: err, Decode: true}
	}
}

// checkContacts requires the payload, which the servers send even when it is empty, and the page number.
func checkContacts(p *ContactPage, _ []byte) error {
	if p.Payload == nil || p.Meta.CurrentPage == nil {
		return errors.New("there is no payload with a meta.current_page")
	}
	return eachRow("payload", p.Payload, checkContact)
}

func checkContactAnswer(a *ContactAnswer, _ []byte) error {
	if err := checkContact(&a.Payload); err != nil {
		return fmt.Errorf("payload: %w", err)
	}
	return nil
}

func checkCreatedContact(a *ContactCreateAnswer, _ []byte) error {
	if err := checkContact(&a.Payload.Contact); err != nil {
		return fmt.Errorf("payload.contact: %w", err)
	}
	return nil
}

func checkContact(c *Contact) error {
	if c.ID <= 0 || c.AdditionalAttributes.IsZero() {
		return errors.New("there is no contact with an id and additional_attributes")
	}
	return nil
}

func checkMerged(m *MergedContact, _ []byte) error { return checkContact(&m.Contact) }

// checkContactConversations requires the payload, which the servers send even when it is empty.
func checkContactConversations(a *ContactConversations, _ []byte) error {
	if a.Payload == nil {
		return errors.New("there is no payload")
	}
	return checkConversations(a.Payload)
}

// checkContactable requires the payload, which the servers send even when it is empty.
func checkContactable(a *ContactableInboxes, _ []byte) error {
	if a.Payload == nil {
		return errors.New("there is no payload")
	}
	return eachRow("payload", a.Payload, func(c *ContactInbox) error {
		if c.Inbox.ID <= 0 { // the source id may be empty
			return errors.New("there is no inbox with an id")
		}
		return nil
	})
}

func checkContactInbox(c *ContactInbox, _ []byte) error {
	if c.SourceID == "" || c.Inbox.ID <= 0 {
		return errors.New("there is no source_id with an inbox")
	}
	return nil
}
