package cfchat

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/cfchat/cfchat-go/internal/scan"
)

// How Scan works. It asks for the messages from one id up to another, one such window after another, in order. Of more than
// 1,000 the server silently returns the oldest by time, so an answer of 1,000 proves nothing, and a smaller window is asked
// for; a smaller answer is everything in its window at that moment (internal/scan, Spans). The last window has no end, so
// the highest id need not be known.
//
// Windows that fail are halved until one id is left. It is to blame only if an empty window of the conversation can be read,
// two messages read before can be read again, and it fails once more after that.

// MessageScanOptions select the part of a conversation that a scan reads. The zero value reads all of it.
type MessageScanOptions struct {
	// After skips ids up to and including this one: to resume, set the last id that was dealt with, or ScanProgress.LastID.
	After int64
	// Until is the last id to read. Zero means the newest.
	Until int64
	// WithoutActivity leaves out what the server itself recorded, such as who resolved the conversation, but not private
	// notes.
	WithoutActivity bool
	// Progress, if set, is called by the ranging goroutine after each window of ids, at least once a minute while the scan
	// waits, and at the end.
	Progress func(ScanProgress)
}

const (
	messagesAtOnce = 1_000         // rows of an answer, at most; the same in every version (contract, W1.1)
	endOfIDs       = math.MaxInt64 // a larger id is a 500
	maxLooks       = 200           // windows that may be read for something to judge by
)

// Scan walks through the messages of a conversation, in the order of their ids, and loses none: each message that exists
// when the scan starts is yielded exactly once, even if times and ids disagree, as after an import. A message that is
// created meanwhile may be yielded or not. Notes, activities and deleted messages are yielded too.
//
// It makes one request at a time, one per 500 to 1,000 messages, and keeps only one answer. If ids lie in bursts it takes
// two per 1,000 messages, and more if the later ids have the earlier times.
//
// A message that the server cannot answer (one such makes every window with it a 500) is yielded as nil and an [*Error] with
// its id in MessageID, and the scan continues; before that, other messages of the conversation must be read twice. Any other
// error is yielded last; resume after the last id with MessageScanOptions.After. A conversation whose contact is gone cannot
// be read at all, which is ErrServer. After a 429 it waits, for as long as the context lasts. Breaking out of the loop, or
// ending the context, stops every request at once.
//
// Every range over it starts anew. The options must be safe for concurrent use. It takes a user's key, and fails with
// auth.ErrNoKey without one.
func (s MessagesService) Scan(ctx context.Context, conversationID int64, options MessageScanOptions, opts ...CallOption) iter.Seq2[*Message, error] {
	opts = slices.Clone(opts)
	return func(yield func(*Message, error) bool) {
		var input refusal
		refuseResponse(opts, &input)
		s.core.check(ctx, &input)
		input.id("conversationID", conversationID)
		options.check(&input)
		if err := input.err(s.core.call(messagesCall.operation, conversationID)); err != nil {
			yield(nil, err)
			return
		}
		scan := newMessageScan(s, conversationID, options, &scanRequests{woken: make(chan struct{}, 1)}, opts)
		if err := scan.all(ctx, yield); err != nil {
			yield(nil, err)
		}
	}
}

// check refuses meaningless options.
func (o MessageScanOptions) check(input *refusal) {
	input.stretch(o.After, o.Until)
}

// messageScan is one range over Scan.
type messageScan struct {
	MessageScanOptions
	*scanRequests
	messages     MessagesService
	conversation int64
	opts         []CallOption

	spans  *scan.Spans
	came   *scan.Windows[*Message]     // what was read, to judge the server by
	others func(context.Context) error // judges by other conversations if this one returns nothing; nil in Scan
	ticker scan.Ticker

	last        int64     // where to resume
	highest     int64     // the highest id that was seen
	asked       bool      // something was asked for
	firstFailed bool      // and it failed
	failing     bool      // the last window failed, while an empty one did not
	fails       int       // of the only id left
	started     time.Time // by the local clock
}

// messageWindow is the result of a window, in order of id, or a message that cannot be read, with its id.
type messageWindow struct {
	rows    []*Message
	blamed  int64
	failure error
}

