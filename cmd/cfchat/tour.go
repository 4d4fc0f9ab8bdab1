package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/connect"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/exit"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/tour"
)

const tourHelp = `Count, list, filter, scan and change conversations, and show what is answered.

Without an account it uses a stand-in server in this program, which needs
nothing and sends nothing from the machine. With a key and an account it uses a
real one, which it only reads. With --write, --inbox and --contact it also
creates a conversation there and changes its status. It first says what it will
write, or without --write what it would.

` + connect.Help + `
If ` + connect.BotKeyVariable + ` has the key of an agent bot, the bot writes.`

// newTour returns the command that shows the operations.
func newTour(env func(string) string) *cobra.Command {
	var o tour.Options
	command := &cobra.Command{
		Use:   "tour",
		Short: "Show what the operations answer, on a stand-in or a real account",
		Long:  tourHelp,
		Example: `  cfchat tour
  cfchat tour --account 56
  cfchat tour --account 56 --write --inbox 3 --contact 1042`,
		Args: noArguments,
	}
	flags := command.Flags()
	named := connect.Add(flags, env)
	flags.BoolVar(&o.Write, "write", false, "create a conversation and change its status, on a real account")
	flags.Int64Var(&o.Inbox, "inbox", 0, "the `number` of the inbox to create it in")
	flags.Int64Var(&o.Contact, "contact", 0, "the `number` of the contact to create it for")
	command.RunE = func(c *cobra.Command, _ []string) error {
		if err := checkTour(c, named, o); err != nil {
			return exit.With(exit.Usage, err)
		}
		if !named.IsSet() {
			return tour.RunOnStandIn(c.Context(), c.OutOrStdout())
		}
		_, account, err := named.Connect()
		if err != nil {
			return exit.With(exit.Usage, err)
		}
		_, o.Server, _ = named.Named()
		return tour.Run(c.Context(), account, o, c.OutOrStdout())
	}
	return command
}

// checkTour refuses conflicting flags.
func checkTour(c *cobra.Command, named *connect.Options, o tour.Options) error {
	for _, name := range []string{"write", "inbox", "contact"} {
		if c.Flags().Changed(name) && !named.IsSet() {
			return fmt.Errorf("--%s is for a real account; set %s, and name the account with --account",
				name, connect.UserKeyVariable)
		}
	}
	switch {
	case o.Inbox < 0:
		return errors.New("--inbox: must be 1 or more")
	case o.Contact < 0:
		return errors.New("--contact: must be 1 or more")
	case o.Write && (o.Inbox == 0 || o.Contact == 0):
		return errors.New("--write: say where and for whom, with --inbox and --contact")
	}
	return nil
}
