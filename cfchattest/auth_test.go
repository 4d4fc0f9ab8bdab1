package cfchattest_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"
)

func TestKeySpellings(t *testing.T) {
	for name, want := range map[string]int{"api_access_token": 200, "Api_access_token": 200, "Api-Access-Token": 200, "Authorization": 401} {
		if got := withHeader(t, cfchattest.New(t), name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
	for name, want := range map[string]int{"api_access_token": 401, "Api-Access-Token": 200} {
		if got := withHeader(t, cfchattest.New(t, cfchattest.BehindNginx), name); got != want {
			t.Errorf("%s behind nginx: %d, want %d", name, got, want)
		}
	}
}

// withHeader sends the administrator's key over a socket in a header whose name keeps the given spelling.
func withHeader(t *testing.T, srv *cfchattest.Server, name string) int {
	r, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL()+conversations, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header[name] = []string{srv.AdminKey()}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, resp)
	return resp.StatusCode
}

func TestOrderOfChecks(t *testing.T) {
	srv := cfchattest.New(t)
	id := srv.AddConversation(cfchattest.Conversation{Inbox: srv.AddInbox(cfchattest.Inbox{})})
	_, stray := srv.AddBot(cfchattest.Bot{Stray: true})
	for _, c := range []struct {
		name, key, method, path, body, want string
	}{
		{"malformed before the key", "wrong", "POST", "/filter", `{`, `{"status":400,"error":"Bad Request"}`},
		{"trailing text", srv.AdminKey(), "POST", "/filter", `{} x`, `{"status":400,"error":"Bad Request"}`},
		{"no UTF-8", srv.AdminKey(), "POST", "/filter", "{\"page\":\"\xff\"}", `{"status":400,"error":"Bad Request"}`},
		{"blank key", " ", "GET", "", "", `{"errors":["You need to sign in or sign up before continuing."]}`},
		{"wrong key", "wrong", "GET", "", "", `{"error":"Invalid Access Token"}`},
		{"bot lists", srv.BotKey(), "GET", "", "", `{"error":"Access to this endpoint is not authorized for bots"}`},
		{"bot filters", srv.BotKey(), "POST", "/filter", "{}", `{"error":"Access to this endpoint is not authorized for bots"}`},
		{"stray bot", srv.Key("stray_bot"), "POST", "/1/toggle_status", "", `{"error":"Bot is not authorized to access this account"}`},
		{"added stray bot", stray, "POST", "/1/toggle_status", "", `{"error":"Bot is not authorized to access this account"}`},
		{"inbox of others", srv.AgentKey(), "GET", "/1", "", `{"error":"You are not authorized to do this action"}`},
		{"no conversation", srv.AgentKey(), "GET", "/9", "", `{"error":"Resource could not be found"}`},
		{"filter by GET", srv.AdminKey(), "GET", "/filter", "", `{"error":"Resource could not be found"}`},
		{"no route", srv.AdminKey(), "DELETE", "/1/labels", "", `{"status":404,"error":"Not Found"}`},
	} {
		if _, got := call(t, srv, c.key, c.method, conversations+c.path, c.body); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if status, _ := call(t, srv, srv.AdminKey(), "GET", "/api/v1/accounts/9/conversations", ""); status != 404 {
		t.Errorf("unknown account: %d, want 404", status)
	}
	if status, _ := call(t, srv, srv.AdminKey(), "GET", conversations+"/1abc", ""); status != 200 || id != 1 {
		t.Errorf("1abc: %d, want 200", status)
	}
}

// Of two spellings of the header, the same one always counts.
func TestTwoKeys(t *testing.T) {
	srv := cfchattest.New(t)
	for range 20 {
		r := httptest.NewRequest("GET", conversations, nil)
		r.Header = http.Header{"Api-Access-Token": {srv.AdminKey()}, "api_access_token": {"wrong"}, "Api_access_token": {"wrong"}}
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, r)
		if w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
}

func TestRequests(t *testing.T) {
	srv := cfchattest.New(t)
	call(t, srv, srv.AdminKey(), "GET", conversations+"?status=all", "")
	call(t, srv, srv.AdminKey(), "POST", conversations+"/7/toggle_status", `{"status":"open"}`)
	got := srv.Requests()
	if len(got) != 2 || got[0].Operation != "conversationList" || got[0].Query.Get("status") != "all" ||
		got[1].Operation != "toggleStatusOfAConversation" || got[1].Body != `{"status":"open"}` || got[1].Status != 404 {
		t.Errorf("%+v", got)
	}
	for _, r := range got {
		if strings.Contains(r.Path+r.Body, srv.AdminKey()) {
			t.Errorf("the key is in %+v", r)
		}
	}
}

// TestRequestsAreWhole checks every field, because tests compare them.
func TestRequestsAreWhole(t *testing.T) {
	srv := cfchattest.New(t)
	call(t, srv, srv.AdminKey(), "POST", conversations+"/7/toggle_status?a=b%20c&a=d", `{"status":"open"}`)
	want := []cfchattest.Request{{
		Method: "POST", Path: conversations + "/7/toggle_status", Query: url.Values{"a": {"b c", "d"}},
		Operation: "toggleStatusOfAConversation", Body: `{"status":"open"}`, Status: 404,
	}}
	if got := srv.Requests(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
