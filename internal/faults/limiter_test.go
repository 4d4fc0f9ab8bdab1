package faults_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
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

// minuteServer counts requests as the servers do: by the minute of its own clock in which they arrive, including those that
// it refuses.
type minuteServer struct {
	next     http.RoundTripper // sends the answers; nil answers with a conversation
	most     int               // requests per minute
	ahead    time.Duration     // of its clock
	noDate   bool
	way      func() time.Duration // of a request, and of an answer
	mu       sync.Mutex
	requests int
	counted  map[int64]int
	refused  map[int64]int
	underWay int
	busiest  int // the largest number in flight at a time
}

func newMinuteServer(most int) *minuteServer {
	return &minuteServer{
		most: most, counted: map[int64]int{}, refused: map[int64]int{}, way: func() time.Duration { return 25 * time.Millisecond },
	}
}

func (s *minuteServer) clock() time.Time { return time.Now().Add(s.ahead) }

func (s *minuteServer) RoundTrip(req *http.Request) (*http.Response, error) {
	s.enter(1)
	defer s.enter(-1)
	time.Sleep(s.way())
	refused := s.count()
	resp := trial.Reply(http.StatusTooManyRequests, "text/plain", "Retry later\n")
	var err error
	switch {
	case refused:
	case s.next != nil:
		resp, err = s.next.RoundTrip(req)
	default:
		resp = trial.Reply(http.StatusOK, "application/json", trial.GoodConversation)
	}
	if err == nil {
		resp.Header.Set("Date", s.clock().UTC().Format(http.TimeFormat))
		if s.noDate {
			resp.Header.Del("Date")
		}
	}
	time.Sleep(s.way())
	return resp, err
}

func (s *minuteServer) enter(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.underWay += n
	s.busiest = max(s.busiest, s.underWay)
}

func (s *minuteServer) count() (refused bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	minute := s.clock().Unix() / 60
	s.requests++
	s.counted[minute]++
	if refused = s.counted[minute] > s.most; refused {
		s.refused[minute]++
	}
	return refused
}

// least returns the minimum time that this many requests take from a given time on, if each minute's are all sent at its
// start.
func (s *minuteServer) least(requests int, from time.Time) time.Duration {
	minutes := (requests - 1) / s.most
	turn := from.Truncate(time.Minute).Add(time.Duration(minutes) * time.Minute)
	return turn.Sub(from)
}

func (s *minuteServer) refusals() (all, worst int) {
	for _, n := range s.refused {
		all, worst = all+n, max(worst, n)
	}
	return all, worst
}

// resolveAll resolves every conversation as it is scanned, like a separate program.
func resolveAll(t *testing.T, chat *cfchat.Chat, account int64) (done int) {
	acct := chat.Account(account)
	for c, err := range acct.Conversations.Scan(t.Context(), cfchat.Filter{}, cfchat.ConversationScanOptions{}) {
		if err != nil {
			t.Errorf("after %d: %v", done, err)
			return done
		}
		if _, err := acct.Conversations.SetStatus(t.Context(), c.ID, cfchat.StatusResolved); err != nil {
			t.Errorf("%d: %v", c.ID, err)
			return done
		}
		done++
	}
	return done
}

// fullServer returns a stand-in with many conversations.
func fullServer(t *testing.T, conversations int) *cfchattest.Server {
	srv := cfchattest.New(t)
	inbox := srv.AddInbox(cfchattest.Inbox{})
	contact := srv.AddContact(cfchattest.Contact{})
	for range conversations {
		srv.AddConversation(cfchattest.Conversation{Inbox: inbox, Contact: contact})
	}
	return srv
}

