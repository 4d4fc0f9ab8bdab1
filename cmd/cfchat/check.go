package main

import (
	"github.com/spf13/cobra"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/check"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/connect"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/exit"
)

// newCheck returns the command that checks whether a server conforms to the contract.
func newCheck(env func(string) string) *cobra.Command {
	command := &cobra.Command{
		Use:   "check",
		Short: "Check, without writing, whether a server conforms to openapi.yaml",
		Long:  check.Help() + "\n\n" + connect.Help,
		Example: `  cfchat check --account 56
  cfchat check --account 56 --server https://chat.example.com --json`,
		Args: noArguments,
	}
	named := connect.Add(command.Flags(), env)
	asJSON := command.Flags().Bool("json", false, "print JSON for programs")
	command.RunE = func(c *cobra.Command, _ []string) error {
		account, server, err := named.Named()
		if err != nil {
			return exit.With(check.StatusUnchecked, err)
		}
		o := check.Options{Account: account, Server: server, Key: env(connect.UserKeyVariable), JSON: *asJSON}
		return check.Run(c.Context(), o, c.OutOrStdout())
	}
	return command
}
