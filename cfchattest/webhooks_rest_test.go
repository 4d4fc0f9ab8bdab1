package cfchattest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/recordings"
)

// TestWebhooksAsRecorded replays the requests sent to servers that had no webhooks at first, and wants the recorded answers,
// apart from secrets, which a server chooses.
func TestWebhooksAsRecorded(t *testing.T) {
	folders, err := filepath.Glob("../testdata/recordings-webhooks/*")
	if err != nil || len(folders) != 2 {
		t.Fatal(folders, err)
	}
	for _, folder := range folders {
		version := filepath.Base(folder)
		t.Run(version, func(t *testing.T) {
			srv := cfchattest.New(t, cfchattest.Version(version))
			_, agent := srv.AddAgent(cfchattest.Agent{})
			keys := map[string]string{"administrator": srv.AdminKey(), "agent": agent}
			all := recordings.In(t, folder)
			if len(all) < 9 {
				t.Fatal(len(all))
			}
			for _, e := range all {
				var body string
				if e.Request.Body != nil {
					body = *e.Request.Body
				}
				status, text := call(t, srv, keys[e.As], e.Request.Method, e.Request.Path, body)
				got, want := jsonOf(t, secret.ReplaceAllString(text, `"secret":"<secret>"`)), jsonOf(t, e.Response.Body)
				if status != e.Response.Status || !reflect.DeepEqual(got, want) {
					t.Errorf("%s: %d %v, recorded %d %v", e.Name, status, got, e.Response.Status, want)
				}
			}
		})
	}
}

var secret = regexp.MustCompile(`"secret":"\w{24}"`)

func jsonOf(t *testing.T, text string) (value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// TestWebhookRequests sends requests that were not recorded, but that the contract describes (H7).
func TestWebhookRequests(t *testing.T) {
	const good = `{"webhook":{"url":"https://example.com/1","subscriptions":["message_created"]}}`
	const eight = `["conversation_status_changed","conversation_updated","conversation_created","contact_created","contact_updated",` +
		`"message_created","message_updated","webwidget_triggered"]`
	long := "https://example.com/" + strings.Repeat("x", 300)
	for name, c := range map[string]struct {
		version, method, path, body string
		status                      int
		want                        string // in the answer
	}{
		"all old events":          {"2.16.0", "POST", "", `{"url":"https://example.com/2"}`, 200, `"subscriptions":` + eight},
		"inboxes too early":       {"3.1.1", "POST", "", `{"webhook":{"url":"https://example.com/2","subscriptions":["inbox_created"]}}`, 422, "Subscriptions Invalid events"},
		"inboxes":                 {"3.2.0", "POST", "", `{"webhook":{"url":"https://example.com/2","subscriptions":["inbox_updated"]}}`, 200, `"inbox_updated"`},
		"typing too early":        {"4.1.0", "POST", "", `{"webhook":{"url":"https://example.com/2","subscriptions":["conversation_typing_on"]}}`, 422, "Subscriptions Invalid events"},
		"typing":                  {"4.2.0", "POST", "", `{"webhook":{"url":"https://example.com/2","subscriptions":["conversation_typing_off"]}}`, 200, `"conversation_typing_off"`},
		"events in a string":      {"4.7.0", "POST", "", `{"webhook":{"url":"https://example.com/2","subscriptions":"message_created"}}`, 422, "Subscriptions Invalid events"},
		"a name too early":        {"4.7.0", "POST", "", `{"webhook":{"url":"https://example.com/2","name":"CRM"}}`, 200, `{"account_id":1,"id":2,"subscriptions":` + eight + `,"url":"https://example.com/2"}`},
		"a name":                  {"4.8.0", "POST", "", `{"webhook":{"url":"https://example.com/2","name":"CRM"}}`, 200, `"name":"CRM"`},
		"a name alone":            {"4.7.0", "POST", "", `{"name":"CRM"}`, 422, "param is missing or the value is empty: webhook"},
		"a name alone, now":       {"4.8.0", "POST", "", `{"name":"CRM"}`, 422, "Url is invalid"},
		"a change of the name":    {"4.8.0", "PATCH", "/1", `{"name":"CRM"}`, 200, `"name":"CRM","subscriptions":["message_created"]`},
		"no change of the name":   {"4.7.0", "PATCH", "/1", `{"name":"CRM"}`, 422, "param is missing or the value is empty: webhook"},
		"an empty webhook":        {"4.16.2", "POST", "", `{"webhook":{},"url":"https://example.com/2"}`, 422, "param is missing or the value is empty: webhook"},
		"no webhook":              {"4.16.2", "POST", "", `{"webhook":null,"url":"https://example.com/2"}`, 422, "param is missing or the value is empty: webhook"},
		"nothing":                 {"4.16.2", "PATCH", "/1", `{}`, 422, "param is missing or the value is empty: webhook"},
		"no events":               {"4.16.2", "PATCH", "/1", `{"webhook":{"subscriptions":null}}`, 422, "Subscriptions Invalid events"},
		"a change by PUT":         {"4.7.0", "PUT", "/1", `{"url":"http://example.com/3"}`, 200, `"subscriptions":["message_created"],"url":"http://example.com/3"`},
		"a PUT of another":        {"4.7.0", "PUT", "/2", good, 404, "Resource could not be found"},
		"an inbox":                {"4.7.0", "POST", "", `{"webhook":{"url":"https://example.com/2","inbox_id":1}}`, 200, `"inbox":{"id":1,"name":"API inbox"}`},
		"a long address at first": {"2.16.0", "POST", "", `{"url":"` + long + `"}`, 200, long},
		"a long address":          {"4.9.2", "POST", "", `{"url":"` + long + `"}`, 422, "Url is too long (maximum is 255 characters)"},
		"a long address now":      {"4.10.0", "POST", "", `{"url":"` + long + `"}`, 200, long},
		"a change":                {"4.7.0", "PATCH", "/1", `{"webhook":{"subscriptions":["contact_created"]}}`, 200, `"subscriptions":["contact_created"],"url":"https://example.com/1"`},
		"a change of the address": {"4.7.0", "PATCH", "/1", `{"url":"http://example.com/3"}`, 200, `"subscriptions":["message_created"],"url":"http://example.com/3"`},
		"a change to itself":      {"4.7.0", "PATCH", "/1", good, 200, `"id":1`},
		"a change to nothing":     {"4.7.0", "PATCH", "/1", `{"webhook":{"subscriptions":[]}}`, 422, "Subscriptions Invalid events"},
		"a change of another":     {"4.7.0", "PATCH", "/2", good, 404, "Resource could not be found"},
		"a deletion":              {"4.7.0", "DELETE", "/1", "", 200, ""},
		"a deletion of another":   {"4.7.0", "DELETE", "/2", "", 404, "Resource could not be found"},
		"one of them":             {"4.7.0", "GET", "/1", "", 404, "Not Found"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := cfchattest.New(t, cfchattest.Version(c.version))
			const path = "/api/v1/accounts/1/webhooks"
			if status, text := call(t, srv, srv.AdminKey(), "POST", path, good); status != http.StatusOK {
				t.Fatal(status, text)
			}
			if status, text := call(t, srv, srv.AdminKey(), c.method, path+c.path, c.body); status != c.status || !strings.Contains(text, c.want) {
				t.Errorf("got %d %s, want %d with %s", status, text, c.status, c.want)
			}
		})
	}
}

