package cfchat_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// at2026 lets the bubble's clock go on to a time of which accounts are, so that days of creation can be told apart.
func at2026() { time.Sleep(time.Until(time.Date(2026, 3, 5, 14, 0, 0, 0, time.UTC))) }

// Conversations with the highest ids and old dates, as an import makes them, are found, wherever the server shows them.
func TestScanOfImported(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{1, 30, 300} {
		for name, active := range map[string]int64{"shown first": 1, "shown last": -1} {
			t.Run(fmt.Sprintf("%d, %s", n, name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					at2026()
					ids := append(upTo(1, 400), upTo(5_001, 5_000+n)...)
					b := recentAccount(ids...)
					for _, c := range b.conversations[400:] {
						c.created, c.activity = time.Date(2019, 5, 1, 0, 0, int(c.id), 0, time.UTC).Unix(), active*c.id*1_000
					}
					s := newScan(t, b, nil).run(openOnes, cfchat.ConversationScanOptions{})
					s.came(ids)
					s.within(int(42 + n/25))
				})
			})
		}
	}
}

// Thousands that were imported on one day are left out inbox by inbox, and 10,000 ids at most in any request.
func TestScanOfADayWithThousands(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		at2026()
		b := quietAccount(upTo(1, 5_000)...)
		for _, c := range b.conversations {
			c.inbox, c.created = 1+c.id%4, time.Date(2026, 2, 1, 0, 0, int(c.id), 0, time.UTC).Unix()
		}
		s := newScan(t, b, nil).run(openOnes, cfchat.ConversationScanOptions{})
		s.came(upTo(1, 5_000))
		s.within(200 + 20)
		inboxes := map[string]bool{}
		for _, r := range s.of(aSweep)[1:] {
			if n := len(r.leavesOut()); n > 2_000 {
				t.Errorf("a request leaves out %d ids", n)
			}
			for _, rule := range r.rules {
				if rule.attribute == "inbox_id" {
					inboxes[fmt.Sprint(rule.operator, rule.numbers)] = true
				}
			}
		}
		for _, want := range []string{"equal_to[1]", "equal_to[2]", "equal_to[3]", "equal_to[4]", "not_equal_to[1 2 3 4]"} {
			if !inboxes[want] {
				t.Errorf("nothing asks for inbox_id %s: %v", want, inboxes)
			}
		}
	})
}

// One inbox may have as many of a day as one request can leave out, 10,000 or what the server takes. With more the end cannot be
// proven, and the scan says so behind all that it has read.
func TestScanOfADayWithTooMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		at2026()
		b := quietAccount(append(upTo(1, 650), 40_000)...)
		for _, c := range b.conversations {
			c.created = time.Date(2026, 2, 1, 0, 0, int(c.id), 0, time.UTC).Unix()
		}
		s := newScan(t, b, func(r sent) (*http.Response, error) {
			if r.ids() > 600 {
				return trial.Reply(413, "text/html", "<html>"), nil
			}
			return nil, nil
		})
		s.run(openOnes, cfchat.ConversationScanOptions{}).endsWith(cfchat.ErrDecode, append(upTo(1, 650), 40_000))
		for _, want := range []string{"651 conversations were created on 2026-02-01", "no request can exclude that many", "resume with After: 40000"} {
			if s.end == nil || !strings.Contains(s.end.Error(), want) {
				t.Errorf("%v does not say %q", s.end, want)
			}
		}
		if len(s.ids) != 651 {
			t.Errorf("%d came", len(s.ids))
		}
	})
}

// An account that grows with every request cannot keep the scan running forever: what is created meanwhile is not promised.
// Only the server's clock tells what that is.
func TestScanGrowingAccount(t *testing.T) {
	for _, c := range []struct {
		from  int64
		grows int // conversations a request
		most  int
	}{{30, 1, 4}, {30, 10, 10}, {300, 1, 20}, {300, 10, 40}} {
		t.Run(fmt.Sprintf("%d, %d more each time", c.from, c.grows), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				at2026()
				b := recentAccount(upTo(1, c.from)...)
				b.dated, b.slow = true, 10*time.Second
				b.before = func() {
					for range c.grows * count(b.requests < 500) {
						b.add(b.last() + 1).created = time.Now().Unix()
					}
				}
				s := newScan(t, b, nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
				s.endsWith(nil, upTo(1, b.last()))
				if len(s.ids) < int(c.from) {
					t.Errorf("%d came", len(s.ids))
				}
				s.within(c.most)
			})
		})
	}
}

