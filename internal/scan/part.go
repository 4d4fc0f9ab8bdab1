package scan

import (
	"cmp"
	"slices"
)

// Window is what a Reader is asked for: the ids from Lo to Hi, but for those that came before.
type Window struct {
	Lo, Hi int64
	Came   []int64 // in order
}

// Len returns how many ids are asked for.
func (w Window) Len() int64 { return w.Hi - w.Lo + 1 - int64(len(w.Came)) }

// IDs returns the ids that are asked for, in order.
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

// state is where a part is on its way.
type state int

const (
	waiting  state = iota // to be asked for
	underWay              // asked for
	parked                // failed, and nothing is known by which to judge it
	done
	ended // the reading ends here
)

// Part is a range of ids, with the rows of it that have come.
type Part[T any] struct {
	Lo, Hi int64
	Rows   []T
	Err    error // of a part of one id: why it cannot be read

	state state
	sized bool    // it is not to be cut any more before it is asked for
	seen  int64   // rows, however many for one id
	piece bool    // of one that failed
	half  *halves // of which it is one, until it has been answered
	fails int     // of its only id that is left
}

// halves are the two parts of one that failed.
type halves struct {
	ids     int64   // that it asked for
	verdict Verdict // on its failure
	sign    sign    // that it was too many, if both are answered
	left    int     // how many of them have not been answered
	failed  bool    // one of them, in the same way
}

// Known returns a part of which everything has come.
func Known[T any](lo, hi int64, rows []T) Part[T] {
	return Part[T]{Lo: lo, Hi: hi, Rows: rows, state: done}
}

// width returns how many ids are in the part.
func (p *Part[T]) width() int64 { return p.Hi - p.Lo + 1 }

// left returns how many of them have not come.
func (p *Part[T]) left() int64 { return p.width() - int64(len(p.Rows)) }

// window returns what is left to be asked for.
func (p *Part[T]) window(id func(T) int64) Window {
	w := Window{Lo: p.Lo, Hi: p.Hi}
	for _, row := range p.Rows {
		w.Came = append(w.Came, id(row))
	}
	return w
}

// add keeps the rows that have not come before, and returns how many they are.
func (p *Part[T]) add(rows []T, id func(T) int64) int {
	before := len(p.Rows)
	p.Rows = append(p.Rows, rows...)
	slices.SortStableFunc(p.Rows, func(a, b T) int { return cmp.Compare(id(a), id(b)) })
	p.Rows = slices.CompactFunc(p.Rows, func(a, b T) bool { return id(a) == id(b) })
	return len(p.Rows) - before
}

// cut cuts the part in two behind an id. What has come goes with its ids.
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
