package cfchattest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/webhook"
)

// received returns the deliveries since the last call, as "kind event", with the changed columns in brackets.
func (p *play) received() []string {
	p.t.Helper()
	if err := p.Settle(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	all := p.Deliveries()
	var out []string
	for _, d := range all[p.seen:] {
		e, err := webhook.Parse([]byte(d.Body))
		if err != nil {
			p.t.Error(err)
		}
		told := d.Kind + " " + string(d.Event)
		if len(e.Changes) > 0 {
			var columns []string
			for _, c := range e.Changes {
				columns = append(columns, c.Column)
			}
			told += fmt.Sprint(columns)
		}
		out = append(out, told)
	}
	p.seen = len(all)
	return out
}

// both returns an event to the account and to the API inbox.
func both(event string) []string { return []string{"account " + event, "inbox " + event} }

// TestEventsByVersion makes changes on the versions before and after a difference, and checks which events each causes.
func TestEventsByVersion(t *testing.T) {
	incoming := func(p *play) { p.on(p.first, "/messages", `{"content":"a","message_type":"incoming"}`) }
	outgoing := func(p *play) { p.on(p.first, "/messages", `{"content":"a"}`) }
	labels := func(p *play) { p.on(p.first, "/labels", `{"labels":["vip"]}`) }
	typing := func(p *play) { p.on(p.first, "/toggle_typing_status", `{"typing_status":"on"}`) }
	priority := func(p *play) { p.on(p.first, "/toggle_priority", `{"priority":"high"}`) }
	template := func(p *play) { p.on(p.first, "/messages", `{"content":"a","message_type":"template"}`) }
	again := func(p *play) {
		for range 2 {
			p.received()
			p.do(p.AdminKey(), "DELETE", fmt.Sprintf("/conversations/%d/messages/%d", p.first, p.messages["Hello"]), "")
		}
	}
	mute := func(p *play) { p.on(p.first, "/mute", "") }
	own := func(p *play) {
		p.on(p.bots, "/assignments", fmt.Sprintf(`{"assignee_id":%d,"assignee_type":"AgentBot"}`, p.bot))
	}
	moved := "contact_updated[updated_at last_activity_at]"
	resolve := func(p *play) { p.on(p.bots, "/toggle_status", `{"status":"resolved"}`) }
	writesToOwner := func(p *play) {
		p.on(p.first, "/assignments", fmt.Sprintf(`{"assignee_id":%d,"assignee_type":"AgentBot"}`, p.bot))
		p.received()
		p.AddMessage(p.first, cfchattest.Message{})
	}
	opens := func(key string) func(p *play) {
		return func(p *play) {
			p.on(p.bots, "/assignments", fmt.Sprintf(`{"assignee_id":%d,"assignee_type":"AgentBot"}`, p.bot))
			p.received()
			p.do(p.Key(key), "POST", fmt.Sprintf("/conversations/%d/toggle_status", p.bots), `{"status":"open"}`)
		}
	}
	agentOpens, adminOpens := opens("agent"), opens("administrator")
	for _, c := range []struct {
		name, version string
		do            func(*play)
		want          [][]string
	}{
		{"an answer", "2.18.0", outgoing, [][]string{both("message_created"), both("conversation_updated[updated_at first_reply_created_at]")}},
		{"an answer", "3.0.0", outgoing, [][]string{
			both("message_created"), both("conversation_updated[updated_at first_reply_created_at waiting_since]"),
		}},
		{"the contact writes", "4.7.0", incoming, [][]string{both("message_created"), {"account " + moved}}},
		{"a template", "2.17.0", template, [][]string{{"account " + moved}}},
		{"a template", "2.18.0", template, [][]string{both("message_created"), {"account " + moved}}},
		{"labels", "3.3.0", labels, [][]string{
			both("conversation_updated[updated_at label_list]"), both("conversation_updated[updated_at label_list]"),
		}},
		{"labels", "4.5.2", labels, [][]string{
			both("conversation_updated[updated_at cached_label_list label_list]"),
			both("conversation_updated[updated_at cached_label_list label_list]"),
		}},
		{"labels", "4.6.0", labels, [][]string{both("conversation_updated[updated_at cached_label_list label_list]")}},
		{"typing", "4.1.0", typing, nil},
		{"typing", "4.2.0", typing, [][]string{both("conversation_typing_on")}},
		{"priority", "2.17.0", priority, [][]string{both("conversation_updated[updated_at priority]")}},
		{"a message is deleted twice", "3.4.0", again, [][]string{both("message_updated")}},
		{"a message is deleted twice", "3.5.0", again, nil},
		{"mute", "3.6.0", mute, [][]string{
			both("conversation_status_changed"), both("conversation_updated[status updated_at]"),
		}},
		{"mute", "3.7.0", mute, [][]string{
			both("conversation_status_changed"), both("conversation_updated[status updated_at]"), {"account contact_updated[updated_at blocked]"},
		}},
		{"the bot becomes the owner", "4.8.0", own, [][]string{{"account conversation_updated[updated_at assignee_agent_bot_id]"}}},
		{"the bot becomes the owner", "4.13.0", own, [][]string{
			{"account conversation_updated[updated_at assignee_agent_bot_id]", "bot conversation_updated[updated_at assignee_agent_bot_id]"},
		}},
		{"merge", "4.7.0", func(p *play) {
			p.do(p.AdminKey(), "POST", "/actions/contact_merge", fmt.Sprintf(
				`{"base_contact_id":%d,"mergee_contact_id":%d}`, p.contact, p.other))
		}, [][]string{{"account contact_updated[phone_number updated_at]"}}},
		{"an e-mail address makes a visitor a lead", "4.7.0", func(p *play) {
			p.do(p.AdminKey(), "PUT", fmt.Sprintf("/contacts/%d", p.visitor), `{"email":"v@example.com"}`)
		}, [][]string{{"account contact_updated[email updated_at contact_type]"}}},
		{"a contact's labels", "4.7.0", func(p *play) {
			p.do(p.AdminKey(), "POST", fmt.Sprintf("/contacts/%d/labels", p.contact), `{"labels":["vip"]}`)
		}, [][]string{{"account contact_updated[updated_at label_list]"}}},
		{"the snooze gets another end", "2.16.0", func(p *play) {
			p.on(p.first, "/toggle_status", `{"status":"snoozed","snoozed_until":1924992000}`)
			p.received()
			p.on(p.first, "/toggle_status", `{"status":"snoozed","snoozed_until":1924992001}`)
		}, [][]string{both("conversation_updated[updated_at snoozed_until]")}},
		{"the contact writes to a bot that only owns the conversation", "4.8.0", writesToOwner, [][]string{
			{"bot message_created"}, both("message_created"), {"account " + moved},
		}},
		{"the bot gets a change of status", "4.12.1", resolve, [][]string{
			{"bot conversation_resolved", "account conversation_status_changed", "account conversation_updated[status updated_at]"},
		}},
		{"an agent opens a bot's conversation", "4.15.1", agentOpens, [][]string{
			{"account conversation_status_changed", "bot conversation_status_changed", "bot conversation_opened"},
			{"account conversation_updated[status updated_at]", "bot conversation_updated[status updated_at]"},
			{
				"account conversation_updated[assignee_id updated_at cached_label_list assignee_agent_bot_id]",
				"bot conversation_updated[assignee_id updated_at cached_label_list assignee_agent_bot_id]",
			},
		}},
		{"an administrator opens a bot's conversation", "4.15.1", adminOpens, [][]string{
			{"account conversation_status_changed", "bot conversation_status_changed", "bot conversation_opened"},
			{"account conversation_updated[status updated_at]", "bot conversation_updated[status updated_at]"},
		}},
		{"an administrator opens a bot's conversation", "4.16.2", adminOpens, [][]string{
			{"account conversation_status_changed", "bot conversation_status_changed", "bot conversation_opened"},
			{"account conversation_updated[status updated_at]", "bot conversation_updated[status updated_at]"},
			{
				"account conversation_updated[updated_at cached_label_list assignee_agent_bot_id]",
				"bot conversation_updated[updated_at cached_label_list assignee_agent_bot_id]",
			},
		}},
		{"a contact's attribute is removed", "4.7.0", func(p *play) {
			p.do(p.AdminKey(), "POST", fmt.Sprintf("/contacts/%d/destroy_custom_attributes", p.contact), `{"custom_attributes":["plan"]}`)
		}, [][]string{{"account contact_updated[updated_at custom_attributes]"}}},
		{"a contact moves", "4.7.0", func(p *play) {
			p.do(p.AdminKey(), "PUT", fmt.Sprintf("/contacts/%d", p.contact), `{"additional_attributes":{"city":"Oslo"}}`)
		}, [][]string{{"account contact_updated[updated_at additional_attributes location]"}}},
	} {
		t.Run(c.name+" "+c.version, func(t *testing.T) {
			p := newPlay(t, c.version)
			p.begin()
			c.do(p)
			want := slices.Concat(c.want...)
			if got := p.received(); !sameInAnyOrder(got, want) {
				t.Errorf("got the events %q, want %q", got, want)
			}
		})
	}
}

// begin creates contacts, a conversation in each inbox and a message of the contact, and waits for their deliveries.
func (p *play) begin() {
	p.t.Helper()
	p.contact = p.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@example.com", Custom: map[string]any{"plan": "pro"}})
	p.other = p.AddContact(cfchattest.Contact{Name: "Jo", Phone: "+4712345678"})
	p.visitor = p.AddContact(cfchattest.Contact{Name: "V"})
	p.first, p.bots = p.conversationIn(p.inbox), p.conversationIn(p.botBox)
	p.messages["Hello"] = p.AddMessage(p.first, cfchattest.Message{Content: "Hello"})
	p.received()
	p.begun = p.seen
}

// made returns the deliveries since begin.
func (p *play) made() []cfchattest.Delivery { return p.Deliveries()[p.begun:] }

func sameInAnyOrder(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

// TestUnannounced checks that changes without an event cause no delivery (contract, H8).
func TestUnannounced(t *testing.T) {
	for _, version := range []string{"2.16.0", "4.7.0", "4.16.2"} {
		p := newPlay(t, version)
		p.begin()
		p.on(p.first, "/update_last_seen", "")
		p.on(p.first, "/unread", "")
		p.on(p.first, "/participants", `{"user_ids":[1]}`)
		p.on(p.first, "/labels", `{"labels":[]}`)
		p.on(p.first, "/assignments", `{"assignee_id":null}`)
		p.on(p.first, "/custom_attributes", `{"custom_attributes":{}}`)
		p.on(p.first, "/toggle_status", `{"status":"open"}`)
		p.do(p.AdminKey(), "PUT", fmt.Sprintf("/contacts/%d", p.contact), `{"name":"Jo"}`)
		p.do(p.AdminKey(), "DELETE", fmt.Sprintf("/contacts/%d", p.other), "")
		p.DeleteContact(p.visitor)
		p.FailNext("toggleStatusOfAConversation", cfchattest.Failure{Status: 503})
		call(t, p.Server, p.AdminKey(), "POST", fmt.Sprintf("%s/%d/toggle_status", conversations, p.first), `{"status":"resolved"}`)
		if got := p.received(); len(got) > 0 {
			t.Errorf("%s: %q", version, got)
		}
	}
}

// TestFirstMessageIsAnnounced creates a conversation with its first answer: the created conversation already has the
// message, and the change that follows has the values that the server did not know before.
func TestFirstMessageIsAnnounced(t *testing.T) {
	for version, columns := range map[string]string{
		"2.16.0": "[updated_at display_id uuid first_reply_created_at]",
		"4.7.0":  "[updated_at display_id first_reply_created_at waiting_since cached_label_list]",
	} {
		p := newPlay(t, version)
		p.begin()
		p.do(p.AdminKey(), "POST", "/conversations", fmt.Sprintf(
			`{"inbox_id":%d,"contact_id":%d,"message":{"content":"Hi"}}`, p.inbox, p.contact))
		got, want := p.received(), slices.Concat(both("conversation_created"), both("message_created"), both("conversation_updated"+columns))
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", version, got, want)
		}
		created, err := webhook.Parse([]byte(p.made()[0].Body))
		if err != nil || len(created.Conversation.Messages) != 1 || created.Conversation.Messages[0].GetContent() != "Hi" {
			t.Errorf("%s: %+v, %v", version, created.Conversation, err)
		}
	}
}

// TestAddedIsAnnounced checks that data added or set without a request is announced like any other change, and that data
// from before the webhook is not.
func TestAddedIsAnnounced(t *testing.T) {
	srv := cfchattest.New(t)
	before := srv.AddConversation(cfchattest.Conversation{})
	srv.AddWebhook(cfchattest.Webhook{URL: "https://hooks.example/"})
	srv.AddContact(cfchattest.Contact{SourceID: "x"})
	srv.AddConversation(cfchattest.Conversation{})
	srv.AddMessage(before, cfchattest.Message{})
	srv.SetStatus(before, cfchat.StatusResolved)
	p := &play{Server: srv, t: t}
	want := []string{
		"account contact_created", "account conversation_created", "account message_created",
		"account contact_updated[updated_at last_activity_at]", "account conversation_status_changed",
		"account conversation_updated[status updated_at]",
	}
	if got := p.received(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestLostAnswerIsAnnounced checks that a change whose answer was cut off, so that its caller cannot know its outcome, is
// announced.
func TestLostAnswerIsAnnounced(t *testing.T) {
	p := newPlay(t, "4.7.0")
	p.begin()
	p.FailNext("toggleStatusOfAConversation", cfchattest.Failure{Cut: true})
	_, err := p.Account(t).Conversations.SetStatus(t.Context(), p.first, cfchat.StatusResolved)
	if got := p.received(); !errors.Is(err, cfchat.ErrUnknownOutcome) || len(got) != 4 {
		t.Errorf("%q, %v", got, err)
	}
}

// TestSnapshotWebhooks checks that deliveries go to the hooks of a snapshot, with their secrets.
func TestSnapshotWebhooks(t *testing.T) {
	srv := cfchattest.New(t, cfchattest.Version("4.16.2"))
	err := srv.LoadSnapshot([]byte(`{"account":7,"facts":{"users":{"admin":1}},"agents":[{"id":1,"name":"Ada","role":"administrator"}],
		"inboxes":[{"id":3,"name":"API","channel_type":"Channel::Api","webhook_url":"https://hooks.example/inbox"}],
		"webhooks":[{"id":5,"name":null,"url":"https://hooks.example/","subscriptions":["conversation_created"],"secret":"s3cret"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	srv.AddConversation(cfchattest.Conversation{})
	p := &play{Server: srv, t: t, secrets: map[string]webhook.Secret{"account": srv.WebhookSecret(5), "inbox": srv.InboxSecret(3)}}
	if got := p.received(); !slices.Equal(got, both("conversation_created")) || srv.WebhookSecret(5).Reveal() != "s3cret" {
		t.Errorf("%q", got)
	}
	for _, d := range srv.Deliveries() {
		p.verify(d, "4.16.2")
	}
	if id, _ := srv.AddWebhook(cfchattest.Webhook{URL: "https://hooks.example/b"}); id != 6 {
		t.Errorf("the next webhook has the id %d, want 6", id)
	}
}

// TestOwnClock checks that deliveries are signed with the time of the server's clock.
func TestOwnClock(t *testing.T) {
	then := time.Now().Add(-10 * time.Minute)
	srv := cfchattest.New(t, cfchattest.Version("4.16.2"), cfchattest.Clock(func() time.Time { return then }))
	_, secret := srv.AddWebhook(cfchattest.Webhook{URL: "https://hooks.example/"})
	srv.AddConversation(cfchattest.Conversation{})
	(&play{Server: srv, t: t}).received()
	d := srv.Deliveries()[0]
	late := webhook.Verify(secret, d.Header, []byte(d.Body), time.Now())
	inTime := webhook.Verify(secret, d.Header, []byte(d.Body), then)
	if !errors.Is(late, webhook.ErrUnverified) || inTime != nil {
		t.Errorf("verified now: %v; verified at the server's time: %v", late, inTime)
	}
}

// TestDeliveryHeaders checks which X-Chatwoot headers each kind of hook gets, by version (contract, H2).
func TestDeliveryHeaders(t *testing.T) {
	for version, want := range map[string]map[string]string{
		"4.11.1": {"account": "", "inbox": "", "bot": ""},
		"4.12.0": {"account": "dts", "inbox": "d", "bot": ""},
		"4.12.1": {"account": "dts", "inbox": "d", "bot": ""},
		"4.13.0": {"account": "dts", "inbox": "dts", "bot": "dts"},
		"4.14.0": {"account": "dts", "inbox": "dts", "bot": "dts"},
	} {
		p := newPlay(t, version)
		p.begin()
		p.AddMessage(p.first, cfchattest.Message{})
		p.AddMessage(p.bots, cfchattest.Message{})
		p.received()
		for _, d := range p.made() {
			var has []string
			for letter, name := range map[string]string{"d": webhook.DeliveryHeader, "t": webhook.TimestampHeader, "s": webhook.SignatureHeader} {
				if d.Header.Get(name) != "" {
					has = append(has, letter)
				}
			}
			if !sameInAnyOrder(has, strings.Split(want[d.Kind], "")) || d.ID != d.Header.Get(webhook.DeliveryHeader) {
				t.Errorf("%s to %s: got the headers %q, want %q; the id is %q", version, d.Kind, has, want[d.Kind], d.ID)
			}
			if strings.Contains(want[d.Kind], "s") {
				p.verify(d, "4.16.2")
			} else if !p.secrets[d.Kind].IsZero() {
				t.Errorf("%s has a secret for %s, which it does not sign", version, d.Kind)
			}
			if agent := d.Header.Get("User-Agent"); (agent == "Ruby") != (version == "4.14.0") {
				t.Errorf("%s: the User-Agent is %s", version, agent)
			}
		}
	}
}

// TestDeliveredRequest checks what a handler sees of a delivery.
func TestDeliveredRequest(t *testing.T) {
	srv := cfchattest.New(t)
	srv.AddWebhook(cfchattest.Webhook{URL: "https://me:pw@hooks.example:8443/a/b?c=d#e"})
	got := make(chan string, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("POST hooks.example/a/{step}", func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		user, password, _ := r.BasicAuth()
		got <- fmt.Sprint(r.Host, r.RequestURI, r.URL, r.PathValue("step"), user, password, int64(len(body)) == r.ContentLength, err)
	})
	srv.Receive("https://me:pw@hooks.example:8443", mux)
	srv.AddConversation(cfchattest.Conversation{})
	if want, is := "hooks.example:8443/a/b?c=d/a/b?c=dbme pwtrue <nil>", <-got; strings.ReplaceAll(is, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("%s, want %s", is, want)
	}
}

// TestAnswers checks which answers count as received, by version: which statuses, where redirects lead, and which addresses
// are called.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		version, path string
		options       []cfchattest.Option
		want          string
	}{
		{"4.13.0", "https://hooks.example/207", nil, "207 "},
		{"4.13.0", "https://hooks.example/208", nil, "208 208 Already Reported"},
		{"4.14.0", "https://hooks.example/208", nil, "208 "},
		{"4.14.0", "https://hooks.example/404", nil, "404 404 Not Found"},
		{"4.13.0", "https://hooks.example/307", nil, "307 307 Temporary Redirect"},
		{"4.14.0", "https://hooks.example/307", nil, "200 "},
		{"4.13.0", "https://hooks.example/303", nil, "200 GET"},
		{"4.14.0", "https://hooks.example/303", nil, "200 "},
		{"4.14.0", "https://hooks.example/loop", nil, "0 too many redirects"},
		{"4.14.0", "https://hooks.example/304", nil, "304 304 Not Modified"},
		{"4.13.0", "http://127.0.0.1:3000/200", nil, "200 "},
		{"4.14.0", "http://127.0.0.1:3000/200", nil, "0 the address is private"},
		{"4.14.1", "http://127.0.0.1:3000/200", []cfchattest.Option{cfchattest.PrivateNetwork}, "200 "},
		{"4.14.1", "http://localhost/200", nil, "0 the address is private"},
		{"4.7.0", "https://elsewhere.example/", nil, "0 Failed to open TCP connection to elsewhere.example:443 (Connection refused)"},
		{"4.7.0", "http://elsewhere.example/", nil, "0 Failed to open TCP connection to elsewhere.example:80 (Connection refused)"},
		{"4.7.0", "https://hooks.example/abort", nil, "0 end of file reached"},
	} {
		srv := cfchattest.New(t, append(c.options, cfchattest.Version(c.version))...)
		srv.AddWebhook(cfchattest.Webhook{URL: c.path})
		var method, body atomic.Value
		answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			data, _ := io.ReadAll(r.Body)
			method.Store(r.Method)
			body.Store(string(data))
			switch status := strings.TrimPrefix(r.URL.Path, "/"); status {
			case "abort":
				panic(http.ErrAbortHandler)
			case "loop", "303", "307":
				code := map[string]int{"loop": 302, "303": 303, "307": 307}[status]
				http.Redirect(w, r, map[bool]string{true: "/loop", false: "/200"}[status == "loop"], code)
			default:
				var code int
				_, _ = fmt.Sscan(status, &code)
				w.WriteHeader(code)
			}
		})
		srv.Receive("https://hooks.example/", answer)
		srv.Receive("http://127.0.0.1:3000/", answer)
		srv.AddConversation(cfchattest.Conversation{})
		p := &play{Server: srv, t: t}
		p.received()
		d := srv.Deliveries()[0]
		got := fmt.Sprint(d.Status, " ", d.Failed)
		if m := method.Load(); m == http.MethodGet {
			got += "GET"
		} else if m != nil && d.Status == http.StatusOK && body.Load() != d.Body {
			t.Errorf("%s %s: the body was %v", c.version, c.path, body.Load())
		}
		if !strings.HasPrefix(got, c.want) || c.want == "200 " && got != c.want {
			t.Errorf("%s %s: %q, want %q", c.version, c.path, got, c.want)
		}
	}
}

// TestFailedMessages checks that a message becomes failed if the delivery to its API inbox fails, and that this is announced
// once.
func TestFailedMessages(t *testing.T) {
	for _, c := range []struct {
		version string
		failure cfchattest.DeliveryFailure
		want    string
	}{
		{"3.2.0", cfchattest.DeliveryFailure{Status: 404}, "sent <nil>"},
		{"3.3.0", cfchattest.DeliveryFailure{Status: 404}, "failed 404 Not Found"},
		{"4.16.2", cfchattest.DeliveryFailure{Status: 404}, "failed 404 Not Found"},
		{"4.7.0", cfchattest.DeliveryFailure{TimedOut: true}, "failed Timed out reading data from server"},
		{"4.16.2", cfchattest.DeliveryFailure{TimedOut: true}, "failed Net::ReadTimeout with #<TCPSocket:(closed)>"},
		{"4.16.2", cfchattest.DeliveryFailure{}, "failed Failed to open TCP connection to hooks.example:443 (Connection refused)"},
	} {
		p := newPlay(t, c.version)
		p.begin()
		p.FailDeliveries(hookURLs[cfchattest.HookInbox], 100, c.failure)
		id := p.on(p.first, "/messages", `{"content":"Hi","message_type":"incoming"}`)
		got := p.received()
		updated := 0
		for _, event := range got {
			if strings.HasSuffix(event, "message_updated") {
				updated++
			}
		}
		if want := map[bool]int{true: 2, false: 0}[c.version != "3.2.0"]; updated != want {
			t.Errorf("%s: %d message_updated, want %d: %q", c.version, updated, want, got)
		}
		m := messageOf(t, p, id)
		attributes, _ := m["content_attributes"].(map[string]any)
		if is := fmt.Sprint(m["status"], " ", attributes["external_error"]); is != c.want {
			t.Errorf("%s: the message is %s, want %s", c.version, is, c.want)
		}
	}
}

func messageOf(t *testing.T, p *play, id int64) map[string]any {
	t.Helper()
	var list struct{ Payload []map[string]any }
	_, body := call(t, p.Server, p.AdminKey(), "GET", fmt.Sprintf("%s/%d/messages", conversations, p.first), "")
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatal(err)
	}
	for _, m := range list.Payload {
		if m["id"] == float64(id) {
			return m
		}
	}
	t.Fatalf("there is no message %d in %s", id, body)
	return nil
}

// TestFailedBots checks that a delivery to a bot is retried after 429 or 500, from 4.12.0 on, and that the bot's pending
// conversation is opened when it has finally failed.
func TestFailedBots(t *testing.T) {
	for _, c := range []struct {
		version  string
		options  []cfchattest.Option
		failures int
		failure  cfchattest.DeliveryFailure
		attempts []int
		want     string
	}{
		{"4.6.0", nil, 9, cfchattest.DeliveryFailure{Status: 500}, []int{1}, "pending"},
		{"4.7.0", nil, 9, cfchattest.DeliveryFailure{Status: 500}, []int{1}, "open"},
		{"4.11.0", nil, 9, cfchattest.DeliveryFailure{Status: 500}, []int{1}, "open"},
		{"4.10.0", []cfchattest.Option{cfchattest.KeepPending}, 9, cfchattest.DeliveryFailure{}, []int{1}, "open"},
		{"4.11.0", []cfchattest.Option{cfchattest.KeepPending}, 9, cfchattest.DeliveryFailure{}, []int{1}, "pending"},
		{"4.12.0", nil, 3, cfchattest.DeliveryFailure{Status: 500}, []int{1, 2, 3}, "open"},
		{"4.12.0", nil, 3, cfchattest.DeliveryFailure{Status: 429}, []int{1, 2, 3}, "open"},
		{"4.12.0", nil, 9, cfchattest.DeliveryFailure{Status: 503}, []int{1}, "open"},
		{"4.16.2", nil, 9, cfchattest.DeliveryFailure{TimedOut: true}, []int{1}, "open"},
		{"4.16.2", nil, 2, cfchattest.DeliveryFailure{Status: 500}, []int{1, 2, 3}, "pending"},
		{"4.16.2", nil, 3, cfchattest.DeliveryFailure{Status: 500}, []int{1, 2, 3}, "open"},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newPlay(t, c.version, c.options...)
			p.begin()
			p.FailDeliveries(hookURLs[cfchattest.HookBot], c.failures, c.failure)
			start := time.Now()
			p.AddMessage(p.bots, cfchattest.Message{Content: "Hi"})
			events := p.received()
			var attempts []int
			ids, times := map[string]bool{}, map[string]bool{}
			for _, d := range p.made() {
				if d.Kind == cfchattest.HookBot && d.Event == "message_created" {
					attempts = append(attempts, d.Attempt)
					ids[d.ID], times[d.Header.Get(webhook.TimestampHeader)] = true, true
				}
			}
			if !slices.Equal(attempts, c.attempts) || len(ids) != 1 || !p.secrets[cfchattest.HookBot].IsZero() && len(times) != len(attempts) {
				t.Errorf("%s: attempts %v with the ids %v at %v", c.version, attempts, ids, times)
			}
			if waited := time.Since(start); waited != time.Duration(len(attempts)-1)*3*time.Second {
				t.Errorf("%s: the attempts took %v", c.version, waited)
			}
			now, _ := p.Conversation(p.bots)
			if string(now.Status) != c.want {
				t.Errorf("%s: the conversation is %s, want %s", c.version, now.Status, c.want)
			}
			opened := slices.Contains(events, "bot conversation_opened")
			last := now.Messages[0].GetContent()
			if opened != (c.want == "open") || strings.Contains(last, "due to an error with the agent bot") != opened {
				t.Errorf("%s: got the events %q, and the last message is %q", c.version, events, last)
			}
			if c.version == "4.16.2" && now.Meta.AssigneeBot == nil {
				t.Error("the bot no longer owns the conversation")
			}
		})
	}
}

// TestSlowReceiver checks that after five seconds a receiver's context ends and the next delivery is made, and that Close
// waits for the receiver.
func TestSlowReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := cfchattest.New(t)
		srv.AddWebhook(cfchattest.Webhook{URL: "https://hooks.example/"})
		var returned atomic.Bool
		var calls atomic.Int64
		srv.Receive("https://hooks.example/", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if calls.Add(1) == 1 {
				<-r.Context().Done()
				time.Sleep(time.Minute)
				returned.Store(true)
			}
		}))
		start := time.Now()
		srv.AddConversation(cfchattest.Conversation{})
		srv.AddConversation(cfchattest.Conversation{})
		p := &play{Server: srv, t: t}
		p.received()
		all := srv.Deliveries()
		if waited := time.Since(start); waited != 5*time.Second || len(all) != 2 || all[0].Status != 0 || all[0].Failed == "" || all[1].Failed != "" {
			t.Errorf("after %v got the deliveries %+v", waited, all)
		}
		if returned.Load() {
			t.Error("the receiver has returned before Close")
		}
		srv.Close()
		if !returned.Load() {
			t.Error("Close does not wait for the receiver")
		}
	})
}

// TestCloseEndsDeliveries checks that Close ends waiting deliveries, and that nothing is delivered afterwards.
func TestCloseEndsDeliveries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t, "4.16.2")
		p.begin()
		p.FailDeliveries(hookURLs[cfchattest.HookBot], 1, cfchattest.DeliveryFailure{Status: 500})
		p.AddMessage(p.bots, cfchattest.Message{})
		synctest.Wait() // until the second attempt
		before := len(p.made())
		start := time.Now()
		p.Close()
		p.AddMessage(p.bots, cfchattest.Message{})
		if got := p.received(); time.Since(start) != 0 || len(got) != before {
			t.Errorf("got %q after %v, want %d immediately", got, time.Since(start), before)
		}
	})
}

// TestMishaps checks deliveries that are lost, repeated and queued again.
func TestMishaps(t *testing.T) {
	p := newPlay(t, "4.16.2")
	p.begin()
	account := hookURLs[cfchattest.HookAccount]
	p.LoseDeliveries(hookURLs[cfchattest.HookInbox], 2)
	p.LoseDeliveries(account, 1)
	p.RepeatDeliveries(account, 1)
	p.RequeueDeliveries(account, 1)
	resolve := func() { p.on(p.first, "/toggle_status", `{"status":"resolved"}`) }
	resolve()
	p.received()
	all := p.made()
	if len(all) != 2 || all[0].ID != all[1].ID || all[0].Body != all[1].Body || all[0].Event != "conversation_updated" || all[1].Attempt != 1 {
		t.Fatalf("%+v", all)
	}
	reopens := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { p.SetStatus(p.first, cfchat.StatusOpen) })
	p.Receive(account, reopens)
	p.on(p.first, "/labels", `{"labels":["vip"]}`)
	p.received()
	var again []cfchattest.Delivery
	for _, d := range p.made()[2:] {
		if d.Kind == cfchattest.HookAccount && strings.Contains(d.Body, "label_list") {
			again = append(again, d)
		}
	}
	if statuses := statusesOf(t, again); !slices.Equal(statuses, []string{"resolved", "open"}) {
		t.Errorf("the deliveries have the statuses %q", statuses)
	}
	if len(again) != 2 || again[0].ID == again[1].ID || again[0].Event != "conversation_updated" || again[1].Event != again[0].Event {
		t.Errorf("%+v", again)
	}
	for _, d := range p.made() {
		p.verify(d, "4.16.2")
	}
}

// statusesOf returns the conversation's status in each delivery.
func statusesOf(t *testing.T, all []cfchattest.Delivery) []string {
	t.Helper()
	var out []string
	for _, d := range all {
		e, err := webhook.Parse([]byte(d.Body))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(e.Conversation.Status))
	}
	return out
}

// TestHeldDeliveries checks deliveries that are released late and in another order. Those to accounts and API inboxes have
// the state at that time, those to bots the state at the event.
func TestHeldDeliveries(t *testing.T) {
	for name, order := range map[string]cfchattest.Order{
		"in order": cfchattest.InOrder, "reversed": cfchattest.Reversed, "shuffled": cfchattest.Shuffled(7),
	} {
		p := newPlay(t, "4.16.2")
		p.begin()
		p.HoldDeliveries()
		p.AddMessage(p.bots, cfchattest.Message{Content: "one"})
		p.SetStatus(p.bots, cfchat.StatusResolved)
		if got := p.received(); len(got) > 0 {
			t.Errorf("%s: got %q while deliveries are held", name, got)
		}
		p.ReleaseDeliveries(order)
		got := p.received()
		want := []string{
			"bot message_created", "account message_created", "account contact_updated[updated_at last_activity_at]",
			"bot conversation_resolved", "account conversation_status_changed", "bot conversation_status_changed",
			"account conversation_updated[status updated_at]", "bot conversation_updated[status updated_at]",
		}
		if !sameInAnyOrder(got, want) {
			t.Errorf("%s: %q", name, got)
		}
		first := strings.HasSuffix(got[0], "message_created")
		last := strings.HasSuffix(got[len(got)-1], "message_created")
		if first != (name == "in order") || last != (name == "reversed") {
			t.Errorf("%s: %q", name, got)
		}
		for _, d := range p.made() {
			e, err := webhook.Parse([]byte(d.Body))
			if err != nil || e.Message == nil {
				continue
			}
			if want := map[string]cfchat.Status{"account": "resolved", "bot": "pending"}[d.Kind]; e.Message.Conversation.Status != want {
				t.Errorf("%s: the status sent to %s is %s, want %s", name, d.Kind, e.Message.Conversation.Status, want)
			}
		}
	}
}

// TestDeletedIsNotDelivered checks that a job delivers nothing about an object that was deleted, or can no longer be
// rendered, since the event; a delivery to a bot was rendered at the event.
func TestDeletedIsNotDelivered(t *testing.T) {
	moved := "account contact_updated[updated_at last_activity_at]"
	for name, c := range map[string]struct {
		change func(p *play, message int64)
		want   []string
	}{
		"the conversation": {func(p *play, _ int64) {
			p.do(p.AdminKey(), "DELETE", fmt.Sprintf("/conversations/%d", p.bots), "")
			time.Sleep(time.Second)
			p.do(p.AdminKey(), "GET", "/inboxes", "") // makes the deletion job run
		}, []string{"bot message_created", moved}},
		"the contact": {func(p *play, _ int64) { p.DeleteContact(p.contact) }, []string{"bot message_created"}},
		"a merged contact": {func(p *play, _ int64) {
			p.do(p.AdminKey(), "POST", "/actions/contact_merge", fmt.Sprintf(`{"base_contact_id":%d,"mergee_contact_id":%d}`, p.other, p.contact))
		}, []string{"bot message_created", "account message_created", "account contact_updated[email updated_at custom_attributes last_activity_at]"}},
		"a broken conversation": {func(p *play, _ int64) { p.BreakConversation(p.bots) }, []string{"bot message_created", moved}},
		"a broken message":      {func(p *play, id int64) { p.BreakMessage(p.bots, id) }, []string{"bot message_created", moved}},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newPlay(t, "4.16.2")
			p.begin()
			p.HoldDeliveries()
			c.change(p, p.AddMessage(p.bots, cfchattest.Message{}))
			p.ReleaseDeliveries(cfchattest.InOrder)
			if got := p.received(); !slices.Equal(got, c.want) {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		})
	}
}

// TestBodyFieldsByVersion checks from which version on a body has a field (contract, H4).
func TestBodyFieldsByVersion(t *testing.T) {
	for _, c := range []struct{ before, since, path string }{
		{"2.16.0", "2.17.0", "conversation.priority"},
		{"2.18.0", "3.0.0", "conversation.waiting_since"},
		{"3.11.0", "3.12.0", "conversation.last_activity_at"},
		{"4.0.1", "4.0.2", "conversation.updated_at"},
		{"4.0.1", "4.0.2", "sender.blocked"},
		{"4.0.1", "4.0.2", "conversation.meta.sender.blocked"},
		{"4.7.0", "4.8.0", "conversation.meta.assignee_type"},
		{"4.14.1", "4.14.2", "conversation.account"},
		{"4.15.1", "4.16.0", "conversation.meta.team.icon"},
		{"4.15.1", "4.16.0", "conversation.meta.team.icon_color"},
	} {
		for version, want := range map[string]bool{c.before: false, c.since: true} {
			srv := cfchattest.New(t, cfchattest.Version(version))
			srv.AddWebhook(cfchattest.Webhook{URL: "https://hooks.example/", Subscriptions: []cfchat.WebhookEvent{webhook.MessageCreated}})
			team := srv.AddTeam(cfchattest.Team{Members: []int64{2}})
			srv.AddMessage(srv.AddConversation(cfchattest.Conversation{Team: team, Assignee: 2}), cfchattest.Message{})
			(&play{Server: srv, t: t}).received()
			var at any
			if err := json.Unmarshal([]byte(srv.Deliveries()[0].Body), &at); err != nil {
				t.Fatal(err)
			}
			is := false
			for name := range strings.SplitSeq(c.path, ".") {
				object, _ := at.(map[string]any)
				at, is = object[name]
			}
			if is != want {
				t.Errorf("%s in %s: present is %v, want %v", c.path, version, is, want)
			}
		}
	}
}

// TestAvailability checks that people's availability is in what a request sends to a bot, and in nothing that a job sends.
func TestAvailability(t *testing.T) {
	p := newPlay(t, "4.7.0")
	p.begin()
	p.on(p.bots, "/assignments", fmt.Sprintf(`{"assignee_id":%d}`, p.grace))
	p.received()
	p.begun = p.seen
	p.FailDeliveries(hookURLs[cfchattest.HookBot], 1, cfchattest.DeliveryFailure{})
	p.on(p.bots, "/messages", `{"content":"Hi"}`)
	p.received()
	got := map[string]string{}
	for _, d := range p.made() {
		e, err := webhook.Parse([]byte(d.Body))
		if err != nil {
			t.Fatal(err)
		}
		of := e.Conversation
		if e.Message != nil {
			of = &e.Message.Conversation
		}
		if of != nil {
			got[d.Kind+" "+string(d.Event)] = string(of.Meta.Assignee.GetAvailabilityStatus() + "/" + of.Messages[0].Sender.GetAvailabilityStatus())
		}
	}
	for event, want := range map[string]string{
		"bot message_created": "offline/offline", "account message_created": "/", "bot conversation_opened": "/", "account conversation_updated": "/",
	} {
		if is, there := got[event]; is != want || !there {
			t.Errorf("%s: %q, want %q", event, is, want)
		}
	}
}

// TestFailedAccounts checks that an account's webhook is called once, whatever it answers, and that a failing bot whose
// conversation is already open changes nothing.
func TestFailedAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t, "4.16.2")
		p.begin()
		p.SetStatus(p.bots, cfchat.StatusOpen)
		p.received()
		p.FailDeliveries("", 9, cfchattest.DeliveryFailure{Status: 500})
		p.AddMessage(p.bots, cfchattest.Message{Content: "Hi"})
		want := []string{
			"bot message_created", "account message_created", "account contact_updated[updated_at last_activity_at]",
			"bot message_created", "bot message_created",
		}
		if got := p.received(); !slices.Equal(got, want) {
			t.Errorf("got the events %q, want %q", got, want)
		}
		if now, _ := p.Conversation(p.bots); now.Messages[0].GetContent() != "Hi" {
			t.Errorf("the last message is %q", now.Messages[0].GetContent())
		}
	})
}

// TestReceiverOfAddress checks that the receiver with the longest matching address answers, and that a redirect keeps the
// credentials only on the same host.
func TestReceiverOfAddress(t *testing.T) {
	srv := cfchattest.New(t, cfchattest.Version("4.16.2"))
	var got []string
	note := func(name string, to string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			user, _, _ := r.BasicAuth()
			got = append(got, name+" "+user)
			if to != "" {
				http.Redirect(w, r, to, http.StatusTemporaryRedirect)
			}
		})
	}
	srv.Receive("https://a.example/", note("all", "https://b.example/"))
	srv.Receive("https://a.example/x/", note("x", "https://a.example/y"))
	srv.Receive("https://a.example/x/y/z", note("z", ""))
	srv.Receive("https://a.example/x/y/", note("xy", ""))
	srv.Receive("https://b.example/", note("b", ""))
	for _, path := range []string{"x/y/z", "x/y/w", "x/w"} {
		srv.AddWebhook(cfchattest.Webhook{URL: "https://me:pw@a.example/" + path, Subscriptions: []cfchat.WebhookEvent{"contact_created"}})
	}
	srv.AddContact(cfchattest.Contact{})
	(&play{Server: srv, t: t}).received()
	if want := []string{"z me", "xy me", "x me", "all me", "b "}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestDeliveredTexts checks the text of a message by version and channel (contract, H6).
func TestDeliveredTexts(t *testing.T) {
	const text = "1 < 2\\\nand\n\n"
	for _, c := range []struct {
		version       string
		channel       cfchat.Channel
		want, wantAll string
	}{
		{"4.8.0", cfchat.ChannelEmail, text, text},
		{"4.9.0", cfchat.ChannelEmail, "<p>1 &lt; 2\\\nand\n\n</p>\n", text},
		{"4.12.0", cfchat.ChannelWebWidget, "<p>1 &lt; 2\\\nand\n\n</p>\n", text},
		{"4.12.0", cfchat.ChannelAPI, text, text},
		{"4.12.1", cfchat.ChannelEmail, text, text},
		{"4.13.0", cfchat.ChannelEmail, "1 < 2\nand\n\n", "1 < 2\nand\n\n"},
		{"4.14.2", cfchat.ChannelEmail, "1 < 2\nand", "1 < 2\nand"},
	} {
		srv := cfchattest.New(t, cfchattest.Version(c.version))
		srv.AddWebhook(cfchattest.Webhook{URL: "https://hooks.example/", Subscriptions: []cfchat.WebhookEvent{webhook.MessageCreated}})
		in := srv.AddInbox(cfchattest.Inbox{Channel: c.channel})
		srv.AddMessage(srv.AddConversation(cfchattest.Conversation{Inbox: in}), cfchattest.Message{Content: text})
		p := &play{Server: srv, t: t}
		p.received()
		body := srv.Deliveries()[0].Body
		e, err := webhook.Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		last := e.Message.Conversation.Messages[0]
		if got := *e.Message.Content; got != c.want || last.GetContent() != c.wantAll {
			t.Errorf("%s in %s: %q and %q, want %q and %q", c.version, c.channel, got, last.GetContent(), c.want, c.wantAll)
		}
		if strings.ContainsAny(body, "<>&") {
			t.Errorf("%s: %s", c.version, body)
		}
	}
}

// TestReceiverUsesServer checks that a receiver, a webhook.Handler, can answer the contact through the API.
func TestReceiverUsesServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t, "4.16.2")
		account := p.Account(t)
		p.Receive(hookURLs[cfchattest.HookBot], webhook.Handler(
			webhook.Options{Secret: p.secrets[cfchattest.HookBot]},
			answerMessages(account)))
		p.begin()
		p.AddMessage(p.bots, cfchattest.Message{Content: "Hi"})
		p.received()
		now, _ := p.Conversation(p.bots)
		if got := now.Messages[0].GetContent(); got != "Hello, Jo" {
			t.Errorf("the last message is %q", got)
		}
	})
}

// answerMessages returns a handler that greets whoever writes.
func answerMessages(account *cfchat.Account) func(context.Context, webhook.Event) error {
	return func(ctx context.Context, e webhook.Event) error {
		if e.Name != webhook.MessageCreated || e.Message.MessageType != webhook.MessageIncoming {
			return nil
		}
		_, err := account.Messages.Send(ctx, e.ConversationID(), cfchat.MessageCreate{Content: "Hello, " + *e.Message.Sender.Name})
		return err
	}
}

// TestPanickingReceiver checks that a panic in a receiver fails the test with an error that names the receiver.
func TestPanickingReceiver(t *testing.T) {
	inner := &mistaken{TB: t}
	srv := cfchattest.New(inner)
	srv.AddWebhook(cfchattest.Webhook{URL: "https://hooks.example/a"})
	srv.Receive("https://hooks.example/a", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("no") }))
	srv.AddConversation(cfchattest.Conversation{})
	p := &play{Server: srv, t: t}
	p.received()
	if got, want := inner.said, "cfchattest: the receiver at hooks.example/a panicked: no"; got != want {
		t.Errorf("the error is %q, want %q", got, want)
	}
}

// mistaken is a testing.TB that stores its error.
type mistaken struct {
	testing.TB

	said string
}

func (m *mistaken) Error(args ...any) { m.said = fmt.Sprint(args...) }
