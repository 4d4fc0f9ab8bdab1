package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/cfchat/cfchat-go"
)

// report is a report of the open conversations.
type report struct {
	account int64
	names   *cfchat.Names
	rows    []row
	unread  []*cfchat.Error
	untold  bool // the server does not show who waits
}

// row is one conversation.
type row struct {
	place
	id      int64
	contact string
	since   time.Time // when the contact started to wait, zero if nobody waits; or the last activity if that is unknown
}

// place is an inbox and an owner to count conversations by.
type place struct{ inbox, owner string }

// add adds a conversation.
func (r *report) add(c *cfchat.Conversation) {
	inbox := cmp.Or(r.names.Inbox(c.InboxID), fmt.Sprintf("inbox %d", c.InboxID))
	added := row{place{inbox, r.owner(c)}, c.ID, cmp.Or(c.Meta.Sender.GetName(), "-"), c.GetWaitingSince().Time}
	if c.WaitingSince == nil {
		added.since, r.untold = c.Timestamp.Time, true
	}
	r.rows = append(r.rows, added)
}

// owner returns the name of a conversation's owner. Servers unassign the conversations of a person who leaves; somebody who
// left during the report, or is still shown, is known only from the conversation.
func (r *report) owner(c *cfchat.Conversation) string {
	if bot := c.Meta.AssigneeBot; bot != nil {
		return cmp.Or(bot.GetName(), fmt.Sprintf("bot %d", bot.ID)) + " (bot)"
	}
	person := c.Meta.Assignee
	if person == nil {
		return "nobody"
	}
	if name := r.names.Agent(person.ID); name != "" {
		return name
	}
	return cmp.Or(person.Name, fmt.Sprintf("agent %d", person.ID)) + " (has left)"
}

// byWait sorts the longest wait first, and conversations where nobody waits last.
func byWait(a, b time.Time) int {
	if a.IsZero() != b.IsZero() {
		return map[bool]int{true: 1, false: -1}[a.IsZero()]
	}
	return a.Compare(b)
}

// count is the counts of a place.
type count struct {
	open, waiting int
	longest       time.Time
}

func (c *count) add(each row) {
	c.open++
	if each.since.IsZero() {
		return
	}
	c.waiting++
	if c.longest.IsZero() || each.since.Before(c.longest) {
		c.longest = each.since
	}
}

// print writes the report as of a time, in that time's zone, with some of the longest waits.
func (r *report) print(out io.Writer, now time.Time, most int) {
	_, _ = fmt.Fprintf(out, "Open conversations of account %d on %s\n", r.account, now.Format("Monday 2 January 2006, 15:04 MST"))
	waits := "WAITING"
	if r.untold {
		waits = "IDLE"
		_, _ = fmt.Fprintln(out, "The server does not show who waits. Instead, this is the time since the last activity.")
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	r.printCounts(table, waits, now)
	r.printLongest(table, waits, now, most)
	_ = table.Flush()
	for _, e := range r.unread {
		_, _ = fmt.Fprintf(out, "\nConversation %d is not in the report: %v\n", e.ConversationID, e)
	}
}

// printCounts writes the counts by inbox and owner.
func (r *report) printCounts(table io.Writer, waits string, now time.Time) {
	counts, all := map[place]*count{}, new(count)
	for _, each := range r.rows {
		if counts[each.place] == nil {
			counts[each.place] = new(count)
		}
		counts[each.place].add(each)
		all.add(each)
	}
	_, _ = fmt.Fprintf(table, "\nINBOX\tAGENT\tOPEN\t%s\tLONGEST\n", waits)
	for _, at := range slices.SortedFunc(maps.Keys(counts), func(a, b place) int {
		return cmp.Or(byWait(counts[a].longest, counts[b].longest), cmp.Compare(a.inbox, b.inbox), cmp.Compare(a.owner, b.owner))
	}) {
		c := counts[at]
		_, _ = fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%s\n", shown(at.inbox), shown(at.owner), c.open, c.waiting, lasting(c.longest, now))
	}
	_, _ = fmt.Fprintf(table, "all\t\t%d\t%d\t%s\n", all.open, all.waiting, lasting(all.longest, now))
}

// printLongest writes the conversations whose contacts have waited longest.
func (r *report) printLongest(table io.Writer, waits string, now time.Time, most int) {
	slices.SortFunc(r.rows, func(a, b row) int { return cmp.Or(byWait(a.since, b.since), cmp.Compare(a.id, b.id)) })
	for i, each := range r.rows[:min(most, len(r.rows))] {
		if each.since.IsZero() {
			break
		}
		if i == 0 {
			_, _ = fmt.Fprintf(table, "\n%s\tSINCE\tID\tINBOX\tAGENT\tCONTACT\n", waits)
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\t%s\n", lasting(each.since, now), each.since.In(now.Location()).Format("Mon 2 Jan 15:04"),
			each.id, shown(each.inbox), shown(each.owner), shown(each.contact))
	}
}

// lasting returns how long something has lasted, "-" if it has not started. The server's clock may be ahead.
func lasting(since, now time.Time) string {
	d := max(now.Sub(since), 0)
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case since.IsZero():
		return "-"
	case days > 0:
		return fmt.Sprintf("%dd %dh", days, hours)
	case hours > 0:
		return fmt.Sprintf("%dh %dm", hours, minutes)
	}
	return fmt.Sprintf("%dm", minutes)
}

// shown returns a name that fits a column, without terminal control characters.
func shown(name string) string {
	printable := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, name))
	if len(printable) > 24 {
		printable = append(printable[:23], '…')
	}
	return string(printable)
}
