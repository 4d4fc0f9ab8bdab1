package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cfchat/cfchat-go"
)

// person is somebody whom another system knows by a source id.
type person struct {
	Inbox    int64  `json:"inbox,omitzero"`
	SourceID string `json:"source_id,omitzero"`
	Name     string `json:"name,omitzero"`
	Email    string `json:"email,omitzero"`
}

// conversationOf returns the conversation for a message to a person, and notes it: if it is resolved before the next try, the
// message must not go to a new one.
func (b *bridge) conversationOf(ctx context.Context, e entry, notes *notes) (int64, error) {
	if id := notes.of[e.ID].Conversation; id != 0 {
		return id, nil
	}
	if err := b.checkInbox(ctx, e.Inbox); err != nil {
		return 0, err
	}
	contact, err := b.contactOf(ctx, e.person)
	if err != nil {
		return 0, err
	}
	id, err := b.open(ctx, contact, e.Inbox)
	if err != nil {
		return 0, err
	}
	return id, notes.add(note{ID: e.ID, Conversation: id})
}

// checkInbox refuses an inbox that does not keep ids of another system, and a server that keeps no marks, before it creates
// a contact for a message that cannot be sent.
func (b *bridge) checkInbox(ctx context.Context, id int64) error {
	if b.inboxes[id] {
		return nil
	}
	info, err := b.chat.ServerInfo(ctx)
	if err != nil {
		return err
	}
	if !info.AtLeast("3.4.0") {
		return fmt.Errorf("the server is %s; servers before 3.4.0 keep no mark, so nothing can be sent once", info.Version)
	}
	inbox, err := b.account.Inboxes.Get(ctx, id)
	if err != nil {
		return err
	}
	if inbox.ChannelType != cfchat.ChannelAPI {
		return fmt.Errorf("inbox %d is %s; only API inboxes keep the ids of another system", id, inbox.ChannelType)
	}
	b.inboxes[id] = true
	return nil
}

// contactOf finds or creates the contact of a person. It may be repeated: no two contacts have the same source id, e-mail or
// identifier.
func (b *bridge) contactOf(ctx context.Context, p person) (int64, error) {
	owner, err := b.account.Contacts.FindBySourceID(ctx, p.Inbox, p.SourceID)
	switch {
	case err == nil:
		return owner.ID, nil
	case !errors.Is(err, cfchat.ErrNotFound):
		return 0, err
	}
	create := cfchat.ContactCreate{Name: p.Name, Email: p.Email, InboxID: p.Inbox, SourceID: p.SourceID}
	if p.Email == "" {
		create.Identifier = fmt.Sprintf("%d/%s", p.Inbox, p.SourceID) // other systems may have the same ids
	}
	found, err := b.account.Contacts.FindOrCreate(ctx, create)
	if err != nil {
		return 0, err
	}
	_, err = b.account.Contacts.AddSource(ctx, found.Contact.ID, p.Inbox, p.SourceID) // if somebody already had the e-mail
	return found.Contact.ID, err
}

// open returns the contact's conversation to continue, or opens one. First it waits until no earlier request can still open
// one, because that would make two.
func (b *bridge) open(ctx context.Context, contact, inbox int64) (int64, error) {
	if left := b.settle - time.Since(b.unsure); left > 0 {
		b.printf("waiting %v, because an earlier request may still open a conversation\n", left.Round(time.Second))
		if err := wait(ctx, left); err != nil {
			return 0, err
		}
	}
	opened, err := b.account.Contacts.OpenConversation(ctx, contact, inbox, cfchat.OpenOptions{Reopen: true})
	if errors.Is(err, cfchat.ErrUnknownOutcome) {
		b.unsure = time.Now()
	}
	if err != nil {
		return 0, err
	}
	return opened.Conversation.ID, nil
}
