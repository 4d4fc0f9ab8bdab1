package cfchat

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/scan"
)

// How Scan works:
//
//  1. A sweep asks for what matches and has not been read. If that is little, it is all there is to read (scan_sweep.go).
//  2. Otherwise windows of ids are read, ahead and in order, up to the highest id that any answer has shown (internal/scan).
//  3. Another sweep proves that nothing was left out, or shows what to read next; and so on.
//
// What it holds to:
//
//   - A page that is not full has everything that matched while it was made. So it contains every row that it was asked for
//     and that matches all the time.
//   - The day on which a conversation was created and its inbox never change, so the ranges of a sweep leave no gap. Each
//     range leaves out what was read of it, or will be read anyway, and ends when a page is not full.
//   - A page far beyond the last counts and shows nothing. So a conversation that cannot be shown hides no other: it is
//     counted, located by counts, and read as a window.
//   - Every id up to read has been yielded, is to blame, or need not be yielded. Only ids above it are yielded.

// ConversationScanOptions select the part of an account that a scan reads, and how. The zero value reads all of it.
type ConversationScanOptions struct {
	// After skips ids up to and including this one: to resume, set the last id that was dealt with, or ScanProgress.LastID.
	After int64
	// Until is the last id to read. Zero means the newest. With After it divides an account among several machines.
	Until int64
	// Concurrency is how many requests run at once. Zero means 4.
	Concurrency int
	// MaxWindow is how many ids one request may name, for proxies that refuse long bodies: an id takes up to 11 bytes. Zero
	// means 10,000, or fewer if the server refuses that many. Only the conversations of one inbox and one day are named in
	// one request regardless of their number, because the end cannot be proven otherwise.
	MaxWindow int
	// Progress, if set, is called by the ranging goroutine after each window of ids, at least once a minute while the scan
	// waits, and at the end.
	Progress func(ScanProgress)
}

// ScanProgress is how far a scan has come, of conversations or of the messages of one.
type ScanProgress struct {
	// LastID is the id up to which everything has been yielded; resume after it. It belongs to a conversation or message
	// that existed when the scan started, so those created since have greater ids.
	LastID int64
	// End is the last id that the scan expects to read; for messages, the last that it has seen; after the scan, the last
	// that it read.
	End          int64
	Requests     int       // sent so far, without repeats
	WaitingUntil time.Time // when a rate-limited or failed request continues; zero while none waits
}

const (
	defaultConcurrency = 4
	maxWindow          = 10_000    // ids; servers answered 50,000 in half a second
	pageSize           = 25        // rows; the same in every version for a filter
	maxID              = 1<<31 - 1 // the largest possible id
)

// Scan walks through every conversation that matches a filter, in the order of their ids, and loses none: each one that
// matches from the start of the scan to its end is yielded exactly once, no matter what happens meanwhile, be it replies,
// resolves, new assignees, or changes by the loop itself. A filter without rules reads them all. A conversation that starts
// or stops matching while the scan runs may be yielded or not. The scan proves that nothing is left after the end; if it
// cannot, it yields an error that says so last.
//
// It asks for windows of ids instead of pages, larger ones where few match, so it needs about a request per 25 matches and
// one per 10,000 ids, and one per 2,000 conversations for the proof. Windows are read ahead, a few at a time, and memory
// stays flat except for four bytes per conversation.
//
// A conversation that the server cannot answer (one such makes every page with it a 500) is yielded as nil and an [*Error]
// with its id in ConversationID, and the scan continues; before that, others must be read a second time. Any other error is
// yielded last; resume after the last id with ConversationScanOptions.After. After a 429 it waits, for as long as the
// context lasts. Breaking out of the loop, or ending the context, stops every request at once.
//
// Every range over it starts anew. The options must be safe for concurrent use. It takes a user's key, and fails with
// auth.ErrNoKey without one; an agent's key sees that person's inboxes from 4.1.0 on, and before those of the whole account.
func (s ConversationsService) Scan(ctx context.Context, filter Filter, options ConversationScanOptions, opts ...CallOption) iter.Seq2[*Conversation, error] {
	opts = slices.Clone(opts)
	return func(yield func(*Conversation, error) bool) {
		var input refusal
		refuseResponse(opts, &input)
		s.core.check(ctx, &input)
		options.check(&input)
		filter.checkScan(ctx, s.core, &input)
		if err := input.err(s.core.call(filterCall.operation, 0)); err != nil {
			yield(nil, err)
			return
		}
		if err := newConversationScan(s, filter, options, opts).all(byUser(ctx), yield); err != nil {
			yield(nil, err)
		}
	}
}

