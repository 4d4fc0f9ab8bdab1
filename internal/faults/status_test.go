package faults_test

import (
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// Virtual time begins at a full minute. These are the times when the next minute begins, and when it has certainly begun if
// only the local clock is known: after 60 s or 65 s, plus the jitter.
var (
	nextMinute = span{60*time.Second + 250*time.Millisecond, 61 * time.Second}
	lateMinute = span{65*time.Second + 250*time.Millisecond, 66 * time.Second}
)

// tooMany returns a 429 as the servers send it, after a pause.
func tooMany(pause time.Duration) step {
	return step{pause: pause, bytes: says(429, "text/plain", "Retry later\n").bytes}
}

// waitAMinute is a 429 after which the next try follows exactly a minute later, without jitter.
var waitAMinute = says(429, "text/plain", "Retry later\n", "Retry-After: 60")

// bubbleStart is the start of a test's virtual time.
var bubbleStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func httpDate(at time.Duration) string { return bubbleStart.Add(at).Format(http.TimeFormat) }

// slowDatabase is the answer of servers from 4.16.0 on if their database took too long.
const slowDatabase = `{"error":"The request took too long to complete. Please try again."}`

// isSureOf422 reports whether a 422 of a call other than a GET means that it was refused, whatever its text.
func isSureOf422(c trial.Call) bool { return (c.Write || c.ID == trial.Filter.ID) && !c.Unsure422 }

func TestStatusFaults(t *testing.T) {
	unauthorized := []error{cfchat.ErrUnauthorized}
	forbidden := []error{cfchat.ErrForbidden}
	notFound := []error{cfchat.ErrNotFound}
	limited := []error{cfchat.ErrRateLimited}
	broken := []error{cfchat.ErrServer}
	maybeDone := []error{cfchat.ErrServer, cfchat.ErrUnknownOutcome}
	const challenge = "<!DOCTYPE html>\n<html><head><title>Just a moment...</title></head></html>"
	noHTML := func(t *testing.T, e *cfchat.Error, _ *faultServer, _ *counted) {
		if strings.ContainsAny(e.Error()+e.Message, "<>") {
			t.Errorf("HTML in %q", e)
		}
	}
	testFaults(t, []fault{
		{
			name: "S1 400", steps: []step{sendsJSON(400, `{"status":400,"error":"Bad Request"}`)},
			want: outcome{status: 400, message: "Bad Request", says: "400 Bad Request", requests: 1},
		},
		{
			name: "S2 401 wrong key", steps: []step{sendsJSON(401, `{"error":"Invalid Access Token"}`)},
			want: outcome{is: unauthorized, status: 401, message: "Invalid Access Token", requests: 1},
		},
		{
			name: "S3 401 no key arrived", steps: []step{sendsJSON(401, `{"errors":["You need to sign in or sign up before continuing."]}`)},
			want: outcome{
				is: unauthorized, status: 401, message: "You need to sign in or sign up before continuing.",
				says: "the key did not reach the server", requests: 1,
			},
		},
		{
			name: "S3 the remedy is named", on: []trial.Call{trial.Get}, steps: []step{sendsJSON(401, `{"errors":["You need to sign in or sign up before continuing."]}`)},
			want: outcome{is: unauthorized, status: 401, says: "auth.HeaderDash", requests: 1},
		},
		{
			name: "S4 401 not for bots", steps: []step{sendsJSON(401, `{"error":"Access to this endpoint is not authorized for bots"}`)},
			want: outcome{is: unauthorized, status: 401, says: "not authorized for bots", requests: 1},
		},
		{
			name: "S5 402", steps: []step{sendsJSON(402, `{"error":"Payment required"}`)},
			want: outcome{status: 402, message: "Payment required", requests: 1},
		},
		{
			name: "S6 403 HTML", steps: []step{says(403, "text/html; charset=UTF-8", challenge)},
			want: outcome{is: forbidden, status: 403, message: "Forbidden", requests: 1, check: noHTML},
		},
		{
			name: "S6 403 HTML labeled as text", steps: []step{says(403, "text/plain", challenge)},
			want: outcome{is: forbidden, status: 403, message: "Forbidden", requests: 1, check: noHTML},
		},
		{
			name: "S6 403 HTML in JSON", steps: []step{sendsJSON(403, `{"error":"<html><body>no</body></html>"}`)},
			want: outcome{is: forbidden, status: 403, message: "Forbidden", requests: 1, check: noHTML},
		},
		{
			name: "S6 403 HTML after a byte order mark", steps: []step{says(403, "text/plain", "\ufeff"+challenge)},
			want: outcome{is: forbidden, status: 403, message: "Forbidden", requests: 1, check: noHTML},
		},
		{
			name: "S33 403 no API access", steps: []step{sendsJSON(403, `{"error":"API access is not enabled for this account"}`)},
			want: outcome{is: forbidden, status: 403, message: "API access is not enabled for this account", requests: 1},
		},
		{
			name: "S34 404 no such call", steps: []step{sendsJSON(404, `{"status":404,"error":"Not Found"}`)},
			want: outcome{status: 404, message: "Not Found", says: "the server has no such call, and servers have it from", requests: 1},
		},
		{
			name: "S7 404", steps: []step{sendsJSON(404, `{"error":"Resource could not be found"}`)},
			want: outcome{is: notFound, status: 404, message: "Resource could not be found", requests: 1},
		},
		{
			name: "S8 404 json, empty body", steps: []step{sendsJSON(404, "")},
			want: outcome{is: notFound, status: 404, message: "Not Found", requests: 1},
		},
		{
			name: "S8 404 json, not JSON", steps: []step{sendsJSON(404, `{"error":`)},
			want: outcome{is: notFound, status: 404, message: "Not Found", requests: 1},
		},
		{
			name: "S8 404 without a Content-Type", steps: []step{says(404, "", "gone")},
			want: outcome{is: notFound, status: 404, message: "Not Found", requests: 1},
		},
		{
			name: "S8 404 cut", steps: []step{{bytes: "HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\n{", after: closed}},
			want: outcome{is: notFound, status: 404, message: "Not Found", requests: 1},
		},
		{
			name: "S9 409", steps: []step{sendsJSON(409, `{"error":"conflict"}`)},
			want: outcome{status: 409, message: "conflict", requests: 1},
		},
		{
			name: "S10 406", steps: []step{says(406, "text/plain", "")},
			want: outcome{status: 406, message: "Not Acceptable", requests: 1},
		},
		{
			name: "S10 415", steps: []step{says(415, "text/plain", "no such media")},
			want: outcome{status: 415, message: "no such media", requests: 1},
		},
		{
			name: "S11 422 with attributes", on: trial.CallsThat(isSureOf422), steps: []step{sendsJSON(422, `{"message":"Content is too long","attributes":["content","a"]}`, "X-Request-Id: r-1")},
			want: outcome{
				is: []error{cfchat.ErrRejected}, status: 422, message: "Content is too long", requests: 1,
				check: func(t *testing.T, e *cfchat.Error, _ *faultServer, _ *counted) {
					if !slices.Equal(e.Attributes, []string{"content", "a"}) || e.RequestID != "r-1" {
						t.Errorf("attributes %q, request id %q", e.Attributes, e.RequestID)
					}
				},
			},
		},
		{
			name: "S11 422 after which a message may be stored", on: trial.CallsThat(func(c trial.Call) bool { return c.Unsure422 }),
			steps: []step{sendsJSON(422, `{"error":"undefined method `+"`reject'"+` for nil"}`)},
			want:  outcome{is: []error{cfchat.ErrUnknownOutcome}, status: 422, message: "undefined method `reject' for nil", requests: 1},
		},
		{
			name: "S11 422 that proves that no message is stored", on: []trial.Call{trial.CallOf(operation.CreateANewMessageInAConversation.ID)},
			steps: []step{sendsJSON(422, `{"error":"Validation failed: Content is too long (maximum is 150000 characters), Too many messages"}`)},
			want:  outcome{is: []error{cfchat.ErrRejected}, status: 422, requests: 1},
		},
		{
			name: "S11 422 in another language", on: []trial.Call{trial.CallOf(operation.CreateANewMessageInAConversation.ID)},
			steps: []step{sendsJSON(422, `{"error":"Validation failed: Content ist zu lang"}`)},
			want:  outcome{is: []error{cfchat.ErrUnknownOutcome}, status: 422, requests: 1},
		},
		{
			name: "S32 422 of a GET", on: trial.Gets, steps: []step{sendsJSON(422, `{"error":"La consulta ha tardado demasiado"}`)},
			want: outcome{is: []error{cfchat.ErrRejected}, status: 422, requests: 3, waits: []span{firstWait, secondWait}, took: bothWaits},
		},
		{
			name: "S32 422 of a slow database, read", on: trial.Reads, steps: []step{sendsJSON(422, slowDatabase)},
			want: outcome{is: []error{cfchat.ErrServer}, status: 422, requests: 3, waits: []span{firstWait, secondWait}, took: bothWaits},
		},
		{
			name: "S32 422 of a slow database, once", on: trial.Reads, steps: []step{sendsJSON(422, slowDatabase), fine},
			want: outcome{ok: true, requests: 2, took: firstWait},
		},
		{
			name: "S32 422 of a slow database, write", on: trial.Writes, steps: []step{sendsJSON(422, slowDatabase)},
			want: outcome{is: []error{cfchat.ErrServer, cfchat.ErrUnknownOutcome}, status: 422, requests: 1},
		},
		{
			name: "S11 control characters do not get into a log", on: []trial.Call{trial.Filter}, steps: []step{sendsJSON(422, `{"error":"a\r\n\u001b[31mb\u0000c"}`)},
			want: outcome{is: []error{cfchat.ErrRejected}, status: 422, message: "a [31mb c", requests: 1},
		},
		{
			name: "S11 a long message and body are clipped", on: []trial.Call{trial.Filter}, steps: []step{sendsJSON(422, `{"error":"`+strings.Repeat("é", 5000)+`"}`)},
			want: outcome{
				is: []error{cfchat.ErrRejected}, status: 422, message: strings.Repeat("é", 500) + "…", requests: 1,
				check: func(t *testing.T, e *cfchat.Error, _ *faultServer, _ *counted) {
					if len(e.Body) == 0 || len(e.Body) > 4<<10 {
						t.Errorf("%d bytes of body", len(e.Body))
					}
				},
			},
		},
		{
			name: "S12 429 without Retry-After, no Date", steps: []step{tooMany(0), fine},
			want: outcome{ok: true, requests: 2, took: nextMinute},
		},
		{
			name: "S12 429 without Retry-After, within a minute", steps: []step{tooMany(20 * time.Second), fine},
			want: outcome{ok: true, requests: 2, took: nextMinute},
		},
		{
			name: "S12 429 without Retry-After, no Date, twice", steps: []step{tooMany(0), tooMany(0), fine},
			want: outcome{ok: true, requests: 3, took: lateMinute, waits: []span{nextMinute, {4 * time.Second, 6 * time.Second}}},
		},
		{
			name: "S12 429 after a wait, no Date, nearly 5 s after the turn", steps: []step{waitAMinute, tooMany(5*time.Second - 1), fine},
			want: outcome{ok: true, requests: 3, took: lateMinute},
		},
		{
			name: "S12 429 after a wait, no Date, 5 s after the turn", steps: []step{waitAMinute, tooMany(5 * time.Second), fine},
			want: outcome{ok: true, requests: 3, took: span{120*time.Second + 250*time.Millisecond, 121 * time.Second}},
		},
		{
			name: "S12 429 after a wait, a Date just after the turn", steps: []step{waitAMinute, says(429, "text/plain", "Retry later\n", "Date: "+httpDate(62*time.Second)), fine},
			want: outcome{ok: true, requests: 3, took: span{118*time.Second + 250*time.Millisecond, 119 * time.Second}},
		},
		{
			name: "S12 429 after a wait, an invalid Date", steps: []step{waitAMinute, says(429, "text/plain", "Retry later\n", "Date: today"), fine},
			want: outcome{ok: true, requests: 3, took: lateMinute},
		},
		{
			name: "S12 429 after the wait for a 503, no Date", on: []trial.Call{trial.Get}, steps: []step{sendsJSON(503, `{}`), tooMany(0), fine},
			want: outcome{ok: true, requests: 3, took: span{5*time.Second + 250*time.Millisecond, 6 * time.Second}},
		},
		{
			name: "S12 429 every time, no Date", steps: []step{tooMany(0)},
			want: outcome{is: limited, status: 429, requests: 3, took: lateMinute},
		},
		{
			name: "S12 429 every time, no Date, one try", option: func(c *cfchat.Config) { c.Retry.MaxTries = 1 }, steps: []step{tooMany(0)},
			want: outcome{is: limited, status: 429, retryAfter: time.Minute, requests: 1},
		},
		{
			name:   "S12 429 without Retry-After, no Date, each just after a turn",
			option: func(c *cfchat.Config) { c.Retry.MaxTries, c.Timeout = 4, time.Hour },
			steps:  []step{tooMany(0), tooMany(0), tooMany(56 * time.Second), fine},
			want:   outcome{ok: true, requests: 4, took: span{125*time.Second + 250*time.Millisecond, 126 * time.Second}},
		},
		{
			name: "S12 429 without Retry-After, Date", steps: []step{says(429, "text/plain", "Retry later\n", "Date: "+httpDate(50*time.Second)), fine},
			want: outcome{ok: true, requests: 2, took: span{10*time.Second + 250*time.Millisecond, 11 * time.Second}},
		},
		{
			name: "S12 429 without Retry-After, an invalid Date", steps: []step{says(429, "text/plain", "Retry later\n", "Date: today"), fine},
			want: outcome{ok: true, requests: 2, took: nextMinute},
		},
		{
			name: "S12 429 every time", steps: []step{says(429, "text/plain", "Retry later\n", "Date: "+httpDate(50*time.Second))},
			want: outcome{
				is: limited, status: 429, message: "Retry later", retryAfter: 10 * time.Second, requests: 3,
				took: span{20*time.Second + 500*time.Millisecond, 22 * time.Second},
			},
		},
		{
			name: "S12 the next minute is beyond the deadline", deadline: 59 * time.Second, steps: []step{says(429, "text/plain", "Retry later\n")},
			want: outcome{is: limited, status: 429, retryAfter: time.Minute, requests: 1},
		},
		{
			name: "S12 no Date, and the 5 s after the turn are beyond the deadline", deadline: 65 * time.Second, steps: []step{waitAMinute, tooMany(time.Second)},
			want: outcome{is: limited, status: 429, retryAfter: 4 * time.Second, requests: 2, took: exactly(61 * time.Second)},
		},
		{
			name:   "S12 no Date, and the 5 s after the turn are above the cap",
			option: func(c *cfchat.Config) { c.Retry.MaxWait = 3 * time.Second },
			steps:  []step{says(429, "text/plain", "Retry later\n", "Retry-After: 1"), tooMany(0)},
			want:   outcome{is: limited, status: 429, retryAfter: 4 * time.Second, requests: 2, took: exactly(time.Second)},
		},
		{
			name: "S13 429 on create", on: trial.Writes, steps: []step{sendsJSON(429, `{}`, "Retry-After: 2"), sendsJSON(429, `{}`, "Retry-After: 1"), fine},
			want: outcome{ok: true, requests: 3, took: exactly(3 * time.Second), waits: []span{exactly(2 * time.Second), exactly(time.Second)}},
		},
		{
			name: "S13 429, then 500, on create", on: trial.Writes, steps: []step{sendsJSON(429, `{}`, "Retry-After: 2"), sendsJSON(500, `{}`)},
			want: outcome{is: maybeDone, status: 500, requests: 2, took: exactly(2 * time.Second)},
		},
		{
			name: "S14 Retry-After in seconds", steps: []step{sendsJSON(429, `{}`, "Retry-After: 7"), fine},
			want: outcome{ok: true, requests: 2, took: exactly(7 * time.Second)},
		},
		{
			name: "S14 Retry-After equal to the cap", steps: []step{sendsJSON(429, `{}`, "Retry-After: 60"), fine},
			want: outcome{ok: true, requests: 2, took: exactly(time.Minute)},
		},
		{
			name: "S15 Retry-After as a date", steps: []step{sendsJSON(429, `{}`, "Retry-After: "+httpDate(9*time.Second)), fine},
			want: outcome{ok: true, requests: 2, took: exactly(9 * time.Second)},
		},
		{
			name:  "S15 Retry-After as a date, by a clock that is wrong",
			steps: []step{sendsJSON(429, `{}`, "Retry-After: "+httpDate(time.Hour+9*time.Second), "Date: "+httpDate(time.Hour)), fine},
			want:  outcome{ok: true, requests: 2, took: exactly(9 * time.Second)},
		},
		{
			name: "S15 Retry-After in seconds, and a Date", steps: []step{sendsJSON(429, `{}`, "Retry-After: 9", "Date: "+httpDate(50*time.Second)), fine},
			want: outcome{ok: true, requests: 2, took: exactly(9 * time.Second)},
		},
		{
			name: "S16 Retry-After above the cap", steps: []step{sendsJSON(429, `{}`, "Retry-After: 61")},
			want: outcome{is: limited, status: 429, retryAfter: 61 * time.Second, requests: 1},
		},
		{
			name: "S16 Retry-After of two days", steps: []step{sendsJSON(429, `{}`, "Retry-After: 172800")},
			want: outcome{is: limited, status: 429, says: "asks to wait 48h0m0s", retryAfter: 48 * time.Hour, requests: 1},
		},
		{
			name: "S16 Retry-After as a date above the cap", steps: []step{sendsJSON(429, `{}`, "Retry-After: "+httpDate(time.Hour))},
			want: outcome{is: limited, status: 429, retryAfter: time.Hour, requests: 1},
		},
		{
			name: "S16 Retry-After that overflows a duration", on: []trial.Call{trial.Get}, steps: []step{sendsJSON(429, `{}`, "Retry-After: 9223372037")},
			want: outcome{is: limited, status: 429, requests: 1, check: asksForDays},
		},
		{
			name: "S16 Retry-After that overflows an integer", on: []trial.Call{trial.Get}, steps: []step{sendsJSON(429, `{}`, "Retry-After: 99999999999999999999")},
			want: outcome{is: limited, status: 429, requests: 1, check: asksForDays},
		},
		{
			name: "S16 Retry-After above the caller's deadline", deadline: 5 * time.Second, steps: []step{sendsJSON(429, `{}`, "Retry-After: 7")},
			want: outcome{is: limited, status: 429, retryAfter: 7 * time.Second, requests: 1},
		},
		{
			name: "S16 Retry-After is reported even without another try", option: func(c *cfchat.Config) { c.Retry.MaxTries = 1 },
			steps: []step{sendsJSON(429, `{}`, "Retry-After: 7")},
			want:  outcome{is: limited, status: 429, retryAfter: 7 * time.Second, requests: 1},
		},
		{
			name: "S19 429 every time", steps: []step{sendsJSON(429, `{"error":"slow"}`, "Retry-After: 1")},
			want: outcome{is: limited, status: 429, message: "slow", requests: 3, took: exactly(2 * time.Second)},
		},
		{
			name: "S21 500, read", on: trial.CallsThat(func(c trial.Call) bool { return c.Method == http.MethodGet && !c.Final500 }), steps: []step{sendsJSON(500, `{"status":500,"error":"Internal Server Error"}`)},
			want: outcome{is: broken, status: 500, message: "Internal Server Error", requests: 3, took: bothWaits, waits: []span{firstWait, secondWait}},
		},
		{
			name: "S21 500 that is final", on: trial.CallsThat(func(c trial.Call) bool { return c.Final500 }), steps: []step{sendsJSON(500, `{"status":500,"error":"Internal Server Error"}`)},
			want: outcome{is: broken, status: 500, requests: 1},
		},
		{
			name: "S22 500 on create", on: trial.Writes, steps: []step{sendsJSON(500, `{"status":500,"error":"Internal Server Error"}`)},
			want: outcome{is: maybeDone, status: 500, requests: 1},
		},
		{
			name: "S22 502 on create", on: trial.Writes, steps: []step{says(502, "text/html", challenge)},
			want: outcome{is: maybeDone, status: 502, requests: 1, check: noHTML},
		},
		{
			name: "S22 503 with Retry-After on create", on: trial.Writes, steps: []step{sendsJSON(503, `{}`, "Retry-After: 1")},
			want: outcome{is: maybeDone, status: 503, retryAfter: time.Second, requests: 1},
		},
		{
			name: "S22 504 on create", on: trial.Writes, steps: []step{says(504, "text/plain", "timeout")},
			want: outcome{is: maybeDone, status: 504, message: "timeout", requests: 1},
		},
		{
			name: "S23 502 HTML, then ok, read", on: trial.Reads, steps: []step{says(502, "text/html", challenge), fine},
			want: outcome{ok: true, requests: 2, took: firstWait},
		},
		{
			name: "S24 503 with Retry-After, read", on: trial.Reads, steps: []step{says(503, "text/html", challenge, "Retry-After: 7"), fine},
			want: outcome{ok: true, requests: 2, took: exactly(7 * time.Second)},
		},
		{
			name: "S24 504, then 522, then ok, read", on: trial.Reads, steps: []step{says(504, "", ""), says(522, "", ""), fine},
			want: outcome{ok: true, requests: 3, took: bothWaits},
		},
		{
			name: "S27 501", steps: []step{says(501, "text/plain", "no")}, on: trial.Reads,
			want: outcome{is: broken, status: 501, requests: 1},
		},
		{
			name: "S27 505", steps: []step{says(505, "text/plain", "no")}, on: trial.Reads,
			want: outcome{is: broken, status: 505, requests: 1},
		},
		{
			name: "S27 530, beyond 529", steps: []step{says(530, "text/plain", "no")}, on: trial.Reads,
			want: outcome{is: broken, status: 530, requests: 1},
		},
		{
			name: "S27 501 on create", steps: []step{says(501, "text/plain", "no")}, on: trial.Writes,
			want: outcome{is: maybeDone, status: 501, requests: 1},
		},
		{
			name: "S28 204 instead of a body, read", on: trial.Reads, steps: []step{{bytes: "HTTP/1.1 204 No Content\r\n\r\n"}},
			want: outcome{is: []error{cfchat.ErrDecode}, status: 204, requests: 1},
		},
		{
			name: "S28 204 instead of a body, write", on: trial.Writes, steps: []step{{bytes: "HTTP/1.1 204 No Content\r\n\r\n"}},
			want: outcome{is: []error{cfchat.ErrDecode, cfchat.ErrUnknownOutcome}, status: 204, requests: 1},
		},
		{
			name: "S30 202", on: []trial.Call{trial.Get}, steps: []step{sendsJSON(202, trial.GoodConversation)},
			want: outcome{is: []error{cfchat.ErrDecode}, status: 202, requests: 1},
		},
		{
			name: "S30 201 on create", on: []trial.Call{trial.Create}, steps: []step{sendsJSON(201, trial.GoodConversation)},
			want: outcome{is: []error{cfchat.ErrDecode, cfchat.ErrUnknownOutcome}, status: 201, requests: 1},
		},
		{
			name: "S30 206", on: []trial.Call{trial.Get}, steps: []step{sendsJSON(206, trial.GoodConversation, "Content-Range: bytes 0-24/25")},
			want: outcome{is: []error{cfchat.ErrDecode}, status: 206, requests: 1},
		},
		{
			name: "S31 a status that does not exist", on: []trial.Call{trial.Get}, steps: []step{says(799, "text/plain", "what")},
			want: outcome{is: broken, status: 799, message: "what", requests: 1},
		},
		{
			name: "S31 a status of one digit", on: []trial.Call{trial.Create}, steps: []step{{bytes: "HTTP/1.1 2 OK\r\n\r\n", after: closed}},
			want: outcome{is: []error{cfchat.ErrUnknownOutcome}, requests: 1},
		},
		{
			name: "A7 the same key is not tried again after 401", steps: []step{sendsJSON(401, `{"error":"Invalid Access Token"}`, "Retry-After: 1"), fine},
			want: outcome{is: unauthorized, status: 401, requests: 1},
		},
	})
}

// TestInvalidRetryAfter plays S17: after an invalid Retry-After the client waits as without one.
func TestInvalidRetryAfter(t *testing.T) {
	for _, value := range []string{
		"", "soon", "-7", "0", "1.5", "7s", "0x7", "7 8", "Sat, 01 Jan 2000 00:00:00", httpDate(-time.Hour), httpDate(0),
		// Negative numbers that become positive, or small, when they are multiplied by a second.
		"-9223372036854775808", "-9223372037", "-18446744066", "-99999999999999999999",
	} {
		testFaults(t, []fault{
			{
				name: "S17 503, Retry-After: " + value, on: []trial.Call{trial.Get}, steps: []step{sendsJSON(503, `{}`, "Retry-After: "+value), fine},
				want: outcome{ok: true, requests: 2, took: firstWait},
			},
			{
				name: "S17 429, Retry-After: " + value, on: []trial.Call{trial.Create}, steps: []step{sendsJSON(429, `{}`, "Retry-After: "+value), fine},
				want: outcome{ok: true, requests: 2, took: nextMinute},
			},
		})
	}
}

func asksForDays(t *testing.T, e *cfchat.Error, _ *faultServer, _ *counted) {
	t.Helper()
	if e.RetryAfter < 24*time.Hour {
		t.Errorf("got RetryAfter %v", e.RetryAfter)
	}
}

// TestErrorInLogs checks the fields that slog gets from an error: each under its name, and none that is unknown.
func TestErrorInLogs(t *testing.T) {
	keys := func(e *cfchat.Error) string {
		var all []string
		for _, a := range e.LogValue().Group() {
			all = append(all, a.String())
		}
		return strings.Join(all, "|")
	}
	e := &cfchat.Error{Operation: "op", StatusCode: 429, Message: "slow", RequestID: "r1", RetryAfter: 2 * time.Second, Body: "secret"}
	if got, want := keys(e), "operation=op|error="+e.Error()+"|status=429|request_id=r1|retry_after=2s"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := keys(&cfchat.Error{}); got != "operation=|error=cfchat" {
		t.Errorf("empty error: got %s", got)
	}
	if e.LogValue().Kind() != slog.KindGroup {
		t.Error("the value is not a group")
	}
}

// TestLongestMessage checks that a message of 500 runes is kept unchanged, and a longer one is cut to its first 500.
func TestLongestMessage(t *testing.T) {
	for n, want := range map[int]string{499: strings.Repeat("ä", 499), 500: strings.Repeat("ä", 500), 501: strings.Repeat("ä", 500) + "…"} {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(422, "application/json", `{"error":"`+strings.Repeat("ä", n)+`"}`), nil
		}))
		_, err := chat.Account(1).Conversations.Get(t.Context(), 42)
		if e, ok := errors.AsType[*cfchat.Error](err); !ok || e.Message != want {
			t.Errorf("message of %d runes: %v", n, err)
		}
	}
}

