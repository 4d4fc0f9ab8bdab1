// Command cfchat is for people who run an account of ClickFunnels Chat: it shows the API at work, checks a server, and
// exports or mirrors an account.
//
//	go -C cmd/cfchat run . tour
//
// See cfchat --help for the rest.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/connect"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/exit"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

// run runs a command line and returns its exit status. The first SIGINT or SIGTERM lets the command end at a safe point; a
// second one ends the program.
func run(args []string) int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		s, _ := (<-signals).(syscall.Signal)
		signal.Stop(signals)
		cancel(exit.Signal(s))
	}()
	command := newCommand(os.Getenv)
	command.SetArgs(args)
	err := command.ExecuteContext(ctx)
	if s, ok := errors.AsType[exit.Signal](context.Cause(ctx)); ok && err != nil {
		err = exit.Interrupted(err, s)
	}
	if text := connect.Text(err); text != "" {
		_, _ = fmt.Fprintln(os.Stderr, "cfchat:", text)
	}
	return exit.Status(err)
}
