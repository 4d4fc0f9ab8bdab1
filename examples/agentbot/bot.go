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

// replies are what the bot knows: a word of a question, and the answer.
var replies = []struct{ word, reply string }{
	{"open", "We are open from Monday to Friday, 9 to 17."},
	{"ship", "Parcels leave the same day when you order before noon."},
}

// colleague is what the bot says to everything else.
const colleague = "I do not know that. A colleague will answer you here."

// bot answers what customers write in one inbox, and hands a conversation over to a person where it has no answer. It looks at one
// conversation after another, so that it never is in its own way.
type bot struct {
	account *cfchat.Account
	inbox   int64
	started time.Time // a full second, as messages have them
	out     io.Writer

	due      chan int64      // conversations to look at; what does not fit is found by a sweep
	answered map[int64]int64 // by conversation, the last message that was dealt with
}

func newBot(account *cfchat.Account, inbox int64, out io.Writer) *bot {
	return &bot{
		account: account, inbox: inbox, started: time.Now().Truncate(time.Second).Add(time.Second), out: out,
		due: make(chan int64, 1000), answered: map[int64]int64{},
	}
}

// receive is what the webhook calls. The event is a hint only, to look at a conversation now: it may be late, and come twice. The
// server has its answer at once, because it would hand the conversation over if it had to wait.
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

// work looks at what is due, and sweeps at once and every minute, until the context ends; a conversation that it is at then it
// ends with. What fails is done again by the next sweep.
func (b *bot) work(ctx context.Context) {
	select { // so that each message is from before the bot was started, or not
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

// sweep looks at all conversations that wait for the bot: those whose events were lost, or came while it was not there.
func (b *bot) sweep(ctx context.Context) {
	if len(b.answered) > 10_000 { // what is forgotten is found out by asking
		clear(b.answered)
	}
	waiting := cfchat.Where(cfchat.Equal(cfchat.AttributeStatus, string(cfchat.StatusPending))).
		And(cfchat.Equal(cfchat.AttributeInboxID, b.inbox))
	for conversation, err := range b.account.Conversations.Scan(ctx, waiting, cfchat.ConversationScanOptions{}) {
		if err != nil {
			b.say("A sweep has failed, the next one is in a minute: %v", err)
			continue
		}
		b.look(ctx, conversation.ID)
	}
}

// look attends to a conversation, also where the context ends meanwhile, and says what has failed.
func (b *bot) look(ctx context.Context, id int64) {
	if ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if err := b.attend(ctx, id); err != nil {
		b.say("Conversation %d is looked at again within a minute: %v", id, err)
	}
}

// attend answers the customer's messages of a conversation, oldest first, as long as the conversation is the bot's.
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

// unanswered returns the customer's messages that the bot has not dealt with, since a person has written. Some may have an answer,
// from before the bot was started, which answer finds out.
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

// answer answers one message, once, and opens the conversation where it does not know what to say. That comes last: what fails
// before is done again by a sweep, and finds what is there already.
func (b *bot) answer(ctx context.Context, id int64, message *cfchat.Message) error {
	reply, known := replyTo(message.GetContent())
	var opts []cfchat.CallOption
	if message.CreatedAt.Before(b.started) { // an answer to it may still be on its way from before the program was started anew
		opts = append(opts, cfchat.TriedSince(cfchat.SentSince{MessageID: message.ID, Time: message.CreatedAt.Time}, b.started))
	}
	sent, now, err := b.account.Messages.SendOnce(ctx, id, cfchat.MessageCreate{Content: reply, Mark: fmt.Sprintf("bot-%d", message.ID)}, opts...)
	if err != nil && sent == nil { // with a message somebody has deleted the answer, or sent it again
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
	b.say("Conversation %d is open now: a person can take it.", id)
	return nil
}

func (b *bot) say(format string, args ...any) { _, _ = fmt.Fprintf(b.out, format+"\n", args...) }

// replyTo returns what the bot says to a text, and whether it knows.
func replyTo(text string) (reply string, known bool) {
	for _, r := range replies {
		if strings.Contains(strings.ToLower(text), r.word) {
			return r.reply, true
		}
	}
	return colleague, false
}
