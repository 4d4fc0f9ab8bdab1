package cfchat_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// answersTo returns the smallest valid answer to a request's operation.
func answersTo(req *http.Request) string { return trial.CallOf(operation.Of(req).ID).Good }

// wire is a request as it was sent: the request line, the key header's value, and the body.
type wire struct {
	line, key, body string
}

// listener returns a transport that records requests in sent and answers each of them.
func listener(sent *[]wire) http.RoundTripper {
	return trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		//lint:ignore SA1008 the servers document this spelling, which is not the canonical one
		w := wire{line: req.Method + " " + req.URL.RequestURI(), key: strings.Join(req.Header[auth.HeaderUnderscore], "+")}
		if req.Body != nil {
			body, err := io.ReadAll(req.Body)
			if err != nil {
				return nil, err
			}
			w.body = string(body)
		}
		*sent = append(*sent, w)
		answer, asked := answersTo(req), struct{ Status string }{"resolved"}
		if err := json.Unmarshal([]byte(cmp.Or(w.body, "{}")), &asked); err != nil {
			return nil, err
		}
		return trial.Reply(http.StatusOK, "application/json; charset=utf-8", strings.ReplaceAll(answer, "resolved", asked.Status)), nil
	})
}

// TestWire checks the request that each method sends.
func TestWire(t *testing.T) {
	const path = "/base/api/v1/accounts/7/conversations"
	until := time.Unix(1893456000, 999)
	for name, c := range map[string]struct {
		call func(context.Context, *cfchat.Account) error
		want wire
	}{
		"list": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.List(ctx, cfchat.ConversationListOptions{}))
		}, wire{"GET " + path, "user-key", ""}},
		"list with everything": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.List(ctx, cfchat.ConversationListOptions{
				Status: cfchat.StatusAll, AssigneeType: cfchat.AssigneeTypeMe, Q: "a&b c%", InboxID: 5,
				TeamID: 6, Labels: []string{"vip", "süß"}, Page: 2, SortBy: cfchat.SortBySortOnCreatedAt,
				ConversationType: cfchat.ConversationTypeUnattended, UpdatedWithin: time.Minute, SourceID: "s",
			}))
		}, wire{"GET " + path + "?status=all&assignee_type=me&q=a%26b+c%25&inbox_id=5&team_id=6&labels=vip,s%C3%BC%C3%9F&page=2" +
			"&sort_by=sort_on_created_at&conversation_type=unattended&updated_within=60&source_id=s", "user-key", ""}},
		"list with empty parameters": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.List(ctx, cfchat.ConversationListOptions{
				Status: cfchat.Status(""), AssigneeType: cfchat.AssigneeType(""), Q: "", Labels: []string{},
				SortBy: cfchat.SortBy(""), ConversationType: cfchat.ConversationType(""), SourceID: "",
			}))
		}, wire{"GET " + path, "user-key", ""}},
		"counts": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Counts(ctx, cfchat.ConversationListOptions{Labels: []string{"vip"}}))
		}, wire{"GET " + path + "/meta?labels=vip", "user-key", ""}},
		"get": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Get(ctx, 42))
		}, wire{"GET " + path + "/42", "user-key", ""}},
		"filter": {func(ctx context.Context, a *cfchat.Account) error {
			f := cfchat.Where(cfchat.Equal("status", "open")).And(cfchat.Equal("inbox_id", 5, 6)).Or(cfchat.Absent("assignee_id"))
			return trial.Second(a.Conversations.Filter(ctx, f, 3))
		}, wire{"POST " + path + "/filter?page=3", "user-key", `{"payload":[` +
			`{"attribute_key":"status","filter_operator":"equal_to","query_operator":"AND","values":["open"]},` +
			`{"attribute_key":"inbox_id","filter_operator":"equal_to","query_operator":"OR","values":[5,6]},` +
			`{"attribute_key":"assignee_id","filter_operator":"is_not_present","query_operator":null,"values":[]}]}`}},
		"filter by day": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Filter(ctx, cfchat.Where(cfchat.GreaterThan("created_at", until.Truncate(24*time.Hour))), 1))
		}, wire{"POST " + path + "/filter?page=1", "user-key", `{"payload":[` +
			`{"attribute_key":"created_at","filter_operator":"is_greater_than","query_operator":null,"values":["2030-01-01"]}]}`}},
		"create": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Create(ctx, cfchat.ConversationCreate{
				InboxID: 1, ContactID: 2, SourceID: "s", Status: cfchat.StatusSnoozed,
				SnoozedUntil: until, AssigneeID: 3,
				AdditionalAttributes: map[string]any{}, CustomAttributes: map[string]any{"tier": "gold", "n": 3},
				Message: cfchat.FirstMessage{Content: "hi", MessageType: cfchat.MessageKindIncoming},
			}))
		}, wire{"POST " + path, "bot-key", `{"assignee_id":3,"contact_id":2,` +
			`"custom_attributes":{"n":3,"tier":"gold"},"inbox_id":1,"message":{"content":"hi","message_type":"incoming"},` +
			`"snoozed_until":"2030-01-01T00:00:00Z","source_id":"s","status":"snoozed"}`}},
		"create for a team as a user": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Create(auth.WithScheme(ctx, auth.UserAPIKey), cfchat.ConversationCreate{SourceID: "s", TeamID: 4}))
		}, wire{"POST " + path, "user-key", `{"source_id":"s","team_id":4}`}},
		"toggle": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.ToggleStatus(ctx, 42))
		}, wire{"POST " + path + "/42/toggle_status", "bot-key", `{}`}},
		"set": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.SetStatus(ctx, 42, cfchat.StatusPending))
		}, wire{"POST " + path + "/42/toggle_status", "bot-key", `{"status":"pending"}`}},
		"snooze": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Snooze(ctx, 42, until))
		}, wire{"POST " + path + "/42/toggle_status", "bot-key", `{"snoozed_until":1893456000,"status":"snoozed"}`}},
		"snooze until the next reply": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Snooze(ctx, 42, time.Time{}))
		}, wire{"POST " + path + "/42/toggle_status", "bot-key", `{"status":"snoozed"}`}},
		"create for a team with an editor, which may set a key": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Create(ctx, cfchat.ConversationCreate{SourceID: "s", TeamID: 4}, cfchat.WithKeys(auth.Keys{User: auth.NewKey("other")})))
		}, wire{"POST " + path, "other", `{"source_id":"s","team_id":4}`}},
		"a key for one call": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.ToggleStatus(ctx, 42, cfchat.RequestEditorFn(auth.Keys{User: auth.NewKey("other")}.Edit)))
		}, wire{"POST " + path + "/42/toggle_status", "other", `{}`}},
	} {
		t.Run(name, func(t *testing.T) {
			var sent []wire
			if err := c.call(t.Context(), trial.Chat(t, listener(&sent)).Account(7)); err != nil {
				t.Fatal(err)
			}
			if len(sent) != 1 || sent[0] != c.want {
				t.Errorf("sent %q\nwant %q", sent, c.want)
			}
		})
	}
}

