package cfchat

import (
	"context"
	"errors"
)

// findEnd finds the newest conversation: the last page of the list in the order of creation. A page that the server cannot
// answer is passed over; then the end is at least the number of conversations, because ids count from 1, and the scan
// looks behind the end anyway.
func (s *scan) findEnd(ctx context.Context) error {
	first, err := s.listPage(ctx, 1)
	if err != nil && !errors.Is(err, ErrServer) {
		return err
	}
	size, total := int64(pageSize), int64(0)
	if err == nil {
		size, total = max(int64(len(first.Payload)), 1), first.Meta.AllCount
		s.see(first)
	} else if total, err = s.count(ctx); err != nil {
		return err
	}
	s.end = max(s.end, total)
	for page, tries := (total+size-1)/size, 3; page > 1 && tries > 0; page, tries = page-1, tries-1 {
		last, err := s.listPage(ctx, page)
		if err != nil && !errors.Is(err, ErrServer) {
			return err
		}
		if err == nil && len(last.Payload) > 0 {
			s.see(last)
			break
		}
	}
	return nil
}

func (s *scan) listPage(ctx context.Context, page int64) (*ConversationPage, error) {
	s.requests++
	return s.account.List(ctx, &ConversationListParams{
		Status: new(ListStatusAll), SortBy: new(SortBySortOnCreatedAt), Page: &page,
	}, s.editors...)
}

func (s *scan) count(ctx context.Context) (int64, error) {
	s.requests++
	counts, err := s.account.Counts(ctx, &ConversationListMetaParams{Status: new(ListStatusAll)}, s.editors...)
	if err != nil {
		return 0, err
	}
	return counts.AllCount, nil
}

// see moves the end behind every conversation of a page.
func (s *scan) see(page *ConversationPage) {
	for _, c := range page.Payload {
		s.end = max(s.end, c.ID)
	}
}
