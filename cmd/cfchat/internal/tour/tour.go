// Package tour runs the conversation operations and prints their answers.
package tour

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/cfchat/cfchat-go"
)

// Options say what the tour may write to a real account.
type Options struct {
	Server  string // the account's, for printing
	Write   bool   // create a conversation and change its status
	Inbox   int64  // where to create it, and for whom; Write needs both, and without it they are only printed
	Contact int64
}

// tour is one run through the operations.
type tour struct {
	account *cfchat.Account
	out     io.Writer
}

// Run takes the tour of a real account. It only reads, unless the options allow writing; then it changes only the
// conversation that it creates, and first prints what it will write.
func Run(ctx context.Context, account *cfchat.Account, o Options, out io.Writer) error {
	t := &tour{account: account, out: out}
	t.printf("Account %d of %s\n", account.ID(), o.Server)
	return t.walk(ctx, func(ctx context.Context) error { return t.offer(ctx, o) })
}

// walk runs the operations, with a function for those that write.
func (t *tour) walk(ctx context.Context, writes func(context.Context) error) error {
	for _, step := range []func(context.Context) error{t.counts, t.list, t.filter, t.scan, writes, t.failure} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	t.printf("\nEach step is a func in cmd/cfchat/internal/tour of the module.\n")
	return nil
}

func (t *tour) counts(ctx context.Context) error {
	t.heading("Counts", "conversation_list_meta")
	for _, status := range []cfchat.Status{cfchat.StatusAll, cfchat.StatusOpen, cfchat.StatusPending, cfchat.StatusSnoozed, cfchat.StatusResolved} {
		counts, err := t.account.Conversations.Counts(ctx, cfchat.ConversationListOptions{Status: status})
		if err != nil {
			return err
		}
		t.printf("  %-9s %4d   %d assigned, %d not\n", status, counts.AllCount, counts.GetAssignedCount(), counts.UnassignedCount)
	}
	return nil
}

func (t *tour) list(ctx context.Context) error {
	t.heading("The first page, whatever the status", "conversation_list")
	page, err := t.account.Conversations.List(ctx, cfchat.ConversationListOptions{Status: cfchat.StatusAll})
	if err != nil {
		return err
	}
	t.table(page.Payload)
	if len(page.Payload) == 0 {
		return nil
	}
	t.heading("One of them", "get_details_of_a_conversation")
	conversation, err := t.account.Conversations.Get(ctx, page.Payload[0].ID)
	if err != nil {
		return err
	}
	t.conversation(conversation)

	t.heading("Its labels", "list_all_labels_of_a_conversation")
	labels, err := t.account.Conversations.Labels(ctx, conversation.ID)
	if err != nil {
		return err
	}
	t.printf("  %s\n", list(labels))
	return nil
}

func (t *tour) filter(ctx context.Context) error {
	t.heading("Open, and assigned to nobody", "conversation_filter")
	filter := cfchat.Where(cfchat.Equal(cfchat.AttributeStatus, cfchat.StatusOpen)).And(cfchat.Absent(cfchat.AttributeAssigneeID))
	page, err := t.account.Conversations.Filter(ctx, filter, 1)
	if err != nil {
		return err
	}
	t.table(page.Payload)
	return nil
}

// scanned is how many conversations of an account the tour reads, because the account may be large.
const scanned = 1000

func (t *tour) scan(ctx context.Context) error {
	t.heading("Every conversation, none lost", "a scan: conversation_filter by windows of ids")
	perStatus, n := map[cfchat.Status]int{}, 0
	var progress cfchat.ScanProgress
	options := cfchat.ConversationScanOptions{Progress: func(p cfchat.ScanProgress) { progress = p }}
	for conversation, err := range t.account.Conversations.Scan(ctx, cfchat.Filter{}, options) {
		e, ok := errors.AsType[*cfchat.Error](err)
		switch {
		case ok && e.ConversationID != 0:
			t.printf("  %v\n", e) // this one only; the scan goes on
		case err != nil:
			return err
		default:
			perStatus[conversation.Status]++
			n++
		}
		if n == scanned {
			break
		}
	}
	for _, status := range slices.Sorted(maps.Keys(perStatus)) {
		t.printf("  %-9s %4d\n", status, perStatus[status])
	}
	t.printf("  conversations: %d, up to id %d of %d; requests: %d\n", n, progress.LastID, progress.End, progress.Requests)
	return nil
}

func (t *tour) failure(ctx context.Context) error {
	const missing = 999_999_999
	t.heading("A conversation that is not there", "an error")
	_, err := t.account.Conversations.Get(ctx, missing)
	e, ok := errors.AsType[*cfchat.Error](err)
	if !ok {
		return fmt.Errorf("conversation %d should not be there: %w", missing, err)
	}
	t.error(e)
	return nil
}
