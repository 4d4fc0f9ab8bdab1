// Command roundrobin assigns the open, unassigned conversations of an inbox to its members in turn.
//
//	CFCHAT_USER_API_KEY=… CFCHAT_ACCOUNT_ID=56 go run ./examples/roundrobin -inbox 3 -online
//
// In a pass everybody gets at most one conversation, oldest first, and the program prints how many are left. With -every it
// repeats passes, and each continues where the last one ended. An inbox without members is an error.
//
// Servers have no call that assigns only unassigned conversations. So each conversation is read right before it is assigned,
// and once more afterwards: if another program has assigned it before or after, that assignment stays, and the person's turn
// does too. An assignment between the first read and the program's own is overwritten. If the server asks to wait at that
// point, the pass ends, because the read would be outdated. If an answer is lost, the program checks who has the
// conversation. If nobody has, the assignment may still arrive, so the person gets no other conversation in that pass.
// Changes after the last check are not seen. A conversation that is gone, or that the key may not open, is skipped.
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
	flags.Int64Var(&r.inbox, "inbox", 0, "the inbox whose conversations to assign to its members")
	flags.BoolVar(&r.online, "online", false, "only to members who are online")
	every := flags.Duration("every", 0, "the time between passes, each of which assigns at most one conversation to every member; 0 for a single pass")
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
		_, _ = fmt.Fprintln(out, "Using a stand-in server. Set CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID for a real account.")
	}
	r.account = account
	return r.run(ctx, *every)
}

// fill adds three people and some conversations to a stand-in, and returns their inbox.
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
