// Command roundrobin gives the open conversations of an inbox that nobody has to the members of the inbox, by turns.
//
//	CFCHAT_USER_API_KEY=… CFCHAT_ACCOUNT_ID=56 go run ./examples/roundrobin -inbox 3 -online
//
// In a pass everybody gets at most one conversation, the oldest first, and it is said how many are left. With -every there
// is a pass again and again, and the turn goes on where the last pass ended. An inbox without members is an error.
//
// Servers have no call that assigns only what nobody has. So a conversation is read right before it is assigned, and once more
// afterwards: where another program has got ahead, or comes right after, it keeps the conversation, and the turn stays. What it does
// in the moment between the first read and the assignment is overwritten. A server that asks to wait is not waited for there, because
// the read would be old; the pass ends. Where an answer is lost, it is looked at who has it; if nobody has, it may still come, so that
// whose turn it was gets no other one in that pass. What another program does after the last look is not seen. A conversation that is
// gone, or that the key may not open, is passed over.
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

	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "roundrobin:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	r := &robin{out: out}
	flags := flag.NewFlagSet("roundrobin", flag.ContinueOnError)
	flags.Int64Var(&r.inbox, "inbox", 0, "the inbox whose conversations are assigned, to its members")
	flags.BoolVar(&r.online, "online", false, "only to members who are online")
	every := flags.Duration("every", 0, "the time between passes, each of which gives every member at most one conversation; 0 for one pass")
	flags.Usage = connect.Usage(flags)
	if err := connect.Parse(flags, args, out, connect.Hint); err != nil {
		return err
	}
	if err := errors.Join(connect.AtLeast("inbox", r.inbox, 0), connect.AtLeast("every", *every, 0)); err != nil {
		return err
	}
	account, err := connect.Real(env)
	switch {
	case err != nil:
		return err
	case account != nil && r.inbox == 0:
		return errors.New("name the inbox with -inbox")
	case account == nil:
		if err := connect.NotOnStandIn(flags, "inbox"); err != nil {
			return err
		}
		server := cfchattest.Start()
		defer server.Close()
		if account, err = connect.StandIn(server); err != nil {
			return err
		}
		r.inbox = fill(server)
		_, _ = fmt.Fprintln(out, "A stand-in server. Set CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID for a real account.")
	}
	r.account = account
	return r.run(ctx, *every)
}

// fill gives a stand-in three people and some conversations, and returns the inbox that they are in.
func fill(server *cfchattest.Server) (inbox int64) {
	var people []int64
	for _, name := range []string{"Ada", "Ben", "Cleo"} {
		id, _ := server.AddAgent(cfchattest.Agent{Name: name, Online: name != "Ben"})
		people = append(people, id)
	}
	inbox = server.AddInbox(cfchattest.Inbox{Name: "Website", Members: people})
	for _, name := range []string{"Mia", "Noah", "Zoe", "Yara"} {
		server.AddConversation(cfchattest.Conversation{Inbox: inbox, Contact: server.AddContact(cfchattest.Contact{Name: name})})
	}
	server.AddConversation(cfchattest.Conversation{Inbox: inbox, Assignee: people[0]})
	return inbox
}
