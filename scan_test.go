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

// upTo are the ids of a range.
func upTo(from, to int64) []int64 {
	var ids []int64
	for id := from; id <= to; id++ {
		ids = append(ids, id)
	}
	return ids
}

// without is a list of ids without some of them.
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

// The kinds of requests. Where the filter has no rules a proof looks like a window.
const (
	aSweep  sentKind = "sweep"
	aWindow sentKind = "window"
	aProof  sentKind = "proof" // that what came can be read again
	aCount  sentKind = "count" // a page far behind the last
	foreign sentKind = "foreign"
)

// has reports whether a request is a window with an id.
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

// sentScan is what one scan sent and yielded.
type sentScan struct {
	t       *testing.T
	account *cfchat.Account

	failing sync.Mutex
	mu      sync.Mutex
	sent    []sent
	ids     []int64 // what came
	blamed  []int64 // what was reported as one that cannot be rendered
	blames  []*cfchat.Error
	end     error // that ended the scan
}

// instead answers a request instead of the server; nil leaves it to the server.
type instead func(r sent) (*http.Response, error)

// newScan is a client for an account. Everything may fail.
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

// note keeps a request.
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
		s.t.Errorf("asked for %s %s", req.Method, req.URL)
	}
	s.sent = append(s.sent, r)
	return r
}

// read finds out what kind of filter a request is.
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
			s.t.Errorf("%v, %v came behind the error that ends", c, err)
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

// came fails the test unless exactly these conversations were yielded, these were blamed, and the scan ended.
func (s *sentScan) came(ids []int64, blamed ...int64) {
	s.t.Helper()
	if s.end != nil {
		s.t.Errorf("the scan ended with %v", s.end)
	}
	if !slices.Equal(s.ids, ids) {
		s.t.Errorf("%v came, want %v", s.ids, ids)
	}
	if !slices.Equal(s.blamed, blamed) {
		s.t.Errorf("%v are blamed, want %v", s.blamed, blamed)
	}
}

// endsWith fails the test unless the scan ended with an error, blamed nobody, and yielded the ids in order up to there.
func (s *sentScan) endsWith(is error, ids []int64) {
	s.t.Helper()
	if !errors.Is(s.end, is) {
		s.t.Errorf("ended with %v, want %v", s.end, is)
	}
	if len(s.blamed) > 0 {
		s.t.Errorf("%v are blamed", s.blamed)
	}
	if !slices.Equal(s.ids, ids[:min(len(s.ids), len(ids))]) {
		s.t.Errorf("%v came", s.ids)
	}
}

// within fails the test if there were more requests.
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

// retries are the retries that everybody has; trial.Chat switches them off.
func retries(c *cfchat.Config) { c.Retry = cfchat.Retry{} }

// Up to 100 conversations are read by the sweep that proves the end, a page at a time, without any window.
func TestScanSmallAccount(t *testing.T) {
	for _, n := range []int64{0, 1, 24, 25, 26, 49, 50, 51, 75, 76, 99} {
		synctest.Test(t, func(t *testing.T) {
			s := newScan(t, quietAccount(upTo(1, n)...), nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
			s.came(upTo(1, n))
			s.within(int(n/25) + 1)
			for i, r := range s.sent {
				if want := upTo(n-25*int64(i)+1, n); r.kind != aSweep || r.page != 1 || !slices.Equal(r.leavesOut(), want) {
					t.Errorf("request %d of %d conversations is a %s that leaves out %v, want %v", r.n, n, r.kind, r.leavesOut(), want)
				}
			}
		})
	}
}

// What does not match is not shown, in an account of any size.
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

// A larger account is read by windows of ids, a page each, between a sweep that finds out how large it is and one that proves
// the end.
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

// Where ids are close together a window is full. The rows are kept, and the rest is asked for.
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
					t.Errorf("the window %d to %d asks for %d ids that %d to %d has asked for", w.lo, w.hi, common, earlier.lo, earlier.hi)
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

// intersection counts the numbers that two lists have in common.
func intersection(a, b []int64) (n int) {
	for _, number := range a {
		_, found := slices.BinarySearch(b, number)
		n += count(found)
	}
	return n
}

// A server whose filter has smaller pages, or larger ones, loses nothing: its count says that there is more.
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

// The count and the rows are two queries of the server. One that comes to match between them can push another off a page of
// which the count says that it is whole.
func TestScanBetweenCountAndRows(t *testing.T) {
	for _, lazy := range []int{0, 1, 2} { // requests before it
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
				t.Errorf("%v came, then %v", s.ids, s.end)
			}
		})
	}
}

