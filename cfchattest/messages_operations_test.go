package cfchattest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// window requests messages of conversation 1 and returns their ids.
func window(t *testing.T, srv *cfchattest.Server, query string) (int, []int64) {
	t.Helper()
	status, body := call(t, srv, srv.AdminKey(), "GET", conversations+"/1/messages?"+query, "")
	return status, idsOf(t, body)
}

// TestMessageWindows checks the table of contract, W1.1, on a conversation of 1,200 messages.
func TestMessageWindows(t *testing.T) {
	srv := cfchattest.New(t)
	srv.AddConversation(cfchattest.Conversation{})
	for range 1200 {
		srv.AddMessage(1, cfchattest.Message{})
	}
	ids := func(from, to int64) (all []int64) {
		for id := from; id <= to; id++ {
			all = append(all, id)
		}
		return all
	}
	for query, want := range map[string][]int64{
		"":                          ids(1181, 1200),
		"page=2":                    ids(1181, 1200),
		"before=1100":               ids(1080, 1099),
		"before=3":                  ids(1, 2),
		"after=10":                  ids(11, 110),
		"after=1199":                ids(1200, 1200),
		"after=10&before=12":        ids(10, 11),
		"after=1&before=1001":       ids(1, 1000),
		"after=0&before=2147483647": ids(1, 1000),
		"after=12&before=12":        nil,
		"after=12&before=3":         nil,
		"before=abc":                nil,
		"before=-1":                 nil,
		"after=12abc":               ids(13, 112),
		"after=1.9":                 ids(2, 101),
		"after=&before=+":           ids(1181, 1200),
		"after=9223372036854775806": nil,
	} {
		if status, got := window(t, srv, query); status != http.StatusOK || !slices.Equal(got, want) {
			t.Errorf("%s: %d %v, want %v", query, status, got, want)
		}
	}
	for _, query := range []string{"before=9223372036854775808", "after[]=1", "after[a]=1"} {
		if status, _ := window(t, srv, query); status != http.StatusInternalServerError {
			t.Errorf("%s: %d", query, status)
		}
	}
}

// TestInternalMessages checks that internal messages are left out together, and before the limit applies (contract, W1.1).
func TestInternalMessages(t *testing.T) {
	srv := cfchattest.New(t)
	srv.AddConversation(cfchattest.Conversation{})
	shown := srv.AddMessage(1, cfchattest.Message{})
	for range 20 {
		srv.AddMessage(1, cfchattest.Message{Type: cfchat.MessageTypeActivity})
		srv.AddMessage(1, cfchattest.Message{Type: cfchat.MessageTypeOutgoing, Private: true})
	}
	for query, want := range map[string]int{"filter_internal_messages=false": 1, "filter_internal_messages=": 20} {
		if _, got := window(t, srv, query); len(got) != want || want == 1 && got[0] != shown {
			t.Errorf("%s: %v", query, got)
		}
	}
}

// TestUnrenderableMessages checks that a list with an unrenderable message is answered with 500, and no other list.
func TestUnrenderableMessages(t *testing.T) {
	srv := cfchattest.New(t)
	srv.AddConversation(cfchattest.Conversation{})
	for range 3 {
		srv.AddMessage(1, cfchattest.Message{})
	}
	srv.BreakMessage(1, 2)
	for query, want := range map[string]int{"": 500, "after=2&before=3": 500, "after=2": 200, "before=2": 200} {
		if status, _ := window(t, srv, query); status != want {
			t.Errorf("%s: %d, want %d", query, status, want)
		}
	}
	if status, _ := call(t, srv, srv.AdminKey(), "GET", conversations+"/1", ""); status != http.StatusOK {
		t.Errorf("its conversation is answered with %d", status)
	}
	contact := srv.Conversations()[0].Meta.Sender.ID
	if status, _ := window(t, srv, "after=2"); status != 200 {
		t.Errorf("%d", status)
	}
	srv.DeleteContact(contact)
	if status, _ := window(t, srv, "after=1&before=1"); status != http.StatusInternalServerError {
		t.Errorf("an empty window of a conversation without its contact is answered with %d", status)
	}
}

