// Command bridge forwards messages from a queue to conversations, each exactly once, even if it is killed and restarted.
//
//	CFCHAT_USER_API_KEY=… CFCHAT_ACCOUNT_ID=56 go run ./examples/bridge -queue queue.ndjson
//
// The queue is a file that another program appends to, one message per line:
// {"id":"order-17","conversation":42,"content":"It is on its way."}. The id is the message's mark, so it must be unique; a
// line that repeats one is skipped. The bridge keeps notes of its progress in a file next to the queue. Keep both: without
// the notes only the marks remain, and agents remove those when they delete or resend a message.
//
// If the bridge is killed while sending a message, that may still be on its way to the server. So the next run looks for it
// for a minute before it sends it again; a bridge that is killed more often than that makes no progress. If it cannot tell
// whether a message was sent, it stops and names the message to check.
//
// This holds for a killed program, not for a machine that loses power, and for one program at a time. docs/messages.md lists
// the servers that keep marks.
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

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bridge:", err)
		os.Exit(1)
	}
}

// bridge is one run.
type bridge struct {
	account *cfchat.Account
	queue   string // the file
	started time.Time
	out     io.Writer

	// forward sends a message, or finds it. Tried is when an earlier run first tried to send it, zero for never.
	forward func(ctx context.Context, e entry, tried time.Time) (*cfchat.Message, bool, error)
	// through wraps the writer of the notes.
	through func(io.Writer) io.Writer
}

func run(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	b := newBridge(nil, "", out)
	flags := flag.NewFlagSet("bridge", flag.ContinueOnError)
	flags.StringVar(&b.queue, "queue", "", "the `file` with the messages; the notes are in FILE.notes")
	flags.Usage = connect.Usage(flags)
	if err := connect.Parse(flags, args, out, "name the file with -queue"); err != nil {
		return err
	}
	stop, err := b.connect(env)
	if err != nil {
		return err
	}
	defer stop()
	return b.work(ctx)
}

func newBridge(account *cfchat.Account, queue string, out io.Writer) *bridge {
	b := &bridge{account: account, queue: queue, started: time.Now(), out: out}
	b.forward = b.sendOnce
	b.through = func(file io.Writer) io.Writer { return file }
	return b
}

// work forwards the messages in the queue.
func (b *bridge) work(ctx context.Context) error {
	entries, err := readQueue(b.queue)
	if err != nil {
		return err
	}
	notes, err := openNotes(b.queue+".notes", b.through)
	if err != nil {
		return err
	}
	sent := 0
	for _, e := range entries {
		before := notes.of[e.ID]
		if before.Sent != 0 {
			continue
		}
		if err = b.deliver(ctx, e, before.Tried, notes); err != nil {
			err = fmt.Errorf("%s: %w", e.ID, err)
			break
		}
		sent++
	}
	b.printf("Forwarded: %d of %d\n", sent, len(entries))
	return errors.Join(err, notes.close())
}

// again is how long the bridge waits before it looks again for a message that it may have sent.
const again = 10 * time.Second

// deliver forwards a message, with a note before it starts and one when it is done. If it is killed in between, the next run
// does not know whether the message was sent, but it knows the earliest time.
func (b *bridge) deliver(ctx context.Context, e entry, tried time.Time, notes *notes) error {
	if tried.IsZero() {
		if err := notes.add(note{ID: e.ID, Tried: time.Now()}); err != nil {
			return err
		}
	}
	for {
		message, now, err := b.forward(ctx, e, tried)
		switch {
		case err == nil && now:
			b.printf("%s: sent as message %d\n", e.ID, message.ID)
			return notes.add(note{ID: e.ID, Sent: message.ID})
		case err == nil:
			b.printf("%s: already there as message %d\n", e.ID, message.ID)
			return notes.add(note{ID: e.ID, Sent: message.ID})
		case message != nil, !errors.Is(err, cfchat.ErrUnknownOutcome):
			return err // message may be it: a person has to check
		}
		b.printf("%v\n", err)
		select {
		case <-ctx.Done():
			return errors.New("interrupted")
		case <-time.After(again):
		}
	}
}

// sendOnce returns the function that forwards messages.
func (b *bridge) sendOnce(ctx context.Context, e entry, tried time.Time) (*cfchat.Message, bool, error) {
	var opts []cfchat.CallOption
	if !tried.IsZero() {
		opts = append(opts, cfchat.TriedSince(cfchat.SentSince{Time: tried}, b.started))
	}
	return b.account.Messages.SendOnce(ctx, e.Conversation, cfchat.MessageCreate{Content: e.Content, Mark: e.ID}, opts...)
}

func (b *bridge) printf(format string, args ...any) { _, _ = fmt.Fprintf(b.out, format, args...) }
