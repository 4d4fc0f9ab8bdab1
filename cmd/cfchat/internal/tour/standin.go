package tour

import (
	"context"
	_ "embed"
	"fmt"
	"io"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

//go:embed snapshot.json
var snapshot []byte

// RunOnStandIn takes the tour of a server in this program, on a loopback port, with a few conversations.
func RunOnStandIn(ctx context.Context, out io.Writer) error {
	server := cfchattest.Start()
	defer server.Close()
	if err := server.LoadSnapshot(snapshot); err != nil {
		return fmt.Errorf("snapshot.json: %w", err)
	}
	chat, err := cfchat.New(server.Config())
	if err != nil {
		return err
	}
	t := &tour{account: chat.Account(server.AccountID()), out: out}
	t.printf("A stand-in server in this program, at %s.\n", server.URL())
	t.printf("Set CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID to see a real account.\n")
	return t.walk(ctx, func(ctx context.Context) error { return t.writes(ctx, 1, 3) })
}
