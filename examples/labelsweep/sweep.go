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
	after       int64 // everything possible is done up to this conversation
	undone      bool  // a later conversation needs another run
	dryRun      bool
	count       map[outcome]int
}

// outcome is the result for a conversation.
type outcome string

const (
	changed     outcome = "changed"
	wouldChange outcome = "would change"
	unchanged   outcome = "unchanged" // nothing to do
	failed      outcome = "failed"
	unknown     outcome = "unknown" // whether it is changed
)

func (s *sweep) printf(format string, args ...any) { _, _ = fmt.Fprintf(s.out, format, args...) }

// contradiction returns an error if labels are to be both added and removed.
func (s *sweep) contradiction() error {
	for _, label := range s.add {
		if has(s.remove, label) {
			return fmt.Errorf("the label %q is to be both added and removed", label)
		}
	}
	return nil
}

// run sweeps and prints the summary.
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
		return fmt.Errorf("%w; to continue, run it again with -after %d", err, s.after)
	case err != nil:
		return err // before the first
	case s.left() > 0:
		return fmt.Errorf("not known to be done: %d; run it again, which skips what is done", s.left())
	}
	return nil
}

// pointOut prints the labels to add that the account does not know.
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
			s.printf("The account does not know the label %q. Conversations can have it anyway.\n\n", label)
		}
	}
	return nil
}

// sweep changes conversations while it scans: unlike pages, a scan misses nothing when its results change meanwhile.
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
			return ctx.Err() // the scan would yield the rest of its page
		}
		what, labels, err := s.change(ctx, found)
		said := fmt.Sprintf("labels %q", labels)
		if err != nil {
			said = err.Error()
		}
		s.tell(found.ID, what, said)
		if err != nil && ctx.Err() != nil {
			return ctx.Err() // the next run starts with this one
		}
		s.undone = s.undone || err != nil
		s.pass(found.ID)
	}
	return nil
}

// pass records that everything is done up to a conversation, unless an earlier one needs another run.
func (s *sweep) pass(id int64) {
	if !s.undone {
		s.after = id
	}
}

// left returns how many conversations are not known to be done.
func (s *sweep) left() int { return s.count[failed] + s.count[unknown] }

// change changes the labels of a conversation if needed, and returns the resulting ones.
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

// has reports whether labels include one, ignoring case as the server does.
func has(labels []string, label string) bool {
	return slices.ContainsFunc(labels, func(each string) bool { return strings.EqualFold(each, label) })
}

// tell prints the outcome for a conversation, on one line.
func (s *sweep) tell(id int64, what outcome, said string) {
	if len(s.count) == 0 {
		s.printf("%8s  %s\n", "ID", "OUTCOME")
	}
	s.count[what]++
	s.printf("%8d  %-12s  %s\n", id, what, said)
}

// summary prints the counts of all outcomes, which cover all conversations if the search came to its end.
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
