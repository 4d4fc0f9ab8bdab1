package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/webhook"
)

// replies maps a word in a question to the bot's answer.
var replies = []struct{ word, reply string }{
	{"open", "We are open from Monday to Friday, 9 to 17."},
	{"ship", "Parcels leave the same day when you order before noon."},
}

// colleague is the bot's answer to everything else.
const colleague = "I do not know that. A colleague will answer you here."

// bot answers customers' messages in one inbox, and hands a conversation over to a person if it has no answer. It handles
// one conversation at a time, so that it never gets in its own way.
type bot struct {
	account *cfchat.Account
	inbox   int64
	started time.Time // in whole seconds, like the times of messages
	out     io.Writer

	due      chan int64      // conversations to look at; a sweep finds those that do not fit
	answered map[int64]int64 // by conversation, the last message that was handled
}

func newBot(account *cfchat.Account, inbox int64, out io.Writer) *bot {
	return &bot{
		account: account, inbox: inbox, started: time.Now().Truncate(time.Second).Add(time.Second), out: out,
		due: make(chan int64, 1000), answered: map[int64]int64{},
	}
}

// receive is called by the webhook. An event is only a hint to look at a conversation now: it may be late or repeated. The
// server is answered at once, because it would hand the conversation over if it had to wait.
func (b *bot) receive(_ context.Context, e webhook.Event) error {
	if e.Name != webhook.MessageCreated || e.Message.MessageType != webhook.MessageIncoming || e.Message.Inbox.ID != b.inbox {
		return nil
	}
	select {
	case b.due <- e.ConversationID():
	default:
	}
	return nil
}

// work handles the conversations that are due, and sweeps at once and every minute, until the context ends. It finishes the
// current conversation then. The next sweep retries whatever failed.
func (b *bot) work(ctx context.Context) {
	select { // so that each message is clearly from before or after the bot's start
	case <-ctx.Done():
	case <-time.After(time.Until(b.started)):
	}
	b.sweep(ctx)
	for ticker := time.NewTicker(time.Minute); ; {
		select {
		case <-ctx.Done():
			return
		case id := <-b.due:
			b.look(ctx, id)
		case <-ticker.C:
			b.sweep(ctx)
		}
	}
}

// sweep looks at all conversations waiting for the bot, including those whose events were lost or came while it was not
// running.
func (b *bot) sweep(ctx context.Context) {
	if len(b.answered) > 10_000 { // what is forgotten is looked up again
		clear(b.answered)
	}
	waiting := cfchat.Where(cfchat.Equal(cfchat.AttributeStatus, string(cfchat.StatusPending))).
		And(cfchat.Equal(cfchat.AttributeInboxID, b.inbox))
	for conversation, err := range b.account.Conversations.Scan(ctx, waiting, cfchat.ConversationScanOptions{}) {
		if err != nil {
			b.say("The sweep failed; the next one is in a minute: %v", err)
			continue
		}
		b.look(ctx, conversation.ID)
	}
}

// look attends to a conversation, even if the context ends meanwhile, and prints any failure.
func (b *bot) look(ctx context.Context, id int64) {
	if ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if err := b.attend(ctx, id); err != nil {
		b.say("Conversation %d failed; the bot looks at it again within a minute: %v", id, err)
	}
}

// attend answers the customer's messages in a conversation, oldest first, as long as the conversation is the bot's.
func (b *bot) attend(ctx context.Context, id int64) error {
	messages, err := b.unanswered(ctx, id)
	if err != nil {
		return err
	}
	for _, message := range messages {
		conversation, err := b.account.Conversations.Get(ctx, id)
		switch {
		case errors.Is(err, cfchat.ErrNotFound): // it was deleted
			return nil
		case err != nil:
			return err
		case conversation.Status != cfchat.StatusPending || conversation.InboxID != b.inbox: // a person has it
			return nil
		}
		if err := b.answer(ctx, id, message); err != nil {
			return err
		}
		b.answered[id] = message.ID
	}
	return nil
}

// unanswered returns the customer's messages since a person's last message that the bot has not handled. Some may have an
// answer from before the bot was started; answer checks that.
func (b *bot) unanswered(ctx context.Context, id int64) (since []*cfchat.Message, err error) {
	for m, err := range b.account.Messages.Scan(ctx, id, cfchat.MessageScanOptions{After: b.answered[id]}) {
		if errors.Is(err, cfchat.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		deleted, _ := m.ContentAttributes.Bool("deleted")
		switch {
		case m.MessageType == cfchat.MessageTypeIncoming && !deleted:
			since = append(since, m)
		case m.Sender.GetType() == cfchat.SenderKindUser && !m.GetPrivate():
			since = nil
		}
	}
	return since, nil
}

// answer answers one message, once, and opens the conversation if the bot does not know the answer. Opening comes last: if
// anything before it fails, a sweep retries and finds what is there already.
func (b *bot) answer(ctx context.Context, id int64, message *cfchat.Message) error {
	reply, known := replyTo(message.GetContent())
	var opts []cfchat.CallOption
	if message.CreatedAt.Before(b.started) { // an answer from before a restart may still be on its way
		opts = append(opts, cfchat.TriedSince(cfchat.SentSince{MessageID: message.ID, Time: message.CreatedAt.Time}, b.started))
	}
	sent, now, err := b.account.Messages.SendOnce(ctx, id, cfchat.MessageCreate{Content: reply, Mark: fmt.Sprintf("bot-%d", message.ID)}, opts...)
	if err != nil && sent == nil { // with both, somebody has deleted or resent the answer
		return err
	}
	if now {
		b.say("%d > %s\n%d < %s", id, message.GetContent(), id, reply)
	}
	if known {
		return nil
	}
	if _, err := b.account.Conversations.SetStatus(ctx, id, cfchat.StatusOpen); err != nil {
		return err
	}
	b.say("Conversation %d is open now for a person to take.", id)
	return nil
}

func (b *bot) say(format string, args ...any) { _, _ = fmt.Fprintf(b.out, format+"\n", args...) }

// replyTo returns the bot's answer to a text, and whether it knows one.
func replyTo(text string) (reply string, known bool) {
	for _, r := range replies {
		if strings.Contains(strings.ToLower(text), r.word) {
			return r.reply, true
		}
	}
	return colleague, false
}
