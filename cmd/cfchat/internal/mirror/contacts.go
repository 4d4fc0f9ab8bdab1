package mirror

import (
	"context"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/account"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/database"
)

// contacts reads the list of contacts, which cannot be resumed in the middle, and fetches the contacts that are no longer in
// it.
func (m *mirror) contacts(ctx context.Context) (err error) {
	w := m.newWindow()
	if m.Shard.IsFirst() {
		if w, err = m.listed(ctx, w); err != nil {
			return err
		}
	}
	m.position.Phase = database.Sweep
	_, err = m.commit(ctx, w)
	return err
}

// listed reads the list, and records it as unreadable if only the list cannot be read.
func (m *mirror) listed(ctx context.Context, w *database.Window) (*database.Window, error) {
	why, err := account.Tried(ctx, m.account, func() (err error) { w, err = m.pages(ctx, w); return err })
	if err != nil {
		return w, err
	}
	if why != "" {
		w.Unreadable("contacts", 0, 0, why)
		return w, nil
	}
	if w, err = m.commit(ctx, w); err != nil {
		return w, err
	}
	return m.forgotten(ctx, w)
}

// pages reads the pages of the list.
func (m *mirror) pages(ctx context.Context, w *database.Window) (*database.Window, error) {
	done := int64(0)
	for c, err := range m.account.Contacts.ListAll(ctx, cfchat.ContactListOptions{}, cfchat.KeepJSON(), account.Patience) {
		if err != nil {
			return w, err
		}
		w.Contact(c, c.JSON())
		done++
		m.show(done, time.Time{})
		if w, err = m.between(ctx, w); err != nil {
			return w, err
		}
	}
	return w, nil
}

// between commits a full window, and makes a round that is due.
func (m *mirror) between(ctx context.Context, w *database.Window) (_ *database.Window, err error) {
	isDue := m.isRoundDue()
	if isDue || m.isFull(w) {
		w, err = m.commit(ctx, w)
	}
	if isDue && err == nil {
		err = m.dueRound(ctx)
	}
	return w, err
}

// forgotten fetches the contacts that used to be in the list: a contact may have lost the field it was listed by, and a list
// that shifts while its pages are read proves nothing.
func (m *mirror) forgotten(ctx context.Context, w *database.Window) (*database.Window, error) {
	ids, err := m.db.Forgotten(ctx, m.position.Walk)
	if err != nil {
		return w, err
	}
	for _, id := range ids {
		if err := m.again(ctx, w, id); err != nil {
			return w, err
		}
		if w, err = m.between(ctx, w); err != nil {
			return w, err
		}
	}
	return w, nil
}

// again fetches one contact. The contact is gone if the server itself says so; if it alone cannot be read, it is recorded as
// unreadable and stays.
func (m *mirror) again(ctx context.Context, w *database.Window, id int64) error {
	var contact *cfchat.Contact
	why, err := account.Tried(ctx, m.account, func() (err error) {
		if contact, err = m.account.Contacts.Get(ctx, id, cfchat.KeepJSON(), account.Patience); account.IsGone(err) {
			contact, err = nil, nil
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case why != "":
		w.UnreadableContact(id, why)
	case contact == nil:
		w.Gone(id)
	default:
		w.ContactAlone(contact, contact.JSON())
	}
	return nil
}