// An account may even grow by more than a page with each request.
func TestScanFastGrowingAccount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		at2026()
		b := recentAccount(upTo(1, 300)...)
		b.dated = true
		b.before = func() {
			for range 30 * count(b.requests > 2 && b.requests < 400) {
				b.add(b.last() + 1).created = time.Now().Unix() + 120
			}
		}
		s := newScan(t, b, nil).run(openOnes, cfchat.ConversationScanOptions{})
		s.endsWith(nil, upTo(1, b.last()))
		if len(s.ids) < 300 {
			t.Errorf("%d came", len(s.ids))
		}
		s.within(150)
	})
}

// However few ids a window may have, what cannot be shown is found among all that was created on one day.
func TestScanOfADayWithABrokenOne(t *testing.T) {
	for _, most := range []int{10, 100, 250} {
		synctest.Test(t, func(t *testing.T) {
			at2026()
			ids := append(upTo(1, 300), 1_000, 5_000)
			s := newScan(t, recentAccount(ids...).breaks(30), nil).run(openOnes, cfchat.ConversationScanOptions{MaxWindow: most})
			s.came(without(ids, 30), 30)
			s.within(1_000)
		})
	}
}

// What was created when the scan started is not left out, although the server's clock is behind that of what wrote it.
func TestScanOfTheLatest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at2026()
		b := recentAccount(upTo(1, 40)...)
		b.dated = true
		for i, ahead := range []time.Duration{0, time.Second, 59 * time.Second, time.Hour} {
			b.conversations[36+i].created = time.Now().Add(ahead).Unix()
		}
		s := newScan(t, b, nil).run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
		s.came(upTo(1, 40))
	})
}

// A server, or something before it, that leaves the time of creation out costs nothing but room in a request.
func TestScanWithoutTimes(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{60, 300, 3_000} {
		synctest.Test(t, func(t *testing.T) {
			at2026()
			b := quietAccount(upTo(1, n)...)
			for _, c := range b.conversations {
				c.created, c.inbox = 0, 1+c.id%3
			}
			s := newScan(t, b, nil).run(openOnes, cfchat.ConversationScanOptions{})
			s.came(upTo(1, n))
			s.within(int(n/25) + 20)
		})
	}
}

// A server that does not know how to leave ids out shows the same again and again. That ends with an error instead of never.
func TestScanNothingIsLeftOut(t *testing.T) {
	for _, n := range []int64{60, 300} {
		synctest.Test(t, func(t *testing.T) {
			at2026()
			b := recentAccount(upTo(1, n)...)
			s := newScan(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
				return b.RoundTrip(renamed(req, "not_equal_to", "is_not_present"))
			}), nil)
			s.run(openOnes, cfchat.ConversationScanOptions{}).endsWith(cfchat.ErrDecode, upTo(1, n))
			if s.end == nil || !strings.Contains(s.end.Error(), "the server returned excluded conversations again") {
				t.Errorf("ended with %v", s.end)
			}
			s.within(int(n/25) + 4)
		})
	}
}

// renamed returns a request with another word in its body.
func renamed(req *http.Request, from, to string) *http.Request {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		panic(err)
	}
	again := req.Clone(req.Context())
	again.Body = io.NopCloser(strings.NewReader(strings.ReplaceAll(string(body), from, to)))
	return again
}

// Rows outside of the window mean that the server, or something before it, has read another filter: that must not pass as a
// loss.
func TestScanRowsOutside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScan(t, recentAccount(upTo(1, 300)...), func(r sent) (*http.Response, error) {
			if r.kind == aWindow {
				return jsonReply(`{"meta":{"all_count":1},"payload":[{"id":%d,"status":"open"}]}`, r.hi+1), nil
			}
			return nil, nil
		})
		s.run(openOnes, cfchat.ConversationScanOptions{})
		if s.endsWith(cfchat.ErrDecode, nil); s.end != nil && !strings.Contains(s.end.Error(), "were requested, but the server returned") {
			t.Errorf("ended with %v", s.end)
		}
		s.within(5)
	})
}