// TestPerMinuteAlone resolves 3,001 conversations under a limit of 300, without a 429 and in little more than the minimum
// time. The local clock may be right, hours off, or the only one there is.
func TestPerMinuteAlone(t *testing.T) {
	for _, c := range []struct {
		name          string
		conversations int
		ahead         time.Duration
		noDate        bool
		begin         time.Duration // after the local minute's turn
	}{
		{name: "clock hours off", conversations: 3001, ahead: 5*time.Hour + 13*time.Minute + 27300*time.Millisecond, begin: 20 * time.Second},
		{name: "right clock", conversations: 901, begin: 20 * time.Second},
		{name: "clock behind", conversations: 901, ahead: -31400 * time.Millisecond, begin: 40 * time.Second},
		{name: "no Date", conversations: 901, noDate: true, begin: 30 * time.Second},
	} {
		inBubble(t, c.name, func(t *testing.T) {
			const most = 300
			srv := fullServer(t, c.conversations)
			server := newMinuteServer(most)
			server.next, server.ahead, server.noDate = srv.Transport(), c.ahead, c.noDate
			chat := srv.Chat(t, func(config *cfchat.Config) {
				config.HTTPClient = &http.Client{Transport: server}
				config.Limiter = cfchat.PerMinute(most)
			})
			time.Sleep(c.begin)
			begun, clock := time.Now(), server.clock()
			if done := resolveAll(t, chat, srv.AccountID()); done != c.conversations {
				t.Errorf("resolved %d conversations", done)
			}
			took, least := time.Since(begun), server.least(server.requests, clock)
			t.Logf("%d requests in %s, at least %s: %.4f", server.requests, took, least, took.Seconds()/least.Seconds())
			if all, _ := server.refusals(); all != 0 {
				t.Errorf("%d requests were refused", all)
			}
			last := time.Duration(server.requests%most) * 50 * time.Millisecond // the time of the last minute's requests
			if took > least*102/100+last {
				t.Errorf("%d requests took %s, minimum is %s", server.requests, took, least)
			}
		})
	}
}

// TestPerMinuteBesideOthers has two programs share one limit without knowing of each other.
func TestPerMinuteBesideOthers(t *testing.T) {
	for _, noDate := range []bool{false, true} {
		inBubble(t, map[bool]string{false: "Date", true: "no Date"}[noDate], func(t *testing.T) {
			const conversations, most = 700, 300
			server := newMinuteServer(most)
			server.noDate = noDate
			if !noDate {
				server.ahead = -3*time.Hour + 7250*time.Millisecond
			}
			servers := []*cfchattest.Server{fullServer(t, conversations), fullServer(t, conversations)}
			byKey := map[string]http.RoundTripper{}
			for i, srv := range servers {
				byKey[string(rune('a'+i))] = srv.Transport()
			}
			server.next = trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
				return byKey[req.Header.Get("X-Program")].RoundTrip(req)
			})
			time.Sleep(13 * time.Second)
			begun, clock := time.Now(), server.clock()
			var programs sync.WaitGroup
			for i, srv := range servers {
				chat := srv.Chat(t, func(config *cfchat.Config) {
					config.HTTPClient = &http.Client{Transport: server}
					config.Limiter = cfchat.PerMinute(most)
					config.RequestEditors = []cfchat.RequestEditorFn{func(_ context.Context, req *http.Request) error {
						req.Header.Set("X-Program", string(rune('a'+i)))
						return nil
					}}
				})
				programs.Go(func() {
					if done := resolveAll(t, chat, srv.AccountID()); done != conversations {
						t.Errorf("%d done", done)
					}
				})
			}
			programs.Wait()
			all, worst := server.refusals()
			took, least := time.Since(begun), server.least(server.requests-all, clock)
			t.Logf("%d requests in %s, at least %s: %.4f; %d refused, %d in a minute; %d under way at once",
				server.requests, took, least, took.Seconds()/least.Seconds(), all, worst, server.busiest)
			if worst > server.busiest {
				t.Errorf("%d requests in one minute were refused, with up to %d in flight", worst, server.busiest)
			}
			if last := time.Duration((server.requests-all)%most) * 50 * time.Millisecond; took > least*105/100+last {
				t.Errorf("took %s, minimum is %s", took, least)
			}
		})
	}
}

