package cfchat_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// upTo returns the ids from one to another.
func upTo(from, to int64) []int64 {
	var ids []int64
	for id := from; id <= to; id++ {
		ids = append(ids, id)
	}
	return ids
}

// without returns ids without some of them.
func without(ids []int64, some ...int64) []int64 {
	return slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return slices.Contains(some, id) })
}

// sent is one request of a scan.
type sent struct {
	n      int // counts all requests, from 1
	kind   sentKind
	page   int
	rules  []busyRule
	body   string
	lo, hi int64 // the first and the last id of a window
}

type sentKind string

// The kinds of requests. If the filter has no rules, a proof looks like a window.
const (
	aSweep  sentKind = "sweep"
	aWindow sentKind = "window"
	aProof  sentKind = "proof" // shows that yielded conversations can be read again
	aCount  sentKind = "count" // a page far beyond the last
	foreign sentKind = "foreign"
)

// has reports whether a request is a window that includes an id.
func (r *sent) has(id int64) bool {
	return r.kind == aWindow && r.rules[0].names(id)
}

// ids counts the ids that a request names.
func (r *sent) ids() (n int) {
	for _, rule := range r.rules {
		if rule.attribute == "display_id" {
			n += len(rule.numbers)
		}
	}
	return n
}

// leavesOut returns the ids that a sweep leaves out.
func (r *sent) leavesOut() []int64 {
	for _, rule := range r.rules {
		if rule.attribute == "display_id" && rule.operator == "not_equal_to" {
			return rule.numbers
		}
	}
	return nil
}

// sentScan holds what one scan sent and yielded.
type sentScan struct {
	t       *testing.T
	account *cfchat.Account

	failing sync.Mutex
	mu      sync.Mutex
	sent    []sent
	ids     []int64 // yielded
	blamed  []int64 // reported as unreadable
	blames  []*cfchat.Error
	end     error // the error that ended the scan
}

// instead handles a request instead of the server; it returns nil to pass the request on to the server.
type instead func(r sent) (*http.Response, error)

// newScan returns a scan of an account for which fail, if set, may make any request fail.
func newScan(t *testing.T, server http.RoundTripper, fail instead, options ...func(*cfchat.Config)) *sentScan {
	s := &sentScan{t: t}
	s.account = trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		r := s.note(req)
		if r.n > 5_000 {
			return nil, errors.New("the scan does not end")
		}
		if fail != nil {
			s.failing.Lock()
			resp, err := fail(r)
			s.failing.Unlock()
			if resp != nil || err != nil {
				return resp, err
			}
		}
		return server.RoundTrip(req)
	}), options...).Account(1)
	return s
}

// note records a request.
func (s *sentScan) note(req *http.Request) sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := sent{n: len(s.sent) + 1, kind: foreign}
	if req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/accounts/1/conversations/filter") {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			s.t.Error(err)
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		r.read(s.t, req.URL.Query().Get("page"), body)
	} else {
		s.t.Errorf("unexpected request %s %s", req.Method, req.URL)
	}
	s.sent = append(s.sent, r)
	return r
}

// read determines what kind of filter a request is.
func (r *sent) read(t *testing.T, page string, body []byte) {
	var err error
	r.body, r.kind = string(body), aSweep
	if r.page, err = strconv.Atoi(page); err != nil {
		t.Error(err)
	}
	if r.rules, err = parseRules(body); err != nil {
		t.Error(err)
		return
	}
	first := r.rules[0]
	switch {
	case r.page > 1_000:
		r.kind = aCount
	case first.attribute != "display_id" || first.operator != "equal_to":
	case len(r.rules) > 1 && r.rules[1].or:
		r.kind = aProof
	case len(first.numbers) == 0:
		r.kind = aWindow
	default:
		r.kind, r.lo, r.hi = aWindow, first.numbers[0], first.numbers[len(first.numbers)-1]
	}
}

func (s *sentScan) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sent)
}

// of returns the requests of a kind.
func (s *sentScan) of(kind sentKind) []sent {
	return slices.DeleteFunc(slices.Clone(s.sent), func(r sent) bool { return r.kind != kind })
}

// windows returns the first and the last id of each window.
func (s *sentScan) windows() (all [][2]int64) {
	for _, r := range s.of(aWindow) {
		all = append(all, [2]int64{r.lo, r.hi})
	}
	return all
}

