package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/time/rate"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/connect"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/progress"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/requests"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// readFlags are what the flags say of how an account is read.
type readFlags struct {
	connect     *connect.Options
	shard       string
	shards      int
	standIn     bool
	concurrency int
	perMinute   int
	json, quiet bool
}

// add makes the flags.
func (f *readFlags) add(flags *pflag.FlagSet, env func(string) string) {
	f.connect = connect.Add(flags, env)
	flags.StringVar(&f.shard, "shard", "", "only the part `I/N` of the account; 0/4 is the first of four")
	flags.IntVar(&f.shards, "shards", 0, "read one of `N` parts; which one is taken from the scheduler of the job")
	flags.IntVar(&f.concurrency, "concurrency", 4, "read `N` conversations at once")
	flags.IntVar(&f.perMinute, "limit", 0, "at most `N` requests a minute; 0 is as many as the server takes")
	flags.BoolVar(&f.standIn, "stand-in", false, "read a stand-in that this program starts, to have a look")
	flags.BoolVar(&f.json, "json", false, "print progress as JSON, one object a line, and how it ended")
	flags.BoolVar(&f.quiet, "quiet", false, "print errors only")
}

// wrong reports flags that do not go together, or whose value makes no sense.
func (f *readFlags) wrong() error {
	switch {
	case f.json && f.quiet:
		return errors.New("--json and --quiet: choose one of them")
	case f.shard != "" && f.shards != 0:
		return errors.New("--shard says how many there are too; leave --shards out")
	case f.standIn && (f.connect.Account != 0 || f.connect.Server != ""):
		return errors.New("--stand-in is no real account; leave --account and --server out")
	case f.concurrency < 1:
		return fmt.Errorf("--concurrency %d: give at least 1", f.concurrency)
	case f.perMinute < 0:
		return fmt.Errorf("--limit %d: give how many requests there may be in a minute, or 0 for as many as the server takes", f.perMinute)
	case f.shards < 0:
		return fmt.Errorf("--shards %d: give how many there are", f.shards)
	}
	return nil
}

// shardOf returns which part of the account is read, nil for all of it.
func (f *readFlags) shardOf(env func(string) string) (*shards.Shard, error) {
	if f.shard != "" {
		return shards.Parse(f.shard)
	}
	return shards.OfJob(f.shards, env)
}

// server returns what the server is called.
func (f *readFlags) server() string {
	if f.standIn {
		return standInName
	}
	_, server, _ := f.connect.Named()
	return server
}

// maxBody is how many bytes an answer may have: a page of the longest messages.
const maxBody = 256 << 20

// account returns the client of the account, or of a stand-in's, and what ends it.
func (f *readFlags) account(requests *requests.Counter) (*cfchat.Chat, *cfchat.Account, func(), error) {
	configure := func(c *cfchat.Config) {
		c.MaxBody = maxBody
		if c.Limiter = requests; f.perMinute > 0 { // evenly, so that nobody waits long without knowing why
			c.Limiter = requests.Within(rate.NewLimiter(rate.Every(time.Minute/time.Duration(f.perMinute)), 1))
		}
	}
	if f.standIn {
		return standIn(configure)
	}
	if !f.connect.IsSet() {
		return nil, nil, nil, errors.New("name an account, by --account and " + connect.UserKeyVariable + ", or give --stand-in to have a look")
	}
	chat, account, err := f.connect.Connect(configure)
	return chat, account, func() {}, err
}

// mode returns how the command shows how it gets on: where standard error is no terminal, not at all.
func (f *readFlags) mode() progress.Mode {
	switch {
	case f.json:
		return progress.JSON
	case f.quiet:
		return progress.Quiet
	}
	return progress.Bar
}

// ended returns the error that the progress ends with, which is that of the context where it has ended the command, whatever failed then.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