// Before 3.1.1 a conversation with 30 labels fills a page all alone, and hides its neighbours.
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

// TestScanOfManyLabels: before 3.1.1 a conversation with 30 labels fills a page, so each comes alone.
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

// The stand-in of 2.16.0 does the same, over the client's own chain.
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
				t.Errorf("%v came", ids)
			}
		}
	})
}

// As many requests run at once as were asked for, and no more.
func TestScanConcurrency(t *testing.T) {
	t.Parallel()
	for asked, want := range map[int]int{0: 4, 1: 1, 2: 2, 6: 6, 20: 20} {
		synctest.Test(t, func(t *testing.T) {
			b := recentAccount(upTo(1, 2_000)...).breaks(701)
			newScan(t, b, nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{Concurrency: asked}).came(without(upTo(1, 2_000), 701), 701)
			if b.mostUnderWay != want {
				t.Errorf("asked for %d: %d at once, want %d", asked, b.mostUnderWay, want)
			}
		})
	}
}

// Windows are read while the loop works, so that all of it takes as long as the loop, but for what goes before the first
// conversation and behind the last.
func TestScanReadsAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := recentAccount(upTo(1, 500)...)
		b.slow = 5 * time.Second // an answer takes 1 s to 10 s, and a page of the loop 25 s
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
			t.Errorf("%d came, the first after %s, the end after %s", came, before, all)
		}
	})
}

// It does not read all of an account ahead of a loop that takes its time.
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
		s.within(1 + 20) // fourteen pages of 25 may wait, and then windows of four pages are begun no more
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

// TestScanRefusesARuleOnce: a rule that Filter refuses already is not refused a second time, and another one's fault does
// not hide it.
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
			t.Errorf("%v is scanned: %v", c.want, errs)
			continue
		}
		var fields []string
		for _, f := range e.Fields {
			fields = append(fields, f.Field)
		}
		if !slices.Equal(fields, c.want) {
			t.Errorf("refused are %q, want %q", fields, c.want)
		}
	}
}

// A part of an account that is empty needs no request.
func TestScanEmptyPart(t *testing.T) {
	for _, options := range []cfchat.ConversationScanOptions{{After: 5, Until: 5}, {After: 1<<31 - 1}} {
		s := newScan(t, quietAccount(1), nil).run(cfchat.Filter{}, options)
		s.came(nil)
		s.within(0)
	}
}

// The bounds of a part are exact: After is not in it, Until is.
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

// An Until far beyond the newest conversation costs no requests for ids that nobody has.
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

// A part of an account takes its pages and the first look, however much else there is.
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

// The largest possible id is yielded like any other.
func TestScanOfTheLargestID(t *testing.T) {
	const last = 1<<31 - 1
	for _, ids := range [][]int64{{last}, append(upTo(1, 30), last), append(upTo(1, 300), last-1, last), upTo(last-200, last)} {
		for _, broken := range []int64{0, last} {
			if broken > 0 && ids[0] == 1 || len(ids) == 1 {
				continue // what cannot be shown is looked for among all ids, which takes long
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
						t.Errorf("asked for %d to %d", r.lo, r.hi)
					}
				}
			})
		}
	}
}

// AND binds before OR, so the window is in each branch, and no branch asks for more than its share.
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

// A window is the first rule of each branch, as the servers read it best.
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

// MaxWindow is obeyed by every request, whatever the filter's branches, but for what one inbox has of a day, here 100.
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

// MaxWindow is obeyed by what looks for a conversation that cannot be shown, too.
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
				t.Errorf("nothing was looked for: %s", s.summary())
			}
		})
	}
}

// MaxWindow may be above 10,000, for servers that take more.
func TestScanWideWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ids := append(upTo(1, 103), 120_000)
		s := newScan(t, recentAccount(ids...), nil).run(openOnes, cfchat.ConversationScanOptions{MaxWindow: 50_000})
		s.came(ids)
		s.within(18)
	})
}

// Where nothing is, the windows grow soon.
func TestScanOfAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ids := append(upTo(1, 102), 20_000)
		s := newScan(t, recentAccount(ids...), nil).run(openOnes, cfchat.ConversationScanOptions{Concurrency: 1})
		s.came(ids)
		s.within(17)
	})
}
