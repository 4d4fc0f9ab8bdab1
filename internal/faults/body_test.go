package faults_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// zippedJSON returns a step that sends a whole, compressed answer.
func zippedJSON(status int, packed string) step {
	return sendsJSON(status, packed, "Content-Encoding: gzip")
}

// unended returns a step that announces a longer body than it sends.
func unended(body string) step {
	return step{bytes: fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body)+5, body), after: closed}
}

func TestBodyFaults(t *testing.T) {
	decode := []error{cfchat.ErrDecode}
	unknown := []error{cfchat.ErrDecode, cfchat.ErrUnknownOutcome}
	tooLarge := []error{cfchat.ErrTooLarge}
	ended := []error{io.ErrUnexpectedEOF}
	const login = "<!DOCTYPE html><html><body>Sign in</body></html>"
	const chunked = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
	limit := func(n int64) func(*cfchat.Config) { return func(c *cfchat.Config) { c.MaxBody = n } }
	packed := zipped(t, trial.GoodConversation+strings.Repeat(" ", 500))
	bomb := strings.Repeat(zipped(t, strings.Repeat(" ", 1<<20)), 11) // concatenated gzip members decompress as one
	taken := func(most int64) func(*testing.T, *cfchat.Error, *faultServer, *counted) {
		return func(t *testing.T, _ *cfchat.Error, _ *faultServer, c *counted) {
			if c.taken > most {
				t.Errorf("read %d bytes, want at most %d", c.taken, most)
			}
		}
	}
	testFaults(t, []fault{
		{
			name: "B1 200 login page, read", on: trial.Reads, steps: []step{says(200, "text/html; charset=utf-8", login)},
			want: outcome{is: decode, status: 200, says: "text/html", requests: 1, check: func(t *testing.T, e *cfchat.Error, _ *faultServer, _ *counted) {
				if strings.Contains(e.Error(), "<") {
					t.Errorf("HTML in %q", e)
				}
			}},
		},
		{
			name: "B1 200 login page, write", on: trial.Writes, steps: []step{says(200, "text/html", login)},
			want: outcome{is: unknown, status: 200, says: "text/html", requests: 1},
		},
		{
			name: "B1 200 JSON labeled as text", on: []trial.Call{trial.Get}, steps: []step{says(200, "text/plain", trial.GoodConversation)},
			want: outcome{is: decode, status: 200, says: "text/plain", requests: 1},
		},
		{
			name: "B2 200 without Content-Type", on: []trial.Call{trial.Get}, steps: []step{says(200, "", trial.GoodConversation)},
			want: outcome{is: decode, status: 200, requests: 1},
		},
		{
			name: "B3 upper case", on: []trial.Call{trial.Get},
			steps: []step{says(200, "Application/JSON; Charset=UTF-8", trial.GoodConversation)},
			want:  outcome{ok: true, requests: 1},
		},
		{
			name: "B3 vendor type", on: []trial.Call{trial.Get},
			steps: []step{says(200, "application/vnd.chat+json", trial.GoodConversation)},
			want:  outcome{ok: true, requests: 1},
		},
		{
			name: "B3 invalid parameter", on: []trial.Call{trial.Get},
			steps: []step{says(200, "application/json; charset", trial.GoodConversation)},
			want:  outcome{ok: true, requests: 1},
		},
		{
			name: "B4 empty, read", on: trial.Reads, steps: []step{sendsJSON(200, "")},
			want: outcome{is: decode, status: 200, requests: 1},
		},
		{
			name: "B4 null, read", on: trial.Reads, steps: []step{sendsJSON(200, "null")},
			want: outcome{is: decode, status: 200, requests: 1},
		},
		{
			name: "B4 empty, write", on: trial.CallsThat(func(c trial.Call) bool { return c.Write && c.Good != "" }), steps: []step{sendsJSON(200, "")},
			want: outcome{is: unknown, status: 200, requests: 1},
		},
		{
			name: "B4 null, write", on: trial.CallsThat(func(c trial.Call) bool { return c.Write && c.Good != "null" }), steps: []step{sendsJSON(200, "null")},
			want: outcome{is: unknown, status: 200, requests: 1},
		},
		{
			name: "B5 {}, read", on: trial.Reads, steps: []step{sendsJSON(200, "{}")},
			want: outcome{is: decode, status: 200, requests: 1},
		},
		{
			name: "B5 {}, write", on: trial.Writes, steps: []step{sendsJSON(200, "{}")},
			want: outcome{is: unknown, status: 200, requests: 1},
		},
		{
			name: "B5 a list, write", on: trial.Writes, steps: []step{sendsJSON(200, trial.List.Good)},
			want: outcome{is: unknown, status: 200, requests: 1},
		},
		{
			name: "B5 an error with 200, write", on: trial.Writes, steps: []step{sendsJSON(200, `{"error":"no"}`)},
			want: outcome{is: unknown, status: 200, requests: 1},
		},
		{
			name: "B5 another operation's answer, create", on: []trial.Call{trial.Create},
			steps: []step{sendsJSON(200, trial.GoodChange)},
			want:  outcome{is: unknown, status: 200, requests: 1},
		},
		{
			name: "B5 another operation's answer, toggle", on: []trial.Call{trial.Toggle},
			steps: []step{sendsJSON(200, trial.GoodConversation)},
			want:  outcome{is: unknown, status: 200, requests: 1},
		},
		{
			name: "B5 a change without an id", on: []trial.Call{trial.Toggle},
			steps: []step{sendsJSON(200, `{"payload":{"success":true,"current_status":"open"}}`)},
			want:  outcome{is: unknown, status: 200, requests: 1},
		},
		{
			name: "B5 a change without a status", on: []trial.Call{trial.Toggle},
			steps: []step{sendsJSON(200, `{"payload":{"success":true,"conversation_id":42}}`)},
			want:  outcome{is: unknown, status: 200, requests: 1},
		},
		{
			name: "B5 a conversation without an id", on: []trial.Call{trial.Create},
			steps: []step{sendsJSON(200, `{"status":"open"}`)},
			want:  outcome{is: unknown, status: 200, requests: 1},
		},
		{
			name: "B5 a conversation without a status", on: []trial.Call{trial.Create},
			steps: []step{sendsJSON(200, `{"id":42}`)},
			want:  outcome{is: unknown, status: 200, requests: 1},
		},
		{
			name: "B6 a filter's answer for a list", on: []trial.Call{trial.List}, steps: []step{sendsJSON(200, trial.GoodPage)},
			want: outcome{is: decode, status: 200, requests: 1},
		},
		{
			name: "B6 a list's answer for a filter", on: []trial.Call{trial.Filter},
			steps: []step{sendsJSON(200, trial.List.Good)},
			want:  outcome{is: decode, status: 200, requests: 1},
		},
		{
			name: "B6 a filter's answer for counts", on: []trial.Call{trial.Counts}, steps: []step{sendsJSON(200, trial.GoodPage)},
			want: outcome{is: decode, status: 200, requests: 1},
		},
		{
			name: "B6 a filter's answer for counts, with all four", on: []trial.Call{trial.Counts},
			steps: []step{sendsJSON(200, `{"meta":`+trial.GoodCounts+`,"payload":[]}`)},
			want:  outcome{is: decode, status: 200, requests: 1},
		},
		{
			name: "B6 counts with one missing", on: []trial.Call{trial.Counts},
			steps: []step{sendsJSON(200, `{"meta":{"mine_count":0,"unassigned_count":1,"all_count":1}}`)},
			want:  outcome{is: decode, status: 200, says: "assigned_count", requests: 1},
		},
		{
			name: "B6 a list whose payload is null", on: []trial.Call{trial.List},
			steps: []step{sendsJSON(200, `{"data":{"meta":`+trial.GoodCounts+`,"payload":null}}`)},
			want:  outcome{is: decode, status: 200, requests: 1},
		},
		{
			name: "B6 a list with an object that is not a conversation", on: []trial.Call{trial.List},
			steps: []step{sendsJSON(200, `{"data":{"meta":`+trial.GoodCounts+`,"payload":[{}]}}`)},
			want:  outcome{is: decode, status: 200, says: "payload[0]", requests: 1},
		},
		{
			name: "B6 a list with null instead of a conversation", on: []trial.Call{trial.Filter},
			steps: []step{sendsJSON(200, `{"meta":`+trial.GoodCounts+`,"payload":[`+trial.GoodConversation+`,null]}`)},
			want:  outcome{is: decode, status: 200, says: "payload[1]", requests: 1},
		},
		{
			name: "B6 an empty list is valid", on: []trial.Call{trial.List},
			steps: []step{sendsJSON(200, `{"data":{"meta":`+trial.GoodCounts+`,"payload":[]}}`)},
			want:  outcome{ok: true, requests: 1},
		},
		{
			name: "B7 trailing garbage", on: []trial.Call{trial.Get},
			steps: []step{sendsJSON(200, trial.GoodConversation+"<!-- served by cache -->")},
			want:  outcome{is: decode, status: 200, requests: 1},
		},
		{
			name: "B7 two answers", on: []trial.Call{trial.Create},
			steps: []step{sendsJSON(200, trial.GoodConversation+trial.GoodConversation)},
			want:  outcome{is: unknown, status: 200, requests: 1},
		},
		{
			name: "B7 surrounding blanks are allowed", on: []trial.Call{trial.Get},
			steps: []step{sendsJSON(200, "\n "+trial.GoodConversation+"\r\n ")},
			want:  outcome{ok: true, requests: 1},
		},
		{
			name: "B9 cut by Content-Length, read", on: trial.Reads, steps: []step{unended(trial.GoodConversation), fine},
			want: outcome{ok: true, requests: 2, took: firstWait},
		},
		{
			name: "B9 cut before the first byte, read", on: trial.Reads, steps: []step{unended(""), fine},
			want: outcome{ok: true, requests: 2, took: firstWait},
		},
		{
			name: "B9 cut within a chunk, read", on: trial.Reads,
			steps: []step{{bytes: chunked + "ff\r\n{", after: closed}, fine},
			want:  outcome{ok: true, requests: 2, took: firstWait},
		},
		{
			name: "B9 cut between chunks, read", on: trial.Reads,
			steps: []step{{bytes: chunked + "1\r\n{\r\n", after: closed}, fine},
			want:  outcome{ok: true, requests: 2, took: firstWait},
		},
		{
			name: "B9 cut before the last chunk, read", on: trial.Reads,
			steps: []step{{bytes: fmt.Sprintf("%s%x\r\n%s\r\n", chunked, len(trial.GoodConversation), trial.GoodConversation), after: closed}, fine},
			want:  outcome{ok: true, requests: 2, took: firstWait},
		},
		{
			name: "B9 an invalid chunk, read", on: trial.Reads,
			steps: []step{{bytes: chunked + "zz\r\n{", after: closed}, fine},
			want:  outcome{ok: true, requests: 2, took: firstWait},
		},
		{
			name: "B9 gzip cut, read", on: trial.Reads, steps: []step{zippedJSON(200, packed[:len(packed)/2]), fine},
			want: outcome{ok: true, requests: 2, took: firstWait},
		},
		{
			name: "B9 gzip without its checksum, read", on: trial.Reads,
			steps: []step{zippedJSON(200, packed[:len(packed)-8]), fine},
			want:  outcome{ok: true, requests: 2, took: firstWait},
		},
		{
			name: "B9 invalid gzip, read", on: []trial.Call{trial.Get},
			steps: []step{zippedJSON(200, trial.GoodConversation), fine},
			want:  outcome{ok: true, requests: 2, took: firstWait},
		},
		{
			name: "B9 cut every time, read", on: trial.Reads, steps: []step{unended("{")},
			want: outcome{also: ended, status: 200, requests: 3, took: bothWaits},
		},
		{
			name: "B9 cut, write", on: trial.Writes, steps: []step{unended("{"), fine},
			want: outcome{is: []error{cfchat.ErrUnknownOutcome}, also: ended, status: 200, requests: 1},
		},
		{
			name: "B9 whole, but the connection ends before the promised length, write", on: []trial.Call{trial.Create},
			steps: []step{unended(trial.GoodConversation), fine},
			want:  outcome{is: []error{cfchat.ErrUnknownOutcome}, also: ended, status: 200, requests: 1},
		},
		{
			name: "B10 gzip", on: []trial.Call{trial.Get}, steps: []step{zippedJSON(200, packed)},
			want: outcome{ok: true, requests: 1},
		},
		{
			name: "B10 a failure in gzip", on: []trial.Call{trial.Get},
			steps: []step{zippedJSON(404, zipped(t, `{"error":"gone"}`))},
			want:  outcome{is: []error{cfchat.ErrNotFound}, status: 404, message: "gone", requests: 1},
		},
		{
			name: "B10 a failure in broken gzip", on: []trial.Call{trial.Get}, steps: []step{zippedJSON(404, "gone")},
			want: outcome{is: []error{cfchat.ErrNotFound}, status: 404, message: "Not Found", requests: 1},
		},
		{
			name: "B10 Content-Length is shorter than the body", on: []trial.Call{trial.Create},
			steps: []step{{bytes: "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\nConnection: close\r\n\r\n" + trial.GoodConversation, after: closed}},
			want:  outcome{is: unknown, status: 200, requests: 1},
		},
		{
			name: "B11 cut without a length", on: []trial.Call{trial.Get},
			steps: []step{{bytes: "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + trial.GoodConversation[:9], after: closed}},
			want:  outcome{is: decode, status: 200, requests: 1},
		},
		{
			name: "B11 whole without a length", on: []trial.Call{trial.Get},
			steps: []step{{bytes: "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + trial.GoodConversation, after: closed}},
			want:  outcome{ok: true, requests: 1},
		},
		{
			name: "B12 exactly the limit", on: []trial.Call{trial.Get, trial.Create}, steps: []step{fine},
			option: limit(int64(len(trial.GoodConversation))),
			want:   outcome{ok: true, requests: 1},
		},
		{
			name: "B12 limit + 1, read", on: []trial.Call{trial.Get}, steps: []step{fine},
			option: limit(int64(len(trial.GoodConversation)) - 1),
			want:   outcome{is: tooLarge, status: 200, says: "Config.MaxBody", requests: 1, check: taken(int64(len(trial.GoodConversation)))},
		},
		{
			name: "B12 limit + 1, write", on: []trial.Call{trial.Create}, steps: []step{fine},
			option: limit(int64(len(trial.GoodConversation)) - 1),
			want:   outcome{is: []error{cfchat.ErrTooLarge, cfchat.ErrUnknownOutcome}, status: 200, requests: 1},
		},
		{
			name: "B12 the largest limit", on: []trial.Call{trial.Get}, steps: []step{fine}, option: limit(math.MaxInt64),
			want: outcome{ok: true, requests: 1},
		},
		{
			name: "B12 the smallest limit", on: []trial.Call{trial.Get}, steps: []step{fine}, option: limit(1),
			want: outcome{is: tooLarge, status: 200, requests: 1, check: taken(2)},
		},
		{
			name: "B12 a large failure is bounded and keeps its status", on: []trial.Call{trial.Get},
			steps: []step{sendsJSON(404, `{"error":"`+strings.Repeat("x", 3<<20)+`"}`)},
			want:  outcome{is: []error{cfchat.ErrNotFound}, status: 404, requests: 1, check: taken(1<<20 + 1)},
		},
		{
			name: "B12 a failure is bounded by MaxBody too", on: []trial.Call{trial.Get},
			steps: []step{sendsJSON(404, `{"error":"gone"}`)}, option: limit(4),
			want: outcome{is: []error{cfchat.ErrNotFound}, status: 404, message: "Not Found", requests: 1, check: taken(5)},
		},
		{
			name: "B13 gzip bomb", on: []trial.Call{trial.Get}, steps: []step{zippedJSON(200, bomb)}, option: limit(1 << 20),
			want: outcome{is: tooLarge, status: 200, requests: 1, check: taken(1<<20 + 1)},
		},
		{
			name: "B13 gzip bomb, default limit", on: []trial.Call{trial.Create}, steps: []step{zippedJSON(200, bomb)},
			want: outcome{is: []error{cfchat.ErrTooLarge, cfchat.ErrUnknownOutcome}, status: 200, requests: 1, check: taken(10<<20 + 1)},
		},
		{
			name: "B13 gzip bomb in a failure", on: []trial.Call{trial.Create}, steps: []step{zippedJSON(422, bomb)},
			want: outcome{is: []error{cfchat.ErrRejected}, status: 422, requests: 1, check: taken(1<<20 + 1)},
		},
		{
			name: "B15 one byte a second, read", on: trial.Gets,
			steps: []step{{bytes: unended(strings.Repeat(" ", 99)).bytes, drip: time.Second}},
			want:  outcome{maybe: decode, also: []error{context.DeadlineExceeded}, status: 200, requests: 3, took: threeTimeouts},
		},
		{
			name: "B15 one byte a second, write", on: trial.Writes,
			steps: []step{{bytes: unended(strings.Repeat(" ", 99)).bytes, drip: time.Second}},
			want:  outcome{is: []error{cfchat.ErrUnknownOutcome}, maybe: decode, also: []error{context.DeadlineExceeded}, status: 200, requests: 1, took: exactly(30 * time.Second)},
		},
		{
			name: "B15 a failure, one byte a second", on: []trial.Call{trial.Create},
			steps: []step{{bytes: sendsJSON(422, `{"error":"`+strings.Repeat("x", 99)+`"}`).bytes, drip: time.Second}},
			want:  outcome{is: []error{cfchat.ErrRejected}, status: 422, requests: 1, took: exactly(30 * time.Second)},
		},
		{
			name: "B16 nested too deep", on: []trial.Call{trial.Get},
			steps: []step{sendsJSON(200, strings.Repeat("[", 20000))},
			want:  outcome{is: decode, status: 200, requests: 1},
		},
		{
			name: "B16 nested too deep in a free field", on: []trial.Call{trial.Get},
			steps: []step{sendsJSON(200, `{"id":1,"status":"open","custom_attributes":{"a":`+strings.Repeat("[", 20000)+strings.Repeat("]", 20000)+`}}`)},
			want:  outcome{is: decode, status: 200, requests: 1},
		},
		{
			name: "B16 nested too deep in a failure", on: []trial.Call{trial.Get},
			steps: []step{sendsJSON(400, `{"error":`+strings.Repeat("[", 20000)+strings.Repeat("]", 20000)+`}`)},
			want:  outcome{status: 400, message: "Bad Request", requests: 1},
		},
		{
			name: "a header that is too long", on: []trial.Call{trial.Create},
			steps: []step{says(200, "application/json", trial.GoodConversation, "X-Large: "+strings.Repeat("x", 128<<10))},
			want:  outcome{is: []error{cfchat.ErrUnknownOutcome}, requests: 1},
		},
	})
}

// TestNumbersAndText plays B17 to B22: values that JSON can express but Go's types cannot, or can express in several ways.
func TestNumbersAndText(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       func(*cfchat.Conversation) (got, want any) // nil for ErrDecode
	}{
		{"B17 id as text", `{"id":"42","status":"open"}`, nil},
		{"B17 id with a fraction", `{"id":42.5,"status":"open"}`, nil},
		{"B17 id as a float", `{"id":42.0,"status":"open"}`, nil},
		{"B17 id with an exponent", `{"id":4e1,"status":"open"}`, nil},
		{"B17 2^53+1", `{"id":9007199254740993,"status":"open"}`, func(c *cfchat.Conversation) (any, any) { return c.ID, int64(9007199254740993) }},
		{"B17 2^63-1", `{"id":9223372036854775807,"status":"open"}`, func(c *cfchat.Conversation) (any, any) { return c.ID, int64(math.MaxInt64) }},
		{"B17 2^63", `{"id":9223372036854775808,"status":"open"}`, nil},
		{"B17 0", `{"id":0,"status":"open"}`, nil},
		{"B17 negative", `{"id":-42,"status":"open"}`, nil},
		{"B17 null", `{"id":null,"status":"open"}`, nil},
		{"B19 unknown status", `{"id":1,"status":"parked"}`, func(c *cfchat.Conversation) (any, any) { return c.Status, cfchat.Status("parked") }},
		{"B19 unknown priority", `{"id":1,"status":"open","priority":"dire"}`, func(c *cfchat.Conversation) (any, any) { return fmt.Sprint(*c.Priority), "dire" }},
		{"B19 new fields, missing fields", `{"id":1,"status":"open","hologram":{"a":[1]}}`, func(c *cfchat.Conversation) (any, any) { return c.ID, int64(1) }},
		{"B20 the last of two keys wins", `{"id":1,"status":"open","id":2}`, func(c *cfchat.Conversation) (any, any) { return c.ID, int64(2) }},
		{"B20 keys in another case", `{"ID":3,"Status":"open"}`, func(c *cfchat.Conversation) (any, any) { return c.ID, int64(3) }},
		{"B21 attributes null", `{"id":1,"status":"open","custom_attributes":null}`, func(c *cfchat.Conversation) (any, any) { return string(c.CustomAttributes.JSON()), "null" }},
		{"B21 attributes absent", `{"id":1,"status":"open"}`, func(c *cfchat.Conversation) (any, any) { return c.CustomAttributes.IsZero(), true }},
		{"B21 attributes []", `{"id":1,"status":"open","custom_attributes":[]}`, func(c *cfchat.Conversation) (any, any) { return c.CustomAttributes.Map(), map[string]any{} }},
		{"B21 attributes [ ]", `{"id":1,"status":"open","custom_attributes": [ ] }`, func(c *cfchat.Conversation) (any, any) { return c.CustomAttributes.Map(), map[string]any{} }},
		{"B21 attributes [1]", `{"id":1,"status":"open","custom_attributes":[1]}`, nil},
		{"B21 attributes as text", `{"id":1,"status":"open","custom_attributes":"x"}`, nil},
		{"B21 nested and odd values", `{"id":1,"status":"open","custom_attributes":{"a":{"b":[null,1.50]},"":true}}`, func(c *cfchat.Conversation) (any, any) {
			return fmt.Sprint(c.CustomAttributes.Map()), "map[:true a:map[b:[<nil> 1.50]]]"
		}},
		{"B22 invalid UTF-8", "{\"id\":1,\"status\":\"open\",\"labels\":[\"a\xff\xfeb\"]}", func(c *cfchat.Conversation) (any, any) { return c.Labels, []string{"a\ufffd\ufffdb"} }},
		{"B22 half a surrogate", `{"id":1,"status":"open","labels":["\ud800"]}`, func(c *cfchat.Conversation) (any, any) { return c.Labels, []string{"\ufffd"} }},
		{"B22 invalid UTF-8 outside of text", "{\"id\":1,\xff\"status\":\"open\"}", nil},
		{"B22 UTF-16", "\xff\xfe{\x00}\x00", nil},
		{"B22 a byte order mark", "\ufeff" + trial.GoodConversation, nil},
	} {
		inBubble(t, c.name, func(t *testing.T) {
			s := &faultServer{steps: []step{sendsJSON(200, c.body)}}
			chat, _ := s.connect(t)
			id := trial.One.Conversation
			if c.want != nil {
				id = trial.SubjectOf(t, c.body).Conversation
			}
			conversation, err := chat.Account(accountID).Conversations.Get(t.Context(), id)
			if c.want == nil {
				outcome{is: []error{cfchat.ErrDecode}, status: 200}.judge(t, trial.Get, nil, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, want := c.want(conversation); !reflect.DeepEqual(got, want) {
				t.Errorf("got %#v, want %#v", got, want)
			}
		})
	}
}

// TestRawBody checks the body that Raw returns: its buffer goes back to a pool when the body is closed, so it must be
// unreachable from then on.
func TestRawBody(t *testing.T) {
	inBubble(t, "closed twice, then read", func(t *testing.T) {
		other := strings.ReplaceAll(trial.GoodConversation, "open", "shut")
		s := &faultServer{steps: []step{sendsJSON(200, trial.GoodConversation), sendsJSON(200, other), sendsJSON(200, other)}}
		chat, _ := s.connect(t)
		ask := func() *http.Response {
			resp, err := chat.Raw().GetDetailsOfAConversation(t.Context(), accountID, 42)
			if err != nil {
				t.Fatal(err)
			}
			return resp
		}
		first := ask()
		half := make([]byte, 5)
		if _, err := io.ReadFull(first.Body, half); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := first.Body.Close(); err != nil {
				t.Error(err)
			}
		}
		second, third := ask(), ask()
		if rest, err := io.ReadAll(first.Body); len(rest) != 0 {
			t.Errorf("a closed body returned %q, %v", rest, err)
		}
		for _, resp := range []*http.Response{second, third} {
			if body, err := io.ReadAll(resp.Body); string(body) != other || err != nil || resp.ContentLength != int64(len(other)) {
				t.Errorf("got %q of %d bytes, %v", body, resp.ContentLength, err)
			}
			resp.Body.Close()
		}
	})
	inBubble(t, "a body that is never closed costs nothing", func(t *testing.T) {
		s := &faultServer{good: trial.GoodConversation}
		chat, count := s.connect(t)
		for range 3 {
			if _, err := chat.Raw().GetDetailsOfAConversation(t.Context(), accountID, 42); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if len(s.dialed) != 1 || count.unclosed != 0 {
			t.Errorf("%d connections, %d bodies open", len(s.dialed), count.unclosed)
		}
	})
}

// TestBodyThatCannotBeSentAgain checks that a call fails immediately, not after a wait, if its body cannot be read again and
// so cannot be sent again.
func TestBodyThatCannotBeSentAgain(t *testing.T) {
	for _, c := range []struct {
		name     string
		refusals []error
		steps    []step
		want     error
		requests int
	}{
		{"429", nil, []step{sendsJSON(429, `{}`, "Retry-After: 30")}, cfchat.ErrRateLimited, 1},
		{"dial refused", []error{errRefused}, nil, cfchat.ErrNotSent, 0},
	} {
		inBubble(t, c.name, func(t *testing.T) {
			s := &faultServer{refusals: c.refusals, steps: c.steps}
			chat, _ := s.connect(t)
			body := struct{ io.Reader }{strings.NewReader(`{"source_id":"contact-1"}`)}
			err := chat.Account(accountID).Do(t.Context(), http.MethodPost, "conversations", body, nil)
			if !errors.Is(err, c.want) || len(s.requests) != c.requests {
				t.Errorf("got %v after %d requests", err, len(s.requests))
			}
			if took := time.Since(s.begun); took != 0 {
				t.Errorf("took %v", took)
			}
		})
	}
}

// TestBodyOfAnEditor checks that every try sends the body that an editor has set, whatever GetBody returned before.
func TestBodyOfAnEditor(t *testing.T) {
	const long = `{"status":"snoozed","snoozed_until":1893456000}`
	for name, edit := range map[string]cfchat.RequestEditorFn{
		"a body": func(_ context.Context, req *http.Request) error {
			req.Body = io.NopCloser(strings.NewReader(long))
			return nil
		},
		"a body with another Content-Type": func(_ context.Context, req *http.Request) error {
			req.Body, req.GetBody = io.NopCloser(strings.NewReader(long)), nil
			req.Header.Set("Content-Type", "text/plain")
			return nil
		},
		"another request": func(ctx context.Context, req *http.Request) error {
			other, err := http.NewRequestWithContext(ctx, req.Method, req.URL.String(), strings.NewReader(long))
			if err == nil {
				*req = *other
			}
			return err
		},
		"a wrong length": func(_ context.Context, req *http.Request) error {
			req.Body, req.ContentLength = io.NopCloser(strings.NewReader(long)), 5
			return nil
		},
	} {
		for _, raw := range []bool{false, true} {
			inBubble(t, fmt.Sprintf("%s, raw %v", name, raw), func(t *testing.T) {
				s := &faultServer{steps: []step{sendsJSON(429, `{}`, "Retry-After: 1"), fine}, good: trial.GoodChange}
				chat, _ := s.connect(t)
				var err error
				if raw {
					_, err = trial.Toggle.Raw(t.Context(), chat.Raw(), edit)
				} else {
					_, err = trial.Toggle.Do(t.Context(), chat, edit)
				}
				if err != nil || len(s.requests) != 2 {
					t.Fatalf("%v after %d requests", err, len(s.requests))
				}
				for _, r := range s.requests {
					if r.body != long || !strings.Contains(r.head, "\r\nContent-Type: application/json\r\n") {
						t.Errorf("sent %s\n\n%s", r.head, r.body)
					}
				}
			})
		}
	}
	// An empty body is sent as no body, and a request whose body fails is not sent.
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Body != nil && req.Body != http.NoBody {
			t.Error("there is a body")
		}
		return trial.Reply(200, "application/json", trial.GoodChange), nil
	}))
	for _, body := range []io.ReadCloser{nil, http.NoBody, io.NopCloser(strings.NewReader(""))} {
		if _, err := trial.Toggle.Do(t.Context(), chat, func(_ context.Context, req *http.Request) error { req.Body = body; return nil }); err != nil {
			t.Errorf("%T: %v", body, err)
		}
	}
	_, err := trial.Toggle.Do(t.Context(), chat, func(_ context.Context, req *http.Request) error {
		req.Body = io.NopCloser(failingReader{})
		return nil
	})
	if !errors.Is(err, cfchat.ErrNotSent) || !errors.Is(err, errRefused) || errors.Is(err, cfchat.ErrUnknownOutcome) {
		t.Errorf("got %v", err)
	}
}

// TestFailureIsKeptUpToItsLimit checks to the byte how much of a failure's body is kept: the first MiB, or MaxBody if that
// is less.
func TestFailureIsKeptUpToItsLimit(t *testing.T) {
	for _, c := range []struct {
		max        int64
		size, want int
	}{{0, 1 << 20, 1 << 20}, {0, 1<<20 + 1, 1 << 20}, {0, 2 << 20, 1 << 20}, {100, 100, 100}, {100, 101, 100}, {100, 99, 99}} {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(422, "text/plain", strings.Repeat("x", c.size)), nil
		}), func(config *cfchat.Config) { config.MaxBody = c.max })
		var got cfchat.Response
		_, err := chat.Account(1).Conversations.Get(t.Context(), 42, cfchat.WithResponse(&got))
		if !errors.Is(err, cfchat.ErrRejected) || len(got.Body) != c.want {
			t.Errorf("MaxBody %d, body of %d bytes: kept %d, want %d; %v", c.max, c.size, len(got.Body), c.want, err)
		}
	}
}

// TestTimeoutIsNoDecodeError checks that a body that is cut short by the client's timeout or by the caller is not reported
// as a bad answer of the server.
func TestTimeoutIsNoDecodeError(t *testing.T) {
	slow := step{bytes: unended(strings.Repeat(" ", 99)).bytes, drip: time.Second}
	for _, c := range []struct {
		name   string
		step   step
		cancel bool
		is     error
	}{
		{"the timeout expires", slow, false, context.DeadlineExceeded},
		{"the caller cancels", slow, true, errStopped},
	} {
		inBubble(t, c.name, func(t *testing.T) {
			s := &faultServer{steps: []step{c.step}}
			chat, _ := s.connect(t, func(config *cfchat.Config) { config.Retry.MaxTries = 1 })
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			if c.cancel {
				time.AfterFunc(5*time.Second, func() { cancel(errStopped) })
			}
			_, err := chat.Account(accountID).Conversations.Get(ctx, 42)
			if !errors.Is(err, c.is) || errors.Is(err, cfchat.ErrDecode) {
				t.Errorf("got %v, want %v and no ErrDecode", err, c.is)
			}
		})
	}
}
