package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/archive"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/connect"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/exit"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/export"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/progress"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/requests"
)

// unreadable is the exit status of an export that has everything but what could not be read.
const unreadable = 3

// exportFlags are what the flags of export say.
type exportFlags struct {
	readFlags

	out    string
	format string
	since  string
	files  bool
}

func newExport(env func(string) string) *cobra.Command {
	f := new(exportFlags)
	command := &cobra.Command{
		Use:   "export --out DIR",
		Short: "Export an account to a folder; one that was interrupted goes on",
		Long: `Write an account to a folder: conversations, messages, contacts and names, as
they are received, one JSON object a line, and manifest.json, which says what is
there.

It can be killed at any time. The same command goes on where it stopped; nothing
is missing then, and nothing is there twice. A complete folder stays as it is:
export what has changed since to another one, by --since. A folder belongs to
one server, one account and one kind of key, and is refused to any other.

The exit status is 0 when all is there, 3 when something could not be read,
which manifest.json names with the reason, 1 when it failed, 2 where a flag is
wrong, and 130 or 143 when SIGINT or SIGTERM has ended it. docs/export.md of the
repository has the files and the columns of the tables.

` + connect.Help,
		Example: `  cfchat export --out backup
  cfchat export --out backup --files --format csv --limit 200
  cfchat export --out changes --since 2026-01-31
  cfchat export --out demo --stand-in`,
		Args: noArguments,
		RunE: func(command *cobra.Command, _ []string) error { return f.run(command, env) },

		DisableFlagsInUseLine: true,
	}
	flags := command.Flags()
	f.add(flags, env)
	flags.StringVar(&f.out, "out", "", "the `folder` to write to, or to go on with")
	flags.StringVar(&f.format, "format", "ndjson", "`ndjson`, or csv for tables beside it")
	flags.StringVar(&f.since, "since", "", "only what has changed since a `time`, such as 2026-01-31 or 2026-01-31T12:00:00Z")
	flags.BoolVar(&f.files, "files", false, "download the files of attachments too")
	command.AddCommand(newMerge(), newVerify())
	return command
}

var errNoFolder = errors.New("name the folder to write to, by --out")

// run exports an account, and says what came of it.
func (f *exportFlags) run(command *cobra.Command, env func(string) string) error {
	options, err := f.options(env)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	requests := new(requests.Counter)
	chat, account, stop, err := f.account(requests)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	defer stop()
	options.Server = f.server()
	if !f.json && !f.quiet {
		options.Note = func(text string) { _, _ = fmt.Fprintln(command.OutOrStdout(), text) }
	}
	meter := progress.New(command.ErrOrStderr(), f.mode())
	begun := time.Now()
	m, err := export.Run(command.Context(), chat, account, options, requests, meter)
	meter.Finish(ended(command.Context(), err))
	took := time.Since(begun)
	if err == nil {
		err = whole(f.out, &m)
	}
	switch out := command.OutOrStdout(); {
	case f.json:
		return exit.With(exit.Status(err), printJSON(out, &m, err))
	case f.quiet || m.Format == 0:
	case m.Complete && requests.Sent() <= 2 && !options.CSV:
		_, _ = fmt.Fprintf(out, "%s has been complete since %s, and nothing was read.\nTo export what has changed: --out NEW --since %s\n",
			f.out, m.To.Format(time.RFC3339), m.NextSince.Format(time.RFC3339))
	default:
		printExport(out, f.out, &m)
		_, _ = fmt.Fprintf(out, "%d requests in %.1f s. %s\n", requests.Sent(), took.Seconds(), next(&m))
	}
	if exit.Status(err) != 0 && command.Context().Err() != nil {
		return errors.New("run the same command again to go on")
	}
	return err
}

// whole says what could not be read, if anything.
func whole(dir string, m *archive.Manifest) error {
	if len(m.Unreadable) == 0 {
		return nil
	}
	what := "1 thing"
	if n := len(m.Unreadable); n > 1 {
		what = fmt.Sprint(n, " things")
	}
	return exit.With(unreadable, fmt.Errorf("%s could not be read; %s says which, and why", what, filepath.Join(dir, archive.ManifestName)))
}

// options returns what the flags say of an export, and what the scheduler says whose job it is.
func (f *exportFlags) options(env func(string) string) (o export.Options, err error) {
	o = export.Options{Dir: f.out, Attachments: f.files, CSV: f.format == "csv", Concurrency: f.concurrency}
	if err := cmp.Or(f.nonsense(), f.wrong()); err != nil {
		return o, err
	}
	if f.since != "" {
		since, err := timeOf(f.since)
		if err != nil {
			return o, err
		}
		if since.After(time.Now()) || since.Year() < 1970 {
			return o, fmt.Errorf("--since %s: give a time between 1970 and now", f.since)
		}
		o.Since = &since
	}
	o.Shard, err = f.shardOf(env)
	return o, err
}

// nonsense reports a flag of export alone whose value makes no sense.
func (f *exportFlags) nonsense() error {
	switch {
	case f.out == "":
		return errNoFolder
	case f.format != "ndjson" && f.format != "csv":
		return fmt.Errorf("--format %s: there are ndjson and csv", f.format)
	}
	return nil
}

// timeOf reads a day of UTC, or a time.
func timeOf(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("--since %s: write a day of UTC, such as 2026-01-31, or a time, such as 2026-01-31T12:00:00Z", text)
}

// printExport says what is in the folder.
func printExport(out io.Writer, dir string, m *archive.Manifest) {
	p := tabwriter.NewWriter(out, 0, 0, 1, ' ', tabwriter.AlignRight)
	for _, file := range m.Files {
		_, _ = fmt.Fprintf(p, "%d\t %s\n", file.Rows, filepath.Join(dir, file.Name))
	}
	_ = p.Flush()
}

// next says how to go on.
func next(m *archive.Manifest) string {
	if !m.Complete {
		return "There is more to come."
	}
	return "Next time: --out NEW --since " + m.NextSince.Format(time.RFC3339)
}

// printJSON prints how an export ended, as one object. What it returns has no text, because that has it.
func printJSON(out io.Writer, m *archive.Manifest, ended error) error {
	text, err := json.Marshal(struct {
		Complete   bool      `json:"complete"`
		Rows       int64     `json:"rows"`
		Unreadable int       `json:"unreadable"`
		NextSince  time.Time `json:"next_since,omitzero"`
		Error      string    `json:"error"`
	}{m.Complete, m.Written(), len(m.Unreadable), m.NextSince, connect.Text(ended)})
	if err == nil {
		_, err = fmt.Fprintf(out, "%s\n", text)
	}
	return err
}
