package main

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/connect"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/exit"
)

const rootHelp = `Show, check, export and mirror an account of ClickFunnels Chat.

` + connect.Help + `

The exit status is 0, or 1 if something failed, 2 if a flag or an argument is
wrong, 130 after an interruption and 143 after a SIGTERM; the help of a command
may list more. go run turns all but 0 into 1, and prints the original status.`

// newCommand returns the whole command, which reads its environment with a function.
func newCommand(env func(string) string) *cobra.Command {
	root := &cobra.Command{
		Use:                        "cfchat",
		Short:                      "Show, check, export and mirror an account of ClickFunnels Chat",
		Long:                       rootHelp,
		Version:                    version(),
		Args:                       noArguments,
		RunE:                       func(c *cobra.Command, _ []string) error { return c.Help() },
		SilenceErrors:              true, // main prints them
		SilenceUsage:               true, // it would hide the error
		DisableFlagsInUseLine:      true, // there are only --help and --version
		SuggestionsMinimumDistance: 2,
	}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", ".FlagUsagesWrapped 80"))
	root.SetFlagErrorFunc(wrongFlag)
	root.AddCommand(newTour(env), newCheck(env), newExport(env), newSync(env))
	return root
}

// version returns the versions of the module that this program was built from, and of Go.
func version() string {
	module := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok {
		module = cmp.Or(info.Main.Version, module)
	}
	return module + " " + runtime.Version()
}

// wrongFlag explains what is wrong with a flag, and where the flags are listed.
func wrongFlag(c *cobra.Command, err error) error {
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		err = fmt.Errorf("--%s: %s", e.GetFlag().Name, wrongValue(e.GetFlag().Value.Type(), e.GetValue()))
	}
	return exit.With(exit.Usage, fmt.Errorf("%w; %s --help lists the flags", err, c.CommandPath()))
}

// wrongValue says what is wrong with the value of a flag of a type.
func wrongValue(kind, value string) string {
	switch kind {
	case "bool":
		return "it takes no value"
	case "duration":
		return fmt.Sprintf("%q is not a length of time; give a number and a unit, such as 1m", value)
	}
	return fmt.Sprintf("%q is not a number", value)
}

// noArguments refuses an argument that is neither a command nor a flag, and suggests what may have been meant.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if c.HasParent() {
		err := fmt.Errorf("%q: %s only takes flags; %[2]s --help lists them", args[0], c.CommandPath())
		return exit.With(exit.Usage, err)
	}
	meant := ""
	if names := c.SuggestionsFor(args[0]); len(names) > 0 {
		meant = "did you mean " + strings.Join(names, " or ") + "? "
	}
	err := fmt.Errorf("there is no command %q; %s%s --help lists the commands", args[0], meant, c.CommandPath())
	return exit.With(exit.Usage, err)
}