// byUser returns a context whose filters are sent with a user's key, unless the caller has chosen one: a bot's is refused
// (D4).
func byUser(ctx context.Context) context.Context {
	if len(filterCall.operation.Schemes(ctx)) == 1 {
		return ctx
	}
	return auth.WithScheme(ctx, auth.UserAPIKey)
}

// check refuses meaningless options.
func (o ConversationScanOptions) check(input *refusal) {
	input.stretch(o.After, o.Until)
	input.concurrency(o.Concurrency)
	if o.MaxWindow < 0 {
		input.add("MaxWindow", "%d is negative; zero means 10,000", o.MaxWindow)
	}
}

// conversationScan is one range over Scan.
type conversationScan struct {
	ConversationScanOptions
	conversations ConversationsService
	filter        Filter
	opts          []CallOption

	scanRequests
	windows *scan.Windows[*Conversation]
	ticker  scan.Ticker

	read    int64     // every conversation up to this id has been dealt with
	end     int64     // the last id that is expected
	last    int64     // the highest that has been dealt with, where to resume
	highest int64     // the highest that has been dealt with
	came    ledger    // what has been dealt with
	blamed  []int64   // what cannot be read, so that its creation is unknown
	day     int32     // on which the last one read was created
	limit   int       // how many ids a sweep leaves out in one request
	narrow  bool      // more were too many
	reach   int64     // how far to read on while the end is unknown
	sought  int64     // how many ids to seek in one request
	swept   bool      // one sweep has been made
	counts  bool      // the server has counted what it could not show
	started time.Time // by the local clock
	began   time.Time // by the server's clock, at the latest
	active  time.Time // the latest activity when it started
	shown   int64     // the highest id shown when it started
}

func newConversationScan(s ConversationsService, filter Filter, options ConversationScanOptions, opts []CallOption) *conversationScan {
	widest := max(int64(cmp.Or(options.MaxWindow, maxWindow))/filter.branches(), 1)
	c := &conversationScan{
		ConversationScanOptions: options, conversations: s, filter: filter,
		read: options.After, end: options.After, last: options.After, highest: options.After, started: time.Now(),
		sought: max(soughtIDs/filter.branches(), 1), scanRequests: scanRequests{woken: make(chan struct{}, 1)}, came: ledger{},
	}
	c.Concurrency = cmp.Or(options.Concurrency, defaultConcurrency)
	c.Until = min(cmp.Or(options.Until, maxID), maxID)
	c.opts = append(slices.Clone(opts), c.tellsWaits())
	c.ticker = scan.Ticker{Wake: c.woken, Tick: c.tell}
	reader := scan.Reader[*Conversation]{Read: c.readWindow, Again: c.readAgain, Judge: judge, ID: func(c *Conversation) int64 { return c.ID }}
	c.windows = scan.New(reader, c.ticker, c.Concurrency, pageSize, widest)
	c.limit = c.limitOf(widest)
	return c
}

// errStopped means that the caller has left the loop.
var errStopped = errors.New("stopped")

