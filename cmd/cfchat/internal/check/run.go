package check

import (
	"context"
	"encoding/json"
	"io"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/exit"
)

// The statuses besides 0, which means that everything is as the contract says.
const (
	StatusDrift     = 1
	StatusUnchecked = 2
)

// Options say what to check, and how to print it.
type Options struct {
	Account int64
	Server  string // its address
	Key     string // of a person
	JSON    bool   // for programs
}

// Run checks an account and prints the result. Its error has the exit status; that of drift has no text, because the report
// says it.
func Run(ctx context.Context, o Options, out io.Writer) error {
	r, err := check(ctx, o)
	if o.JSON {
		if err := printJSON(out, r); err != nil {
			return exit.With(StatusUnchecked, err)
		}
	} else if r.began() {
		r.print(out)
	}
	switch {
	case r.Result == resultDrift:
		return exit.With(StatusDrift, nil)
	case err != nil:
		return exit.With(StatusUnchecked, err)
	}
	return nil
}

func printJSON(out io.Writer, r *report) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}