// TestWebhookChangesAreStored checks that a change is listed afterwards, and that a refused one is not.
func TestWebhookChangesAreStored(t *testing.T) {
	for _, method := range []string{"PATCH", "PUT"} {
		srv := cfchattest.New(t, cfchattest.Version("4.16.2"))
		_, agent := srv.AddAgent(cfchattest.Agent{})
		id, _ := srv.AddWebhook(cfchattest.Webhook{URL: "https://example.com/1", Name: "CRM"})
		const path = "/api/v1/accounts/1/webhooks"
		one := fmt.Sprintf("%s/%d", path, id)
		list := func() string {
			t.Helper()
			_, text := call(t, srv, srv.AdminKey(), "GET", path, "")
			return text
		}
		before := list()
		for _, refused := range []struct {
			key, method, body string
			status            int
		}{
			{agent, method, `{"webhook":{"url":"https://example.com/2"}}`, 401},
			{agent, "DELETE", "", 401},
			{srv.AdminKey(), method, `{"webhook":{"url":"https://example.com/2","name":"X","subscriptions":[]}}`, 422},
		} {
			status, text := call(t, srv, refused.key, refused.method, one, refused.body)
			if now := list(); status != refused.status || now != before {
				t.Errorf("%s %s: %d %s, then the list is %s", refused.method, refused.body, status, text, now)
			}
		}
		const change = `{"webhook":{"url":"https://example.com/2","name":null,"subscriptions":["message_created"],"inbox_id":1}}`
		if status, text := call(t, srv, srv.AdminKey(), method, one, change); status != http.StatusOK {
			t.Fatal(status, text)
		}
		now := list()
		for _, want := range []string{`"url":"https://example.com/2"`, `"name":null`, `"subscriptions":["message_created"]`, `"inbox":{"id":1,`} {
			if !strings.Contains(now, want) {
				t.Errorf("%s: %s, want %s", method, now, want)
			}
		}
	}
}
