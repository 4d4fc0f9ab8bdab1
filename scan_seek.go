package cfchat

import (
	"context"
	"errors"
	"slices"

	"github.com/cfchat/cfchat-go/internal/scan"
)

// lookBehind finds out why a span cannot be shown, with a page far beyond the last, which only counts.
func (w *sweep) lookBehind(ctx context.Context, sp span, without []int64, failure error) ([]span, error) {
	verdict := judge(failure)
	e, _ := errors.AsType[*Error](failure)
	isRefused := verdict == scan.Doubts && e.StatusCode != 0 && !errors.Is(failure, ErrServer)
	if ctx.Err() != nil || verdict == scan.Ends || isRefused && len(without) == 0 { // so it has nothing to do with ids
		return nil, failure
	}
	n, err := w.count(ctx, w.in(sp, without))
	switch {
	case err == nil && n == 0:
		return nil, nil
	case err == nil:
		if w.cannotShow(ctx) {
			return nil, failure
		}
		return w.hide(ctx, sp, n)
	case ctx.Err() != nil:
		return nil, err
	case len(without) > 0 || !sp.whole():
		return w.leaveOutLess(ctx, sp, without, failure)
	case verdict == scan.Blames && judge(err) == scan.Blames:
		return nil, errEnough // a database may take too long for a whole account
	}
	return nil, failure
}

// cannotShow notes a span that was counted and cannot be shown. It reports whether there were so many that nothing can be
// shown, which is not the fault of their conversations.
func (w *sweep) cannotShow(ctx context.Context) bool {
	w.mu.Lock()
	w.unshown++
	n := w.unshown
	w.mu.Unlock()
	if n%maxUnshown != 0 {
		return false
	}
	return w.windows.Prove(ctx) != nil
}

// leaveOutLess deals with a span that can be neither shown nor counted: the ids left out may be too many, unless the server
// answers nothing at all.
func (w *sweep) leaveOutLess(ctx context.Context, sp span, without []int64, failure error) ([]span, error) {
	if proof := w.windows.Prove(ctx); proof != nil && proof != scan.ErrTooFew {
		return nil, failure
	}
	parts := w.cut(sp)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case parts == nil && sp.runs && len(without) > len(w.dealtWithIn(sp)):
		parts = []span{sp} // with a shorter run
	case parts == nil && judge(failure) == scan.Refuses:
		return nil, w.tooMany(sp, without)
	case parts == nil:
		return nil, failure
	}
	w.narrow = true
	if half := len(without) / 2; half > 0 {
		w.limit = min(w.limit, half)
	}
	return parts, nil
}