func newMessageScan(s MessagesService, conversation int64, options MessageScanOptions, requests *scanRequests, opts []CallOption) *messageScan {
	m := &messageScan{
		MessageScanOptions: options, scanRequests: requests, messages: s, conversation: conversation,
		last: options.After, highest: options.After, started: time.Now(),
	}
	end := int64(endOfIDs)
	if options.Until != 0 && options.Until < endOfIDs-1 {
		end = options.Until + 1
	}
	m.spans = scan.NewSpans(min(options.After, endOfIDs-1)+1, end, messagesAtOnce)
	m.opts = append(slices.Clone(opts), m.tellsWaits())
	m.ticker = scan.Ticker{Wake: m.woken, Tick: m.tell}
	reader := scan.Reader[*Message]{Again: m.readAgain, Judge: judgeMessages, ID: func(m *Message) int64 { return m.ID }}
	m.came = scan.New(reader, m.ticker, 1, messagesAtOnce, messagesAtOnce)
	return m
}

// all yields everything. The caller yields the error that it returns.
func (s *messageScan) all(ctx context.Context, yield func(*Message, error) bool) error {
	for s.spans.Lo < s.spans.End {
		var w messageWindow
		err := scan.Each(ctx, 1, s.ticker, []struct{}{{}}, func(ctx context.Context, _ struct{}) (_ []struct{}, err error) {
			w, err = s.next(ctx)
			return nil, err
		})
		if err != nil {
			return err
		}
		if !s.yield(w, yield) {
			return nil
		}
		if s.spans.Lo < s.spans.End {
			s.tell()
		}
	}
	s.tell()
	return nil
}

// yield yields the messages of a window.
func (s *messageScan) yield(w messageWindow, yield func(*Message, error) bool) bool {
	for _, m := range w.rows {
		s.dealtWith(m)
		if !(s.WithoutActivity && m.MessageType == MessageTypeActivity) && !yield(m, nil) {
			return false
		}
	}
	if w.blamed != 0 {
		if s.highest = max(s.highest, w.blamed); s.firstFailed { // so it was there
			s.last = max(s.last, w.blamed)
		}
		return yield(nil, blamedMessage(w.failure, w.blamed))
	}
	return true
}

// dealtWith notes a message that was yielded. A message created after the scan started may have been read before one with a
// smaller id was stored, so a resumed scan has to look again after the last older message.
func (s *messageScan) dealtWith(m *Message) {
	s.highest = max(s.highest, m.ID)
	if s.messages.core.wasBefore(s.started, m.CreatedAt.Time) {
		s.last = max(s.last, m.ID)
	}
}

// blamedMessage returns the failure of a window as the failure of its message.
func blamedMessage(failure error, id int64) error {
	if e, ok := failure.(*Error); ok {
		return e.ofMessage(id)
	}
	return failure
}

// tell reports how far the scan is.
func (s *messageScan) tell() {
	if s.Progress != nil {
		s.Progress(ScanProgress{LastID: s.last, End: s.highest, Requests: s.sent(), WaitingUntil: s.waitingUntil()})
	}
}

// next reads the next complete window, or finds the message that cannot be read.
func (s *messageScan) next(ctx context.Context) (w messageWindow, err error) {
	for {
		rows, whole, err := s.read(ctx, s.spans)
		if !s.asked {
			s.asked, s.firstFailed = true, err != nil
		}
		switch {
		case err != nil:
			blamed, end := s.fail(ctx, err)
			if end != nil {
				return w, end
			}
			if blamed {
				w = messageWindow{blamed: s.spans.Lo, failure: err}
				s.spans.Skip()
				return w, nil
			}
		case whole:
			s.failing, s.fails = s.spans.Failing(), 0
			return messageWindow{rows: rows}, nil
		}
	}
}

