package cfchat

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"slices"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// ListAll walks through every page of the contacts that [ContactsService.List] lists, and yields none twice. It asks for an
// order, of which none is of unique keys, and pages are counted off a list that changes meanwhile: so it compares what has
// come with the server's count, reads all of it again, up to three times, where that is more, and ends with an error that
// says how many of how many came where that does not help. Only where one contact goes and another comes between two pages
// the count cannot tell. Its Page stays zero.
//
// There is no scan of contacts as there is of conversations, because the servers have no rule on ids to cut them by. Nor does
// any list have the contacts without an e-mail, a phone number and an identifier: they are reached through their conversations,
// by [ConversationsService.Scan] and the ids in Meta.Sender.
//
// Every range over it starts anew, with the options as they were when it was called. It remembers the ids of one walk.
func (s ContactsService) ListAll(ctx context.Context, options ContactListOptions, opts ...CallOption) iter.Seq2[*Contact, error] {
	options.Sort, options.Labels = slices.Clone(options.Sort), slices.Clone(options.Labels)
	walk := s.walk(contactsCall.operation, opts)
	walk.check = func(input *refusal) {
		options.checkAll(input)
		s.core.check(ctx, input)
	}
	return counted(walk, func(page int) ([]Contact, int64, error) {
		options := options
		options.Page = page
		return contactRows(s.List(ctx, options, walk.opts...))
	})
}

// FilterAll walks through every page of a filter of contacts, and promises what [ContactsService.ListAll] promises. Up to 4.6 it
// comes to every contact that matches, from 4.7.0 on to those that List lists. Before 3.1.0 the servers count too many for
// Present on labels, which ends it with an error.
func (s ContactsService) FilterAll(ctx context.Context, filter Filter, options ContactListOptions, opts ...CallOption) iter.Seq2[*Contact, error] {
	options.Sort, options.Labels = slices.Clone(options.Sort), slices.Clone(options.Labels)
	walk := s.walk(filterContactsCall.operation, opts)
	walk.check = func(input *refusal) {
		filter.contactRequest(s.core.now(), input)
		options.checkAll(input)
		options.withoutLabels(input, `add a rule such as Equal("labels", "vip")`)
		s.core.check(ctx, input)
	}
	return func(yield func(*Contact, error) bool) {
		filter := filter.dated(s.core.now()) // the same day for all pages
		counted(walk, func(page int) ([]Contact, int64, error) {
			options := options
			options.Page = page
			return contactRows(s.Filter(ctx, filter, options, walk.opts...))
		})(yield)
	}
}

// checkAll is check for a walk through all pages.
func (o ContactListOptions) checkAll(r *refusal) {
	if o.Page != 0 {
		r.add("Page", "it is %d, and every page is read; leave it zero, or use List or Filter for one", o.Page)
		o.Page = 0
	}
	o.check(r)
}

// walk returns a walk through the pages of an operation, from the first.
func (s ContactsService) walk(op *operation.Operation, opts []CallOption) pageWalk[Contact] {
	id := func(c *Contact) int64 { return c.ID }
	return pageWalk[Contact]{call: s.core.call(op, 0), opts: slices.Clone(opts), first: 1, id: id}
}

// contactRows returns what a page has, and of how many it is.
func contactRows(page *ContactPage, err error) ([]Contact, int64, error) {
	if err != nil {
		return nil, 0, err
	}
	return page.Payload, page.Meta.GetCount(), nil
}

// maxReadings is how often all pages are read where rows are missing.
const maxReadings = 4

// counted walks through the pages of what the server counts, yields each row once, and reads all pages again while fewer came
// than there are.
func counted[T any](walk pageWalk[T], fetch func(page int) (rows []T, count int64, err error)) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		yielded, tally := map[int64]struct{}{}, tally{}
		for range maxReadings {
			tally.begins()
			for each, err := range walk.pages(func(page int) ([]T, error) {
				rows, count, err := fetch(page)
				if err == nil && (page == walk.first || len(rows) > 0) {
					tally.sees(count)
				}
				return rows, err
			}) {
				if err != nil {
					yield(nil, err)
					return
				}
				id := walk.id(each)
				tally.adds(id)
				if _, again := yielded[id]; again {
					continue
				}
				yielded[id] = struct{}{}
				if !yield(each, nil) {
					return
				}
			}
			if tally.isWhole() {
				return
			}
		}
		yield(nil, errorOf(walk.call, &chain.Failure{Status: http.StatusOK, Cause: tally.missing()}))
	}
}

// tally compares what came with the server's count. What has come since the count fell last is still there, unless another took
// its place unseen: so when that is as many as the server counts, it is all of them. What went before the fall may have moved
// another one from a page that was still to be read to one that was read already.
//
// A reading through which the count stayed the same is whole by itself, if as many came.
type tally struct {
	count   int64 // of the last page with rows
	came    map[int64]struct{}
	reading map[int64]struct{} // in this reading; nil when the count has changed
}

// begins starts a reading.
func (t *tally) begins() { t.reading = map[int64]struct{}{} }

func (t *tally) sees(count int64) {
	if count < t.count {
		clear(t.came)
	}
	if count != t.count && len(t.reading) > 0 {
		t.reading = nil
	}
	t.count = count
}

func (t *tally) adds(id int64) {
	if t.came == nil {
		t.came = map[int64]struct{}{}
	}
	t.came[id] = struct{}{}
	if t.reading != nil {
		t.reading[id] = struct{}{}
	}
}

func (t *tally) isWhole() bool {
	return int64(len(t.came)) == t.count || t.reading != nil && int64(len(t.reading)) == t.count
}

func (t *tally) missing() error {
	return fmt.Errorf("%d readings came to %d of %d for certain: they come, go and move faster than they can be read; "+
		"ask for an order that changes less, or try again later", maxReadings, len(t.came), t.count)
}
