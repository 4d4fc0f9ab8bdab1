package check

import (
	"context"
	"encoding/json"
	"io"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/exit"
)

// The statuses besides 0, which says that all is as the contract says.
const (
	StatusDrift     = 1
	StatusUnchecked = 2
)

// Options say what is checked, and how it is told.
type Options struct {
	Account int64
	Server  string // its address
	Key     string // of a person
	JSON    bool   // for programs
}

// Run checks an account and prints what it found. Its error has the exit status; that of drift says nothing besides, because
// what is printed does.
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
