package faults_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

var errRefused = trial.ErrRefused

// threeTimeouts is the time of three tries that get no answer, of 30 seconds each.
var threeTimeouts = span{90*time.Second + bothWaits.from, 90*time.Second + bothWaits.to}

func TestTransportFaults(t *testing.T) {
	notSent := []error{cfchat.ErrNotSent}
	unknown := []error{cfchat.ErrUnknownOutcome}
	testFaults(t, []fault{
		{
			name: "T1 dial refused, read", on: trial.Reads, refusals: []error{errRefused},
			want: outcome{is: notSent, also: []error{errRefused}, dials: 3, took: bothWaits},
		},
		{
			name: "T2 dial refused, create", on: trial.Writes, refusals: []error{errRefused},
			want: outcome{is: notSent, also: []error{errRefused}, dials: 3, took: bothWaits},
		},
		{
			name: "T3 dial refused once, then ok, create", refusals: []error{errRefused, nil},
			want: outcome{ok: true, requests: 1, dials: 2, took: firstWait},
		},
		{
			name: "T4 server closes after reading a POST", on: trial.Writes, steps: []step{hangUp},
			want: outcome{is: unknown, also: []error{io.EOF}, requests: 1},
		},
		{
			name: "T5 same, GET", on: trial.Reads, steps: []step{hangUp, fine},
			want: outcome{ok: true, requests: 2, took: firstWait},
		},
		{
			name: "T5 server closes every time, read", on: trial.Reads, steps: []step{hangUp},
			want: outcome{also: []error{io.EOF}, requests: 3, took: bothWaits},
		},
		{
			name: "T7 another protocol answers, POST", on: trial.Writes, steps: []step{{bytes: "SSH-2.0-OpenSSH_9.6\r\n", after: closed}},
			want: outcome{is: unknown, requests: 1},
		},
		{
			name: "T7 another protocol answers, GET", on: trial.Reads, steps: []step{{bytes: "SSH-2.0-OpenSSH_9.6\r\n", after: closed}},
			want: outcome{requests: 3, took: bothWaits},
		},
		{
			name: "T7 garbage without an end, read", on: trial.Reads, steps: []step{{bytes: "\x15\x03\x01\x00\x02\x02\x16", after: closed}, fine},
			want: outcome{ok: true, requests: 2, took: firstWait},
		},
		{
			name: "T7 half a header, POST", on: trial.Writes, steps: []step{{bytes: "HTTP/1.1 200 OK\r\nContent-Ty", after: closed}},
			want: outcome{is: unknown, requests: 1},
		},
		{
			name: "T7 a header that never ends", on: trial.Writes, steps: []step{{bytes: "HTTP/1.1 200 OK\r\nX: ", after: silent}},
			want: outcome{is: unknown, also: []error{context.DeadlineExceeded}, requests: 1, took: exactly(30 * time.Second)},
		},
		{
			name: "T8 no headers ever, GET", on: trial.Reads, steps: []step{mute},
			want: outcome{also: []error{context.DeadlineExceeded}, says: "30s", requests: 3, took: threeTimeouts},
		},
		{
			name: "T8 no headers once, GET", on: trial.Reads, steps: []step{mute, fine},
			want: outcome{ok: true, requests: 2, took: span{30*time.Second + firstWait.from, 30*time.Second + firstWait.to}},
		},
		{
			name: "T9 no headers ever, POST", on: trial.Writes, steps: []step{mute},
			want: outcome{is: unknown, also: []error{context.DeadlineExceeded}, requests: 1, took: exactly(30 * time.Second)},
		},
		{
			name: "T9 the limit of a try is Config.Timeout", on: trial.Writes, steps: []step{mute},
			option: func(c *cfchat.Config) { c.Timeout = 3 * time.Second },
			want:   outcome{is: unknown, also: []error{context.DeadlineExceeded}, says: "3s", requests: 1, took: exactly(3 * time.Second)},
		},
		{
			name: "T10 the dial hangs", refusals: []error{errDialHangs},
			want: outcome{is: notSent, also: []error{context.DeadlineExceeded}, dials: 3, took: threeTimeouts},
		},
		{
			name: "T10 the dial hangs once", refusals: []error{errDialHangs, nil},
			want: outcome{ok: true, requests: 1, dials: 2, took: span{30*time.Second + firstWait.from, 30*time.Second + firstWait.to}},
		},
		{
			name: "T10 cancelled while dialing", refusals: []error{errDialHangs}, cancel: 4 * time.Second,
			want: outcome{is: notSent, also: []error{context.Canceled, errStopped}, dials: 1, took: exactly(4 * time.Second)},
		},
		{
			name: "T11 cancel with a cause, read", on: trial.Reads, steps: []step{mute}, cancel: 5 * time.Second,
			want: outcome{also: []error{context.Canceled, errStopped}, says: errStopped.Error(), requests: 1, took: exactly(5 * time.Second)},
		},
		{
			name: "T11 cancel with a cause, write", on: trial.Writes, steps: []step{mute}, cancel: 5 * time.Second,
			want: outcome{
				is: unknown, also: []error{context.Canceled, errStopped}, says: errStopped.Error(), requests: 1,
				took: exactly(5 * time.Second),
			},
		},
		{
			name: "T11 the caller's deadline, read", on: trial.Reads, steps: []step{mute}, deadline: 5 * time.Second,
			want: outcome{also: []error{context.DeadlineExceeded}, requests: 1, took: exactly(5 * time.Second)},
		},
		{
			name: "T11 the caller's deadline, write", on: trial.Writes, steps: []step{mute}, deadline: 5 * time.Second,
			want: outcome{is: unknown, also: []error{context.DeadlineExceeded}, requests: 1, took: exactly(5 * time.Second)},
		},
		{
			name: "T11 the answer arrives after the cancellation", on: trial.Writes, cancel: 5 * time.Second,
			steps: []step{{good: true, pause: 6 * time.Second}},
			want:  outcome{is: unknown, also: []error{context.Canceled, errStopped}, requests: 1, took: exactly(5 * time.Second)},
		},
		{
			name: "T11 cancelled within the body, read", on: trial.Reads, cancel: 5 * time.Second,
			steps: []step{{bytes: "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{", after: silent}},
			want:  outcome{status: 200, maybe: []error{cfchat.ErrDecode}, also: []error{context.Canceled, errStopped}, requests: 1, took: exactly(5 * time.Second)},
		},
		{
			name: "T12 context already done", late: true,
			want: outcome{is: notSent, also: []error{context.Canceled, errStopped}, says: errStopped.Error()},
		},
		{
			name: "T13 cancel during the wait that the server asked for, read", on: trial.Reads, cancel: 10 * time.Second,
			steps: []step{sendsJSON(503, `{"error":"down"}`, "Retry-After: 30")},
			want: outcome{
				is: []error{cfchat.ErrServer}, also: []error{context.Canceled, errStopped}, status: 503, message: "down",
				says: errStopped.Error(), requests: 1, took: exactly(10 * time.Second),
			},
		},
		{
			name: "T13 cancel during the wait that the server asked for, write", on: trial.Writes, cancel: 10 * time.Second,
			steps: []step{sendsJSON(429, `{"error":"slow"}`, "Retry-After: 30")},
			want: outcome{
				is: []error{cfchat.ErrRateLimited}, also: []error{context.Canceled, errStopped}, status: 429, message: "slow",
				retryAfter: 30 * time.Second, requests: 1, took: exactly(10 * time.Second),
			},
		},
		{
			name: "T13 cancel during the client's own wait", refusals: []error{errRefused}, cancel: 100 * time.Millisecond,
			want: outcome{is: notSent, also: []error{context.Canceled, errStopped, errRefused}, dials: 1, took: exactly(100 * time.Millisecond)},
		},
		{
			name: "T13 cancelled while a failure's body drips in", on: trial.Gets, cancel: 5 * time.Second,
			steps: []step{{bytes: "HTTP/1.1 500 No\r\nContent-Length: 99\r\n\r\n{", after: silent}},
			want:  outcome{is: []error{cfchat.ErrServer}, also: []error{context.Canceled, errStopped}, status: 500, requests: 1, took: exactly(5 * time.Second)},
		},
		{
			name: "T13 cancelled while a redirect's body drips in", on: trial.Gets, cancel: 5 * time.Second,
			steps: []step{{bytes: "HTTP/1.1 302 No\r\nLocation: https://other.example/\r\nContent-Length: 99\r\n\r\n{", after: silent}},
			want:  outcome{is: []error{cfchat.ErrRedirect}, status: 302, says: "https://other.example", requests: 1, took: exactly(5 * time.Second)},
		},
		{
			name: "T17 no such host", refusals: []error{&net.DNSError{Err: "no such host", Name: "chat.test", IsNotFound: true}},
			want: outcome{is: notSent, says: "no such host", dials: 1},
		},
		{
			name: "T17 the resolver fails for a moment", refusals: []error{&net.DNSError{Err: "server misbehaving", Name: "chat.test", IsTemporary: true}, nil},
			want: outcome{ok: true, requests: 1, dials: 2, took: firstWait},
		},
		{
			name: "T24 early hints before the answer", on: []trial.Call{trial.Get}, steps: []step{{
				bytes: "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" + sendsJSON(200, trial.GoodConversation).bytes,
			}},
			want: outcome{ok: true, requests: 1},
		},
		{
			name: "T25 switching protocols, read", on: trial.Reads,
			steps: []step{{bytes: "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", after: silent}},
			want:  outcome{status: 101, says: "protocol", requests: 1},
		},
		{
			name: "T25 switching protocols, write", on: trial.Writes,
			steps: []step{{bytes: "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n{}", after: silent}},
			want:  outcome{is: unknown, status: 101, says: "protocol", requests: 1},
		},
		{
			name: "retry off, dial refused", refusals: []error{errRefused}, option: func(c *cfchat.Config) { c.Retry.MaxTries = 1 },
			want: outcome{is: notSent, dials: 1},
		},
		{
			name: "retry off, server closes", on: trial.Gets, steps: []step{hangUp}, option: func(c *cfchat.Config) { c.Retry.MaxTries = 1 },
			want: outcome{also: []error{io.EOF}, requests: 1},
		},
		{
			name: "a wait that the deadline does not allow is not begun", refusals: []error{errRefused}, deadline: 400 * time.Millisecond,
			want: outcome{is: notSent, also: []error{errRefused}, dials: 1},
		},
	})
}