// hide deals with a span in which this many are left of which at least one cannot be shown.
func (w *sweep) hide(ctx context.Context, sp span, n int64) ([]span, error) {
	w.windows.BePatient(patience(n)) // the server is up
	if w.first && w.After == 0 && sp.whole() {
		if err := w.turnPages(ctx, sp, n); err != nil {
			return nil, err
		}
		w.unread, w.counts = n, true
		return nil, errEnough
	}
	sp.runs = sp.runs || w.After > 0
	if parts := w.inTwo(sp); parts != nil {
		return parts, nil
	}
	if sp.tries++; sp.tries < pageTries {
		return []span{sp}, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.After == 0 && n > fewRows {
		w.unread = max(w.unread, n)
		return nil, errEnough
	}
	w.hidden = append(w.hidden, sp)
	return nil, nil
}

// patience returns how many windows may fail before anything has been read, if this many conversations cannot be shown. If
// they are few, all may be at fault, so each has to be found alone; if they are many, the server is.
func patience(n int64) int {
	if n <= fewRows+pageSize*2 {
		return int(seekCost * n)
	}
	return maxVain
}

// turnPages keeps what the next pages show if the first cannot be shown, unless that is so far away that seeking is better.
func (w *sweep) turnPages(ctx context.Context, sp span, n int64) error {
	for page := 2; page <= 4 && int64(page-1)*pageSize < n; page++ {
		shown, err := w.post(ctx, w.in(sp, nil), page)
		if err != nil && ctx.Err() != nil {
			return err
		}
		if err != nil {
			continue
		}
		if w.note(&sp, nil, shown); (w.highest()-w.read)/w.windows.Widest() > seekCost*n {
			clear(w.kept)
			clear(w.here)
		}
		return nil
	}
	return nil
}

// anything looks anywhere for something that can be read, to judge the server by: among the last active ones, and before
// where the scan started.
func (s *conversationScan) anything(ctx context.Context) bool {
	all := Where(Equal(AttributeStatus, StatusAll))
	isUp := false
	for page := 1; page <= 3 && !s.windows.CanJudge(); page++ {
		if shown, err := s.post(ctx, all, page); err == nil {
			isUp = true
			for i := range shown.Payload {
				s.windows.Came(&shown.Payload[i])
			}
		}
	}
	if !isUp && s.After > 0 {
		_, err := s.count(ctx, all)
		isUp = err == nil
	}
	if s.After > 0 && isUp && !s.windows.CanJudge() {
		before := s.windows.Like(func(ctx context.Context, w scan.Window) ([]*Conversation, int64, int64, error) {
			return s.readIn(ctx, all, w)
		})
		before.BePatient(maxVain)
		_ = before.Run(ctx, []scan.Part[*Conversation]{{Lo: max(s.After-maxWindow, 1), Hi: s.After}},
			func(*scan.Part[*Conversation]) bool { return !s.windows.CanJudge() })
	}
	s.windows.MakeDo()
	return s.windows.CanJudge()
}

// count counts what a filter finds, without showing it.
func (s *conversationScan) count(ctx context.Context, filter Filter) (int64, error) {
	for try := 1; ; try++ {
		page, err := s.post(ctx, filter, farPage)
		switch {
		case err == nil:
			return page.Meta.AllCount, nil
		case try == countTries || ctx.Err() != nil || judge(err) != scan.Blames:
			return 0, err
		}
	}
}

const (
	soughtIDs  = 50_000 // ids in one request that counts; servers answered as many in half a second
	narrowIDs  = 32     // ids of a window with something that cannot be shown
	shownAfter = 64     // requests, after which the sought ones may be shown again
	maxVain    = 400    // windows that may fail before anything has been read, if the server counts
	maxUnshown = 40     // spans, before asking whether anything can be shown
	maxFailed  = 8      // of what was found, before anything was read
	seekCost   = 14     // requests for each sought one
)

// seeker finds the ids that cannot be shown in a span, by counting.
type seeker struct {
	*sweep
	span
	without []int64       // what was read or found
	run     []int64       // what else has been dealt with, unless that is too much
	hits    []scan.Window // what was found; may be more than what is sought
	failed  int           // how many found ones in a row could not be read
}

// seek looks for what cannot be shown in a span, unless nothing can be shown at all. If that is too much for one request, it
// looks inbox by inbox.
func (w *sweep) seek(ctx context.Context, sp span) ([]span, error) {
	s := &seeker{sweep: w, span: sp}
	s.without = s.known()
	w.mu.Lock()
	s.run, _ = w.run(sp, s.without)
	w.mu.Unlock()
	proof := w.windows.Prove(ctx)
	if proof != nil && proof != scan.ErrTooFew {
		return nil, proof
	}
	err := s.everywhere(ctx)
	if err == nil || ctx.Err() != nil || len(s.without) <= pageSize {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if parts := sp.byInbox(w.came.inboxes(sp)); len(parts) > 2 {
		return parts, nil
	}
	return nil, err
}

// everywhere looks first where something is likely, and then at all ids. Once the rest can be shown, everything that is due
// has been found.
func (s *seeker) everywhere(ctx context.Context) error {
	for _, zone := range s.near() {
		if none, err := s.through(ctx, zone); none || err != nil {
			return err
		}
	}
	// Farther each time that nothing is found, and from the start, because something may have started to match there.
	for far := s.atOnce(maxID); ; {
		found := len(s.without)
		if none, err := s.reread(ctx, max(s.read-far, 0)+1); none || err != nil {
			return err
		}
		end := min(s.read+far, s.Until)
		if none, err := s.through(ctx, scan.Window{Lo: s.read + 1, Hi: end}); none || err != nil || end == s.Until {
			return err
		}
		if len(s.without) == found {
			far *= 2
		}
	}
}

// known returns what is known to have been read of the span.
func (s *seeker) known() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dealtWithIn(s.span)
}

// reread reads what has been dealt with in the span, from an id on, so that it is left out: it may match again, or it was
// dealt with before the scan started. It reports whether nothing else is left.
func (s *seeker) reread(ctx context.Context, from int64) (none bool, err error) {
	if s.read >= from {
		windows := s.windows.Like(func(ctx context.Context, w scan.Window) ([]*Conversation, int64, int64, error) {
			return s.readIn(ctx, s.in(s.span, nil), w)
		})
		err = windows.Run(ctx, []scan.Part[*Conversation]{{Lo: from, Hi: s.read}}, func(p *scan.Part[*Conversation]) bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, c := range p.Rows {
				s.came.put(s.cellOf(c), c.ID)
			}
			if p.Err != nil {
				s.came.put(s.cellOf(&Conversation{}), p.Lo)
			}
			return true
		})
		if err != nil {
			return false, err
		}
		s.without = append(s.without, s.known()...)
		slices.Sort(s.without)
		s.without = slices.Compact(s.without)
	}
	return s.shown(ctx)
}