// run scans to the end.
func (s *sentScan) run(filter cfchat.Filter, options cfchat.ConversationScanOptions) *sentScan {
	return s.runContext(s.t.Context(), filter, options)
}

func (s *sentScan) runContext(ctx context.Context, filter cfchat.Filter, options cfchat.ConversationScanOptions) *sentScan {
	for c, err := range s.account.Conversations.Scan(ctx, filter, options) {
		e, ok := errors.AsType[*cfchat.Error](err)
		switch {
		case s.end != nil:
			s.t.Errorf("%v, %v was yielded after the final error", c, err)
		case err == nil:
			s.ids = append(s.ids, c.ID)
		case ok && e.ConversationID != 0:
			s.blamed, s.blames = append(s.blamed, e.ConversationID), append(s.blames, e)
		default:
			s.end = err
		}
	}
	return s
}

// came fails the test unless exactly these conversations were yielded, these were blamed, and the scan ended without an
// error.
func (s *sentScan) came(ids []int64, blamed ...int64) {
	s.t.Helper()
	if s.end != nil {
		s.t.Errorf("the scan ended with %v", s.end)
	}
	if !slices.Equal(s.ids, ids) {
		s.t.Errorf("%v were yielded, want %v", s.ids, ids)
	}
	if !slices.Equal(s.blamed, blamed) {
		s.t.Errorf("%v are blamed, want %v", s.blamed, blamed)
	}
}

// endsWith fails the test unless the scan ended with an error, blamed no conversation, and yielded the ids in order up to
// that point.
func (s *sentScan) endsWith(is error, ids []int64) {
	s.t.Helper()
	if !errors.Is(s.end, is) {
		s.t.Errorf("ended with %v, want %v", s.end, is)
	}
	if len(s.blamed) > 0 {
		s.t.Errorf("%v are blamed", s.blamed)
	}
	if !slices.Equal(s.ids, ids[:min(len(s.ids), len(ids))]) {
		s.t.Errorf("%v were yielded", s.ids)
	}
}

// within fails the test if there were more requests than most.
func (s *sentScan) within(most int) {
	s.t.Helper()
	if n := s.requests(); n > most {
		s.t.Errorf("%d requests, want at most %d; %s", n, most, s.summary())
	}
}

func (s *sentScan) summary() string {
	var words []string
	for _, r := range s.sent {
		words = append(words, fmt.Sprintf("%s %d-%d", r.kind, r.lo, r.hi))
	}
	return strings.Join(words, ", ")
}

// retries sets the default retries, which trial.Chat turns off.
func retries(c *cfchat.Config) { c.Retry = cfchat.Retry{} }

