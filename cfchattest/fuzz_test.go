package cfchattest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"
)

// FuzzServe sends anything: each request must be answered with one of the server's statuses, in JSON.
func FuzzServe(f *testing.F) {
	f.Add(byte(3), "GET", "", "status=all&page=2&labels=a,%22b,c%22&sort_by=priority_asc", "")
	f.Add(byte(0), "GET", "/meta", "q=%25&inbox_id[]=1&team_id=x&conversation_type=mention", "")
	f.Add(byte(3), "GET", "/5.0", "", "")
	f.Add(byte(3), "POST", "/filter", "page=1", rules(`status equal_to ["all"] OR`, `tier contains ["x"] AND`,
		`seats is_less_than ["1e3"]`))
	f.Add(byte(0), "POST", "/filter", "", rules(`created_at days_before [3] AND`, `labels not_equal_to ["a"] OR`,
		`x y {"a":[null]}`))
	f.Add(byte(3), "POST", "", "", `{"inbox_id":1,"contact_id":"1","source_id":7,"message":{"content":5,"private":true},"assignee_id":{}}`)
	f.Add(byte(3), "POST", "", "", `{"inbox_id":1,"contact_id":1,"message":{"content":"{{contact.name}}{% raw %}`+"`"+`","content_attributes":"{}"}}`)
	f.Add(byte(0), "POST", "/1/toggle_status", "status=snoozed", `{"snoozed_until":-1.5e300}`)
	f.Fuzz(func(t *testing.T, version byte, method, path, query, body string) {
		quiet := &failingTest{TB: t} // a message can be a template that the stand-in cannot render
		srv := sales(quiet, cfchattest.Version(specVersions[int(version)%len(specVersions)]))
		r := httptest.NewRequest("GET", "/", strings.NewReader(body))
		r.Method, r.URL = method, &url.URL{Path: conversations + path, RawQuery: query}
		r.Header.Set("Accept", "application/json")
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("api_access_token", srv.AdminKey())
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, r)
		if !slices.Contains([]int{200, 400, 404, 422, 500}, w.Code) || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if w.Code == http.StatusOK && len(srv.Conversations()) < 5 {
			t.Error("a conversation is lost")
		}
	})
}