// read asks for the chosen window, and returns it in order of id.
func (s *messageScan) read(ctx context.Context, spans *scan.Spans) (rows []*Message, whole bool, err error) {
	rows, err = s.window(ctx, spans.Lo, spans.Hi)
	if err != nil {
		return nil, false, err
	}
	ids := make([]int64, len(rows))
	for i, m := range rows {
		if ids[i] = m.ID; i < 2 {
			s.came.Came(m)
		}
	}
	whole = spans.Took(ids)
	slices.SortFunc(rows, func(a, b *Message) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(rows, func(a, b *Message) bool { return a.ID == b.ID }), whole, nil
}

// window asks for the messages from an id up to another, as often as it is rate limited. They are in order of time.
func (s *messageScan) window(ctx context.Context, from, to int64) (rows []*Message, err error) {
	page, err := patiently(ctx, s.scanRequests, func() (*MessagePage, error) {
		return messagesCall.about(s.conversation).run(ctx, s.messages.core, refusal{}, s.opts, func(server string) (*http.Request, error) {
			return newListAllMessagesRequest(server, s.messages.core.id, s.conversation, &ListAllMessagesParams{After: &from, Before: &to})
		})
	})
	if err != nil {
		return nil, err
	}
	for i := range page.Payload {
		m := &page.Payload[i]
		if m.ID < from || m.ID >= to {
			call := s.messages.core.call(messagesCall.operation, s.conversation)
			return nil, found(call, "messages %d to %d were requested, but the server returned %d", from, to-1, m.ID)
		}
		rows = append(rows, m)
	}
	return rows, nil
}

// fail finds out what the failure of a window means: it returns the error if nothing can be read any more, and reports
// whether the only id left is to blame. Otherwise the window, or a smaller one, is to be asked for again.
func (s *messageScan) fail(ctx context.Context, failure error) (blamed bool, end error) {
	verdict := judgeMessages(failure)
	if verdict == scan.Ends || ctx.Err() != nil {
		return false, failure
	}
	one := s.spans.Hi-s.spans.Lo == 1
	if one || !s.failing || verdict != scan.Blames {
		if err := s.control(ctx); err != nil {
			return false, inPlaceOf(ctx, err, failure)
		}
		s.failing = true
	}
	if !s.spans.Failed() {
		if verdict != scan.Blames || errors.Is(failure, ErrTooLarge) {
			s.spans.Heavy()
		}
		return false, nil
	}
	if err := s.prove(ctx); err != nil {
		return false, inPlaceOf(ctx, err, failure)
	}
	s.fails++
	if blamed = s.fails >= 2+min(s.spans.Stumbles, 3); blamed {
		s.failing, s.fails = false, 0
	}
	return blamed, nil
}

// inPlaceOf returns an error if the context ended with it, otherwise the failure that was being examined.
func inPlaceOf(ctx context.Context, err, failure error) error {
	if ctx.Err() != nil {
		return err
	}
	return failure
}

// judgeMessages returns what a failure can mean. No window is refused because of its length, so a 4xx is about all of them.
func judgeMessages(err error) scan.Verdict {
	if e, ok := err.(*Error); ok && e.StatusCode/100 == 4 && !errors.Is(e, ErrServer) {
		return scan.Ends
	}
	return judge(err)
}

// control asks for an empty window. If that fails too, the conversation cannot be read, and no message is to blame.
func (s *messageScan) control(ctx context.Context) error {
	_, err := s.window(ctx, 1, 1)
	return err
}

// prove returns nil if two messages read before can be read again. If not that many have been read, it looks for others.
func (s *messageScan) prove(ctx context.Context) error {
	if err := s.came.Prove(ctx); err != scan.ErrTooFew {
		return err
	}
	if err := s.lookAround(ctx); err != nil {
		return err
	}
	s.came.MakeDo()
	err := s.came.Prove(ctx)
	if err == scan.ErrTooFew && s.others != nil {
		return s.others(ctx)
	}
	return err
}

// lookAround looks after the failing window and before it, until it has read something to judge by. If a part fails as well,
// it looks into both halves, larger parts first.
func (s *messageScan) lookAround(ctx context.Context) error {
	type window struct{ from, to int64 }
	left := []window{{s.spans.Hi, endOfIDs}, {1, s.spans.Lo}}
	for n := 0; len(left) > 0 && n < maxLooks && !s.came.CanJudge(); n++ {
		w := left[0]
		left = left[1:]
		if w.from >= w.to {
			continue
		}
		rows, err := s.window(ctx, w.from, w.to)
		switch {
		case err == nil:
			for _, m := range rows[:min(len(rows), 2)] {
				s.came.Came(m)
			}
		case judgeMessages(err) == scan.Ends || ctx.Err() != nil:
			return err
		case w.to-w.from > 1:
			middle := scan.Middle(w.from, w.to)
			left = append(left, window{middle, w.to}, window{w.from, middle})
		}
	}
	return nil
}

// readAgain asks for messages that were read, and returns the ids of those read again.
func (s *messageScan) readAgain(ctx context.Context, ids []int64) (came []int64, err error) {
	for _, id := range ids {
		rows, err := s.window(ctx, id, id+1)
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			came = append(came, id)
		}
	}
	return came, nil
}