// TestScanSmallAccount checks that up to 100 conversations are read by the sweep that proves the end, page by page, without
// any window.
func TestScanSmallAccount(t *testing.T) {
	for _, n := range []int64{0, 1, 24, 25, 26, 49, 50, 51, 75, 76, 99} {
		synctest.Test(t, func(t *testing.T) {
			s := newScan(t, quietAccount(upTo(1, n)...), nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
			s.came(upTo(1, n))
			s.within(int(n/25) + 1)
			for i, r := range s.sent {
				if want := upTo(n-25*int64(i)+1, n); r.kind != aSweep || r.page != 1 || !slices.Equal(r.leavesOut(), want) {
					t.Errorf("request %d, for %d conversations, is a %s that leaves out %v, want %v", r.n, n, r.kind, r.leavesOut(), want)
				}
			}
		})
	}
}

// TestScanOfAFilter checks that only matching conversations are yielded, in an account of any size.
func TestScanOfAFilter(t *testing.T) {
	for _, n := range []int64{40, 400} {
		synctest.Test(t, func(t *testing.T) {
			at2026()
			b := recentAccount(upTo(1, n)...)
			var open []int64
			for _, c := range b.conversations {
				if c.id%3 == 0 {
					c.status = "resolved"
				} else {
					open = append(open, c.id)
				}
			}
			newScan(t, b, nil).run(openOnes, cfchat.ConversationScanOptions{}).came(open)
			newScan(t, b, nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{}).came(upTo(1, n))
		})
	}
}

// TestScanLargeAccount checks that a larger account is read by windows of ids, one page each, between a sweep that finds out
// how large it is and one that proves the end.
func TestScanLargeAccount(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{101, 125, 126, 1_000, 3_000} {
		synctest.Test(t, func(t *testing.T) {
			s := newScan(t, recentAccount(upTo(1, n)...), nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
			s.came(upTo(1, n))
			if first, last := s.sent[0], s.sent[len(s.sent)-1]; first.kind != aSweep || last.kind != aSweep || last.leavesOut() == nil {
				t.Errorf("%d conversations: the first request is a %s, the last a %s", n, first.kind, last.kind)
			}
			if windows := len(s.of(aWindow)); windows != int(n+24)/25 {
				t.Errorf("%d conversations in %d windows: %v", n, windows, s.windows())
			}
			s.within(int(n+24)/25 + 2 + int(n/2_000))
		})
	}
}

// TestScanFullWindows checks that if ids are close together, so that a window is full, its rows are kept and only the rest
// is requested.
func TestScanFullWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ids := append(upTo(1, 3), upTo(9_001, 9_200)...)
		s := newScan(t, quietAccount(ids...), nil).run(openOnes, cfchat.ConversationScanOptions{Concurrency: 1})
		s.came(ids)
		s.within(21)
		again := 0
		for i, w := range s.of(aWindow) {
			for _, earlier := range s.of(aWindow)[:i] {
				if common := intersection(w.rules[0].numbers, earlier.rules[0].numbers); common > 0 && w.ids() >= earlier.ids() {
					t.Errorf("the window %d to %d requests %d ids that the window %d to %d requested before", w.lo, w.hi, common, earlier.lo, earlier.hi)
				} else if common > 0 {
					again++
				}
			}
		}
		if again == 0 {
			t.Errorf("no window was full: %v", s.windows())
		}
	})
}

// intersection counts the numbers that two lists share.
func intersection(a, b []int64) (n int) {
	for _, number := range a {
		_, found := slices.BinarySearch(b, number)
		n += count(found)
	}
	return n
}

// TestScanOtherPageSize checks that nothing is lost on a server whose filter has smaller or larger pages: its count shows
// that there is more.
func TestScanOtherPageSize(t *testing.T) {
	for _, size := range []int{1, 10, 24, 26, 100} {
		for _, n := range []int64{60, 160} {
			synctest.Test(t, func(t *testing.T) {
				b := recentAccount(upTo(1, n)...)
				b.filterPage = size
				newScan(t, b, nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{}).came(upTo(1, n))
			})
		}
	}
}

// TestScanBetweenCountAndRows checks the gap between the server's two queries for the count and the rows. A conversation
// that starts to match between them can push another off a page that is complete according to the count.
func TestScanBetweenCountAndRows(t *testing.T) {
	for _, lazy := range []int{0, 1, 2} { // requests before the change
		synctest.Test(t, func(t *testing.T) {
			b := quietAccount(append(upTo(100, 124), 150)...)
			reopened := b.conversations[25]
			reopened.status = "resolved"
			b.between = func() {
				if b.requests > lazy {
					reopened.status, reopened.activity = "open", b.tick()
				}
			}
			s := newScan(t, b, nil).run(openOnes, cfchat.ConversationScanOptions{Concurrency: 1})
			if s.end != nil || !slices.Equal(without(s.ids, 150), upTo(100, 124)) {
				t.Errorf("%v were yielded, then %v", s.ids, s.end)
			}
		})
	}
}

// TestScanRowPerLabel checks accounts from before 3.1.1, where a conversation with 30 labels fills a page by itself and
// hides its neighbors.
func TestScanRowPerLabel(t *testing.T) {
	for _, n := range []int64{60, 180} {
		synctest.Test(t, func(t *testing.T) {
			b := recentAccount(upTo(1, n)...)
			b.rowPerLabel = true
			for _, i := range []int{0, 9, 10, 33, 59} {
				b.conversations[i].labels = thirtyLabels()
			}
			s := newScan(t, b, nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
			s.came(upTo(1, n))
			s.within(map[int64]int{60: 18, 180: 25}[n])
		})
	}
}

func thirtyLabels() (labels []string) {
	for n := range 30 {
		labels = append(labels, strconv.Itoa(n))
	}
	return labels
}

// TestScanOfManyLabels checks an account from before 3.1.1 in which every conversation has 30 labels, so that each fills a
// page by itself.
func TestScanOfManyLabels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := recentAccount(upTo(1, 40)...)
		b.rowPerLabel = true
		for _, c := range b.conversations {
			c.labels = thirtyLabels()
		}
		s := newScan(t, b, nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{Concurrency: 1})
		s.came(upTo(1, 40))
		s.within(55)
	})
}

