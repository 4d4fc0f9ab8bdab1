package export

import (
	"context"
	"encoding/json"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/account"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/archive"
)

// names writes the lists of names: what ids in conversations, messages and contacts mean. Of several shards the first has them.
func (x *exporter) names(ctx context.Context) error {
	if x.Shard != nil && x.Shard.Index != 0 {
		return nil
	}
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
		rows, err := list.rows()
		if err != nil && account.IsClosed(ctx, x.chat, err) {
			x.folder.Unreadable(archive.Unreadable{What: list.name, Why: err.Error()})
			continue
		}
		if err != nil {
			return err
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
