package faults_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"path"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// bodyOf returns a conversation whose length depends on its id, so that a shared buffer would show.
func bodyOf(id int) string {
	return fmt.Sprintf(`{"id":%d,"status":"open","labels":[%q]}`, id, strings.Repeat(fmt.Sprint(id, " "), id*7%101))
}

// idOf returns the last segment of a request's path.
func idOf(r sentRequest) (id int) {
	path := strings.Fields(r.head)[1]
	_, _ = fmt.Sscan(path[strings.LastIndex(path, "/")+1:], &id)
	return id
}

// TestC1NoCrossTalk checks that 64 goroutines that share a client each get their own answers and failures.
func TestC1NoCrossTalk(t *testing.T) {
	inBubble(t, "C1", func(t *testing.T) {
		s := &faultServer{answer: func(r sentRequest) step {
			switch id := idOf(r); id % 4 {
			case 0:
				return sendsJSON(404, fmt.Sprintf(`{"error":"no %d"}`, id))
			case 1:
				return step{bytes: sendsJSON(200, bodyOf(id)).bytes, after: closed}
			default:
				return sendsJSON(200, bodyOf(id))
			}
		}}
		chat, _ := s.connect(t)
		var group sync.WaitGroup
		for first := range 64 {
			group.Go(func() {
				for i := range 8 {
					id := first*8 + i + 1
					if err := askFor(t.Context(), chat, id); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
	})
}

// askFor gets a conversation through Account and through Raw, and returns an error if either differs from bodyOf.
func askFor(ctx context.Context, chat *cfchat.Chat, id int) error {
	got, err := chat.Account(accountID).Conversations.Get(ctx, int64(id))
	raw, rawErr := chat.Raw().GetDetailsOfAConversationWithResponse(ctx, accountID, int64(id))
	if id%4 == 0 {
		for _, err := range []error{err, rawErr} {
			if e, ok := errors.AsType[*cfchat.Error](err); !ok || e.Message != fmt.Sprint("no ", id) || e.StatusCode != 404 {
				return fmt.Errorf("%d: got %w", id, err)
			}
		}
		return nil
	}
	if err != nil || rawErr != nil {
		return fmt.Errorf("%d: %w, %w", id, err, rawErr)
	}
	if got.ID != int64(id) || !reflect.DeepEqual(got, raw.JSON200) || string(raw.Body) != bodyOf(id) {
		return fmt.Errorf("%d: got %v and %s", id, got, raw.Body)
	}
	return nil
}

// TestC1JarAndCancellation checks 64 goroutines that share a client with a Jar, some of whose calls are cancelled in flight.
// Each gets its own answer or its own cancellation, and the bubble ends only when no goroutine is left.
func TestC1JarAndCancellation(t *testing.T) {
	inBubble(t, "C1", func(t *testing.T) {
		s := &faultServer{answer: func(r sentRequest) step {
			id := idOf(r)
			answer := sendsJSON(200, bodyOf(id), fmt.Sprintf("Set-Cookie: c%d=%d", id%5, id))
			answer.pause = time.Duration(id%7) * time.Second
			return answer
		}}
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		chat, _ := s.connect(t, func(c *cfchat.Config) { c.HTTPClient.Jar = jar })
		var group sync.WaitGroup
		for first := range 64 {
			group.Go(func() {
				for i := range 8 {
					id := (first*8+i)*4 + 1
					ctx, cancel := context.WithCancelCause(t.Context())
					if id%3 == 0 {
						time.AfterFunc(3500*time.Millisecond, func() { cancel(errStopped) })
					}
					switch err := askFor(ctx, chat, id); {
					case err == nil:
					case id%3 != 0 || !errors.Is(err, errStopped) || !errors.Is(err, context.Canceled):
						t.Error(err)
					}
					cancel(nil)
				}
			})
		}
		group.Wait()
		for _, r := range s.requests {
			if lines := headers(r, "Cookie"); len(lines) > 1 || len(headers(r, "api_access_token")) != 1 || strings.Count(strings.Join(lines, ""), ";") > 4 {
				t.Errorf("request with\n%s", r.head)
			}
		}
	})
}

// TestAnswerClosedTwice checks that closing a body twice does not return its buffer twice: two answers would share it.
func TestAnswerClosedTwice(t *testing.T) {
	chat := socketChat(t, "https://chat.test", trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		id, _ := strconv.Atoi(path.Base(req.URL.Path))
		return trial.Reply(200, "application/json", bodyOf(id)), nil
	}))
	client := chat.Raw()
	get := func(id int64) *http.Response {
		resp, err := client.GetDetailsOfAConversation(t.Context(), accountID, id)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	for range 20 {
		first := get(1)
		_, _ = first.Body.Close(), first.Body.Close()
		second, third := get(2), get(3)
		for id, resp := range map[int]*http.Response{2: second, 3: third} {
			if got, err := io.ReadAll(resp.Body); string(got) != bodyOf(id) || err != nil {
				t.Errorf("answer for %d: got %s, %v", id, got, err)
			}
		}
		_, _ = second.Body.Close(), third.Body.Close()
	}
}

// TestC2Connections checks that 160 calls, 16 at a time, need only 16 connections on the transport that New makes.
func TestC2Connections(t *testing.T) {
	inBubble(t, "C2", func(t *testing.T) {
		s := &faultServer{good: trial.GoodConversation, steps: []step{{good: true, pause: 10 * time.Millisecond}}, begun: time.Now(), over: make(chan struct{})}
		chat := overDefaultTransport(t, &http.Transport{DialContext: s.dial})
		for range 10 {
			var group sync.WaitGroup
			for range 16 {
				group.Go(func() {
					if err := trial.By(trial.Get)(t.Context(), chat); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			synctest.Wait() // a connection becomes free a moment after its answer
		}
		if len(s.dialed) != 16 || len(s.requests) != 160 {
			t.Errorf("%d requests on %d connections, want 160 on 16", len(s.requests), len(s.dialed))
		}
		s.hangUp()
		synctest.Wait()
	})
}

// TestHeadersOfTheDefaultTransport checks that the transport that New makes limits the size of an answer's headers, which
// nothing else does.
func TestHeadersOfTheDefaultTransport(t *testing.T) {
	for _, c := range []struct {
		name  string
		bytes int
		fails bool
	}{{"200 kB", 200 << 10, false}, {"300 kB", 300 << 10, true}} {
		inBubble(t, c.name, func(t *testing.T) {
			s := &faultServer{
				steps: []step{sendsJSON(200, trial.GoodConversation, "X-Large: "+strings.Repeat("x", c.bytes))}, begun: time.Now(), over: make(chan struct{}),
			}
			chat := overDefaultTransport(t, &http.Transport{DialContext: s.dial})
			err := trial.By(trial.Create)(t.Context(), chat)
			if errors.Is(err, cfchat.ErrUnknownOutcome) != c.fails || (err != nil) != c.fails || len(s.requests) != 1 {
				t.Errorf("got %v after %d requests", err, len(s.requests))
			}
			s.hangUp()
			synctest.Wait()
		})
	}
}

// TestForeignDefaultTransport checks that New works if a program has replaced http.DefaultTransport, as tracing and metrics
// do.
func TestForeignDefaultTransport(t *testing.T) {
	defer failOnPanic(t)
	var asked *http.Request
	chat := overDefaultTransport(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		asked = req
		return trial.Reply(200, "application/json", trial.GoodConversation), nil
	}))
	if err := trial.By(trial.Create)(t.Context(), chat); err != nil || asked == nil {
		t.Errorf("got %v, asked: %v", err, asked != nil)
	}
}

func failOnPanic(t *testing.T) {
	if cause := recover(); cause != nil {
		t.Errorf("panic: %v", cause)
	}
}

// TestC5NothingToChange checks that no part of a client can be changed from outside. An Account has its services as fields,
// each a separate value.
func TestC5NothingToChange(t *testing.T) {
	for _, kind := range []reflect.Type{reflect.TypeFor[cfchat.Chat](), reflect.TypeFor[cfchat.ConversationsService](), reflect.TypeFor[cfchat.Filter]()} {
		for field := range kind.Fields() {
			if field.IsExported() {
				t.Errorf("C5: %s.%s can be set", kind.Name(), field.Name)
			}
		}
	}
	inBubble(t, "C5 a generated client that changes", func(t *testing.T) {
		s := &faultServer{good: trial.GoodConversation}
		chat, _ := s.connect(t, func(c *cfchat.Config) {
			c.RequestEditors = []cfchat.RequestEditorFn{func(context.Context, *http.Request) error { return nil }}
		})
		client := chat.Raw().Client
		client.Server, client.Client = "http://other.example/", nil
		client.RequestEditors[0] = func(context.Context, *http.Request) error { return errors.New("changed") }
		if err := trial.By(trial.Get)(t.Context(), chat); err != nil || len(s.requests) != 1 {
			t.Errorf("got %v", err)
		}
	})
	inBubble(t, "C5 a Config that changes after New", func(t *testing.T) {
		s := &faultServer{good: trial.GoodConversation}
		editors := []cfchat.RequestEditorFn{func(_ context.Context, req *http.Request) error { req.Header.Set("X-Mine", "1"); return nil }}
		chat, _ := s.connect(t, func(c *cfchat.Config) { c.RequestEditors = editors })
		editors[0] = func(context.Context, *http.Request) error { return errors.New("changed") }
		if err := trial.By(trial.Get)(t.Context(), chat); err != nil || len(headers(s.requests[0], "X-Mine")) != 1 {
			t.Errorf("got %v", err)
		}
	})
}
