package main

import "github.com/spf13/cobra"

// newCommand returns the whole command, which reads its environment by a function.
func newCommand(env func(string) string) *cobra.Command {
	root := &cobra.Command{
		Use:           "cfchat",
		Short:         "Show, check and export an account of ClickFunnels Chat",
		SilenceErrors: true, // main prints them
		SilenceUsage:  true, // which hides what was wrong
	}
	root.AddCommand(newExport(env))
	return root
}
