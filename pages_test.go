package cfchat_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// pagedServer answers every page from a list of pages, and records the requests. Unlike those of cfchattest, the pages may
// repeat and contradict each other.
type pagedServer struct {
	pages func(page string) []int64
	fail  func(n int) (*http.Response, error)
	asked []string // the request lines
}

func (p *pagedServer) RoundTrip(req *http.Request) (*http.Response, error) {
	p.asked = append(p.asked, req.Method+" "+req.URL.RequestURI())
	if req.Body != nil {
		_ = req.Body.Close()
	}
	if p.fail != nil {
		if resp, err := p.fail(len(p.asked)); resp != nil || err != nil {
			return resp, err
		}
	}
	var rows []string
	for _, id := range p.pages(req.URL.Query().Get("page")) {
		rows = append(rows, fmt.Sprintf(`{"id":%d,"status":"open"}`, id))
	}
	format := `{"data":{"meta":{"all_count":1},"payload":[%s]}}`
	if strings.Contains(req.URL.Path, "/filter") {
		format = `{"meta":{"all_count":1},"payload":[%s]}`
	}
	return jsonReply(format, strings.Join(rows, ",")), nil
}

// pages returns the given ids page by page; all other pages are empty.
func pages(ids ...[]int64) func(string) []int64 {
	return func(page string) []int64 {
		n := 0
		_, _ = fmt.Sscan(page, &n)
		if n < 1 || n > len(ids) {
			return nil
		}
		return ids[n-1]
	}
}

// walk ranges to the end, and collects ids and errors.
func walk(all iter.Seq2[*cfchat.Conversation, error]) (ids []int64, errs []error) {
	for c, err := range all {
		if err != nil {
			errs = append(errs, err)
		} else {
			ids = append(ids, c.ID)
		}
	}
	return ids, errs
}

var openOnes = cfchat.Where(cfchat.Equal("status", "open"))

// walks are the two ways to walk pages, which make the same promises.
var walks = map[string]func(context.Context, *cfchat.Account) iter.Seq2[*cfchat.Conversation, error]{
	"ListAll": func(ctx context.Context, a *cfchat.Account) iter.Seq2[*cfchat.Conversation, error] {
		return a.Conversations.ListAll(ctx, cfchat.ConversationListOptions{})
	},
	"FilterAll": func(ctx context.Context, a *cfchat.Account) iter.Seq2[*cfchat.Conversation, error] {
		return a.Conversations.FilterAll(ctx, openOnes)
	},
}