// all yields everything. The caller yields the error that it returns.
func (s *conversationScan) all(ctx context.Context, yield func(*Conversation, error) bool) error {
	undated := s.filter
	s.filter = undated.dated(s.conversations.core.now()) // the same day for all windows
	for s.read < s.Until {
		first := !s.swept
		next, err := s.sweep(ctx)
		if day := undated.dated(s.conversations.core.now()); err == nil && first && day.String() != s.filter.String() {
			s.filter, s.swept = day, false // the server's clock is now known, and it is another day there
			clear(s.came)
			continue
		}
		if err != nil {
			err = s.unproven(ctx, err)
		} else {
			s.end = max(s.end, next.end)
			err = s.walk(ctx, next.parts, yield)
		}
		switch {
		case err == errStopped:
			return nil
		case err != nil && ctx.Err() == nil && s.canLookElsewhere(ctx, err):
			continue
		case err != nil:
			return err
		}
		if s.read = next.end; next.last {
			break
		}
	}
	s.end = s.highest
	s.tell()
	return nil
}

// canLookElsewhere reports whether to continue although nothing could be read: something else can be read, by which to
// judge, or the server counts, so that a sweep can look once for what can be read.
func (s *conversationScan) canLookElsewhere(ctx context.Context, failure error) bool {
	if judge(failure) != scan.Blames || s.windows.CanJudge() {
		return false
	}
	once := s.counts
	s.counts = false
	return s.anything(ctx) || once
}

// dealtWith notes a conversation that was read.
func (s *conversationScan) dealtWith(c *Conversation) {
	s.day = dayOfCreation(c)
	s.came.put(cell{s.day, c.InboxID}, c.ID)
	s.highest = max(s.highest, c.ID)
	if s.isOld(c) {
		s.last = max(s.last, c.ID)
	}
}

// isOld reports whether a conversation existed when the scan started: it, or one with a higher id, was among the first that
// were shown, or something was active after it was created. A later one may have been read without one with a lower id,
// because windows are not read at the same moment. If nothing was shown at first, the server's clock decides, to the second.
func (s *conversationScan) isOld(c *Conversation) bool {
	switch {
	case c.ID <= s.shown:
		return true
	case !s.active.IsZero():
		return c.CreatedAt.Before(s.active)
	}
	return s.conversations.core.wasBefore(s.started, c.CreatedAt.Time)
}

// gaveUp notes a conversation that cannot be read. It was probably created when the one before it was.
func (s *conversationScan) gaveUp(id int64) {
	s.blamed = append(s.blamed, id)
	s.came.put(cell{day: s.day}, id)
	s.last, s.highest = max(s.last, id), max(s.highest, id)
}

// unproven returns the failure of a sweep, with the id to resume after.
func (s *conversationScan) unproven(ctx context.Context, failure error) error {
	e, ok := failure.(*Error)
	if !ok || ctx.Err() != nil || s.lastID() == s.After {
		return failure
	}
	return e.unproven(s.lastID())
}

// walk yields the conversations of parts.
func (s *conversationScan) walk(ctx context.Context, parts []scan.Part[*Conversation], yield func(*Conversation, error) bool) error {
	stopped := false
	err := s.windows.Run(ctx, parts, func(p *scan.Part[*Conversation]) bool {
		for _, c := range p.Rows {
			s.dealtWith(c)
			if s.filter.keeps(c) && !yield(c, nil) {
				stopped = true
				return false
			}
		}
		if p.Err != nil {
			s.gaveUp(p.Lo)
			if stopped = !yield(nil, blamed(p.Err, p.Lo)); stopped {
				return false
			}
		}
		s.read = p.Hi
		s.tell()
		return true
	})
	if stopped {
		return errStopped
	}
	return err
}

// blamed returns the failure of a window as the failure of its conversation.
func blamed(failure error, id int64) error {
	if e, ok := failure.(*Error); ok {
		return e.of(id)
	}
	return failure
}

// lastID returns where to resume: never after the last existing id, no matter how far was read, because what is created next
// must not be left out.
func (s *conversationScan) lastID() int64 { return min(s.read, s.last) }

