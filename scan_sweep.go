package cfchat

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cfchat/cfchat-go/internal/scan"
)

// stretch is what to read next.
type stretch struct {
	parts []scan.Part[*Conversation]
	end   int64 // the last id of it
	last  bool  // it is proven that nothing is left after it
}

const (
	leftOut     = 2_000   // ids that a sweep leaves out in one request; databases before PostgreSQL 15 check each in turn
	farPage     = 1 << 20 // a page far beyond the last counts, and shows nothing
	keptRows    = 2_000   // rows that a sweep finds at most before windows continue
	fewRows     = 4 * pageSize
	fewMatches  = 10 * pageSize // looking for these takes no fewer requests than a window
	nearWindows = 64            // windows up to Until that are read rather than looked beyond
	pageTries   = 3             // of a page that is counted and cannot be shown
	countTries  = 5             // the chain does not repeat a filter's 500
)

// sweep asks for everything that matches and has not been dealt with, in spans of days: everything that is due and has not
// been read is shown or counted in one of them. It returns what to read next.
func (s *conversationScan) sweep(ctx context.Context) (*stretch, error) {
	w := &sweep{conversationScan: s, kept: map[int64]*Conversation{}, here: ledger{}, today: s.latestDay()}
	w.first, s.swept = !s.swept, true
	err := scan.Each(ctx, s.Concurrency, s.ticker, s.came.spans(s.limit), w.look)
	if err == nil {
		err = scan.Each(ctx, s.Concurrency, s.ticker, w.hidden, w.seek) // in scan_seek.go
	}
	switch {
	case err == errEnough, w.first && w.isUntil() && ctx.Err() == nil && errors.Is(err, ErrServer):
		return w.windowed(), nil
	case err != nil:
		return nil, err
	}
	return w.next(), nil
}

// latestDay returns the day by the server's clock, or the last day on which anything read was created.
func (s *conversationScan) latestDay() int32 {
	today := dayNumber(s.conversations.core.now())
	for at := range s.came {
		today = max(today, at.day)
	}
	return today
}

// errEnough means that a sweep has found so much that windows should continue.
var errEnough = errors.New("enough was found")

// sweep is one walk over all days.
type sweep struct {
	*conversationScan
	first bool // nothing has been read yet

	mu      sync.Mutex // guards what follows, and the scan's ledger
	today   int32      // or the latest day on which something was created
	kept    map[int64]*Conversation
	here    ledger // where they are
	unread  int64  // how many are still to be read, as counted when there were enough
	unshown int    // spans
	newest  int64  // of what was created since the scan started
	hidden  []span // with something that cannot be shown
	regions []scan.Window
}

// look asks for what is left of a span. It returns spans still to be looked at.
func (w *sweep) look(ctx context.Context, sp span) ([]span, error) {
	without, limit := w.leaveOut(sp)
	if len(without) > limit {
		if parts := w.cut(sp); parts != nil {
			return parts, nil
		}
		if err := w.fits(sp, without); err != nil {
			return nil, err
		}
	}
	without = w.andNext(without)
	page, err := w.post(ctx, w.in(sp, without), 1)
	if err != nil {
		return w.lookBehind(ctx, sp, without, err)
	}
	if sp.whole() {
		w.begin(page)
	}
	ran := sp.runs && len(without) > 0
	fresh, unread := w.note(&sp, without, page)
	more := moreThan(page)
	switch {
	case more == 0:
		return nil, nil
	case fresh == 0:
		return nil, w.found("the server returned excluded conversations again")
	case w.isNarrow(sp, int64(len(page.Payload))+more), w.isEnough(w.unreadOf(ctx, sp, page, more, unread)):
		return nil, errEnough
	case ran && more > pageSize, !sp.runs && more > 10*pageSize:
		if parts := sp.halves(w.lastSeen(), middleDay(page)-1); parts != nil {
			return parts, nil
		}
	}
	return []span{sp}, nil
}

// fits returns a failure if no request can leave out this many ids.
func (w *sweep) fits(sp span, without []int64) error {
	if len(without) > w.widest() {
		return w.tooMany(sp, without)
	}
	return nil
}

func (w *sweep) tooMany(sp span, without []int64) error {
	return w.found("%d conversations were created on %s, and no request can exclude that many", len(without), date(sp.day()))
}

// widest returns how many ids one request can leave out.
func (w *sweep) widest() int {
	return int(min(maxWindow/w.filter.branches(), w.windows.Refused()-1))
}

// cut returns the parts of a span with too many conversations, nil if it cannot be divided.
func (w *sweep) cut(sp span) []span {
	if parts := w.inTwo(sp); parts != nil {
		return parts
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return sp.byInbox(w.came.inboxes(sp))
}

// inTwo returns the halves of a span, nil if it is a single day.
func (w *sweep) inTwo(sp span) []span {
	today := w.lastSeen()
	return sp.halves(today, sp.middle(today))
}

// lastSeen returns today, or the latest day on which something was created.
func (w *sweep) lastSeen() int32 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.today
}

