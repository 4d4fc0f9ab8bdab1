// Command report prints who has which open conversations, and who has waited longest for an answer, for the end of a day or
// the start of the next.
//
//	CFCHAT_USER_API_KEY=… CFCHAT_ACCOUNT_ID=56 go run ./examples/report -zone Europe/Oslo
//
// It only reads. With an agent's key the report covers the inboxes that the agent sees.
//
// The server decides who waits: a contact waits from the start of the conversation, even before they have written, or from the
// first message that nobody has answered. A person's answer ends the wait, and from 4.10.0 on a bot's does too; before that,
// contacts whom only a bot has answered are counted. A private note is not an answer. Servers before 3.1.0 do not show who
// waits; for those the report has the last activity instead.
//
// The report also shows conversations that nobody has, that a bot has, or that somebody has who has left the account.
// Conversations that the server cannot return are listed at the end, and the program then exits with 1.
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
	"time"
	_ "time/tzdata" // for machines without time zone data

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	flags := flag.NewFlagSet("report", flag.ContinueOnError)
	zone := flags.String("zone", "UTC", "the time zone of the times, such as Europe/Oslo")
	longest := flags.Int("longest", 20, "how many of the longest waits to list")
	flags.Usage = connect.Usage(flags)
	if err := connect.Parse(flags, args, out, connect.Hint); err != nil {
		return err
	}
	if err := connect.AtLeast("longest", *longest, 0); err != nil {
		return err
	}
	location, err := time.LoadLocation(*zone)
	if err != nil {
		return fmt.Errorf("-zone: %w", err)
	}
	account, err := connect.Real(env)
	if err != nil {
		return err
	}
	now := time.Now()
	if account == nil {
		server := standIn(now)
		defer server.Close()
		if account, err = connect.StandIn(server); err != nil {
			return err
		}
		_, _ = fmt.Fprint(out, "Using a stand-in server. Set CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID for a real account.\n\n")
	}
	r, err := read(ctx, account)
	switch {
	case err != nil && ctx.Err() != nil:
		return errors.New("interrupted")
	case err != nil:
		return err // a partial report would be wrong
	}
	r.print(out, now.In(location), *longest)
	if len(r.unread) > 0 {
		return fmt.Errorf("not in the report, because the server cannot return them: %d", len(r.unread))
	}
	return nil
}

// read reads all open conversations, and the names for the ids in them.
func read(ctx context.Context, account *cfchat.Account) (*report, error) {
	names, err := account.Names(ctx)
	if err != nil {
		return nil, err
	}
	r := &report{account: account.ID(), names: names}
	open := cfchat.Where(cfchat.Equal(cfchat.AttributeStatus, cfchat.StatusOpen))
	for c, err := range account.Conversations.Scan(ctx, open, cfchat.ConversationScanOptions{}) {
		if e, ok := errors.AsType[*cfchat.Error](err); ok && e.ConversationID != 0 {
			r.unread = append(r.unread, e)
			continue
		}
		if err != nil {
			return nil, err
		}
		r.add(c)
	}
	return r, nil
}

// standIn returns a server with conversations of several people, of nobody, and of a bot, the last of which starts now.
func standIn(now time.Time) *cfchattest.Server {
	server := cfchattest.Start(cfchattest.Version("4.16.2"))
	mail := server.AddInbox(cfchattest.Inbox{Name: "Support mail", Channel: cfchat.ChannelEmail})
	linus, _ := server.AddAgent(cfchattest.Agent{Name: "Linus Agent"})
	bot, _ := server.AddBot(cfchattest.Bot{Name: "Night Bot"})
	for i, name := range []string{"Mia", "Noah", "Liv", "Emil", "Anna", "Luca", "Sofia", "Omar"} {
		c := cfchattest.Conversation{
			Inbox: []int64{1, mail}[i%2], Contact: server.AddContact(cfchattest.Contact{Name: name}),
			CreatedAt: now.Add(-time.Duration(i*i*i) * 25 * time.Minute),
		}
		switch i % 4 {
		case 1:
			c.Assignee = linus
		case 2:
			c.Bot = bot
		}
		id := server.AddConversation(c)
		if i == 5 {
			server.AddMessage(id, cfchattest.Message{Type: cfchat.MessageTypeOutgoing, Content: "Done.", Sender: linus})
		}
	}
	return server
}
