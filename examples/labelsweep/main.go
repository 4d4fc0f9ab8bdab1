// Command labelsweep adds labels to all conversations that match a filter, or takes labels off them.
//
//	CFCHAT_USER_API_KEY=… CFCHAT_ACCOUNT_ID=56 go run ./examples/labelsweep -add billing -dry-run
//	CFCHAT_USER_API_KEY=… CFCHAT_ACCOUNT_ID=56 go run ./examples/labelsweep -remove old \
//	    -where '[{"attribute_key":"inbox_id","filter_operator":"equal_to","values":[3],"query_operator":null}]' -yes
//
// On a real account it does nothing without -dry-run, which shows what would be done, or -yes. The filter is in the server's own
// notation; without one it is every open conversation, and "[]" is every one. A label that the account does not know is pointed out, because
// conversations take it all the same, and it may be mistyped.
//
// It may be run again at any time: a conversation that is as it should be is left alone, without a request. Other labels stay,
// but for those that another program or a person sets on the same conversation in the same second; docs/labels.md has more.
//
// It sends at most -per-minute requests, of which a change takes three. A failure is reported, and the program goes on with the next
// conversation; only a failed search ends it. In the end it exits with 1 if anything is not known to be done, and says what to
// do about it. When it is stopped it says from where to go on.
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
	flags.Func("add", "a `label` to add; may be repeated (on the stand-in vip, if there is neither -add nor -remove)", appendTo(&s.add))
	flags.Func("remove", "a `label` to take off; may be repeated", appendTo(&s.remove))
	flags.Func("where", "the `rules` of the conversations, as a JSON list in the server's notation (default all that are open)", func(text string) (err error) {
		s.filter, err = connect.Where(text)
		return err
	})
	flags.Int64Var(&s.after, "after", 0, "continue after this `id`, which a run that was stopped has named")
	perMinute := flags.Int("per-minute", 100, "how many requests to send in a minute at most")
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
		s.printf("A stand-in server with %d conversations.\n", len(server.Conversations()))
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

// appendTo appends a label, unless the client would refuse it, of every conversation anew.
func appendTo(list *[]string) func(string) error {
	return func(label string) error {
		switch {
		case label == "" || strings.TrimSpace(label) != label:
			return errors.New("it is empty, or has blanks around it")
		case strings.Contains(label, ",") || strings.HasPrefix(label, `"`) || strings.HasPrefix(label, "'"):
			return errors.New("it has a comma, or a quote in front, which the server reads as punctuation; name each label by itself")
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
