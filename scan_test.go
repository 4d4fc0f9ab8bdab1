package cfchat_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// quietAccount is an account of open conversations in which nothing happens.
func quietAccount(ids ...int64) *busyAccount {
	b := &busyAccount{random: rand.New(rand.NewPCG(1, 1)), listPage: 25, filterPage: 25, slow: time.Millisecond}
	for _, id := range ids {
		b.conversations = append(b.conversations, &busyConversation{
			id: id, status: "open", inbox: 1, created: id, activity: b.tick(),
		})
	}
	return b
}

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

// sentScan is what one scan sent and yielded.
type sentScan struct {
	t       *testing.T
	account *cfchat.Account

	failing sync.Mutex
	mu      sync.Mutex
	lines   []string   // the request lines
	windows [][2]int64 // the first and the last id of each filter
	bodies  []string   // of each filter
	ids     []int64    // what came
	blamed  []int64    // what was reported as one that cannot be rendered
	blames  []*cfchat.Error
	end     error // that ended the scan
}

// instead answers a request in place of the server; nil leaves it to the server. The number counts all requests from 1, lo
// and hi are the window of ids that a filter asks for.
type instead func(n int, lo, hi int64) (*http.Response, error)

// newScan is a client for an account. Everything may fail.
func newScan(t *testing.T, server http.RoundTripper, fail instead, options ...func(*cfchat.Config)) *sentScan {
	s := &sentScan{t: t}
	s.account = trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		n, lo, hi := s.note(req)
		if fail != nil {
			s.failing.Lock()
			resp, err := fail(n, lo, hi)
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
func (s *sentScan) note(req *http.Request) (n int, lo, hi int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, req.Method+" "+req.URL.RequestURI())
	if req.Method == http.MethodPost {
		body, _ := io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(body))
		rules, err := parseRules(body)
		if err != nil {
			s.t.Error(err)
			return len(s.lines), 0, 0
		}
		s.bodies = append(s.bodies, string(body))
		if lo, hi = windowOf(rules); lo > 0 {
			s.windows = append(s.windows, [2]int64{lo, hi})
		}
	}
	return len(s.lines), lo, hi
}

// windowOf is the range of ids that a filter asks for, 0 and 0 if it asks for none.
func windowOf(rules []busyRule) (lo, hi int64) {
	if r := rules[0]; r.attribute == "display_id" && r.operator == "equal_to" {
		return r.from, r.to
	}
	return 0, 0
}

func (s *sentScan) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.lines)
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

// came fails the test unless just these conversations came, these were blamed, and the scan went to its end.
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

// within fails the test if there were more requests.
func (s *sentScan) within(most int) {
	s.t.Helper()
	if n := s.requests(); n > most {
		s.t.Errorf("%d requests, want at most %d; windows %v", n, most, s.windows)
	}
}

// retries are the retries that everybody has; trial.Chat switches them off.
func retries(c *cfchat.Config) { c.Retry = cfchat.Retry{} }

// Where ids are close together a window is full. It is asked for again, with fewer ids.
func TestScanFullWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ids := append(upTo(1, 3), upTo(9_001, 9_200)...)
		s := newScan(t, quietAccount(ids...), nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{Concurrency: 1})
		s.came(ids)
		s.within(40)
		again := 0
		for i, w := range s.windows {
			if i > 0 && w[0] == s.windows[i-1][0] {
				again++
				if before := s.windows[i-1]; (w[1]-w[0]+1)*2 > before[1]-before[0]+1 {
					t.Errorf("%v was full, and then came %v, which is more than half of it", before, w)
				}
			}
		}
		if again == 0 {
			t.Errorf("no window was full: %v", s.windows)
		}
	})
}

// The end is found on the last page of the list in the order of creation, of conversations of every status.
func TestScanFindsTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScan(t, quietAccount(upTo(1, 101)...), nil).run(openOnes, cfchat.ConversationScanOptions{})
		var lists []string
		for _, line := range s.lines {
			if path, query, _ := strings.Cut(line, "?"); strings.HasPrefix(path, "GET") {
				lists = append(lists, path+"?"+sortedQuery(query))
			}
		}
		const list = "GET /base/api/v1/accounts/1/conversations?page=%d&sort_by=sort_on_created_at&status=all"
		if want := []string{fmt.Sprintf(list, 1), fmt.Sprintf(list, 5)}; !slices.Equal(lists, want) {
			t.Errorf("asked %s, want %s", lists, want)
		}
	})
}

