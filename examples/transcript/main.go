// Command transcript writes conversations as Markdown: who said what and when, with notes, activities, files and deleted
// messages.
//
//	CFCHAT_USER_API_KEY=… CFCHAT_ACCOUNT_ID=56 go run ./examples/transcript -conversation 42 -zone Europe/Oslo
//	CFCHAT_USER_API_KEY=… CFCHAT_ACCOUNT_ID=56 go run ./examples/transcript -dir transcripts \
//	    -where '[{"attribute_key":"labels","filter_operator":"equal_to","values":["complaint"],"query_operator":null}]'
//
// It only reads. The filter is in the server's own notation, as in labelsweep; "[]" means all conversations. Transcripts go
// to standard output, or with -dir to a file each, which only its owner may read, and which another run replaces.
//
// Messages are escaped, so that Markdown (CommonMark, with GitHub's tables, strikethrough and links) shows them as they were
// written. They are in order of time, including those imported later. Anybody with the link to a file can open it. Of a
// message with choices only the text is included.
//
// A message that the server cannot return is marked in the transcript. A conversation that cannot be read is left out; the
// program continues and then exits with 1.
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
	"syscall"
	"time"
	_ "time/tzdata" // for machines without time zone data

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
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
	flags.Func("where", "the `rules` of the conversations to write, as a JSON list in the server's notation (default on the stand-in: all, unless -conversation is given)", func(text string) error {
		filter, err := connect.Where(text)
		where = &filter
		return err
	})
	flags.StringVar(&s.dir, "dir", "", "a `folder` for one file each, created if needed (default: standard output)")
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
		return errors.New(`name a conversation with -conversation, or several with -where; "[]" means all`)
	case s.account == nil:
		server := standIn(time.Now())
		defer server.Close()
		if s.account, err = connect.StandIn(server); err != nil {
			return err
		}
		_, _ = fmt.Fprint(out, "Using a stand-in server. Set CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID for a real account.\n\n")
	}
	err = s.writeAll(ctx, *conversation, where)
	if err != nil && ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}

// writeAll writes one conversation, or those that match; an empty filter matches all. It continues after one that cannot be
// read.
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

// standIn returns a server with a conversation of today that has one of everything, and another one.
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
	if account, err := connect.StandIn(server); err == nil { // only requests can do this
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