// TestEchoingServers plays a server that sends back its input, such as an echo port, which net/http then quotes in its
// errors.
func TestEchoingServers(t *testing.T) {
	testFaults(t, []fault{
		{
			name: "T7 the request line comes back", on: []trial.Call{trial.List, trial.Counts},
			steps: []step{{bytes: "GET /?q=" + searched + " HTTP/1.1\r\n\r\n", after: closed}},
			want:  outcome{requests: 3, took: bothWaits},
		},
		{
			name: "T7 the key comes back as a broken header", on: trial.CallsThat(func(c trial.Call) bool { return !c.Write && !c.IsPublic() }),
			steps: []step{{bytes: "HTTP/1.1 200 OK\r\n" + userKey + "\r\n\r\n", after: closed}},
			want:  outcome{requests: 3, took: bothWaits},
		},
	})
}

// T19, T20: TestReusedConnectionFaults plays a connection that has been used before, and that the server closes while it is
// idle or after the next request.
func TestReusedConnectionFaults(t *testing.T) {
	for _, c := range trial.Calls {
		inBubble(t, "T19 idle connection closed by the server, "+c.ID, func(t *testing.T) {
			w := &faultServer{good: c.Good}
			chat, _ := w.connect(t)
			for range 2 {
				value, err := c.Do(t.Context(), chat)
				outcome{ok: true}.judge(t, c, value, err)
				w.hangUp()
				synctest.Wait()
			}
			if len(w.requests) != 2 || len(w.dialed) != 2 {
				t.Errorf("%d requests on %d connections, want 2 on 2", len(w.requests), len(w.dialed))
			}
		})
		inBubble(t, "T20 reused connection dies after the request, "+c.ID, func(t *testing.T) {
			w := &faultServer{good: c.Good, steps: []step{fine, hangUp, fine}}
			chat, _ := w.connect(t)
			value, err := c.Do(t.Context(), chat)
			outcome{ok: true}.judge(t, c, value, err)
			synctest.Wait()
			value, err = c.Do(t.Context(), chat)
			if c.Write {
				outcome{is: []error{cfchat.ErrUnknownOutcome}}.judge(t, c, value, err)
			} else {
				outcome{ok: true}.judge(t, c, value, err)
			}
			if want := map[bool]int{true: 2, false: 3}[c.Write]; len(w.requests) != want {
				t.Errorf("%d requests, want %d", len(w.requests), want)
			}
			if len(w.requests) > 1 && w.requests[1].conn != w.requests[0].conn {
				t.Error("the second request did not reuse the connection")
			}
		})
	}
}

