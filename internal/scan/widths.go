package scan

import "math"

// widths learns how many ids a window may have: enough for a few pages of rows, and no more than the server accepts.
type widths struct {
	page  int64 // rows
	pages int64 // per window
	given int64 // ids allowed by the caller
	most  int64 // ids that the server accepts, as far as known
	good  int64 // ids that it accepted
	wide  int64 // ids that it most recently did not accept
	least int64 // ids that it explicitly refused
	again int   // how often in a row it did not accept that many
	row   int   // how many windows of most ids it accepted in a row
	tries int   // how many of those before more are tried

	ids, rows float64 // of recent windows
	last      int64
}

// expect sets the approximate number of rows among a number of ids, and the number of concurrent requests.
func (w *widths) expect(rows, ids, atOnce int64) {
	w.rows, w.ids, w.last = float64(rows), float64(max(ids, 1)), w.most
	w.pages = min(max(rows/(3*w.page*atOnce), 1), 4)
}

// learn records how many rows a number of ids had. Older results count less and less.
func (w *widths) learn(ids, rows int64) {
	const keeps = 0.8
	w.ids, w.rows = w.ids*keeps+float64(ids), w.rows*keeps+float64(rows)
	w.last = ids
}

// next returns the number of ids for the next window: few enough that its rows rarely exceed its last page.
func (w *widths) next() int64 {
	if w.ids == 0 {
		return min(w.page, w.most)
	}
	size, dense := float64(w.most), w.rows/w.ids
	if dense > 0 {
		whole := float64(w.page * w.pages)
		size = min(size, (whole-math.Sqrt(whole*(1-min(dense, 1))))/dense)
	}
	return min(max(int64(size), 1), max(8*w.last, w.page), w.most)
}

// forget records that a single id was refused, rather than a number of ids.
func (w *widths) forget() { w.most, w.least, w.again = w.given, math.MaxInt64, 0 }

// took records that this many ids were answered. After the maximum was answered several times in a row, more are tried, more
// rarely each time: a larger number may have failed for another reason.
func (w *widths) took(ids int64) {
	w.good = max(w.good, ids)
	if ids >= w.wide {
		w.again = 0
	}
	if ids < w.most {
		return
	}
	if w.row++; w.row > w.tries {
		w.most, w.row = min(2*w.most, w.given, w.least-1), 0
	}
}

// sign is the evidence that ids were too many.
type sign int

const (
	said   sign = iota // the server said so
	likely             // both halves were answered, and earlier rows in between
	maybe              // both halves were answered
)

// refused records that this many ids were too many. If that may be by chance, or as many were answered before, more than one
// such sign is needed.
func (w *widths) refused(ids int64, sign sign) {
	w.wide = ids
	if w.again++; sign == said || sign == likely && ids > w.good || w.again > 2 {
		w.most, w.good, w.again = min(w.most, max(ids/2, 1)), min(w.good, ids/2), 0
		w.row, w.tries = 0, min(8*max(w.tries, 1), 4_096)
	}
	if sign == said {
		w.least = min(w.least, ids)
	}
}
