package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/account"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/connect"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/database"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/exit"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/mirror"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/progress"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/requests"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// syncFlags holds the flags of sync.
type syncFlags struct {
	readFlags

	to     string
	every  time.Duration
	repair time.Duration
	listen string

	receiver *receiver // nil without --listen
}

func newSync(env func(string) string) *cobra.Command {
	f := new(syncFlags)
	command := &cobra.Command{
		Use:   "sync --to chat.db|postgres://...",
		Short: "Keep a copy of an account current in SQLite or PostgreSQL",
		Long: `Keep a copy of an account current in SQLite or PostgreSQL: the first run copies
everything, later ones only what has changed. Once a day everything is read
again, which also finds deletions, and changes that are in no list of changes.

It can be killed at any time. The same command continues where it stopped, with
nothing missing and nothing duplicated. A database belongs to one server, one
account and one kind of key, and is refused for any other.

The exit status is 0 if the copy is current, 3 if something could not be read
(the table unreadable says what, and why), 1 if it failed, 2 if a flag is wrong,
and 130 or 143 if SIGINT or SIGTERM ended it. docs/sync.md in the repository
describes the tables, the views, and what a copy cannot know.

` + connect.Help + `
PostgreSQL's password is read from PGPASSWORD or ~/.pgpass. The webhook's secret
is read from ` + webhookSecretVariable + `; if the server does not sign,
` + webhookPathVariable + ` is a random text that the webhook's address ends in.`,
		Example: `  cfchat sync --to chat.db
  cfchat sync --to chat.db --every 1m
  cfchat sync --to chat.db --every 1m --listen :8080
  cfchat sync --to postgres://me@db.example.com/chat --every 1m --shard 0/4
  cfchat sync --to demo.db --stand-in`,
		Args: noArguments,
		RunE: func(command *cobra.Command, _ []string) error { return f.run(command, env) },

		DisableFlagsInUseLine: true,
	}
	flags := command.Flags()
	f.add(flags, env)
	flags.StringVar(&f.to, "to", "", "the `database`: a file, or postgres://user@host/name")
	flags.DurationVar(&f.every, "every", 0, "keep running, and fetch changes at each `interval`, such as 1m")
	flags.StringVar(&f.listen, "listen", "", "receive webhook deliveries at this `address`, such as :8080")
	flags.DurationVar(&f.repair, "repair", 24*time.Hour, "read everything again after this `interval`")
	return command
}

// run keeps a copy current and reports the result.
func (f *syncFlags) run(command *cobra.Command, env func(string) string) error {
	options, err := f.options(command.Context(), env)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	requests := new(requests.Counter)
	chat, account, stop, err := f.account(requests)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	defer stop()
	db, err := database.Open(command.Context(), f.to, shardOrWhole(options.Shard))
	if err != nil {
		return err
	}
	if f.mayBeReadByAll() && !f.quiet && !f.json {
		_, _ = fmt.Fprintf(command.ErrOrStderr(), "cfchat: every user of this machine can read %s; to prevent that, run: chmod 600 %[1]s\n", f.to)
	}
	meter, begun := progress.New(command.ErrOrStderr(), f.mode()), time.Now()
	err = f.keep(command.Context(), options, chat, account, db, requests, meter)
	meter.Finish(ended(command.Context(), err))
	switch {
	case err == nil:
		err = f.end(command.Context(), command.OutOrStdout(), db, requests.Sent(), time.Since(begun))
	case command.Context().Err() != nil:
		err = errors.New("run the same command again to continue")
	case mirror.IsPassing(err):
		err = fmt.Errorf("%w; run the same command again to continue", err)
	}
	if closed := db.Close(); err == nil {
		err = closed
	}
	return err
}

// keep keeps a copy current, and with --listen receives webhook deliveries meanwhile.
func (f *syncFlags) keep(ctx context.Context, options mirror.Options, chat *cfchat.Chat, account *cfchat.Account, db *database.DB, sent *requests.Counter, meter *progress.Meter) error {
	options.Failed = func(err error) {
		meter.Warn(fmt.Sprintf("%s; trying again within %s", connect.Text(err), f.every))
	}
	tell := func(format string, args ...any) { _, _ = fmt.Fprintf(meter, "cfchat: "+format+"\n", args...) }
	if !f.quiet && !f.json {
		options.Current = news(ctx, db, tell)
	}
	if f.receiver != nil {
		if err := f.receiver.check(ctx, chat); err != nil {
			return err
		}
		options.Hints = mirror.NewHints()
		refused := func(err error) { meter.Warn("problem with --listen: " + exit.Text(err)) }
		at, stop, err := f.receiver.serve(ctx, f.listen, account.ID(), options.Hints.Take, refused)
		if err != nil {
			return err
		}
		defer stop()
		if !f.quiet && !f.json {
			tell("listening at %s", at)
		}
	}
	return mirror.Run(ctx, chat, account, db, options, sent, meter)
}

// mayBeReadByAll reports whether the copy is a file that everybody on the machine can read. A file that the program creates
// is not.
func (f *syncFlags) mayBeReadByAll() bool {
	info, err := os.Stat(f.to)
	return err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o004 != 0
}

// options returns the options that the flags and the job's scheduler set.
func (f *syncFlags) options(ctx context.Context, env func(string) string) (o mirror.Options, err error) {
	o = mirror.Options{Every: f.every, Repair: f.repair, Concurrency: f.concurrency, Server: account.ServerName(f.server())}
	if err := cmp.Or(f.nonsense(), f.wrong()); err != nil {
		return o, err
	}
	if o.Shard, err = f.shardOf(env); err != nil {
		return o, err
	}
	if f.listen != "" {
		if err := checkListen(ctx, f.listen); err != nil {
			return o, err
		}
		if f.receiver, err = newReceiver(env); err != nil {
			return o, err
		}
	}
	return o, database.Check(f.to, shardOrWhole(o.Shard))
}

// nonsense reports an invalid value of a flag that only sync has.
func (f *syncFlags) nonsense() error {
	switch {
	case f.every < 0 || f.every > 0 && f.every < time.Second:
		return fmt.Errorf("--every %s: give at least 1s, such as 1m, or leave it out to run once", f.every)
	case f.listen != "" && f.every == 0:
		return errors.New("--listen: give --every too, such as --every 1m, which finds changes that no webhook reports")
	case f.repair <= 0:
		return fmt.Errorf("--repair %s: give the time after which everything is read again, such as 24h", f.repair)
	}
	return nil
}

func shardOrWhole(shard *shards.Shard) shards.Shard {
	if shard == nil {
		return shards.Shard{Of: 1}
	}
	return *shard
}
