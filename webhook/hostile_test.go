package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go/webhook"
)

// TestNullMessage reads a conversation whose message is null, as it is if the message disappears while the server writes.
func TestNullMessage(t *testing.T) {
	for _, body := range []string{
		`{"event":"conversation_updated","id":5,"messages":[null]}`,
		`{"event":"message_created","id":3,"conversation":{"messages":[null]}}`,
		`{"event":"conversation_typing_on","conversation":{"messages":[null]}}`,
		`{"event":"webwidget_triggered","current_conversation":{"messages":[null]}}`,
	} {
		e, err := webhook.Parse([]byte(body))
		if err != nil || string(e.JSON()) != body || e.AccountID() != 0 {
			t.Errorf("%s: account %d, %v", body, e.AccountID(), err)
		}
		if m, _ := e.Message.AsMessage(); m.Status != nil {
			t.Errorf("got status %v", m.Status)
		}
	}
}

// TestStalledBody checks that a connection whose body does not arrive is answered and closed.
func TestStalledBody(t *testing.T) {
	r := newReceiver(webhook.Options{Timeout: 200 * time.Millisecond}, well)
	server := httptest.NewServer(r)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 200)
	n, err := conn.Read(answer)
	if err != nil || !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 400 ") {
		t.Errorf("%q, %v", answer[:n], err)
	}
	for err == nil { // until the server closes the connection, not just this side's deadline expires
		_, err = conn.Read(answer)
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		t.Error("the connection was kept open")
	}
}

// TestOnErrorRunsAfterTheAnswer checks that the answer is on time, whatever OnError does.
func TestOnErrorRunsAfterTheAnswer(t *testing.T) {
	for name, onError := range map[string]func(){"slow": func() { time.Sleep(10 * time.Second) }, "panics": func() { panic("x") }} {
		synctest.Test(t, func(t *testing.T) {
			begun := time.Now()
			handler := webhook.Handler(webhook.Options{Secret: webhook.Unsigned, OnError: func(context.Context, webhook.Event, error) { onError() }},
				func(ctx context.Context, _ webhook.Event) error {
					<-ctx.Done()
					time.Sleep(time.Second)
					return errors.New("late")
				})
			w := &flushed{ResponseRecorder: httptest.NewRecorder()}
			handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(received)))
			if w.at.Sub(begun) != webhook.DefaultTimeout || w.Code != http.StatusOK {
				t.Errorf("%s: answered %d after %v", name, w.Code, w.at.Sub(begun))
			}
			time.Sleep(time.Minute)
		})
	}
}

// flushed records when it was flushed.
type flushed struct {
	*httptest.ResponseRecorder

	at time.Time
}

func (f *flushed) Flush() {
	f.at = time.Now()
	f.ResponseRecorder.Flush()
}

// TestCredentials checks that an event keeps no credentials, wherever they are, but does keep values that only look like
// one.
func TestCredentials(t *testing.T) {
	for _, body := range []string{
		`{"event":"message_created","inbox":{"id":1,"hmac_token":"s3cret"}}`,
		`{"event":"contact_updated","id":1,"contact_inboxes":[{"pubsub_token":"s3cret"}]}`,
		`{"event":"conversation_updated","meta":{"sender":{"id":1,"pubsub_token":"s3cret"}}}`,
		`{"event":"conversation_typing_on","user":{"id":1,"access_token":"s3cret"}}`,
		`{"event":"inbox_updated","channel":{},"secret":"s3cret"}`,
		`{"event":"inbox_updated","changed_attributes":[{"hmac_token":{"previous_value":"s3cret","current_value":"s3cret"}}]}`,
		`{"event":"inbox_updated","channel":{"webhook_url":"https://u:s3cret@example.com/hook/s3cret"}}`,
		`{"event":"inbox_updated","channel":{"a":{"access_token":"s3cret"}}}`,
		`{"event":"inbox_updated","channel":{"bot_key":"s3cret","account_sid":"s3cret","provider_config":["s3cret"]}}`,
		`{"event":"x","channel":{"api_key_sid":"s3cret","private_key":"s3cret","Account_SID":"s3cret"}}`,
		`{"event":"x","accessToken":"s3cret","access-token":"s3cret","hmac_identifier":"s3cret"}`,
	} {
		if e, err := webhook.Parse([]byte(body)); err != nil || strings.Contains(string(e.JSON()), "s3cret") || !json.Valid(e.JSON()) {
			t.Errorf("%s, %v", e.JSON(), err)
		}
	}
	const theirs = `{"event":"conversation_updated","id":5,"custom_attributes":{"reset_token":"kept"},"meta":{"sender":{"id":1,"additional_attributes":{"token":["kept"]}}}}`
	if e, err := webhook.Parse([]byte(theirs)); err != nil || string(e.JSON()) != theirs {
		t.Errorf("%s, %v", e.JSON(), err)
	}
}

// TestAccountOfEachEvent checks that another account's event is refused, wherever the body names the account.
func TestAccountOfEachEvent(t *testing.T) {
	for _, body := range []string{
		`{"event":"automation_event.message_created","account":{"id":2,"name":"x"}}`,
		`{"event":"message_created","conversation":{"account":{"id":2}}}`,
		`{"event":"contact_created","account":{"id":2}}`,
		`{"event":"webwidget_triggered","current_conversation":{"account":{"id":2}}}`,
		`{"event":"conversation_updated","messages":[{"account_id":2}]}`,
	} {
		r := newReceiver(webhook.Options{Secret: webhook.Unsigned, AccountID: 1}, well)
		if w := r.deliver(body); w.Code != http.StatusForbidden || len(r.events) > 0 {
			t.Errorf("got status %d for %s", w.Code, body)
		}
	}
}

// TestNumberBeyondFloat checks that a number that does not fit into a float64 is kept; servers store such numbers in
// attributes.
func TestNumberBeyondFloat(t *testing.T) {
	n := strings.Repeat("9", 400)
	for _, body := range []string{
		`{"event":"conversation_updated","id":5,"custom_attributes":{"a":[` + n + `]}}`,
		`{"event":"message_created","id":5,"content_attributes":{"a":1e400}}`,
		`{"event":"automation_event.x","id":5,"b":` + n + `,"z":1}`,
	} {
		if e, err := webhook.Parse([]byte(body)); err != nil || string(e.JSON()) != body {
			t.Errorf("%.60s: %.80s, %v", body, e.JSON(), err)
		}
	}
}

// TestErrorsDoNotRepeatTheBody checks that an error does not repeat the body, which is a private conversation.
func TestErrorsDoNotRepeatTheBody(t *testing.T) {
	for _, body := range []string{
		`{"event":"conversation_updated","id":4111111111111111222233334444}`,
		`{"event":"conversation_updated","id":4111.5}`,
		`{"event":"conversation_updated","created_at":"4111"}`,
		`{"event":"conversation_updated","snoozed_until":4111}`,
		`{"event":"conversation_updated","changed_attributes":[{"4111":5}]}`,
		`{"event":"conversation_updated","unread_count":9223372036854775808411100}`,
		`{"event":"conversation_updated","timestamp":"x4111"}`,
	} {
		if _, err := webhook.Parse([]byte(body)); err == nil || strings.Contains(err.Error(), "4111") {
			t.Errorf("%s: %v", body, err)
		}
	}
}
