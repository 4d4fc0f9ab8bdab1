package cfchat_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// roll is a server with agents. It takes a second to list them, and assigns whatever agent it is asked to.
type roll struct {
	mu     sync.Mutex
	quick  bool // all accounts except 2000 are listed immediately
	agents []int64
	fails  func(looks int) *http.Response // returns the response to a lookup, nil for the list
	looks  []string                       // the accounts that were looked up
	writes int
}

func (r *roll) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if req.Method == http.MethodPost {
		r.writes++
		var id int64
		buf := make([]byte, 100)
		n, _ := req.Body.Read(buf)
		if _, err := fmt.Sscanf(string(buf[:n]), `{"assignee_id":%d}`, &id); err != nil {
			return nil, err
		}
		return trial.Reply(200, "application/json", fmt.Sprintf(`{"id":%d,"email":"a"}`, id)), nil
	}
	r.looks = append(r.looks, strings.Split(req.URL.Path, "/")[5])
	looks := len(r.looks)
	var rows []string
	for _, id := range r.agents { // as of the request
		rows = append(rows, fmt.Sprintf(`{"id":%d,"email":"a"}`, id))
	}
	takes := time.Second
	if r.quick && r.looks[looks-1] != "2000" {
		takes = 0
	}
	r.mu.Unlock()
	defer r.mu.Lock()
	select {
	case <-time.After(takes):
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	if r.fails != nil {
		if resp := r.fails(looks); resp != nil {
			return resp, nil
		}
	}
	return trial.Reply(200, "application/json", "["+strings.Join(rows, ",")+"]"), nil
}

// looked assigns a conversation to each of several agents concurrently.
func looked(t *testing.T, s cfchat.ConversationsService, ids ...int64) []error {
	errs := make([]error, len(ids))
	var all sync.WaitGroup
	for i, id := range ids {
		all.Go(func() { _, errs[i] = s.Assign(t.Context(), 42, id) })
	}
	all.Wait()
	return errs
}

// TestLooks checks that the agents are listed once a minute per account, however many calls there are, and again before an
// agent is refused.
func TestLooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &roll{agents: []int64{1, 2}}
		chat := trial.Chat(t, server)
		of7, of8 := chat.Account(7).Conversations, chat.Account(8).Conversations
		step := func(what string, looks, writes int, errs []error, want error) {
			t.Helper()
			for _, err := range errs {
				if !errors.Is(err, want) {
					t.Errorf("%s: %v", what, err)
				}
			}
			if len(server.looks) != looks || server.writes != writes {
				t.Errorf("%s: %d lookups, want %d; %d writes, want %d", what, len(server.looks), looks, server.writes, writes)
			}
			server.looks, server.writes = nil, 0
		}
		step("many concurrently", 1, 100, looked(t, of7, slices.Repeat([]int64{1, 2}, 50)...), nil)
		time.Sleep(58 * time.Second)
		step("within a minute", 0, 2, looked(t, chat.Account(7).Conversations, 1, 2), nil)
		step("another account", 1, 1, looked(t, of8, 1), nil)
		step("after a minute", 1, 2, looked(t, of7, 1, 2), nil)
		step("many unknown", 1, 0, looked(t, of7, 3, 3, 3, 4), cfchat.ErrInvalidInput)
		server.agents = []int64{1, 3}
		step("a new one", 1, 1, looked(t, of7, 3), nil)
		step("one that is gone", 1, 0, looked(t, of7, 2), cfchat.ErrInvalidInput)
		server.agents = nil
		step("all are gone, without another lookup", 0, 1, looked(t, of7, 1), nil)
		step("none left", 1, 0, looked(t, of7, 2), cfchat.ErrInvalidInput)
	})
}

// TestLookFailureIsNotKept checks that no failure is kept: the calls that waited for a lookup share its failure, unless it
// is the caller's own, and the next call looks again.
func TestLookFailureIsNotKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &roll{agents: []int64{1}}
		s := trial.Chat(t, server).Account(7).Conversations
		down := true
		server.fails = func(int) *http.Response {
			if down {
				return trial.Reply(500, "text/plain", "")
			}
			return nil
		}
		for _, err := range looked(t, s, slices.Repeat([]int64{1}, 20)...) {
			if !errors.Is(err, cfchat.ErrServer) || !errors.Is(err, cfchat.ErrNotSent) {
				t.Errorf("while the server fails: %v", err)
			}
		}
		if len(server.looks) != 1 || server.writes > 0 {
			t.Errorf("while the server fails: %d lookups, %d writes", len(server.looks), server.writes)
		}
		down = false
		if errs := looked(t, s, 1, 1); errors.Join(errs...) != nil || len(server.looks) != 2 || server.writes != 2 {
			t.Errorf("afterwards: %d lookups, %d writes, %v", len(server.looks), server.writes, errs)
		}
		time.Sleep(time.Hour)

		server.fails = func(looks int) *http.Response { // the key of the first call is wrong
			if looks == 3 {
				return trial.Reply(401, "application/json", `{"error":"Invalid Access Token"}`)
			}
			return nil
		}
		wrong := make(chan error)
		go func() {
			_, err := s.Assign(t.Context(), 42, 1, cfchat.WithKeys(auth.Keys{User: auth.NewKey("wrong")}))
			wrong <- err
		}()
		synctest.Wait()
		if errs := looked(t, s, 1, 1); errors.Join(errs...) != nil || len(server.looks) != 4 {
			t.Errorf("after a wrong key: %d lookups, %v", len(server.looks), errs)
		}
		if err := <-wrong; !errors.Is(err, cfchat.ErrUnauthorized) || !errors.Is(err, cfchat.ErrNotSent) {
			t.Errorf("with a wrong key: %v", err)
		}
	})
}

