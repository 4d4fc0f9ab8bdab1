package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go"
)

// sweep is one run.
type sweep struct {
	account     *cfchat.Account
	out         io.Writer
	add, remove []string
	filter      cfchat.Filter
	after       int64 // the last conversation up to which all is done that can be
	undone      bool  // there is one behind it that may be done by another run
	dryRun      bool
	count       map[outcome]int
}

// outcome is what became of a conversation.
type outcome string

const (
	changed     outcome = "changed"
	wouldChange outcome = "would change"
	unchanged   outcome = "unchanged" // because there is nothing to do
	failed      outcome = "failed"
	unknown     outcome = "unknown" // whether it is changed
)

func (s *sweep) printf(format string, args ...any) { _, _ = fmt.Fprintf(s.out, format, args...) }

// contradiction refuses what cannot be done.
func (s *sweep) contradiction() error {
	for _, label := range s.add {
		if has(s.remove, label) {
			return fmt.Errorf("the label %q is both to be added and to be taken off", label)
		}
	}
	return nil
}

// run sweeps, and sums up.
func (s *sweep) run(ctx context.Context) error {
	err := s.pointOut(ctx)
	if err == nil {
		err = s.sweep(ctx)
	}
	s.summary(err == nil)
	if err != nil && ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	switch {
	case err != nil && s.after > 0:
		return fmt.Errorf("%w; to go on, run it again with -after %d", err, s.after)
	case err != nil:
		return err // before the first
	case s.left() > 0:
		return fmt.Errorf("not known to be done: %d; run it again, which leaves alone what is done", s.left())
	}
	return nil
}

// pointOut names the labels to add that the account does not know.
func (s *sweep) pointOut(ctx context.Context) error {
	if len(s.add) == 0 {
		return nil
	}
	known, err := s.account.Labels.List(ctx)
	if err != nil {
		return err
	}
	for _, label := range s.add {
		if !slices.ContainsFunc(known, func(l cfchat.Label) bool { return strings.EqualFold(l.Title, label) }) {
			s.printf("The account does not know the label %q. Conversations can have it all the same.\n\n", label)
		}
	}
	return nil
}

// sweep changes conversations while it scans: a scan, unlike pages, loses nothing when what it finds changes under it.
func (s *sweep) sweep(ctx context.Context) error {
	for found, err := range s.account.Conversations.Scan(ctx, s.filter, cfchat.ConversationScanOptions{After: s.after}) {
		if e, ok := errors.AsType[*cfchat.Error](err); ok && e.ConversationID != 0 {
			s.tell(e.ConversationID, failed, err.Error()) // the server cannot answer it
			s.pass(e.ConversationID)
			continue
		}
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err() // the scan yields all of a page that it has
		}
		what, labels, err := s.change(ctx, found)
		said := fmt.Sprintf("labels %q", labels)
		if err != nil {
			said = err.Error()
		}
		s.tell(found.ID, what, said)
		if err != nil && ctx.Err() != nil {
			return ctx.Err() // what goes on begins with this one
		}
		s.undone = s.undone || err != nil
		s.pass(found.ID)
	}
	return nil
}

// pass notes that all is done up to a conversation, unless something before it is to be done again.
func (s *sweep) pass(id int64) {
	if !s.undone {
		s.after = id
	}
}

// left counts what is not known to be done.
func (s *sweep) left() int { return s.count[failed] + s.count[unknown] }

// change changes the labels of a conversation that has not those which it should have, and returns those that it has then.
func (s *sweep) change(ctx context.Context, c *cfchat.Conversation) (what outcome, labels []string, err error) {
	add := slices.DeleteFunc(slices.Clone(s.add), func(label string) bool { return has(c.Labels, label) })
	remove := slices.DeleteFunc(slices.Clone(s.remove), func(label string) bool { return !has(c.Labels, label) })
	labels = c.Labels
	switch {
	case len(add)+len(remove) == 0:
		return unchanged, labels, nil
	case s.dryRun:
		labels = slices.DeleteFunc(slices.Clone(labels), func(label string) bool { return has(remove, label) })
		return wouldChange, append(labels, add...), nil
	}
	if len(add) > 0 {
		labels, err = s.account.Conversations.AddLabels(ctx, c.ID, add)
	}
	if err == nil && len(remove) > 0 {
		labels, err = s.account.Conversations.RemoveLabels(ctx, c.ID, remove)
	}
	switch {
	case errors.Is(err, cfchat.ErrUnknownOutcome), errors.Is(err, cfchat.ErrOverwritten):
		return unknown, labels, err
	case err != nil:
		return failed, labels, err
	}
	return changed, labels, nil
}

// has reports whether a label is among some, in any case, as the server compares them.
func has(labels []string, label string) bool {
	return slices.ContainsFunc(labels, func(each string) bool { return strings.EqualFold(each, label) })
}

// tell says what became of a conversation, in a line.
func (s *sweep) tell(id int64, what outcome, said string) {
	if len(s.count) == 0 {
		s.printf("%8s  %s\n", "ID", "OUTCOME")
	}
	s.count[what]++
	s.printf("%8d  %-12s  %s\n", id, what, said)
}

// summary counts what became of all, which are all that there are if the search came to its end.
func (s *sweep) summary(whole bool) {
	total := 0
	var parts []string
	for _, what := range []outcome{changed, wouldChange, unchanged, failed, unknown} {
		total += s.count[what]
		if s.count[what] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", s.count[what], what))
		}
	}
	switch {
	case total > 0:
		s.printf("\n%d found: %s\n", total, strings.Join(parts, ", "))
	case whole:
		s.printf("No conversation matches.\n")
	}
}
