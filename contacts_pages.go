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

// ListAll walks through every page of the contacts that [ContactsService.List] lists, and yields none twice. No order has
// unique keys, and pages are counted off a list that changes meanwhile. So it compares what it has read with the server's
// count, reads everything again, up to three times, if the count is higher, and otherwise ends with an error that states how
// many of how many were read. Only if one contact is removed and another added between two pages does the count not show it.
// Page must be zero.
//
// There is no scan of contacts as there is of conversations, because the servers have no rule on ids to divide them by. No
// list has the contacts without an e-mail, a phone number and an identifier: reach them through their conversations, with
// [ConversationsService.Scan] and the ids in Meta.Sender.
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

// FilterAll walks through every page of a filter of contacts, with the promises of [ContactsService.ListAll]. Up to 4.6 it
// covers every matching contact, from 4.7.0 on those that List lists. Before 3.1.0 the servers count too many for Present on
// labels, which ends it with an error.
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

// checkAll does the same as check, for a walk through all pages.
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

// contactRows returns the rows of a page and the count of all.
func contactRows(page *ContactPage, err error) ([]Contact, int64, error) {
	if err != nil {
		return nil, 0, err
	}
	return page.Payload, page.Meta.GetCount(), nil
}

// maxReadings is how often all pages are read if rows are missing.
const maxReadings = 4

// counted walks through the pages of what the server counts, yields each row once, and reads all pages again while rows are
// missing.
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

// tally compares what was read with the server's count. Rows read since the count last fell are still there, unless others
// silently took their places: so if they are as many as the server counts, they are all of them. A row removed before that
// may have moved another from a page still to be read to a page already read.
//
// A reading during which the count stayed the same is complete by itself if it read as many.
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
	return fmt.Errorf("%d passes found %d of %d for certain: the list changes faster than it can be read; "+
		"choose an order that changes less, or try again later", maxReadings, len(t.came), t.count)
}
