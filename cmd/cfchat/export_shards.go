package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/archive"
)

func newMerge() *cobra.Command {
	var out string
	command := &cobra.Command{
		Use:   "merge --out DIR SHARD...",
		Short: "Put the shards of an account together, after verifying each",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, shards []string) error {
			begun := time.Now()
			m, err := archive.Merge(command.Context(), out, shards)
			if err != nil {
				return err
			}
			printExport(command.OutOrStdout(), out, &m, 0, time.Since(begun))
			return whole(out, &m)
		},
	}
	command.Flags().StringVar(&out, "out", "", "the `folder` to write to")
	_ = command.MarkFlagRequired("out")
	return command
}

func newVerify() *cobra.Command {
	return &cobra.Command{
		Use:   "verify DIR...",
		Short: "Read exports and compare them with their manifests",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, dirs []string) error {
			for _, dir := range dirs {
				m, err := archive.Verify(command.Context(), dir)
				if err != nil {
					return err
				}
				rows := int64(0)
				for _, file := range m.Files {
					rows += file.Rows
				}
				_, _ = fmt.Fprintf(command.OutOrStdout(), "%s is as its manifest says: %d rows in %d files, %d could not be read\n",
					dir, rows, len(m.Files), len(m.Unreadable))
			}
			return nil
		},
	}
}
