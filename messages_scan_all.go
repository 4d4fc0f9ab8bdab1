package cfchat

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"math"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/cfchat/cfchat-go/internal/scan"
)

// How ScanAll works. One goroutine scans the matching conversations, and a few others read the messages of the next ones,
// each holding what it has read until its turn. The ranging goroutine yields the results in order.

// MessageScanAllOptions set where a scan of all messages starts, and what it leaves out. The zero value reads everything.
type MessageScanAllOptions struct {
	// ConversationID is the conversation to start with: to resume, that of the last message that was dealt with, or
	// MessageScanAllProgress.ConversationID. Zero starts with the first.
	ConversationID int64
	// After skips messages of that conversation up to and including this one: to resume, set the last that was dealt with,
	// or MessageScanAllProgress.LastID.
	After int64
	// Until is the last conversation to read. Zero means the newest. With ConversationID it divides an account among several
	// machines.
	Until int64
	// WithoutActivity leaves out what the server itself recorded, such as who resolved a conversation, but not private
	// notes.
	WithoutActivity bool
	// Conversation, if set, is called by the ranging goroutine with each conversation before its messages are yielded, even
	// if it has none, and with the one that a resumed scan starts with. It is as it was when listed, and the function may
	// keep it.
	Conversation func(*Conversation)
	// Concurrency is how many conversations are read at once. Zero means 4. One more request looks for conversations.
	Concurrency int
	// Progress, if set, is called by the ranging goroutine after each window of messages, at least once a minute while the
	// scan waits, and at the end.
	Progress func(MessageScanAllProgress)
}

// MessageScanAllProgress is how far a scan of all messages has come.
type MessageScanAllProgress struct {
	ConversationID int64     // the conversation to resume with; those before it are done
	LastID         int64     // its messages up to this one have been yielded; resume after it
	Requests       int       // sent so far for messages, without repeats
	WaitingUntil   time.Time // when a rate-limited or failed request continues; zero while none waits
}

// ScanAll walks through every message of every conversation that matches a filter, in the order of the conversations' ids,
// and of the messages' ids in each. It promises for conversations what [ConversationsService.Scan] promises, and for the
// messages of each what [MessagesService.Scan] does. A few conversations are read ahead, one answer each.
//
// A message that cannot be read is yielded as nil and an [*Error] with its id in MessageID, and a conversation that cannot
// be read, is gone, or is closed to the key's user, as nil and an *Error with its id in ConversationID and none in
// MessageID; the scan continues. Before a conversation is reported as unreadable, another one must be readable. Any other
// error has a ConversationID of 0 and is yielded last; resume with MessageScanAllOptions.ConversationID and After.
//
// Every range over it starts anew. The options must be safe for concurrent use. It takes a user's key, and fails with
// auth.ErrNoKey without one.
func (s MessagesService) ScanAll(ctx context.Context, filter Filter, options MessageScanAllOptions, opts ...CallOption) iter.Seq2[*Message, error] {
	opts = slices.Clone(opts)
	return func(yield func(*Message, error) bool) {
		var input refusal
		refuseResponse(opts, &input)
		s.core.check(ctx, &input)
		options.check(&input)
		filter.checkScan(ctx, s.core, &input)
		if err := input.err(s.core.call(messagesCall.operation, 0)); err != nil {
			yield(nil, err)
			return
		}
		options.Concurrency = cmp.Or(options.Concurrency, defaultConcurrency)
		a := &allMessages{
			MessageScanAllOptions: options, messages: s, opts: opts, found: make(chan *messagesOf),
			left: make(chan struct{}), filter: filter, scanRequests: scanRequests{woken: make(chan struct{}, 1)}, at: options.ConversationID, last: options.After, started: time.Now(),
		}
		if err := a.all(ctx, yield); err != nil {
			yield(nil, err)
		}
	}
}

// check refuses meaningless options.
func (o MessageScanAllOptions) check(input *refusal) {
	if o.ConversationID < 0 {
		input.add("ConversationID", "%d is negative; zero starts at the first", o.ConversationID)
	}
	if o.After < 0 || o.After > 0 && o.ConversationID == 0 {
		input.add("After", "%d is a message without a conversation; set its ConversationID, or use zero", o.After)
	}
	if o.Until < 0 || 0 < o.Until && o.Until < o.ConversationID {
		input.add("Until", "%d is before ConversationID; zero means the newest", o.Until)
	}
	input.concurrency(o.Concurrency)
}