// tell reports how far the scan is.
func (s *conversationScan) tell() {
	if s.Progress == nil {
		return
	}
	s.Progress(ScanProgress{LastID: s.lastID(), End: max(s.end, s.lastID()), Requests: s.sent(), WaitingUntil: s.waitingUntil()})
}

// readWindow asks for a window of ids.
func (s *conversationScan) readWindow(ctx context.Context, w scan.Window) (came []*Conversation, rows, more int64, err error) {
	return s.readIn(ctx, s.filter, w)
}

// readIn asks for a window of ids among what a filter finds.
func (s *conversationScan) readIn(ctx context.Context, filter Filter, w scan.Window) (came []*Conversation, rows, more int64, err error) {
	page, err := s.post(ctx, filter.narrowed(Equal(AttributeDisplayID, w.IDs())), 1)
	if err != nil {
		return nil, 0, 0, err
	}
	for i := range page.Payload {
		c := &page.Payload[i]
		if c.ID < w.Lo || c.ID > w.Hi {
			return nil, 0, 0, s.found("conversations %d to %d were requested, but the server returned %d", w.Lo, w.Hi, c.ID)
		}
		came = append(came, c)
	}
	return came, int64(len(page.Payload)), moreThan(page), nil
}

// found returns a finding as the failure of an answer.
func (s *conversationScan) found(format string, args ...any) error {
	return found(s.conversations.core.call(filterCall.operation, 0), format, args...)
}

// moreThan returns how many rows there may be besides those of a first page: none if it is not full. The count is from
// another moment than the rows, so it cannot prove a full page to be complete.
func moreThan(page *ConversationPage) int64 {
	rows := int64(len(page.Payload))
	switch more := page.Meta.AllCount - rows; {
	case rows == 0:
		return 0
	case rows < pageSize:
		return max(more, 0)
	default:
		return max(more, 1)
	}
}

// readAgain asks whether conversations read before can still be read. It asks for them whether they match or not, so that
// the server has to show them, and for those of them that match, so that the server has to know the filter.
func (s *conversationScan) readAgain(ctx context.Context, ids []int64) (came []int64, err error) {
	these := Equal(AttributeDisplayID, ids)
	again := Where(these)
	if len(s.filter.rules) > 0 {
		matching := s.filter.narrowed(these)
		again = Filter{append(again.rules, matching.rules...), append([]QueryOperator{QueryOperatorOR}, matching.joins...)}
	}
	page, err := s.post(ctx, again, 1)
	switch {
	case err != nil:
		return nil, err
	case len(page.Payload) >= pageSize: // because of many labels, before 3.1.1
		return ids, nil
	}
	for _, c := range page.Payload {
		came = append(came, c.ID)
	}
	slices.Sort(came)
	return slices.Compact(came), nil
}

// judge returns what a failure can mean.
func judge(err error) scan.Verdict {
	e, ok := err.(*Error)
	_, isFinding := errors.AsType[finding](err)
	switch {
	case !ok || isFinding, errors.Is(e, ErrNotSent), errors.Is(e, ErrInvalidInput), errors.Is(e, ErrRateLimited):
		return scan.Ends
	case e.StatusCode == http.StatusRequestEntityTooLarge:
		return scan.Refuses
	case e.StatusCode == http.StatusInternalServerError, errors.Is(e, ErrTooLarge), errors.Is(e, ErrDecode):
		return scan.Blames
	}
	return scan.Doubts
}

// post asks a filter for a page, as often as it is rate limited.
func (s *conversationScan) post(ctx context.Context, filter Filter, page int) (*ConversationPage, error) {
	return patiently(ctx, &s.scanRequests, func() (*ConversationPage, error) {
		return filterCall.run(ctx, s.conversations.core, refusal{}, s.opts, func(server string) (*http.Request, error) {
			return newConversationFilterRequest(server, s.conversations.core.id, &ConversationFilterParams{Page: new(int64(page))}, filter.wire())
		})
	})
}
