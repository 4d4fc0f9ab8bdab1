package cfchat

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"
	"time"
)

// How Changed works. A filter has one order, the latest activity first, and only its first page holds still. So the walk
// asks again and again for the first page of what was active on the day of since or later, leaving out what it has seen.
// What becomes active meanwhile sorts first and cannot hide anything. A row from before since, or a page that is not full,
// proves that nothing newer is left. If the server cannot answer a page, or after maxChanged conversations, a scan with the
// same rule reads the rest.
//
// Every row was read after the first page was, so any change that the rows do not show was stored after that. Next therefore
// counts from the latest activity of the first page, not from the latest of all, which may be minutes after an early row was
// read.

// ConversationChangedOptions set how [ConversationsService.Changed] looks for changes. The zero value is right for most.
type ConversationChangedOptions struct {
	// Margin is how far Changes.Next lies before the latest activity. Zero means a minute. It must exceed the time that the
	// servers take from timestamping a change to storing it, and the difference between their clocks. A longer margin only
	// costs repeats.
	Margin time.Duration
}

const (
	changedMargin  = time.Minute
	maxChanged     = 20_000  // ids that a walk leaves out; beyond that a scan is as cheap
	maxUpdated     = 1_000   // conversations in one answer without pages: 3 MB
	updatedVersion = "3.6.0" // the first version that reads updated_within
	farAhead       = 24 * time.Hour
)

// updatedSlack is added to the time since then when asking with updated_within. The server counts back from when it gets the
// request, which may have waited, for a limiter say: a request that may have waited for half the slack is sent once more.
// The other half covers the rounding of clocks to seconds.
var updatedSlack = []time.Duration{30 * time.Second, 5 * time.Minute}

// Changes is a walk through what has changed, returned by [ConversationsService.Changed]: range over All, then call Next for
// the time from which to look next. It must be used by one goroutine at a time.
type Changes struct {
	next         time.Time
	activityOnly bool
	all          iter.Seq2[*Conversation, error]
}

// Changed walks through what has changed since a time by the server's clock, to keep a copy current. Every conversation
// whose last activity is at or after since, to the second, when the range starts is yielded exactly once, unless it is
// deleted meanwhile or set back to an earlier activity. One that becomes active later may be yielded or not, and is found
// the next time, from [Changes.Next] on. A message is an activity, and so is a change of status, labels, assignee, team or
// priority by a person.
//
// From 3.6.0 on it also yields what was updated without an activity: attributes, the end of a snooze, the agent bot that
// owns it. That is an extra: it is left out if the server does not state its version and its time, and after more than 1,000
// conversations; an agent's key sees that person's inboxes only; and if it fails, the walk ends well without it.
// [Changes.ActivityOnly] reports that. Changes that leave no trace, above all deletions, are found only by a scan, run once
// a day say.
//
// The latest activity comes first, but conversations that become active meanwhile are yielded when found, and those updated
// without an activity last. It takes a request per 25 conversations, and one or two for the extra. After a conversation that
// the server cannot answer, or more than 20,000 changed ones, it continues with a [ConversationsService.Scan], in the order
// of ids. An unreadable conversation is yielded as nil and an [*Error] with its id in ConversationID, if it was active on
// the day of since or later, and the walk continues. Any other error is yielded last.
//
// A zero since, one before 1970, one more than a day ahead, and a negative Margin are ErrInvalidInput. It takes a user's
// key.
func (s ConversationsService) Changed(ctx context.Context, since time.Time, options ConversationChangedOptions, opts ...CallOption) *Changes {
	opts = slices.Clone(opts)
	changes := &Changes{next: since, activityOnly: true}
	changes.all = func(yield func(*Conversation, error) bool) {
		changes.next, changes.activityOnly = since, true
		w := changedWalk{conversations: s, since: since, opts: opts, yield: yield, came: map[int64]struct{}{}}
		switch err := w.all(ctx, options); {
		case err == errLeft:
		case err != nil:
			yield(nil, err)
		default:
			changes.next, changes.activityOnly = w.next(options.Margin), !w.sawUpdates
		}
	}
	return changes
}

