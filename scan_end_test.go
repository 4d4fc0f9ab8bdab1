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

// at2026 advances the bubble's clock to the time of the accounts, so that days of creation can be told apart.
func at2026() { time.Sleep(time.Until(time.Date(2026, 3, 5, 14, 0, 0, 0, time.UTC))) }

// TestScanOfImported checks that conversations with the highest ids and old dates, as an import creates them, are found
// wherever the server shows them.
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

// TestScanOfADayWithThousands checks that thousands of conversations imported on one day are left out inbox by inbox, with
// at most 10,000 ids in any request.
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
				t.Errorf("no request has inbox_id %s: %v", want, inboxes)
			}
		}
	})
}

// TestScanOfADayWithTooMany checks the limit for one inbox and day: as many conversations as one request can leave out,
// which is 10,000 or what the server accepts. With more, the end cannot be proven, and the scan reports that after all that
// it has read.
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
				t.Errorf("%v does not contain %q", s.end, want)
			}
		}
		if len(s.ids) != 651 {
			t.Errorf("%d conversations were yielded", len(s.ids))
		}
	})
}

// TestScanGrowingAccount checks that an account that grows with every request cannot keep the scan running forever:
// conversations created meanwhile are not promised. Only the server's clock shows which those are.
func TestScanGrowingAccount(t *testing.T) {
	for _, c := range []struct {
		from  int64
		grows int // conversations per request
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
					t.Errorf("%d conversations were yielded", len(s.ids))
				}
				s.within(c.most)
			})
		})
	}
}

// TestScanFastGrowingAccount checks the same for an account that grows by more than a page with each request.
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
			t.Errorf("%d conversations were yielded", len(s.ids))
		}
		s.within(150)
	})
}

// TestScanOfADayWithABrokenOne checks that a conversation that cannot be shown is found among all that were created on one
// day, however few ids a window may have.
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

// TestScanOfTheLatest checks that a conversation that existed when the scan started is not left out, although the server's
// clock is behind the clock that dated the conversation.
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

// TestScanWithoutTimes checks that a server, or a proxy, that omits the time of creation costs nothing but room in a
// request.
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

// TestScanNothingIsLeftOut checks that the scan ends with an error on a server that does not know how to leave ids out, and
// so shows the same ones forever.
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

// renamed returns a request with a word of its body replaced.
func renamed(req *http.Request, from, to string) *http.Request {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		panic(err)
	}
	again := req.Clone(req.Context())
	again.Body = io.NopCloser(strings.NewReader(strings.ReplaceAll(string(body), from, to)))
	return again
}

// TestScanRowsOutside checks that rows outside the window end the scan, because the server, or a proxy, has applied another
// filter, and conversations must not be lost by that.
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

// TestScanEndIsNotProven checks that a failure of the sweep that proves the end ends the scan with the server's error and
// the id to resume from, not as if the scan were complete.
func TestScanEndIsNotProven(t *testing.T) {
	t.Parallel()
	refused := func(status int, body string) func() (*http.Response, error) {
		return func() (*http.Response, error) { return trial.Reply(status, "application/json", body), nil }
	}
	for _, c := range []struct {
		name string
		fail func() (*http.Response, error)
		is   error
		most int // requests, from the first failure on
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
						t.Errorf("%q does not contain %q", e, says)
					}
					if after > 0 && len(s.ids) != int(n) {
						t.Errorf("%d conversations were yielded", len(s.ids))
					}
				})
			})
		}
	}
}

// TestScanFirstRefusal checks that if no conversation was yielded, and so there is none to resume from, the first refusal is
// returned unchanged and no request follows it.
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

// TestScanAsksForIDs checks that a resumed scan sends no request with an empty list of ids to a server that fails
// everything.
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

// TestScanLeavesOutFewer checks that days are requested one by one if a server, or a proxy, refuses a filter that leaves out
// that many ids.
func TestScanLeavesOutFewer(t *testing.T) {
	t.Parallel()
	for _, status := range []int{413, 403, 400, 504} {
		synctest.Test(t, func(t *testing.T) {
			at2026()
			s := newScan(t, recentAccount(upTo(1, 1_500)...), func(r sent) (*http.Response, error) {
				if len(r.body) > 2_000 { // about 300 ids, and a day has 100
					return trial.Reply(status, "text/html", "<html>"), nil
				}
				return nil, nil
			})
			s.run(openOnes, cfchat.ConversationScanOptions{}).came(upTo(1, 1_500))
			s.within(60 + 50)
		})
	}
}

// TestScanShards checks that shards have exact boundaries, and that each is read up to Until, whatever else there is.
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
			t.Errorf("%d conversations were yielded, want 1000", len(ids))
		}
	})
}