// TestPerMinuteNeverRefused sends requests at random: many or few at the same time, under small and large limits, with slow
// transmission, and with clocks that differ.
func TestPerMinuteNeverRefused(t *testing.T) {
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			var mu sync.Mutex
			slow := time.Duration(r.IntN(3000)) * time.Millisecond
			server := newMinuteServer(1 + r.IntN(60))
			server.ahead = time.Duration(r.Int64N(int64(2*time.Hour))) - time.Hour
			server.way = func() time.Duration {
				mu.Lock()
				defer mu.Unlock()
				return time.Duration(r.Int64N(int64(slow) + 1))
			}
			chat := trial.Chat(t, server, func(c *cfchat.Config) { c.Limiter = cfchat.PerMinute(server.most) })
			var callers sync.WaitGroup
			for range 1 + r.IntN(30) {
				mu.Lock()
				calls, idle := 1+r.IntN(20), time.Duration(r.IntN(5000))*time.Millisecond
				mu.Unlock()
				callers.Go(func() {
					for range calls {
						if _, err := trial.Get.Do(t.Context(), chat); err != nil {
							t.Error(err)
						}
						time.Sleep(idle)
					}
				})
			}
			begun := server.clock()
			callers.Wait()
			if all, _ := server.refusals(); all != 0 {
				t.Errorf("seed %d: %d of %d refused, at %d a minute", seed, all, server.requests, server.most)
			}
			// A slow answer may delay the requests of a minute until it shows when it was counted.
			if least := server.least(server.requests, begun); server.clock().Sub(begun) > 2*least+10*time.Minute {
				t.Errorf("seed %d: took %s, minimum is %s", seed, server.clock().Sub(begun), least)
			}
		})
	}
}

// TestPerMinuteInTurn checks that calls are served in order, and that a call that was refused is not at a disadvantage.
func TestPerMinuteInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newMinuteServer(10)
		others := newMinuteServer(10)
		others.counted = server.counted // they share it
		server.way = func() time.Duration { return time.Millisecond }
		chat := trial.Chat(t, server, func(c *cfchat.Config) { c.Limiter, c.Retry = cfchat.PerMinute(10), cfchat.Retry{} })
		_ = others.count() // uses one up
		var callers sync.WaitGroup
		for range 100 {
			callers.Go(func() {
				if _, err := trial.Get.Do(t.Context(), chat); err != nil {
					t.Error(err)
				}
			})
		}
		callers.Wait()
		if all, worst := server.refusals(); all != 1 || worst != 1 {
			t.Errorf("%d requests were refused", all)
		}
	})
}

// TestPerMinuteWaits checks that the limiter waits no longer than it must, and not at all if the deadline is too early.
func TestPerMinuteWaits(t *testing.T) {
	inBubble(t, "a deadline", func(t *testing.T) {
		time.Sleep(5 * time.Second) // at the turn it may be either minute
		server := newMinuteServer(1)
		chat := trial.Chat(t, server, func(c *cfchat.Config) { c.Limiter = cfchat.PerMinute(1) })
		if _, err := trial.Get.Do(t.Context(), chat); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := trial.Create.Do(ctx, chat)
		if !errors.Is(err, cfchat.ErrNotSent) || !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 0 || server.requests != 1 {
			t.Errorf("%v after %s, %d requests", err, time.Since(begun), server.requests)
		}
	})
	inBubble(t, "cancelled", func(t *testing.T) {
		server := newMinuteServer(1)
		chat := trial.Chat(t, server, func(c *cfchat.Config) { c.Limiter = cfchat.PerMinute(1) })
		ctx, cancel := context.WithCancelCause(t.Context())
		var callers sync.WaitGroup
		for range 3 { // one is sent, one is next, one is queued after it
			callers.Go(func() {
				_, err := trial.Create.Do(ctx, chat)
				if err != nil && (!errors.Is(err, cfchat.ErrNotSent) || !errors.Is(err, context.Canceled) || !errors.Is(err, errStopped)) {
					t.Error(err)
				}
			})
		}
		time.Sleep(10 * time.Second)
		cancel(errStopped)
		begun := time.Now()
		callers.Wait()
		if time.Since(begun) != 0 || server.requests != 1 {
			t.Errorf("after %s, %d requests", time.Since(begun), server.requests)
		}
	})
	inBubble(t, "requests that got no answer", func(t *testing.T) {
		down, server := true, newMinuteServer(5)
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if down {
				return nil, io.ErrUnexpectedEOF
			}
			return server.RoundTrip(req)
		}), func(c *cfchat.Config) { c.Limiter = cfchat.PerMinute(5) })
		for range 5 {
			_, _ = trial.Get.Do(t.Context(), chat)
		}
		down = false
		begun := time.Now()
		if _, err := trial.Get.Do(t.Context(), chat); err != nil || time.Since(begun) > 2*time.Minute+time.Second {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
	})
}