// leaveOut returns the ids that are left out of a span, and how many they may be.
func (w *sweep) leaveOut(sp span) (ids []int64, limit int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ids, limit = w.dealtWithIn(sp), w.limit
	if sp.runs {
		var run []int64
		run, limit = w.run(sp, ids)
		ids = append(ids, run...)
		slices.Sort(ids)
	}
	return slices.Compact(ids), limit
}

// dealtWithIn returns what is known to have been dealt with in a span.
func (w *sweep) dealtWithIn(sp span) []int64 {
	ids := append(w.came.in(sp), w.here.in(sp)...)
	if len(w.blamed) <= w.limit/4 {
		ids = append(ids, w.blamed...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// limitOf returns how many ids a sweep leaves out in one request, given the maximum of windows.
func (s *conversationScan) limitOf(widest int64) int {
	return int(max(min(leftOut/s.filter.branches(), widest), 1))
}

// run returns a run of ids that have been dealt with, for a span that shows what was dealt with before the scan started: all
// of them, or as many as fit around the last one read of the span, most of them below it. It also returns how many ids may
// be left out with it.
func (w *sweep) run(sp span, others []int64) (ids []int64, limit int) {
	limit = w.limit
	upTo, _ := slices.BinarySearch(others, w.read+1)
	above := int64(len(others) - upTo)
	fits := func(most int64) bool { return w.read+above <= most }
	widest := w.windows.Widest()
	if !w.narrow && (sp.isADay(w.today) || fits(widest)) {
		limit = int(widest)
	}
	run := scan.Window{Lo: 1, Hi: w.read}
	if !fits(int64(limit)) {
		last, room := cmp.Or(w.lastBefore(sp), w.lastBefore(sp.days())), int64(limit-len(others))
		if last == 0 || room <= 0 {
			return nil, w.limit
		}
		run.Hi = min(last+room/10, w.read)
		run.Lo = max(run.Hi-room+1, 1)
	}
	return run.IDs(), limit
}

// lastBefore returns the last id of a span that was read and dealt with, zero if there is none.
func (w *sweep) lastBefore(sp span) int64 {
	came := w.came.in(sp)
	if below, _ := slices.BinarySearch(came, w.read+1); below > 0 {
		return came[below-1]
	}
	return 0
}

// andNext adds the ids that follow to those left out, once something new has been read: an account may grow faster than it
// can be read.
func (w *sweep) andNext(without []int64) []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	room := int64(min(w.limit/2, w.limit-len(without)))
	if w.newest == 0 || room <= 0 {
		return without
	}
	without = append(without, scan.Window{Lo: w.newest + 1, Hi: min(w.newest+room, maxID)}.IDs()...)
	slices.Sort(without)
	return slices.Compact(without)
}

// unreadOf returns about how many are still to be read among those that a page did not show. If a scan starts in the middle,
// the last active ones do not indicate that, so the ids next to the start are counted.
func (w *sweep) unreadOf(ctx context.Context, sp span, page *ConversationPage, more, unread int64) int64 {
	if w.After > 0 && w.first && sp.whole() {
		near := scan.Window{Lo: w.read + 1, Hi: min(w.read+int64(w.limit), w.Until)}
		if n, err := w.count(ctx, w.filter.narrowed(Equal(AttributeDisplayID, near.IDs()))); err == nil {
			return max(n-unread, 0)
		}
	}
	return more * unread / int64(len(page.Payload))
}

// in returns the filter for a span, without some ids, and with more rules.
func (w *sweep) in(sp span, without []int64, more ...Rule) Filter {
	rules := append(sp.rules(), more...)
	if len(without) > 0 {
		rules = append(rules, NotEqual(AttributeDisplayID, without))
	}
	switch {
	case len(rules) > 0:
		return w.filter.narrowed(rules...)
	case len(w.filter.rules) > 0:
		return w.filter
	}
	return Where(Equal(AttributeStatus, StatusAll))
}

// note keeps the rows of a span's page that are to be read. It returns how many rows are new, and how many of all are to be
// read.
func (w *sweep) note(sp *span, without []int64, page *ConversationPage) (fresh, unread int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range page.Payload {
		c := &page.Payload[i]
		isDue := c.ID > w.read && c.ID <= w.Until
		if isDue {
			unread++
		}
		if _, known := slices.BinarySearch(without, c.ID); known {
			continue
		}
		fresh++
		w.windows.Came(c)
		at := sp.cellOf(c)
		w.today = max(w.today, dayOfCreation(c)) // regardless of the clock
		if isDue && !w.isNew(c) {
			w.kept[c.ID] = c
			w.here.put(at, c.ID)
			continue
		}
		if w.came.put(at, c.ID); isDue {
			w.newest = max(w.newest, c.ID)
		}
		sp.runs = sp.runs || c.ID <= w.read
	}
	return fresh, unread
}

// isNew reports whether a conversation was surely created after the scan started, so that a growing account cannot keep the
// scan running forever. Only the server's clock decides.
func (w *sweep) isNew(c *Conversation) bool {
	return !w.began.IsZero() && c.CreatedAt.After(w.began)
}

// begin notes what the first answer reveals about the start of the scan: the highest id, the latest activity, and the latest
// possible creation before it: a minute after the server's time and after any activity.
func (w *sweep) begin(page *ConversationPage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	isFirst, latest := w.first && w.shown == 0, time.Time{}
	for _, c := range page.Payload {
		for _, at := range []UnixTime{c.CreatedAt, c.Timestamp} {
			if at.After(latest) {
				latest = at.Time
			}
		}
		if isFirst {
			w.shown, w.active = max(w.shown, c.ID), latest
		}
	}
	if now := w.conversations.core.now(); w.began.IsZero() && w.conversations.core.chat.clock.known() {
		if w.began = now; latest.After(now) {
			w.began = latest
		}
		w.began = w.began.Add(time.Minute)
	}
}

// middleDay returns the median day of creation of a page's rows.
func middleDay(page *ConversationPage) int32 {
	var days []int32
	for i := range page.Payload {
		days = append(days, dayOfCreation(&page.Payload[i]))
	}
	slices.Sort(days)
	return days[len(days)/2]
}

// isEnough reports whether windows are the better way to read what a sweep has found, and this many more.
func (w *sweep) isEnough(more int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	unread := int64(len(w.kept)) + more
	if unread <= fewRows || unread <= keptRows && (w.highest()-w.read)/w.windows.Widest() > unread/pageSize {
		return false
	}
	w.unread = max(w.unread, unread)
	return true
}

// isNarrow reports whether reading the windows up to Until takes fewer requests than looking for what is there among this
// many matches.
func (w *sweep) isNarrow(sp span, matches int64) bool {
	if !w.first || !sp.whole() || (w.Until-w.read-1)/w.windows.Widest() > matches/fewMatches {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unread = max(w.unread, min(matches, w.Until-w.read))
	return true
}

// highest returns the highest id that is to be read, as far as known.
func (w *sweep) highest() int64 {
	highest := w.read
	for id := range w.kept {
		highest = max(highest, id)
	}
	return highest
}

// isUntil reports whether the windows up to Until are so few that nothing else is worthwhile.
func (w *sweep) isUntil() bool { return (w.Until-w.read)/w.windows.Widest() < nearWindows }

// windowed returns the windows to read next. They cover at least as many ids as there are conversations.
func (w *sweep) windowed() *stretch {
	end := max(w.highest(), w.read+w.unread)
	if w.highest() == w.read {
		if w.unread == 0 {
			w.reach = max(w.reach, maxWindow)
		}
		end = max(end, w.read+w.reach)
		w.reach = max(4*w.reach, maxWindow)
	}
	if end = min(end, w.Until); w.isUntil() {
		end = w.Until
	}
	if w.unread > 0 {
		w.windows.Expect(w.unread, end-w.read)
	}
	return &stretch{parts: []scan.Part[*Conversation]{{Lo: w.read + 1, Hi: end}}, end: end, last: end == w.Until}
}

// next returns what was found: rows that are already here, and the windows with something that cannot be shown.
func (w *sweep) next() *stretch {
	next := &stretch{end: w.read, last: true}
	ids := slices.Sorted(maps.Keys(w.kept))
	rowsUpTo := func(id int64) (rows []*Conversation) {
		for len(ids) > 0 && ids[0] <= id {
			rows, ids = append(rows, w.kept[ids[0]]), ids[1:]
		}
		return rows
	}
	add := func(lo, hi int64, isKnown bool) {
		rows := rowsUpTo(hi)
		if isKnown && len(rows) > 0 {
			next.parts = append(next.parts, scan.Known(lo, hi, rows))
		} else if !isKnown {
			next.parts = append(next.parts, scan.Part[*Conversation]{Lo: lo, Hi: hi, Rows: rows})
		}
		next.end = max(next.end, hi)
	}
	slices.SortFunc(w.regions, func(a, b scan.Window) int { return cmp.Compare(a.Lo, b.Lo) })
	for _, region := range w.regions {
		lo := max(region.Lo, next.end+1)
		if lo > region.Hi {
			continue
		}
		add(next.end+1, lo-1, true)
		add(lo, region.Hi, false)
	}
	add(next.end+1, w.highest(), true)
	return next
}