// A page holds 25 rows. A window of 25 ids with as many conversations is whole, one of 26 may not be.
func TestScanFullPage(t *testing.T) {
	for _, n := range []int64{24, 25, 26, 49, 50, 51, 100} {
		synctest.Test(t, func(t *testing.T) {
			s := newScan(t, quietAccount(upTo(1, n)...), nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
			s.came(upTo(1, n))
			s.within(int(2 + 1 + (n+24)/25 + 1))
		})
	}
}

// A server whose filter has smaller pages, or larger ones, loses nothing: its count says that there is more.
func TestScanOtherPageSize(t *testing.T) {
	for _, size := range []int{1, 10, 24, 26, 100} {
		synctest.Test(t, func(t *testing.T) {
			b := quietAccount(upTo(1, 60)...)
			b.filterPage = size
			newScan(t, b, nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{}).came(upTo(1, 60))
		})
	}
}

// The count and the rows are two queries of the server. One that comes to match between them can push another off a page of
// which the count says that it is whole.
func TestScanBetweenCountAndRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := quietAccount(append(upTo(100, 124), 150)...)
		reopened := b.conversations[25]
		reopened.status = "resolved"
		b.between = func() {
			if b.requests > 3 { // the first windows have no conversation
				reopened.status, reopened.activity = "open", b.tick()
			}
		}
		s := newScan(t, b, nil).run(openOnes, cfchat.ConversationScanOptions{Concurrency: 1})
		if s.end != nil || !slices.Equal(without(s.ids, 150), upTo(100, 124)) {
			t.Errorf("%v came, then %v", s.ids, s.end)
		}
	})
}

// Before 3.1.1 a conversation with 30 labels fills a page all alone, and hides its neighbours.
func TestScanRowPerLabel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := quietAccount(upTo(1, 60)...)
		b.rowPerLabel = true
		for _, i := range []int{0, 9, 10, 33, 59} {
			for n := range 30 {
				b.conversations[i].labels = append(b.conversations[i].labels, strconv.Itoa(n))
			}
		}
		s := newScan(t, b, nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
		s.came(upTo(1, 60))
		s.within(60)
	})
}

// The stand-in of 2.16.0 does the same, over the client's own chain.
func TestScanStandIn(t *testing.T) {
	for _, options := range [][]cfchattest.Option{nil, {cfchattest.Version("2.16.0")}} {
		synctest.Test(t, func(t *testing.T) {
			server := cfchattest.New(t, options...)
			var open []int64
			for n := range 70 {
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
			s.run(cfchat.Where(cfchat.Equal("status", "open")), cfchat.ConversationScanOptions{})
			s.came(open, gone)
		})
	}
}

// Wherever a conversation that cannot be rendered is, it alone is reported.
func TestScanUnrenderable(t *testing.T) {
	for _, c := range []struct {
		name   string
		ids    []int64
		broken []int64
		most   int
	}{
		{"on the first page of the list", upTo(1, 100), []int64{3}, 24},
		{"on the last page of the list", upTo(1, 100), []int64{98}, 28},
		{"the first", upTo(1, 100), []int64{1}, 24},
		{"the last", upTo(1, 100), []int64{100}, 28},
		{"on each of the last pages", upTo(1, 200), []int64{110, 130, 160, 190, 200}, 75},
		{"the only one", upTo(1, 1), []int64{1}, 10},
		{"one far from the others", append(upTo(1, 20), 900), []int64{900}, 50},
		{"neighbours", upTo(1, 60), upTo(20, 29), 80},
		{"all", upTo(1, 30), upTo(1, 30), 160},
		{"the only one, far from 1", []int64{700}, []int64{700}, 50},
		// An agent may see few conversations of a large account, so that their number says nothing about the last id.
		{"few of many ids", []int64{5, 20_000, 30_000}, []int64{20_000}, 90},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := quietAccount(c.ids...)
				for _, each := range b.conversations {
					each.broken = slices.Contains(c.broken, each.id)
				}
				s := newScan(t, b, nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
				s.came(without(c.ids, c.broken...), c.broken...)
				s.within(c.most)
				for _, e := range s.blames {
					if e.StatusCode != http.StatusInternalServerError || !errors.Is(e, cfchat.ErrServer) || e.Operation != "conversationFilter" {
						t.Errorf("%#v", e)
					}
					if want := fmt.Sprintf("conversation %d of account 1 cannot be read", e.ConversationID); !strings.Contains(e.Error(), want) {
						t.Errorf("%q does not say %q", e, want)
					}
				}
			})
		})
	}
}

// A conversation above Config.MaxBody is reported, and so many that are too large together are asked for a few at a time.
func TestScanTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := quietAccount(upTo(1, 60)...)
		for _, c := range b.conversations {
			c.size = 900
		}
		b.conversations[16].size = 20_000
		s := newScan(t, b, nil, func(c *cfchat.Config) { c.MaxBody = 8 << 10 })
		s.run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
		s.came(without(upTo(1, 60), 17), 17)
		s.within(60)
		if len(s.blames) == 1 && !errors.Is(s.blames[0], cfchat.ErrTooLarge) {
			t.Errorf("17 is blamed for %v", s.blames[0])
		}
	})
}

// cutReply is an answer that ends too early.
func cutReply() *http.Response {
	resp := jsonReply(`{"meta":{},"payload":[`)
	resp.Body = io.NopCloser(io.MultiReader(resp.Body, iotest.ErrReader(io.ErrUnexpectedEOF)))
	return resp
}

