package tour

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/cfchat/cfchat-go"
)

// greeting is the first message of the conversation that the tour creates.
const greeting = "Hello from the tour"

// source is the conversation's custom attribute of that name.
const source = "tour"

// offer prints what the tour would or will write to a real account, and writes it if allowed.
func (t *tour) offer(ctx context.Context, o Options) error {
	if o.Write {
		t.heading("A new conversation, and its status", "written now, by --write")
	} else {
		t.heading("A new conversation, and its status", "left out")
	}
	inbox, err := t.named(ctx, "inbox", o.Inbox, func() (string, error) {
		inbox, err := t.account.Inboxes.Get(ctx, o.Inbox)
		return inbox.GetName(), err
	})
	if err != nil {
		return err
	}
	contact, err := t.named(ctx, "contact", o.Contact, func() (string, error) {
		contact, err := t.account.Contacts.Get(ctx, o.Contact)
		return cmp.Or(contact.GetName(), contact.GetEmail(), contact.GetPhoneNumber()), err
	})
	if err != nil {
		return err
	}
	if o.Write {
		t.printf("  The tour writes to account %d now: it will\n", t.account.ID())
	} else {
		t.printf("  Account %d was only read. With --write the tour would\n", t.account.ID())
	}
	t.printf("  - create a conversation in %s\n    for %s,\n", inbox, contact)
	t.printf("    with the message %q, which the inbox may deliver,\n", greeting)
	t.printf("    and with the custom attribute source, %q\n", source)
	t.printf("  - change the status of that conversation four times, and leave it resolved\n")
	if o.Write {
		return t.writes(ctx, o.Inbox, o.Contact)
	}
	t.printf("\n  To have it do so, add --write --inbox %s --contact %s\n", orNumber(o.Inbox), orNumber(o.Contact))
	return nil
}

// orNumber returns an id as a flag's value, or a placeholder.
func orNumber(id int64) string {
	if id == 0 {
		return "<number>"
	}
	return strconv.FormatInt(id, 10)
}

// named describes an object to write to: its id, and its name if the key may read it.
func (t *tour) named(ctx context.Context, what string, id int64, name func() (string, error)) (string, error) {
	if id == 0 {
		return fmt.Sprintf("the %s of --%s", what, what), nil
	}
	text, err := name()
	switch e, ok := errors.AsType[*cfchat.Error](err); {
	case ctx.Err() != nil:
		return "", err
	case ok:
		return fmt.Sprintf("%s %d (its name cannot be read: %s)", what, id, reason(e)), nil
	case err != nil:
		return "", err
	}
	return fmt.Sprintf("%s %d (%s)", what, id, cmp.Or(short(text, 40), "without a name")), nil
}

// reason returns briefly why a call failed.
func reason(e *cfchat.Error) string {
	if e.StatusCode == 0 {
		return "no answer"
	}
	return fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode))
}

// writes creates a conversation and changes its status.
func (t *tour) writes(ctx context.Context, inbox, contact int64) error {
	t.heading("A new conversation", "new_conversation")
	created, err := t.account.Conversations.Create(ctx, cfchat.ConversationCreate{
		InboxID: inbox, ContactID: contact,
		CustomAttributes: map[string]any{"source": source},
		Message:          cfchat.FirstMessage{Content: greeting},
	})
	switch {
	case errors.Is(err, cfchat.ErrNotFound):
		return fmt.Errorf("%w; does the account have the inbox of --inbox and the contact of --contact?", err)
	case err != nil:
		return err
	}
	t.conversation(created)
	if err := t.statuses(ctx, created.ID); err != nil {
		return fmt.Errorf("conversation %d, which the tour has created, stays: %w", created.ID, err)
	}
	return nil
}

// statuses changes the status of a conversation in each way.
func (t *tour) statuses(ctx context.Context, id int64) error {
	t.heading("Its status, four times", "toggle_status_of_a_conversation")
	all := t.account.Conversations
	for _, step := range []struct {
		what string
		call func() (*cfchat.StatusChange, error)
	}{
		{"toggle", func() (*cfchat.StatusChange, error) { return all.ToggleStatus(ctx, id) }},
		{"snooze until the next reply", func() (*cfchat.StatusChange, error) { return all.Snooze(ctx, id, time.Time{}) }},
		{"snooze until Friday, 9:00 UTC", func() (*cfchat.StatusChange, error) { return all.Snooze(ctx, id, nextFriday(time.Now())) }},
		{"set to resolved", func() (*cfchat.StatusChange, error) { return all.SetStatus(ctx, id, cfchat.StatusResolved) }},
	} {
		change, err := step.call()
		if err != nil {
			return err
		}
		t.change(step.what, change)
	}
	return nil
}

// nextFriday returns the coming Friday at nine.
func nextFriday(now time.Time) time.Time {
	now = now.UTC()
	days := (int(time.Friday-now.Weekday()) + 6) % 7 // 0 on a Thursday
	return time.Date(now.Year(), now.Month(), now.Day()+days+1, 9, 0, 0, 0, time.UTC)
}