// TestIgnoredMessages checks that a message with HTML in it is not used, and that an attribute without a name is ignored.
func TestIgnoredMessages(t *testing.T) {
	for body, want := range map[string]string{
		`{"error":"oops <html><body>x"}`: "Unprocessable Entity", `{"error":"oops <!DOCTYPE html>"}`: "Unprocessable Entity",
		`{"message":"no","attributes":""}`: "no",
	} {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return trial.Reply(422, "application/json", body), nil }))
		_, err := chat.Account(1).Conversations.Get(t.Context(), 42)
		if e, ok := errors.AsType[*cfchat.Error](err); !ok || e.Message != want || len(e.Attributes) != 0 {
			t.Errorf("%s: got %q, %#v", body, err, e)
		}
	}
}

// TestRetryWithoutAWait checks that the shortest possible MaxWait, which leaves no room for jitter, causes no failure.
func TestRetryWithoutAWait(t *testing.T) {
	sent := 0
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		sent++
		return trial.Reply(503, "text/plain", "no"), nil
	}), func(c *cfchat.Config) { c.Retry = cfchat.Retry{MaxWait: 1} })
	if _, err := trial.Get.Do(t.Context(), chat); !errors.Is(err, cfchat.ErrServer) || sent != 3 {
		t.Errorf("%v after %d tries", err, sent)
	}
}

// TestKeyThatDidNotArrive checks that only the server's message for a request without a key is taken to mean that something
// removed the key on the way.
func TestKeyThatDidNotArrive(t *testing.T) {
	for body, want := range map[string]bool{
		`{"errors":["You need to sign in or sign up before continuing."]}`:       true,
		`{"error":"401: You need to sign in or sign up before continuing. Bye"}`: true,
		`{"error":"Invalid Access Token"}`:                                       false,
		`{"error":"You need to sign in"}`:                                        false,
		`{}`:                                                                     false,
		``:                                                                       false,
	} {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return trial.Reply(401, "application/json", body), nil }))
		_, err := trial.Get.Do(t.Context(), chat)
		e, ok := errors.AsType[*cfchat.Error](err)
		if !ok || (e.Err != nil && strings.Contains(e.Err.Error(), "did not reach")) != want {
			t.Errorf("%s: %v", body, err)
		}
	}
}