// through searches a zone of ids, and reports whether nothing is left anywhere.
func (s *seeker) through(ctx context.Context, zone scan.Window) (none bool, err error) {
	for lo, n := zone.Lo, 1; lo <= zone.Hi; n++ {
		hi := min(lo+s.atOnce(maxID)-1, zone.Hi)
		hits, err := s.narrow(ctx, scan.Window{Lo: lo, Hi: hi}, narrowIDs)
		switch {
		case err == nil:
			lo = hi + 1
		case ctx.Err() != nil || judge(err) == scan.Ends || hi-lo < narrowIDs:
			return false, err
		default:
			s.atOnce((hi - lo + 1) / 2)
		}
		for _, hit := range hits {
			if err := s.probe(ctx, hit); err != nil {
				return false, err
			}
			s.without = append(s.without, s.hit(hit)...)
		}
		slices.Sort(s.without)
		if len(hits) > 0 || n%shownAfter == 0 {
			if none, err := s.shown(ctx); none || err != nil {
				return none, err
			}
		}
	}
	return false, nil
}

// probe reads what was found while nothing else has been read, to have something to judge by. If one after another fails,
// the conversations are not at fault.
func (s *seeker) probe(ctx context.Context, hit scan.Window) error {
	if s.windows.CanJudge() {
		return nil
	}
	came, _, _, err := s.readIn(ctx, s.filter, hit)
	for _, c := range came {
		s.windows.Came(c)
	}
	if s.failed++; err == nil {
		s.failed = 0
	}
	if s.failed < maxFailed && ctx.Err() == nil {
		return nil
	}
	return err
}

// shown reports whether everything that is left can now be shown, and keeps it.
func (s *seeker) shown(ctx context.Context) (bool, error) {
	for {
		without := append(slices.Clone(s.without), s.run...)
		slices.Sort(without)
		page, left, err := s.ask(ctx, slices.Compact(without))
		switch {
		case err != nil && ctx.Err() == nil && s.leavesLess(ctx):
			continue
		case err != nil || page == nil:
			return err == nil && left == 0, err
		}
		fresh, _ := s.note(&s.span, without, page)
		if more := moreThan(page); more == 0 || fresh == 0 {
			return more == 0, nil
		}
		for i := range page.Payload {
			s.without = append(s.without, page.Payload[i].ID)
		}
		slices.Sort(s.without)
	}
}

