package scan

import "math"

// widths learns how many ids a window may have: as many as bring a few pages of rows, and no more than the server takes.
type widths struct {
	page  int64 // rows
	pages int64 // that a window is to bring
	given int64 // ids that there may be
	most  int64 // ids that the server takes, as far as is known
	good  int64 // ids that it took
	wide  int64 // ids that it did not take last
	least int64 // ids that it said it does not take
	again int   // how often in a row it did not take as many
	row   int   // how many windows of the most ids it took in a row
	tries int   // how many that are before more are tried

	ids, rows float64 // lately
	last      int64
}

// expect says about how many rows are among how many ids, and how many requests run at once.
func (w *widths) expect(rows, ids, atOnce int64) {
	w.rows, w.ids, w.last = float64(rows), float64(max(ids, 1)), w.most
	w.pages = min(max(rows/(3*w.page*atOnce), 1), 4)
}

// learn takes note of how many rows came of how many ids. What was long ago counts less and less.
func (w *widths) learn(ids, rows int64) {
	const keeps = 0.8
	w.ids, w.rows = w.ids*keeps+float64(ids), w.rows*keeps+float64(rows)
	w.last = ids
}

// next returns how many ids the next window has: so many that what is left of its last page is rarely too much for it.
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

// forget says that what was refused was one id, however many were asked for with it.
func (w *widths) forget() { w.most, w.least, w.again = w.given, math.MaxInt64, 0 }

// took says that so many ids were answered. When the most have been, again and again, more are tried, rarer each time: what were too
// many may have failed for another reason.
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

// sign is what tells that ids were too many.
type sign int

const (
	said   sign = iota // the server
	likely             // both halves were answered, and so was what came before, in between
	maybe              // both halves were answered
)

// refused says that so many ids were too many. Where that may be by chance, or as many have been answered before, it takes more
// than one such.
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
