// Command agentbot is an agent bot: it answers customers in an inbox, and hands conversations that it cannot answer over to
// a person.
//
//	CFCHAT_USER_API_KEY=… CFCHAT_AGENT_BOT_API_KEY=… CFCHAT_ACCOUNT_ID=56 CFCHAT_WEBHOOK_SECRET=… go run ./examples/agentbot -inbox 3
//
// The bot's outgoing URL must lead here, and the inbox must be the bot's. The program sends with the bot's key. With a
// person's key it checks whether a conversation is still the bot's, and whether an answer is there already. The secret is
// the bot's; servers sign from 4.13.0 on. For older ones leave it out, and set -path to a long random text that ends the
// URL.
//
// Each message is answered once, even if deliveries are repeated, late or out of order, and however often the program is
// killed: the answer has the message's id as its mark. Servers keep marks from 3.4.0 on; run only one instance at a time. A
// delivery is answered at once, and only makes the program look at a conversation. A sweep of the pending conversations, at
// the start and every minute, finds those whose events were lost or came while the program was not running.
//
// In the first minute after a restart it does not answer older messages, because an answer may still be on its way. This
// relies on the server's clock and this machine's to agree. A conversation that a person resolved without writing, and that
// continues after a restart, is handed over again.
package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/examples/internal/connect"
	"github.com/cfchat/cfchat-go/webhook"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "agentbot:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	flags := flag.NewFlagSet("agentbot", flag.ContinueOnError)
	inbox := flags.Int64("inbox", 0, "the inbox that the bot serves")
	address := flags.String("listen", "localhost:8080", "the address to receive the server's deliveries at")
	path := flags.String("path", "", "the end of the bot's URL, a long random text, if the server does not sign")
	flags.Usage = func() {
		connect.Usage(flags)()
		_, _ = fmt.Fprint(flags.Output(), `  CFCHAT_WEBHOOK_SECRET
        the bot's secret, from 4.13.0 on; for older servers set -path
A real account also needs the bot's key, and -inbox.
`)
	}
	if err := connect.Parse(flags, args, out, connect.Hint); err != nil {
		return err
	}
	if err := connect.AtLeast("inbox", *inbox, 0); err != nil {
		return err
	}
	account, err := connect.Real(env)
	switch {
	case err != nil:
		return err
	case account == nil:
		if err := connect.NotOnStandIn(flags, "inbox", "listen", "path"); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(out, "Using a stand-in server. For a real account, set the variables that -h lists.")
		return show(ctx, out)
	case *inbox == 0:
		return errors.New("name the inbox with -inbox")
	case env("CFCHAT_AGENT_BOT_API_KEY") == "":
		return errors.New("set CFCHAT_AGENT_BOT_API_KEY; without it the answers would be a person's")
	}
	secret, err := secretOf(env("CFCHAT_WEBHOOK_SECRET"), *path)
	if err != nil {
		return err
	}
	b := newBot(account, *inbox, out)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", *address)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "Listening at %s, where the bot's outgoing URL must lead.\n", listener.Addr())
	return serve(ctx, listener, routes(b, secret, *path), b)
}

// secretOf returns the secret that verifies deliveries. Either it or the path must protect the bot.
func secretOf(secret, path string) (webhook.Secret, error) {
	switch {
	case secret != "":
		return webhook.NewSecret(secret), nil
	case len(path) < 16:
		return webhook.Secret{}, errors.New("set CFCHAT_WEBHOOK_SECRET or, if the server does not sign, -path to a random text of 16 characters or more")
	}
	return webhook.Unsigned, nil
}

// routes returns a handler for one path only.
func routes(b *bot, secret webhook.Secret, path string) http.Handler {
	h := handler(b, secret)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.URL.Path), []byte("/"+path)) == 1 {
			h.ServeHTTP(w, r)
			return
		}
		http.NotFound(w, r)
	})
}

// handler returns the handler of the server's deliveries to the bot.
func handler(b *bot, secret webhook.Secret) http.Handler {
	return webhook.Handler(webhook.Options{Secret: secret, AccountID: b.account.ID()}, b.receive)
}

// serve receives deliveries and runs the bot until the context ends, and then finishes what has started.
func serve(ctx context.Context, listener net.Listener, h http.Handler, b *bot) error {
	ctx, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer stop()
	work.Go(func() { b.work(ctx) })
	return connect.Serve(ctx, listener, h, 10*time.Second)
}

// show lets a customer write to the bot on a stand-in, which delivers everything twice, and prints the result.
func show(ctx context.Context, out io.Writer) error {
	server := cfchattest.Start(cfchattest.Version("4.16.2"))
	defer server.Close()
	const address = "https://bot.example.com/"
	inbox := server.AddInbox(cfchattest.Inbox{Name: "Website"})
	id, key := server.AddBot(cfchattest.Bot{Name: "Helper", OutgoingURL: address, Inboxes: []int64{inbox}})
	config := server.Config()
	config.Keys.AgentBot = auth.NewKey(key)
	chat, err := cfchat.New(config)
	if err != nil {
		return err
	}
	b := newBot(chat.Account(server.AccountID()), inbox, out)
	server.Receive(address, handler(b, server.BotSecret(id)))
	server.RepeatDeliveries(address, 100)

	time.Sleep(time.Until(b.started))
	customer := server.AddContact(cfchattest.Contact{Name: "Mia", Inbox: inbox})
	asPerson := auth.WithScheme(ctx, auth.UserAPIKey)
	conversation, err := b.account.Conversations.Create(ctx, cfchat.ConversationCreate{InboxID: inbox, ContactID: customer})
	if err != nil {
		return err
	}
	for _, question := range []string{"Are you open on Saturday?", "Where is my parcel? It should have been shipped.", "I want my money back."} {
		incoming := cfchat.MessageCreate{Content: question, MessageType: cfchat.MessageKindIncoming}
		if _, err := b.account.Messages.Send(asPerson, conversation.ID, incoming); err != nil {
			return err
		}
		if err := server.Settle(ctx); err != nil {
			return err
		}
		for len(b.due) > 0 {
			b.look(ctx, <-b.due)
		}
	}
	_, _ = fmt.Fprintf(out, "%d deliveries in all, including the bot's own messages, each made twice on purpose\n", len(server.Deliveries()))
	return nil
}
