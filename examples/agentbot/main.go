// Command agentbot is an agent bot: it answers what customers write in an inbox, and hands over to a person what it cannot answer.
//
//	CFCHAT_USER_API_KEY=… CFCHAT_AGENT_BOT_API_KEY=… CFCHAT_ACCOUNT_ID=56 CFCHAT_WEBHOOK_SECRET=… go run ./examples/agentbot -inbox 3
//
// The bot's outgoing URL has to lead here, and the inbox has to be the bot's. It sends with the bot's key, and looks with a
// person's: whether a conversation is still the bot's, and whether an answer is there already. The secret is that of the bot;
// servers sign from 4.13.0 on. For older ones leave it out and give -path a long random text, which the URL has to end with.
//
// Each message is answered once, whatever comes twice, late, or in another order, and however often the program is killed: the
// answer has the message's id as its mark. Servers keep marks from 3.4.0 on; run one of these at a time. A delivery is answered at once,
// and only has the program look at a conversation. What no event tells of, because it was lost or came while the program was
// not there, is found by a sweep of the pending conversations, at the start and every minute.
//
// Started anew, it sends no answer to an older message in its first minute, because one may still be on its way. What is older
// is told by the server's clock and this machine's, which have to agree. A conversation that a person has resolved without a
// word, and that goes on after the program was started anew, is handed over again.
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
	address := flags.String("listen", "localhost:8080", "where the server's deliveries arrive")
	path := flags.String("path", "", "what the bot's URL ends with, where servers do not sign; a long random text")
	flags.Usage = func() {
		connect.Usage(flags)()
		_, _ = fmt.Fprint(flags.Output(), `  CFCHAT_WEBHOOK_SECRET
        the bot's secret, from 4.13.0 on; before, -path is in its place
A real account takes the bot's key too, and -inbox.
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
		_, _ = fmt.Fprintln(out, "A stand-in server. For a real account set what -h lists.")
		return show(ctx, out)
	case *inbox == 0:
		return errors.New("name the inbox with -inbox")
	case env("CFCHAT_AGENT_BOT_API_KEY") == "":
		return errors.New("set CFCHAT_AGENT_BOT_API_KEY, or the answers would be a person's")
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
	_, _ = fmt.Fprintf(out, "Listening at %s, where the bot's outgoing URL has to lead.\n", listener.Addr())
	return serve(ctx, listener, routes(b, secret, *path), b)
}

// secretOf returns what deliveries are verified with. One of both must protect the bot.
func secretOf(secret, path string) (webhook.Secret, error) {
	switch {
	case secret != "":
		return webhook.NewSecret(secret), nil
	case len(path) < 16:
		return webhook.Secret{}, errors.New("set CFCHAT_WEBHOOK_SECRET; or, where the server does not sign, -path to a random text of 16 characters or more")
	}
	return webhook.Unsigned, nil
}

// routes receives at one path, and nowhere else.
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

// handler receives what the server sends to the bot.
func handler(b *bot, secret webhook.Secret) http.Handler {
	return webhook.Handler(webhook.Options{Secret: secret, AccountID: b.account.ID()}, b.receive)
}

// serve receives deliveries and has the bot work until the context ends, and lets what has begun by then come to its end.
func serve(ctx context.Context, listener net.Listener, h http.Handler, b *bot) error {
	ctx, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer stop()
	work.Go(func() { b.work(ctx) })
	return connect.Serve(ctx, listener, h, 10*time.Second)
}

// show has a customer write to the bot on a stand-in, which delivers everything twice, and prints what comes of it.
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
	_, _ = fmt.Fprintf(out, "%d deliveries in all, of the bot's own messages too, each of them twice on purpose\n", len(server.Deliveries()))
	return nil
}