// A conversation that is not what it should be is reported, and so is one that never comes.
func TestScanUnreadable(t *testing.T) {
	for name, fail := range map[string]func() (*http.Response, error){
		"another type of id": func() (*http.Response, error) { return jsonReply(`{"meta":{},"payload":[{"id":"x"}]}`), nil },
		"no JSON":            func() (*http.Response, error) { return trial.Reply(200, "text/html", "<html>"), nil },
		"413":                func() (*http.Response, error) { return trial.Reply(413, "text/html", "<html>"), nil },
		"504":                func() (*http.Response, error) { return trial.Reply(504, "text/html", "<html>"), nil },
		"cut":                func() (*http.Response, error) { return cutReply(), nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScan(t, quietAccount(upTo(1, 60)...), func(_ int, lo, hi int64) (*http.Response, error) {
					if lo <= 17 && 17 <= hi {
						return fail()
					}
					return nil, nil
				})
				s.run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
				s.came(without(upTo(1, 60), 17), 17)
				s.within(30)
			})
		})
	}
}

// hanging never answers a window with an id, until the caller gives up.
func hanging(server http.RoundTripper, id int64) http.RoundTripper {
	return trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Body == nil {
			return server.RoundTrip(req)
		}
		body, _ := io.ReadAll(req.Body)
		rules, err := parseRules(body)
		if err != nil {
			return nil, err
		}
		if lo, hi := windowOf(rules); lo <= id && id <= hi {
			<-req.Context().Done()
			return nil, req.Context().Err()
		}
		again := req.Clone(req.Context())
		again.Body = io.NopCloser(bytes.NewReader(body))
		return server.RoundTrip(again)
	})
}

// A conversation that the server does not answer in time is reported after a control request. Each try takes 30 s.
func TestScanTimeout(t *testing.T) {
	for _, option := range []func(*cfchat.Config){retries, func(*cfchat.Config) {}} {
		synctest.Test(t, func(t *testing.T) {
			s := newScan(t, hanging(quietAccount(upTo(1, 60)...), 17), nil, option)
			s.run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
			s.came(without(upTo(1, 60), 17), 17)
			if !slices.Contains(s.windows, [2]int64{1<<31 - 1, 1<<31 - 1}) {
				t.Error("there was no control request")
			}
			if len(s.blames) == 1 && !errors.Is(s.blames[0], context.DeadlineExceeded) {
				t.Errorf("17 is blamed for %v", s.blames[0])
			}
		})
	}
}

// A server that is down is no broken conversation: the scan ends with its error, and soon.
func TestScanOutage(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	for _, c := range []struct {
		name string
		resp func() *http.Response
		err  error
		is   error
		most int // requests, each tried three times
	}{
		{"500", internalError, nil, cfchat.ErrServer, 30},
		{"503", func() *http.Response { return trial.Reply(503, "text/html", "<html>") }, nil, cfchat.ErrServer, 18},
		{"cut", cutReply, nil, io.ErrUnexpectedEOF, 18},
		{"refused", nil, refused, syscall.ECONNREFUSED, 20},
		{"login page", func() *http.Response { return trial.Reply(200, "text/html", "<html>") }, nil, cfchat.ErrDecode, 30},
		{"401", func() *http.Response { return trial.Reply(401, "application/json", `{"error":"Invalid Access Token"}`) }, nil, cfchat.ErrUnauthorized, 4},
		{"404", func() *http.Response {
			return trial.Reply(404, "application/json", `{"error":"Resource could not be found"}`)
		}, nil, cfchat.ErrNotFound, 4},
		{"422", func() *http.Response { return trial.Reply(422, "application/json", `{"error":"Invalid operator."}`) }, nil, cfchat.ErrRejected, 10},
	} {
		for _, after := range []int{0, 2, 5} { // requests that are still answered: none, the list, some windows
			t.Run(fmt.Sprintf("%s after %d", c.name, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newScan(t, quietAccount(upTo(1, 500)...), func(n int, _, _ int64) (*http.Response, error) {
						switch {
						case n <= after:
							return nil, nil
						case c.err != nil:
							return nil, c.err
						}
						return c.resp(), nil
					}, retries)
					s.run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
					if !errors.Is(s.end, c.is) {
						t.Errorf("ended with %v, want %v", s.end, c.is)
					}
					if len(s.blamed) > 0 {
						t.Errorf("%v are blamed", s.blamed)
					}
					if !slices.Equal(s.ids, upTo(1, int64(len(s.ids)))) {
						t.Errorf("%v came", s.ids)
					}
					s.within(after + c.most)
				})
			})
		}
	}
}

// A server that answers nothing any more is noticed after one window, not after each half of it: each takes 90 s.
func TestScanSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, begun := quietAccount(upTo(1, 500)...), time.Now()
		s := newScan(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodGet {
				return b.RoundTrip(req)
			}
			<-req.Context().Done()
			return nil, req.Context().Err()
		}), nil, retries)
		s.run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
		if took := time.Since(begun); !errors.Is(s.end, context.DeadlineExceeded) || len(s.blamed) > 0 || took > 4*time.Minute {
			t.Errorf("ended after %s with %v; blamed %v", took, s.end, s.blamed)
		}
	})
}

