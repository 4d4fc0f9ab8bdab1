package cfchat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"runtime"
	"slices"
	"sync"

	"github.com/cfchat/cfchat-go/internal/chain"
)

// ConversationScanOptions say which part of an account a scan reads, and how. The zero value reads all of it.
type ConversationScanOptions struct {
	// After is the id behind which to start: to resume, the last id that was dealt with, or ScanProgress.LastID.
	After int64
	// Until is the last id to read. Zero means the newest. With After it cuts an account into parts for several machines.
	Until int64
	// Concurrency is how many requests run at once. Zero means 4.
	Concurrency int
	// Progress, if it is set, is called by the ranging goroutine after each window of ids is done, and at the end.
	Progress func(ScanProgress)
}

// ScanProgress is how far a scan has come.
type ScanProgress struct {
	LastID   int64 // every conversation up to this id has been yielded
	End      int64 // the last id that the scan expects to read
	Requests int   // sent so far, without those that were repeated
}

const (
	defaultConcurrency = 4
	firstWindow        = 25        // ids; as many as a page holds, so that even the densest window is answered whole
	maxWindow          = 10_000    // ids; servers took 50,000 in half a second
	tailWindow         = 1_000     // ids behind the last one that are looked at in the end
	maxRuleIDs         = 50_000    // ids in one rule; servers took as many in half a second
	maxLeftOut         = 200_000   // ids that a request may leave out, in several rules
	pageSize           = 25        // rows; the same in every version for a filter
	targetRows         = 15        // rows a window should have: few enough that chance does not fill the page
	noConversation     = 1<<31 - 1 // the largest id there can be, and none has it
)

// Scan walks through every conversation that matches a filter, in the order of their ids, and loses none: each one that
// matches from the start of the scan to its end is yielded exactly once, whatever else happens meanwhile, be it replies,
// resolves, new assignees, or what the loop itself does. A filter without rules reads them all. One that comes to match,
// or stops matching, while the scan runs may be yielded or not.
//
// It asks for windows of ids instead of pages, larger ones where few match, so it needs about a request per 25 matches
// and one per 10,000 ids. Windows are fetched ahead, a few at a time, and memory stays flat.
//
// A conversation that the server cannot answer (one such makes every page with it a 500) is yielded as nil and an [*Error] with
// its id in ConversationID, and the scan goes on. Any other error is the last thing that is yielded; resume behind the
// last id with ConversationScanOptions.After. Breaking out of the loop, or ending the context, stops every request at once.
//
// Every range over it starts anew. The options must be safe for concurrent use. It takes a user's key, and fails with
// auth.ErrNoKey without one; an agent's sees that person's inboxes from 4.1.0, and before those of the whole account.
func (s ConversationsService) Scan(ctx context.Context, filter Filter, options ConversationScanOptions, opts ...CallOption) iter.Seq2[*Conversation, error] {
	opts = slices.Clone(opts)
	return func(yield func(*Conversation, error) bool) {
		var input refusal
		refuseResponse(opts, &input)
		s.core.check(ctx, &input)
		options.check(&input)
		filter.checkScan(&input)
		if err := input.err(s.core.call(filterCall.operation, 0)); err != nil {
			yield(nil, err)
			return
		}
		scan := &scan{conversations: s, filter: filter, ConversationScanOptions: options, opts: opts, size: firstWindow, read: options.After, end: options.After, left: -1}
		if scan.Concurrency == 0 {
			scan.Concurrency = defaultConcurrency
		}
		if err := scan.all(ctx, yield); err != nil {
			yield(nil, err)
		}
	}
}

// check refuses options that make no sense.
func (o ConversationScanOptions) check(input *refusal) {
	if o.After < 0 {
		input.add("After", "%d is negative; zero begins with the first", o.After)
	}
	if o.Until < 0 || o.Until > 0 && o.Until < o.After {
		input.add("Until", "%d is before After; zero means the newest", o.Until)
	}
	if o.Concurrency < 0 {
		input.add("Concurrency", "%d is negative; zero means 4", o.Concurrency)
	}
}

// scan is one range over Scan. Only the ranging goroutine touches it.
type scan struct {
	ConversationScanOptions
	conversations ConversationsService
	filter        Filter
	opts          []CallOption

	windows  []*window // in the order of their ids, those under way first but for what was cut again
	fetches  sync.WaitGroup
	size     int64 // of the next window
	read     int64 // every id up to this one has been read
	end      int64 // the last id that is known
	left     int64 // how many may still be behind the end that were there when it was reached; -1 before
	requests int
}

