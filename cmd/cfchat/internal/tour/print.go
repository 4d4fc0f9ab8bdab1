package tour

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/cfchat/cfchat-go"
)

func (t *tour) printf(format string, args ...any) { _, _ = fmt.Fprintf(t.out, format, args...) }

// heading prints what follows, and its operation.
func (t *tour) heading(what, operation string) { t.printf("\n%s  (%s)\n\n", what, operation) }

// columns is the width of a terminal.
const columns = 80

// table prints conversations, one per line.
func (t *tour) table(conversations []cfchat.Conversation) {
	if len(conversations) == 0 {
		t.printf("  none\n")
		return
	}
	var rows strings.Builder
	w := tabwriter.NewWriter(&rows, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "  ID\tSTATUS\tCONTACT\tASSIGNEE\tLABELS\tLAST ACTIVE\tLAST MESSAGE")
	for _, c := range conversations {
		_, _ = fmt.Fprintf(w, "  %d\t%s\t%s\t%s\t%s\t%s\t%s\n", c.ID, c.Status, short(c.Meta.Sender.GetName(), 12), short(assignee(c), 12),
			short(list(c.Labels), 12), c.Timestamp.Format("2 Jan 15:04"), short(lastMessage(c), columns))
	}
	_ = w.Flush()
	for row := range strings.Lines(rows.String()) {
		t.printf("%s\n", cut(strings.TrimRight(row, " \n"), columns))
	}
}

// conversation prints a conversation in full.
func (t *tour) conversation(c *cfchat.Conversation) {
	t.printf("  %d is %s, from %s, assigned to %s\n", c.ID, c.Status, short(c.Meta.Sender.GetName(), 24), short(assignee(*c), 24))
	t.printf("  created %s, last active %s, %d unread\n", when(c.CreatedAt.Time), when(c.Timestamp.Time), c.UnreadCount)
	t.printf("  last message: %q\n", short(lastMessage(*c), 60))
}

// change prints a change of status.
func (t *tour) change(what string, now *cfchat.StatusChange) {
	until := ""
	if now.SnoozedUntil != nil {
		until = " until " + when(now.SnoozedUntil.Time)
	}
	t.printf("  %-30s now %s%s\n", what, now.CurrentStatus, until)
}

// error prints the contents of an error.
func (t *tour) error(e *cfchat.Error) {
	t.printf("  Operation       %s\n", e.Operation)
	t.printf("  ConversationID  %d\n", e.ConversationID)
	t.printf("  StatusCode      %d\n", e.StatusCode)
	t.printf("  Message         %s\n\n", short(e.Message, 60))
	t.printf("  errors.Is(err, cfchat.ErrNotFound) is %v\n", e.Is(cfchat.ErrNotFound))
}

func assignee(c cfchat.Conversation) string {
	return cmp.Or(c.Meta.Assignee.GetName(), c.Meta.AssigneeBot.GetName(), "nobody")
}

// lastMessage returns the text of the last message that is not an activity message.
func lastMessage(c cfchat.Conversation) string {
	m := c.LastNonActivityMessage
	if m != nil && m.Content == nil && len(m.Attachments) > 0 {
		return fmt.Sprintf("[%d attachments]", len(m.Attachments))
	}
	return m.GetContent()
}

// list returns labels on one line, "-" for none.
func list(labels []string) string { return cmp.Or(strings.Join(labels, ", "), "-") }

// short returns a text on one line, cut to a width, with terminal control characters replaced by blanks.
func short(s string, width int) string {
	blank := func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}
	return cut(strings.Join(strings.Fields(strings.Map(blank, s)), " "), width)
}

// cut returns as much of a line as fits a width.
func cut(line string, width int) string {
	if runes := []rune(line); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return line
}

func when(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 UTC") }
