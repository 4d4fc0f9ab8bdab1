// Command cfchat-check takes a read-only look at a live account: does its server answer as openapi.yaml says, what has
// drifted, and which version may it be?
//
//	CFCHAT_USER_API_KEY=… go run ./cmd/cfchat-check -account 56
//
// The server is the vendor's unless -server or CFCHAT_SERVER names another. The key is a person's; what an administrator
// sees is checked most.
//
// It sends at most 25 requests, and only such that read: counts, pages of the list, a few conversations, filters, and
// GET /api, which says the version. Seven of the filters, and on an account without conversations one list, ask for what
// some versions or all refuse, to tell the version by how it does; a server may write those to its log as errors. Create
// and toggle_status are never sent.
//
// It prints which operations answer as the contract says, which were not tried and why, and each field that is not as the
// contract says: where, how, and how often. Nothing of what fields hold is printed, and never the key. The field of a value
// that an open list of the spec does not name, such as a new kind of inbox, is shown and is no drift. The version is what
// GET /api says, unless a proxy hides it, and what the fields tell that came or did not, and what is refused, which is a
// range. Where these contradict each other, the server has drifted: a field is gone that its version sends.
//
// The exit status is 0 when all is as the contract says, 1 when something drifted, and 2 when it could not be checked; the
// reason is on standard error then. (go run makes 1 of every status but 0; go build or go install keeps them apart.)
//
// A conversation that the server cannot render, because its contact is gone for instance, makes each page that it is on a
// 500. That is no drift, if all other conversations are rendered, and is reported as what it is. To find out which
// conversation it is takes more requests, never more than 150 in all.
//
// # JSON
//
// With -json it prints one object, also when it could not check; only wrong flags print none.
//
//	server, account     what was looked at
//	result              "ok", "drift" or "unchecked": exit status 0, 1 or 2
//	error               why something could not be checked, "" if everything could
//	requests            how many were sent
//	operations[]        name and operation_id; result, as above or "not tried"; because, why it was not tried, else "";
//	                    requests; unrendered, the pages that a conversation makes a 500; problems, sentences about what it
//	                    did that no schema can tell, such as a page of open conversations with a closed one
//	drift[]             operation, the operationId; in, one of path, query, request, response; path, a field or parameter;
//	                    kind, such as unknown, missing, type or null; expected and found, JSON types; count
//	new_values[]        the same, for values that an open list of the spec does not name
//	unrenderable[]      ids of conversations that the server cannot render, at most 5; where one could not be found out,
//	                    there are only the pages
//	page_size           of the list, where the server is set up to another than 25, else 0
//	version             said, by GET /api, or ""; at_least and before by the signs, such as "3.8.0", or "" where nothing
//	                    bounds it; contradictory, true when no version fits all of this; signs[], each with at_least,
//	                    before or both, and because, a sentence
//	key_headers[]       name, a spelling of the header with the key; arrives, whether it reaches the server
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/cfchat/cfchat-go"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout)
	if err != nil && !errors.Is(err, flag.ErrHelp) && !errors.Is(err, errDrift) {
		fmt.Fprintln(os.Stderr, "cfchat-check:", err)
	}
	stop()
	os.Exit(exitStatus(err))
}

// errDrift means that the server was checked and something has drifted, which the report tells.
var errDrift = errors.New("drift")

// exitStatus returns what a shell is told of the end of run.
func exitStatus(err error) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errDrift):
		return 1
	}
	return 2
}

func run(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	o, err := parse(args, env, out)
	if err != nil {
		return err
	}
	r, err := check(ctx, o)
	if o.json {
		if err := printJSON(out, r); err != nil {
			return err
		}
	} else if r.began() {
		r.print(out)
	}
	if r.Result == resultDrift {
		return errDrift
	}
	return err
}

// options are what the flags and the environment say.
type options struct {
	account int64
	server  string
	key     string
	json    bool
}

func parse(args []string, env func(string) string, out io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("cfchat-check", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Int64Var(&o.account, "account", 0, "the `number` of the account; it is in the address bar, /app/accounts/<number>/")
	flags.StringVar(&o.server, "server", env("CFCHAT_SERVER"), "the server's `address`; empty for "+cfchat.DefaultServer)
	flags.BoolVar(&o.json, "json", false, "print JSON")
	err = flags.Parse(args)
	o.key = env("CFCHAT_USER_API_KEY")
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = fmt.Fprintf(out, "Usage: CFCHAT_USER_API_KEY=… cfchat-check -account number [-server address] [-json]\n\n")
		flags.SetOutput(out)
		flags.PrintDefaults()
		return o, err
	case err != nil:
		return o, fmt.Errorf("%w; -h lists the flags", err)
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q is no flag; name the account with -account", flags.Arg(0))
	case o.account <= 0:
		return o, errors.New("name the account: -account number; it is in the address bar, /app/accounts/<number>/")
	}
	if o.server == "" {
		o.server = cfchat.DefaultServer
	}
	return o, nil
}

func printJSON(out io.Writer, r *report) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}
