package cfchattest_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/release"
	"github.com/cfchat/cfchat-go/webhook"
)

// recordedDelivery is a recorded delivery of a server: the kind of hook, the step that caused it, and the request.
type recordedDelivery struct {
	Kind, Step string
	Headers    map[string]string
	Body       string
}

// hookURLs are the addresses of the three kinds of hooks of a play.
var hookURLs = map[string]string{
	cfchattest.HookAccount: "https://hooks.example/account",
	cfchattest.HookInbox:   "https://hooks.example/inbox",
	cfchattest.HookBot:     "https://hooks.example/bot",
}

// play is a server with one hook of each kind, on which the recorded steps are performed.
type play struct {
	*cfchattest.Server

	t             *testing.T
	inbox, botBox int64
	grace, team   int64
	botKey        string
	secrets       map[string]webhook.Secret
	contact       int64
	first, bots   int64 // conversations
	bot           int64
	other         int64 // contacts
	visitor       int64
	begun, seen   int              // deliveries
	messages      map[string]int64 // ids by content
}

func newPlay(t *testing.T, version string, options ...cfchattest.Option) *play {
	t.Helper()
	p := &play{Server: cfchattest.New(t, append(options, cfchattest.Version(version))...), t: t, grace: 2, messages: map[string]int64{}}
	p.inbox = p.AddInbox(cfchattest.Inbox{Name: "API inbox", WebhookURL: hookURLs[cfchattest.HookInbox], Members: []int64{p.grace}})
	p.botBox = p.AddInbox(cfchattest.Inbox{Name: "Bot API", Members: []int64{p.grace}})
	bot, key := p.AddBot(cfchattest.Bot{
		Name: "Helper Bot", OutgoingURL: hookURLs[cfchattest.HookBot], Inboxes: []int64{p.botBox},
	})
	p.bot = bot
	p.team, p.botKey = p.AddTeam(cfchattest.Team{Name: "sales", Members: []int64{p.grace}}), key
	events := []cfchat.WebhookEvent{
		"conversation_created", "conversation_status_changed", "conversation_updated", "message_created", "message_updated",
		"webwidget_triggered", "contact_created", "contact_updated",
	}
	if v, err := release.Parse(version); err == nil && v.AtLeast("4.2.0") {
		events = append(events, "conversation_typing_on", "conversation_typing_off", "inbox_created", "inbox_updated")
	}
	_, secret := p.AddWebhook(cfchattest.Webhook{URL: hookURLs[cfchattest.HookAccount], Subscriptions: events})
	p.secrets = map[string]webhook.Secret{
		cfchattest.HookAccount: secret, cfchattest.HookInbox: p.InboxSecret(p.inbox), cfchattest.HookBot: p.BotSecret(bot),
	}
	for _, url := range hookURLs {
		p.Receive(url, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	}
	return p
}

// do makes a request, which must succeed, and returns the id in its answer.
func (p *play) do(key, method, path, body string) int64 {
	p.t.Helper()
	status, answer := call(p.t, p.Server, key, method, "/api/v1/accounts/1"+path, body)
	if status != http.StatusOK {
		p.t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	var of struct {
		ID      int64
		Payload struct{ Contact struct{ ID int64 } }
	}
	_ = json.Unmarshal([]byte(answer), &of) // some answers are empty, or have no id
	return max(of.ID, of.Payload.Contact.ID)
}

// on makes a request about a conversation as the administrator, and returns the id in its answer.
func (p *play) on(conversation int64, path, body string) int64 {
	p.t.Helper()
	return p.do(p.AdminKey(), "POST", fmt.Sprintf("/conversations/%d%s", conversation, path), body)
}

// file sends a file of five bytes.
func (p *play) file() {
	p.t.Helper()
	const form = "--b\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\nfile\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"attachments[]\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--\r\n"
	r := request(p.t, p.AdminKey(), "POST", fmt.Sprintf("/api/v1/accounts/1/conversations/%d/messages", p.first), form)
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	resp, err := p.Transport().RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusOK {
		p.t.Fatal(resp, err)
	}
}

// steps are the steps performed on the recorded servers, in that order. "seen" causes no event.
var steps = []struct {
	name  string
	since string
	do    func(p *play)
}{
	{"contact-create", "2.16.0", func(p *play) {
		p.contact = p.do(p.AdminKey(), "POST", "/contacts", fmt.Sprintf(
			`{"inbox_id":%d,"name":"Hook","email":"hook@customer.test","custom_attributes":{"plan":"pro"}}`, p.inbox))
	}},
	{"contact-update", "2.16.0", func(p *play) {
		p.do(p.AdminKey(), "PUT", fmt.Sprintf("/contacts/%d", p.contact), `{"name":"Hooked"}`)
	}},
	{"conversation-create", "2.16.0", func(p *play) { p.first = p.conversationIn(p.inbox) }},
	{"message-incoming", "2.16.0", func(p *play) {
		p.messages["Hello"] = p.on(p.first, "/messages", `{"content":"Hello","message_type":"incoming"}`)
	}},
	{"message-outgoing", "2.16.0", func(p *play) {
		p.messages["Hi there"] = p.on(p.first, "/messages", fmt.Sprintf(
			`{"content":"Hi there","content_attributes":{"in_reply_to":%d}}`, p.messages["Hello"]))
	}},
	{"message-private", "2.16.0", func(p *play) { p.on(p.first, "/messages", `{"content":"a note","private":true}`) }},
	{"message-file", "2.16.0", func(p *play) { p.file() }},
	{"message-delete", "2.16.0", func(p *play) {
		p.do(p.AdminKey(), "DELETE", fmt.Sprintf("/conversations/%d/messages/%d", p.first, p.messages["Hi there"]), "")
	}},
	{"labels", "2.16.0", func(p *play) { p.on(p.first, "/labels", `{"labels":["vip"]}`) }},
	{"assign", "2.16.0", func(p *play) { p.on(p.first, "/assignments", fmt.Sprintf(`{"assignee_id":%d}`, p.grace)) }},
	{"team", "2.16.0", func(p *play) { p.on(p.first, "/assignments", fmt.Sprintf(`{"team_id":%d}`, p.team)) }},
	{"unassign", "2.16.0", func(p *play) { p.on(p.first, "/assignments", `{"assignee_id":null}`) }},
	{"priority", "2.17.0", func(p *play) { p.on(p.first, "/toggle_priority", `{"priority":"high"}`) }},
	{"attributes", "2.16.0", func(p *play) { p.on(p.first, "/custom_attributes", `{"custom_attributes":{"tier":"gold"}}`) }},
	{"resolve", "2.16.0", func(p *play) { p.on(p.first, "/toggle_status", `{"status":"resolved"}`) }},
	{"reopen-by-message", "2.16.0", func(p *play) { p.on(p.first, "/messages", `{"content":"again","message_type":"incoming"}`) }},
	{"snooze", "2.16.0", func(p *play) { p.on(p.first, "/toggle_status", `{"status":"snoozed","snoozed_until":1924992000}`) }},
	{"open", "2.16.0", func(p *play) { p.on(p.first, "/toggle_status", `{"status":"open"}`) }},
	{"typing-on", "2.16.0", func(p *play) { p.on(p.first, "/toggle_typing_status", `{"typing_status":"on"}`) }},
	{"typing-off", "2.16.0", func(p *play) { p.on(p.first, "/toggle_typing_status", `{"typing_status":"off"}`) }},
	{"seen", "2.16.0", func(p *play) { p.on(p.first, "/update_last_seen", "") }},
	{"bot-conversation", "2.16.0", func(p *play) { p.bots = p.conversationIn(p.botBox) }},
	{"bot-incoming", "2.16.0", func(p *play) { p.on(p.bots, "/messages", `{"content":"to the bot","message_type":"incoming"}`) }},
	{"bot-answer", "2.16.0", func(p *play) {
		p.do(p.botKey, "POST", fmt.Sprintf("/conversations/%d/messages", p.bots), `{"content":"from the bot"}`)
	}},
	{"bot-handoff", "2.16.0", func(p *play) {
		p.do(p.botKey, "POST", fmt.Sprintf("/conversations/%d/toggle_status", p.bots), `{"status":"open"}`)
	}},
	{"bot-resolve", "2.16.0", func(p *play) { p.on(p.bots, "/toggle_status", `{"status":"resolved"}`) }},
	{"answer-500", "2.16.0", func(p *play) { p.on(p.first, "/messages", `{"content":"you will fail"}`) }},
	{"bot-500", "2.16.0", func(p *play) { p.conversationIn(p.botBox) }},
}

func (p *play) conversationIn(inbox int64) int64 {
	return p.do(p.AdminKey(), "POST", "/conversations", fmt.Sprintf(`{"inbox_id":%d,"contact_id":%d}`, inbox, p.contact))
}

// exceptions lists where a body differs from the recorded one, by version, step, kind, event and path; "*" matches any. The
// recorded jobs ran in the server's process during the request, those of the stand-in run after it: contract, H3, allows
// both.
var exceptions = []struct{ version, step, kind, event, path, reason string }{
	{"2.16.0", "message-outgoing", "*", "message_created", "body.conversation.first_reply_created_at", meanwhile},
	{"4.16.2", "reopen-by-message", "*", "conversation_status_changed", "body.waiting_since", meanwhile},
	{"4.16.2", "reopen-by-message", "*", "conversation_updated", "body.waiting_since", meanwhile},
	{"*", "answer-500", "*", "*", "body.conversation.messages.0.sender.availability_status", inRequest},
	{"*", "answer-500", "*", "*", "body.messages.0.sender.availability_status", inRequest},
	{"2.16.0", "attributes", "*", "conversation_updated", "body.messages.0.sender.availability_status", inRequest},
}

// usedExceptions are the indexes of the exceptions that matched a difference.
var usedExceptions = map[int]bool{}

const (
	meanwhile = "the recorded job ran before the request had made this change"
	inRequest = "the recorded job knew the account of the request in the same process, which a job in another process does not"
)

// TestDeliveriesAsRecorded performs the steps of the recorded servers and compares the deliveries: which events go to which
// hook, and the keys, types and values of each body, apart from ids, times and addresses.
func TestDeliveriesAsRecorded(t *testing.T) {
	for _, version := range []string{"2.16.0", "4.16.2"} {
		t.Run(version, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				compareDeliveries(t, version, recordedDeliveries(t, version), played(t, version))
			})
		})
	}
	for i, e := range exceptions {
		if !usedExceptions[i] {
			t.Errorf("no difference matches the exception %+v", e)
		}
	}
}

