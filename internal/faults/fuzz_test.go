package faults_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// answering returns a client whose server sends the answers in turn; the last one repeats.
func answering(t *testing.T, answers ...func() *http.Response) *cfchat.Chat {
	t.Helper()
	next := 0
	return socketChat(t, "https://chat.test", trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		answer := answers[min(next, len(answers)-1)]
		next++
		return answer(), nil
	}))
}

// FuzzErrorBody reads failures of any shape: the status is never lost, and the message is one readable line.
func FuzzErrorBody(f *testing.F) {
	for _, body := range []string{
		"", "null", "{}", "[]", `{"error":"x"}`, `{"errors":["a","b"]}`, `{"message":"m","attributes":["a"]}`, `{"status":500,"error":"Internal Server Error"}`,
		"Retry later\n", "<html>", "\ufeff<html>", " \n<p>", `{"error":{"a":[1]}}`, `{"error":"<b>"}`, `{"errors":[null,1,"x",["y"]]}`, `{"error":"\u0000\r\n"}`,
		"\xff\xfe", `{"error":"` + strings.Repeat("é", 600) + `"}`, strings.Repeat("[", 100), `{"error":"a"}{`, `"text"`,
	} {
		for _, kind := range []string{"application/json", "text/plain; charset=utf-8", "text/html", "", ";"} {
			f.Add(uint16(422), kind, []byte(body))
		}
		f.Add(uint16(401), "application/json", []byte(body))
	}
	f.Fuzz(func(t *testing.T, status uint16, kind string, body []byte) {
		code := 300 + int(status)%700
		if code == http.StatusTooManyRequests || code >= 500 {
			code = 400 // the others are tried again after a wait
		}
		chat := answering(t, func() *http.Response { return trial.Reply(code, kind, string(body)) })
		_, err := chat.Account(accountID).Conversations.Get(t.Context(), 42)
		e, ok := err.(*cfchat.Error)
		if !ok || e.StatusCode != code {
			t.Fatalf("status %d became %v", code, err)
		}
		control := strings.ContainsFunc(e.Message, unicode.IsControl)
		if control || !utf8.ValidString(e.Message) || utf8.RuneCountInString(e.Message) > 501 || strings.HasPrefix(e.Message, "<") {
			t.Errorf("message %q", e.Message)
		}
		if len(e.Body) > 4<<10 || !strings.HasPrefix(string(body), e.Body) && !strings.Contains(string(body), userKey) {
			t.Errorf("body %q became %q", body, e.Body)
		}
		if strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("error text has more than one line: %q", err)
		}
	})
}

// FuzzRetryAfter reads any Retry-After and Date: the call either waits, up to the cap, and continues, or fails immediately
// with the status and a RetryAfter above the cap.
func FuzzRetryAfter(f *testing.F) {
	for _, value := range []string{
		"", "7", "60", "61", "-1", "0", "1.5", "9223372036", "9223372037", "-9223372037", "-18446744066", "99999999999999999999", "1e3",
		"Sat, 01 Jan 2000 00:00:09 GMT", "Saturday, 01-Jan-00 00:00:09 GMT", "Sat Jan  1 00:00:09 2000", "Fri, 31 Dec 9999 23:59:59 GMT",
		"Mon, 01 Jan 0001 00:00:00 GMT", "soon",
	} {
		f.Add(value, "", true)
		f.Add(value, "Sat, 01 Jan 2000 00:00:30 GMT", true)
		f.Add(value, "Mon, 01 Jan 0001 00:00:00 GMT", false)
		f.Add(value, "Fri, 31 Dec 9999 23:59:59 GMT", false)
	}
	f.Fuzz(func(t *testing.T, value, date string, limited bool) {
		synctest.Test(t, func(t *testing.T) {
			status := http.StatusServiceUnavailable
			if limited {
				status = http.StatusTooManyRequests
			}
			refusal := func() *http.Response {
				resp := trial.Reply(status, "text/plain", "Retry later\n")
				resp.Header["Retry-After"], resp.Header["Date"] = []string{value}, []string{date}
				return resp
			}
			chat := answering(t, refusal, func() *http.Response { return trial.Reply(200, "application/json", trial.GoodConversation) })
			begun := time.Now()
			_, err := chat.Account(accountID).Conversations.Get(t.Context(), 42)
			took := time.Since(begun)
			if err == nil {
				if took <= 0 || took > 61*time.Second {
					t.Errorf("waited %v", took)
				}
				return
			}
			e, ok := err.(*cfchat.Error)
			if !ok || e.StatusCode != status || e.RetryAfter <= time.Minute || took != 0 {
				t.Errorf("got %v with RetryAfter %v after %v", err, e.RetryAfter, took)
			}
			if strings.HasPrefix(strings.TrimSpace(value), "-") {
				t.Errorf("Retry-After %q became %v", value, e.RetryAfter)
			}
		})
	})
}

// FuzzDecode reads any answer to any operation: it is either refused with an *Error or stable when encoded and read again.
func FuzzDecode(f *testing.F) {
	for i, c := range trial.Calls {
		for _, body := range []string{c.Good, "{}", "null", `{"id":1e2}`, `{"data":{"payload":[null]}}`} {
			f.Add(uint8(i), []byte(body))
		}
		for _, conversation := range []string{
			`{"id":9007199254740993,"status":"parked","created_at":1.5,"updated_at":-0.25,"custom_attributes":{"a":1e999}}`,
			`{"id":1,"status":"open","custom_attributes":[],"additional_attributes":null,"messages":[null],"labels":["\ud800"]}`,
			`{"ID":1,"id":2,"Status":"open","snoozed_until":"","meta":{"sender":null,"assignee":{},"team":{}},"applied_sla":{}}`,
		} {
			f.Add(uint8(i), []byte(conversation))
			f.Add(uint8(i), []byte(`{"data":{"meta":`+trial.GoodCounts+`,"payload":[`+conversation+`]}}`))
			f.Add(uint8(i), []byte(`{"meta":`+trial.GoodCounts+`,"payload":[`+conversation+`]}`))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		c := trial.Calls[int(which)%len(trial.Calls)]
		first, err := decoded(t, c, body)
		if err != nil {
			e, ok := err.(*cfchat.Error)
			if !ok || e.StatusCode != http.StatusOK || !errors.Is(err, cfchat.ErrDecode) || errors.Is(err, cfchat.ErrUnknownOutcome) != c.Write {
				t.Fatalf("got %v", err)
			}
			return
		}
		if c.Good == "" { // the operation's good answer is empty, which is not JSON
			return
		}
		second, err := decoded(t, c, first)
		if err != nil || string(second) != string(first) {
			t.Errorf("%s\nbecame %s\nbecame %s, %v", body, first, second, err)
		}
	})
}

// leftToCallers matches the faults of an answer that a method reports, and that Raw leaves to its caller.
var leftToCallers = regexp.MustCompile(`success: false|it is about (contact|another source id)|belongs to contact|is not as requested`)

// decoded returns an answer after decoding it with Raw and encoding it as JSON again.
func decoded(t *testing.T, c trial.Call, body []byte) ([]byte, error) {
	chat := answering(t, func() *http.Response { return trial.Reply(200, "application/json", string(body)) })
	value, err := c.Raw(t.Context(), chat.Raw())
	_, other := c.Do(t.Context(), chat)
	judged := err == nil && other != nil && leftToCallers.MatchString(other.Error())
	if (err == nil) != (other == nil) && !judged {
		t.Errorf("Raw returned %v, Account %v", err, other)
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(reflect.ValueOf(value).Elem().FieldByName("JSON200").Interface())
}
