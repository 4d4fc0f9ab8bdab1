package cfchat

import "context"

// findEnd finds the newest conversation: the last page of the list in the order of creation. A page that the server cannot
// answer is passed over; then the end is at least the number of conversations, because ids count from 1, and lookBehind
// finds the rest.
func (s *scan) findEnd(ctx context.Context) error {
	first, err := s.listPage(ctx, 1)
	if err != nil && (ctx.Err() != nil || !mayBeOneConversation(err)) {
		return err
	}
	size := int64(pageSize)
	var total int64
	if err == nil {
		size, total = max(int64(len(first.Payload)), 1), first.Meta.AllCount
		s.see(first.Payload)
	} else if total, err = s.count(ctx); err != nil {
		return err
	}
	s.end = max(s.end, total)
	for page, tries := (total+size-1)/size, 3; page > 1 && tries > 0; page, tries = page-1, tries-1 {
		last, err := s.listPage(ctx, page)
		if err != nil && (ctx.Err() != nil || !mayBeOneConversation(err)) {
			return err
		}
		if err == nil && len(last.Payload) > 0 {
			s.see(last.Payload)
			break
		}
	}
	return nil
}

func (s *scan) listPage(ctx context.Context, page int64) (*ConversationPage, error) {
	s.requests++
	return s.conversations.List(ctx, ConversationListOptions{Status: StatusAll, SortBy: SortBySortOnCreatedAt, Page: int(page)}, s.opts...)
}

func (s *scan) count(ctx context.Context) (int64, error) {
	s.requests++
	counts, err := s.conversations.Counts(ctx, ConversationListOptions{Status: StatusAll}, s.opts...)
	if err != nil {
		return 0, err
	}
	return counts.AllCount, nil
}

// see moves the end behind every conversation of a page.
func (s *scan) see(conversations []Conversation) {
	for i := range conversations {
		s.end = max(s.end, conversations[i].ID)
	}
}

// lookBehind finds what matches behind the ids that have been read: the list may not have told the end, conversations may
// have been created meanwhile, and to the list an agent's key shows fewer inboxes than to a filter before 4.1.0. It asks
// for everything but what has been read, or, when that cannot be asked, for a window of ids. What is created after the
// first look is not promised, so that an account that grows does not keep the scan for ever.
func (s *scan) lookBehind(ctx context.Context) error {
	if s.left == 0 || s.Until != 0 && s.read >= s.Until {
		return nil
	}
	count, last, err := s.behind(ctx)
	switch {
	case err != nil && (ctx.Err() != nil || !mayBeOneConversation(err)):
		return err
	case err != nil || count > 0 && last == 0:
		s.size, s.left = max(s.size, tailWindow), 0 // one window, once
		s.readUpTo(s.read + s.size)
		return nil //nolint:nilerr // what the list cannot answer, the window is asked for
	case s.left < 0:
		s.left = count
	}
	if s.left > 0 && count > 0 {
		s.readUpTo(last)
	}
	return nil
}

// behind is how many conversations match behind what has been read, and an id up to which to read on; 0 if that cannot be
// found out.
func (s *scan) behind(ctx context.Context) (count, last int64, err error) {
	if s.read > maxLeftOut {
		return 1, 0, nil
	}
	rules := []Rule{Equal(AttributeStatus, StatusAll)}
	for lo := int64(1); lo <= s.read; lo += maxRuleIDs {
		rules = append(rules, NotEqual(AttributeDisplayID, ids(lo, min(lo+maxRuleIDs-1, s.read))...))
	}
	rest := s.filter.narrowed(rules...)
	s.requests++
	page, err := s.conversations.Filter(ctx, rest, 1, s.opts...)
	if err != nil && ctx.Err() == nil && mayBeOneConversation(err) {
		s.requests++
		page, err = s.conversations.Filter(ctx, rest, 1<<20, s.opts...) // beyond the last: the counts alone
		last = s.read + maxWindow                                       // there is one that cannot be shown
	}
	if err != nil {
		return 0, 0, err
	}
	for i := range page.Payload {
		if id := page.Payload[i].ID; id > s.read {
			last = max(last, id)
		}
	}
	return page.Meta.AllCount, last, nil
}