// limiterFunc is a limiter made of two functions: one that waits, and one that observes.
type limiterFunc struct {
	wait func(context.Context) error
	seen func(*http.Response)
}

func (l limiterFunc) Wait(ctx context.Context) error { return l.wait(ctx) }

func (l limiterFunc) Observe(resp *http.Response) { l.seen(resp) }

// waiter is a limiter that observes nothing.
type waiter func(context.Context) error

func (w waiter) Wait(ctx context.Context) error { return w(ctx) }

// TestLimiterIsAskedBeforeEachTry checks that the limiter sees the call and each answer, but no key, and that its wait does
// not count toward the try's timeout.
func TestLimiterIsAskedBeforeEachTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		var statuses []int
		limiter := limiterFunc{
			wait: func(ctx context.Context) error {
				id, _ := cfchat.OperationOf(ctx)
				asked = append(asked, id)
				time.Sleep(45 * time.Second)
				return nil
			},
			seen: func(resp *http.Response) {
				statuses = append(statuses, resp.StatusCode)
				body, err := io.ReadAll(resp.Body)
				if id, _ := cfchat.OperationOf(resp.Request.Context()); id != trial.Get.ID || len(body) != 0 || err != nil {
					t.Errorf("%q, %q, %v", id, body, err)
				}
				if len(auth.HeaderNames(resp.Request.Header)) != 0 {
					t.Error("the limiter sees the key")
				}
				resp.Header.Set("Content-Type", "text/html") // the header is the limiter's own copy
			},
		}
		answers := []*http.Response{
			trial.Reply(500, "text/plain", "no"), trial.Reply(429, "text/plain", "Retry later\n"), trial.Reply(200, "application/json", trial.GoodConversation),
		}
		n := 0
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { n++; return answers[n-1], nil }), func(c *cfchat.Config) {
			c.Limiter, c.Retry = limiter, cfchat.Retry{}
		})
		var response cfchat.Response
		if _, err := chat.Account(accountID).Conversations.Get(t.Context(), 42, cfchat.WithResponse(&response)); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(asked, " "); got != strings.TrimSpace(strings.Repeat(trial.Get.ID+" ", 3)) {
			t.Errorf("asked %q", got)
		}
		if len(statuses) != 3 || statuses[0] != 500 || statuses[1] != 429 || statuses[2] != 200 {
			t.Errorf("the limiter saw the statuses %d", statuses)
		}
		if response.Tries != 3 || response.Duration < 135*time.Second || response.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%d tries in %s, %v", response.Tries, response.Duration, response.Header)
		}
	})
}

// TestLimiterSeesFailures checks that the limiter also observes a 200 that is invalid, truncated or too large.
func TestLimiterSeesFailures(t *testing.T) {
	for name, resp := range map[string]*http.Response{
		"not the answer": trial.Reply(200, "application/json", "{}"),
		"too large":      trial.Reply(200, "application/json", strings.Repeat(" ", 2000)),
		"cut":            {StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(io.MultiReader(strings.NewReader("{"), failingReader{}))},
		"no body":        {StatusCode: 200, Header: http.Header{}},
	} {
		seen := 0
		limiter := limiterFunc{func(context.Context) error { return nil }, func(r *http.Response) { seen += r.StatusCode }}
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return resp, nil }), func(c *cfchat.Config) {
			c.Limiter, c.MaxBody = limiter, 1000
		})
		if _, err := trial.Get.Do(t.Context(), chat); err == nil || seen != 200 {
			t.Errorf("%s: %v, saw %d", name, err, seen)
		}
	}
}