func TestPages(t *testing.T) {
	refused := errors.New("refused")
	endless := func(string) []int64 { return []int64{1, 2, 3} }
	for _, c := range []struct {
		name     string
		server   pagedServer
		ids      []int64
		requests int
		is       error  // the error that ends the walk
		says     string // a part of its text
	}{
		{"nothing", pagedServer{pages: pages()}, nil, 1, nil, ""},
		// P3, P2: only the first empty page is the end; all_count is always 1 here
		{"short pages", pagedServer{pages: pages([]int64{1}, []int64{2, 3}, upTo(4, 28), []int64{29})}, upTo(1, 29), 5, nil, ""},
		{"full pages", pagedServer{pages: pages(upTo(1, 25), upTo(26, 50))}, upTo(1, 50), 3, nil, ""},
		{"a page after the empty one", pagedServer{pages: pages([]int64{1}, nil, []int64{2})}, []int64{1}, 2, nil, ""},
		// P1: a conversation that is returned again is not yielded again
		{"a conversation that moved", pagedServer{pages: pages([]int64{1, 2, 3}, []int64{3, 4, 5}, []int64{5, 1, 6})}, upTo(1, 6), 4, nil, ""},
		{"rows per label", pagedServer{pages: pages([]int64{1, 1, 1}, []int64{1, 2, 2}, []int64{3})}, upTo(1, 3), 4, nil, ""},
		// A page that only has conversations that were yielded before is not the end.
		{"a page of old ones", pagedServer{pages: pages([]int64{1, 2}, []int64{1, 2}, []int64{3, 4})}, upTo(1, 4), 4, nil, ""},
		{"an old page after each", pagedServer{pages: func(page string) []int64 {
			n := int64(0)
			_, _ = fmt.Sscan(page, &n)
			if n > 24 {
				return nil
			}
			return []int64{(n + 1) / 2}
		}}, upTo(1, 12), 25, nil, ""},
		// P4: a server that ignores the page
		{"the same page forever", pagedServer{pages: endless}, upTo(1, 3), 11, nil, "repeats its pages"},
		{"an error first", pagedServer{pages: endless, fail: failFrom(1, nil, refused)}, nil, 1, refused, ""},
		{"an error later", pagedServer{pages: pages(upTo(1, 25), upTo(26, 50)), fail: failFrom(2, nil, refused)}, upTo(1, 25), 2, refused, ""},
		{"a status", pagedServer{pages: endless, fail: failFrom(1, internalError, nil)}, nil, 1, cfchat.ErrServer, "500"},
		{"another operation's answer", pagedServer{pages: endless, fail: failFrom(1, func() *http.Response {
			return jsonReply(`{"id":42,"status":"open"}`)
		}, nil)}, nil, 1, cfchat.ErrDecode, ""},
	} {
		for name, start := range walks {
			t.Run(name+", "+c.name, func(t *testing.T) {
				server := c.server
				all := start(t.Context(), trial.Chat(t, &server).Account(1))
				if len(server.asked) > 0 {
					t.Errorf("sent before the loop: %s", server.asked)
				}
				for round := range 2 { // C7: every range starts over
					server.asked = nil
					ids, errs := walk(all)
					if !slices.Equal(ids, c.ids) || len(server.asked) != c.requests {
						t.Errorf("round %d: %v yielded in %d requests, want %v in %d", round, ids, len(server.asked), c.ids, c.requests)
					}
					switch {
					case c.is == nil && c.says == "":
						if len(errs) > 0 {
							t.Errorf("round %d: %v", round, errs)
						}
						continue
					case len(errs) != 1:
						t.Fatalf("round %d: %d errors, want 1: %v", round, len(errs), errs)
					}
					e, ok := errors.AsType[*cfchat.Error](errs[0])
					if !ok || c.is != nil && !errors.Is(e, c.is) || !strings.Contains(errs[0].Error(), c.says) || e.Operation == "" {
						t.Errorf("round %d: %v", round, errs[0])
					}
				}
			})
		}
	}
}

// failFrom returns a function that fails from a given request on.
func failFrom(first int, resp func() *http.Response, err error) func(int) (*http.Response, error) {
	return func(n int) (*http.Response, error) {
		switch {
		case n < first:
			return nil, nil
		case resp != nil:
			return resp(), nil
		}
		return nil, err
	}
}

// TestPagesLazily checks that a page is requested when the loop needs it, and that none is requested after the loop has
// ended.
func TestPagesLazily(t *testing.T) {
	for name, start := range walks {
		t.Run(name, func(t *testing.T) {
			server := &pagedServer{pages: pages(upTo(1, 25), upTo(26, 50), upTo(51, 75))}
			came := 0
			for _, err := range start(t.Context(), trial.Chat(t, server).Account(1)) {
				if err != nil {
					t.Fatal(err)
				}
				came++
				if want := (came + 24) / 25; len(server.asked) != want {
					t.Errorf("conversation %d: %d requests, want %d", came, len(server.asked), want)
				}
				if came == 26 {
					break
				}
			}
			if came != 26 || len(server.asked) != 2 {
				t.Errorf("%d conversations were yielded in %d requests", came, len(server.asked))
			}
		})
	}
}

