package mirror

import (
	"context"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/account"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/database"
)

// names reads the lists of names. A list that cannot be read keeps its rows.
func (m *mirror) names(ctx context.Context) error {
	w := m.newWindow()
	if m.Shard.IsFirst() {
		a, keep := m.account, cfchat.KeepJSON()
		for name, read := range map[string]func() error{
			"inboxes":    func() error { return list(w.Inboxes)(a.Inboxes.List(ctx, keep, account.Patience)) },
			"agents":     func() error { return list(w.Agents)(a.Agents.List(ctx, keep, account.Patience)) },
			"agent_bots": func() error { return list(w.AgentBots)(a.AgentBots.List(ctx, keep, account.Patience)) },
			"teams":      func() error { return list(w.Teams)(a.Teams.List(ctx, keep, account.Patience)) },
			"labels":     func() error { return list(w.Labels)(a.Labels.List(ctx, keep, account.Patience)) },
			"attribute_definitions": func() error {
				return list(w.AttributeDefinitions)(a.AttributeDefinitions.List(ctx, keep, account.Patience))
			},
		} {
			why, err := account.Tried(ctx, m.account, read)
			if err != nil {
				return err
			}
			if why != "" {
				w.Unreadable(name, 0, 0, why)
			}
		}
	}
	m.position.Phase = database.Conversations
	_, err := m.commit(ctx, w)
	return err
}

// list writes a list that was returned without an error.
func list[T any](write func([]T)) func([]T, error) error {
	return func(rows []T, err error) error {
		if err == nil {
			write(rows)
		}
		return err
	}
}
