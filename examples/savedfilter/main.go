// Command savedfilter shows a form for choosing attributes, operators and values, lists the matching conversations, and
// saves filters by name.
//
//	CFCHAT_USER_API_KEY=… CFCHAT_ACCOUNT_ID=56 go run ./examples/savedfilter -listen localhost:8080
//
// It only reads. The choices are in the address of the page, which can be sent to somebody else. Problems show at their
// rows, and a filter with a problem is not saved. The file has the filters as JSON in the servers' own notation, which
// [cfchat.Filter] reads.
//
// Everybody who can reach the form sees the conversations that the key sees: keep it on this machine, or put it behind a
// login. The inboxes and custom attributes are read at the start.
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

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "savedfilter:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	flags := flag.NewFlagSet("savedfilter", flag.ContinueOnError)
	file := flags.String("file", "filters.json", "the file to save the filters in")
	address := flags.String("listen", "localhost:8080", "the address to show the form at")
	flags.Usage = connect.Usage(flags)
	if err := connect.Parse(flags, args, out, connect.Hint); err != nil {
		return err
	}
	account, err := connect.Real(env)
	if err != nil {
		return err
	}
	if account == nil {
		server := standIn()
		defer server.Close()
		if account, err = connect.StandIn(server); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(out, "Using a stand-in server. Set CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID for a real account.")
	}
	form, err := newForm(ctx, account, &store{file: *file})
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", *address)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "The form is at http://%s\n", listener.Addr())
	return connect.Serve(ctx, listener, form, time.Minute)
}

// standIn returns a server with conversations to find, and a custom attribute.
func standIn() *cfchattest.Server {
	server := cfchattest.Start()
	server.AddCustomAttribute(cfchattest.CustomAttribute{Key: "tier"})
	linus, _ := server.AddAgent(cfchattest.Agent{Name: "Linus Agent"})
	for i, name := range []string{"Mia", "Noah", "Liv", "Emil", "Anna", "Luca", "Sofia", "Omar"} {
		server.AddConversation(cfchattest.Conversation{
			Contact:  server.AddContact(cfchattest.Contact{Name: name}),
			Status:   []cfchat.Status{cfchat.StatusOpen, cfchat.StatusPending, cfchat.StatusResolved}[i%3],
			Assignee: []int64{0, linus}[i%2],
			Labels:   [][]string{nil, {"billing"}, {"vip", "billing"}}[i%3],
			Custom:   map[string]any{"tier": []string{"gold", "silver"}[i/2%2]},
		})
	}
	return server
}
