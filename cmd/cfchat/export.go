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

// unreadable is the exit status of an export that is complete except for unreadable parts.
const unreadable = 3

// exportFlags holds the flags of export.
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
		Short: "Export an account to a folder, or resume an export",
		Long: `Write an account to a folder: conversations, messages, contacts and names, as
received, one JSON object per line, and manifest.json, which lists the contents.

It can be killed at any time. The same command resumes where it stopped, without
gaps or duplicates. A complete folder stays unchanged: export later changes to
another one with --since. A folder belongs to one server, one account and one
kind of key, and is refused for any other.

The exit status is 0 if everything was exported, 3 if something could not be
read (manifest.json says what, and why), 1 if it failed, 2 if a flag is wrong,
and 130 or 143 if SIGINT or SIGTERM ended it. docs/export.md in the repository
describes the files and the columns of the tables.

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
	flags.StringVar(&f.out, "out", "", "the `folder` to write to, or to resume in")
	flags.StringVar(&f.format, "format", "ndjson", "`ndjson`, or csv to add tables")
	flags.StringVar(&f.since, "since", "", "only what has changed since a `time`, such as 2026-01-31 or 2026-01-31T12:00:00Z")
	flags.BoolVar(&f.files, "files", false, "download the files of attachments too")
	command.AddCommand(newMerge(), newVerify())
	return command
}

var errNoFolder = errors.New("name the folder to write to with --out")

// run exports an account and prints the result.
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
		_, _ = fmt.Fprintf(out, "%s has been complete since %s; nothing was read.\nTo export what has changed: --out NEW --since %s\n",
			f.out, m.To.Format(time.RFC3339), m.NextSince.Format(time.RFC3339))
	default:
		printExport(out, f.out, &m)
		_, _ = fmt.Fprintf(out, "%d requests in %.1f s. %s\n", requests.Sent(), took.Seconds(), next(&m))
	}
	if exit.Status(err) != 0 && command.Context().Err() != nil {
		return errors.New("run the same command again to continue")
	}
	return err
}

// whole returns an error if anything could not be read.
func whole(dir string, m *archive.Manifest) error {
	return complete(int64(len(m.Unreadable)), filepath.Join(dir, archive.ManifestName))
}

// complete returns an error if this many things could not be read, which names the place that lists them.
func complete(unread int64, place string) error {
	what := fmt.Sprint(unread, " things")
	switch unread {
	case 0:
		return nil
	case 1:
		what = "1 thing"
	}
	return exit.With(unreadable, fmt.Errorf("%s could not be read; %s says what, and why", what, place))
}

// options returns the options of an export, from the flags and from the scheduler of the job.
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

// nonsense reports an invalid value of a flag that only export has.
func (f *exportFlags) nonsense() error {
	switch {
	case f.out == "":
		return errNoFolder
	case f.format != "ndjson" && f.format != "csv":
		return fmt.Errorf("--format %s: use ndjson or csv", f.format)
	}
	return nil
}

// timeOf parses a UTC day, or a time.
func timeOf(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("--since %s: use a UTC day, such as 2026-01-31, or a time, such as 2026-01-31T12:00:00Z", text)
}

// printExport prints the contents of the folder.
func printExport(out io.Writer, dir string, m *archive.Manifest) {
	p := tabwriter.NewWriter(out, 0, 0, 1, ' ', tabwriter.AlignRight)
	for _, file := range m.Files {
		_, _ = fmt.Fprintf(p, "%d\t %s\n", file.Rows, filepath.Join(dir, file.Name))
	}
	_ = p.Flush()
}

// next says how to continue.
func next(m *archive.Manifest) string {
	if !m.Complete {
		return "There is more to come."
	}
	return "Next time: --out NEW --since " + m.NextSince.Format(time.RFC3339)
}

// printJSON prints how an export ended, as one object. The error that it returns has no text, because the object has it.
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