// TestLimiterThatFails checks that a limiter's failure is the call's failure: nothing was sent, or not again.
func TestLimiterThatFails(t *testing.T) {
	errBusy := errors.New("busy")
	get := func(ctx context.Context, s cfchat.ConversationsService, opts ...cfchat.CallOption) error {
		_, err := s.Get(ctx, 42, opts...)
		return err
	}
	create := func(ctx context.Context, s cfchat.ConversationsService, opts ...cfchat.CallOption) error {
		_, err := s.Create(ctx, cfchat.ConversationCreate{SourceID: "s"}, opts...)
		return err
	}
	for _, c := range []struct {
		name string
		call func(context.Context, cfchat.ConversationsService, ...cfchat.CallOption) error
		fail int // the Wait that fails
		is   []error
		says string
	}{
		{"the first", create, 1, []error{cfchat.ErrNotSent, errBusy}, "nothing was sent: limiter: busy"},
		{"before a read is repeated", get, 2, []error{cfchat.ErrNotSent, cfchat.ErrRateLimited, errBusy}, "429"},
		{"before a write is repeated", create, 2, []error{cfchat.ErrNotSent, cfchat.ErrRateLimited, errBusy}, "429"},
	} {
		inBubble(t, c.name, func(t *testing.T) {
			waits, requests := 0, 0
			chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
				requests++
				return trial.Reply(429, "text/plain", "Retry later\n"), nil
			}), func(config *cfchat.Config) {
				config.Retry = cfchat.Retry{}
				config.Limiter = waiter(func(context.Context) error {
					if waits++; waits == c.fail {
						return errBusy
					}
					return nil
				})
			})
			var response cfchat.Response
			err := c.call(t.Context(), chat.Account(accountID).Conversations, cfchat.WithResponse(&response))
			for _, want := range c.is {
				if !errors.Is(err, want) {
					t.Errorf("%v is not %v", err, want)
				}
			}
			if err == nil || !strings.Contains(err.Error(), c.says) || errors.Is(err, cfchat.ErrUnknownOutcome) {
				t.Errorf("got %v", err)
			}
			if requests != c.fail-1 || response.Tries != requests || (response.StatusCode == 429) != (requests > 0) {
				t.Errorf("%d requests, %+v", requests, response)
			}
		})
	}
}

// TestFailureOfAnotherCallInALimiter checks that if a limiter returns another call's failure, its sentinels do not match.
func TestFailureOfAnotherCallInALimiter(t *testing.T) {
	other := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return trial.Reply(404, "application/json", "{}"), nil }))
	_, failure := trial.Get.Do(t.Context(), other)
	chat := trial.Chat(t, trial.Broken{}, func(c *cfchat.Config) { c.Limiter = waiter(func(context.Context) error { return failure }) })
	_, err := trial.Get.Do(t.Context(), chat)
	if !errors.Is(err, cfchat.ErrNotSent) || errors.Is(err, cfchat.ErrNotFound) || !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
}

