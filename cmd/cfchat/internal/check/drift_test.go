package check

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/api"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/exit"
)

// changed starts a server in front of another, which changes some of its answers.
func changed(t *testing.T, srv *cfchattest.Server, change func(r *http.Request, status int, body string) string) string {
	t.Helper()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		srv.ServeHTTP(recorder, r)
		maps.Copy(w.Header(), recorder.Header())
		w.WriteHeader(recorder.Code)
		_, _ = w.Write([]byte(change(r, recorder.Code, recorder.Body.String())))
	}))
	t.Cleanup(proxy.Close)
	return proxy.URL
}

// edited starts a server in front of another, which edits the JSON of its successful answers.
func edited(t *testing.T, srv *cfchattest.Server, edit func(r *http.Request, answer any) any) string {
	t.Helper()
	return changed(t, srv, func(r *http.Request, status int, body string) string {
		answer, err := decoded(body)
		if status != http.StatusOK || err != nil {
			return body
		}
		text, err := json.Marshal(edit(r, answer))
		if err != nil {
			t.Error(err)
		}
		return string(text)
	})
}

func decoded(body string) (answer any, err error) {
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	return answer, d.Decode(&answer)
}

// answered repeats a request with another query.
func answered(t *testing.T, srv *cfchattest.Server, r *http.Request, query string) any {
	t.Helper()
	again := r.Clone(r.Context())
	again.URL.RawQuery = query
	recorder := httptest.NewRecorder()
	srv.ServeHTTP(recorder, again)
	answer, err := decoded(recorder.Body.String())
	if err != nil {
		t.Error(err)
	}
	return answer
}

// isList reports whether a request is for a page of the list.
func isList(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/conversations")
}

// TestDrift checks that each of three changes is reported, with its place and how often it occurred, and nothing else.
func TestDrift(t *testing.T) {
	srv := standIn(t)
	address := changed(t, srv, func(r *http.Request, _ int, body string) string {
		if !isList(r) {
			return body
		}
		return strings.NewReplacer(
			`"sender":{"additional_attributes":{},"availability`, `"sender":{"plan":"`+canary+`","additional_attributes":{},"availability`,
			`"muted":false,`, ``,
			`"can_reply":true`, `"can_reply":"`+canary+`"`,
		).Replace(body)
	})
	r, err := checkedJSON(t, address, srv.AdminKey())
	const times = 3 * size // the latest, the open and the oldest
	want := []api.Finding{
		{Operation: opList, In: api.InResponse, Path: "data.payload[].can_reply", Kind: api.KindType, Expected: "boolean", Found: "string", Count: times},
		{Operation: opList, In: api.InResponse, Path: "data.payload[].meta.sender.plan", Kind: api.KindUnknown, Found: "string", Count: times},
		{Operation: opList, In: api.InResponse, Path: "data.payload[].muted", Kind: api.KindMissing, Expected: "boolean", Count: times},
	}
	if exit.Status(err) != 1 || exit.Text(err) != "" || r.Result != resultDrift || !reflect.DeepEqual(r.Drift, want) {
		t.Errorf("%v: %+v", err, r)
	}
	text, _ := checkedText(t, address, srv.AdminKey())
	for _, want := range []string{
		"conversation_list drifted (4 requests)",
		"conversation_filter as the contract says (13 requests)",
		"Operations that write, or that this command has no request for yet, are not tried",
		"conversation_list: programs with this module's client can no longer read it",
		"data.payload[].can_reply string, should be boolean 9 times",
		"data.payload[].meta.sender.plan unknown, string 9 times",
		"data.payload[].muted missing, should be boolean 9 times",
		"Server version: 4.7.0",
		"The server has drifted from the contract, after 24 requests.",
	} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), want) { // columns may be any width
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestNewValues checks that a value in none of the spec's lists is reported without its text, and not as drift.
func TestNewValues(t *testing.T) {
	srv := standIn(t)
	address := changed(t, srv, func(_ *http.Request, _ int, body string) string {
		return strings.ReplaceAll(body, `"Channel::Api"`, `"Channel::`+canary+`"`)
	})
	r, err := checkedJSON(t, address, srv.AdminKey())
	if err != nil || r.Result != resultOK || len(r.Drift) != 0 || len(r.NewValues) != 3 || r.NewValues[0].Path != "data.payload[].meta.channel" {
		t.Errorf("%v: %+v", err, r)
	}
}

// TestProblems checks that problems that no schema can detect are reported.
func TestProblems(t *testing.T) {
	for want, change := range map[string]func(r *http.Request, status int, body string) string{
		"conversation_list: the default page: it has conversations that are not open": func(r *http.Request, _ int, body string) string {
			if isList(r) {
				return strings.ReplaceAll(body, `"status":"open"`, `"status":"pending"`)
			}
			return body
		},
		"conversation_filter: a filter by status: it has conversations that do not belong there": func(r *http.Request, _ int, body string) string {
			if isList(r) {
				return body
			}
			return strings.ReplaceAll(body, `"status":"open"`, `"status":"pending"`)
		},
		"conversation_list_meta: assigned_count and unassigned_count do not add up to all_count": func(_ *http.Request, _ int, body string) string {
			return strings.Replace(body, `"all_count":3`, `"all_count":4`, 1)
		},
		"get_details_of_a_conversation: it answers with a conversation other than the requested one": func(r *http.Request, _ int, body string) string {
			if strings.HasSuffix(r.URL.Path, "/1") {
				return strings.Replace(body, `"id":1,`, `"id":2,`, 1)
			}
			return body
		},
	} {
		srv := standIn(t)
		text, err := checkedText(t, changed(t, srv, change), srv.AdminKey())
		if exit.Status(err) != 1 || strings.Count(text, "  ! ") != 1 || !strings.Contains(text, "  ! "+want+"\n") {
			t.Errorf("no %q, %v:\n%s", want, err, text)
		}
	}
}

// TestOtherAnswers checks that answers to a different request than the one sent are reported.
func TestOtherAnswers(t *testing.T) {
	for want, rewrite := range map[string]func(r *http.Request){
		"conversation_list: a page beyond the last: it is not empty": func(r *http.Request) {
			if isList(r) {
				r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "page=", "x=", 1)
			}
		},
		"conversation_list: the oldest conversations: they are not in the order of their creation": func(r *http.Request) {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "sort_by=", "x=", 1)
		},
		"get_details_of_a_conversation: a conversation that does not exist is answered": func(r *http.Request) {
			r.URL.Path = strings.Replace(r.URL.Path, "/2147483647", "/1", 1)
		},
		"get_details_of_a_conversation: a conversation that was listed: answered with 404 Not Found": func(r *http.Request) {
			r.URL.Path = strings.Replace(r.URL.Path, "/conversations/1", "/conversations/4", 1)
		},
		"conversation_filter: a filter on an attribute that does not exist is answered with 200 OK": func(r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(strings.Replace(string(body), "cfchat_check_does_not_exist", "referer", 1)))
		},
	} {
		srv := standIn(t)
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rewrite(r)
			srv.ServeHTTP(w, r)
		}))
		text, err := checkedText(t, proxy.URL, srv.AdminKey())
		proxy.Close()
		if exit.Status(err) != 1 || strings.Count(text, "  ! ") != 1 || !strings.Contains(text, "  ! "+want+"\n") {
			t.Errorf("no %q, %v:\n%s", want, err, text)
		}
	}
}

