package cfchat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/chain"
)

// OpenOptions set how a conversation is opened. The zero value opens an empty one if there is none.
type OpenOptions struct {
	// Reopen opens a resolved conversation in an inbox that keeps one for each contact. In other inboxes a new one replaces
	// those that are resolved.
	Reopen bool
	// Message is the first message of a new conversation. It is not sent to an existing one: see Opened.Sent.
	Message FirstMessage
}

// Opened is the conversation to continue with.
type Opened struct {
	Conversation *Conversation // never nil
	Created      bool          // by this call, or while its answer was lost
	Reopened     bool          // by this call
	Sent         bool          // the Message, by this call
	Blocked      bool          // the contact is blocked, so that the conversation is, or stays, resolved
	Others       []int64       // the other conversations of the contact in the inbox that are not resolved, in order
}

// OpenConversation returns the conversation to continue with for a contact in an inbox: the newest that is not resolved, or
// a new one. It is created with a source id that the contact has in the inbox, so that the contact gets no second one.
//
// In an inbox that is locked to one conversation for each contact, it is that conversation, resolved unless Reopen opens it.
// For a blocked contact it is the newest, because from 3.7.0 on each new one would be resolved at once.
//
// Within a Chat such calls for a contact and an inbox wait for each other. Two programs at once may each create a
// conversation: after creating one, a call looks again, and Others has those that are open too. If the answer to the
// creation is lost, it also looks for the conversation. ErrUnknownOutcome means that there is none yet, or that it is
// unknown whether it has the Message: check it, in Opened, before you send the Message again.
//
// A conversation that is not there yet may still be created, for up to a minute. A second call before that makes two of them, so
// wait; a program that was killed during a call waits as long after its restart.
//
// If the server cannot answer one of the contact's conversations, it is ErrServer.
//
// With an error Opened is nil, or what was done before it, as when the context ends between requests. It takes two requests
// if there is a conversation, and four or five if there is none; more if the contact has 20 conversations, see
// [ContactsService.ConversationsAll]. Everything is done with a user's key, so a Message is the user's, and an agent's look
// finds what the agent has created.
func (s ContactsService) OpenConversation(ctx context.Context, contactID, inboxID int64, options OpenOptions, opts ...CallOption) (*Opened, error) {
	create := ConversationCreate{ContactID: contactID, InboxID: inboxID, Message: options.Message}
	call := s.core.call(createCall.operation, 0)
	var input refusal
	input.id("contactID", contactID)
	input.id("inboxID", inboxID)
	options.Message.check(&input)
	if optionsOf(opts, &input).response != nil {
		input.add("WithResponse", "several requests are made; leave it out")
	}
	s.core.check(ctx, &input)
	if err := input.err(call); err != nil {
		return nil, err
	}
	key := turnKey{conversationKey: conversationKey{s.core.id, contactID}, inbox: inboxID}
	_, done, err := s.core.turn(ctx, key, call)
	if err != nil {
		return nil, err
	}
	defer done()
	o := opening{contacts: s, create: create, reopen: options.Reopen, opts: forLooking(opts)}
	return o.open(ctx)
}

// opening is one OpenConversation.
type opening struct {
	contacts ContactsService
	create   ConversationCreate
	reopen   bool
	opts     []CallOption
}

// open returns an existing conversation, or creates one.
func (o *opening) open(ctx context.Context) (*Opened, error) {
	asUser := auth.WithScheme(ctx, auth.UserAPIKey)
	contact, err := o.contacts.Get(asUser, o.create.ContactID, o.opts...)
	if err != nil {
		return nil, err
	}
	before, err := o.there(asUser)
	if err != nil {
		return nil, err
	}
	blocked := o.isBlocked(ctx, contact, before)
	if newest := newestOf(before, (*Conversation).isUnresolved); newest != nil {
		return &Opened{Conversation: newest, Blocked: blocked, Others: othersOf(before, newest)}, nil
	}
	if newest := newestOf(before, nil); newest != nil && blocked {
		return &Opened{Conversation: newest, Blocked: true}, nil
	}
	for _, place := range contact.ContactInboxes { // the last is the newest
		if place.Inbox.ID == o.create.InboxID && place.SourceID != "" {
			o.create.SourceID = place.SourceID
		}
	}
	made, err := ConversationsService(o.contacts).Create(asUser, o.create, o.opts...)
	switch {
	case errors.Is(err, ErrUnknownOutcome):
		return o.lookFor(asUser, err, before)
	case err != nil:
		return nil, o.notMade(err)
	}
	return o.made(asUser, made, before)
}

// notMade adds why the server created nothing.
func (o *opening) notMade(failure error) error {
	e, ok := errors.AsType[*Error](failure)
	switch {
	case !ok:
		return failure
	case e.StatusCode == http.StatusNotFound:
		return e.with(fmt.Sprintf("there may be no inbox %d", o.create.InboxID))
	case e.StatusCode == http.StatusUnprocessableEntity && strings.Contains(e.Message, "empty: contact "):
		return e.with(fmt.Sprintf("inbox %d sends to an address that contact %d does not have; Update the contact first", o.create.InboxID, o.create.ContactID))
	}
	return failure
}