// TestRefusedLimiters checks that limiters that could never let anything through are refused.
func TestRefusedLimiters(t *testing.T) {
	for want, limiter := range map[string]cfchat.Limiter{
		"Config.Limiter: PerMinute(0) lets nothing through":           cfchat.PerMinute(0),
		"Config.Limiter: PerMinute(-5) lets nothing through":          cfchat.PerMinute(-5),
		"Config.Limiter: it is a nil *faults_test.limiterFunc; leave": (*limiterFunc)(nil),
	} {
		_, err := cfchat.New(cfchat.Config{Keys: auth.Keys{User: auth.NewKey(userKey)}, Limiter: limiter})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

// TestPerMinuteFullAtItsTurn has another program use up every second minute as soon as it starts.
func TestPerMinuteFullAtItsTurn(t *testing.T) {
	for _, noDate := range []bool{false, true} {
		inBubble(t, map[bool]string{false: "Date", true: "no Date"}[noDate], func(t *testing.T) {
			server := newMinuteServer(300)
			server.noDate = noDate
			if !noDate {
				server.ahead = 17300 * time.Millisecond
			}
			server.way = func() time.Duration { return 5 * time.Millisecond }
			chat := trial.Chat(t, server, func(c *cfchat.Config) { c.Limiter, c.Retry = cfchat.PerMinute(300), cfchat.Retry{} })
			begins := server.clock().Truncate(time.Minute).Add(-time.Minute + 40*time.Millisecond)
			for range 20 {
				begins = begins.Add(2 * time.Minute)
				time.AfterFunc(begins.Sub(server.clock()), func() {
					server.mu.Lock()
					defer server.mu.Unlock()
					server.counted[server.clock().Unix()/60] += server.most
				})
			}
			var callers sync.WaitGroup
			for range 8 {
				callers.Go(func() {
					for range 300 {
						if _, err := trial.Get.Do(t.Context(), chat); err != nil {
							t.Error(err)
						}
					}
				})
			}
			callers.Wait()
			most := 8 // in flight
			if noDate {
				most *= 2 // and again once the minute has certainly begun
			}
			if all, worst := server.refusals(); worst > most || all == 0 {
				t.Errorf("%d requests in one minute were refused, want at most %d", worst, most)
			}
			time.Sleep(time.Hour) // until the other program is done
		})
	}
}

// TestPerMinuteOfSlowAnswers plays slow answers, some of them without a Date, while the local clock is nearly right.
func TestPerMinuteOfSlowAnswers(t *testing.T) {
	inBubble(t, "minutes long", func(t *testing.T) {
		time.Sleep(5 * time.Second)
		server := newMinuteServer(10)
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			resp, err := server.RoundTrip(req)
			if req.Method == http.MethodPost {
				time.Sleep(3*time.Minute - 20*time.Second)
			}
			return resp, err
		}), func(c *cfchat.Config) { c.Limiter, c.Timeout = cfchat.PerMinute(10), 10*time.Minute })
		var callers sync.WaitGroup
		callers.Go(func() { _, _ = trial.Create.Do(t.Context(), chat) })
		time.Sleep(2*time.Minute + 30*time.Second)
		for range 25 {
			callers.Go(func() {
				if _, err := trial.Get.Do(t.Context(), chat); err != nil {
					t.Error(err)
				}
			})
		}
		callers.Wait()
		if all, _ := server.refusals(); all != 0 {
			t.Errorf("got %d requests refused, want 0", all)
		}
	})
	inBubble(t, "some without a Date, and the clocks drift", func(t *testing.T) {
		server := newMinuteServer(5)
		begun, n := time.Now(), 0
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			n++
			server.noDate = n%60 != 1
			server.ahead = 30*time.Millisecond + time.Since(begun)/10_000 // it gains 0.1 ms per second
			return server.RoundTrip(req)
		}), func(c *cfchat.Config) { c.Limiter = cfchat.PerMinute(5) })
		for range 500 {
			if _, err := trial.Get.Do(t.Context(), chat); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestPerMinuteOfALateAnswer checks that a request counts in the minute of its Date, not in the minute when its answer
// arrives.
func TestPerMinuteOfALateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(20 * time.Second) // of a minute
		way := 50 * time.Second
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			resp := trial.Reply(200, "application/json", trial.GoodConversation)
			resp.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
			time.Sleep(way)
			return resp, nil
		}), func(c *cfchat.Config) { c.Limiter, c.Timeout = cfchat.PerMinute(1), 10*time.Minute })
		if _, err := trial.Get.Do(t.Context(), chat); err != nil {
			t.Fatal(err)
		}
		way = 0
		begun := time.Now()
		if _, err := trial.Get.Do(t.Context(), chat); err != nil || time.Since(begun) != 0 {
			t.Errorf("%v after %s, although nothing counts in this minute", err, time.Since(begun))
		}
	})
}

// TestPerMinuteOfTriesThatWereNotSent checks that a try that was not sent uses up nothing.
func TestPerMinuteOfTriesThatWereNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &faultServer{refusals: []error{errRefused, errRefused, errRefused, nil}, good: trial.GoodConversation}
		chat, _ := s.connect(t, func(c *cfchat.Config) {
			c.Limiter, c.Retry.MaxTries = cfchat.PerMinute(3), 1
			c.HTTPClient.Transport = &http.Transport{DialContext: s.dial}
		})
		time.Sleep(5 * time.Second)
		for range 3 {
			if _, err := trial.Get.Do(t.Context(), chat); !errors.Is(err, cfchat.ErrNotSent) {
				t.Fatal(err)
			}
		}
		begun := time.Now()
		if _, err := trial.Get.Do(t.Context(), chat); err != nil || time.Since(begun) != 0 {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
		chat.CloseIdleConnections()
	})
}

