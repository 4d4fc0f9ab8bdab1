// Command resolve resolves the open conversations without activity for some days.
//
//	CFCHAT_USER_API_KEY=… CFCHAT_ACCOUNT_ID=56 go run ./examples/resolve -days 30 -dry-run
//
// It finds them with a user's key, and resolves them with the bot's in CFCHAT_AGENT_BOT_API_KEY if that is set, so that the
// conversation shows who did it. On a real account it does nothing without -dry-run or -yes.
//
// Days are whole UTC days on the server's clock: with -days 30 the last activity was more than 30 days ago.
//
// A search result may be minutes old when its turn comes, so each conversation is read again, and skipped if it is no longer
// open or has new activity. Changes between that and the write cannot be seen, but a contact who writes then opens the
// conversation again.
//
// After a failure the program prints the error and continues with the next conversation; only a failed search ends it. It
// also reports a write with an unknown outcome, and does not repeat it. After any of these it exits with 1.
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

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "resolve:", err)
		os.Exit(1)
	}
}

// resolver is one run.
type resolver struct {
	account *cfchat.Account
	out     io.Writer
	dryRun  bool
	count   map[outcome]int
}

func run(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	r := &resolver{out: out, count: map[outcome]int{}}
	flags := flag.NewFlagSet("resolve", flag.ContinueOnError)
	days := flags.Int("days", 30, "resolve conversations without activity for more than this many days")
	flags.BoolVar(&r.dryRun, "dry-run", false, "only show what would be resolved")
	yes := flags.Bool("yes", false, "resolve on a real account too")
	flags.Usage = connect.Usage(flags)
	if err := connect.Parse(flags, args, out, connect.Hint); err != nil {
		return err
	}
	if err := connect.AtLeast("days", *days, 1); err != nil {
		return err
	}
	stop, err := r.connect(env, *yes || r.dryRun)
	if err != nil {
		return err
	}
	defer stop()
	err = r.resolveAll(ctx, *days)
	r.summary(err == nil)
	left := r.count[failed] + r.count[unknown]
	switch {
	case err != nil && ctx.Err() != nil:
		return errors.New("interrupted")
	case err == nil && left > 0:
		return fmt.Errorf("not known to be resolved: %d", left)
	}
	return err
}

// resolveAll resolves while it scans: unlike pages, a scan misses nothing when its results change meanwhile.
func (r *resolver) resolveAll(ctx context.Context, days int) error {
	idle := cfchat.Where(cfchat.Equal(cfchat.AttributeStatus, cfchat.StatusOpen)).And(cfchat.DaysBefore(cfchat.AttributeLastActivityAt, days))
	for found, err := range r.account.Conversations.Scan(ctx, idle, cfchat.ConversationScanOptions{}) {
		if e, ok := errors.AsType[*cfchat.Error](err); ok && e.ConversationID != 0 {
			r.tell(&cfchat.Conversation{ID: e.ConversationID}, failed, err.Error())
			continue
		}
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err() // the scan would yield the rest of its page
		}
		what, why := wouldResolve, ""
		if !r.dryRun {
			what, why = r.resolve(ctx, found)
		}
		r.tell(found, what, why)
	}
	return nil
}

// resolve resolves one conversation if it is unchanged since it was found.
func (r *resolver) resolve(ctx context.Context, found *cfchat.Conversation) (what outcome, why string) {
	now, err := r.account.Conversations.Get(ctx, found.ID)
	switch {
	case errors.Is(err, cfchat.ErrNotFound):
		return skipped, "it is gone"
	case err != nil:
		return failed, err.Error()
	case now.Status != cfchat.StatusOpen:
		return skipped, "it is " + string(now.Status) + " now"
	case now.Timestamp.After(found.Timestamp.Time):
		return skipped, "it was active " + when(now)
	}
	_, err = r.account.Conversations.SetStatus(ctx, found.ID, cfchat.StatusResolved)
	switch {
	case errors.Is(err, cfchat.ErrUnknownOutcome):
		return unknown, err.Error()
	case err != nil:
		return failed, err.Error()
	}
	return resolved, ""
}
