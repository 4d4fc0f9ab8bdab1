package cfchat

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"
	"time"
)

// How Changed works. A filter has one order, the latest activity first, and no other page of it holds still than the first.
// So the walk asks for the first page of what was active on the day of since or later, again and again, and leaves out what
// has come. What becomes active meanwhile is in front and cannot hide anything, and a row from before since proves that
// nothing newer is left; so does a page that is not full. Where that way ends, at a page that the server cannot answer or
// at maxChanged conversations, a scan with the same rule reads the rest.
//
// What came was read after the first page was, so whatever it does not show was stored after that. Next therefore counts
// from the latest activity of the first page, and not from the latest of all, which may be minutes younger than a row that
// came early.

// ConversationChangedOptions say how [ConversationsService.Changed] looks for changes. The zero value is right for most.
type ConversationChangedOptions struct {
	// Margin is how far Changes.Next lies before the latest activity. Zero means a minute. It must be longer than the
	// servers take from giving a change its time to storing it, and than their clocks differ; a longer one costs repeats,
	// nothing else.
	Margin time.Duration
}

const (
	changedMargin  = time.Minute
	fullPage       = 25      // rows of a filter, in every version
	maxChanged     = 20_000  // ids that a walk leaves out; behind so many a scan is as cheap
	maxUpdated     = 1_000   // conversations in one answer without pages: 3 MB
	updatedVersion = "3.6.0" // the first that reads updated_within
	farAhead       = 24 * time.Hour
)

// updatedSlack is how much longer than since then the time is that is asked for with updated_within. The server counts it
// back from when it gets the request, which may have waited, for a limiter say: when it may have waited for half as long,
// it is sent once more. The other half is for the seconds by which clocks are rounded.
var updatedSlack = []time.Duration{30 * time.Second, 5 * time.Minute}

// Changes is a walk through what has changed, made by [ConversationsService.Changed]: range over All, and then ask Next
// from when on to look the next time. It is for one goroutine at a time.
type Changes struct {
	next         time.Time
	activityOnly bool
	all          iter.Seq2[*Conversation, error]
}

// Changed walks through what has changed since a time by the server's clock, to keep a copy current. Every conversation
// whose last activity is stored at or after it, to the second, when the range begins is yielded exactly once, unless it is
// deleted meanwhile, or set back to an earlier activity. One that is active later may be yielded or not, and comes the next
// time, from [Changes.Next] on. A message is an activity, and so is a change of status, labels, assignee, team or priority
// by a person.
//
// From 3.6.0 on it also yields what was updated without an activity: attributes, the end of a snooze, the agent bot that
// owns it. That is extra: a server that does not tell its version and its time is not asked for it, nor when more than
// 1,000 came; an agent's key sees that person's inboxes only; and when it fails the walk ends well without.
// [Changes.ActivityOnly] tells. What shows in no way, deleted conversations above all, only a scan finds, once a day say.
//
// The latest activity comes first, but what becomes active meanwhile comes when it is found, and what was updated without
// an activity last. It takes a request per 25 conversations, and one or two for the extra. A conversation that the server
// cannot answer, and more than 20,000 that have changed, make it go on with a [ConversationsService.Scan], in the order of
// ids. Such a conversation is yielded as nil and an [*Error] with its id in ConversationID, if it was active on the day of
// since or later, and the walk goes on. Any other error is the last thing that is yielded.
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

// All yields what has changed. Every range over it starts anew, from the same time.
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

// Next returns the time to give to Changed the next time, so that nothing is lost between the two: the latest activity that
// was stored when the last range began, or the server's clock if that is earlier, as it is where an activity lies in the
// future, less the Margin. It is never before since, and it is since until a range has come to its end, without an error
// and without being left: keep it only when everything that came has been dealt with.
func (c *Changes) Next() time.Time { return c.next }

// ActivityOnly reports whether the last range yielded only what was active, and not what else was updated. It is true until
// a range has come to its end.
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
	begun      time.Time // by the server's clock, when the first page was asked for
	newest     UnixTime  // the latest activity of what was read first
	paged      bool      // a page was read
	sawUpdates bool
}

// all yields everything. What it returns is still to be yielded.
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

// changed refuses a time from which nothing can be asked for, and options that make no sense.
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

// pages walks through first pages and reports whether that was all. Where it was not, a scan can read the rest.
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
			return false, nil // then a row from before since proves nothing
		}
		before := len(w.came)
		if whole, err = w.take(page); whole || err != nil {
			return whole, err
		}
		if len(w.came) == before {
			return false, nil // the server answers what was left out
		}
	}
	return false, nil
}

// page asks for the first page of what has not come.
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

// active is the filter for what was active, of which servers know the day.
func (w *changedWalk) active() Filter { return Where(Since(AttributeLastActivityAt, w.since)) }

// isSince reports whether a time is at or after since, to the second, as the times in answers are.
func (w *changedWalk) isSince(t UnixTime) bool { return !t.Before(w.since.Truncate(time.Second)) }

func laterFirst(a, b Conversation) int { return b.activity().Compare(a.activity().Time) }

// take yields what a page has, and reports whether nothing is left behind it.
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
	rows := int64(len(page.Payload))
	return rows == 0 || rows < fullPage && page.Meta.AllCount <= rows, nil
}

// give yields a conversation that has not come.
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

// canScan reports whether a failure may be that of a page, so that windows of ids can be answered: a conversation that
// cannot be rendered, or a list of ids that the server or a proxy before it does not take. A scan meets every other failure
// again.
func (w *changedWalk) canScan(err error) bool {
	e, ok := err.(*Error)
	if !ok || errors.Is(e, ErrNotSent) {
		return false
	}
	switch e.StatusCode {
	case 0, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	case http.StatusBadRequest, http.StatusForbidden: // as a firewall refuses large bodies
		return len(w.leftOut) > 0
	}
	return errors.Is(e, ErrServer) || errors.Is(e, ErrTooLarge) || errors.Is(e, ErrDecode) || e.cut ||
		errors.Is(e, context.DeadlineExceeded)
}

// scan yields what has not come in the order of ids.
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

// updates yields what was updated without an activity. Only the end of the context makes it fail.
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
			return ended(ctx, err) // everything that is promised has come
		}
		for i := range list.Payload {
			c := &list.Payload[i]
			if c.UpdatedAt != nil && !w.isSince(*c.UpdatedAt) {
				continue // of the slack
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

// ended returns a failure if it is the end of the context.
func ended(ctx context.Context, failure error) error {
	if ctx.Err() == nil {
		return nil
	}
	return failure
}

// next is the time from which on to look the next time.
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