// made returns a conversation that was created, or the one that a locked inbox returned instead.
func (o *opening) made(ctx context.Context, made *Conversation, before []*Conversation) (*Opened, error) {
	if made.InboxID != o.create.InboxID || made.Meta.Sender.ID != o.create.ContactID {
		wrong := fmt.Errorf("conversation %d belongs to contact %d in inbox %d", made.ID, made.Meta.Sender.ID, made.InboxID)
		return nil, errorOf(o.call(), &chain.Failure{Status: http.StatusOK, Cause: wrong, Decode: true, Unknown: true})
	}
	opened := &Opened{Conversation: made, Created: !slices.ContainsFunc(before, isSame(made)), Sent: o.hasMessage()}
	switch {
	case opened.Created:
		opened.Blocked = made.Status == StatusResolved
	case o.reopen && made.Status == StatusResolved:
		if _, err := ConversationsService(o.contacts).SetStatus(ctx, made.ID, StatusOpen, o.opts...); err != nil {
			return opened, err
		}
		opened.Reopened = true
	}
	after, err := o.there(ctx)
	if err != nil {
		return opened, err
	}
	now := slices.IndexFunc(after, isSame(made))
	if now < 0 { // so that another call would not find it either
		hidden := fmt.Errorf("conversation %d is not among those that the key's user can see; keep its id", made.ID)
		return opened, errorOf(o.call(), &chain.Failure{Status: http.StatusOK, Cause: hidden})
	}
	if opened.Reopened {
		opened.Conversation = after[now]
	}
	opened.Others = othersOf(after, made)
	return opened, nil
}

// lookFor looks for a conversation whose creation failed, because it may be there.
func (o *opening) lookFor(ctx context.Context, failure error, before []*Conversation) (*Opened, error) {
	failed, _ := errors.AsType[*Error](failure)
	if ctx.Err() != nil {
		return nil, failed.with("it was not looked for, because the context has ended")
	}
	after, err := o.there(ctx)
	if err != nil {
		return nil, failed.with(fmt.Sprintf("and looking for it failed: %v", err))
	}
	made := newestOf(after, func(c *Conversation) bool { return !slices.ContainsFunc(before, isSame(c)) })
	switch last := newestOf(after, nil); {
	case made == nil && last != nil && o.hasMessage(): // where the inbox is locked
		return &Opened{Conversation: last}, failed.with(fmt.Sprintf("conversation %d may have the Message; check it", last.ID))
	case made == nil && failed.StatusCode == http.StatusInternalServerError:
		return nil, failed.with("it is not there, and may still be created, or the inbox creates no source ids and needs AddSource first")
	case made == nil:
		return nil, failed.with("it is not there, and may still be created")
	}
	opened := &Opened{Conversation: made, Created: true, Blocked: made.Status == StatusResolved, Others: othersOf(after, made)}
	if o.hasMessage() {
		opened.Created = false
		return opened, failed.with(fmt.Sprintf("conversation %d was created meanwhile; check whether it has the Message", made.ID))
	}
	return opened, nil
}

// there returns the contact's conversations in the inbox, of every status.
func (o *opening) there(ctx context.Context) (there []*Conversation, err error) {
	for c, err := range o.contacts.ConversationsAll(ctx, o.create.ContactID, o.opts...) {
		if err != nil {
			return nil, err
		}
		if c.InboxID == o.create.InboxID {
			there = append(there, c)
		}
	}
	return there, nil
}

// isBlocked reports whether the contact is blocked. From 3.7.0 on conversations state it, before 4.0.2 nothing else does.
func (o *opening) isBlocked(ctx context.Context, contact *Contact, there []*Conversation) bool {
	muted := func(c *Conversation) bool { return c.Muted }
	return contact.GetBlocked() || contact.Blocked == nil && slices.ContainsFunc(there, muted) && !o.contacts.core.chat.lacks(ctx, "3.7.0")
}

func (o *opening) hasMessage() bool { return !reflect.ValueOf(o.create.Message).IsZero() }

func (o *opening) call() *chain.Call { return o.contacts.core.call(createCall.operation, 0) }

// isUnresolved reports whether a conversation is not resolved.
func (c *Conversation) isUnresolved() bool { return c.Status != StatusResolved }

// isSame returns a func that reports whether a conversation is the same as another.
func isSame(as *Conversation) func(*Conversation) bool {
	return func(c *Conversation) bool { return c.ID == as.ID }
}

// newestOf returns the counting conversation with the highest id, nil for none. With a nil func all count.
func newestOf(all []*Conversation, counts func(*Conversation) bool) (newest *Conversation) {
	for _, c := range all {
		if (counts == nil || counts(c)) && (newest == nil || c.ID > newest.ID) {
			newest = c
		}
	}
	return newest
}

// othersOf returns the ids of the unresolved conversations except one, in order.
func othersOf(all []*Conversation, one *Conversation) (ids []int64) {
	for _, c := range all {
		if c.ID != one.ID && c.isUnresolved() {
			ids = append(ids, c.ID)
		}
	}
	slices.Sort(ids)
	return ids
}
