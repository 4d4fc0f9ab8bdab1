package scan

import (
	"cmp"
	"slices"
)

// Window is a request to a Reader: for the ids from Lo to Hi, except those already received.
type Window struct {
	Lo, Hi int64
	Came   []int64 // in order
}

// Len returns the number of requested ids.
func (w Window) Len() int64 { return w.Hi - w.Lo + 1 - int64(len(w.Came)) }

// IDs returns the requested ids, in order.
func (w Window) IDs() []int64 {
	all, came := make([]int64, 0, w.Len()), w.Came
	for id := w.Lo; id <= w.Hi; id++ {
		if len(came) > 0 && came[0] == id {
			came = came[1:]
			continue
		}
		all = append(all, id)
	}
	return all
}

// state is the state of a part.
type state int

const (
	waiting  state = iota // to be requested
	underWay              // requested
	parked                // failed, with nothing to judge it by
	done
	ended // the reading ends here
)

// Part is a range of ids, with its received rows.
type Part[T any] struct {
	Lo, Hi int64
	Rows   []T
	Err    error // for a part of one id: why it cannot be read

	state state
	sized bool    // it must not be cut any more before it is requested
	seen  int64   // rows, including several for one id
	piece bool    // part of one that failed
	half  *halves // the pair that it belongs to, until it is answered
	fails int     // of its last missing id
}

// halves are the two parts of one that failed.
type halves struct {
	ids     int64   // requested for the whole
	verdict Verdict // on the whole's failure
	sign    sign    // evidence that these were too many, if both are answered
	left    int     // how many of them have not been answered
	failed  bool    // one of them, in the same way
}

// Known returns a part whose rows have all been received.
func Known[T any](lo, hi int64, rows []T) Part[T] {
	return Part[T]{Lo: lo, Hi: hi, Rows: rows, state: done}
}

// width returns how many ids are in the part.
func (p *Part[T]) width() int64 { return p.Hi - p.Lo + 1 }

// left returns how many of them are missing.
func (p *Part[T]) left() int64 { return p.width() - int64(len(p.Rows)) }

// window returns the part's missing ids as a window.
func (p *Part[T]) window(id func(T) int64) Window {
	w := Window{Lo: p.Lo, Hi: p.Hi}
	for _, row := range p.Rows {
		w.Came = append(w.Came, id(row))
	}
	return w
}

// add keeps the new rows, and returns their number.
func (p *Part[T]) add(rows []T, id func(T) int64) int {
	before := len(p.Rows)
	p.Rows = append(p.Rows, rows...)
	slices.SortStableFunc(p.Rows, func(a, b T) int { return cmp.Compare(id(a), id(b)) })
	p.Rows = slices.CompactFunc(p.Rows, func(a, b T) bool { return id(a) == id(b) })
	return len(p.Rows) - before
}

// cut cuts the part in two after an id. Received rows stay with their ids.
func (p *Part[T]) cut(last int64, id func(T) int64) (front, rest *Part[T]) {
	i, _ := slices.BinarySearchFunc(p.Rows, last+1, func(row T, target int64) int { return cmp.Compare(id(row), target) })
	front = &Part[T]{Lo: p.Lo, Hi: last, Rows: slices.Clip(p.Rows[:i])}
	rest = &Part[T]{Lo: last + 1, Hi: p.Hi, Rows: p.Rows[i:]}
	for _, half := range []*Part[T]{front, rest} {
		if half.left() == 0 {
			half.state = done
		}
	}
	return front, rest
}
