// Command labelsweep adds labels to all conversations that match a filter, or removes labels from them.
//
//	CFCHAT_USER_API_KEY=… CFCHAT_ACCOUNT_ID=56 go run ./examples/labelsweep -add billing -dry-run
//	CFCHAT_USER_API_KEY=… CFCHAT_ACCOUNT_ID=56 go run ./examples/labelsweep -remove old \
//	    -where '[{"attribute_key":"inbox_id","filter_operator":"equal_to","values":[3],"query_operator":null}]' -yes
//
// On a real account it does nothing without -dry-run, which shows what would be done, or -yes. The filter is in the server's
// own notation; the default is all open conversations, and "[]" means all. The program points out labels that the account
// does not know: conversations accept them, but they may be mistyped.
//
// It may be run again at any time: a conversation that is already as it should be is skipped without a request. Other labels
// stay, except those that somebody else sets on the same conversation in the same second; docs/labels.md has more.
//
// It sends at most -per-minute requests a minute; each change takes three. After a failure it prints the error and continues
// with the next conversation; only a failed search ends it. It exits with 1 if anything is not known to be done, and says
// what to do about it. If stopped, it says where to continue.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "labelsweep:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	s := &sweep{
		out: out, count: map[outcome]int{},
		filter: cfchat.Where(cfchat.Equal(cfchat.AttributeStatus, cfchat.StatusOpen)),
	}
	flags := flag.NewFlagSet("labelsweep", flag.ContinueOnError)
	flags.Func("add", "a `label` to add; may be repeated (default on the stand-in: vip, unless -remove is given)", appendTo(&s.add))
	flags.Func("remove", "a `label` to remove; may be repeated", appendTo(&s.remove))
	flags.Func("where", "the `rules` of the conversations, as a JSON list in the server's notation (default: all open ones)", func(text string) (err error) {
		s.filter, err = connect.Where(text)
		return err
	})
	flags.Int64Var(&s.after, "after", 0, "continue after this `id`, which a stopped run has printed")
	perMinute := flags.Int("per-minute", 100, "the most requests to send in a minute")
	flags.BoolVar(&s.dryRun, "dry-run", false, "only show what would be done")
	yes := flags.Bool("yes", false, "do it on a real account too")
	flags.Usage = connect.Usage(flags)
	if err := connect.Parse(flags, args, out, connect.Hint); err != nil {
		return err
	}
	if err := errors.Join(connect.AtLeast("after", s.after, 0), connect.AtLeast("per-minute", *perMinute, 1), s.contradiction()); err != nil {
		return err
	}
	account, err := connect.Real(env, func(c *cfchat.Config) { c.Limiter = cfchat.PerMinute(*perMinute) })
	switch {
	case err != nil:
		return err
	case account != nil && !*yes && !s.dryRun:
		return errors.New("this is a real account: -dry-run shows what would be done, -yes does it")
	case account == nil:
		server := standIn()
		defer server.Close()
		if account, err = connect.StandIn(server); err != nil {
			return err
		}
		s.printf("Using a stand-in server with %d conversations.\n", len(server.Conversations()))
		s.printf("Set CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID for a real account.\n\n")
		if len(s.add)+len(s.remove) == 0 {
			s.add = []string{"vip"}
		}
	}
	if len(s.add)+len(s.remove) == 0 {
		return errors.New("name a label with -add or -remove")
	}
	s.account = account
	return s.run(ctx)
}

// appendTo returns a flag's function that appends a label, unless the client would refuse it for every conversation.
func appendTo(list *[]string) func(string) error {
	return func(label string) error {
		switch {
		case label == "" || strings.TrimSpace(label) != label:
			return errors.New("it is empty, or starts or ends with a blank")
		case strings.Contains(label, ",") || strings.HasPrefix(label, `"`) || strings.HasPrefix(label, "'"):
			return errors.New("it has a comma or a leading quote, which the server reads as punctuation; use one flag per label")
		case utf8.RuneCountInString(label) > 255:
			return errors.New("it has more than 255 characters")
		}
		*list = append(*list, label)
		return nil
	}
}

// standIn is a server with conversations, some of which have the label vip already.
func standIn() *cfchattest.Server {
	server := cfchattest.Start()
	server.AddLabel(cfchattest.Label{Title: "vip"})
	for i, name := range []string{"Mia", "Noah", "Liv", "Emil", "Anna", "Luca"} {
		labels := [][]string{nil, {"billing"}, {"vip", "billing"}}[i%3]
		server.AddConversation(cfchattest.Conversation{Contact: server.AddContact(cfchattest.Contact{Name: name}), Labels: labels})
	}
	return server
}