// Resuming behind the last id after an outage yields the rest.
func TestScanResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := true
		s := newScan(t, quietAccount(upTo(1, 300)...), func(n int, _, _ int64) (*http.Response, error) {
			if down && n > 7 {
				return internalError(), nil
			}
			return nil, nil
		})
		s.run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
		if s.end == nil || len(s.ids) == 0 || len(s.ids) == 300 {
			t.Fatalf("%d came, then %v", len(s.ids), s.end)
		}
		down, s.end = false, nil
		s.run(cfchat.Filter{}, cfchat.ConversationScanOptions{After: s.ids[len(s.ids)-1]}).came(upTo(1, 300))
	})
}

// A filter that the server cannot answer at all fails with the control request too.
func TestScanFilterThatIsAlwaysA500(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScan(t, quietAccount(upTo(1, 300)...), func(_ int, lo, _ int64) (*http.Response, error) {
			if lo > 0 {
				return internalError(), nil
			}
			return nil, nil
		})
		s.run(cfchat.Where(cfchat.Equal("price", 3)), cfchat.ConversationScanOptions{})
		e, ok := errors.AsType[*cfchat.Error](s.end)
		if !ok || e.StatusCode != 500 || e.ConversationID != 0 || len(s.blamed) > 0 {
			t.Errorf("ended with %v, %v are blamed", s.end, s.blamed)
		}
		s.within(30)
	})
}

// A server that stumbles once is no broken conversation either. When a window of one id fails, it must fail again after the
// control request before its conversation is blamed.
func TestScanStumble(t *testing.T) {
	for _, n := range []int64{1, 3, 60} {
		for stumble := 1; stumble <= 8; stumble++ {
			t.Run(fmt.Sprintf("%d conversations, request %d", n, stumble), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := quietAccount(upTo(1, n)...)
					b.rowPerLabel = true
					for i := range 30 {
						b.conversations[0].labels = append(b.conversations[0].labels, strconv.Itoa(i))
					}
					s := newScan(t, b, func(i int, _, _ int64) (*http.Response, error) {
						if i == stumble {
							return internalError(), nil
						}
						return nil, nil
					})
					s.run(cfchat.Filter{}, cfchat.ConversationScanOptions{Concurrency: 1}).came(upTo(1, n))
				})
			})
		}
	}
}

// 300 requests a minute are all that 2.16.0 allows; the next minute goes on.
func TestScanRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limited := 0
		minute, requests := time.Now().Truncate(time.Minute), 0
		s := newScan(t, quietAccount(upTo(1, 400)...), func(int, int64, int64) (*http.Response, error) {
			if now := time.Now().Truncate(time.Minute); now.After(minute) {
				minute, requests = now, 0
			}
			if requests++; requests > 9 {
				limited++
				return trial.Reply(429, "text/plain", "Retry later\n"), nil
			}
			return nil, nil
		}, retries)
		s.run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
		s.came(upTo(1, 400))
		if limited == 0 {
			t.Error("nothing was limited")
		}
	})
}

func TestScanEmptyAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScan(t, quietAccount(), nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
		s.came(nil)
		s.within(3)
	})
}

// Before 4.1.0 an agent's key sees fewer inboxes in the list, where the end is found, than in a filter.
func TestScanListSeesLess(t *testing.T) {
	for _, c := range []struct {
		name   string
		ids    []int64
		listed int // so many of them
		filter cfchat.Filter
		want   []int64
	}{
		{"none", upTo(1, 50), 0, cfchat.Filter{}, upTo(1, 50)},
		{"the oldest", upTo(1, 50), 10, cfchat.Filter{}, upTo(1, 50)},
		{"the oldest, and the filter none of them", upTo(1, 50), 10, cfchat.Where(cfchat.Equal("inbox_id", 2)), upTo(11, 50)},
		{"old ones", append(upTo(1, 50), upTo(5_000, 5_050)...), 10, cfchat.Where(cfchat.Equal("inbox_id", 2)),
			append(upTo(11, 50), upTo(5_000, 5_050)...)},
		{"very old ones", append(upTo(1, 10), upTo(70_000, 70_050)...), 10, cfchat.Where(cfchat.Equal("inbox_id", 2)),
			upTo(70_000, 70_050)},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := quietAccount(c.ids...)
				b.listSees = map[int64]bool{1: true}
				for _, each := range b.conversations[c.listed:] {
					each.inbox = 2
				}
				newScan(t, b, nil).run(c.filter, cfchat.ConversationScanOptions{}).came(c.want)
			})
		})
	}
}