// TestDelivered checks which messages are sent out, by channel and version (contract, W1.2).
func TestDelivered(t *testing.T) {
	const plain, marked, note, incoming = `{"content":"a"}`, `{"content":"a","source_id":"s"}`,
		`{"content":"a","private":true}`, `{"content":"a","message_type":"incoming"}`
	for _, c := range []struct {
		version string
		channel cfchat.Channel
		body    string
		want    int
	}{
		{"4.16.2", cfchat.ChannelAPI, plain, 2},
		{"4.16.2", cfchat.ChannelAPI, marked, 2},
		{"4.16.2", cfchat.ChannelAPI, note, 0},
		{"4.16.2", cfchat.ChannelAPI, incoming, 0},
		{"4.16.2", cfchat.ChannelWebWidget, marked, 2},
		{"4.16.2", cfchat.ChannelWhatsApp, plain, 2},
		{"4.16.2", cfchat.ChannelWhatsApp, marked, 0},
		{"3.4.0", cfchat.ChannelTelegram, marked, 0},
		{"3.3.1", cfchat.ChannelTelegram, marked, 1}, // the mark is not stored, and nothing is resent
		{"4.7.0", cfchat.ChannelEmail, marked, 2},
		{"4.8.0", cfchat.ChannelEmail, marked, 0},
	} {
		srv := cfchattest.New(t, cfchattest.Version(c.version))
		id := srv.AddConversation(cfchattest.Conversation{Inbox: srv.AddInbox(cfchattest.Inbox{Channel: c.channel})})
		path := fmt.Sprintf("%s/%d/messages", conversations, id)
		call(t, srv, srv.AdminKey(), "POST", path, c.body)
		call(t, srv, srv.AdminKey(), "POST", path+"/1/retry", "")
		if got := srv.Delivered(id); len(got) != c.want {
			t.Errorf("%s, %s, %s: %v were sent out, want %d", c.version, c.channel, c.body, got, c.want)
		}
	}
}

// TestCreateMessageRules checks the differences between versions in contract, W1.2, which no recording of one version can
// show.
func TestCreateMessageRules(t *testing.T) {
	for _, c := range []struct{ version, body, want string }{
		{"3.1.0", `{"content":"a","private":""}`, `200 "private":null`},
		{"3.2.0", `{"content":"a","private":""}`, `422 PG::NotNullViolation`},
		{"2.16.0", `{"content":true}`, `200 "content":"t"`},
		{"2.16.0", `{"content":{"a":[1,"b"],"c":null}}`, `200 "content":"{\"a\"=\u003e[1, \"b\"], \"c\"=\u003enil}"`},
		{"4.9.0", `{"content":"a","message_type":true}`, `422 'true' is not a valid message_type`},
		{"3.3.1", `{"content":"a","source_id":"s"}`, `200 "source_id":null`},
		{"3.4.0", `{"content":"a","source_id":"s"}`, `200 "source_id":"s"`},
		{"4.5.0", `{"content":"a","content_type":"voice_call"}`, `422 'voice_call' is not a valid content_type`},
		{"4.6.0", `{"content":"a","content_type":"voice_call"}`, `200 "content_type":"voice_call"`},
		{"4.6.0", `{"content":"a","content_type":8}`, `200 "content_type":"incoming_email"`},
		{"2.16.0", `{"content":"a","template_params":{"category":"U"}}`, `200 `},
		{"2.17.0", `{"content":"a","template_params":{"category":"U"}}`, `422 Validation failed: Name is required`},
		{"4.8.0", `{"content":"a","content_attributes":{"foo":1}}`, `200 "content_attributes":{}`},
		{"4.9.0", `{"content":"a","content_attributes":{"foo":1}}`, `200 "content_attributes":{"foo":1}`},
		{"4.9.0", `{"content":"a","content_type":"cards","content_attributes":{"items":[{"title":"a"}]}}`, `422 Validation failed: Content attributes contains items missing actions`},
		{"4.9.0", `{"content":"a","message_type":[1]}`, `422 '[1]' is not a valid message_type`},
		{"2.16.0", `{"content":"a","attachments":"abc"}`, "422 undefined method `each' for an instance of String"},
		{"4.16.2", `{"content":"a","attachments":5}`, "422 undefined method `each' for an instance of Integer"},
		{"4.16.2", `{"content":"a","attachments":{"a":1}}`, `422 Could not find or build blob: expected attachable, got [\"a\", 1]`},
	} {
		srv := cfchattest.New(t, cfchattest.Version(c.version))
		srv.AddConversation(cfchattest.Conversation{})
		status, body := call(t, srv, srv.AdminKey(), "POST", conversations+"/1/messages", c.body)
		wantStatus, wantBody, _ := strings.Cut(c.want, " ")
		if fmt.Sprint(status) != wantStatus || !strings.Contains(body, wantBody) {
			t.Errorf("%s: %s: %d %s, want %s", c.version, c.body, status, body, c.want)
		}
	}
}