// allMessages is one range over ScanAll.
type allMessages struct {
	MessageScanAllOptions
	scanRequests
	messages MessagesService
	filter   Filter
	opts     []CallOption
	found    chan *messagesOf // the conversations, in order; closed after the last
	left     chan struct{}    // closed when nobody ranges any more
	ahead    []*messagesOf    // being read
	more     bool             // there may be more
	at, last int64            // where to resume
	started  time.Time
	running  sync.WaitGroup

	mu     sync.Mutex
	good   int64 // a readable conversation, 0 for none
	exited bool  // the caller's code has ended its goroutine, as a failing test does
}

// messagesOf is the reading of a conversation.
type messagesOf struct {
	id           int64
	created      time.Time
	conversation *Conversation // still to be introduced, nil for none
	scan         *messageScan
	windows      chan messageWindow // closed after the last
	err          error              // what ended it, or why the conversation itself cannot be read
	unread       bool               // the scan of conversations says so
}

// all yields everything. The caller yields the error that it returns.
func (s *allMessages) all(ctx context.Context, yield func(*Message, error) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer s.running.Wait()
	defer cancel()
	defer close(s.left)
	s.more = true
	s.start(func() { s.find(ctx) }, func() { close(s.found) })
	ticker := time.NewTicker(scan.TickEvery)
	defer ticker.Stop()
	for s.more || len(s.ahead) > 0 {
		var found chan *messagesOf
		if s.more && len(s.ahead) < s.Concurrency {
			found = s.found
		}
		var windows chan messageWindow
		if len(s.ahead) > 0 {
			s.introduce(s.ahead[0])
			windows = s.ahead[0].windows
		}
		select {
		case of, ok := <-found:
			if s.more = ok; ok {
				s.begin(ctx, of)
			}
		case w, ok := <-windows:
			if goOn, err := s.hand(w, ok, yield); !goOn {
				return err
			}
			s.tell()
		case <-s.woken:
			s.tell()
		case <-ticker.C:
			s.tell()
		}
		if s.hasExited() {
			runtime.Goexit()
		}
	}
	s.tell()
	return nil
}

// start starts a goroutine that the scan waits for. Whether foreign code ended it is known before it reports that it is
// done.
func (s *allMessages) start(do, done func()) {
	s.running.Go(func() {
		exited := true
		defer func() {
			s.mu.Lock()
			s.exited = s.exited || exited
			s.mu.Unlock()
			done()
		}()
		do()
		exited = false
	})
}

func (s *allMessages) hasExited() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.exited
}

// conversations scans the matching conversations, after one id and up to and including another; 0 means the newest.
func (s *allMessages) conversations(ctx context.Context, after, until int64) iter.Seq2[*Conversation, error] {
	options := ConversationScanOptions{After: after, Until: until, Concurrency: 1, Progress: s.searches}
	return ConversationsService{s.messages.core}.Scan(ctx, s.filter, options, s.opts...)
}

// searches notes when the search for conversations waits.
func (s *allMessages) searches(p ScanProgress) {
	if !p.WaitingUntil.IsZero() {
		s.waits(p.WaitingUntil)
	}
}

// find looks for the conversations.
func (s *allMessages) find(ctx context.Context) {
	for c, err := range s.conversations(ctx, max(s.ConversationID-1, 0), s.Until) {
		of := &messagesOf{err: err, windows: make(chan messageWindow)}
		if e, ok := errors.AsType[*Error](err); ok && e.ConversationID != 0 {
			of.id, of.unread = e.ConversationID, true
		} else if err == nil {
			of.id, of.created = c.ID, c.CreatedAt.Time
			if s.Conversation != nil {
				of.conversation = c
			}
		}
		select {
		case s.found <- of:
		case <-s.left:
			return
		}
	}
}

// begin starts reading a conversation.
func (s *allMessages) begin(ctx context.Context, of *messagesOf) {
	s.ahead = append(s.ahead, of)
	if of.err != nil {
		close(of.windows)
		return
	}
	options := MessageScanOptions{WithoutActivity: s.WithoutActivity}
	if of.id == s.ConversationID {
		options.After = s.After
	}
	of.scan = newMessageScan(s.messages, of.id, options, &s.scanRequests, s.opts)
	of.scan.others = func(ctx context.Context) error {
		if s.anotherCan(ctx, of.id, s.hasMessages) {
			return nil
		}
		return scan.ErrTooFew
	}
	s.start(func() { of.err = s.read(ctx, of) }, func() { close(of.windows) })
}

// read reads a conversation.
func (s *allMessages) read(ctx context.Context, of *messagesOf) error {
	for of.scan.spans.Lo < of.scan.spans.End {
		w, err := of.scan.next(ctx)
		if err != nil {
			of.unread = s.cannotBeRead(ctx, of, err)
			return err
		}
		s.setGood(of.id)
		select {
		case of.windows <- w:
		case <-s.left:
			return nil
		}
	}
	return nil
}

func (s *allMessages) setGood(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.good = id
}