// Behind 50,000 ids it takes several rules to leave out what has been read.
func TestScanBehindManyIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := quietAccount(append(upTo(59_971, 60_000), upTo(130_000, 130_005)...)...)
		b.listSees = map[int64]bool{1: true}
		for _, c := range b.conversations[30:] {
			c.inbox, c.activity = 2, -c.id // a page of a filter begins with the others
		}
		s := newScan(t, b, nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
		s.came(append(upTo(59_971, 60_000), upTo(130_000, 130_005)...))
		behind := 0
		for _, body := range s.bodies {
			rules, err := parseRules([]byte(body))
			if err != nil {
				t.Fatal(err)
			}
			leftOut := int64(0)
			for _, r := range rules {
				if r.operator != "not_equal_to" {
					continue
				}
				if behind++; len(r.numbers) > 50_000 || r.from != leftOut+1 {
					t.Errorf("a rule leaves out %d to %d, %d ids", r.from, r.to, len(r.numbers))
				}
				leftOut = r.to
			}
			if leftOut != 0 && leftOut != 60_000 && leftOut != 130_005 {
				t.Errorf("left out are 1 to %d, which is not what has been read", leftOut)
			}
		}
		if behind == 0 {
			t.Error("nothing was left out")
		}
	})
}

// A server, or a proxy, may refuse a filter that leaves out so many ids. Then a window behind the end is all there is.
func TestScanBehindCannotBeAsked(t *testing.T) {
	for _, status := range []int{413, 500} {
		synctest.Test(t, func(t *testing.T) {
			b := quietAccount(append(upTo(1, 50), upTo(800, 802)...)...)
			b.listSees = map[int64]bool{1: true}
			for _, c := range b.conversations[10:] {
				c.inbox = 2
			}
			refusing := trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
				if req.Body == nil {
					return b.RoundTrip(req)
				}
				body, err := io.ReadAll(req.Body)
				if err != nil {
					return nil, err
				}
				if bytes.Contains(body, []byte("not_equal_to")) {
					return trial.Reply(status, "text/html", "<html>"), nil
				}
				again := req.Clone(req.Context())
				again.Body = io.NopCloser(bytes.NewReader(body))
				return b.RoundTrip(again)
			})
			newScan(t, refusing, nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{}).came(append(upTo(1, 50), upTo(800, 802)...))
		})
	}
}

// Breaking out of the loop stops every request. That nothing of it lives on is what the bubble checks.
func TestScanBreak(t *testing.T) {
	for _, after := range []int{1, 20, 25, 26, 100} {
		synctest.Test(t, func(t *testing.T) {
			b := quietAccount(upTo(1, 1_000)...)
			b.slow = 10 * time.Second
			s := newScan(t, b, nil)
			came, broke := 0, time.Time{}
			for _, err := range s.account.Conversations.Scan(t.Context(), cfchat.Filter{}, cfchat.ConversationScanOptions{Concurrency: 6}) {
				if err != nil {
					t.Fatal(err)
				}
				if came++; came == after {
					broke = time.Now()
					break
				}
			}
			sent, now := s.requests(), time.Now()
			if !now.Equal(broke) {
				t.Errorf("the loop ended %s after it was broken", now.Sub(broke))
			}
			synctest.Wait()
			if b.underWay != 0 || s.requests() != sent || came != after {
				t.Errorf("%d requests under way, %d more sent, %d conversations came", b.underWay, s.requests()-sent, came)
			}
			time.Sleep(time.Hour)
			if s.requests() != sent {
				t.Errorf("%d requests were sent in the hour after %s", s.requests()-sent, now)
			}
		})
	}
}

// A panic in the loop goes through, and leaves nothing behind.
func TestScanPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := quietAccount(upTo(1, 200)...)
		b.slow = 10 * time.Second
		s := newScan(t, b, nil)
		func() {
			defer func() {
				if caught := recover(); caught != "the loop's own" {
					t.Errorf("recovered %v", caught)
				}
			}()
			for range s.account.Conversations.Scan(t.Context(), cfchat.Filter{}, cfchat.ConversationScanOptions{}) {
				panic("the loop's own")
			}
		}()
		synctest.Wait()
		if b.underWay != 0 {
			t.Errorf("%d requests under way", b.underWay)
		}
	})
}

