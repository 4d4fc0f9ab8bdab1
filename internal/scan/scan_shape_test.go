package scan

import (
	"math"
	"slices"
	"testing"
)

// TestNextWidth checks the width of the next window, given the results of earlier ones.
func TestNextWidth(t *testing.T) {
	for _, c := range []struct {
		name string
		w    widths
		want int64
	}{
		{"nothing is known", widths{page: 25, pages: 1, most: 10_000}, 25},
		{"nothing is known, and the server accepts less", widths{page: 25, pages: 1, most: 10}, 10},
		{"all match: a page", widths{page: 25, pages: 1, most: 10_000, ids: 100, rows: 100, last: 100}, 25},
		{"all match: four pages", widths{page: 25, pages: 4, most: 10_000, ids: 100, rows: 100, last: 100}, 100},
		{"more rows than ids", widths{page: 25, pages: 1, most: 10_000, ids: 100, rows: 200, last: 100}, 12},
		{"far more rows than ids", widths{page: 25, pages: 1, most: 10_000, ids: 100, rows: 10_000, last: 100}, 1},
		{"half match: less than a page of rows", widths{page: 25, pages: 1, most: 10_000, ids: 100, rows: 50, last: 100}, 42},
		{"one in a hundred", widths{page: 25, pages: 4, most: 10_000, ids: 10_000, rows: 100, last: 5_000}, 9_005},
		{"none: eight times as many", widths{page: 25, pages: 1, most: 10_000, ids: 100, last: 100}, 800},
		{"none: a page at least", widths{page: 25, pages: 1, most: 10_000, ids: 1, last: 1}, 25},
		{"none: no more than the server accepts", widths{page: 25, pages: 1, most: 300, ids: 100, last: 100}, 300},
	} {
		if got := c.w.next(); got != c.want {
			t.Errorf("%s: got %d ids, want %d", c.name, got, c.want)
		}
	}
}

// TestExpectedWidth checks that a window is four pages wide if many rows are expected, and otherwise one, so that all
// requests have something to do.
func TestExpectedWidth(t *testing.T) {
	for _, c := range []struct{ rows, ids, atOnce, pages, next int64 }{
		{0, 0, 4, 1, 10_000},
		{100, 100, 4, 1, 25},
		{299, 299, 1, 3, 75},
		{300, 300, 4, 1, 25},
		{600, 600, 4, 2, 50},
		{100_000, 100_000, 4, 4, 100},
		{100_000, 100_000, 1_000, 1, 25},
		{1_200, 120_000, 4, 4, 9_005},
	} {
		w := widths{page: 25, pages: 1, most: 10_000}
		if w.expect(c.rows, c.ids, c.atOnce); w.pages != c.pages || w.next() != c.next {
			t.Errorf("%+v: got %d pages, %d ids", c, w.pages, w.next())
		}
	}
}

// TestLearnedWidth checks that older results count less and less.
func TestLearnedWidth(t *testing.T) {
	w := widths{page: 25, pages: 1, most: 10_000}
	for range 20 {
		w.learn(25, 25)
	}
	if w.next() != 25 {
		t.Errorf("got %d, want 25 where all match", w.next())
	}
	for range 20 {
		w.learn(w.next(), 0)
	}
	if w.next() != 10_000 {
		t.Errorf("got %d, want 10,000 where none match any more", w.next())
	}
	for range 40 {
		w.learn(25, 25)
	}
	if w.next() > 30 {
		t.Errorf("got %d, want 30 at most where all match again", w.next())
	}
}

// TestRefusedWidth checks that a width is halved immediately if the server refuses it explicitly or never accepted as many,
// and otherwise after several failures.
func TestRefusedWidth(t *testing.T) {
	for _, c := range []struct {
		name    string
		took    int64
		refused []int64 // guesses
		sure    bool
		want    int64
	}{
		{"sure", 1_000, []int64{800}, true, 400},
		{"sure, of one", 0, []int64{1}, true, 1},
		{"sure, and more than is already known", 0, []int64{5_000}, true, 1_000},
		{"never accepted", 100, []int64{800}, false, 400},
		{"accepted before", 800, []int64{800}, false, 1_000},
		{"accepted before, refused twice", 800, []int64{800, 800}, false, 1_000},
		{"accepted before, refused three times", 800, []int64{800, 800, 800}, false, 400},
	} {
		w := widths{page: 25, pages: 1, given: 1_000, most: 1_000, least: math.MaxInt64}
		w.took(c.took)
		for _, ids := range c.refused {
			w.refused(ids, map[bool]sign{true: said, false: likely}[c.sure])
		}
		if w.most != c.want {
			t.Errorf("%s: got %d, want %d", c.name, w.most, c.want)
		}
	}
	w := widths{page: 25, pages: 1, given: 1_000, most: 1_000, least: math.MaxInt64}
	w.took(800)
	for range 5 { // a width accepted in between is no longer in doubt
		w.refused(700, likely)
		w.refused(700, likely)
		w.took(800)
	}
	if w.most != 1_000 {
		t.Errorf("got %d, want 1,000, which was accepted in between", w.most)
	}
	w.refused(800, said)
	if w.took(50); w.good != 400 {
		t.Errorf("got %d accepted ids, want 400", w.good)
	}
}

