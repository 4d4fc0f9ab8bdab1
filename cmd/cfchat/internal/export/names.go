package export

import (
	"context"
	"encoding/json"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/account"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/archive"
)

// list is a list of names.
type list struct {
	name string
	rows func() ([]json.RawMessage, error)
}

// lists returns the lists that explain ids in conversations, messages and contacts.
func (x *exporter) lists(ctx context.Context) []list {
	keep := cfchat.KeepJSON()
	return []list{
		{"inboxes", func() ([]json.RawMessage, error) { return rowsOf(x.account.Inboxes.List(ctx, keep)) }},
		{"agents", func() ([]json.RawMessage, error) { return rowsOf(x.account.Agents.List(ctx, keep)) }},
		{"agent_bots", func() ([]json.RawMessage, error) { return rowsOf(x.account.AgentBots.List(ctx, keep)) }},
		{"teams", func() ([]json.RawMessage, error) { return rowsOf(x.account.Teams.List(ctx, keep)) }},
		{"labels", func() ([]json.RawMessage, error) { return rowsOf(x.account.Labels.List(ctx, keep)) }},
		{"attribute_definitions", func() ([]json.RawMessage, error) { return rowsOf(x.account.AttributeDefinitions.List(ctx, keep)) }},
	}
}

// names writes the lists of names. Only the first of several shards has them.
func (x *exporter) names(ctx context.Context) error {
	if !x.Shard.IsFirst() {
		return nil
	}
	x.show(0, 0, time.Time{})
	for _, l := range x.lists(ctx) {
		if err := x.folder.Ensure(fileOf(l)); err != nil {
			return err
		}
		if err := x.list(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

func fileOf(l list) string { return l.name + ".ndjson" }

// list writes a list of names, or records that it cannot be read.
func (x *exporter) list(ctx context.Context, l list) error {
	var rows []json.RawMessage
	why, err := account.Tried(ctx, x.account, func() (err error) { rows, err = l.rows(); return err })
	if why != "" {
		x.folder.Unreadable(archive.Unreadable{What: l.name, Why: why})
	}
	if why != "" || err != nil {
		return err
	}
	for _, row := range rows {
		if err := x.write(fileOf(l), row); err != nil {
			return err
		}
	}
	x.folder.Readable(func(u archive.Unreadable) bool { return u.What == l.name })
	return nil
}

// again retries the unreadable lists, because the server may have been busy.
func (x *exporter) again(ctx context.Context) error {
	closed := map[string]bool{}
	for _, u := range x.folder.Manifest().Unreadable {
		closed[u.What] = true
	}
	for _, l := range x.lists(ctx) {
		if !closed[l.name] {
			continue
		}
		if err := x.list(ctx, l); err != nil {
			return err
		}
		if err := x.mark(x.folder.Manifest().Position); err != nil {
			return err
		}
	}
	if closed[contactsList] {
		return x.contacts(ctx)
	}
	return nil
}

// rowsOf returns the rows of a list as received.
func rowsOf[T any, P interface {
	*T
	JSON() json.RawMessage
}](list []T, err error) (rows []json.RawMessage, _ error) {
	for i := range list {
		rows = append(rows, P(&list[i]).JSON())
	}
	return rows, err
}