// window is a range of ids: under way when it has an answer to wait for, else still to be cut to size.
type window struct {
	lo, hi int64
	most   int64 // the size it may have at most, because a larger one failed; 0 for any
	again  bool  // it failed before, although the server answers
	answer chan windowAnswer
}

type windowAnswer struct {
	page   *ConversationPage
	err    error
	exited bool // the caller's code has ended its goroutine, as a failed test does
}

// errStopped means that the caller wants no more.
var errStopped = errors.New("stopped")

// all yields everything. What it returns is still to be yielded.
func (s *scan) all(ctx context.Context, yield func(*Conversation, error) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer s.fetches.Wait()
	defer cancel()
	if s.Until == 0 || s.read < s.Until {
		if err := s.findEnd(ctx); err != nil {
			return err
		}
	}
	s.filter = s.filter.dated(s.conversations.core.now()) // the same day for all windows
	s.readUpTo(s.end)
	for {
		for len(s.windows) > 0 {
			s.fetchAhead(ctx)
			err := s.take(ctx, yield)
			if err == errStopped {
				return nil
			}
			if err != nil {
				return err
			}
		}
		if err := s.lookBehind(ctx); err != nil {
			return err
		}
		if len(s.windows) == 0 {
			s.tell()
			return nil
		}
	}
}

// readUpTo makes a window of what has not been read.
func (s *scan) readUpTo(last int64) {
	if s.Until != 0 {
		last = min(last, s.Until)
	}
	if last = min(last, noConversation-1); s.read < last {
		s.windows = []*window{{lo: s.read + 1, hi: last}}
	}
}

// fetchAhead starts windows, in order, until as many are under way as may be. The first one always is.
func (s *scan) fetchAhead(ctx context.Context) {
	free := s.Concurrency
	for _, w := range s.windows {
		if w.answer != nil {
			free--
		}
	}
	for i := 0; i < len(s.windows) && free > 0; i++ {
		if s.windows[i].answer != nil {
			continue
		}
		s.cut(i)
		w := s.windows[i]
		w.answer = make(chan windowAnswer, 1)
		free--
		s.requests++
		s.fetches.Go(func() {
			answer := windowAnswer{exited: true}
			defer func() { w.answer <- answer }()
			page, err := s.ask(ctx, w.lo, w.hi)
			answer = windowAnswer{page: page, err: err}
		})
	}
}

// ask filters a window of ids.
func (s *scan) ask(ctx context.Context, lo, hi int64) (*ConversationPage, error) {
	return s.conversations.Filter(ctx, s.filter.narrowed(Equal(AttributeDisplayID, ids(lo, hi)...)), 1, s.opts...)
}

// cut leaves of a window only as many ids as the next may have, and makes another of the rest.
func (s *scan) cut(i int) {
	w := s.windows[i]
	size := s.size
	if w.most > 0 {
		size = min(size, w.most)
	}
	if w.hi-w.lo >= size {
		rest := &window{lo: w.lo + size, hi: w.hi, most: w.most}
		w.hi = rest.lo - 1
		s.windows = slices.Insert(s.windows, i+1, rest)
	}
}

// take waits for the first window and yields what is in it, or cuts it smaller.
func (s *scan) take(ctx context.Context, yield func(*Conversation, error) bool) error {
	w := s.windows[0]
	answer := <-w.answer
	if answer.exited {
		runtime.Goexit()
	}
	if answer.err == nil {
		return s.takePage(w, answer.page, yield)
	}
	if ctx.Err() != nil || !mayBeOneConversation(answer.err) {
		return answer.err
	}
	if w.lo == w.hi || isOutage(answer.err) {
		s.requests++
		if _, err := s.ask(ctx, noConversation, noConversation); err != nil {
			if ctx.Err() != nil {
				return err
			}
			return answer.err // it is not a conversation: the server answers nothing
		}
	}
	if w.lo < w.hi {
		half := (w.hi - w.lo + 2) / 2
		s.windows = slices.Replace(s.windows, 0, 1,
			&window{lo: w.lo, hi: w.lo + half - 1, most: half}, &window{lo: w.lo + half, hi: w.hi, most: half})
		return nil
	}
	if !w.again { // a server that stumbled once would make it look as if the conversation were to blame
		w.again, w.answer = true, nil
		return nil
	}
	s.end = max(s.end, w.lo)
	return s.done(w, 1, yield(nil, blamed(answer.err, w.lo)))
}

