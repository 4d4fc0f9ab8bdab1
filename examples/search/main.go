// Command search finds messages in the copy of an account that cfchat sync keeps in SQLite.
//
//	go build -C cmd/cfchat -o ../../bin/cfchat . && bin/cfchat sync --to chat.db
//	go build -C examples/search -o ../../bin/search .
//	bin/search -copy chat.db refund 'order 4711'
//
// A message is found if it contains each argument literally: in any case, in any script, even in the middle of a word,
// blanks included. No character has a special meaning. Put an argument that starts with - after --. The newest messages come
// first. Activity messages and deleted messages are not searched.
//
// The search uses an index next to the copy, chat.db.search, which is updated before each search. The copy is never written
// to, and cfchat sync may run meanwhile. The index also contains the messages, so protect it like the copy; it can be
// deleted at any time.
//
// To try it without an account, make the copy with bin/cfchat sync --stand-in --to demo.db.
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

	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "search:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("search", flag.ContinueOnError)
	file := flags.String("copy", "chat.db", "the copy made by cfchat sync")
	limit := flags.Int("limit", 20, "how many messages to show")
	flags.Usage = usage(flags)
	if err := connect.ParseFlags(flags, args, out); err != nil {
		return err
	}
	if err := connect.AtLeast("limit", *limit, 1); err != nil {
		return err
	}
	words, err := typed(flags.Args())
	if err != nil {
		return err
	}
	err = search(ctx, *file, words, *limit, out)
	if err != nil && ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}

// usage returns what -h prints.
func usage(flags *flag.FlagSet) func() {
	return func() {
		_, _ = fmt.Fprint(flags.Output(), "Usage of search: search [flags] text ...\n")
		flags.PrintDefaults()
		_, _ = fmt.Fprint(flags.Output(), "It reads no environment variables. Only cfchat sync needs the key and the account.\n")
	}
}

// search updates the index, and prints the newest messages that have all of the words.
func search(ctx context.Context, file string, words []text, limit int, out io.Writer) error {
	index, err := open(ctx, file)
	if err != nil {
		return err
	}
	defer index.close()
	if err := index.refresh(ctx); err != nil {
		return err
	}
	shown, conversation := 0, int64(0)
	for found, err := range index.find(ctx, words) {
		if err != nil {
			return err
		}
		if shown == limit {
			_, _ = fmt.Fprint(out, "\nThere are more; -limit sets how many are shown.\n")
			break
		}
		if found.conversation != conversation {
			conversation = found.conversation
			_, _ = fmt.Fprintf(out, "%sConversation %d with %s, %s\n", gap[shown > 0], conversation, found.contact, found.inbox)
		}
		_, _ = fmt.Fprintf(out, "  %s  %s: %s\n", found.at, found.sender, found.content.snippet(words))
		shown++
	}
	if shown == 0 {
		_, _ = fmt.Fprintln(out, "Nothing was found.")
	}
	return nil
}

// gap separates conversations.
var gap = map[bool]string{true: "\n"}