// TestRefusedInput checks that input which the server would misread is refused with the field's name, before anything is sent.
func TestRefusedInput(t *testing.T) {
	type call func(context.Context, *cfchat.Account) error
	var noContext context.Context
	list := func(p cfchat.ConversationListOptions) call {
		return func(ctx context.Context, a *cfchat.Account) error { return trial.Second(a.Conversations.List(ctx, p)) }
	}
	create := func(r cfchat.ConversationCreate) call {
		return func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Create(ctx, r))
		}
	}
	filter := func(f cfchat.Filter) call {
		return func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Filter(ctx, f, 1))
		}
	}
	status := func(s cfchat.Status) call {
		return func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.SetStatus(ctx, 42, s))
		}
	}
	for name, c := range map[string]struct {
		call  call
		names string // what the error must name
	}{
		"id 0": {func(ctx context.Context, a *cfchat.Account) error { return trial.Second(a.Conversations.Get(ctx, 0)) }, "id: 0"},
		"id below 0": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.ToggleStatus(ctx, -1))
		}, "id: -1"},
		"page 0": {list(cfchat.ConversationListOptions{Page: -1}), "Page: -1"},
		"filter page 0": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Filter(ctx, cfchat.Where(cfchat.Present("labels")), 0))
		}, "page: 0"},
		"counts of unassigned": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Counts(ctx, cfchat.ConversationListOptions{AssigneeType: cfchat.AssigneeTypeUnassigned}))
		}, "AssigneeType: the server does not count by it"},
		"counts of changes": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Counts(ctx, cfchat.ConversationListOptions{UpdatedWithin: time.Hour}))
		}, "UpdatedWithin: the server does not count by it"},
		"inbox 0":             {list(cfchat.ConversationListOptions{InboxID: -1}), "InboxID: -1"},
		"team 0":              {list(cfchat.ConversationListOptions{TeamID: -1}), "TeamID: -1"},
		"updated within":      {list(cfchat.ConversationListOptions{UpdatedWithin: -time.Second}), "UpdatedWithin: -1s"},
		"updated within 300":  {list(cfchat.ConversationListOptions{UpdatedWithin: 300}), "UpdatedWithin: 300ns"},
		"q and status":        {list(cfchat.ConversationListOptions{Q: "a", Status: cfchat.StatusOpen}), "Status: with Q"},
		"q and order":         {list(cfchat.ConversationListOptions{Q: "a", SortBy: cfchat.SortByPriorityDesc}), "SortBy: priority_desc with Q"},
		"source and order":    {list(cfchat.ConversationListOptions{SourceID: "a", SortBy: cfchat.SortBySortOnWaitingSince}), "SortBy: sort_on_waiting_since with Q"},
		"empty label":         {list(cfchat.ConversationListOptions{Labels: []string{"a", ""}}), "Labels[1]"},
		"blank label":         {list(cfchat.ConversationListOptions{Labels: []string{" "}}), "Labels[0]"},
		"label with a comma":  {list(cfchat.ConversationListOptions{Labels: []string{"a,b"}}), "Labels[0]"},
		"label with a quote":  {list(cfchat.ConversationListOptions{Labels: []string{`"a"`}}), "Labels[0]"},
		"create without":      {create(cfchat.ConversationCreate{}), "SourceID"},
		"create half":         {create(cfchat.ConversationCreate{SourceID: "s", InboxID: 1}), "ContactID: the server ignores InboxID"},
		"create other half":   {create(cfchat.ConversationCreate{SourceID: "s", ContactID: 1}), "InboxID: the server ignores ContactID"},
		"create direction":    {create(cfchat.ConversationCreate{SourceID: "s", Message: cfchat.FirstMessage{MessageType: "in"}}), "Message.MessageType"},
		"create inbox 0":      {create(cfchat.ConversationCreate{ContactID: 1, InboxID: -1}), "InboxID: -1"},
		"create status":       {create(cfchat.ConversationCreate{SourceID: "s", Status: cfchat.Status("closed")}), "Status"},
		"create snooze":       {create(cfchat.ConversationCreate{SourceID: "s", SnoozedUntil: time.Now()}), "SnoozedUntil"},
		"create snooze 1969":  {create(cfchat.ConversationCreate{SourceID: "s", Status: cfchat.StatusSnoozed, SnoozedUntil: time.Unix(-1, 0)}), "SnoozedUntil"},
		"create snooze 10000": {create(cfchat.ConversationCreate{SourceID: "s", Status: cfchat.StatusSnoozed, SnoozedUntil: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}), "SnoozedUntil"},
		"create NaN":          {create(cfchat.ConversationCreate{SourceID: "s", CustomAttributes: map[string]any{"n": []any{math.NaN()}}}), `CustomAttributes["n"]`},
		"create Inf":          {create(cfchat.ConversationCreate{SourceID: "s", AdditionalAttributes: map[string]any{"n": math.Inf(1)}}), `AdditionalAttributes["n"]`},
		"create team, kept": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Create(ctx, cfchat.ConversationCreate{SourceID: "s", TeamID: 4}, cfchat.KeepJSON()))
		}, "TeamID"},
		"create team as a bot": {create(cfchat.ConversationCreate{SourceID: "s", TeamID: 4}), "TeamID"},
		"set no status":        {status(""), "status"},
		"set unknown status":   {status("closed"), "status"},
		"set all":              {status("all"), "status"},
		"snooze in 1969": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Snooze(ctx, 42, time.Unix(-1, 0)))
		}, "until"},
		"filter without rules": {filter(cfchat.Filter{}), "filter"},
		"rule without key":     {filter(cfchat.Where(cfchat.Equal("", 1))), "rule 1"},
		"rule without value":   {filter(cfchat.Where(cfchat.Present("labels")).And(cfchat.Equal("status"))), "rule 2 (status equal_to)"},
		"rule with NaN":        {filter(cfchat.Where(cfchat.GreaterThan("n", math.NaN()))), "rule 1"},
		"unknown operator":     {filter(cfchat.Where(cfchat.RawRule(cfchat.FilterRule{AttributeKey: "status", FilterOperator: "eq", Values: []any{"open"}}))), "rule 1 (status eq)"},
		"operator on the last": {filter(cfchat.Where(cfchat.RawRule(cfchat.FilterRule{AttributeKey: "labels", FilterOperator: "is_present", QueryOperator: new(cfchat.QueryOperatorAND)}))), "QueryOperator"},
		"nil context": {func(_ context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Get(noContext, 42))
		}, "ctx"},
		"nil editor": {func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Get(ctx, 42, nil))
		}, "option 1: it is nil"},
	} {
		t.Run(name, func(t *testing.T) {
			var sent []wire
			err := c.call(t.Context(), trial.Chat(t, listener(&sent)).Account(7))
			if !errors.Is(err, cfchat.ErrInvalidInput) || !errors.Is(err, cfchat.ErrNotSent) || !strings.Contains(err.Error(), c.names) {
				t.Errorf("got %v, want an ErrInvalidInput that names %q", err, c.names)
			}
			if e, ok := errors.AsType[*cfchat.Error](err); !ok || e.Operation == "" {
				t.Errorf("%#v has no operation", err)
			}
			if len(sent) != 0 {
				t.Errorf("sent %q, want no request", sent)
			}
		})
	}
}