// TestListAllAsks checks what is sent: the page, and the order of creation if the caller sets no order.
func TestListAllAsks(t *testing.T) {
	for _, c := range []struct {
		params cfchat.ConversationListOptions
		want   []string
	}{
		{cfchat.ConversationListOptions{}, []string{"page=1&sort_by=sort_on_created_at", "page=2&sort_by=sort_on_created_at"}},
		{cfchat.ConversationListOptions{SortBy: cfchat.SortByLatest}, []string{"page=1&sort_by=latest", "page=2&sort_by=latest"}},
		{cfchat.ConversationListOptions{Page: 2, Status: cfchat.StatusAll, Labels: []string{"a", "b"}},
			[]string{"labels=a,b&page=2&sort_by=sort_on_created_at&status=all"}},
	} {
		server := &pagedServer{pages: pages(upTo(1, 25))}
		_, errs := walk(trial.Chat(t, server).Account(1).Conversations.ListAll(t.Context(), c.params))
		var asked []string
		for _, line := range server.asked {
			_, query, _ := strings.Cut(line, "?")
			asked = append(asked, sortedQuery(query))
		}
		if len(errs) > 0 || !slices.Equal(asked, c.want) {
			t.Errorf("sent %s, %v, want %s", asked, errs, c.want)
		}
	}
}

func sortedQuery(query string) string {
	parts := strings.Split(query, "&")
	slices.Sort(parts)
	return strings.Join(parts, "&")
}

// TestListAllKeepsOptions checks that the caller's options stay unchanged, and that every range starts at the caller's page.
func TestListAllKeepsOptions(t *testing.T) {
	fresh := func() cfchat.ConversationListOptions {
		return cfchat.ConversationListOptions{
			Page: 2, Status: cfchat.StatusAll, Labels: []string{"a"}, Q: "", InboxID: 5,
		}
	}
	params := fresh()
	labels := params.Labels
	server := &pagedServer{pages: pages(upTo(1, 25), upTo(26, 50), upTo(51, 60))}
	all := trial.Chat(t, server).Account(1).Conversations.ListAll(t.Context(), params)
	for range 2 {
		if ids, errs := walk(all); !slices.Equal(ids, upTo(26, 60)) || len(errs) > 0 {
			t.Errorf("%v yielded, %v", ids, errs)
		}
	}
	if !reflect.DeepEqual(params, fresh()) || &labels[0] != &params.Labels[0] {
		t.Errorf("the options are now %+v", params)
	}
	params.Page, labels[0] = 1, "b" // too late: ListAll has copied them
	if ids, _ := walk(all); !slices.Equal(ids, upTo(26, 60)) {
		t.Errorf("%v yielded", ids)
	}
}

// TestPagesRefuse checks that invalid input ends the walk before anything is sent.
func TestPagesRefuse(t *testing.T) {
	server := &pagedServer{pages: pages()}
	account := trial.Chat(t, server).Account(1)
	for name, all := range map[string]iter.Seq2[*cfchat.Conversation, error]{
		"page":      account.Conversations.ListAll(t.Context(), cfchat.ConversationListOptions{Page: -1}),
		"no rules":  account.Conversations.FilterAll(t.Context(), cfchat.Filter{}),
		"bad rule":  account.Conversations.FilterAll(t.Context(), cfchat.Where(cfchat.Equal("status", "closed"))),
		"no client": new(cfchat.Account).Conversations.ListAll(t.Context(), cfchat.ConversationListOptions{}),
	} {
		ids, errs := walk(all)
		if len(ids) > 0 || len(errs) != 1 || !errors.Is(errs[0], cfchat.ErrInvalidInput) || len(server.asked) > 0 {
			t.Errorf("%s: %v yielded, %v, sent %s", name, ids, errs, server.asked)
		}
	}
}

// TestAllUpdatedWithin checks that from 3.6.0 on, where UpdatedWithin returns everything in one response regardless of the
// page, that response is the end and not an error.
func TestAllUpdatedWithin(t *testing.T) {
	params := cfchat.ConversationListOptions{UpdatedWithin: time.Minute}
	server := &pagedServer{pages: func(string) []int64 { return upTo(1, 70) }}
	ids, errs := walk(trial.Chat(t, server).Account(1).Conversations.ListAll(t.Context(), params))
	if !slices.Equal(ids, upTo(1, 70)) || len(errs) > 0 || len(server.asked) != 2 {
		t.Errorf("%v yielded in %d requests, %v", ids, len(server.asked), errs)
	}
	server = &pagedServer{pages: pages(upTo(1, 25), upTo(26, 30))} // before 3.6.0 it is ignored
	if ids, errs = walk(trial.Chat(t, server).Account(1).Conversations.ListAll(t.Context(), params)); !slices.Equal(ids, upTo(1, 30)) || len(errs) > 0 {
		t.Errorf("%v yielded, %v", ids, errs)
	}
}

