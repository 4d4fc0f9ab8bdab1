package cfchat

import (
	"context"
	"errors"
	"iter"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// All walks through every page of a list. With nil params that is the open conversations. It asks for the order of
// creation when the caller asks for none, because every version knows it and new conversations come at its end; a Page is
// where to start.
//
// It cannot promise to see every conversation: the server counts pages off a list that changes meanwhile, so a
// conversation that leaves the list before the page that would show it (because it is resolved, by your own loop for
// instance) hides another one. [Account.Scan] loses none. What it promises: no conversation comes twice, an error comes
// once and last, and the walk ends at the first empty page, or with an error when page after page brings nothing new.
//
// Every range over it starts anew. It remembers the ids of one walk, 100,000 in about 4 MB.
func (a *Account) All(ctx context.Context, params *ConversationListParams, editors ...RequestEditorFn) iter.Seq2[*Conversation, error] {
	var p ConversationListParams
	if params != nil {
		p = *params
	}
	if nonEmpty(p.SortBy) == nil {
		p.SortBy = new(SortBySortOnCreatedAt)
	}
	first := int64(1)
	if p.Page != nil {
		first = *p.Page
	}
	// With UpdatedWithin everything comes in one answer from 3.6.0 on, whatever the page.
	walk := pageWalk{operation: operation.ConversationList, first: first, allInOne: p.UpdatedWithin != nil}
	return walk.pages(func(page int64) ([]Conversation, error) {
		p := p
		p.Page = &page
		got, err := a.List(ctx, &p, editors...)
		if err != nil {
			return nil, err
		}
		return got.Payload, nil
	})
}

// Matching walks through every page of a filter, the latest activity first. It promises what [Account.All] promises, and
// no more: a filter has no order but that of activity, which every message changes. [Account.Scan] loses none.
func (a *Account) Matching(ctx context.Context, filter Filter, editors ...RequestEditorFn) iter.Seq2[*Conversation, error] {
	walk := pageWalk{operation: operation.ConversationFilter, first: 1}
	return walk.pages(func(page int64) ([]Conversation, error) {
		got, err := a.Filter(ctx, filter, int(page), editors...)
		if err != nil {
			return nil, err
		}
		return got.Payload, nil
	})
}

// maxStalePages is how many pages in a row may bring nothing new. One may, when 25 conversations were created meanwhile;
// before 3.1.1 a conversation with many labels fills several pages of a filter. A server that ignores the page never stops.
const maxStalePages = 10

// pageWalk is a walk from a page to the first empty one.
type pageWalk struct {
	operation *operation.Operation
	first     int64
	allInOne  bool // a page that brings nothing new is the end, and no fault
}

func (w pageWalk) pages(fetch func(page int64) ([]Conversation, error)) iter.Seq2[*Conversation, error] {
	return func(yield func(*Conversation, error) bool) {
		seen := map[int64]struct{}{}
		for page, stale := w.first, 0; stale < maxStalePages; page++ {
			conversations, err := fetch(page)
			if err != nil {
				yield(nil, err)
				return
			}
			before := len(seen)
			for i := range conversations {
				c := &conversations[i]
				if _, again := seen[c.ID]; again {
					continue
				}
				seen[c.ID] = struct{}{}
				if !yield(c, nil) {
					return
				}
			}
			switch {
			case len(conversations) == 0 || len(seen) == before && w.allInOne:
				return
			case len(seen) == before:
				stale++
			default:
				stale = 0
			}
		}
		yield(nil, named(w.operation, &Error{Err: errors.New("the server repeats its pages, so this walk would not end")}))
	}
}
