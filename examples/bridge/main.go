// Command bridge forwards messages from a queue to conversations and people, each exactly once, even if it is killed and
// restarted.
//
//	CFCHAT_USER_API_KEY=… CFCHAT_ACCOUNT_ID=56 go run ./examples/bridge -queue queue.ndjson
//
// The queue is a file that another program appends to, one message per line:
//
//	{"id":"order-17","conversation":42,"content":"It is on its way."}
//	{"id":"chat-1","inbox":5,"source_id":"user-7f3a","name":"Jo","email":"jo@customer.test","from":"contact","content":"Hi"}
//	{"id":"chat-2","inbox":5,"source_id":"user-7f3a","content":"Here is your invoice.","files":["invoice.pdf"]}
//
// The id is the message's mark, so it must be unique; a line that repeats one is skipped.
//
// Instead of a conversation, a line can name a person by the id that another system has for them: their source id in an API
// inbox. If no contact has it there, it is given to the contact with the e-mail, or to a new one; a contact without an e-mail
// gets an identifier, such as 5/user-7f3a. The message goes to the contact's newest unresolved conversation in the inbox, or
// to a new one.
//
// With "from":"contact" the message is from the contact, which only API inboxes accept; otherwise it is from the owner of the
// key. Files are paths relative to the queue's folder, and may not lead out of it.
//
// The bridge keeps notes of its progress in a file next to the queue. Keep both: without the notes only the marks remain,
// and agents remove those when they delete or resend a message. Keep the files until they are sent.
//
// If the bridge is killed while sending a message or opening a conversation, the request may still be on its way to the
// server. So the next run waits for a minute before it does so again; a bridge that is killed more often than that makes no
// progress. If it cannot tell whether a message was sent, it stops and names the message to check.
//
// This holds for a killed program, not for a machine that loses power, and for one program at a time. docs/messages.md lists
// the servers that keep marks: from 3.4.0 on in API inboxes.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
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
	chat    *cfchat.Chat
	account *cfchat.Account
	queue   string   // the file
	folder  *os.Root // the queue's
	started time.Time
	out     io.Writer

	// settle is how long a request whose answer is not known may still arrive.
	settle time.Duration
	// unsure is when the last request ended that may have opened a conversation; zero for never.
	unsure time.Time
	// inboxes are those that take messages to people.
	inboxes map[int64]bool

	// forward sends a message, or finds it. Tried is when it was tried first by a run before this one, zero for never.
	forward func(ctx context.Context, e entry, tried time.Time) (*cfchat.Message, bool, error)
	// through wraps the writer of the notes.
	through func(io.Writer) io.Writer
}

func run(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	b := newBridge(nil, nil, "", out)
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

func newBridge(chat *cfchat.Chat, account *cfchat.Account, queue string, out io.Writer) *bridge {
	b := &bridge{chat: chat, account: account, queue: queue, started: time.Now(), out: out}
	b.settle, b.inboxes = time.Minute, map[int64]bool{}
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
	if b.folder, err = os.OpenRoot(filepath.Dir(b.queue)); err != nil {
		return err
	}
	defer b.folder.Close()
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
		if err = b.deliver(ctx, e, before, notes); err != nil {
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
func (b *bridge) deliver(ctx context.Context, e entry, before note, notes *notes) error {
	switch {
	case before.Tried.IsZero():
		if err := b.checkFiles(e.Files); err != nil {
			return err
		}
		if err := notes.add(note{ID: e.ID, Tried: time.Now()}); err != nil {
			return err
		}
	case e.Conversation == 0 && before.Conversation == 0:
		b.unsure, before.Tried = b.started, time.Time{} // it was killed before it sent the message
	}
	for {
		message, now, err := b.forwardTo(ctx, e, before.Tried, notes)
		switch {
		case err == nil:
			b.printf("%s: %s\n", e.ID, e.done(message, now))
			return notes.add(note{ID: e.ID, Sent: message.ID})
		case message != nil, !errors.Is(err, cfchat.ErrUnknownOutcome), errors.Is(err, cfchat.ErrDecode):
			return err // message may be it: a person has to check
		}
		b.printf("%s: %v\n", e.ID, err)
		if err := wait(ctx, again); err != nil {
			return err
		}
	}
}

// forwardTo forwards a message, to a person after looking for the conversation.
func (b *bridge) forwardTo(ctx context.Context, e entry, tried time.Time, notes *notes) (*cfchat.Message, bool, error) {
	if e.Conversation == 0 {
		var err error
		if e.Conversation, err = b.conversationOf(ctx, e, notes); err != nil {
			return nil, false, err
		}
	}
	return b.forward(ctx, e, tried)
}

// sendOnce sends a message, unless it is there.
func (b *bridge) sendOnce(ctx context.Context, e entry, tried time.Time) (*cfchat.Message, bool, error) {
	var opts []cfchat.CallOption
	if !tried.IsZero() {
		opts = append(opts, cfchat.TriedSince(cfchat.SentSince{Time: tried}, b.started))
	}
	return b.account.Messages.SendOnce(ctx, e.Conversation, b.message(e), opts...)
}

// message returns the message of an entry.
func (b *bridge) message(e entry) cfchat.MessageCreate {
	m := cfchat.MessageCreate{Content: e.Content, Mark: e.ID, Files: b.files(e.Files)}
	if e.From == fromContact {
		m.MessageType = cfchat.MessageKindIncoming
	}
	return m
}

// done says what has come of an entry.
func (e entry) done(m *cfchat.Message, now bool) string {
	said := "already there"
	if now {
		said = "sent"
	}
	said += fmt.Sprintf(" as message %d of conversation %d", m.ID, m.ConversationID)
	if e.From == fromContact {
		said += ", from " + cmp.Or(m.Sender.GetName(), "the contact")
	}
	if len(e.Files) > 0 {
		said += ", with " + strings.Join(e.Files, ", ")
	}
	return said
}

// wait waits, unless the program is interrupted.
func wait(ctx context.Context, pause time.Duration) error {
	select {
	case <-ctx.Done():
		return errors.New("interrupted")
	case <-time.After(pause):
		return nil
	}
}

func (b *bridge) printf(format string, args ...any) { _, _ = fmt.Fprintf(b.out, format, args...) }
