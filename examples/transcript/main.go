// Command transcript writes conversations as Markdown: who said what and when, with notes, activities, files and what was deleted.
//
//	CFCHAT_USER_API_KEY=… CFCHAT_ACCOUNT_ID=56 go run ./examples/transcript -conversation 42 -zone Europe/Oslo
//	CFCHAT_USER_API_KEY=… CFCHAT_ACCOUNT_ID=56 go run ./examples/transcript -dir transcripts \
//	    -where '[{"attribute_key":"labels","filter_operator":"equal_to","values":["complaint"],"query_operator":null}]'
//
// It reads only. The filter is in the server's own notation, as labelsweep has it; "[]" is every conversation. Each transcript
// goes to standard output, or with -dir to a file of its own, which only its owner may read, and which another run replaces.
//
// What people wrote is escaped, so that Markdown shows it as they wrote it, and is no Markdown of its own: CommonMark, and GitHub's
// tables, strikethrough and links. Messages stand in the order of their times, also those that were imported later. Whoever has the
// link to a file can open it. The choices that a message offered are not in it, only its text.
//
// A message that the server cannot answer has its place in the transcript. A conversation that cannot be read is left out, and the
// program goes on; it then exits with 1.
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
	"sync/atomic"
	"time"
	_ "time/tzdata" // for machines that know no zones

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "transcript:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	s := &scribe{out: out}
	var where *cfchat.Filter
	flags := flag.NewFlagSet("transcript", flag.ContinueOnError)
	conversation := flags.Int64("conversation", 0, "the `id` of the conversation to write")
	flags.Func("where", "the `rules` of the conversations to write, as a JSON list in the server's notation (on the stand-in all, if there is no -conversation)", func(text string) error {
		filter, err := connect.Where(text)
		where = &filter
		return err
	})
	flags.StringVar(&s.dir, "dir", "", "a `folder` for a file of each; it is made if it is not there (default standard output)")
	zone := flags.String("zone", "UTC", "the time zone of the times, such as Europe/Oslo")
	flags.Usage = connect.Usage(flags)
	if err := connect.Parse(flags, args, out, connect.Hint); err != nil {
		return err
	}
	if err := connect.AtLeast("conversation", *conversation, 0); err != nil {
		return err
	}
	if *conversation != 0 && where != nil {
		return errors.New("give -conversation or -where, not both")
	}
	var err error
	if s.zone, err = time.LoadLocation(*zone); err != nil {
		return fmt.Errorf("-zone: %w", err)
	}
	s.account, err = connect.Real(env)
	switch {
	case err != nil:
		return err
	case s.account != nil && *conversation == 0 && where == nil:
		return errors.New(`name a conversation with -conversation, or several with -where; "[]" is every one`)
	case s.account == nil:
		server := standIn(time.Now())
		defer server.Close()
		if s.account, err = connect.StandIn(server); err != nil {
			return err
		}
		_, _ = fmt.Fprint(out, "A stand-in server. Set CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID for a real account.\n\n")
	}
	err = s.writeAll(ctx, *conversation, where)
	if err != nil && ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}

// writeAll writes one conversation, or those that match, every one without a filter. It goes on behind what cannot be read.
func (s *scribe) writeAll(ctx context.Context, one int64, where *cfchat.Filter) (err error) {
	if s.names, err = s.account.Names(ctx); err != nil {
		return err
	}
	if s.dir != "" {
		if err := os.MkdirAll(s.dir, 0o700); err != nil {
			return err
		}
	}
	if one != 0 {
		c, err := s.account.Conversations.Get(ctx, one)
		if err != nil {
			return err
		}
		return s.write(ctx, c)
	}
	if where == nil {
		where = new(cfchat.Filter)
	}
	var failed []error
	for c, err := range s.account.Conversations.Scan(ctx, *where, cfchat.ConversationScanOptions{}) {
		e, ok := errors.AsType[*cfchat.Error](err)
		switch {
		case err == nil:
			err = s.write(ctx, c)
		case !ok || e.ConversationID == 0:
			return errors.Join(append(failed, err)...)
		}
		if err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// standIn is a server with a conversation of this day that has one of everything, and one more.
func standIn(now time.Time) *cfchattest.Server {
	var minutes atomic.Int64
	begin := now.Add(-3 * time.Hour)
	server := cfchattest.Start(cfchattest.Clock(func() time.Time { return begin.Add(time.Duration(minutes.Load()) * time.Minute) }))
	linus, key := server.AddAgent(cfchattest.Agent{Name: "Linus Agent"})
	mail := server.AddInbox(cfchattest.Inbox{Name: "Support mail", Channel: cfchat.ChannelEmail, Members: []int64{linus}})
	mia := server.AddConversation(cfchattest.Conversation{
		Inbox: mail, Assignee: linus, Labels: []string{"billing"}, Contact: server.AddContact(cfchattest.Contact{Name: "Mia"}),
	})
	add := func(m cfchattest.Message) int64 { minutes.Add(4); return server.AddMessage(mia, m) }
	add(cfchattest.Message{Content: "Hi,\n\nmy invoice says:\n  1. setup   *free*\n  2. seats   5 < 10\n\nIs that right? https://shop.test/my_invoice"})
	add(cfchattest.Message{Content: "Her plan is #2, `team_10`.", Private: true, Type: cfchat.MessageTypeOutgoing, Sender: linus})
	wrong := add(cfchattest.Message{Content: "Yes.", Type: cfchat.MessageTypeOutgoing, Sender: linus})
	minutes.Add(20)
	if account, err := connect.StandIn(server); err == nil { // what only requests can do
		ctx, asLinus := context.Background(), cfchat.WithKeys(auth.Keys{User: auth.NewKey(key)})
		_, _ = account.Messages.Delete(ctx, mia, wrong, asLinus)
		_, _ = account.Messages.Send(ctx, mia, cfchat.MessageCreate{
			Content: "It was not. Here is the right one.",
			Files:   []cfchat.File{{Name: "invoice (1).pdf", Reader: strings.NewReader("%PDF-1.7")}},
		}, asLinus)
		minutes.Add(60)
		_, _ = account.Conversations.SetStatus(ctx, mia, cfchat.StatusResolved)
	}
	noah := server.AddConversation(cfchattest.Conversation{Contact: server.AddContact(cfchattest.Contact{Name: "Noah"})})
	server.AddMessage(noah, cfchattest.Message{Content: "Is anybody there?"})
	return server
}