// TestNoClient checks that calls on accounts that do not come from New fail instead of panicking.
func TestNoClient(t *testing.T) {
	var none *cfchat.Chat
	for name, account := range map[string]*cfchat.Account{"zero": {}, "of a nil Chat": none.Account(1), "of a zero Chat": new(cfchat.Chat).Account(1)} {
		if _, err := account.Conversations.Get(t.Context(), 42); !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("%s: %v", name, err)
		}
		team := cfchat.ConversationCreate{SourceID: "s", TeamID: 1}
		if _, err := account.Conversations.Create(t.Context(), team); !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := trial.Chat(t, listener(new([]wire))).Account(0).Conversations.Get(t.Context(), 42); !errors.Is(err, cfchat.ErrInvalidInput) {
		t.Errorf("account 0: %v", err)
	}
}

// TestCallerKeepsItsOptions checks that a call does not modify the caller's options.
func TestCallerKeepsItsOptions(t *testing.T) {
	options := cfchat.ConversationListOptions{Labels: []string{}}
	if _, err := trial.Chat(t, listener(new([]wire))).Account(7).Conversations.List(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	if options.Labels == nil {
		t.Errorf("the options are now %+v", options)
	}
}

// TestFiltersAreValues checks that filters derived from the same filter share no rules, neither with it nor with the caller.
func TestFiltersAreValues(t *testing.T) {
	var sent []wire
	account := trial.Chat(t, listener(&sent)).Account(7)
	base := cfchat.Where(cfchat.Present("labels"))
	either, both := base.Or(cfchat.Absent("team_id")), base.And(cfchat.Present("team_id"))
	for _, f := range []cfchat.Filter{either, both, base} {
		if _, err := account.Conversations.Filter(t.Context(), f, 1); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{`"OR"`, `"AND"`, `"query_operator":null`} {
		if !strings.Contains(sent[i].body, want) || strings.Count(sent[i].body, "query_operator") != min(2, 3-i) {
			t.Errorf("filter %d: %s", i, sent[i].body)
		}
	}
	list, object, text := []int{1}, map[string]int{"a": 1}, json.RawMessage("5")
	f := cfchat.Where(cfchat.RawRule(cfchat.FilterRule{AttributeKey: "a", FilterOperator: "equal_to", Values: []any{list, object, text}})).
		And(cfchat.Equal("custom", text))
	list[0], object["a"], text[0] = 2, 2, '6'
	if _, err := account.Conversations.Filter(t.Context(), f, 1); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"values":[[1],{"a":1},5]`, `"values":[5]`} {
		if got := sent[len(sent)-1].body; !strings.Contains(got, want) {
			t.Errorf("sent %s, want %s in it", got, want)
		}
	}
}

// TestToggleThatWasNotStored checks that a toggle that the server did not store fails, although the status is 200.
func TestToggleThatWasNotStored(t *testing.T) {
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(200, "application/json", `{"payload":{"success":false,"conversation_id":42,"current_status":"open","snoozed_until":null}}`), nil
	}))
	if change, err := chat.Account(1).Conversations.ToggleStatus(t.Context(), 42); change != nil || !errors.Is(err, cfchat.ErrRejected) {
		t.Errorf("got %v, %v", change, err)
	}
}

// TestNewRefuses checks that New names the invalid field and reveals no part of the address.
func TestNewRefuses(t *testing.T) {
	keys := auth.Keys{User: auth.NewKey("k")}
	for name, c := range map[string]struct {
		config cfchat.Config
		field  string
	}{
		"no key":           {cfchat.Config{}, "Config.Keys:"},
		"bad key":          {cfchat.Config{Keys: auth.Keys{User: auth.NewKey("a b")}}, "Config.Keys.User:"},
		"plain http":       {cfchat.Config{Keys: keys, Server: "http://hidden.test"}, "use https, or set AllowPlainHTTP if nobody can eavesdrop"},
		"allowed file":     {cfchat.Config{Keys: keys, Server: "file://hidden.test", AllowPlainHTTP: true}, "Config.Server:"},
		"user name":        {cfchat.Config{Keys: keys, Server: "https://hidden:pw@h.test"}, "Config.Server:"},
		"query":            {cfchat.Config{Keys: keys, Server: "https://h.test?hidden"}, "Config.Server:"},
		"fragment":         {cfchat.Config{Keys: keys, Server: "https://h.test#hidden"}, "Config.Server:"},
		"no scheme":        {cfchat.Config{Keys: keys, Server: "hidden.test"}, "Config.Server:"},
		"other scheme":     {cfchat.Config{Keys: keys, Server: "ftp://hidden.test"}, "Config.Server:"},
		"no host":          {cfchat.Config{Keys: keys, Server: "https://:80/hidden"}, "Config.Server:"},
		"a page":           {cfchat.Config{Keys: keys, Server: "https://hidden.test/app/accounts/56/dashboard"}, "Config.Server: it includes"},
		"an operation":     {cfchat.Config{Keys: keys, Server: "https://hidden.test/base/api/v1/accounts/56"}, "Config.Server: it includes"},
		"the API's path":   {cfchat.Config{Keys: keys, Server: "https://hidden.test/api/v1"}, "Config.Server: it includes"},
		"not an address":   {cfchat.Config{Keys: keys, Server: "https://hidden\x7f"}, "Config.Server:"},
		"negative timeout": {cfchat.Config{Keys: keys, Timeout: -1}, "Config.Timeout:"},
		"negative size":    {cfchat.Config{Keys: keys, MaxBody: -1}, "Config.MaxBody:"},
		"agent":            {cfchat.Config{Keys: keys, UserAgent: "a\nb"}, "Config.UserAgent:"},
		"nil editor":       {cfchat.Config{Keys: keys, RequestEditors: []cfchat.RequestEditorFn{nil}}, "Config.RequestEditors[0]:"},
	} {
		chat, err := cfchat.New(c.config)
		if chat != nil || err == nil || !strings.Contains(err.Error(), c.field) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := cfchat.New(cfchat.Config{Server: "http://x", Timeout: -1, MaxBody: -1, UserAgent: "\n", Retry: cfchat.Retry{MaxTries: -1, MaxWait: -1}})
	for _, field := range []string{"Keys", "Server", "Timeout", "MaxBody", "UserAgent", "Retry.MaxTries", "Retry.MaxWait"} {
		if err == nil || !strings.Contains(err.Error(), "Config."+field+": ") {
			t.Errorf("%v does not name %s", err, field)
		}
	}
	if _, err := cfchat.New(cfchat.Config{Keys: keys, Server: "http://chat:3000", AllowPlainHTTP: true}); err != nil {
		t.Errorf("allowed plain http: %v", err)
	}
	for _, server := range []string{"", "https://h.test", "https://h.test/a/b/", "https://h.test/app", "https://h.test/api/v1/chat", "http://127.0.0.1:1", "http://localhost", "http://[::1]:1"} {
		if _, err := cfchat.New(cfchat.Config{Keys: keys, Server: server}); err != nil {
			t.Errorf("%s: %v", server, err)
		}
	}
}

// TestErrorsAreOneLine checks that error texts have no line breaks, whatever the input.
func TestErrorsAreOneLine(t *testing.T) {
	account := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return nil, trial.ErrRefused })).Account(7)
	const line = "5\nlevel=ERROR"
	for _, err := range []error{
		account.Do(t.Context(), "GET", "a"+line, nil, nil), account.Do(t.Context(), line, "a", nil, nil),
		account.Do(t.Context(), "GET", "https://jo:hidden@evil.example/x", nil, nil), account.Do(t.Context(), "GET", "x#hidden", nil, nil),
		trial.Second(account.Conversations.Filter(t.Context(), cfchat.Where(cfchat.Equal("inbox_id", line)), 1)),
		trial.Second(account.Conversations.Filter(t.Context(), cfchat.Where(cfchat.Equal(line, nil)), 1)),
		trial.Second(account.Conversations.SetStatus(t.Context(), 1, line)),
	} {
		if !errors.Is(err, cfchat.ErrInvalidInput) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "hidden") {
			t.Errorf("got %v", err)
		}
	}
}

// TestRefusedID checks that an error about an id names the parameter as the method does.
func TestRefusedID(t *testing.T) {
	conversations := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return nil, trial.ErrRefused })).Account(1).Conversations
	for name, err := range map[string]error{
		"Get":          trial.Second(conversations.Get(t.Context(), 0)),
		"ToggleStatus": trial.Second(conversations.ToggleStatus(t.Context(), 0)),
		"SetStatus":    trial.Second(conversations.SetStatus(t.Context(), 0, cfchat.StatusOpen)),
		"Snooze":       trial.Second(conversations.Snooze(t.Context(), 0, time.Time{})),
		"Labels":       trial.Second(conversations.Labels(t.Context(), 0)),
	} {
		if e, ok := errors.AsType[*cfchat.Error](err); !ok || len(e.Fields) != 1 || e.Fields[0].Field != "id" {
			t.Errorf("%s: %#v", name, err)
		}
	}
}

// TestRawOfNoChat checks that Raw of a nil or zero Chat fails as the services do, instead of panicking.
func TestRawOfNoChat(t *testing.T) {
	var none *cfchat.Chat
	for name, chat := range map[string]*cfchat.Chat{"nil": none, "zero": {}} {
		if _, err := trial.Get.Raw(t.Context(), chat.Raw()); !errors.Is(err, cfchat.ErrInvalidInput) || !errors.Is(err, cfchat.ErrNotSent) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFieldsOfCreate checks that Create refuses each id that cannot exist, and names its field.
func TestFieldsOfCreate(t *testing.T) {
	chat := trial.Chat(t, nil)
	for field, create := range map[string]cfchat.ConversationCreate{
		"InboxID":    {InboxID: -1, ContactID: 1},
		"ContactID":  {InboxID: 1, ContactID: -1},
		"AssigneeID": {SourceID: "s", AssigneeID: -1},
		"TeamID":     {SourceID: "s", TeamID: -1},
	} {
		_, err := chat.Account(1).Conversations.Create(t.Context(), create, cfchat.WithKeys(auth.Keys{User: auth.NewKey("user-key")}))
		e, ok := errors.AsType[*cfchat.Error](err)
		if !ok || len(e.Fields) != 1 || e.Fields[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// TestListOfEachStatus checks that List without Q accepts each status and sends it unchanged.
func TestListOfEachStatus(t *testing.T) {
	var asked string
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		asked = req.URL.RawQuery
		return trial.Reply(200, "application/json", trial.List.Good), nil
	}))
	for _, status := range []cfchat.Status{cfchat.StatusOpen, cfchat.StatusResolved, cfchat.StatusPending, cfchat.StatusSnoozed, cfchat.StatusAll} {
		_, err := chat.Account(1).Conversations.List(t.Context(), cfchat.ConversationListOptions{Status: status})
		if err != nil || asked != "status="+string(status) {
			t.Errorf("%s: sent %q, %v", status, asked, err)
		}
	}
}

// TestUserAgentCharacters checks that a User-Agent may contain every printable ASCII character, including the first and the
// last.
func TestUserAgentCharacters(t *testing.T) {
	var sent string
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		sent = req.Header.Get("User-Agent")
		return trial.Reply(200, "application/json", trial.GoodConversation), nil
	}), func(c *cfchat.Config) { c.UserAgent = "a ~!b" })
	if _, err := trial.Get.Do(t.Context(), chat); err != nil || sent != "a ~!b" {
		t.Errorf("sent %q, %v", sent, err)
	}
}