// TestPerMinuteObeysRetryAfter checks that the limiter obeys a server that asks to wait beyond its minute.
func TestPerMinuteObeysRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(50 * time.Second)
		begun := time.Now()
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			if time.Since(begun) > 0 {
				return trial.Reply(200, "application/json", trial.GoodConversation), nil
			}
			resp := trial.Reply(429, "text/plain", "Retry later\n")
			resp.Header.Set("Retry-After", "45")
			return resp, nil
		}), func(c *cfchat.Config) { c.Limiter, c.Retry = cfchat.PerMinute(300), cfchat.Retry{} })
		if _, err := trial.Get.Do(t.Context(), chat); err != nil || time.Since(begun) != 45*time.Second {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
	})
}

// TestPerMinuteBehindOthers checks that a queued call also fails immediately if its deadline is before the next minute.
func TestPerMinuteBehindOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(5 * time.Second)
		chat := trial.Chat(t, newMinuteServer(1), func(c *cfchat.Config) { c.Limiter = cfchat.PerMinute(1) })
		var callers sync.WaitGroup
		for range 2 { // one is answered, one is next
			callers.Go(func() {
				if _, err := trial.Get.Do(t.Context(), chat); err != nil {
					t.Error(err)
				}
			})
		}
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		begun := time.Now()
		if _, err := trial.Get.Do(ctx, chat); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 0 {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
		callers.Wait()
	})
}

// TestPerMinuteForgetsLostRequests checks that a request without an answer counts in the minute when it was given up and in
// the next one, but not in the one after that.
func TestPerMinuteForgetsLostRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(50 * time.Second) // of a minute
		down := true
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			if down {
				return nil, io.ErrUnexpectedEOF
			}
			return trial.Reply(200, "application/json", trial.GoodConversation), nil
		}), func(c *cfchat.Config) { c.Limiter = cfchat.PerMinute(1) })
		_, _ = trial.Get.Do(t.Context(), chat)
		down = false
		begun := time.Now()
		_, err := trial.Get.Do(t.Context(), chat)
		if took := time.Since(begun); err != nil || took < 70*time.Second || took > 71*time.Second {
			t.Errorf("%v after %s", err, took)
		}
	})
}

// TestPerMinuteCountsWhatWasSentTwice checks that a read that net/http sent twice within one try is counted twice.
func TestPerMinuteCountsWhatWasSentTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(5 * time.Second) // at the turn it may be either minute
		s := &h2Server{good: trial.GoodConversation, steps: []h2Step{h2ResetProtocol}}
		protocols := new(http.Protocols)
		protocols.SetUnencryptedHTTP2(true)
		chat := trial.Chat(t, &http.Transport{DialContext: s.dial, Protocols: protocols}, func(c *cfchat.Config) {
			c.Server, c.Limiter = "http://127.0.0.1", cfchat.PerMinute(2)
		})
		t.Cleanup(func() { s.hangUp(); synctest.Wait() })
		begun := time.Now()
		if _, err := trial.Get.Do(t.Context(), chat); err != nil || len(s.requests) != 2 {
			t.Fatalf("%v, %d requests", err, len(s.requests))
		}
		if _, err := trial.Get.Do(t.Context(), chat); err != nil || time.Since(begun) < 54*time.Second {
			t.Errorf("%v after %s: the third request of a minute that has two", err, time.Since(begun))
		}
	})
}

// TestRoundTripperThatWaits holds a write back until its timeout expires: nothing was sent, but the client cannot know that.
func TestRoundTripperThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := cfchattest.New(t)
		id := srv.AddConversation(cfchattest.Conversation{})
		waits := trial.RoundTripper(func(r *http.Request) (*http.Response, error) {
			select {
			case <-time.After(45 * time.Second):
				return srv.Transport().RoundTrip(r)
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		})
		acct := srv.Account(t, func(c *cfchat.Config) { c.HTTPClient = &http.Client{Transport: waits} })
		_, err := acct.Conversations.SetStatus(t.Context(), id, cfchat.StatusResolved)
		if !errors.Is(err, cfchat.ErrUnknownOutcome) || len(srv.Requests()) != 0 {
			t.Errorf("%v, and %d requests arrived", err, len(srv.Requests()))
		}
	})
}
