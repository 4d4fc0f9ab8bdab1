package cfchat_test

import (
	"errors"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestMessageScanLooksAround checks that a message is blamed even if nothing else in the requested range can be read,
// because other messages of the conversation can be.
func TestMessageScanLooksAround(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		broken  []int64
		options cfchat.MessageScanOptions
		want    []int64
	}{
		"resumed before the last": {[]int64{30}, cfchat.MessageScanOptions{After: 29}, nil},
		"a range of one":          {[]int64{15}, cfchat.MessageScanOptions{After: 14, Until: 15}, nil},
		"the first thirty":        {upTo(1, 30), cfchat.MessageScanOptions{}, upTo(31, 1_200)},
		"the first and the last":  {slices.Concat(upTo(1, 30), upTo(1_171, 1_200)), cfchat.MessageScanOptions{}, upTo(31, 1_170)},
	} {
		synctest.Test(t, func(t *testing.T) {
			t.Log(name)
			l := oneConversation(upTo(1, max(30, c.broken[len(c.broken)-1], int64(len(c.want)+30)))...)
			for _, id := range c.broken {
				l.conversations[42].one(id).broken = true
			}
			scanMessages(t, l.account(t), c.options).came(c.want, c.broken...)
		})
	}
}

// TestMessageScanLateCommit checks that LastID stays below messages that are created while the scan runs, because a message
// with a lower id may be stored after them; also if those created are unreadable, and if no response has a Date.
func TestMessageScanLateCommit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ dated, broken bool }{{true, false}, {true, true}, {false, false}} {
		synctest.Test(t, func(t *testing.T) {
			at2026()
			l := oneConversation(upTo(1, 1_500)...)
			l.dated = c.dated
			l.before = func(r asked) {
				if r.n == 2 {
					of := l.conversations[42]
					of.messages = append(of.messages, storedMessage{id: 1_502, created: time.Now().UnixMicro(), broken: c.broken})
				}
			}
			began := time.Now().UnixMicro()
			first := scanMessages(t, l.account(t), cfchat.MessageScanOptions{})
			of := l.conversations[42]
			of.messages = append(of.messages, storedMessage{id: 1_501, created: began + 1})
			last := first.told[len(first.told)-1].LastID
			rest := scanMessages(t, l.account(t), cfchat.MessageScanOptions{After: last})
			if !slices.Contains(rest.ids, 1_501) || rest.end != nil {
				t.Errorf("%+v: message 1501 is lost: resumed after %d, %v", c, last, rest.end)
			}
		})
	}
}

// partly returns the account of a stand-in for which answer handles some of the requests.
func partly(t *testing.T, server *cfchattest.Server, answer func(*http.Request) *http.Response) *cfchat.Account {
	t.Helper()
	transport := trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		if resp := answer(req); resp != nil {
			return resp, nil
		}
		return server.Transport().RoundTrip(req)
	})
	return server.Account(t, func(c *cfchat.Config) { c.HTTPClient = &http.Client{Transport: transport} })
}

// isOf reports whether a request is for the messages of a conversation.
func isOf(req *http.Request, conversation string) bool {
	return strings.HasSuffix(req.URL.Path, "/conversations/"+conversation+"/messages")
}

// TestMessageScanAllJudges checks which message or conversation is reported as unreadable, and that the scan continues if
// another one can be read.
func TestMessageScanAllJudges(t *testing.T) {
	var asked atomic.Int64
	only, last := talkative(t, 2, 1, 1), talkative(t, 3, 1)
	only.BreakMessage(2, 3)
	last.BreakMessage(1, 3)
	for name, c := range map[string]struct {
		server  *cfchattest.Server
		answer  func(*http.Request) *http.Response
		options cfchat.MessageScanAllOptions
		want    string
	}{
		"the only message of its conversation": {server: only, want: "1/1 1/2 2/3 broken 3/4"},
		"a broken one right after the resume point": {
			server: last, options: cfchat.MessageScanAllOptions{ConversationID: 1, After: 2}, want: "1/3 broken 2/4",
		},
		"one that the user may not see": {server: talkative(t, 1, 1, 1), want: "1/1 2 broken 3/3", answer: func(req *http.Request) *http.Response {
			if isOf(req, "2") {
				return trial.Reply(401, "application/json", `{"error":"You are not authorized to do this action"}`)
			}
			return nil
		}},
		"the readable one is gone": {
			server: talkative(t, 1, 1, 1, 1), options: cfchat.MessageScanAllOptions{Concurrency: 1}, want: "1/1 2 broken 3/3 4/4",
			answer: func(req *http.Request) *http.Response {
				switch {
				case isOf(req, "1") && asked.Add(1) > 1:
					return notFound()
				case isOf(req, "2"):
					return internalError()
				}
				return nil
			},
		},
	} {
		answer := c.answer
		if answer == nil {
			answer = func(*http.Request) *http.Response { return nil }
		}
		places, err := placesOf(t.Context(), partly(t, c.server, answer), c.options)
		if got := strings.Join(places, " "); err != nil || got != c.want {
			t.Errorf("%s: %s, want %s; %v", name, got, c.want, err)
		}
	}
}

// TestMessageScanAllProxy checks that no conversation counts as gone if every one is a 404, as behind a proxy whose server
// is restarting.
func TestMessageScanAllProxy(t *testing.T) {
	var asked atomic.Int64
	account := partly(t, talkative(t, 2, 2, 2, 2), func(req *http.Request) *http.Response {
		if strings.HasSuffix(req.URL.Path, "/messages") && asked.Add(1) > 1 {
			return trial.Reply(404, "text/html", "<html>default backend</html>")
		}
		return nil
	})
	places, err := placesOf(t.Context(), account, cfchat.MessageScanAllOptions{Concurrency: 1})
	if got := strings.Join(places, " "); got != "1/1 1/2" || !errors.Is(err, cfchat.ErrNotFound) {
		t.Errorf("%s, %v", got, err)
	}
}

// TestMessageScanAllReportsSearchWait checks that progress reports when the search for conversations is waiting.
func TestMessageScanAllReportsSearchWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limited := time.Now().Add(10 * time.Minute)
		account := partly(t, talkative(t, 1, 1), func(req *http.Request) *http.Response {
			if !strings.HasSuffix(req.URL.Path, "/filter") || time.Now().After(limited) {
				return nil
			}
			resp := trial.Reply(429, "text/plain", "Retry later\n")
			resp.Header.Set("Retry-After", "300")
			return resp
		})
		waits := false
		places, err := placesOf(t.Context(), account, cfchat.MessageScanAllOptions{Progress: func(p cfchat.MessageScanAllProgress) {
			waits = waits || !p.WaitingUntil.IsZero()
		}})
		if !waits || len(places) != 2 || err != nil {
			t.Errorf("waits: %t; %v, %v", waits, places, err)
		}
	})
}

// TestMessageScanAllGoexit checks that the loop's goroutine ends if a transport ends its own, and that the loop never ends
// as if everything had been read.
func TestMessageScanAllGoexit(t *testing.T) {
	t.Parallel()
	server := talkative(t, 2, 2)
	for range 200 {
		account := partly(t, server, func(req *http.Request) *http.Response {
			if isOf(req, "2") {
				runtime.Goexit()
			}
			return nil
		})
		var loop sync.WaitGroup
		loop.Go(func() {
			n := 0
			for range account.Messages.ScanAll(t.Context(), cfchat.Filter{}, cfchat.MessageScanAllOptions{}) {
				n++
			}
			t.Errorf("the loop ended normally after %d", n)
		})
		loop.Wait()
	}
}
