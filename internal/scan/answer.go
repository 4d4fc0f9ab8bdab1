package scan

import "slices"

// take adds the rows received for a part, and decides what becomes of it.
func (s *stretch[T]) take(p *Part[T], w Window, came []T, rows, more int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.widths.took(w.Len())
	s.settle(p, answered)
	if p.fails > 0 {
		s.stumbles++
	}
	fresh := p.add(came, s.ID)
	p.seen += rows
	s.held += fresh
	for _, row := range came {
		s.Came(row)
	}
	if s.came.enough() {
		s.vain = 0
		s.release()
	}
	switch {
	case more == 0 || p.left() == 0:
		p.state = done
		if !p.piece {
			s.widths.learn(p.width(), p.seen)
		}
	case fresh == 0 && p.left() > 1: // the server returned excluded ids again
		s.halve(p, nil)
	case fresh == 0:
		p.state = done
	case more > 2*s.widths.page*s.widths.pages:
		s.widths.learn(p.width(), p.seen+more)
		s.spread(p, more)
	default:
		p.state = waiting
	}
}

// answered means no failure.
const answered Verdict = -1

// settle notes how a half was answered: whether it failed for the same reason as the whole. If neither half did, the whole
// was too wide, or the server stumbled.
func (s *stretch[T]) settle(p *Part[T], verdict Verdict) {
	if p.half == nil {
		return
	}
	p.half.failed = p.half.failed || p.half.verdict == verdict
	if p.half.left--; p.half.left == 0 && !p.half.failed {
		s.stumbles++
		s.widths.refused(p.half.ids, p.half.sign)
	}
	p.half = nil
}

// spread cuts a part with too many rows into parts of a window's size.
func (s *stretch[T]) spread(p *Part[T], more int64) {
	size := max(p.left()*s.widths.page*s.widths.pages/more, 1)
	var parts []*Part[T]
	rest := p
	for rest.width() > size {
		var front *Part[T]
		front, rest = rest.cut(rest.Lo+size-1, s.ID)
		front.sized = true
		parts = append(parts, front)
	}
	rest.sized = true
	s.replace(p, append(parts, rest)...)
}

// halve cuts a part in two, each with as many missing ids.
func (s *stretch[T]) halve(p *Part[T], of *halves) {
	ids := p.window(s.ID).IDs()
	front, rest := p.cut(ids[(len(ids)-1)/2], s.ID)
	for _, half := range []*Part[T]{front, rest} {
		half.sized, half.piece, half.half = true, true, of
	}
	s.replace(p, front, rest)
}

// fail determines what the failure of a part means: nothing can be read, the part is too wide, or something in it is to
// blame.
func (s *stretch[T]) fail(p *Part[T], w Window, err error, begun int) {
	verdict, wide := s.Judge(err), w.Len() > 1
	if s.ctx.Err() != nil {
		verdict = Ends
	}
	var proof error
	if verdict != Ends && !(wide && (verdict == Refuses || verdict == Blames && s.came.enough())) {
		proof = s.proveSince(s.ctx, begun)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(p, verdict)
	switch {
	case proof == ErrTooFew:
		s.park(p, err)
	case proof != nil && s.ctx.Err() != nil:
		s.endAt(p, proof)
	case verdict == Ends || proof != nil:
		s.endAt(p, err)
	case wide && verdict == Refuses:
		s.widths.refused(w.Len(), said)
		s.halve(p, nil)
	case wide:
		s.halve(p, &halves{ids: w.Len(), verdict: verdict, sign: likely, left: 2})
	default:
		s.blame(p, w, verdict, err)
	}
}

// endAt ends the reading before a part.
func (s *stretch[T]) endAt(p *Part[T], err error) { p.state, p.Err = ended, err }

// blame has the only id left of a part tried again, and blames it once it has failed again. If the server stumbles now and
// then, it has to fail more often.
func (s *stretch[T]) blame(p *Part[T], w Window, verdict Verdict, err error) {
	if p.fails++; p.fails < 2+min(s.stumbles, 3) {
		p.state = waiting
		return
	}
	if verdict == Refuses {
		s.widths.forget()
	}
	id := w.IDs()[0]
	one := &Part[T]{Lo: id, Hi: id, Err: err, state: done}
	parts := []*Part[T]{one}
	if p.Lo < id {
		front, _ := p.cut(id-1, s.ID)
		parts = []*Part[T]{front, one}
	}
	if id < p.Hi {
		_, rest := p.cut(id, s.ID)
		parts = append(parts, rest)
	}
	s.replace(p, parts...)
}

// park puts a part aside until there is something to judge by.
func (s *stretch[T]) park(p *Part[T], err error) {
	s.vain++
	p.state, p.Err = parked, err
}

// release returns parked parts to the waiting ones.
func (s *stretch[T]) release() {
	for _, p := range s.parts {
		if p.state == parked {
			p.state, p.Err = waiting, nil
		}
	}
}

// unpark continues when only parked parts are left: one row must suffice to judge by, or one may be found in the halves.
// Otherwise nothing can be read, and no id is to blame.
func (s *stretch[T]) unpark() {
	i := slices.IndexFunc(s.parts, func(p *Part[T]) bool { return p.state == parked })
	if i < 0 {
		return
	}
	if s.came.makeDo() {
		s.release()
		s.start()
		return
	}
	wide := slices.IndexFunc(s.parts, func(p *Part[T]) bool { return p.state == parked && p.left() > 1 })
	if wide < 0 || s.vain >= s.patience {
		s.endAt(s.parts[i], s.parts[i].Err)
		return
	}
	p := s.parts[wide]
	if p.left() > s.widths.most {
		p.state, p.Err, p.sized, p.half = waiting, nil, false, nil
		s.start()
		return
	}
	s.halve(p, &halves{ids: p.left(), verdict: s.Judge(p.Err), sign: maybe, left: 2})
	s.start()
}
