package connect

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go"
)

// Parse is ParseFlags for an example without arguments: it refuses them, with a hint.
func Parse(flags *flag.FlagSet, args []string, out io.Writer, hint string) error {
	if err := ParseFlags(flags, args, out); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; %s", flags.Arg(0), hint)
	}
	return nil
}

// ParseFlags parses the flags of an example, and writes their Usage to out for -h. Mistakes are only returned as an error,
// which main prints: the flag package would print them too, and all of the usage below.
func ParseFlags(flags *flag.FlagSet, args []string, out io.Writer) error {
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	flags.SetOutput(out)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.Usage()
		return err
	case err != nil:
		return fmt.Errorf("%w; -h shows the flags", err)
	}
	return nil
}

// Hint is the hint for Parse if no flag is likelier than another.
const Hint = "-h shows the flags"

// AtLeast returns an error if the number of a flag is too low.
func AtLeast[N ~int | ~int64](name string, value, least N) error {
	if value < least {
		return fmt.Errorf("-%s: must be %d or more", name, int64(least))
	}
	return nil
}

// NotOnStandIn returns an error for flags that name parts of a real account, because the stand-in has its own.
func NotOnStandIn(flags *flag.FlagSet, names ...string) error {
	var unused []string
	flags.Visit(func(f *flag.Flag) {
		if slices.Contains(names, f.Name) {
			unused = append(unused, "-"+f.Name)
		}
	})
	if len(unused) == 0 {
		return nil
	}
	verb := "is"
	if len(unused) > 1 {
		verb = "are"
	}
	return fmt.Errorf("on the stand-in %s %s not used; set CFCHAT_ACCOUNT_ID and a key for a real account", strings.Join(unused, " and "), verb)
}

// Where parses the filter of a flag: a JSON list of rules in the server's own notation. An empty list matches all
// conversations, like an empty filter in a scan.
func Where(text string) (filter cfchat.Filter, err error) {
	var rules []json.RawMessage
	if json.Unmarshal([]byte(text), &rules) != nil || rules == nil {
		return filter, errors.New(`not a JSON list of rules; "[]" means all conversations`)
	}
	if err := json.Unmarshal(fmt.Appendf(nil, `{"payload":%s}`, text), &filter); err != nil || len(rules) == 0 {
		return filter, err
	}
	var wrong []error
	for _, field := range filter.CheckConversations() {
		wrong = append(wrong, fmt.Errorf("%s: %s", field.Field, field.Reason))
	}
	return filter, errors.Join(wrong...)
}