// TestFormOfTwoKinds checks that a form in which a name has two kinds of value is refused, as such a query is (contract, 3).
func TestFormOfTwoKinds(t *testing.T) {
	t.Parallel()
	for kind, body := range map[string]string{
		"application/x-www-form-urlencoded": "content=a&content[b]=c",
		"multipart/form-data; boundary=x": "--x\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\na\r\n" +
			"--x\r\nContent-Disposition: form-data; name=\"content[b]\"\r\n\r\nc\r\n--x--\r\n",
	} {
		srv := cfchattest.New(t)
		r := request(t, srv.AdminKey(), "POST", fmt.Sprintf("%s/%d/messages", conversations, srv.AddConversation(cfchattest.Conversation{})), body)
		r.Header.Set("Content-Type", kind)
		resp, err := srv.Transport().RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, resp); resp.StatusCode != 400 || got != `{"status":400,"error":"Bad Request"}` {
			t.Errorf("%s: %d %s", kind, resp.StatusCode, got)
		}
	}
}

// TestEmptySignedID checks that an empty signed id is refused by older versions, and is an attachment without a file in
// newer ones.
func TestEmptySignedID(t *testing.T) {
	for version, stored := range map[string]bool{"4.7.0": false, "4.16.2": true} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		id := srv.AddConversation(cfchattest.Conversation{})
		sent := new(cfchat.Message)
		err := srv.Account(t).Do(t.Context(), "POST", fmt.Sprintf("conversations/%d/messages", id), map[string]any{"attachments": []string{""}}, sent)
		if (err == nil) != stored || stored && (len(sent.Attachments) != 1 || sent.Attachments[0].DataURL != nil) {
			t.Errorf("%s: %v, %v", version, sent.Attachments, err)
		}
	}
}

// TestFlood checks that message 201 within a minute is refused from 3.9.0 on, and accepted a minute later.
func TestFlood(t *testing.T) {
	for version, want := range map[string]int{"3.8.0": 200, "3.9.0": 422} {
		synctest.Test(t, func(t *testing.T) {
			srv := cfchattest.New(t, cfchattest.Version(version))
			srv.AddConversation(cfchattest.Conversation{})
			for range 200 {
				srv.AddMessage(1, cfchattest.Message{Type: cfchat.MessageTypeActivity})
			}
			send := func() int {
				status, _ := call(t, srv, srv.AdminKey(), "POST", conversations+"/1/messages", `{"content":"a"}`)
				return status
			}
			if got := send(); got != want {
				t.Errorf("%s: %d, want %d", version, got, want)
			}
			time.Sleep(time.Minute + time.Second)
			if got := send(); got != 200 {
				t.Errorf("%s: a minute later %d", version, got)
			}
		})
	}
}