// TestWidthGrowsAgain checks that after windows of the most ids more are tried, more rarely after each refusal, and never as
// many as were explicitly refused.
func TestWidthGrowsAgain(t *testing.T) {
	w := widths{page: 25, pages: 1, given: 1_000, most: 1_000, least: math.MaxInt64}
	until := func(most int64) (n int) {
		for ; w.most < most && n < 10_000; n++ {
			w.took(w.most - 1) // proves nothing about the most
			w.took(w.most)
		}
		return n
	}
	w.refused(1_000, likely)
	if n := until(1_000); n != 9 {
		t.Errorf("after a refusal it took %d windows, want 9", n)
	}
	w.refused(2_000, likely)
	w.refused(1_000, likely)
	if n := until(1_000); n < 2*64 {
		t.Errorf("after three refusals it took %d windows, want 128 or more", n)
	}
	w.refused(900, said)
	if until(1_000); w.most != 899 {
		t.Errorf("got %d, want 899 where 900 are refused", w.most)
	}
}

// TestCut checks that received rows stay with their ids, and that a half that was received completely is done.
func TestCut(t *testing.T) {
	self := func(id int64) int64 { return id }
	for _, c := range []struct {
		rows                []int64
		last                int64
		front, rest         []int64
		frontDone, restDone bool
	}{
		{nil, 5, nil, nil, false, false},
		{[]int64{1, 5, 6, 9}, 5, []int64{1, 5}, []int64{6, 9}, false, false},
		{[]int64{1, 2, 3}, 3, []int64{1, 2, 3}, nil, true, false},
		{[]int64{8, 9, 10}, 7, nil, []int64{8, 9, 10}, false, true},
	} {
		p := &Part[int64]{Lo: 1, Hi: 10, Rows: c.rows}
		front, rest := p.cut(c.last, self)
		if !slices.Equal(front.Rows, c.front) || !slices.Equal(rest.Rows, c.rest) ||
			front.Lo != 1 || front.Hi != c.last || rest.Lo != c.last+1 || rest.Hi != 10 ||
			(front.state == done) != c.frontDone || (rest.state == done) != c.restDone {
			t.Errorf("%v cut after %d: %+v, %+v", c.rows, c.last, front, rest)
		}
		if front.add([]int64{1}, self); !slices.Equal(rest.Rows, c.rest) { // the halves share no memory
			t.Errorf("%v cut after %d: a row added to the front appeared in %v", c.rows, c.last, rest.Rows)
		}
	}
}

// TestAdd checks that rows are kept in order, each once.
func TestAdd(t *testing.T) {
	self := func(id int64) int64 { return id }
	p := &Part[int64]{Lo: 1, Hi: 10, Rows: []int64{3, 7}}
	if fresh := p.add([]int64{9, 3, 1, 9}, self); fresh != 2 || !slices.Equal(p.Rows, []int64{1, 3, 7, 9}) || p.left() != 6 || p.width() != 10 {
		t.Errorf("got %d new rows of %v, want 2", fresh, p.Rows)
	}
	if w := p.window(self); !slices.Equal(w.Came, p.Rows) || w.Len() != 6 {
		t.Errorf("got the window %+v, want the 6 missing ids", w)
	}
}

// TestRemembered checks that only a few received ids are remembered, the latest ones.
func TestRemembered(t *testing.T) {
	c := &came{}
	for id := range int64(100) {
		c.see(id)
		c.see(id)
	}
	if len(c.ids) != remembered || c.ids[0] != 100-remembered || c.ids[remembered-1] != 99 {
		t.Errorf("remembered %v, want the latest %d", c.ids, remembered)
	}
}
