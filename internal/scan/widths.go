package scan

import "math"

// widths learns how many ids a window may have: as many as bring a few pages of rows, and no more than the server takes.
type widths struct {
	page  int64 // rows
	pages int64 // that a window is to bring
	given int64 // ids that there may be
	most  int64 // ids that the server takes, as far as is known
	good  int64 // ids that it took last
	least int64 // ids that it did not take
	again int   // how often in a row it did not take what it had taken

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

// took says that so many ids were answered.
func (w *widths) took(ids int64) {
	if ids >= w.good {
		w.good, w.again = ids, 0
	}
}

// refused says that so many ids were too many. Where that is a guess, because the halves were answered, and as many have been
// answered before, it takes more than one such.
func (w *widths) refused(ids int64, sure bool) {
	if w.again++; sure || ids > w.good || w.again > 2 {
		w.most, w.good, w.again = min(w.most, max(ids/2, 1)), min(w.good, ids/2), 0
		w.least = min(w.least, ids)
	}
}