// leavesLess leaves out fewer ids, in case they were too many for a request, and reports whether it could.
func (s *seeker) leavesLess(ctx context.Context) bool {
	if len(s.run) > 0 {
		s.run = s.run[min((len(s.run)+pageSize)/2, len(s.run)):]
		return true
	}
	hits := s.hits
	s.hits = nil
	for _, hit := range hits {
		ids := hit.IDs()
		s.without = slices.DeleteFunc(s.without, func(id int64) bool { _, isIn := slices.BinarySearch(ids, id); return isIn })
		found, err := s.narrow(ctx, hit, 1)
		if err != nil {
			return false
		}
		for _, one := range found {
			s.without = append(s.without, one.Lo)
		}
		slices.Sort(s.without)
	}
	return len(hits) > 0
}

// ask asks for what is left of the span, or for its count if it cannot be shown.
func (s *seeker) ask(ctx context.Context, without []int64) (page *ConversationPage, left int64, err error) {
	if err := s.fits(s.span, without); err != nil {
		return nil, 0, err
	}
	if page, err = s.post(ctx, s.in(s.span, without), 1); err != nil {
		left, err = s.count(ctx, s.in(s.span, without))
		return nil, left, err
	}
	return page, 0, nil
}

// near returns zones in which something is likely: after what has been read, and around what else was found.
func (s *seeker) near() []scan.Window {
	size := s.atOnce(maxID)
	s.mu.Lock()
	defer s.mu.Unlock()
	zones := []scan.Window{{Lo: s.read + 1, Hi: min(s.read+size, s.Until)}}
	for id := range s.kept {
		lo := max(id-size/2, s.read+1)
		if !slices.ContainsFunc(zones, func(z scan.Window) bool { return z.Lo <= id && id <= z.Hi }) && len(zones) < maxZones {
			zones = append(zones, scan.Window{Lo: lo, Hi: min(lo+size-1, s.Until)})
		}
	}
	return zones
}

// maxZones is how many zones are searched first.
const maxZones = 20

// hit notes a window with something that cannot be shown, and returns its ids.
func (s *seeker) hit(hit scan.Window) []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.regions, s.hits = append(s.regions, hit), append(s.hits, hit)
	return hit.IDs()
}

// narrow returns the parts, of this many ids, of a window in which the span has something that has not been read.
func (s *seeker) narrow(ctx context.Context, w scan.Window, size int64) ([]scan.Window, error) {
	from, _ := slices.BinarySearch(s.without, w.Lo)
	to, _ := slices.BinarySearch(s.without, w.Hi+1)
	if w.Came = slices.Clone(s.without[from:to]); w.Len() == 0 {
		return nil, nil
	}
	n, err := s.count(ctx, s.in(s.span, nil, Equal(AttributeDisplayID, w.IDs())))
	switch {
	case err != nil || n == 0:
		return nil, err
	case w.Hi-w.Lo < size:
		return []scan.Window{w}, nil
	}
	middle := w.Lo + (w.Hi-w.Lo)/2
	hits, err := s.narrow(ctx, scan.Window{Lo: w.Lo, Hi: middle}, size)
	if err != nil {
		return nil, err
	}
	more, err := s.narrow(ctx, scan.Window{Lo: middle + 1, Hi: w.Hi}, size)
	return append(hits, more...), err
}

// atOnce returns how many ids to seek in one request from now on, at most the given number.
func (w *sweep) atOnce(most int64) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sought = max(min(w.sought, most), min(w.sought, narrowIDs))
	if widest := w.windows.Widest(); w.MaxWindow > 0 || widest < maxWindow/w.filter.branches() {
		return min(w.sought, widest) // the known limit of windows
	}
	return w.sought
}