// TestConnectionAfterFailure checks that a failure's body is read, so that its connection can be reused.
func TestConnectionAfterFailure(t *testing.T) {
	inBubble(t, "404, then 403, then success on one connection", func(t *testing.T) {
		w := &faultServer{good: trial.GoodConversation, steps: []step{
			sendsJSON(404, `{"error":"Resource could not be found"}`),
			says(403, "text/html", string(make([]byte, 1<<20))), fine,
		}}
		chat, _ := w.connect(t)
		for _, want := range []error{cfchat.ErrNotFound, cfchat.ErrForbidden, nil} {
			if _, err := chat.Account(accountID).Conversations.Get(t.Context(), 42); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
			synctest.Wait()
		}
		if len(w.dialed) != 1 {
			t.Errorf("%d connections, want 1", len(w.dialed))
		}
	})
}

// TestCancelledByTheFailureOfAnotherCall cancels calls with the error of another call, as errgroup does. Each call must
// report its own failure.
func TestCancelledByTheFailureOfAnotherCall(t *testing.T) {
	for _, sibling := range []*cfchat.Error{
		{Operation: "conversationList", StatusCode: 404, Message: "of another call"},
		{Operation: "conversationList", Message: "of another call", Err: io.EOF},
	} {
		for _, c := range trial.Calls {
			inBubble(t, sibling.Error()+", "+c.ID, func(t *testing.T) {
				w := &faultServer{steps: []step{mute}}
				chat, _ := w.connect(t)
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(sibling) })
				before := *sibling
				_, err := c.Do(ctx, chat)
				e, ok := err.(*cfchat.Error)
				if !ok || e == sibling {
					t.Fatalf("got the other call's error: %p", err)
				}
				if e.StatusCode != 0 || e.Operation != c.ID || !errors.Is(err, context.Canceled) || !errors.Is(err, sibling) {
					t.Errorf("got %v", err)
				}
				if c.Write != errors.Is(err, cfchat.ErrUnknownOutcome) {
					t.Errorf("errors.Is(err, ErrUnknownOutcome) is %v", !c.Write)
				}
				if sibling.Operation != before.Operation || sibling.Err != before.Err || sibling.StatusCode != before.StatusCode {
					t.Errorf("the other call's error was changed to %v", sibling.Operation)
				}
			})
		}
	}
}