// All returns an iterator over what has changed. Every range over it starts anew, from the same time.
func (c *Changes) All() iter.Seq2[*Conversation, error] {
	if c != nil && c.all != nil {
		return c.all
	}
	return func(yield func(*Conversation, error) bool) {
		var input refusal
		input.add("changes", "there are none; make them with Changed")
		yield(nil, input.err((*core)(nil).call(filterCall.operation, 0)))
	}
}

// Next returns the time to pass to Changed the next time, so that nothing is lost in between: the latest activity stored
// when the last range started, less the Margin; or the server's clock less the Margin, if an activity lies in the future. It
// is never before since, and it is since until a range has ended without an error or a break. Store it only once everything
// yielded has been dealt with.
func (c *Changes) Next() time.Time { return c.next }

// ActivityOnly reports whether the last range yielded only what was active, and not what else was updated. It is true until
// a range has ended.
func (c *Changes) ActivityOnly() bool { return c.activityOnly }

// errLeft means that the loop was left.
var errLeft = errors.New("left")

// changedWalk is one range over what has changed.
type changedWalk struct {
	conversations ConversationsService
	since         time.Time
	opts          []CallOption
	yield         func(*Conversation, error) bool

	came       map[int64]struct{}
	leftOut    []any     // their ids, as the values of a rule
	begun      time.Time // by the server's clock, when the first page was requested
	newest     UnixTime  // the latest activity on the first page
	paged      bool      // a page has been read
	sawUpdates bool
}

// all yields everything. The caller yields the error that it returns.
func (w *changedWalk) all(ctx context.Context, options ConversationChangedOptions) error {
	var input refusal
	refuseResponse(w.opts, &input)
	w.conversations.core.check(ctx, &input)
	input.changed(w.since, w.conversations.core.now(), options)
	if err := input.err(w.conversations.core.call(filterCall.operation, 0)); err != nil {
		return err
	}
	whole, err := w.pages(ctx)
	if err == nil && !whole {
		err = w.scan(ctx)
	}
	if err == nil {
		err = w.updates(ctx)
	}
	return err
}

// changed refuses an impossible time and meaningless options.
func (r *refusal) changed(since, now time.Time, options ConversationChangedOptions) {
	switch {
	case since.IsZero():
		r.add("since", "it is the zero time; for every conversation use Scan")
	case since.Unix() < 0:
		r.add("since", "%s is before 1970; for every conversation use Scan", since.UTC().Format(time.RFC3339))
	case since.Sub(now) > farAhead:
		r.add("since", "%s is more than a day ahead; give a time at or before now", since.UTC().Format(time.RFC3339))
	}
	if options.Margin < 0 {
		r.add("Margin", "%s is negative; zero means a minute", options.Margin)
	}
}

// pages walks through first pages and reports whether that was all. If not, a scan can read the rest.
func (w *changedWalk) pages(ctx context.Context) (whole bool, err error) {
	for len(w.leftOut) <= maxChanged {
		page, err := w.page(ctx)
		if err != nil {
			if ctx.Err() == nil && w.canScan(err) {
				return false, nil
			}
			return false, err
		}
		if !slices.IsSortedFunc(page.Payload, laterFirst) {
			return false, nil // so a row from before since proves nothing
		}
		before := len(w.came)
		if whole, err = w.take(page); whole || err != nil {
			return whole, err
		}
		if len(w.came) == before {
			return false, nil // the server answers rows that were left out
		}
	}
	return false, nil
}

// page requests the first page of what has not been seen.
func (w *changedWalk) page(ctx context.Context) (*ConversationPage, error) {
	filter := w.active()
	if len(w.leftOut) > 0 {
		filter = filter.And(NotEqual(AttributeDisplayID, w.leftOut...))
	}
	asked := time.Now()
	page, err := w.conversations.Filter(ctx, filter, 1, w.opts...)
	if w.begun.IsZero() {
		w.begun = w.conversations.core.now().Add(-time.Since(asked))
	}
	if err == nil && !w.paged && len(page.Payload) > 0 {
		w.newest = page.Payload[0].activity()
	}
	w.paged = w.paged || err == nil
	return page, err
}

// active returns the filter for what was active, by the day, because servers know days only.
func (w *changedWalk) active() Filter { return Where(Since(AttributeLastActivityAt, w.since)) }