// played performs the steps and returns the deliveries. It checks that each verifies with the hook's secret, and parses.
func played(t *testing.T, version string) []recordedDelivery {
	t.Helper()
	p := newPlay(t, version)
	var all []recordedDelivery
	for _, step := range steps {
		if step.since != "2.16.0" && version == "2.16.0" {
			continue
		}
		time.Sleep(4123456 * time.Microsecond) // as between the recorded steps; in a bubble it takes no time
		step.do(p)
		if err := p.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, d := range p.Deliveries()[len(all):] {
			headers := map[string]string{}
			for name := range d.Header {
				headers[name] = d.Header.Get(name)
			}
			all = append(all, recordedDelivery{d.Kind, step.name, headers, d.Body})
			p.verify(d, version)
		}
	}
	return all
}

// verify checks that a receiver accepts a delivery as the server's, and can parse it.
func (p *play) verify(d cfchattest.Delivery, version string) {
	p.t.Helper()
	secret := webhook.Unsigned
	if version == "4.16.2" {
		secret = p.secrets[d.Kind]
	}
	if err := webhook.Verify(secret, d.Header, []byte(d.Body), time.Now()); err != nil {
		p.t.Errorf("%s to %s: %v", d.Event, d.Kind, err)
	}
	if e, err := webhook.Parse([]byte(d.Body)); err != nil || e.Name != d.Event {
		p.t.Errorf("%s to %s: %s, %v", d.Event, d.Kind, e.Name, err)
	}
}

