package main

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"

	"github.com/cfchat/cfchat-go"
)

// outcome is the result for a conversation.
type outcome string

const (
	resolved     outcome = "resolved"
	wouldResolve outcome = "would be resolved"
	skipped      outcome = "skipped"
	failed       outcome = "failed"
	unknown      outcome = "unknown" // whether it is resolved
)

func (r *resolver) printf(format string, args ...any) { _, _ = fmt.Fprintf(r.out, format, args...) }

// tell prints the outcome for a conversation, on one line.
func (r *resolver) tell(c *cfchat.Conversation, what outcome, why string) {
	if len(r.count) == 0 {
		r.printf("%8s  %-20s  %-16s  %s\n", "ID", "CONTACT", "LAST ACTIVITY", "OUTCOME")
	}
	r.count[what]++
	if why != "" {
		why = ": " + why
	}
	r.printf("%8d  %-20s  %-16s  %s%s\n", c.ID, contact(c), when(c), what, why)
}

// summary prints the counts of all outcomes, which cover all conversations if the search came to its end.
func (r *resolver) summary(whole bool) {
	total := 0
	var parts []string
	for _, what := range []outcome{resolved, wouldResolve, skipped, failed, unknown} {
		total += r.count[what]
		if r.count[what] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", r.count[what], what))
		}
	}
	switch {
	case total > 0:
		r.printf("\n%d found: %s\n", total, strings.Join(parts, ", "))
	case whole:
		r.printf("No open conversation has been without activity for so long.\n")
	}
}

// contact returns the name, shortened to fit a line, without terminal control characters.
func contact(c *cfchat.Conversation) string {
	name := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, c.Meta.Sender.GetName()))
	if len(name) > 20 {
		name = append(name[:19], '…')
	}
	return cmp.Or(string(name), "-")
}

// when returns the time of the last activity, in UTC as the server counts days.
func when(c *cfchat.Conversation) string {
	if c.Timestamp.IsZero() {
		return "-"
	}
	return c.Timestamp.UTC().Format("2006-01-02 15:04")
}