// When the context ends, so does the scan, at once, with the context's error.
func TestScanContext(t *testing.T) {
	for _, after := range []time.Duration{0, time.Second, 200 * time.Second, 500 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			b := quietAccount(upTo(1, 1_000)...)
			b.slow = 50 * time.Second
			s := newScan(t, b, nil, func(c *cfchat.Config) { c.Timeout = time.Hour })
			ctx, cancel := context.WithCancel(t.Context())
			ended := time.Now().Add(after)
			time.AfterFunc(after, cancel)
			s.runContext(ctx, cfchat.Filter{}, cfchat.ConversationScanOptions{})
			if !errors.Is(s.end, context.Canceled) || !time.Now().Equal(ended) || len(s.blamed) > 0 {
				t.Errorf("after %s, %s late: %v; blamed %v", after, time.Since(ended), s.end, s.blamed)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) { // and while a conversation is being isolated
		b := quietAccount(upTo(1, 100)...)
		b.conversations[50].broken = true
		ctx, cancel := context.WithCancel(t.Context())
		s := newScan(t, b, func(_ int, lo, _ int64) (*http.Response, error) {
			if lo == 1<<31-1 {
				cancel()
			}
			return nil, nil
		})
		if s.runContext(ctx, cfchat.Filter{}, cfchat.ConversationScanOptions{}); !errors.Is(s.end, context.Canceled) || len(s.blamed) > 0 {
			t.Errorf("ended with %v, blamed %v", s.end, s.blamed)
		}
	})
	synctest.Test(t, func(t *testing.T) { // a deadline is the caller's, and nobody's fault
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		s := newScan(t, hanging(quietAccount(upTo(1, 100)...), 51), nil)
		if s.runContext(ctx, cfchat.Filter{}, cfchat.ConversationScanOptions{}); !errors.Is(s.end, context.DeadlineExceeded) || len(s.blamed) > 0 {
			t.Errorf("ended with %v, blamed %v", s.end, s.blamed)
		}
	})
}

func TestScanTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScan(t, quietAccount(upTo(1, 90)...), nil)
		all := s.account.Conversations.Scan(t.Context(), cfchat.Filter{}, cfchat.ConversationScanOptions{})
		for range 2 {
			var ids []int64
			for c, err := range all {
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, c.ID)
			}
			if !slices.Equal(ids, upTo(1, 90)) {
				t.Errorf("%v came", ids)
			}
		}
	})
}

// As many requests run at once as were asked for, and no more.
func TestScanConcurrency(t *testing.T) {
	for asked, want := range map[int]int{0: 4, 1: 1, 2: 2, 6: 6, 20: 20} {
		synctest.Test(t, func(t *testing.T) {
			b := quietAccount(upTo(1, 2_000)...)
			b.conversations[700].broken = true
			newScan(t, b, nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{Concurrency: asked}).came(without(upTo(1, 2_000), 701), 701)
			if b.mostUnderWay != want {
				t.Errorf("asked for %d: %d at once, want %d", asked, b.mostUnderWay, want)
			}
		})
	}
}

func TestScanRefuses(t *testing.T) {
	open := cfchat.Where(cfchat.Equal("status", "open"))
	for name, c := range map[string]struct {
		filter  cfchat.Filter
		options cfchat.ConversationScanOptions
		want    string
	}{
		"After":                 {open, cfchat.ConversationScanOptions{After: -1}, "After"},
		"Until":                 {open, cfchat.ConversationScanOptions{Until: -1}, "Until"},
		"Until before After":    {open, cfchat.ConversationScanOptions{After: 5, Until: 4}, "Until"},
		"Concurrency":           {open, cfchat.ConversationScanOptions{Concurrency: -1}, "Concurrency"},
		"rule":                  {cfchat.Where(cfchat.Equal("status", "closed")), cfchat.ConversationScanOptions{}, "rule 1 (status equal_to)"},
		"custom NotEqual":       {cfchat.Where(cfchat.NotEqual("tier", "gold")), cfchat.ConversationScanOptions{}, "rule 1 (tier not_equal_to)"},
		"custom NotEqual of Or": {open.Or(cfchat.NotEqual("tier", "gold")), cfchat.ConversationScanOptions{}, "rule 2 (tier not_equal_to)"},
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

// A part of an account that is empty needs no request.
func TestScanEmptyPart(t *testing.T) {
	s := newScan(t, quietAccount(1), nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{After: 5, Until: 5})
	s.came(nil)
	s.within(0)
}

// An Until far beyond the newest conversation costs no requests for ids that nobody has.
func TestScanUntilFarAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScan(t, quietAccount(upTo(1, 30)...), func(n int, _, _ int64) (*http.Response, error) {
			if n > 40 {
				return nil, errors.New("enough")
			}
			return nil, nil
		})
		s.run(cfchat.Filter{}, cfchat.ConversationScanOptions{Until: 1 << 31})
		s.came(upTo(1, 30))
		s.within(20)
	})
}

// AND binds before OR, so the window is in each branch, and no branch asks for more than its share.
func TestScanWindowInEachBranch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		filter := cfchat.Where(cfchat.Equal("status", "open")).And(cfchat.Equal("inbox_id", 5)).
			Or(cfchat.Absent("assignee_id")).Or(cfchat.Equal("team_id", 3))
		s := newScan(t, quietAccount(upTo(1, 9)...), nil).run(filter, cfchat.ConversationScanOptions{After: 7, Until: 9})
		window := `{"attribute_key":"display_id","filter_operator":"equal_to","query_operator":"AND","values":[8,9]}`
		want := `{"payload":[` + window +
			`,{"attribute_key":"status","filter_operator":"equal_to","query_operator":"AND","values":["open"]}` +
			`,{"attribute_key":"inbox_id","filter_operator":"equal_to","query_operator":"OR","values":[5]}` +
			`,` + window + `,{"attribute_key":"assignee_id","filter_operator":"is_not_present","query_operator":"OR","values":[]}` +
			`,` + window + `,{"attribute_key":"team_id","filter_operator":"equal_to","query_operator":null,"values":[3]}]}`
		if !slices.Contains(s.bodies, want) || len(s.windows) != 1 {
			t.Errorf("sent %s,\nwant %s", s.bodies, want)
		}
		if line := "POST /base/api/v1/accounts/1/conversations/filter?page=1"; !slices.Contains(s.lines, line) {
			t.Errorf("sent %s, want %s", s.lines, line)
		}
		s = newScan(t, quietAccount(20_000), nil).run(filter, cfchat.ConversationScanOptions{})
		for _, w := range s.windows {
			if 3*(w[1]-w[0]+1) > 10_000 {
				t.Errorf("three branches with a window of %d ids each", w[1]-w[0]+1)
			}
		}
		s.within(60)
	})
}

