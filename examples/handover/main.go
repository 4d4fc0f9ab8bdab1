// Command handover is a bot that hands a conversation over to a person: it leaves a private note with what it knows, opens
// the conversation, and assigns it.
//
//	CFCHAT_AGENT_BOT_API_KEY=… CFCHAT_ACCOUNT_ID=56 go run ./examples/handover -conversation 42 -agent 7 -note "wants a refund"
//
// It has only a bot's key. The note comes first, so that it is there when somebody sees the conversation, and assigning
// comes last: if that fails, anybody can take the conversation. Without -agent the conversation is left open for anybody. If
// it cannot be assigned it stays open too, and the program exits with 1. Bots can assign from 3.6.0 on. No bot can list the
// agents, so only the server's answer shows that an id is unknown.
//
// If an answer is lost, only opening is repeated, because nobody sees a conversation that stays pending; if somebody
// resolves it at that moment, it ends up open. Nothing else is repeated: there would be two notes, and somebody may have
// taken the conversation meanwhile. The program reports this; check, and run it again without -note.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "handover:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	var h handover
	flags := flag.NewFlagSet("handover", flag.ContinueOnError)
	flags.Int64Var(&h.conversation, "conversation", 0, "the conversation to hand over")
	flags.Int64Var(&h.agent, "agent", 0, "the agent to assign it to; 0 leaves it open for anybody")
	flags.StringVar(&h.note, "note", "", "a private note for the agent")
	flags.Usage = connect.BotUsage(flags)
	if err := connect.Parse(flags, args, out, connect.Hint); err != nil {
		return err
	}
	if err := errors.Join(connect.AtLeast("conversation", h.conversation, 0), connect.AtLeast("agent", h.agent, 0)); err != nil {
		return err
	}
	chat, account, err := connect.Bot(env)
	switch {
	case err != nil:
		return err
	case chat != nil && h.conversation == 0:
		return errors.New("name the conversation with -conversation")
	case chat == nil:
		if err := connect.NotOnStandIn(flags, "conversation", "agent"); err != nil {
			return err
		}
		server := cfchattest.Start()
		defer server.Close()
		if chat, account, err = fill(server, &h); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(out, "Using a stand-in server. Set CFCHAT_AGENT_BOT_API_KEY and CFCHAT_ACCOUNT_ID for a real account.")
	}
	h.chat, h.account, h.out = chat, account, out
	err = h.do(ctx)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("interrupted: %w", err)
	}
	return err
}

// fill creates the conversation to hand over on a stand-in, and the bot's client.
func fill(server *cfchattest.Server, h *handover) (*cfchat.Chat, *cfchat.Account, error) {
	h.agent, _ = server.AddAgent(cfchattest.Agent{Name: "Cleo"})
	h.conversation = server.AddConversation(cfchattest.Conversation{Status: cfchat.StatusPending})
	if h.note == "" {
		h.note = "Mia wants her money back; I could not find the order."
	}
	config := server.Config()
	config.Keys = auth.Keys{AgentBot: config.Keys.AgentBot}
	chat, err := cfchat.New(config)
	if err != nil {
		return nil, nil, err
	}
	return chat, chat.Account(server.AccountID()), nil
}
