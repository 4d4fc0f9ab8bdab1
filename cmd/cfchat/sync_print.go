package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/database"
)

// news returns a function that announces when the copy first becomes current, and later when the number of unreadable items
// has changed.
func news(ctx context.Context, db *database.DB, tell func(string, ...any)) func() error {
	var known int64
	isFirst := true
	return func() error {
		unread, err := db.Unreadable(ctx)
		if err != nil {
			return err
		}
		switch {
		case isFirst:
			counts, err := db.Counts(ctx)
			if err != nil {
				return err
			}
			texts := make([]string, len(counts))
			for i, c := range counts {
				texts[i] = fmt.Sprint(c.Rows, " ", c.Table)
			}
			tell("%s is current: %s, and %d rows in unreadable", db.Name, strings.Join(texts, ", "), unread)
		case unread != known:
			tell("the table unreadable has %d rows; it had %d before", unread, known)
		}
		isFirst, known = false, unread
		return nil
	}
}

// end prints what is in the copy, and returns an error if something could not be read.
func (f *syncFlags) end(ctx context.Context, out io.Writer, db *database.DB, requests int64, took time.Duration) error {
	counts, err := db.Counts(ctx)
	if err != nil {
		return err
	}
	unread, err := db.Unreadable(ctx)
	if err != nil {
		return err
	}
	if !f.quiet && !f.json {
		printSync(out, db.Name, counts, requests, took)
	}
	return complete(unread, "the table unreadable in "+db.Name)
}

func printSync(out io.Writer, name string, counts []database.Count, requests int64, took time.Duration) {
	p := tabwriter.NewWriter(out, 0, 0, 1, ' ', tabwriter.AlignRight)
	for _, c := range counts {
		_, _ = fmt.Fprintf(p, "%d\t %s\n", c.Rows, c.Table)
	}
	_ = p.Flush()
	_, _ = fmt.Fprintf(out, "%d requests in %s. %s is current.\n", requests, took.Round(100*time.Millisecond), name)
}