// Rows outside of the window mean that the server, or something before it, has read another filter: that must not pass as a
// loss.
func TestScanRowsOutside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScan(t, quietAccount(upTo(1, 30)...), func(_ int, lo, hi int64) (*http.Response, error) {
			if lo > 0 {
				return jsonReply(`{"meta":{"all_count":1},"payload":[{"id":%d,"status":"open"}]}`, hi+1), nil
			}
			return nil, nil
		})
		s.run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
		if !errors.Is(s.end, cfchat.ErrDecode) || len(s.ids) > 0 || len(s.blamed) > 0 {
			t.Errorf("%v came, %v are blamed, ended with %v", s.ids, s.blamed, s.end)
		}
		s.within(12)
	})
}

// From 3.4.0 on the server's operator sets how many rows a page of the list has.
func TestScanListPageSize(t *testing.T) {
	const before = 1_100 // ids that are gone
	for _, size := range []int{1, 10, 26, 100} {
		for _, n := range []int64{1, 25, 100, 101} {
			for _, broken := range []int64{0, 1, n} {
				synctest.Test(t, func(t *testing.T) {
					b := quietAccount(upTo(before+1, before+n)...)
					b.listPage = size
					want, blamed := upTo(before+1, before+n), []int64(nil)
					if broken > 0 {
						b.conversations[broken-1].broken = true
						want, blamed = without(want, before+broken), []int64{before + broken}
					}
					s := newScan(t, b, nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
					s.came(want, blamed...)
					if t.Failed() {
						t.Fatalf("pages of %d, %d conversations, %d broken", size, n, broken)
					}
				})
			}
		}
	}
}

// An account that grows as fast as it is read does not keep the scan for ever: what is created meanwhile is not promised.
func TestScanGrowingAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := quietAccount(upTo(1, 30)...)
		s := newScan(t, b, func(n int, _, _ int64) (*http.Response, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			id := b.last() + 1
			b.conversations = append(b.conversations, &busyConversation{id: id, status: "open", inbox: 1, created: id, activity: b.tick()})
			if n > 100 {
				return nil, errors.New("enough")
			}
			return nil, nil
		})
		s.run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
		if s.end != nil || len(s.ids) < 30 || !slices.Equal(s.ids, upTo(1, int64(len(s.ids)))) {
			t.Errorf("%d came, then %v", len(s.ids), s.end)
		}
		s.within(60)
	})
}

// Progress tells after every window how far it is, and never less than where the scan began.
func TestScanProgress(t *testing.T) {
	for _, c := range []struct {
		options cfchat.ConversationScanOptions
		last    int64 // LastID at the end
	}{
		{cfchat.ConversationScanOptions{}, 100},
		{cfchat.ConversationScanOptions{After: 30}, 100},
		{cfchat.ConversationScanOptions{Until: 60}, 60},
		{cfchat.ConversationScanOptions{After: 30, Until: 60}, 60},
		{cfchat.ConversationScanOptions{After: 400}, 400}, // those behind 100 were deleted
	} {
		synctest.Test(t, func(t *testing.T) {
			var told []cfchat.ScanProgress
			options, came := c.options, []int64(nil)
			options.Progress = func(p cfchat.ScanProgress) {
				told = append(told, p)
				if len(came) > 0 && p.LastID < came[len(came)-1] {
					t.Errorf("%d came, and then %+v", came[len(came)-1], p)
				}
			}
			s := newScan(t, quietAccount(upTo(1, 100)...), nil)
			for c, err := range s.account.Conversations.Scan(t.Context(), cfchat.Filter{}, options) {
				if err != nil {
					t.Fatal(err)
				}
				if n := len(told); n > 0 && c.ID <= told[n-1].LastID {
					t.Errorf("%d came after %+v", c.ID, told[n-1])
				}
				came = append(came, c.ID)
			}
			if len(told) == 0 {
				t.Fatalf("%+v: there was no progress", options)
			}
			last := cfchat.ScanProgress{LastID: options.After}
			for _, p := range told {
				if p.LastID < last.LastID || p.End < last.End || p.Requests < last.Requests || p.LastID > max(p.End, options.After) {
					t.Errorf("progress went from %+v to %+v", last, p)
				}
				last = p
			}
			if last.LastID != c.last || last.Requests != s.requests() {
				t.Errorf("%+v: at the end %+v, want %d, %d requests", c.options, last, c.last, s.requests())
			}
		})
	}
}

