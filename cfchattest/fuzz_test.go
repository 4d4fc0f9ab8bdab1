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

// FuzzServe sends anything: it has to be answered, by one of the server's statuses, in JSON.
func FuzzServe(f *testing.F) {
	f.Add(false, "GET", "", "status=all&page=2&labels=a,%22b,c%22&sort_by=priority_asc", "")
	f.Add(true, "GET", "/meta", "q=%25&inbox_id[]=1&team_id=x&conversation_type=mention", "")
	f.Add(false, "GET", "/5.0", "", "")
	f.Add(false, "POST", "/filter", "page=1", rules(`status equal_to ["all"] OR`, `tier contains ["x"] AND`, `seats is_less_than ["1e3"]`))
	f.Add(true, "POST", "/filter", "", rules(`created_at days_before [3] AND`, `labels not_equal_to ["a"] OR`, `x y {"a":[null]}`))
	f.Add(false, "POST", "", "", `{"inbox_id":1,"contact_id":"1","source_id":7,"message":{"content":5,"private":true},"assignee_id":{}}`)
	f.Add(true, "POST", "/1/toggle_status", "status=snoozed", `{"snoozed_until":-1.5e300}`)
	f.Fuzz(func(t *testing.T, old bool, method, path, query, body string) {
		var opts []cfchattest.Option
		if old {
			opts = append(opts, cfchattest.Version("2.16.0"))
		}
		srv := sales(t, opts...)
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