// TestPagesOfTheOtherShape checks (P8) that a response of the other shape does not count as an empty page, because lists and
// filters differ in shape.
func TestPagesOfTheOtherShape(t *testing.T) {
	other := map[string]string{
		"ListAll":   `{"meta":{"all_count":1},"payload":[{"id":1,"status":"open"}]}`,
		"FilterAll": `{"data":{"meta":{"all_count":1},"payload":[{"id":1,"status":"open"}]}}`,
	}
	for name, start := range walks {
		server := &pagedServer{fail: failFrom(1, func() *http.Response { return jsonReply("%s", other[name]) }, nil)}
		ids, errs := walk(start(t.Context(), trial.Chat(t, server).Account(1)))
		if len(ids) > 0 || len(errs) != 1 || !errors.Is(errs[0], cfchat.ErrDecode) {
			t.Errorf("%s: %v yielded, %v", name, ids, errs)
		}
	}
}

// TestPagesStop checks (C7) that a loop that stops leaves no request running, and that a context that ends stops the walk
// immediately.
func TestPagesStop(t *testing.T) {
	for name, start := range walks {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := quietAccount(upTo(1, 100)...)
				b.slow = 10 * time.Second
				for range start(t.Context(), trial.Chat(t, b).Account(1)) {
					break
				}
				synctest.Wait()
				if b.requests != 1 || b.underWay != 0 {
					t.Errorf("%d requests, %d still under way", b.requests, b.underWay)
				}
				ctx, cancel := context.WithCancel(t.Context())
				begun := time.Now()
				time.AfterFunc(30*time.Second, cancel)
				ids, errs := walk(start(ctx, trial.Chat(t, b).Account(1)))
				if len(ids) == 0 || len(errs) != 1 || !errors.Is(errs[0], context.Canceled) || time.Since(begun) != 30*time.Second {
					t.Errorf("%d yielded in %s, then %v", len(ids), time.Since(begun), errs)
				}
			})
		})
	}
}

// TestMatchingMisses checks (P1) that in the default order a conversation of page 3 that becomes the newest while page 1 is
// read is missed, and that another one, which is returned twice, is yielded once: FilterAll promises only that nothing is
// yielded twice. Scan yields all of them.
func TestMatchingMisses(t *testing.T) {
	b := quietAccount(upTo(1, 60)...)
	ids := []int64(nil)
	for c, err := range trial.Chat(t, b).Account(1).Conversations.FilterAll(t.Context(), openOnes) {
		if err != nil {
			t.Fatal(err)
		}
		if ids = append(ids, c.ID); len(ids) == 1 {
			b.conversations[4].activity = b.tick() // the fifth oldest, of page 3
		}
	}
	if len(ids) != 59 || slices.Contains(ids, 5) || len(slices.Compact(slices.Sorted(slices.Values(ids)))) != 59 {
		t.Errorf("%d yielded, 5 among them: %t", len(ids), slices.Contains(ids, 5))
	}
	s := newScan(t, b, nil).run(openOnes, cfchat.ConversationScanOptions{})
	s.came(upTo(1, 60))
}

// TestPagesMemory checks (P7) that 2,000 pages keep no more than the ids, about 40 bytes each.
func TestPagesMemory(t *testing.T) {
	const n = 50_000
	server := &pagedServer{pages: func(page string) []int64 {
		at := int64(0)
		_, _ = fmt.Sscan(page, &at)
		if at > n/25 {
			return nil
		}
		return upTo(25*at-24, 25*at)
	}}
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before, most, came := heap(), int64(0), 0
	for _, err := range trial.Chat(t, server).Account(1).Conversations.ListAll(t.Context(), cfchat.ConversationListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if came++; came%25_000 == 0 {
			server.asked = nil
			most = max(most, heap()-before)
		}
	}
	if came != n || most > 5<<20 {
		t.Errorf("%d yielded, with %d more bytes of heap than before", came, most)
	}
}
