package faults_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestWithResponse checks the Response of a success, of failures, and of the last of several tries.
func TestWithResponse(t *testing.T) {
	for _, c := range []struct {
		name   string
		steps  []step
		status int
		body   string
		tries  int
		took   span
		header string
	}{
		{"success", []step{sendsJSON(200, trial.GoodConversation, "X-Mine: 1")}, 200, trial.GoodConversation, 1, span{}, "1"},
		{"refused", []step{sendsJSON(400, `{"error":"no"}`, "X-Mine: 2")}, 400, `{"error":"no"}`, 1, span{}, "2"},
		{"limited, then good", []step{sendsJSON(429, `{}`, "Retry-After: 5", "X-Mine: 3"), sendsJSON(200, trial.GoodConversation)}, 200, trial.GoodConversation, 2, exactly(5 * time.Second), ""},
		{"failing, then silent", []step{sendsJSON(503, `{}`, "Retry-After: 1", "X-Mine: 4"), hangUp}, 0, "", 3, span{2 * time.Second, 3 * time.Second}, ""},
		{"another call's answer", []step{sendsJSON(200, `{}`, "X-Mine: 5")}, 200, `{}`, 1, span{}, "5"},
		{"cut", []step{unended("{")}, 200, "{", 3, bothWaits, ""},
		{"the key comes back in an invalid answer", []step{says(200, "text/html", trial.UserKey, "X-Mine: "+trial.UserKey)}, 200, "[redacted]", 1, span{}, "[redacted]"},
		{"the key comes back", []step{sendsJSON(401, `{"error":"`+trial.UserKey+`"}`, "X-Mine: a"+trial.UserKey)}, 401, `{"error":"[redacted]"}`, 1, span{}, "a[redacted]"},
	} {
		inBubble(t, c.name, func(t *testing.T) {
			s := &faultServer{steps: c.steps}
			chat, _ := s.connect(t)
			got := cfchat.Response{StatusCode: 999, Body: []byte("old"), Tries: 9}
			value, err := chat.Account(trial.AccountID).Conversations.Get(t.Context(), 42, cfchat.WithResponse(&got))
			if (value == nil) == (err == nil) {
				t.Errorf("got %v, %v", value, err)
			}
			if got.StatusCode != c.status || string(got.Body) != c.body || got.Tries != c.tries || !c.took.holds(got.Duration) || got.Header.Get("X-Mine") != c.header {
				t.Errorf("got %d %q %v after %d tries, %v", got.StatusCode, got.Body, got.Header, got.Tries, got.Duration)
			}
			if e, ok := errors.AsType[*cfchat.Error](err); ok && e.StatusCode != got.StatusCode {
				t.Errorf("the error has %d, the response %d", e.StatusCode, got.StatusCode)
			}
		})
	}
	// A call that is refused before anything is sent clears the Response of an earlier call.
	got := cfchat.Response{StatusCode: 999}
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return nil, trial.ErrRefused }))
	if _, err := chat.Account(1).Conversations.Get(t.Context(), 0, cfchat.WithResponse(&got)); err == nil || got.StatusCode != 0 || got.Tries != 0 {
		t.Errorf("%v, %+v", err, got)
	}
}

// TestWithRetry checks that the tries and waits of a single call can be changed.
func TestWithRetry(t *testing.T) {
	limited := sendsJSON(429, `{}`, "Retry-After: 90")
	for _, c := range []struct {
		name         string
		config, call cfchat.Retry
		steps        []step
		requests     int
		took         span
	}{
		{"one try", cfchat.Retry{}, cfchat.Retry{MaxTries: 1}, []step{hangUp}, 1, span{}},
		{"five tries", cfchat.Retry{MaxTries: 1}, cfchat.Retry{MaxTries: 5}, []step{hangUp}, 5, span{5 * time.Second, 7500 * time.Millisecond}},
		{"the default again", cfchat.Retry{MaxTries: 1}, cfchat.Retry{}, []step{hangUp}, 3, bothWaits},
		{"a longer wait", cfchat.Retry{}, cfchat.Retry{MaxWait: 2 * time.Minute}, []step{limited, fine}, 2, exactly(90 * time.Second)},
		{"exactly the wait", cfchat.Retry{}, cfchat.Retry{MaxWait: 90 * time.Second}, []step{limited, fine}, 2, exactly(90 * time.Second)},
		{"a shorter wait", cfchat.Retry{MaxWait: time.Hour}, cfchat.Retry{MaxWait: time.Second}, []step{limited, fine}, 1, span{}},
	} {
		inBubble(t, c.name, func(t *testing.T) {
			s := &faultServer{steps: c.steps, good: trial.GoodConversation}
			chat, _ := s.connect(t, func(config *cfchat.Config) { config.Retry = c.config })
			_, _ = chat.Account(trial.AccountID).Conversations.Get(t.Context(), 42, cfchat.WithRetry(c.call))
			if took := time.Since(s.begun); len(s.requests) != c.requests || !c.took.holds(took) {
				t.Errorf("got %d requests in %v, want %d in %v", len(s.requests), took, c.requests, c.took)
			}
		})
	}
}