// TestRefusals checks that a refusal is a problem if the operation should answer according to the contract.
func TestRefusals(t *testing.T) {
	for operation, want := range map[string]string{
		opList:   "  ! conversation_list: the latest conversations: answered with 500 Internal Server Error",
		opFilter: "  ! conversation_filter: a filter by status: answered with 500 Internal Server Error",
	} {
		srv := standIn(t)
		srv.FailNext(operation, cfchattest.Failure{Status: 500, Body: `{"error":"` + canary + `"}`})
		if text, err := checkedText(t, srv.URL(), srv.AdminKey()); exit.Status(err) != 1 || !strings.Contains(text, want) {
			t.Errorf("%s: %v\n%s", operation, err, text)
		}
	}
}

// TestErrorBodies checks that failures in a form that the server does not use are reported, whether JSON or not.
func TestErrorBodies(t *testing.T) {
	srv := standIn(t)
	address := changed(t, srv, func(_ *http.Request, status int, body string) string {
		if status == http.StatusOK {
			return body
		}
		return `{"detail":"` + canary + `"}`
	})
	r, err := checkedJSON(t, address, srv.AdminKey())
	of := func(id string, count int) api.Finding {
		return api.Finding{Operation: id, In: api.InResponse, Kind: api.KindBody, Expected: "error, errors or message", Found: "a failure with none of them", Count: count}
	}
	if want := []api.Finding{of(opFilter, 4), of(opGet, 1)}; exit.Status(err) != 1 || !reflect.DeepEqual(r.Drift, want) {
		t.Errorf("%v: %+v", err, r.Drift)
	}
	srv = standIn(t)
	page := func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		srv.ServeHTTP(answer, r)
		if answer.Code != http.StatusOK {
			answer.Header().Set("Content-Type", "text/html")
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = io.Copy(w, answer.Body)
	}
	proxy := httptest.NewServer(http.HandlerFunc(page))
	defer proxy.Close()
	text, err := checkedText(t, proxy.URL, srv.AdminKey())
	for _, want := range []string{
		"  ! get_details_of_a_conversation: a conversation that does not exist: answered with 404 Not Found, not in JSON\n",
		"  ! conversation_filter: a filter on an attribute that does not exist: answered with 422 Unprocessable Entity, not in JSON\n",
	} {
		if exit.Status(err) != 1 || !strings.Contains(text, want) {
			t.Errorf("%v: no %q in\n%s", err, want, text)
		}
	}
}
