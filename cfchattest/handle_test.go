package cfchattest_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

const campaigns = "GET /api/v1/accounts/{account_id}/campaigns"

// answerWith returns a handler that shows its request.
func answerWith(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"account":%q,"q":%q,"body":%q,"read":%t}`, r.PathValue("account_id"), r.URL.Query().Get("q"), body, err == nil)
	})
}

// TestHandle calls handlers over each kind of connection to a server, without a valid key, and checks that the requests are
// kept.
func TestHandle(t *testing.T) {
	srv := cfchattest.New(t)
	srv.Handle(campaigns, answerWith(http.StatusOK))
	srv.Handle("POST /api/v1/accounts/{account_id}/campaigns", answerWith(http.StatusUnprocessableEntity))
	for name, over := range map[string]http.RoundTripper{"in process": srv.Transport(), "by socket": http.DefaultTransport} {
		for _, c := range []struct {
			method, path, body string
			status             int
			want               string
		}{
			{"GET", "/api/v1/accounts/1/campaigns?q=a", "", 200, `{"account":"1","q":"a","body":"","read":true}`},
			{"POST", "/api/v1/accounts/7/campaigns", "x", 422, `{"account":"7","q":"","body":"x","read":true}`},
			{"PUT", "/api/v1/accounts/1/campaigns", "", 404, `{"status":404,"error":"Not Found"}`},
			{"GET", "/api/v1/accounts/1/campaigns/2", "", 404, `{"status":404,"error":"Not Found"}`},
		} {
			r := request(t, "", c.method, c.path, c.body)
			r.URL.Host = strings.TrimPrefix(srv.URL(), "http://")
			resp, err := over.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, resp); resp.StatusCode != c.status || got != c.want || resp.Header.Get("X-Request-Id") == "" ||
				!strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
				t.Errorf("%s: %s %s: %d %s, want %d %s", name, c.method, c.path, resp.StatusCode, got, c.status, c.want)
			}
			all := srv.Requests()
			if got := all[len(all)-1]; got.Operation != "" || got.Status != c.status || got.Body != c.body || got.Method != c.method {
				t.Errorf("%s: %s %s is kept as %+v", name, c.method, c.path, got)
			}
		}
	}
}

// TestHandleDo calls a handler by Do, with a client without sockets and in virtual time: the handler can use the server, and
// fails as requested.
func TestHandleDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := cfchattest.New(t)
		id := srv.AddConversation(cfchattest.Conversation{})
		srv.Handle("POST /api/v1/accounts/{account_id}/conversations/{id}/close", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			srv.SetStatus(id, cfchat.StatusResolved)
		}))
		path := fmt.Sprintf("conversations/%d/close", id)
		srv.FailNext("", cfchattest.Failure{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"7"}}})
		srv.FailNext("", cfchattest.Failure{Delay: time.Second})
		start := time.Now()
		if err := srv.Account(t).Do(t.Context(), http.MethodPost, path, nil, nil); err != nil || time.Since(start) != 8*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		if c, _ := srv.Conversation(id); c.Status != cfchat.StatusResolved || len(srv.Requests()) != 2 {
			t.Errorf("it is %s after %+v", c.Status, srv.Requests())
		}
	})
}

// TestHandleNoOperation checks that a handler cannot replace an operation.
func TestHandleNoOperation(t *testing.T) {
	srv := cfchattest.Start()
	defer srv.Close()
	id := srv.AddConversation(cfchattest.Conversation{})
	for pattern, want := range map[string]string{
		"GET /api/v1/accounts/{account_id}/conversations":            "conversationList, ",
		"GET chat.example.com/api/v1/accounts/{a}/conversations/{$}": "conversationList, ",
		"/api/v1/accounts/1/conversations":                           "conversationList, ",
		"GET /api/v1/accounts/1/conversations/{id}":                  "getDetailsOfAConversation, ",
		"GET /api/v1/accounts/{a}/conversations/meta":                "conversationListMeta, ",
		"POST /api/v1/accounts/{a}/conversations/{id}/toggle_status": "toggleStatusOfAConversation, ",
		"GET  api": "api",
		"DELETE /api/v1/accounts/{account_id}/conversations/{id}/labels":        "",
		"GET /api/v1/accounts/{account_id}/conversations/search":                "",
		"GET /api/v1/accounts/{account_id}/conversations/{id}/reporting_events": "",
		"GET /api/v1/accounts/{account_id}/conversations/{id}/labels/{label}":   "",
		"GET /api/v1/":                  "",
		"GET /api/v1/accounts/{all...}": "",
	} {
		got := panicOf(func() { srv.Handle(pattern, answerWith(http.StatusOK)) })
		if !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: it panics with %q, want %q", pattern, got, want)
		}
	}
	if got := panicOf(func() { srv.Handle("GET /api/v1/", answerWith(http.StatusOK)) }); !strings.Contains(got, "conflicts") {
		t.Errorf("registered twice, it panics with %q", got)
	}
	for path, want := range map[string]string{"": "conversationList", "/1": "getDetailsOfAConversation", "/1.json": "getDetailsOfAConversation",
		"/meta": "conversationListMeta", "/search": "", "/1/reporting_events": "", "/none": ""} {
		if status, body := call(t, srv, srv.AdminKey(), "GET", conversations+path, ""); status != 200 || id != 1 {
			t.Errorf("%s: %d %s", path, status, body)
		}
		if all := srv.Requests(); all[len(all)-1].Operation != want {
			t.Errorf("%s was taken for %q, want %q", path, all[len(all)-1].Operation, want)
		}
	}
}

// panicOf returns what a function panics with, "" if it does not.
func panicOf(f func()) (said string) {
	defer func() {
		if cause := recover(); cause != nil {
			said = fmt.Sprint(cause)
		}
	}()
	f()
	return ""
}

// TestHandleAborts checks that an aborting handler drops the connection as in net/http, and the server continues.
func TestHandleAborts(t *testing.T) {
	srv := cfchattest.New(t)
	srv.Handle(campaigns, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	_, err := srv.Transport().RoundTrip(request(t, "", "GET", "/api/v1/accounts/1/campaigns", ""))
	if got := srv.Requests(); !errors.Is(err, io.EOF) || len(got) != 1 || got[0].Status != 0 {
		t.Errorf("%v, %+v", err, got)
	}
	if status, body := call(t, srv, srv.AdminKey(), "GET", conversations, ""); status != 200 {
		t.Errorf("afterwards %d %s", status, body)
	}
}

// TestHandleBehindNginx checks that a handler sees the headers that nginx lets through, and that the RoundTripper's request
// is not changed.
func TestHandleBehindNginx(t *testing.T) {
	srv := cfchattest.New(t, cfchattest.BehindNginx)
	srv.Handle(campaigns, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%d %s", len(r.Header), r.Header.Get("Accept"))
	}))
	r := request(t, "", "GET", "/api/v1/accounts/1/campaigns", "")
	r.Header = http.Header{"api_access_token": {"x"}, "Accept": {"y"}}
	resp, err := srv.Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, resp); got != "1 y" || len(r.Header) != 2 {
		t.Errorf("%s, %v", got, r.Header)
	}
}

// TestConfig creates a client with both keys for a server that was started without a test.
func TestConfig(t *testing.T) {
	srv := cfchattest.Start()
	defer srv.Close()
	id := srv.AddConversation(cfchattest.Conversation{})
	chat, err := cfchat.New(srv.Config())
	if err != nil {
		t.Fatal(err)
	}
	acct := chat.Account(srv.AccountID())
	if _, err := acct.Conversations.Get(t.Context(), id); err != nil {
		t.Error(err)
	}
	if _, err := acct.Conversations.ToggleStatus(t.Context(), id); err != nil {
		t.Error(err)
	}
	if c, _ := srv.Conversation(id); !strings.HasSuffix(c.Messages[0].GetContent(), " by Helper Bot") {
		t.Errorf("the bot did not do it: %s", c.Messages[0].GetContent())
	}
	for want, f := range map[string]func(){
		"cfchattest: Chat and Account need a test; without one pass the Server's Config to cfchat.New": func() { srv.Chat(nil) },
		"cfchattest: New needs a test; without one use Start":                                          func() { cfchattest.New(nil) },
	} {
		if got := panicOf(f); got != want {
			t.Errorf("it panics with %q, want %q", got, want)
		}
	}
	if got := panicOf(func() { srv.Account(nil) }); !strings.HasPrefix(got, "cfchattest: Chat and Account") {
		t.Errorf("it panics with %q", got)
	}
}

// TestSourceID checks that a contact's conversations use the source id that it was added with, in that inbox only.
func TestSourceID(t *testing.T) {
	srv := cfchattest.New(t)
	other := srv.AddInbox(cfchattest.Inbox{})
	contact := srv.AddContact(cfchattest.Contact{SourceID: "known"})
	var got []string
	for _, inbox := range []int64{0, other, 0, other} {
		id := srv.AddConversation(cfchattest.Conversation{Inbox: inbox, Contact: contact})
		srv.AddMessage(id, cfchattest.Message{})
		c, _ := srv.Conversation(id)
		got = append(got, c.Messages[0].Conversation.ContactInbox.GetSourceID())
	}
	if got[0] != "known" || got[2] != "known" || got[1] == "known" || got[1] != got[3] {
		t.Errorf("the source ids are %q", got)
	}
	created, err := srv.Account(t).Conversations.Create(t.Context(), cfchat.ConversationCreate{SourceID: "known"})
	if err != nil || created.Meta.Sender.ID != contact {
		t.Errorf("%v, %v", created, err)
	}
}

// TestHandleAlike checks that answers are the same over the Transport and over a socket, even if net/http sends no body or
// an interim response, and that requests are kept as they arrived.
func TestHandleAlike(t *testing.T) {
	srv := cfchattest.New(t)
	for path, h := range map[string]http.HandlerFunc{
		"head":    func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") },
		"nothing": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) },
		"body":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204); _, _ = io.WriteString(w, "{}") },
		"early":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); _, _ = io.WriteString(w, "{}") },
		"changed": func(_ http.ResponseWriter, r *http.Request) { r.URL.Path = "/else"; r.Header.Set("X-Else", "1") },
	} {
		srv.Handle("/api/v1/"+path, h)
		for _, method := range []string{http.MethodHead, http.MethodGet} {
			var got []string
			for _, transport := range []http.RoundTripper{srv.Transport(), nil} {
				config := srv.Config()
				config.HTTPClient = &http.Client{Transport: transport}
				chat, err := cfchat.New(config)
				if err != nil {
					t.Fatal(err)
				}
				var body strings.Builder
				err = chat.Do(t.Context(), method, path, nil, &body)
				got = append(got, fmt.Sprintf("%v %s", err, &body))
			}
			if got[0] != got[1] {
				t.Errorf("%s %s: over the Transport %s, over a socket %s", method, path, got[0], got[1])
			}
		}
	}
	for _, r := range srv.Requests() {
		if r.Path == "/else" {
			t.Errorf("the handler has changed %+v", r)
		}
	}
}
