package cfchat

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"

	"github.com/cfchat/cfchat-go/internal/chain"
)

// ListAll walks through every page of a list, and may miss conversations that move while it runs: [ConversationsService.Scan]
// misses none. The zero options mean the open ones. It asks for the order of creation when the caller asks for none, because
// every version knows it and new conversations come at its end; a Page is where to start.
//
// The server counts pages off a list that changes meanwhile, so a conversation that leaves the list before the page that
// would show it (because it is resolved, by your own loop for instance) hides another one. What ListAll promises: no
// conversation comes twice, an error comes once and last, and the walk ends at the first empty page, or with an error when
// page after page brings nothing new.
//
// Every range over it starts anew, with the options as they were when it was called. It remembers the ids of one walk,
// 100,000 in about 4 MB.
func (s ConversationsService) ListAll(ctx context.Context, options ConversationListOptions, opts ...CallOption) iter.Seq2[*Conversation, error] {
	options.Labels = slices.Clone(options.Labels)
	options.SortBy = cmp.Or(options.SortBy, SortBySortOnCreatedAt)
	// With UpdatedWithin everything comes in one answer from 3.6.0 on, whatever the page.
	walk := pageWalk{call: s.core.call(listCall.operation, 0), opts: slices.Clone(opts), first: cmp.Or(options.Page, 1), allInOne: options.UpdatedWithin != 0}
	walk.check = func(input *refusal) {
		options.check(input)
		s.core.check(ctx, input)
	}
	return walk.pages(func(page int) (*ConversationPage, error) {
		options := options
		options.Page = page
		return s.List(ctx, options, walk.opts...)
	})
}

// FilterAll walks through every page of a filter, the latest activity first, and may miss conversations that move while it
// runs: [ConversationsService.Scan] misses none. It promises what [ConversationsService.ListAll] promises, and no more: a
// filter has no order but that of activity, which every message changes.
func (s ConversationsService) FilterAll(ctx context.Context, filter Filter, opts ...CallOption) iter.Seq2[*Conversation, error] {
	walk := pageWalk{call: s.core.call(filterCall.operation, 0), opts: slices.Clone(opts), first: 1}
	walk.keeps = filter.keeps
	walk.check = func(input *refusal) {
		filter.request(s.core.now(), input)
		s.core.check(ctx, input)
	}
	return func(yield func(*Conversation, error) bool) {
		filter := filter.dated(s.core.now()) // the same day for all pages
		walk.pages(func(page int) (*ConversationPage, error) { return s.Filter(ctx, filter, page, walk.opts...) })(yield)
	}
}

// maxStalePages is how many pages in a row may bring nothing new. One may, when 25 conversations were created meanwhile;
// before 3.1.1 a conversation with many labels fills several pages of a filter. A server that ignores the page never stops.
const maxStalePages = 10

// pageWalk is a walk from a page to the first empty one.
type pageWalk struct {
	call     *chain.Call // of a page
	opts     []CallOption
	check    func(*refusal)           // of what every page is asked for with
	keeps    func(*Conversation) bool // nil for every one
	first    int
	allInOne bool // a page that brings nothing new is the end, and no fault
}

func (w pageWalk) pages(fetch func(page int) (*ConversationPage, error)) iter.Seq2[*Conversation, error] {
	return func(yield func(*Conversation, error) bool) {
		var input refusal
		w.check(&input)
		refuseResponse(w.opts, &input)
		if err := input.err(w.call); err != nil {
			yield(nil, err)
			return
		}
		seen := map[int64]struct{}{}
		for page, stale := w.first, 0; stale < maxStalePages; page++ {
			got, err := fetch(page)
			if err != nil {
				yield(nil, err)
				return
			}
			before := len(seen)
			for i := range got.Payload {
				c := &got.Payload[i]
				if _, again := seen[c.ID]; again {
					continue
				}
				seen[c.ID] = struct{}{}
				if w.keeps != nil && !w.keeps(c) {
					continue
				}
				if !yield(c, nil) {
					return
				}
			}
			switch {
			case len(got.Payload) == 0 || len(seen) == before && w.allInOne:
				return
			case len(seen) == before:
				stale++
			default:
				stale = 0
			}
		}
		yield(nil, errorOf(w.call, &chain.Failure{
			Status: http.StatusOK, Cause: errors.New("the server repeats its pages, so this walk would not end"),
		}))
	}
}
