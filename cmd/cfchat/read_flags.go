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

// readFlags holds the flags for how to read an account.
type readFlags struct {
	connect     *connect.Options
	shard       string
	shards      int
	standIn     bool
	concurrency int
	perMinute   int
	json, quiet bool
}

// add defines the flags.
func (f *readFlags) add(flags *pflag.FlagSet, env func(string) string) {
	f.connect = connect.Add(flags, env)
	flags.StringVar(&f.shard, "shard", "", "only the part `I/N` of the account; 0/4 is the first of four")
	flags.IntVar(&f.shards, "shards", 0, "read one of `N` parts; the job's scheduler says which")
	flags.IntVar(&f.concurrency, "concurrency", 4, "read `N` conversations at once")
	flags.IntVar(&f.perMinute, "limit", 0, "at most `N` requests a minute; 0 for as many as the server accepts")
	flags.BoolVar(&f.standIn, "stand-in", false, "read a stand-in that this program starts, to try it out")
	flags.BoolVar(&f.json, "json", false, "print progress as JSON, one object per line, and the result")
	flags.BoolVar(&f.quiet, "quiet", false, "print errors only")
}

// wrong reports conflicting flags and invalid values.
func (f *readFlags) wrong() error {
	switch {
	case f.json && f.quiet:
		return errors.New("--json and --quiet: use only one of them")
	case f.shard != "" && f.shards != 0:
		return errors.New("--shard includes the number of shards; leave --shards out")
	case f.standIn && (f.connect.Account != 0 || f.connect.Server != ""):
		return errors.New("--stand-in is not a real account; leave --account and --server out")
	case f.concurrency < 1:
		return fmt.Errorf("--concurrency %d: give at least 1", f.concurrency)
	case f.perMinute < 0:
		return fmt.Errorf("--limit %d: give the number of requests per minute, or 0 for as many as the server accepts", f.perMinute)
	case f.shards < 0:
		return fmt.Errorf("--shards %d: give the number of shards", f.shards)
	}
	return nil
}

// shardOf returns the part of the account to read, nil for all of it.
func (f *readFlags) shardOf(env func(string) string) (*shards.Shard, error) {
	if f.shard != "" {
		return shards.Parse(f.shard)
	}
	return shards.OfJob(f.shards, env)
}

// server returns the name of the server.
func (f *readFlags) server() string {
	if f.standIn {
		return standInName
	}
	_, server, _ := f.connect.Named()
	return server
}

// maxBody is the largest answer in bytes: a page of the longest messages.
const maxBody = 256 << 20

// account returns the client and the account, or those of a stand-in, and a function that ends the stand-in.
func (f *readFlags) account(requests *requests.Counter) (*cfchat.Chat, *cfchat.Account, func(), error) {
	configure := func(c *cfchat.Config) {
		c.MaxBody = maxBody
		if c.Limiter = requests; f.perMinute > 0 { // spread evenly, so that there is no long unexplained wait
			c.Limiter = requests.Within(rate.NewLimiter(rate.Every(time.Minute/time.Duration(f.perMinute)), 1))
		}
	}
	if f.standIn {
		return standIn(configure)
	}
	if !f.connect.IsSet() {
		return nil, nil, nil, errors.New("name an account with --account and " + connect.UserKeyVariable + ", or use --stand-in to try it out")
	}
	chat, account, err := f.connect.Connect(configure)
	return chat, account, func() {}, err
}

// mode returns how the command shows its progress: not at all if standard error is not a terminal.
func (f *readFlags) mode() progress.Mode {
	switch {
	case f.json:
		return progress.JSON
	case f.quiet:
		return progress.Quiet
	}
	return progress.Bar
}

// ended returns the error that the progress ends with: the context's if it has ended the command, whatever failed as a
// result.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