// isSince reports whether a time is at or after since, to the second, as the times in answers are.
func (w *changedWalk) isSince(t UnixTime) bool { return !t.Before(w.since.Truncate(time.Second)) }

func laterFirst(a, b Conversation) int { return b.activity().Compare(a.activity().Time) }

// take yields the rows of a page, and reports whether nothing is left after it.
func (w *changedWalk) take(page *ConversationPage) (last bool, err error) {
	for i := range page.Payload {
		c := &page.Payload[i]
		if !w.isSince(c.activity()) {
			return true, nil
		}
		if err := w.give(c); err != nil {
			return false, err
		}
	}
	return moreThan(page) == 0, nil
}

// give yields a conversation that has not been yielded.
func (w *changedWalk) give(c *Conversation) error {
	if w.note(c.ID) && !w.yield(c, nil) {
		return errLeft
	}
	return nil
}

// note reports whether an id is new, and remembers it.
func (w *changedWalk) note(id int64) bool {
	if _, again := w.came[id]; again {
		return false
	}
	w.came[id] = struct{}{}
	w.leftOut = append(w.leftOut, id)
	return true
}

// canScan reports whether only the page may have failed, so that windows of ids can be answered: because of a conversation
// that cannot be rendered, or a list of ids that the server or its proxy does not accept. A scan would meet any other
// failure again.
func (w *changedWalk) canScan(err error) bool {
	e, ok := err.(*Error)
	if !ok || errors.Is(e, ErrNotSent) {
		return false
	}
	switch e.StatusCode {
	case 0, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	case http.StatusBadRequest, http.StatusForbidden: // firewalls refuse large bodies so
		return len(w.leftOut) > 0
	}
	return errors.Is(e, ErrServer) || errors.Is(e, ErrTooLarge) || errors.Is(e, ErrDecode) || e.cut ||
		errors.Is(e, context.DeadlineExceeded)
}

// scan yields what has not been yielded, in the order of ids.
func (w *changedWalk) scan(ctx context.Context) error {
	for c, err := range w.conversations.Scan(ctx, w.active(), ConversationScanOptions{}, w.opts...) {
		if e, ok := err.(*Error); ok && e.ConversationID != 0 {
			if w.note(e.ConversationID) && !w.yield(nil, err) {
				return errLeft
			}
			continue
		}
		if err != nil {
			return err
		}
		if !w.paged && c.activity().After(w.newest.Time) {
			w.newest = c.activity()
		}
		if err := w.give(c); err != nil {
			return err
		}
	}
	return nil
}

// updates yields what was updated without an activity. It fails only when the context ends.
func (w *changedWalk) updates(ctx context.Context) error {
	core := w.conversations.core
	if len(w.came) > maxUpdated || !core.chat.clock.known() || !core.chat.has(ctx, updatedVersion) {
		return nil
	}
	for _, slack := range updatedSlack {
		asked := time.Now()
		within := max(core.now().Sub(w.since), 0) + slack
		options := ConversationListOptions{Status: StatusAll, UpdatedWithin: within.Truncate(time.Second)}
		list, err := w.conversations.List(ctx, options, w.opts...)
		if err != nil {
			return ended(ctx, err) // everything promised has been yielded
		}
		for i := range list.Payload {
			c := &list.Payload[i]
			if c.UpdatedAt != nil && !w.isSince(*c.UpdatedAt) {
				continue // within the slack
			}
			if err := w.give(c); err != nil {
				return err
			}
		}
		if w.sawUpdates = time.Since(asked) < slack/2; w.sawUpdates {
			break
		}
	}
	return nil
}

// ended returns a failure if the context has ended.
func ended(ctx context.Context, failure error) error {
	if ctx.Err() == nil {
		return nil
	}
	return failure
}

// next returns the time from which to look the next time.
func (w *changedWalk) next(margin time.Duration) time.Time {
	if margin == 0 {
		margin = changedMargin
	}
	newest := w.newest.Time
	if w.begun.Before(newest) {
		newest = w.begun
	}
	if next := newest.Add(-margin); next.After(w.since) {
		return next
	}
	return w.since
}
