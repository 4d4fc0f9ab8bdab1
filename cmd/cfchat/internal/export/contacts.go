package export

import (
	"context"
	"encoding/json"
	"iter"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/account"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/archive"
)

// walks is how often the list of contacts is read. If contacts are deleted and added meanwhile, another may silently move
// from an unread page to one already read; it does not move twice.
const walks = 2

// contacts writes the contacts that the server lists, except those of a former run. Only the first of several shards does.
func (x *exporter) contacts(ctx context.Context) error {
	if !x.Shard.IsFirst() {
		return nil
	}
	written, err := x.ids(archive.Contact)
	if err != nil {
		return err
	}
	for range walks {
		why, err := account.Tried(ctx, x.account, func() error { return x.listedOnce(ctx, written) })
		if why != "" {
			x.folder.Unreadable(archive.Unreadable{What: contactsList, Why: why})
		}
		if why != "" || err != nil {
			return err
		}
	}
	x.folder.Readable(func(u archive.Unreadable) bool { return u.What == contactsList })
	return nil
}

// contactsList is the manifest's name for an unreadable list of contacts.
const contactsList = "contacts"

// listedOnce reads the list of contacts, and writes those not yet written.
func (x *exporter) listedOnce(ctx context.Context, written map[int64]bool) error {
	for c, err := range x.listed(ctx) {
		if err != nil {
			return err
		}
		if written[c.ID] || x.Since != nil && c.GetCreatedAt().Before(*x.Since) {
			continue
		}
		written[c.ID] = true
		if err := x.write(archive.Contact, c.JSON()); err != nil {
			return err
		}
		x.show(x.folder.Rows(archive.Contact), 0, time.Time{})
		if err := x.mark(x.folder.Manifest().Position); err != nil {
			return err
		}
	}
	return nil
}

// listed yields the contacts that the server lists; in an export of changes only the new ones.
func (x *exporter) listed(ctx context.Context) iter.Seq2[*cfchat.Contact, error] {
	if x.Since == nil {
		return x.account.Contacts.ListAll(ctx, cfchat.ContactListOptions{}, cfchat.KeepJSON(), account.Patience)
	}
	isNew := cfchat.Where(cfchat.GreaterThan("created_at", x.Since.UTC().AddDate(0, 0, -1).Format(time.DateOnly)))
	return x.account.Contacts.FilterAll(ctx, isNew, cfchat.ContactListOptions{}, cfchat.KeepJSON(), account.Patience)
}

// senders writes the contacts of conversations that are not in the list, as the conversations have them.
func (x *exporter) senders(context.Context) error {
	written, err := x.ids(archive.Contact)
	if err != nil {
		return err
	}
	at := x.folder.Manifest().Position
	return x.folder.Lines(archive.Conversation, at.Offset, func(line []byte, behind int64) error {
		var conversation struct {
			Meta struct{ Sender json.RawMessage }
		}
		if err := json.Unmarshal(line, &conversation); err != nil {
			return err
		}
		if id, err := archive.IDOf(conversation.Meta.Sender); err == nil && !written[id] {
			written[id] = true
			if err := x.write(archive.Contact, conversation.Meta.Sender); err != nil {
				return err
			}
		}
		return x.mark(archive.Position{Phase: archive.Senders, Offset: behind})
	})
}

// ids returns the ids of the rows in a file.
func (x *exporter) ids(file string) (map[int64]bool, error) {
	ids := map[int64]bool{}
	err := x.folder.Lines(file, 0, func(line []byte, _ int64) error {
		id, err := archive.IDOf(line)
		ids[id] = true
		return err
	})
	return ids, err
}
