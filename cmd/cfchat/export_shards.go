package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/archive"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/exit"
)

func newMerge() *cobra.Command {
	var out string
	command := &cobra.Command{
		Use:   "merge --out DIR SHARD...",
		Short: "Merge the shards of an account, after verifying each",
		Long: `Merge the shards of an account into a separate folder, after verifying each,
and that none is missing. If it is killed, the same command starts again.`,
		Example: "  cfchat export merge --out backup part-0 part-1 part-2 part-3",
		Args:    folders,

		DisableFlagsInUseLine: true,
		RunE: func(command *cobra.Command, shards []string) error {
			if out == "" {
				return exit.With(exit.Usage, errNoFolder)
			}
			m, err := archive.Merge(command.Context(), out, shards)
			if err != nil {
				return err
			}
			printExport(command.OutOrStdout(), out, &m)
			return whole(out, &m)
		},
	}
	command.Flags().StringVar(&out, "out", "", "the `folder` to write to")
	return command
}

func newVerify() *cobra.Command {
	return &cobra.Command{
		Use:   "verify DIR...",
		Short: "Read exports and compare them with their manifests",
		Long: `Read exports and compare them with their manifests: each file with its rows and
its SHA-256, no row twice, no message without its conversation, and each
attachment's file present and complete.`,
		Example: "  cfchat export verify backup",
		Args:    folders,

		DisableFlagsInUseLine: true,
		RunE: func(command *cobra.Command, dirs []string) error {
			for _, dir := range dirs {
				m, err := archive.Verify(command.Context(), dir)
				if err != nil {
					return err
				}
				_, _ = fmt.Fprintf(command.OutOrStdout(), "%s matches its manifest: %d rows in %d files, %d things could not be read\n",
					dir, m.Written(), len(m.Files), len(m.Unreadable))
			}
			return nil
		},
	}
}

// folders rejects a command line without folders.
func folders(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return exit.With(exit.Usage, fmt.Errorf("name the folders; %s --help has an example", c.CommandPath()))
	}
	return nil
}