// cannotBeRead finds out whether a failure is about one conversation that is gone, closed to the key's user, or unreadable:
// another one can be read, while this one fails twice in a row. A conversation that the server itself calls closed needs no
// other for comparison: all that an agent meets first may be closed.
func (s *allMessages) cannotBeRead(ctx context.Context, of *messagesOf, failure error) bool {
	closed := isClosed(failure)
	if !closed && !isGone(failure) && judgeMessages(failure) != scan.Blames || ctx.Err() != nil {
		return false
	}
	again := func() bool {
		failure := of.scan.control(ctx)
		return failure != nil && (!closed || isClosed(failure))
	}
	return (closed || s.anotherCan(ctx, of.id, s.control)) && again() && again() && ctx.Err() == nil
}

// isGone reports whether a failure has the server's words for what does not exist (contract, section 3): other words are a
// proxy's.
func isGone(failure error) bool {
	e, ok := errors.AsType[*Error](failure)
	return ok && e.isGone()
}

// isClosed reports whether a failure has the server's words for a conversation that the key's user may not see (contract,
// section 3): a rejected key or account has other words.
func isClosed(failure error) bool {
	e, ok := errors.AsType[*Error](failure)
	return ok && e.StatusCode == http.StatusUnauthorized && e.Message == "You are not authorized to do this action"
}

// maxOthers is how many conversations on either side are tried before concluding that none can be read.
const maxOthers = 24

// anotherCan reports whether another conversation passes a test: the last one that could be read, or else a later or an
// earlier one, which may not have been read yet.
func (s *allMessages) anotherCan(ctx context.Context, id int64, passes func(context.Context, int64) bool) bool {
	s.mu.Lock()
	good := s.good
	s.mu.Unlock()
	if good != 0 && good != id && passes(ctx, good) {
		return true
	}
	return s.anyCan(ctx, id, math.MaxInt64, passes) || s.anyCan(ctx, 0, id, passes)
}

// anyCan reports whether one of the first conversations between two ids passes a test.
func (s *allMessages) anyCan(ctx context.Context, behind, until int64, passes func(context.Context, int64) bool) bool {
	tried := 0
	for c, err := range s.conversations(ctx, behind, 0) {
		if tried++; tried > maxOthers || err == nil && c.ID >= until {
			break
		}
		if err == nil && passes(ctx, c.ID) {
			return true
		}
	}
	return false
}

// control reports whether a conversation can be read, regardless of its content.
func (s *allMessages) control(ctx context.Context, id int64) bool {
	return newMessageScan(s.messages, id, MessageScanOptions{}, &s.scanRequests, s.opts).control(ctx) == nil
}

// hasMessages reports whether the newest messages of a conversation can be read.
func (s *allMessages) hasMessages(ctx context.Context, id int64) bool {
	page, err := patiently(ctx, &s.scanRequests, func() (*MessagePage, error) {
		return s.messages.List(ctx, id, MessageListOptions{}, s.opts...)
	})
	return err == nil && len(page.Payload) > 0
}

// introduce passes a conversation to the caller's function, once, in its turn.
func (s *allMessages) introduce(of *messagesOf) {
	if c := of.conversation; c != nil {
		of.conversation = nil
		s.Conversation(c)
	}
}

// hand yields what has been read of the first conversation. It reports whether to continue, and returns an error still to be
// yielded.
func (s *allMessages) hand(w messageWindow, ok bool, yield func(*Message, error) bool) (goOn bool, end error) {
	of := s.ahead[0]
	if ok {
		goOn = of.scan.yield(w, yield)
		s.dealtWith(of)
		return goOn, nil
	}
	s.ahead = s.ahead[1:]
	e, isError := errors.AsType[*Error](of.err)
	switch {
	case of.err == nil || s.hasExited():
		s.dealtWith(of)
		return true, nil
	case of.unread && isError:
		s.dealtWith(of)
		return yield(nil, e.of(of.id)), nil
	case of.id != 0 && isError:
		return false, e.within(of.id)
	}
	return false, of.err
}

// dealtWith notes how far a conversation has been read. A conversation created after the scan started may have been read
// before one with a smaller id was stored, so a resumed scan has to start before it.
func (s *allMessages) dealtWith(of *messagesOf) {
	if !s.messages.core.wasBefore(s.started, of.created) {
		return
	}
	if s.at, s.last = of.id, 0; of.scan != nil {
		s.last = of.scan.last
	}
}

// tell reports how far the scan is.
func (s *allMessages) tell() {
	if s.Progress != nil {
		s.Progress(MessageScanAllProgress{ConversationID: s.at, LastID: s.last, Requests: s.sent(), WaitingUntil: s.waitingUntil()})
	}
}
