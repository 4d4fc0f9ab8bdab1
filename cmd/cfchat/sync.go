package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/archive"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/connect"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/database"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/exit"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/export"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/mirror"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/progress"
)

// syncFlags are what the flags of sync say.
type syncFlags struct {
	readFlags

	to     string
	every  time.Duration
	repair time.Duration
}

func newSync(env func(string) string) *cobra.Command {
	f := new(syncFlags)
	command := &cobra.Command{
		Use:   "sync --to chat.db|postgres://...",
		Short: "Keep a copy of an account current in SQLite or PostgreSQL",
		Long: `Keep a copy of an account current in SQLite or PostgreSQL: the first time all of
it, and then what has changed. Once a day everything is read again, which also
finds what shows in no list of changes, and what was deleted.

It can be killed at any time. The same command goes on where it stopped; nothing
is missing then, and nothing is there twice. A database is one server's, one
account's and one kind of key's, and is refused to any other.

The exit status is 0 when the copy is current, 3 when something could not be
read, which the table unreadable names with the reason, 1 when it failed, 2
where a flag is wrong, and 130 or 143 when SIGINT or SIGTERM has ended it.
docs/sync.md of the repository has the tables, the views, and what a copy cannot
know.

` + connect.Help + `
A password of PostgreSQL is read from PGPASSWORD or ~/.pgpass.`,
		Example: `  cfchat sync --to chat.db
  cfchat sync --to chat.db --every 1m
  cfchat sync --to postgres://me@db.example.com/chat --every 1m --shard 0/4
  cfchat sync --to demo.db --stand-in`,
		Args: noArguments,
		RunE: func(command *cobra.Command, _ []string) error { return f.run(command, env) },

		DisableFlagsInUseLine: true,
	}
	flags := command.Flags()
	f.add(flags, env)
	flags.StringVar(&f.to, "to", "", "the `database`: a file, or postgres://user@host/name")
	flags.DurationVar(&f.every, "every", 0, "stay, and ask for what has changed at each `interval`, such as 1m")
	flags.DurationVar(&f.repair, "repair", 24*time.Hour, "read everything again when it is older than this `age`")
	return command
}

// run keeps a copy, and says what came of it.
func (f *syncFlags) run(command *cobra.Command, env func(string) string) error {
	options, err := f.options(env)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	requests := new(export.Requests)
	chat, account, stop, err := f.account(requests)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	defer stop()
	db, err := database.Open(command.Context(), f.to, shardOrWhole(options.Shard))
	if err != nil {
		return err
	}
	meter := progress.New(command.ErrOrStderr(), f.mode())
	options.Failed = func(err error) {
		if !f.quiet && !f.json {
			_, _ = fmt.Fprintf(meter, "cfchat: %s; trying again within %s\n", connect.InFlags(exit.Text(err)), f.every)
		}
	}
	begun := time.Now()
	err = mirror.Run(command.Context(), chat, account, db, options, requests, meter)
	meter.Finish(err)
	switch {
	case err == nil:
		err = f.end(command.Context(), command.OutOrStdout(), db, requests.Sent(), time.Since(begun))
	case command.Context().Err() != nil:
		err = errors.New("run the same command again to go on")
	default:
		err = fmt.Errorf("%w; run the same command again to go on", err)
	}
	if closed := db.Close(); err == nil {
		err = closed
	}
	return err
}

// options returns what the flags say, and what the scheduler says whose job it is.
func (f *syncFlags) options(env func(string) string) (o mirror.Options, err error) {
	o = mirror.Options{Every: f.every, Repair: f.repair, Concurrency: f.concurrency, Server: f.server()}
	if err := cmp.Or(f.nonsense(), f.wrong()); err != nil {
		return o, err
	}
	if o.Shard, err = f.shardOf(env); err != nil {
		return o, err
	}
	return o, database.Check(f.to, shardOrWhole(o.Shard))
}

// nonsense reports a flag of sync alone whose value makes no sense.
func (f *syncFlags) nonsense() error {
	switch {
	case f.every < 0 || f.every > 0 && f.every < time.Second:
		return fmt.Errorf("--every %s: give at least 1s, such as 1m, or leave it out to ask once", f.every)
	case f.repair <= 0:
		return fmt.Errorf("--repair %s: give how old what was read may get, such as 24h", f.repair)
	}
	return nil
}

func shardOrWhole(shard *archive.Shard) archive.Shard {
	if shard == nil {
		return archive.Shard{Of: 1}
	}
	return *shard
}

// end says what is in the copy, and whether something could not be read.
func (f *syncFlags) end(ctx context.Context, out io.Writer, db *database.DB, requests int64, took time.Duration) error {
	counts, err := db.Counts(ctx)
	if err != nil {
		return err
	}
	unread, err := db.Unreadable(ctx)
	if err != nil {
		return err
	}
	if !f.quiet && !f.json {
		printSync(out, db.Name, counts, requests, took)
	}
	if unread > 0 {
		return exit.With(unreadable, fmt.Errorf("%d could not be read; the table unreadable of %s says which, and why", unread, db.Name))
	}
	return nil
}

func printSync(out io.Writer, name string, counts []database.Count, requests int64, took time.Duration) {
	p := tabwriter.NewWriter(out, 0, 0, 1, ' ', tabwriter.AlignRight)
	for _, c := range counts {
		_, _ = fmt.Fprintf(p, "%d\t %s\n", c.Rows, c.Table)
	}
	_ = p.Flush()
	_, _ = fmt.Fprintf(out, "%d requests in %s. %s is current.\n", requests, took.Round(100*time.Millisecond), name)
}
