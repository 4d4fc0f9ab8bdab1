package cfchattest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// get reads a list over a transport.
func get(ctx context.Context, srv *cfchattest.Server, over http.RoundTripper, url string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, "GET", url+conversations, nil)
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("api_access_token", srv.AdminKey())
	resp, err := (&http.Client{Transport: over}).Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

func TestFailNext(t *testing.T) {
	srv := cfchattest.New(t)
	fresh := &http.Transport{DisableKeepAlives: true} // or a dropped connection would be tried again
	for name, over := range map[string]http.RoundTripper{"in process": srv.Transport(), "by socket": fresh} {
		srv.FailNext("conversation_filter", cfchattest.Failure{Status: 500}) // of another operation, left alone
		srv.FailNext("conversationList", cfchattest.Failure{Status: 429})
		srv.FailNext("", cfchattest.Failure{Status: 503, Body: "busy", Header: http.Header{"retry-after": {"7"}}})
		for _, want := range []struct {
			status int
			body   string
		}{{429, "Retry later\n"}, {503, "busy"}} {
			if status, body, err := get(t.Context(), srv, over, srv.URL()); status != want.status || body != want.body || err != nil {
				t.Errorf("%s: %d %q %v, want %d", name, status, body, err, want.status)
			}
		}
		srv.FailNext("", cfchattest.Failure{Cut: true})
		if status, _, err := get(t.Context(), srv, over, srv.URL()); status != 200 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: a cut answer is %d %v", name, status, err)
		}
		if status, _, err := get(t.Context(), srv, over, srv.URL()); status != 200 || err != nil {
			t.Errorf("%s: afterwards %d %v", name, status, err)
		}
	}
}

// TestCutAnswerSaysItsLength: the header of a truncated answer promises all of it, but only half arrives.
func TestCutAnswerSaysItsLength(t *testing.T) {
	srv := cfchattest.New(t)
	for name, over := range map[string]http.RoundTripper{"in process": srv.Transport(), "by socket": &http.Transport{DisableKeepAlives: true}} {
		srv.FailNext("", cfchattest.Failure{Status: 503, Body: "busy", Cut: true})
		r, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL()+conversations, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := over.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.ContentLength != 4 || string(body) != "bu" || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %q of %d bytes, %v", name, body, resp.ContentLength, err)
		}
	}
}

// TestFailEvery counts the calls of one operation, and ignores those of others.
func TestFailEvery(t *testing.T) {
	srv := cfchattest.New(t)
	srv.FailEvery("conversationList", 3, cfchattest.Failure{Status: 503})
	srv.FailEvery("conversationFilter", 1, cfchattest.Failure{Status: 500})
	for call := 1; call <= 9; call++ {
		if call == 5 {
			srv.FailNext("conversationList", cfchattest.Failure{Status: 429})
		}
		want := 200
		switch {
		case call == 5:
			want = 429
		case call%3 == 0:
			want = 503
		}
		if status, _, err := get(t.Context(), srv, srv.Transport(), "http://stand-in"); status != want || err != nil {
			t.Errorf("call %d: %d %v, want %d", call, status, err, want)
		}
	}
}

// TestOutageEnds checks that n = 0 ends the outage of an operation, and affects neither FailNext nor other operations.
func TestOutageEnds(t *testing.T) {
	srv := cfchattest.New(t)
	srv.FailEvery("", 5, cfchattest.Failure{Status: 500})
	srv.FailEvery("conversationList", 1, cfchattest.Failure{Status: 503})
	srv.FailNext("conversationList", cfchattest.Failure{Status: 429})
	var got []int
	for call := range 5 {
		if call == 2 {
			srv.FailEvery("conversation_list", 0, cfchattest.Failure{})
		}
		status, _, err := get(t.Context(), srv, srv.Transport(), "http://stand-in")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, status)
	}
	if want := []int{503, 503, 429, 200, 500}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// A write that is cut off or too slow has happened.
func TestFailedWriteHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := cfchattest.Start()
		srv.AddContact(cfchattest.Contact{})
		srv.FailNext("newConversation", cfchattest.Failure{Delay: time.Minute})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, "POST", "http://stand-in"+conversations, strings.NewReader(`{"inbox_id":1,"contact_id":1}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("api_access_token", srv.AdminKey())
		started := time.Now()
		_, err = srv.Transport().RoundTrip(r)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(started) != time.Second || len(srv.Conversations()) != 1 {
			t.Errorf("%v after %v, %d conversations", err, time.Since(started), len(srv.Conversations()))
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	srv := cfchattest.New(t)
	id := srv.AddConversation(cfchattest.Conversation{})
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			for range 20 {
				srv.AddMessage(id, cfchattest.Message{})
				call(t, srv, srv.AdminKey(), "GET", conversations, "")
				call(t, srv, srv.AdminKey(), "POST", conversations+"/1/toggle_status", "")
				srv.Conversations()
			}
		})
	}
	done.Wait()
}

// TestRefused refuses the connection, which proves to the client that nothing was sent: it retries, or reports that. No
// request arrives.
func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := cfchattest.New(t)
		id := srv.AddConversation(cfchattest.Conversation{})
		srv.FailNext(cfchat.OperationToggleStatusOfAConversation, cfchattest.Failure{Refused: true})
		if _, err := srv.Account(t).Conversations.SetStatus(t.Context(), id, cfchat.StatusResolved); err != nil || len(srv.Requests()) != 1 {
			t.Errorf("tried again: %v, %d requests", err, len(srv.Requests()))
		}

		once := srv.Account(t, func(c *cfchat.Config) { c.Retry.MaxTries = 1 })
		srv.FailEvery(cfchat.OperationToggleStatusOfAConversation, 1, cfchattest.Failure{Refused: true})
		_, err := once.Conversations.SetStatus(t.Context(), id, cfchat.StatusOpen)
		if !errors.Is(err, cfchat.ErrNotSent) || !errors.Is(err, syscall.ECONNREFUSED) || len(srv.Requests()) != 1 {
			t.Errorf("refused: %v, %d requests", err, len(srv.Requests()))
		}

		slow := cfchattest.New(t)
		slow.FailNext("", cfchattest.Failure{Refused: true, Delay: time.Minute})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := slow.Account(t).Conversations.SetStatus(ctx, id, cfchat.StatusOpen); !errors.Is(err, cfchat.ErrNotSent) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("given up while it connects: %v", err)
		}
	})
}

// TestRefusedByASocket: refusing comes too late on a socket, which is a mistake in the test.
func TestRefusedByASocket(t *testing.T) {
	said := failureOf(t, func(t testing.TB) {
		srv := cfchattest.New(t)
		srv.FailNext("", cfchattest.Failure{Refused: true})
		if _, _, err := get(t.Context(), srv, &http.Transport{DisableKeepAlives: true}, srv.URL()); err == nil {
			t.Error("it answers")
		}
	})
	if !strings.Contains(said, "over URL there is a connection already") {
		t.Errorf("it fails the test with %q", said)
	}
}
