// Command contactform shows a contact form, and turns each submission into one contact, one conversation and one message.
//
//	CFCHAT_USER_API_KEY=… CFCHAT_ACCOUNT_ID=56 go run ./examples/contactform -inbox 3
//
// The inbox must be an API inbox. Each form has a hidden id of its own, which becomes the mark of its message. So a form can
// be sent again, by a doubtful visitor or by the browser, after any failure: the program finds what is there already. If the
// outcome is unknown, the page asks to send it once more.
//
// The conversation of each form is kept in memory. If the program is restarted and the conversation resolved in between, it
// would open another one. Servers keep marks in API inboxes from 3.4.0 on; docs/messages.md has more.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "contactform:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	flags := flag.NewFlagSet("contactform", flag.ContinueOnError)
	inbox := flags.Int64("inbox", 0, "the API inbox to open conversations in")
	address := flags.String("listen", "localhost:8080", "the address to show the form at")
	flags.Usage = connect.Usage(flags)
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
	case account != nil && *inbox == 0:
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
		*inbox = server.AddInbox(cfchattest.Inbox{Name: "Website"})
		_, _ = fmt.Fprintln(out, "Using a stand-in server. Set CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID for a real account.")
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", *address)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "The form is at http://%s\n", listener.Addr())
	return connect.Serve(ctx, listener, newForm(account, *inbox, out), time.Minute)
}
