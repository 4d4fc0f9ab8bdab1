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

// bot answers what customers write in one inbox, and hands a conversation over to a person where it has no answer.
type bot struct {
	account *cfchat.Account
	inbox   int64
	started time.Time // a full second, as messages have them
	out     io.Writer
}

func newBot(account *cfchat.Account, inbox int64, out io.Writer) *bot {
	started := time.Now().Truncate(time.Second).Add(time.Second)
	return &bot{account: account, inbox: inbox, started: started, out: out}
}

// begin waits for the second in which the bot starts, so that each message is from before it or not.
func (b *bot) begin(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Until(b.started)):
	}
}

// receive is what the webhook calls. The event is a hint only, to look at a conversation now: it may be late, and come twice.
func (b *bot) receive(ctx context.Context, e webhook.Event) error {
	if e.Name != webhook.MessageCreated || e.Message.MessageType != webhook.MessageIncoming || e.Message.Inbox.ID != b.inbox {
		return nil
	}
	return b.attend(ctx, e.ConversationID())
}

// sweep looks at all conversations that wait for the bot: those whose events were lost, or came while it was not there.
func (b *bot) sweep(ctx context.Context) error {
	waiting := cfchat.Where(cfchat.Equal(cfchat.AttributeStatus, string(cfchat.StatusPending))).
		And(cfchat.Equal(cfchat.AttributeInboxID, b.inbox))
	var failed []error
	for conversation, err := range b.account.Conversations.Scan(ctx, waiting, cfchat.ConversationScanOptions{}) {
		if err == nil {
			err = b.attend(ctx, conversation.ID)
		}
		failed = append(failed, err) // and go on with the next one
	}
	return errors.Join(failed...)
}

// attend answers the customer's messages of a conversation, oldest first, as long as the conversation is the bot's.
func (b *bot) attend(ctx context.Context, id int64) error {
	conversation, err := b.account.Conversations.Get(ctx, id)
	switch {
	case errors.Is(err, cfchat.ErrNotFound): // it was deleted
		return nil
	case err != nil:
		return err
	case conversation.Status != cfchat.StatusPending || conversation.InboxID != b.inbox: // a person has it
		return nil
	}
	page, err := b.account.Messages.List(ctx, id, cfchat.MessageListOptions{}) // the newest 20
	if err != nil {
		return err
	}
	for _, message := range unanswered(page.Payload) {
		if handedOver, err := b.answer(ctx, id, message); handedOver || err != nil {
			return err
		}
	}
	return nil
}

// unanswered returns the customer's messages since a person has written. The bot may have answered some, which answer finds out.
func unanswered(messages []cfchat.Message) (since []*cfchat.Message) {
	for i, m := range messages {
		switch {
		case m.MessageType == cfchat.MessageTypeIncoming:
			since = append(since, &messages[i])
		case m.Sender.GetType() == cfchat.SenderKindUser:
			since = nil
		}
	}
	return since
}

// answer answers one message, once, and opens the conversation where it does not know what to say. That comes last: what fails
// before is done again, by the server's next try or by a sweep, and finds what is there already.
func (b *bot) answer(ctx context.Context, id int64, message *cfchat.Message) (handedOver bool, err error) {
	reply, known := replyTo(message.GetContent())
	var opts []cfchat.CallOption
	if message.CreatedAt.Before(b.started) { // an answer to it may still be on its way from before the program was started anew
		opts = append(opts, cfchat.TriedSince(cfchat.SentSince{MessageID: message.ID, Time: message.CreatedAt.Time}, b.started))
	}
	_, now, err := b.account.Messages.SendOnce(ctx, id, cfchat.MessageCreate{Content: reply, Mark: fmt.Sprintf("bot-%d", message.ID)}, opts...)
	if err != nil {
		return false, err
	}
	if now {
		_, _ = fmt.Fprintf(b.out, "%d > %s\n%d < %s\n", id, message.GetContent(), id, reply)
	}
	if !known {
		if _, err := b.account.Conversations.SetStatus(ctx, id, cfchat.StatusOpen); err != nil {
			return false, err
		}
		_, _ = fmt.Fprintf(b.out, "Conversation %d is open now: a person can take it.\n", id)
	}
	return !known, nil
}

// replyTo returns what the bot says to a text, and whether it knows.
func replyTo(text string) (reply string, known bool) {
	for _, r := range replies {
		if strings.Contains(strings.ToLower(text), r.word) {
			return r.reply, true
		}
	}
	return colleague, false
}
