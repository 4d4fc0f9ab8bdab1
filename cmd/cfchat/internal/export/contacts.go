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

// patience is how often a page of contacts is asked for. Scans wait for a limit by themselves.
var patience = cfchat.WithRetry(cfchat.Retry{MaxTries: 10, MaxWait: 2 * time.Minute})

// contacts writes the contacts that the server lists, those that a former run has not. Of several shards the first does.
func (x *exporter) contacts(ctx context.Context) error {
	if x.Shard != nil && x.Shard.Index != 0 {
		return nil
	}
	written, err := x.ids(archive.Contact)
	if err != nil {
		return err
	}
	at := archive.Position{Phase: archive.Contacts}
	for c, err := range x.listed(ctx) {
		if err != nil && account.IsClosed(ctx, x.chat, err) {
			x.folder.Unreadable(archive.Unreadable{What: "contacts", Why: err.Error()})
			break
		}
		if err != nil {
			return err
		}
		if written[c.ID] || x.Since != nil && c.GetCreatedAt().Before(*x.Since) {
			continue
		}
		if err := x.write(archive.Contact, c.JSON()); err != nil {
			return err
		}
		x.show(x.folder.Rows(archive.Contact), 0, time.Time{})
		if err := x.mark(at); err != nil {
			return err
		}
	}
	return nil
}

// listed walks through the contacts that the server lists, of an export of what has changed those that are new.
func (x *exporter) listed(ctx context.Context) iter.Seq2[*cfchat.Contact, error] {
	if x.Since == nil {
		return x.account.Contacts.ListAll(ctx, cfchat.ContactListOptions{}, cfchat.KeepJSON(), patience)
	}
	isNew := cfchat.Where(cfchat.GreaterThan("created_at", x.Since.UTC().AddDate(0, 0, -1).Format(time.DateOnly)))
	return x.account.Contacts.FilterAll(ctx, isNew, cfchat.ContactListOptions{}, cfchat.KeepJSON(), patience)
}

// senders writes the contacts of the conversations that are in no list, as the conversations have them.
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
		var sender struct{ ID int64 }
		if err := json.Unmarshal(line, &conversation); err != nil {
			return err
		}
		if err := json.Unmarshal(conversation.Meta.Sender, &sender); err == nil && sender.ID != 0 && !written[sender.ID] {
			written[sender.ID] = true
			if err := x.write(archive.Contact, conversation.Meta.Sender); err != nil {
				return err
			}
		}
		return x.mark(archive.Position{Phase: archive.Senders, Offset: behind})
	})
}

// ids returns which rows a file has.
func (x *exporter) ids(file string) (map[int64]bool, error) {
	ids := map[int64]bool{}
	err := x.folder.Lines(file, 0, func(line []byte, _ int64) error {
		var row struct{ ID int64 }
		err := json.Unmarshal(line, &row)
		ids[row.ID] = true
		return err
	})
	return ids, err
}