// TestLooksWait checks that a call waits for another call's lookup as long as its own context lasts, and does its own if
// that call gives up.
func TestLooksWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &roll{agents: []int64{1}}
		s := trial.Chat(t, server).Account(7).Conversations
		first, stopFirst := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer stopFirst()
		second, stopSecond := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer stopSecond()
		begun, took, errs := time.Now(), [3]time.Duration{}, [3]error{}
		var all sync.WaitGroup
		for i, ctx := range []context.Context{first, second, t.Context()} {
			all.Go(func() {
				_, errs[i] = s.Assign(ctx, 42, 1)
				took[i] = time.Since(begun)
			})
			synctest.Wait()
		}
		all.Wait()
		for i, err := range errs[:2] {
			if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, cfchat.ErrNotSent) {
				t.Errorf("call %d: %v", i, err)
			}
		}
		if want := [3]time.Duration{500 * time.Millisecond, 200 * time.Millisecond, 1500 * time.Millisecond}; errs[2] != nil || took != want {
			t.Errorf("the calls took %v, want %v; %v", took, want, errs[2])
		}
		if len(server.looks) != 2 || server.writes != 1 {
			t.Errorf("%d lookups, %d writes", len(server.looks), server.writes)
		}
	})
}

// TestLooksInTime checks that many calls together wait for one lookup that gets no response, and not for one lookup each.
func TestLooksInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, begun := &roll{agents: []int64{1}}, time.Now()
		s := trial.Chat(t, server, func(c *cfchat.Config) { c.Timeout = 500 * time.Millisecond }).Account(7).Conversations
		for _, err := range looked(t, s, slices.Repeat([]int64{1}, 20)...) {
			if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, cfchat.ErrNotSent) {
				t.Errorf("Assign returned %v", err)
			}
		}
		if took := time.Since(begun); took != 500*time.Millisecond || len(server.looks) != 1 {
			t.Errorf("%d lookups took %s", len(server.looks), took)
		}
	})
}

// TestLooksOfManyAccounts checks that the agents of each account are kept for a minute, however many accounts there are, and
// that nothing in use is lost.
func TestLooksOfManyAccounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, slow := &roll{agents: []int64{1}, quick: true}, make(chan error)
		chat := trial.Chat(t, server)
		assign := func(account int64) {
			t.Helper()
			if err := errors.Join(looked(t, chat.Account(account).Conversations, 1)...); err != nil {
				t.Error(err)
			}
		}
		go func() { slow <- errors.Join(looked(t, chat.Account(2000).Conversations, 1)...) }()
		synctest.Wait()
		for account := range int64(1000) {
			assign(account + 1)
		}
		if err := <-slow; err != nil {
			t.Error(err)
		}
		server.looks = nil
		for _, account := range []int64{2000, 1000, 1} {
			assign(account)
		}
		if len(server.looks) > 0 {
			t.Errorf("looked up the accounts %q again within the minute", server.looks)
		}
	})
}

// TestLooksShareAFailure checks that a failed lookup is shared by all calls that wait for it, except those that the failure
// does not concern.
func TestLooksShareAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &roll{agents: []int64{1}, fails: func(int) *http.Response { return trial.Reply(429, "text/plain", "Retry later\n") }}
		s := trial.Chat(t, server).Account(7).Conversations
		alone := looked(t, s, 1)
		tries := len(server.looks)
		for _, err := range append(looked(t, s, slices.Repeat([]int64{1}, 20)...), alone...) {
			if !errors.Is(err, cfchat.ErrRateLimited) || !errors.Is(err, cfchat.ErrNotSent) {
				t.Errorf("above the limit: %v", err)
			}
		}
		if len(server.looks) != 2*tries || tries == 0 {
			t.Errorf("%d lookups by two rounds of calls, and %d by one call", len(server.looks), tries)
		}
	})
	for name, how := range map[string]func(context.Context) (context.Context, []cfchat.CallOption){
		"has no time": func(ctx context.Context) (context.Context, []cfchat.CallOption) {
			short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
			t.Cleanup(cancel)
			return short, nil
		},
		"is tried once": func(ctx context.Context) (context.Context, []cfchat.CallOption) {
			return ctx, []cfchat.CallOption{cfchat.WithRetry(cfchat.Retry{MaxTries: 1})}
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			server := &roll{agents: []int64{1}, fails: func(looks int) *http.Response {
				if looks == 1 {
					return trial.Reply(503, "text/plain", "")
				}
				return nil
			}}
			s := trial.Chat(t, server).Account(7).Conversations
			ctx, opts := how(t.Context())
			first := make(chan error)
			go func() { first <- trial.Second(s.Assign(ctx, 42, 1, opts...)) }()
			synctest.Wait()
			if errs := looked(t, s, 1); errors.Join(errs...) != nil {
				t.Errorf("after a call that %s: %v", name, errs)
			}
			if err := <-first; err == nil {
				t.Errorf("the call that %s succeeded", name)
			}
		})
	}
}

// TestLooksOfAnotherAccount checks that the result of a lookup that an editor redirected to another account is not used.
func TestLooksOfAnotherAccount(t *testing.T) {
	t.Parallel()
	server := &roll{agents: []int64{1}, quick: true}
	s := trial.Chat(t, server).Account(7).Conversations
	elsewhere := cfchat.RequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.URL.Path = strings.Replace(r.URL.Path, "/accounts/7/", "/accounts/8/", 1)
		return nil
	})
	if _, err := s.Assign(t.Context(), 42, 1, elsewhere); err != nil {
		t.Fatal(err)
	}
	if errs := looked(t, s, 1); errors.Join(errs...) != nil || !slices.Equal(server.looks, []string{"8", "7"}) {
		t.Errorf("looked up the accounts %q, %v", server.looks, errs)
	}
}