// A failure of the sweep that proves the end ends the scan with the server's error, and with where to go on: not as if it were
// done.
func TestScanEndIsNotProven(t *testing.T) {
	t.Parallel()
	refused := func(status int, body string) func() (*http.Response, error) {
		return func() (*http.Response, error) { return trial.Reply(status, "application/json", body), nil }
	}
	for _, c := range []struct {
		name string
		fail func() (*http.Response, error)
		is   error
		most int // requests, from the first that fails
	}{
		{"401", refused(401, `{"error":"Invalid Access Token"}`), cfchat.ErrUnauthorized, 4},
		{"403", refused(403, `{"error":"no"}`), cfchat.ErrForbidden, 4},
		{"404", refused(404, `{"error":"Resource could not be found"}`), cfchat.ErrNotFound, 4},
		{"500", refused(500, `{"status":500,"error":"Internal Server Error"}`), cfchat.ErrServer, 10},
		{"503", refused(503, "<html>"), cfchat.ErrServer, 4},
		{"login page", func() (*http.Response, error) { return trial.Reply(200, "text/html", "<html>"), nil }, cfchat.ErrDecode, 10},
		{"no connection", func() (*http.Response, error) { return nil, trial.ErrRefused }, trial.ErrRefused, 4},
	} {
		for _, n := range []int64{300, 600} {
			t.Run(fmt.Sprintf("%s, %d", c.name, n), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					at2026()
					after := newScan(t, recentAccount(upTo(1, n)...), nil).run(openOnes, cfchat.ConversationScanOptions{}).requests() - 1
					s := newScan(t, recentAccount(upTo(1, n)...), func(r sent) (*http.Response, error) {
						if r.n > after {
							return c.fail()
						}
						return nil, nil
					})
					s.run(openOnes, cfchat.ConversationScanOptions{}).endsWith(c.is, upTo(1, n))
					s.within(after + c.most)
					e, ok := errors.AsType[*cfchat.Error](s.end)
					if !ok || e.Operation != "conversationFilter" || e.AccountID != 1 {
						t.Fatalf("ended with %#v", s.end)
					}
					says := fmt.Sprintf("it is not proven that conversation %d is the last; resume with After: %d", n, n)
					if says = says[:len(says)*count(after > 0)]; !strings.Contains(e.Error(), says) {
						t.Errorf("%q does not say %q", e, says)
					}
					if after > 0 && len(s.ids) != int(n) {
						t.Errorf("%d came", len(s.ids))
					}
				})
			})
		}
	}
}

// Where nothing has come there is nothing to go on from: the first refusal is the error, as received, and nothing follows it.
func TestScanFirstRefusal(t *testing.T) {
	for _, after := range []int64{0, 7} {
		synctest.Test(t, func(t *testing.T) {
			s := newScan(t, quietAccount(upTo(1, 20)...), func(r sent) (*http.Response, error) {
				return trial.Reply(401, "application/json", fmt.Sprintf(`{"error":"refusal %d"}`, r.n)), nil
			})
			s.run(cfchat.Filter{}, cfchat.ConversationScanOptions{After: after})
			want := "cfchat: conversationFilter: account 1: 401 refusal 1"
			if s.endsWith(cfchat.ErrUnauthorized, nil); s.end != nil && s.end.Error() != want {
				t.Errorf("ended with %q, want %q", s.end, want)
			}
			s.within(1)
		})
	}
}

// Where a server fails whatever it is asked, a scan that is resumed asks for nothing that has no ids.
func TestScanAsksForIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at2026()
		s := newScan(t, recentAccount(upTo(1, 300)...), func(sent) (*http.Response, error) { return internalError(), nil })
		s.run(openOnes, cfchat.ConversationScanOptions{After: 10}).endsWith(cfchat.ErrServer, nil)
		for _, r := range s.sent {
			if strings.Contains(r.body, `"values":[]`) {
				t.Errorf("request %d: %s", r.n, r.body)
			}
		}
	})
}

// A server, or a proxy, may refuse a filter that leaves out so many ids. Then days are asked for alone.
func TestScanLeavesOutFewer(t *testing.T) {
	t.Parallel()
	for _, status := range []int{413, 403, 400, 504} {
		synctest.Test(t, func(t *testing.T) {
			at2026()
			s := newScan(t, recentAccount(upTo(1, 1_500)...), func(r sent) (*http.Response, error) {
				if len(r.body) > 2_000 { // some 300 ids, and a day has 100
					return trial.Reply(status, "text/html", "<html>"), nil
				}
				return nil, nil
			})
			s.run(openOnes, cfchat.ConversationScanOptions{}).came(upTo(1, 1_500))
			s.within(60 + 50)
		})
	}
}

// Shards have exact boundaries, and Until is read up to, whatever else is there.
func TestScanShards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at2026()
		b := recentAccount(upTo(1, 1_000)...)
		var ids []int64
		for _, part := range [][2]int64{{0, 333}, {333, 666}, {666, 0}} {
			s := newScan(t, b, nil).run(openOnes, cfchat.ConversationScanOptions{After: part[0], Until: part[1]})
			if s.end != nil {
				t.Errorf("%v ended with %v", part, s.end)
			}
			s.within(14 + 34)
			ids = append(ids, s.ids...)
		}
		if !slices.Equal(ids, upTo(1, 1_000)) {
			t.Errorf("%d came", len(ids))
		}
	})
}
