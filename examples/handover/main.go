// Command handover is a bot that hands a conversation over to a person: it leaves a private note of what it knows, opens the
// conversation, and assigns it.
//
//	CFCHAT_AGENT_BOT_API_KEY=… CFCHAT_ACCOUNT_ID=56 go run ./examples/handover -conversation 42 -agent 7 -note "wants a refund"
//
// It has a bot's key only. The note comes first, so that it is there when somebody sees the conversation, and assigning comes
// last: whatever fails, from then on a person can take it. Without -agent the conversation is left open for whoever takes it,
// and so it is where it cannot be assigned, after which the program exits with 1: bots assign from 3.6.0 on, and no bot can
// look whom there is, so that of an id that nobody has the server's answer tells.
//
// Where an answer is lost, opening is done once more, because a conversation that stays pending is seen by nobody; somebody who has
// resolved it in that moment finds it open. Nothing else is done again: the note would be there twice, and somebody may have taken the
// conversation meanwhile. It is said; look, and run it again without -note.
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
	flags.Int64Var(&h.agent, "agent", 0, "who is to have it; 0 for whoever takes it")
	flags.StringVar(&h.note, "note", "", "a private note for whoever takes it")
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
		_, _ = fmt.Fprintln(out, "A stand-in server. Set CFCHAT_AGENT_BOT_API_KEY and CFCHAT_ACCOUNT_ID for a real account.")
	}
	h.chat, h.account, h.out = chat, account, out
	err = h.do(ctx)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("interrupted: %w", err)
	}
	return err
}

// fill makes what is to be handed over on a stand-in, and the bot's client for it.
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
