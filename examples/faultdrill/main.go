// Command faultdrill plays every failure that a call can meet, each on a stand-in server of its own, and prints what the
// caller saw, whether the server stored the change, and what a program should do.
//
//	go run ./examples/faultdrill
//
// It needs no account, reads no environment variables, and only uses its own servers. It takes some seconds, because it
// waits between tries as with a real server. -texts prints the error below each line, and -only selects the lines that
// contain a text, such as ErrUnknownOutcome or SetStatus.
//
// The last column is made by [advice] from the error alone, as a program would have to. The command exits with 1 if the
// advice is wrong: if it says to call again although the change was stored.
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
	"sync"
	"syscall"
	"text/tabwriter"

	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "faultdrill:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("faultdrill", flag.ContinueOnError)
	only := flags.String("only", "", "print only the lines that contain this `text`")
	texts := flags.Bool("texts", false, "print the error below each line")
	flags.Usage = func() {
		_, _ = fmt.Fprintln(out, "Usage of faultdrill:")
		flags.PrintDefaults()
		_, _ = fmt.Fprintln(out, "It reads no environment variables: its stand-in servers run in this process.")
	}
	if err := connect.Parse(flags, args, out, connect.Hint); err != nil {
		return err
	}
	outcomes, err := playAll(ctx)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return printTable(out, outcomes, *only, *texts)
}

// playAll plays all drills at the same time, because most of the time is spent waiting.
func playAll(ctx context.Context) ([]outcome, error) {
	outcomes, failed := make([]outcome, len(drills)), make([]error, len(drills))
	var all sync.WaitGroup
	for i, d := range drills {
		all.Go(func() { outcomes[i], failed[i] = d.play(ctx) })
	}
	all.Wait()
	return outcomes, errors.Join(failed...)
}

// printTable writes the table, and fails if the advice in a line is wrong.
func printTable(out io.Writer, outcomes []outcome, only string, texts bool) error {
	var lines strings.Builder
	table := tabwriter.NewWriter(&lines, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "PLAYED\tCALL\tTRIES\tTHE CALLER SAW\tSTORED\tWHAT TO DO")
	wrong := 0
	for _, o := range outcomes {
		advice := o.advice
		if o.misleads() {
			wrong++
			advice += " (WRONG)"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\t%s\n", o.played, o.call.name, o.tries, strings.Join(o.saw, ", "), o.stored, advice)
	}
	_ = table.Flush()
	n := 0
	for line := range strings.Lines(lines.String()) {
		if n == 0 || strings.Contains(line, only) {
			_, _ = io.WriteString(out, line)
			if texts && n > 0 && outcomes[n-1].err != nil {
				_, _ = fmt.Fprintf(out, "    %v\n", outcomes[n-1].err)
			}
		}
		n++
	}
	if wrong > 0 {
		return fmt.Errorf("wrong advice: %d", wrong)
	}
	return nil
}