func recordedDeliveries(t *testing.T, version string) []recordedDelivery {
	t.Helper()
	packed, err := os.Open("../testdata/deliveries/" + version + ".json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	var of struct{ Deliveries []recordedDelivery }
	if err := json.Unmarshal(data, &of); err != nil {
		t.Fatal(err)
	}
	return of.Deliveries
}

// compareDeliveries compares the deliveries of each step, kind and event.
func compareDeliveries(t *testing.T, version string, want, got []recordedDelivery) {
	t.Helper()
	wanted, gotten := byStep(t, want), byStep(t, got)
	keys := slices.Sorted(maps.Keys(wanted))
	for key := range gotten {
		if wanted[key] == nil {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		if len(wanted[key]) != len(gotten[key]) {
			t.Errorf("%s: %d deliveries, want %d", key, len(gotten[key]), len(wanted[key]))
			continue
		}
		for i := range wanted[key] {
			for _, difference := range differences("", wanted[key][i], gotten[key][i]) {
				if !isException(version, key, difference) {
					t.Errorf("%s: %s", key, difference)
				}
			}
		}
	}
}

func isException(version, key, difference string) bool {
	parts := strings.SplitN(key, " ", 3)
	for j, e := range exceptions {
		fits := e.version == version || e.version == "*"
		for i, each := range []string{e.step, e.kind, e.event} {
			fits = fits && (each == "*" || each == parts[i])
		}
		if fits && strings.HasPrefix(difference, e.path+": ") {
			usedExceptions[j] = true
			return true
		}
	}
	return false
}

// byStep groups bodies by step, kind and event. It sorts each group by the changed attributes, because deliveries have no
// fixed order.
func byStep(t *testing.T, all []recordedDelivery) map[string][]any {
	t.Helper()
	var bodies []map[string]any
	for _, d := range all {
		var body map[string]any
		decoder := json.NewDecoder(strings.NewReader(d.Body))
		decoder.UseNumber()
		if err := decoder.Decode(&body); err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, body)
	}
	ids := map[string][]int64{}
	for _, body := range bodies {
		plain("", body, func(class string, id int64) int64 {
			if !slices.Contains(ids[class], id) {
				ids[class] = append(ids[class], id)
			}
			return id
		})
	}
	for _, each := range ids {
		slices.Sort(each)
	}
	groups := map[string][]any{}
	for i, body := range bodies {
		out := plain("", body, func(class string, id int64) int64 { return int64(slices.Index(ids[class], id)) })
		headers := map[string]any{}
		for name, value := range all[i].Headers {
			if name == "Accept-Encoding" || name == "Content-Length" { // the first was not recorded, and the second follows from the body
				continue
			}
			if strings.HasPrefix(name, "X-Chatwoot-") {
				value = "set"
			}
			headers[name] = value
		}
		key := all[i].Step + " " + all[i].Kind + " " + fmt.Sprint(body["event"])
		groups[key] = append(groups[key], map[string]any{"body": out, "header": headers})
	}
	for _, group := range groups {
		slices.SortStableFunc(group, func(x, y any) int { return strings.Compare(changesIn(x), changesIn(y)) })
	}
	return groups
}

func changesIn(delivery any) string {
	whole, _ := delivery.(map[string]any)
	body, _ := whole["body"].(map[string]any)
	return fmt.Sprint(body["changed_attributes"])
}

var (
	isoTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
	uuid    = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$`)
)

// plain replaces ids by their rank among those of their class, times and tokens by a fixed text, and URLs of files by the
// file's name.
func plain(at string, value any, rank func(class string, id int64) int64) any {
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, each := range v {
			if class := classOf(at, key, v); class != "" && each != nil {
				id, _ := strconv.ParseInt(fmt.Sprint(each), 10, 64)
				out[key] = rank(class, id)
				continue
			}
			if at == "additional_attributes" && (key == "avatar_url_hash" || key == "last_avatar_sync_at") {
				continue // set by a job that fetches pictures, not by an event
			}
			under := key
			if key == "previous_value" || key == "current_value" {
				under = at
			}
			out[key] = plain(under, each, rank)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, each := range v {
			out[i] = plain(at, each, rank)
		}
		return out
	case json.Number:
		return plainNumber(at, v)
	case string:
		switch {
		case at == "data_url":
			return path.Base(v)
		case at == "pubsub_token" && len(v) == 24, uuid.MatchString(v):
			return "a token"
		case isoTime.MatchString(v) && !strings.HasPrefix(v, "2031-"):
			return "a time"
		}
	}
	return value
}

func plainNumber(at string, n json.Number) any {
	switch at {
	case "created_at", "timestamp", "last_activity_at", "waiting_since", "agent_last_seen_at", "contact_last_seen_at", "updated_at":
		if n != "0" {
			kind := "seconds"
			if strings.Contains(n.String(), ".") {
				kind += " with a fraction"
			}
			return kind
		}
	}
	return n.String()
}

// classOf returns the kind of object that an id belongs to, "" if the value is not an id.
func classOf(at, key string, in map[string]any) string {
	has := func(key string) bool { _, is := in[key]; return is }
	switch key {
	case "previous_value", "current_value":
		return map[string]string{"assignee_id": "user", "team_id": "team", "assignee_agent_bot_id": "bot"}[at]
	case "sender_id":
		return map[string]string{"User": "user", "Contact": "contact", "AgentBot": "bot"}[fmt.Sprint(in["sender_type"])]
	case "conversation_id", "inbox_id", "contact_id", "account_id", "message_id":
		return strings.TrimSuffix(key, "_id")
	case "in_reply_to":
		return "message"
	case "assignee_id":
		return "user"
	case "id":
	default:
		return ""
	}
	switch {
	case has("can_reply"):
		return "conversation"
	case has("message_type"):
		return "message"
	case has("pubsub_token"):
		return "place"
	case has("file_type"):
		return "attachment"
	case in["type"] == "agent_bot":
		return "bot"
	case in["type"] == "user":
		return "user"
	case has("identifier"):
		return "contact"
	}
	return at // an inbox, a team or an account
}

// differences returns where two values differ.
func differences(at string, want, got any) []string {
	w, wantsObject := want.(map[string]any)
	g, isObject := got.(map[string]any)
	wl, wantsList := want.([]any)
	gl, isList := got.([]any)
	var out []string
	switch {
	case wantsObject && isObject:
		keys := slices.Sorted(maps.Keys(w))
		for key := range g {
			if _, wanted := w[key]; !wanted {
				keys = append(keys, key)
			}
		}
		for _, key := range keys {
			wv, wanted := w[key]
			gv, there := g[key]
			under := strings.TrimPrefix(at+"."+key, ".")
			if wanted != there {
				out = append(out, fmt.Sprintf("%s: present is %v, want %v", under, there, wanted))
				continue
			}
			out = append(out, differences(under, wv, gv)...)
		}
	case wantsList && isList && len(wl) == len(gl):
		for i := range wl {
			out = append(out, differences(at+"."+strconv.Itoa(i), wl[i], gl[i])...)
		}
	default:
		if fmt.Sprintf("%T %v", want, want) != fmt.Sprintf("%T %v", got, got) {
			out = append(out, fmt.Sprintf("%s: %v, want %v", at, got, want))
		}
	}
	return out
}