// Where nothing behind the end can be rendered the scan reads on without knowing how far. Its progress stays at what there
// is, because what is created behind that must not be skipped by who resumes.
func TestScanProgressStaysAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := quietAccount(5, 12_000)
		b.conversations[1].broken = true
		last := int64(0)
		tell := func(p cfchat.ScanProgress) { last = p.LastID }
		newScan(t, b, nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{Progress: tell}).came([]int64{5}, 12_000)
		if last != 12_000 {
			t.Errorf("the progress ended at %d, want 12,000", last)
		}
	})
}

// TestScanTailOfManyIDs: behind more ids than a request may leave out, the scan looks at a window of ids.
func TestScanTailOfManyIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := quietAccount(append(upTo(1, 3), upTo(300_001, 300_003)...)...)
		b.listSees = map[int64]bool{1: true}
		for _, c := range b.conversations[3:] {
			c.inbox = 2 // which the list does not show
		}
		newScan(t, b, nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{After: 300_000}).came(upTo(300_001, 300_003))
	})
}

// TestScanOfAGap: where nothing is, each window has eight times as many ids as the one before.
func TestScanOfAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScan(t, quietAccount(1, 11_000), nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{Concurrency: 1})
		s.came([]int64{1, 11_000})
		s.within(6) // the list, four windows, and behind them
	})
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

// TestScanLeavesOutWhatItRead: the look behind the end leaves out every id from 1, and so finds nothing and is the last
// request.
func TestScanLeavesOutWhatItRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScan(t, quietAccount(upTo(1, 3)...), nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
		s.came(upTo(1, 3))
		s.within(3) // the list, the window, and behind it
		if last := s.bodies[len(s.bodies)-1]; !strings.Contains(last, `"values":[1,2,3]`) {
			t.Errorf("behind the end it asked for %s", last)
		}
	})
}

// TestScanOfManyLabels: before 3.1.1 a conversation with 30 labels fills a page, so each comes alone, and no window is
// asked for that cannot be whole.
func TestScanOfManyLabels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := quietAccount(upTo(1, 40)...)
		b.rowPerLabel = true
		for _, c := range b.conversations {
			for n := range 30 {
				c.labels = append(c.labels, strconv.Itoa(n))
			}
		}
		s := newScan(t, b, nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{Concurrency: 1})
		s.came(upTo(1, 40))
		s.within(55)
	})
}

// TestScanOfASlowConversation reports the one whose window the server's database cannot answer in time, in whatever language,
// and goes on.
func TestScanOfASlowConversation(t *testing.T) {
	for _, words := range []string{"The request took too long to complete. Please try again.", "La consulta ha tardado demasiado"} {
		synctest.Test(t, func(t *testing.T) {
			s := newScan(t, quietAccount(upTo(1, 100)...), func(_ int, lo, hi int64) (*http.Response, error) {
				if lo <= 30 && 30 <= hi {
					return trial.Reply(422, "application/json", fmt.Sprintf(`{"error":%q}`, words)), nil
				}
				return nil, nil
			})
			s.run(cfchat.Filter{}, cfchat.ConversationScanOptions{}).came(without(upTo(1, 100), 30), 30)
		})
	}
}

// TestScanGivesUpTheEnd when three pages of the list in a row cannot be answered: it does not ask for all of them.
func TestScanGivesUpTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lists := 0
		account := quietAccount(upTo(1, 200)...)
		s := newScan(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodGet {
				if lists++; !strings.Contains(req.URL.RawQuery, "page=1&") {
					return internalError(), nil
				}
			}
			return account.RoundTrip(req)
		}), nil)
		s.run(cfchat.Filter{}, cfchat.ConversationScanOptions{}).came(upTo(1, 200))
		if lists != 4 {
			t.Errorf("%d pages of the list were asked for: %v", lists, s.lines)
		}
	})
}

// TestScanBehindIsRefused: a failure of the last look, behind everything that has been read, ends the scan with an error, and
// not as if it were done.
func TestScanBehindIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScan(t, quietAccount(upTo(1, 20)...), nil)
		s.run(cfchat.Filter{}, cfchat.ConversationScanOptions{}).came(upTo(1, 20))
		last := s.requests()
		s = newScan(t, quietAccount(upTo(1, 20)...), func(n int, _, _ int64) (*http.Response, error) {
			if n == last {
				return trial.Reply(401, "application/json", `{"error":"Invalid Access Token"}`), nil
			}
			return nil, nil
		})
		if s.run(cfchat.Filter{}, cfchat.ConversationScanOptions{}); len(s.ids) != 20 || !errors.Is(s.end, cfchat.ErrUnauthorized) {
			t.Errorf("%d came, ended with %v", len(s.ids), s.end)
		}
	})
}
