package main

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/cfchat/cfchat-go"
)

func (t *tour) printf(format string, args ...any) { _, _ = fmt.Fprintf(t.out, format, args...) }

// heading says what follows, and which operation it is.
func (t *tour) heading(what, operation string) { t.printf("\n%s  (%s)\n\n", what, operation) }

// table shows conversations, one to a line.
func (t *tour) table(conversations []cfchat.Conversation) {
	if len(conversations) == 0 {
		t.printf("  none\n")
		return
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "  ID\tSTATUS\tCONTACT\tASSIGNEE\tLABELS\tLAST ACTIVITY\tLAST MESSAGE")
	for _, c := range conversations {
		_, _ = fmt.Fprintf(w, "  %d\t%s\t%s\t%s\t%s\t%s\t%s\n", c.ID, c.Status, c.Meta.Sender.GetName(), assignee(c),
			list(c.Labels), c.Timestamp.Format("2 Jan 15:04"), short(lastMessage(c), 36))
	}
	_ = w.Flush()
}

// conversation shows one in full.
func (t *tour) conversation(c *cfchat.Conversation) {
	t.printf("  %d is %s, from %s, assigned to %s\n", c.ID, c.Status, c.Meta.Sender.GetName(), assignee(*c))
	t.printf("  created %s, last active %s, %d unread\n", when(c.CreatedAt.Time), when(c.Timestamp.Time), c.UnreadCount)
	t.printf("  last message: %q\n", lastMessage(*c))
}

// change shows what a status has become.
func (t *tour) change(what string, now *cfchat.StatusChange) {
	until := ""
	if now.SnoozedUntil != nil {
		until = " until " + now.SnoozedUntil.String()
	}
	t.printf("  %-30s now %s%s\n", what, now.CurrentStatus, until)
}

// error shows what is in an error.
func (t *tour) error(e *cfchat.Error) {
	t.printf("  %v\n\n", e)
	t.printf("  Operation   %s\n", e.Operation)
	t.printf("  StatusCode  %d\n", e.StatusCode)
	t.printf("  Message     %s\n", e.Message)
	t.printf("  errors.Is(err, cfchat.ErrNotFound) is %v\n", e.Is(cfchat.ErrNotFound))
}

func assignee(c cfchat.Conversation) string {
	return cmp.Or(c.Meta.Assignee.GetName(), c.Meta.AssigneeBot.GetName(), "nobody")
}

// lastMessage returns the text of the last message that is not an activity.
func lastMessage(c cfchat.Conversation) string {
	m := c.LastNonActivityMessage
	if m != nil && m.Content == nil && len(m.Attachments) > 0 {
		return fmt.Sprintf("[%d attachments]", len(m.Attachments))
	}
	return m.GetContent()
}

// list returns labels in a line, "-" for none.
func list(labels []string) string { return cmp.Or(strings.Join(labels, ", "), "-") }

// short returns a text in one line, cut to a width.
func short(s string, width int) string {
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return s
}

func when(t time.Time) string { return t.Format("2 January 2006 15:04") }