// TestScanStandIn checks the same against the stand-in of 2.16.0, over the client's own chain.
func TestScanStandIn(t *testing.T) {
	t.Parallel()
	for _, options := range [][]cfchattest.Option{nil, {cfchattest.Version("2.16.0")}} {
		synctest.Test(t, func(t *testing.T) {
			server := cfchattest.New(t, options...)
			var open []int64
			for n := range 150 {
				id := server.AddConversation(cfchattest.Conversation{Labels: strings.Fields(strings.Repeat("a b c ", n%3))})
				if n%4 == 0 {
					server.SetStatus(id, cfchat.StatusResolved)
				} else {
					open = append(open, id)
				}
			}
			who := server.AddContact(cfchattest.Contact{})
			gone := server.AddConversation(cfchattest.Conversation{Contact: who})
			server.DeleteContact(who)
			config := func(c *cfchat.Config) {
				c.Server, c.Keys = "https://chat.test", auth.Keys{User: auth.NewKey(server.AdminKey())}
			}
			s := newScan(t, server.Transport(), nil, config)
			s.run(openOnes, cfchat.ConversationScanOptions{})
			s.came(open, gone)
		})
	}
}

func TestScanTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScan(t, quietAccount(upTo(1, 190)...), nil)
		all := s.account.Conversations.Scan(t.Context(), cfchat.Filter{}, cfchat.ConversationScanOptions{})
		for range 2 {
			var ids []int64
			for c, err := range all {
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, c.ID)
			}
			if !slices.Equal(ids, upTo(1, 190)) {
				t.Errorf("%v were yielded", ids)
			}
		}
	})
}

// TestScanConcurrency checks that as many requests run concurrently as were asked for, and no more.
func TestScanConcurrency(t *testing.T) {
	t.Parallel()
	for asked, want := range map[int]int{0: 4, 1: 1, 2: 2, 6: 6, 20: 20} {
		synctest.Test(t, func(t *testing.T) {
			b := recentAccount(upTo(1, 2_000)...).breaks(701)
			newScan(t, b, nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{Concurrency: asked}).came(without(upTo(1, 2_000), 701), 701)
			if b.mostUnderWay != want {
				t.Errorf("Concurrency %d: %d concurrent requests, want %d", asked, b.mostUnderWay, want)
			}
		})
	}
}

// TestScanReadsAhead checks that windows are read while the loop works, so that the scan takes as long as the loop, apart
// from the time before the first conversation and after the last.
func TestScanReadsAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := recentAccount(upTo(1, 500)...)
		b.slow = 5 * time.Second // a response takes 1 s to 10 s, and a page of the loop 25 s
		s := newScan(t, b, nil)
		begun, came, reached := time.Now(), 0, time.Time{}
		for _, err := range s.account.Conversations.Scan(t.Context(), cfchat.Filter{}, cfchat.ConversationScanOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			if came++; came == 1 {
				reached = time.Now()
			}
			time.Sleep(time.Second)
		}
		if before, all := reached.Sub(begun), time.Since(begun); before > 20*time.Second || all > before+500*time.Second+10*time.Second {
			t.Errorf("%d conversations were yielded, the first after %s, the end after %s", came, before, all)
		}
	})
}

// TestScanReadsNotTooFarAhead checks that the scan does not read a whole account ahead of a slow loop.
func TestScanReadsNotTooFarAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScan(t, recentAccount(upTo(1, 5_000)...), nil)
		for _, err := range s.account.Conversations.Scan(t.Context(), cfchat.Filter{}, cfchat.ConversationScanOptions{Concurrency: 1}) {
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
			break
		}
		s.within(1 + 20) // fourteen pages of 25 may wait; after that no window of four pages is started
	})
}

func TestScanRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		filter  cfchat.Filter
		options cfchat.ConversationScanOptions
		want    string
	}{
		"After":                 {openOnes, cfchat.ConversationScanOptions{After: -1}, "After"},
		"Until":                 {openOnes, cfchat.ConversationScanOptions{Until: -1}, "Until"},
		"Until before After":    {openOnes, cfchat.ConversationScanOptions{After: 5, Until: 4}, "Until"},
		"Concurrency":           {openOnes, cfchat.ConversationScanOptions{Concurrency: -1}, "Concurrency"},
		"MaxWindow":             {openOnes, cfchat.ConversationScanOptions{MaxWindow: -1}, "MaxWindow"},
		"rule":                  {cfchat.Where(cfchat.Equal("status", "closed")), cfchat.ConversationScanOptions{}, "rule 1 (status equal_to)"},
		"custom NotEqual":       {cfchat.Where(cfchat.NotEqual("tier", "gold")), cfchat.ConversationScanOptions{}, "rule 1 (tier not_equal_to)"},
		"custom NotEqual of Or": {openOnes.Or(cfchat.NotEqual("tier", "gold")), cfchat.ConversationScanOptions{}, "rule 2 (tier not_equal_to)"},
		"custom NotEqual by Raw": {
			cfchat.Where(cfchat.RawRule(cfchat.FilterRule{
				AttributeKey: "tier", FilterOperator: cfchat.FilterOperatorNotEqualTo, Values: []any{"gold"},
			})), cfchat.ConversationScanOptions{}, "rule 1 (tier not_equal_to)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScan(t, quietAccount(1), nil).run(c.filter, c.options)
			if !errors.Is(s.end, cfchat.ErrInvalidInput) || !errors.Is(s.end, cfchat.ErrNotSent) || s.requests() > 0 {
				t.Errorf("%d requests, then %v", s.requests(), s.end)
			}
			if s.end != nil && (!strings.Contains(s.end.Error(), c.want) || !strings.HasPrefix(s.end.Error(), "cfchat: conversationFilter: ")) {
				t.Errorf("%q does not name %s", s.end, c.want)
			}
		})
	}
}

// TestScanRefusesARuleOnce checks that a rule that Filter refuses too is not refused twice, and that another field's fault
// does not hide it.
func TestScanRefusesARuleOnce(t *testing.T) {
	conversations := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return nil, trial.ErrRefused })).Account(1).Conversations
	for _, c := range []struct {
		filter  cfchat.Filter
		options cfchat.ConversationScanOptions
		want    []string
	}{
		{cfchat.Where(cfchat.NotEqual("tier", "gold")), cfchat.ConversationScanOptions{}, []string{"rule 1 (tier not_equal_to)"}},
		{cfchat.Where(cfchat.NotEqual("tier", "gold")), cfchat.ConversationScanOptions{After: -1}, []string{"After", "rule 1 (tier not_equal_to)"}},
		{cfchat.Where(cfchat.NotEqual("tier", "gold")).And(cfchat.Equal("status", "open")), cfchat.ConversationScanOptions{}, []string{"rule 1 (tier not_equal_to)"}},
	} {
		_, errs := walk(conversations.Scan(t.Context(), c.filter, c.options))
		e, ok := errors.AsType[*cfchat.Error](errors.Join(errs...))
		if !ok {
			t.Errorf("want a refusal of %v, got %v", c.want, errs)
			continue
		}
		var fields []string
		for _, f := range e.Fields {
			fields = append(fields, f.Field)
		}
		if !slices.Equal(fields, c.want) {
			t.Errorf("refused: %q, want %q", fields, c.want)
		}
	}
}

// TestScanEmptyPart checks that an empty part of an account takes no request.
func TestScanEmptyPart(t *testing.T) {
	for _, options := range []cfchat.ConversationScanOptions{{After: 5, Until: 5}, {After: 1<<31 - 1}} {
		s := newScan(t, quietAccount(1), nil).run(cfchat.Filter{}, options)
		s.came(nil)
		s.within(0)
	}
}

