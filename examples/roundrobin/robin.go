package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/cfchat/cfchat-go"
)

// robin assigns conversations to people in turn.
type robin struct {
	account *cfchat.Account
	inbox   int64
	online  bool
	out     io.Writer
	last    int64  // the person whose turn was last, 0 before the first
	headed  bool   // the table's header has been printed
	said    string // the last line, unless it is a row of the table
}

// run makes a single pass, or repeated ones.
func (r *robin) run(ctx context.Context, every time.Duration) error {
	for {
		err := r.pass(ctx)
		switch {
		case err != nil && ctx.Err() != nil:
			return errors.New("interrupted")
		case every == 0:
			return err
		case err != nil:
			r.say(fmt.Sprintf("The pass ended early: %v", err))
		}
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return nil
		}
	}
}

// pass assigns at most one conversation to everybody, and prints the outcome for each that it has looked at, and how many
// are left.
func (r *robin) pass(ctx context.Context) error {
	members, err := r.account.Inboxes.Members(ctx, r.inbox)
	if err != nil {
		return err
	}
	if len(members) == 0 {
		return fmt.Errorf("inbox %d has no members", r.inbox)
	}
	queue, left := r.queue(members), 0
	nobody, sure := len(queue) == 0, true // whether all conversations in the table were assigned
	free := cfchat.Where(cfchat.Equal(cfchat.AttributeStatus, cfchat.StatusOpen)).
		And(cfchat.Equal(cfchat.AttributeInboxID, r.inbox)).And(cfchat.Absent(cfchat.AttributeAssigneeID))
	for found, err := range r.account.Conversations.Scan(ctx, free, cfchat.ConversationScanOptions{}) {
		if e, ok := errors.AsType[*cfchat.Error](err); ok && e.ConversationID != 0 {
			r.row(e.ConversationID, "", "", "it cannot be read")
			sure = false
			continue
		}
		if err != nil {
			return err
		}
		if len(queue) == 0 {
			if found.Meta.AssigneeBot == nil { // the filter only looks at the person
				left++
			}
			continue
		}
		who := queue[0]
		outcome, served, err := r.give(ctx, found.ID, who)
		if err != nil {
			return err
		}
		r.row(found.ID, found.Meta.Sender.GetName(), who.Name, outcome)
		sure = sure && outcome == "assigned"
		if served {
			r.last, queue = who.ID, queue[1:]
		}
	}
	if left > 0 || sure {
		r.sayLeft(left, nobody)
	}
	return nil
}

// sayLeft prints how many conversations a pass has left.
func (r *robin) sayLeft(left int, nobody bool) {
	line := "None left."
	if left > 0 {
		line = fmt.Sprintf("%d left for the next pass.", left)
	}
	switch {
	case nobody && r.online:
		line = fmt.Sprintf("No member of inbox %d is online. %s", r.inbox, line)
	case nobody:
		line = fmt.Sprintf("No member of inbox %d is confirmed. %s", r.inbox, line)
	}
	r.say(line)
}

// say prints a line, unless it repeats the last one, so that idle passes do not fill the screen.
func (r *robin) say(line string) {
	if line != r.said {
		_, _ = fmt.Fprintln(r.out, line)
		r.said = line
	}
}

// row prints the outcome for a conversation.
func (r *robin) row(id int64, contact, agent, outcome string) {
	const columns = "%-12v  %-20s  %-20s  %s\n"
	if !r.headed {
		_, _ = fmt.Fprintf(r.out, columns, "CONVERSATION", "CONTACT", "AGENT", "OUTCOME")
		r.headed = true
	}
	_, _ = fmt.Fprintf(r.out, columns, id, contact, agent, outcome)
	r.said = ""
}

// queue returns the people to assign conversations to, starting after the one whose turn was last.
func (r *robin) queue(members []cfchat.Agent) []cfchat.Agent {
	members = slices.DeleteFunc(members, func(a cfchat.Agent) bool {
		return !a.Confirmed || r.online && a.GetAvailabilityStatus() != cfchat.AvailabilityOnline
	})
	slices.SortFunc(members, func(a, b cfchat.Agent) int { return cmp.Compare(a.ID, b.ID) })
	behind := slices.IndexFunc(members, func(a cfchat.Agent) bool { return a.ID > r.last })
	if behind < 0 {
		return members
	}
	return slices.Concat(members[behind:], members[:behind])
}

// give assigns a conversation to a person if nobody has it. It returns the outcome, and whether the person's turn is over.
// An error ends the pass; a failure of this conversation alone is an outcome.
func (r *robin) give(ctx context.Context, id int64, to cfchat.Agent) (outcome string, served bool, err error) {
	taken, err := r.taken(ctx, id)
	if err != nil || taken != "" {
		return taken, false, err
	}
	_, err = r.account.Conversations.Assign(ctx, id, to.ID, cfchat.WithRetry(cfchat.Retry{MaxTries: 1}))
	lost := errors.Is(err, cfchat.ErrUnknownOutcome)
	switch {
	case errors.Is(err, cfchat.ErrInvalidInput), errors.Is(err, cfchat.ErrRejected): // the person has left since the members were listed
		return to.Name + " is gone", true, nil
	case err != nil && !lost:
		return "", false, err
	}
	if now, err := r.account.Conversations.Get(ctx, id); err == nil {
		outcome, served = seen(now.Meta.Assignee, to, lost)
		return outcome, served, nil
	}
	if lost {
		return "may be assigned", true, nil
	}
	return "assigned", true, nil
}

// seen returns the outcome of an assignment by the last check. If its answer was lost, the assignment may still arrive.
func seen(now *cfchat.Agent, to cfchat.Agent, lost bool) (outcome string, served bool) {
	switch {
	case now.GetID() == to.ID:
		return "assigned", true
	case now != nil:
		return now.Name + " has it now", lost
	case lost:
		return "may be assigned yet", true
	}
	return "assigned, but unassigned since", false
}

// taken returns why a conversation is not to be assigned, "" if it is.
func (r *robin) taken(ctx context.Context, id int64) (string, error) {
	now, err := r.account.Conversations.Get(ctx, id)
	switch {
	case errors.Is(err, cfchat.ErrNotFound):
		return "it is gone", nil
	case errors.Is(err, cfchat.ErrUnauthorized): // only of this one: the list was allowed
		return "it cannot be opened with this key", nil
	case err != nil:
		return "", err
	case now.Status != cfchat.StatusOpen:
		return "it is " + string(now.Status) + " now", nil
	case now.Meta.AssigneeBot != nil:
		return "a bot has it", nil
	case now.Meta.Assignee != nil:
		return now.Meta.Assignee.Name + " has it already", nil
	}
	return "", nil
}
