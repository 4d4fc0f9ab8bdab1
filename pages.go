package cfchat

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// ListAll walks through every page of a list, and may miss conversations that move while it runs:
// [ConversationsService.Scan] misses none. Zero options select the open ones. Without a SortBy it asks for the order of
// creation, because every version knows it and new conversations are added at its end; Page is where to start.
//
// The server counts pages off a list that changes meanwhile, so a conversation that leaves the list before the page that
// would show it (because it is resolved, by your own loop for instance) hides another one. What ListAll promises: no
// conversation is yielded twice, an error is yielded once and last, and the walk ends at the first empty page, or with an
// error if page after page has nothing new.
//
// Every range over it starts anew, with the options as they were when it was called. It remembers the ids of one walk,
// 100,000 in about 4 MB.
func (s ConversationsService) ListAll(ctx context.Context, options ConversationListOptions, opts ...CallOption) iter.Seq2[*Conversation, error] {
	options.Labels = slices.Clone(options.Labels)
	options.SortBy = cmp.Or(options.SortBy, SortBySortOnCreatedAt)
	// With UpdatedWithin everything is in one answer from 3.6.0 on, regardless of the page.
	walk := s.walk(listCall.operation, opts)
	walk.first, walk.allInOne = cmp.Or(options.Page, 1), options.UpdatedWithin != 0
	walk.check = func(input *refusal) {
		options.check(input)
		s.core.check(ctx, input)
	}
	return walk.pages(func(page int) ([]Conversation, error) {
		options := options
		options.Page = page
		return rows(s.List(ctx, options, walk.opts...))
	})
}

// FilterAll walks through every page of a filter, the latest activity first, and may miss conversations that move while it
// runs: [ConversationsService.Scan] misses none. Its promises are those of [ConversationsService.ListAll]: a filter can only
// be ordered by activity, which every message changes.
func (s ConversationsService) FilterAll(ctx context.Context, filter Filter, opts ...CallOption) iter.Seq2[*Conversation, error] {
	walk := s.walk(filterCall.operation, opts)
	walk.keeps = filter.keeps
	walk.check = func(input *refusal) {
		filter.request(s.core.now(), input)
		s.core.check(ctx, input)
	}
	return func(yield func(*Conversation, error) bool) {
		filter := filter.dated(s.core.now()) // the same day for all pages
		walk.pages(func(page int) ([]Conversation, error) { return rows(s.Filter(ctx, filter, page, walk.opts...)) })(yield)
	}
}

// walk returns a walk through the pages of an operation, from the first.
func (s ConversationsService) walk(op *operation.Operation, opts []CallOption) pageWalk[Conversation] {
	id := func(c *Conversation) int64 { return c.ID }
	return pageWalk[Conversation]{call: s.core.call(op, 0), opts: slices.Clone(opts), first: 1, id: id}
}

// rows returns the rows of a page.
func rows(page *ConversationPage, err error) ([]Conversation, error) {
	if err != nil {
		return nil, err
	}
	return page.Payload, nil
}

// maxStalePages is how many pages in a row may have nothing new. One may, if 25 conversations were created meanwhile; before
// 3.1.1 a conversation with many labels fills several pages of a filter. A server that ignores the page never stops.
const maxStalePages = 10

// pageWalk is a walk from a page to the first empty one.
type pageWalk[T any] struct {
	call     *chain.Call // of a page
	opts     []CallOption
	check    func(*refusal) // of the input for every page
	id       func(*T) int64
	keeps    func(*T) bool // nil for every one
	first    int
	allInOne bool // a page with nothing new is the end, not an error
}

func (w pageWalk[T]) pages(fetch func(page int) ([]T, error)) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		if err := w.refusal(); err != nil {
			yield(nil, err)
			return
		}
		seen := map[int64]struct{}{}
		for page, stale := w.first, 0; stale < maxStalePages; page++ {
			rows, err := fetch(page)
			if err != nil {
				yield(nil, err)
				return
			}
			before := len(seen)
			for i := range rows {
				each := &rows[i]
				if _, again := seen[w.id(each)]; again {
					continue
				}
				seen[w.id(each)] = struct{}{}
				if w.keeps != nil && !w.keeps(each) {
					continue
				}
				if !yield(each, nil) {
					return
				}
			}
			switch {
			case len(rows) == 0 || len(seen) == before && w.allInOne:
				return
			case len(seen) == before:
				stale++
			default:
				stale = 0
			}
		}
		yield(nil, errorOf(w.call, &chain.Failure{
			Status: http.StatusOK, Cause: errors.New("the server repeats its pages, so this walk would never end"),
		}))
	}
}

// refusal returns why nothing is sent, nil if nothing is wrong.
func (w pageWalk[T]) refusal() error {
	var input refusal
	w.check(&input)
	refuseResponse(w.opts, &input)
	return input.err(w.call)
}