// TestScanParts checks that the bounds of a part are exact: After is excluded, Until is included.
func TestScanParts(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{30, 300} {
		for _, part := range [][2]int64{{0, 1}, {0, 10}, {10, 11}, {9, 20}, {1, n}, {n - 1, n}, {n, n + 1}, {20, n + 20}} {
			synctest.Test(t, func(t *testing.T) {
				b := recentAccount(upTo(1, n)...).breaks(10)
				s := newScan(t, b, nil).run(openOnes, cfchat.ConversationScanOptions{After: part[0], Until: part[1]})
				want, blamed := upTo(part[0]+1, min(part[1], n)), []int64(nil)
				if part[0] < 10 && part[1] >= 10 {
					want, blamed = without(want, 10), []int64{10}
				}
				if s.came(want, blamed...); t.Failed() {
					t.Fatalf("%d conversations, part %v", n, part)
				}
			})
		}
	}
}

// TestScanUntilFarAway checks that an Until far beyond the newest conversation costs no requests for ids that do not exist.
func TestScanUntilFarAway(t *testing.T) {
	for _, until := range []int64{1 << 30, 1<<31 - 1, 1 << 31, 1<<63 - 1} {
		synctest.Test(t, func(t *testing.T) {
			s := newScan(t, quietAccount(upTo(1, 30)...), nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{Until: until})
			s.came(upTo(1, 30))
			s.within(2)
		})
		synctest.Test(t, func(t *testing.T) {
			s := newScan(t, recentAccount(upTo(1, 300)...).breaks(30), nil).run(openOnes, cfchat.ConversationScanOptions{Until: until})
			s.came(without(upTo(1, 300), 30), 30)
			s.within(30)
		})
	}
}

// TestScanOfAPart checks that a part of an account takes only its own pages and the first sweep, however much else there is.
func TestScanOfAPart(t *testing.T) {
	for _, part := range [][2]int64{{0, 1}, {0, 250}, {2000, 2001}, {2000, 2250}, {4999, 5000}} {
		synctest.Test(t, func(t *testing.T) {
			s := newScan(t, quietAccount(upTo(1, 5000)...), nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{After: part[0], Until: part[1]})
			want := upTo(part[0]+1, part[1])
			s.came(want)
			s.within(3 + len(want)/25)
		})
	}
}

// TestScanOfTheLargestID checks that the largest possible id is yielded like any other.
func TestScanOfTheLargestID(t *testing.T) {
	const last = 1<<31 - 1
	for _, ids := range [][]int64{{last}, append(upTo(1, 30), last), append(upTo(1, 300), last-1, last), upTo(last-200, last)} {
		for _, broken := range []int64{0, last} {
			if broken > 0 && ids[0] == 1 || len(ids) == 1 {
				continue // a conversation that cannot be shown is searched for among all ids, which takes long
			}
			synctest.Test(t, func(t *testing.T) {
				s := newScan(t, recentAccount(ids...).breaks(broken), nil)
				s.run(openOnes, cfchat.ConversationScanOptions{After: max(ids[0]-1, 0)})
				if broken > 0 {
					s.came(without(ids, broken), broken)
				} else {
					s.came(ids)
				}
				for _, r := range s.sent {
					if r.hi > last {
						t.Errorf("requested %d to %d", r.lo, r.hi)
					}
				}
			})
		}
	}
}

// TestScanWindowInEachBranch checks that the window is in each branch of a filter, because AND binds before OR, and that no
// branch requests more than its share.
func TestScanWindowInEachBranch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		filter := openOnes.And(cfchat.Equal("inbox_id", 1)).Or(cfchat.Absent("assignee_id")).Or(cfchat.Equal("inbox_id", 2))
		ids := append(upTo(1, 300), 20_000)
		s := newScan(t, recentAccount(ids...), nil).run(filter, cfchat.ConversationScanOptions{})
		s.came(ids)
		s.within(40)
		if len(s.of(aWindow)) < 12 {
			t.Errorf("%d windows", len(s.of(aWindow)))
		}
		for _, r := range s.sent {
			branches, first := 1, 0
			for i, rule := range r.rules {
				if rule.or && i > 0 {
					branches++
					first = i
				}
				if i == first && r.kind == aWindow && !slices.Equal(rule.numbers, r.rules[0].numbers) {
					t.Errorf("branch %d of %s", branches, r.body)
				}
			}
			if branches != 3 && r.kind != aProof || r.ids() > 10_000 || strings.Count(r.body, "display_id")%3 != 0 {
				t.Errorf("%d branches, %d ids: %.500s", branches, r.ids(), r.body)
			}
		}
	})
}

