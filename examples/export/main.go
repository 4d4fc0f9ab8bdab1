// Command export writes all conversations of an account, of every status, to a file: one a line as JSON, in the order of
// their ids.
//
//	CFCHAT_USER_API_KEY=… CFCHAT_ACCOUNT_ID=56 go run ./examples/export -o conversations.ndjson
//
// It can be killed at any moment, in the middle of a line too. Run again, it cuts a half line off and goes on after the
// last whole one. When a run ends without an error, every conversation that was there from the start of the first run to
// the end of the last is in one of two files, once: in FILE, as it was when it was read, or, if the server could not
// answer it, in FILE.errors with the reason. Neither is looked at again; a later run adds what is new.
//
// This holds for a killed program, not for a machine that loses power, and for one program at a time. A user's key shows
// what that person sees; to have all of the account, take an administrator's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "export:", err)
		os.Exit(1)
	}
}

// export is one run.
type export struct {
	account *cfchat.Account
	name    string // of the file
	options cfchat.ConversationScanOptions
	files   files

	out      io.Writer
	terminal bool  // out is one
	tenths   int64 // of the way that were reported

	written, requests int
}

func run(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	x := &export{out: out}
	flags := flag.NewFlagSet("export", flag.ContinueOnError)
	flags.StringVar(&x.name, "o", "conversations.ndjson", "the `file` to write; if it is an export already, to go on with")
	flags.Int64Var(&x.options.After, "after", 0, "the `id` after which to start")
	flags.IntVar(&x.options.Concurrency, "concurrency", 4, "how many requests run at once")
	flags.Usage = connect.Usage(flags)
	if err := connect.Parse(flags, args, out, "name the file with -o"); err != nil {
		return err
	}
	if err := errors.Join(connect.AtLeast("after", x.options.After, 0), connect.AtLeast("concurrency", x.options.Concurrency, 1)); err != nil {
		return err
	}
	if file, ok := out.(*os.File); ok {
		info, err := file.Stat()
		x.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	stop, err := x.connect(env)
	if err != nil {
		return err
	}
	defer stop()
	if x.files, err = openFiles(x.name, x.account.ID()); err != nil {
		return err
	}
	return x.export(ctx)
}

// export goes on where the files end, and closes them.
func (x *export) export(ctx context.Context) error {
	last := x.files.last()
	if 0 < last && last < x.options.After {
		return errors.Join(x.files.close(), fmt.Errorf("%s goes up to conversation %d, and -after %d would leave out what is between",
			x.name, last, x.options.After))
	}
	if last > 0 {
		x.options.After = last
		x.printf("%s goes up to conversation %d; going on after it\n", x.name, last)
	}
	start := time.Now()
	x.options.Progress = x.progress
	err := errors.Join(x.scan(ctx), x.files.close())
	x.clear()
	x.printf("Written: %d, with %d requests in %.1f seconds\n", x.written, x.requests, time.Since(start).Seconds())
	x.printf("%s holds %d now\n", x.name, x.files.conversations.count)
	if n := x.files.errors.count; n > 0 {
		x.printf("%d could not be read; see %s.errors\n", n, x.name)
	}
	if err == nil {
		return nil
	}
	x.printf("It stopped before the end; run it again to go on.\n")
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}

func (x *export) scan(ctx context.Context) error {
	for conversation, err := range x.account.Conversations.Scan(ctx, cfchat.Filter{}, x.options) {
		if e, ok := errors.AsType[*cfchat.Error](err); ok && e.ConversationID != 0 {
			err = x.files.writeError(x.account.ID(), e)
		} else if err == nil {
			x.written++
			err = x.files.conversations.write(conversation.ID, conversation)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// progress shows how far the scan is: a bar on a terminal, and elsewhere, where it may go to a log, a line for every tenth.
func (x *export) progress(at cfchat.ScanProgress) {
	x.requests = at.Requests
	percent := at.LastID * 100 / max(at.End, 1)
	text := fmt.Sprintf("%3d%%  conversation %d of %d", percent, at.LastID, at.End)
	if n := x.files.errors.count; n > 0 {
		text += fmt.Sprintf(", %d unreadable", n)
	}
	if x.terminal {
		x.printf("\r[%-25s] %-50s", strings.Repeat("#", int(percent)/4), text)
	} else if percent/10 > x.tenths {
		x.tenths = percent / 10
		x.printf("%s\n", text)
	}
}

// clear takes the bar off the screen.
func (x *export) clear() {
	if x.terminal {
		x.printf("\r%78s\r", "")
	}
}

func (x *export) printf(format string, args ...any) { _, _ = fmt.Fprintf(x.out, format, args...) }
