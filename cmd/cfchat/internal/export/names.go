package export

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/archive"
)

// names writes the lists of names: what ids in conversations, messages and contacts mean. Of several shards the first has them.
func (x *exporter) names(ctx context.Context) error {
	if x.Shard != nil && x.Shard.Index != 0 {
		return nil
	}
	x.show(0, 0, time.Time{})
	keep := cfchat.KeepJSON()
	const ending = ".ndjson"
	for _, list := range []struct {
		name string
		rows func() ([]json.RawMessage, error)
	}{
		{"inboxes", func() ([]json.RawMessage, error) { return rowsOf(x.account.Inboxes.List(ctx, keep)) }},
		{"agents", func() ([]json.RawMessage, error) { return rowsOf(x.account.Agents.List(ctx, keep)) }},
		{"agent_bots", func() ([]json.RawMessage, error) { return rowsOf(x.account.AgentBots.List(ctx, keep)) }},
		{"teams", func() ([]json.RawMessage, error) { return rowsOf(x.account.Teams.List(ctx, keep)) }},
		{"labels", func() ([]json.RawMessage, error) { return rowsOf(x.account.Labels.List(ctx, keep)) }},
		{"attribute_definitions", func() ([]json.RawMessage, error) { return rowsOf(x.account.AttributeDefinitions.List(ctx, keep)) }},
	} {
		var rows []json.RawMessage
		closed, err := x.tried(ctx, func() (err error) { rows, err = list.rows(); return err })
		if err != nil {
			return err
		}
		if closed != nil {
			x.folder.Unreadable(archive.Unreadable{What: list.name, Why: closed.Error()})
		}
		if err := x.folder.Ensure(list.name + ending); err != nil {
			return err
		}
		for _, row := range rows {
			if err := x.write(list.name+ending, row); err != nil {
				return err
			}
		}
	}
	return nil
}

// rowsOf returns the rows of a list as they were received.
func rowsOf[T any, P interface {
	*T
	JSON() json.RawMessage
}](list []T, err error) (rows []json.RawMessage, _ error) {
	for i := range list {
		rows = append(rows, P(&list[i]).JSON())
	}
	return rows, err
}

// tries is how often a list is asked for before it is said that it cannot be read.
const tries = 3

// tried reads a list, and returns why it alone cannot be read: because it is not for the key's user, or the server lacks it or fails
// at it, while it answers for the account otherwise. Any other failure is the export's.
func (x *exporter) tried(ctx context.Context, read func() error) (closed, failed error) {
	for range tries {
		if closed = read(); closed == nil || !isOfList(closed) {
			return nil, closed
		}
		if _, err := x.account.Conversations.List(ctx, cfchat.ConversationListOptions{Status: cfchat.StatusAll, Page: pageBehind}); err != nil {
			return nil, closed
		}
	}
	return closed, nil
}

// pageBehind is a page of conversations on which there is none, so that none can break it.
const pageBehind = 1 << 20

// isOfList reports whether a failure may be that of a list, and not of the server.
func isOfList(err error) bool {
	return errors.Is(err, cfchat.ErrUnauthorized) || errors.Is(err, cfchat.ErrForbidden) || errors.Is(err, cfchat.ErrNotFound) ||
		errors.Is(err, cfchat.ErrServer)
}