// TestScanWindowOnTheWire checks that a window is the first rule of each branch, which suits the servers best.
func TestScanWindowOnTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		filter := openOnes.And(cfchat.Equal("inbox_id", 1)).Or(cfchat.Absent("assignee_id"))
		s := newScan(t, recentAccount(upTo(1, 200)...), nil).run(filter, cfchat.ConversationScanOptions{Until: 102, After: 100})
		s.came([]int64{101, 102})
		s = newScan(t, recentAccount(upTo(1, 200)...), nil).run(filter, cfchat.ConversationScanOptions{})
		windows := s.of(aWindow)
		slices.SortFunc(windows, func(x, y sent) int { return cmp.Compare(x.lo, y.lo) })
		values, err := json.Marshal(upTo(1, windows[0].hi))
		if err != nil {
			t.Fatal(err)
		}
		window := `{"attribute_key":"display_id","filter_operator":"equal_to","query_operator":"AND","values":` + string(values) + `}`
		want := `{"payload":[` + window +
			`,{"attribute_key":"status","filter_operator":"equal_to","query_operator":"AND","values":["open"]}` +
			`,{"attribute_key":"inbox_id","filter_operator":"equal_to","query_operator":"OR","values":[1]}` +
			`,` + window + `,{"attribute_key":"assignee_id","filter_operator":"is_not_present","query_operator":null,"values":[]}]}`
		if windows[0].body != want {
			t.Errorf("sent %s,\nwant %s", windows[0].body, want)
		}
	})
}

// TestScanMaxWindow checks that every request obeys MaxWindow, whatever the filter's branches, except for the conversations
// of one inbox and day, here 100.
func TestScanMaxWindow(t *testing.T) {
	t.Parallel()
	for _, filter := range []cfchat.Filter{{}, openOnes, openOnes.Or(cfchat.Equal("inbox_id", 2))} {
		for _, most := range []int{10, 30, 100, 2_000, 20_000} {
			synctest.Test(t, func(t *testing.T) {
				at2026()
				ids := append(upTo(1, 300), 1_000, 5_000)
				s := newScan(t, recentAccount(ids...), nil).run(filter, cfchat.ConversationScanOptions{MaxWindow: most})
				s.came(ids)
				branches := 1 + strings.Count(filter.String(), " OR ")
				for _, r := range s.sent {
					if r.ids() > max(most, 101*branches) || r.kind == aWindow && r.ids() > most {
						t.Errorf("a %s with %d ids, MaxWindow is %d", r.kind, r.ids(), most)
					}
				}
			})
		}
	}
}

// TestScanMaxWindowOfASearch checks that the search for a conversation that cannot be shown obeys MaxWindow too.
func TestScanMaxWindowOfASearch(t *testing.T) {
	t.Parallel()
	for _, most := range []int{500, 2_000} {
		synctest.Test(t, func(t *testing.T) {
			at2026()
			ids := append(upTo(1, 300), 9_000)
			s := newScan(t, recentAccount(ids...).breaks(9_000), nil).run(openOnes, cfchat.ConversationScanOptions{MaxWindow: most})
			s.came(upTo(1, 300), 9_000)
			for _, r := range s.sent {
				if r.ids() > most {
					t.Errorf("a %s with %d ids, MaxWindow is %d", r.kind, r.ids(), most)
				}
			}
			if len(s.of(aCount)) < 10 {
				t.Errorf("there was no search: %s", s.summary())
			}
		})
	}
}

// TestScanWideWindow checks that MaxWindow may be above 10,000, for servers that accept more.
func TestScanWideWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ids := append(upTo(1, 103), 120_000)
		s := newScan(t, recentAccount(ids...), nil).run(openOnes, cfchat.ConversationScanOptions{MaxWindow: 50_000})
		s.came(ids)
		s.within(18)
	})
}

// TestScanOfAGap checks that windows grow quickly in a gap.
func TestScanOfAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ids := append(upTo(1, 102), 20_000)
		s := newScan(t, recentAccount(ids...), nil).run(openOnes, cfchat.ConversationScanOptions{Concurrency: 1})
		s.came(ids)
		s.within(17)
	})
}
