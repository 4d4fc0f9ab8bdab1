// Command tour runs the conversation operations and shows what they answer.
//
// With no arguments it starts a stand-in server in its own process. With CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID set,
// and CFCHAT_SERVER if it is not the vendor's, it talks to a real one: it reads, and writes only with -write, -inbox and
// -contact, and then only to the conversation that it creates.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "tour:", err)
		os.Exit(1)
	}
}

// tour is one walk through the operations.
type tour struct {
	account *cfchat.Account
	out     io.Writer
	write   bool
	inbox   int64 // where to create a conversation, and for whom; 0 for nowhere
	contact int64
}

func run(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	flags := flag.NewFlagSet("tour", flag.ContinueOnError)
	write := flags.Bool("write", false, "create a conversation and change its status, on a real server too")
	inbox := flags.Int64("inbox", 0, "the inbox to create it in")
	contact := flags.Int64("contact", 0, "the contact to create it for")
	flags.Usage = connect.Usage(flags)
	if err := connect.Parse(flags, args, out, connect.Hint); err != nil {
		return err
	}
	if err := errors.Join(connect.AtLeast("inbox", *inbox, 0), connect.AtLeast("contact", *contact, 0)); err != nil {
		return err
	}
	t := &tour{out: out, write: *write, inbox: *inbox, contact: *contact}
	stop, err := t.connect(env, flags)
	if err != nil {
		return err
	}
	defer stop()
	for _, step := range []func(context.Context) error{t.counts, t.list, t.filter, t.scan, t.writes, t.failure} {
		err := step(ctx)
		if err != nil && ctx.Err() != nil {
			return fmt.Errorf("interrupted: %w", err) // which says whether a write under way may have been done
		}
		if err != nil {
			return err
		}
	}
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

// scanned is how many conversations the tour reads of an account, which may be large.
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
	t.printf("  %d conversations, up to id %d of %d; requests: %d\n", n, progress.LastID, progress.End, progress.Requests)
	return nil
}

func (t *tour) writes(ctx context.Context) error {
	if !t.write || t.inbox == 0 || t.contact == 0 {
		t.heading("Create, toggle, snooze", "left out")
		t.printf("  This is a real account. To write to it, add -write -inbox ID -contact ID.\n")
		return nil
	}
	t.heading("A new conversation", "new_conversation")
	created, err := t.account.Conversations.Create(ctx, cfchat.ConversationCreate{
		InboxID: t.inbox, ContactID: t.contact,
		CustomAttributes: map[string]any{"source": "tour"},
		Message:          cfchat.FirstMessage{Content: "Hello from the tour"},
	})
	if err != nil {
		return err
	}
	t.conversation(created)

	t.heading("Its status, four times", "toggle_status_of_a_conversation")
	change, err := t.account.Conversations.ToggleStatus(ctx, created.ID)
	if err != nil {
		return err
	}
	t.change("toggle", change)
	change, err = t.account.Conversations.Snooze(ctx, created.ID, time.Time{})
	if err != nil {
		return err
	}
	t.change("snooze until the next reply", change)
	change, err = t.account.Conversations.Snooze(ctx, created.ID, nextFriday(time.Now()))
	if err != nil {
		return err
	}
	t.change("snooze until Friday, 9:00 UTC", change)
	change, err = t.account.Conversations.SetStatus(ctx, created.ID, cfchat.StatusResolved)
	if err != nil {
		return err
	}
	t.change("set to resolved", change)
	return nil
}

// nextFriday returns the coming Friday at nine.
func nextFriday(now time.Time) time.Time {
	now = now.UTC()
	days := (int(time.Friday-now.Weekday()) + 6) % 7 // 0 on a Thursday
	return time.Date(now.Year(), now.Month(), now.Day()+days+1, 9, 0, 0, 0, time.UTC)
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