// TestMessageStatus checks contract, W1.4, as recorded on 4.16.2.
func TestMessageStatus(t *testing.T) {
	srv := cfchattest.New(t, cfchattest.Version("4.16.2"))
	srv.AddConversation(cfchattest.Conversation{})
	path := fmt.Sprintf("%s/1/messages/%d", conversations, srv.AddMessage(1, cfchattest.Message{Type: cfchat.MessageTypeOutgoing}))
	for _, c := range []struct{ body, want string }{
		{`{"status":"delivered"}`, `"status":"delivered"`},
		{`{"status":"read"}`, `"status":"read"`},
		{`{"status":"delivered"}`, `"content_attributes":{}`},
		{`{"status":"delivered"}`, `"status":"read"`},
		{`{"status":"sent"}`, `"status":"sent"`},
		{`{"status":"failed","external_error":"no route"}`, `"content_attributes":{"external_error":"no route"}`},
		{`{"status":"failed"}`, `"content_attributes":{"external_error":null}`},
		{`{"status":"sent","external_error":"x"}`, `"content_attributes":{"external_error":null}`},
		{`{"status":"zzz"}`, `"status":"sent"`},
		{`{"status":2}`, `"status":"sent"`},
		{`{}`, `"status":"sent"`},
		{`{"content":"changed"}`, `"content":"Message 1"`},
	} {
		if status, body := call(t, srv, srv.AdminKey(), "PATCH", path, c.body); status != 200 || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %s, want %s", c.body, status, body, c.want)
		}
	}
}

// TestListedAttachments checks the shapes of contract, W1.6, and pages of 100.
func TestListedAttachments(t *testing.T) {
	const form = "--b\r\nContent-Disposition: form-data; name=\"attachments[]\"; filename=\"%d.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
	for version, want := range map[string]string{
		"2.16.0": `404 `,
		"2.17.0": `200 {"payload":[{"account_id":1`,
		"2.18.0": `200 {"payload":[{"created_at":`,
		"4.0.4":  `200 {"meta":{"total_count":101},"payload":[{"created_at":`,
	} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		srv.AddConversation(cfchattest.Conversation{})
		var files strings.Builder
		for i := range 101 {
			fmt.Fprintf(&files, form, i)
		}
		r := request(t, srv.AdminKey(), "POST", conversations+"/1/messages", files.String()+"--b--\r\n")
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		sent, err := srv.Transport().RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		readAll(t, sent)
		status, body := call(t, srv, srv.AdminKey(), "GET", conversations+"/1/attachments", "")
		if got := fmt.Sprint(status, " ", body); sent.StatusCode != 200 || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %.90s, want %s", version, got, want)
		}
		if version != "4.0.4" {
			continue
		}
		for page, want := range map[string]int{"1": 100, "2": 1, "3": 0, "99999999999": 0} {
			if _, body := call(t, srv, srv.AdminKey(), "GET", conversations+"/1/attachments?page="+page, ""); strings.Count(body, "message_id") != want {
				t.Errorf("page %s has %d, want %d", page, strings.Count(body, "message_id"), want)
			}
		}
	}
}

// TestDeleteMessage checks that a deleted message loses its files, and that a choice cannot be deleted before 3.13.0
// (contract, W1.3).
func TestDeleteMessage(t *testing.T) {
	for version, want := range map[string]int{"3.12.0": 500, "3.13.0": 200} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		srv.AddConversation(cfchattest.Conversation{})
		_, body := call(t, srv, srv.AdminKey(), "POST", conversations+"/1/messages",
			`{"content":"pick","content_type":"input_select","content_attributes":{"items":[{"title":"A","value":"a"}]}}`)
		if !strings.Contains(body, `"content_type":"input_select"`) {
			t.Fatal(body)
		}
		status, body := call(t, srv, srv.AdminKey(), "DELETE", conversations+"/1/messages/1", "")
		if status != want || want == 200 && !strings.Contains(body, `"content_type":"text"`) {
			t.Errorf("%s: %d %s", version, status, body)
		}
	}
}