// blamed returns the failure of a window, as that of the conversation in it.
func blamed(failure error, id int64) error {
	e, ok := failure.(*Error)
	if !ok {
		return failure
	}
	return e.of(id)
}

// mayBeOneConversation reports whether a failure of a window can be that of one conversation in it.
func mayBeOneConversation(err error) bool {
	e, ok := err.(*Error)
	return ok && (errors.Is(e, ErrServer) || errors.Is(e, ErrTooLarge) || errors.Is(e, ErrDecode) || e.cut ||
		errors.Is(e, context.DeadlineExceeded) || e.StatusCode == http.StatusRequestEntityTooLarge ||
		e.StatusCode == http.StatusUnprocessableEntity) // whose words may be translated
}

// isOutage reports whether a failure looks like that of a server which is down, or answers nothing to this filter. A
// conversation that cannot be rendered is a plain 500.
func isOutage(err error) bool {
	e, ok := err.(*Error)
	return ok && (e.StatusCode > http.StatusInternalServerError || e.StatusCode == http.StatusUnprocessableEntity || e.cut ||
		errors.Is(e, context.DeadlineExceeded))
}

// takePage yields the conversations of a window if they are all there, and else has it cut. The size of the next window
// follows from how many they are.
func (s *scan) takePage(w *window, page *ConversationPage, yield func(*Conversation, error) bool) error {
	width, rows := w.hi-w.lo+1, int64(len(page.Payload))
	found, err := s.inWindow(w, page.Payload)
	if err != nil {
		return err
	}
	// However many rows they took; before 3.1.1 that is one for each label.
	whole := width == 1 || int64(len(found)) == width || rows < pageSize && page.Meta.AllCount <= rows
	if !whole {
		s.size = min(max(width*targetRows/max(rows, page.Meta.AllCount), 1), width/2)
		w.answer = nil
		return nil
	}
	s.size = s.nextSize(width, rows, rows == int64(len(found)))
	for _, c := range found {
		s.end = max(s.end, c.ID)
		if s.filter.keeps(c) && !yield(c, nil) {
			return errStopped
		}
	}
	return s.done(w, int64(len(found)), true)
}

// nextSize is how many ids the next window has, after one of a width that was answered with so many rows.
func (s *scan) nextSize(width, rows int64, single bool) int64 {
	size := width * 8
	if rows > 0 {
		size = min(size, max(width*targetRows/rows, 1))
	}
	if single { // one row for each: a window as wide as a page cannot be too full
		size = max(size, firstWindow)
	}
	return min(size, maxWindow/s.filter.branches())
}

// inWindow sorts the conversations of a page by id and leaves each of them once.
func (s *scan) inWindow(w *window, conversations []Conversation) ([]*Conversation, error) {
	found := make([]*Conversation, len(conversations))
	for i := range conversations {
		c := &conversations[i]
		if c.ID < w.lo || c.ID > w.hi {
			err := fmt.Errorf("asked for the conversations %d to %d, the server answered %d", w.lo, w.hi, c.ID)
			return nil, errorOf(s.conversations.core.call(filterCall.operation, 0), &chain.Failure{Status: http.StatusOK, Cause: err, Decode: true})
		}
		found[i] = c
	}
	slices.SortFunc(found, func(a, b *Conversation) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(found, func(a, b *Conversation) bool { return a.ID == b.ID }), nil
}

// done drops the first window, in which so many conversations were, and tells how far the scan is.
func (s *scan) done(w *window, found int64, wantsMore bool) error {
	if !wantsMore {
		return errStopped
	}
	s.windows = s.windows[1:]
	s.read = w.hi
	if s.left > 0 {
		s.left = max(s.left-found, 0)
	}
	s.tell()
	return nil
}

// tell says how far the scan is, and never more than the end: what is created behind it later must not be skipped by who
// resumes.
func (s *scan) tell() {
	if s.Progress != nil {
		s.Progress(ScanProgress{LastID: min(s.read, s.end), End: s.end, Requests: s.requests})
	}
}
