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

The exit status is 0, or 1 where something failed, 2 where a flag or an argument
is wrong, 130 after an interruption and 143 after a SIGTERM, unless the help of
a command says more of it. go run makes 1 of all but 0, and prints what it was.`

// newCommand returns the whole command, which reads its environment by a function.
func newCommand(env func(string) string) *cobra.Command {
	root := &cobra.Command{
		Use:                        "cfchat",
		Short:                      "Show, check, export and mirror an account of ClickFunnels Chat",
		Long:                       rootHelp,
		Version:                    version(),
		Args:                       noArguments,
		RunE:                       func(c *cobra.Command, _ []string) error { return c.Help() },
		SilenceErrors:              true, // main prints them
		SilenceUsage:               true, // which hides what was wrong
		DisableFlagsInUseLine:      true, // there are --help and --version alone
		SuggestionsMinimumDistance: 2,
	}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", ".FlagUsagesWrapped 80"))
	root.SetFlagErrorFunc(wrongFlag)
	root.AddCommand(newTour(env), newCheck(env), newExport(env), newSync(env))
	return root
}

// version returns that of the module that this program was built from, and of Go.
func version() string {
	module := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok {
		module = cmp.Or(info.Main.Version, module)
	}
	return module + " " + runtime.Version()
}

// wrongFlag says what is wrong with a flag, in words, and where the right ones are.
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

// noArguments refuses what is neither a command nor a flag, and says what it may have been meant for.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if c.HasParent() {
		err := fmt.Errorf("%q: %s takes flags alone; %[2]s --help lists them", args[0], c.CommandPath())
		return exit.With(exit.Usage, err)
	}
	meant := ""
	if names := c.SuggestionsFor(args[0]); len(names) > 0 {
		meant = "did you mean " + strings.Join(names, " or ") + "? "
	}
	err := fmt.Errorf("there is no command %q; %s%s --help lists the commands", args[0], meant, c.CommandPath())
	return exit.With(exit.Usage, err)
}
