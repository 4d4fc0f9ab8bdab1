package cfchat_test

import (
	"context"
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
)

// answersTo is the smallest answer that passes as the operation of a request.
func answersTo(req *http.Request) string { return callOf(operation.Of(req).ID).good }

// wire is what a call sends: the request line, the key header's value, and the body.
type wire struct {
	line, key, body string
}

// listener is a transport that keeps what it is sent.
func listener(sent *[]wire) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
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
		return reply(http.StatusOK, "application/json; charset=utf-8", answersTo(req)), nil
	})
}

// TestWire looks at what each method sends.
func TestWire(t *testing.T) {
	const path = "/base/api/v1/accounts/7/conversations"
	until := time.Unix(1893456000, 999)
	for name, c := range map[string]struct {
		call func(context.Context, *cfchat.Account) error
		want wire
	}{
		"list": {func(ctx context.Context, a *cfchat.Account) error {
			return second(a.List(ctx, nil))
		}, wire{"GET " + path, "user-key", ""}},
		"list with everything": {func(ctx context.Context, a *cfchat.Account) error {
			return second(a.List(ctx, &cfchat.ConversationListParams{
				Status: new(cfchat.ListStatusAll), AssigneeType: new(cfchat.AssigneeTypeMe), Q: new("a&b c%"), InboxID: new(int64(5)),
				TeamID: new(int64(6)), Labels: []string{"vip", "süß"}, Page: new(int64(2)), SortBy: new(cfchat.SortBySortOnCreatedAt),
				ConversationType: new(cfchat.ConversationTypeUnattended), UpdatedWithin: new(int64(60)), SourceID: new("s"),
			}))
		}, wire{"GET " + path + "?status=all&assignee_type=me&q=a%26b+c%25&inbox_id=5&team_id=6&labels=vip,s%C3%BC%C3%9F&page=2" +
			"&sort_by=sort_on_created_at&conversation_type=unattended&updated_within=60&source_id=s", "user-key", ""}},
		"list with empty parameters": {func(ctx context.Context, a *cfchat.Account) error {
			return second(a.List(ctx, &cfchat.ConversationListParams{
				Status: new(cfchat.ListStatus("")), AssigneeType: new(cfchat.AssigneeType("")), Q: new(""), Labels: []string{},
				SortBy: new(cfchat.SortBy("")), ConversationType: new(cfchat.ConversationType("")), SourceID: new(""),
			}))
		}, wire{"GET " + path, "user-key", ""}},
		"counts": {func(ctx context.Context, a *cfchat.Account) error {
			return second(a.Counts(ctx, &cfchat.ConversationListMetaParams{Labels: []string{"vip"}}))
		}, wire{"GET " + path + "/meta?labels=vip", "user-key", ""}},
		"get": {func(ctx context.Context, a *cfchat.Account) error {
			return second(a.Get(ctx, 42))
		}, wire{"GET " + path + "/42", "user-key", ""}},
		"filter": {func(ctx context.Context, a *cfchat.Account) error {
			f := cfchat.Where(cfchat.Equal("status", "open")).And(cfchat.Equal("inbox_id", 5, 6)).Or(cfchat.Absent("assignee_id"))
			return second(a.Filter(ctx, f, 3))
		}, wire{"POST " + path + "/filter?page=3", "user-key", `{"payload":[` +
			`{"attribute_key":"status","filter_operator":"equal_to","query_operator":"AND","values":["open"]},` +
			`{"attribute_key":"inbox_id","filter_operator":"equal_to","query_operator":"OR","values":[5,6]},` +
			`{"attribute_key":"assignee_id","filter_operator":"is_not_present","query_operator":null}]}`}},
		"filter by day": {func(ctx context.Context, a *cfchat.Account) error {
			return second(a.Filter(ctx, cfchat.Where(cfchat.GreaterThan("created_at", until)), 1))
		}, wire{"POST " + path + "/filter?page=1", "user-key", `{"payload":[` +
			`{"attribute_key":"created_at","filter_operator":"is_greater_than","query_operator":null,"values":["2030-01-01"]}]}`}},
		"create": {func(ctx context.Context, a *cfchat.Account) error {
			return second(a.Create(ctx, cfchat.NewConversationRequest{
				InboxID: new(int64(1)), ContactID: new(int64(2)), SourceID: new("s"), Status: new(cfchat.StatusSnoozed),
				SnoozedUntil: new(cfchat.NewISOTime(until)), AssigneeID: new(int64(3)),
				AdditionalAttributes: cfchat.Attributes{}, CustomAttributes: cfchat.Attributes{"tier": "gold", "n": 3},
				Message: &cfchat.NewMessage{Content: new("hi"), MessageType: new(cfchat.NewMessageTypeIncoming)},
			}))
		}, wire{"POST " + path, "bot-key", `{"additional_attributes":{},"assignee_id":3,"contact_id":2,` +
			`"custom_attributes":{"n":3,"tier":"gold"},"inbox_id":1,"message":{"content":"hi","message_type":"incoming"},` +
			`"snoozed_until":"2030-01-01T00:00:00.000Z","source_id":"s","status":"snoozed"}`}},
		"create for a team as a user": {func(ctx context.Context, a *cfchat.Account) error {
			return second(a.Create(auth.With(ctx, auth.UserAPIKey), cfchat.NewConversationRequest{SourceID: new("s"), TeamID: new(int64(4))}))
		}, wire{"POST " + path, "user-key", `{"source_id":"s","team_id":4}`}},
		"toggle": {func(ctx context.Context, a *cfchat.Account) error {
			return second(a.ToggleStatus(ctx, 42))
		}, wire{"POST " + path + "/42/toggle_status", "bot-key", `{}`}},
		"set": {func(ctx context.Context, a *cfchat.Account) error {
			return second(a.SetStatus(ctx, 42, cfchat.StatusPending))
		}, wire{"POST " + path + "/42/toggle_status", "bot-key", `{"status":"pending"}`}},
		"snooze": {func(ctx context.Context, a *cfchat.Account) error {
			return second(a.Snooze(ctx, 42, until))
		}, wire{"POST " + path + "/42/toggle_status", "bot-key", `{"snoozed_until":1893456000,"status":"snoozed"}`}},
		"snooze until the next reply": {func(ctx context.Context, a *cfchat.Account) error {
			return second(a.Snooze(ctx, 42, time.Time{}))
		}, wire{"POST " + path + "/42/toggle_status", "bot-key", `{"status":"snoozed"}`}},
		"a key for one call": {func(ctx context.Context, a *cfchat.Account) error {
			return second(a.ToggleStatus(ctx, 42, auth.Keys{User: auth.Key("other")}.Edit))
		}, wire{"POST " + path + "/42/toggle_status", "other", `{}`}},
	} {
		t.Run(name, func(t *testing.T) {
			var sent []wire
			if err := c.call(t.Context(), newChat(t, listener(&sent)).Account(7)); err != nil {
				t.Fatal(err)
			}
			if len(sent) != 1 || sent[0] != c.want {
				t.Errorf("sent %q\nwant %q", sent, c.want)
			}
		})
	}
}

// TestRefusedInput shows that what the server would misread is refused, with the field's name, and that nothing is sent.
func TestRefusedInput(t *testing.T) {
	type call func(context.Context, *cfchat.Account) error
	var noContext context.Context
	list := func(p cfchat.ConversationListParams) call {
		return func(ctx context.Context, a *cfchat.Account) error { return second(a.List(ctx, &p)) }
	}
	create := func(r cfchat.NewConversationRequest) call {
		return func(ctx context.Context, a *cfchat.Account) error { return second(a.Create(ctx, r)) }
	}
	filter := func(f cfchat.Filter) call {
		return func(ctx context.Context, a *cfchat.Account) error { return second(a.Filter(ctx, f, 1)) }
	}
	status := func(s cfchat.Status) call {
		return func(ctx context.Context, a *cfchat.Account) error { return second(a.SetStatus(ctx, 42, s)) }
	}
	for name, c := range map[string]struct {
		call  call
		names string // what the error must name
	}{
		"id 0":       {func(ctx context.Context, a *cfchat.Account) error { return second(a.Get(ctx, 0)) }, "id: 0"},
		"id below 0": {func(ctx context.Context, a *cfchat.Account) error { return second(a.ToggleStatus(ctx, -1)) }, "id: -1"},
		"page 0":     {list(cfchat.ConversationListParams{Page: new(int64(0))}), "Page: 0"},
		"filter page 0": {func(ctx context.Context, a *cfchat.Account) error {
			return second(a.Filter(ctx, cfchat.Where(cfchat.Present("labels")), 0))
		}, "page: 0"},
		"inbox 0":              {list(cfchat.ConversationListParams{InboxID: new(int64(0))}), "InboxID: 0"},
		"team 0":               {list(cfchat.ConversationListParams{TeamID: new(int64(0))}), "TeamID: 0"},
		"updated within 0":     {list(cfchat.ConversationListParams{UpdatedWithin: new(int64(0))}), "UpdatedWithin: 0"},
		"list status":          {list(cfchat.ConversationListParams{Status: new(cfchat.ListStatus("opne"))}), `Status: the server finds nothing for "opne"`},
		"assignee type":        {list(cfchat.ConversationListParams{AssigneeType: new(cfchat.AssigneeType("mine"))}), "AssigneeType"},
		"sort":                 {list(cfchat.ConversationListParams{SortBy: new(cfchat.SortBy("newest"))}), "SortBy"},
		"conversation type":    {list(cfchat.ConversationListParams{ConversationType: new(cfchat.ConversationType("x"))}), "ConversationType"},
		"empty label":          {list(cfchat.ConversationListParams{Labels: []string{"a", ""}}), "Labels[1]"},
		"blank label":          {list(cfchat.ConversationListParams{Labels: []string{" "}}), "Labels[0]"},
		"label with a comma":   {list(cfchat.ConversationListParams{Labels: []string{"a,b"}}), "Labels[0]"},
		"label with a quote":   {list(cfchat.ConversationListParams{Labels: []string{`"a"`}}), "Labels[0]"},
		"create without":       {create(cfchat.NewConversationRequest{}), "SourceID"},
		"create empty source":  {create(cfchat.NewConversationRequest{SourceID: new("")}), "SourceID"},
		"create half":          {create(cfchat.NewConversationRequest{SourceID: new("s"), InboxID: new(int64(1))}), "InboxID and ContactID"},
		"create inbox 0":       {create(cfchat.NewConversationRequest{ContactID: new(int64(1)), InboxID: new(int64(0))}), "InboxID: 0"},
		"create status":        {create(cfchat.NewConversationRequest{SourceID: new("s"), Status: new(cfchat.Status("closed"))}), "Status"},
		"create empty status":  {create(cfchat.NewConversationRequest{SourceID: new("s"), Status: new(cfchat.Status(""))}), "Status"},
		"create snooze":        {create(cfchat.NewConversationRequest{SourceID: new("s"), SnoozedUntil: new(cfchat.NewISOTime(time.Now()))}), "SnoozedUntil"},
		"create bad snooze":    {create(cfchat.NewConversationRequest{SourceID: new("s"), Status: new(cfchat.StatusSnoozed), SnoozedUntil: new(cfchat.ISOTime("tomorrow"))}), "SnoozedUntil"},
		"create NaN":           {create(cfchat.NewConversationRequest{SourceID: new("s"), CustomAttributes: cfchat.Attributes{"n": []any{math.NaN()}}}), `CustomAttributes["n"]`},
		"create Inf":           {create(cfchat.NewConversationRequest{SourceID: new("s"), AdditionalAttributes: cfchat.Attributes{"n": math.Inf(1)}}), `AdditionalAttributes["n"]`},
		"create team as a bot": {create(cfchat.NewConversationRequest{SourceID: new("s"), TeamID: new(int64(4))}), "TeamID"},
		"set no status":        {status(""), "status"},
		"set unknown status":   {status("closed"), "status"},
		"set all":              {status("all"), "status"},
		"snooze in 1969":       {func(ctx context.Context, a *cfchat.Account) error { return second(a.Snooze(ctx, 42, time.Unix(-1, 0))) }, "until"},
		"filter without rules": {filter(cfchat.Filter{}), "filter"},
		"rule without key":     {filter(cfchat.Where(cfchat.Equal("", 1))), "rule 1"},
		"rule without value":   {filter(cfchat.Where(cfchat.Present("labels")).And(cfchat.Equal("status"))), "rule 2 (status equal_to)"},
		"rule with NaN":        {filter(cfchat.Where(cfchat.GreaterThan("n", math.NaN()))), "rule 1"},
		"unknown operator":     {filter(cfchat.Where(cfchat.RawRule(cfchat.FilterRule{AttributeKey: "status", FilterOperator: "eq", Values: []any{"open"}}))), "rule 1 (status eq)"},
		"operator on the last": {filter(cfchat.Where(cfchat.RawRule(cfchat.FilterRule{AttributeKey: "labels", FilterOperator: "is_present", QueryOperator: new(cfchat.QueryOperatorAND)}))), "QueryOperator"},
		"nil context":          {func(_ context.Context, a *cfchat.Account) error { return second(a.Get(noContext, 42)) }, "ctx"},
		"nil editor":           {func(ctx context.Context, a *cfchat.Account) error { return second(a.Get(ctx, 42, nil)) }, "editors"},
	} {
		t.Run(name, func(t *testing.T) {
			var sent []wire
			err := c.call(t.Context(), newChat(t, listener(&sent)).Account(7))
			if !errors.Is(err, cfchat.ErrInvalidInput) || !errors.Is(err, cfchat.ErrNotSent) || !strings.Contains(err.Error(), c.names) {
				t.Errorf("got %v, want ErrInvalidInput that names %q", err, c.names)
			}
			if e, ok := errors.AsType[*cfchat.Error](err); !ok || e.Operation == "" {
				t.Errorf("%#v has no operation", err)
			}
			if len(sent) != 0 {
				t.Errorf("sent %q", sent)
			}
		})
	}
}

// TestNoClient shows that accounts that were not made by New fail instead of panicking.
func TestNoClient(t *testing.T) {
	var none *cfchat.Chat
	for name, account := range map[string]*cfchat.Account{"nil": nil, "zero": {}, "of a nil Chat": none.Account(1)} {
		if _, err := account.Get(t.Context(), 42); !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("%s: %v", name, err)
		}
		team := cfchat.NewConversationRequest{SourceID: new("s"), TeamID: new(int64(1))}
		if _, err := account.Create(t.Context(), team); !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := newChat(t, listener(new([]wire))).Account(0).Get(t.Context(), 42); !errors.Is(err, cfchat.ErrInvalidInput) {
		t.Errorf("account 0: %v", err)
	}
}

// TestCallerKeepsItsParams shows that what is left out is left out of a copy.
func TestCallerKeepsItsParams(t *testing.T) {
	params := cfchat.ConversationListParams{Q: new(""), Labels: []string{}}
	if _, err := newChat(t, listener(new([]wire))).Account(7).List(t.Context(), &params); err != nil {
		t.Fatal(err)
	}
	if params.Q == nil || params.Labels == nil {
		t.Errorf("params are now %+v", params)
	}
}

// TestFiltersAreValues shows that two filters made of one do not share rules.
func TestFiltersAreValues(t *testing.T) {
	var sent []wire
	account := newChat(t, listener(&sent)).Account(7)
	base := cfchat.Where(cfchat.Present("labels"))
	either, both := base.Or(cfchat.Absent("team_id")), base.And(cfchat.Present("team_id"))
	for _, f := range []cfchat.Filter{either, both, base} {
		if _, err := account.Filter(t.Context(), f, 1); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{`"OR"`, `"AND"`, `"query_operator":null`} {
		if !strings.Contains(sent[i].body, want) || strings.Count(sent[i].body, "query_operator") != min(2, 3-i) {
			t.Errorf("filter %d: %s", i, sent[i].body)
		}
	}
}

// TestToggleThatWasNotStored is a failure, although the status is 200.
func TestToggleThatWasNotStored(t *testing.T) {
	chat := newChat(t, roundTripper(func(*http.Request) (*http.Response, error) {
		return reply(200, "application/json", `{"payload":{"success":false,"conversation_id":42,"current_status":"open","snoozed_until":null}}`), nil
	}))
	if change, err := chat.Account(1).ToggleStatus(t.Context(), 42); change != nil || !errors.Is(err, cfchat.ErrInvalid) {
		t.Errorf("got %v, %v", change, err)
	}
}

// TestNewRefuses shows that New names the field and repeats no address.
func TestNewRefuses(t *testing.T) {
	keys := auth.Keys{User: auth.Key("k")}
	for name, c := range map[string]struct {
		config cfchat.Config
		field  string
	}{
		"no key":           {cfchat.Config{}, "Config.Keys:"},
		"bad key":          {cfchat.Config{Keys: auth.Keys{User: auth.Key("a b")}}, "Config.Keys.User:"},
		"plain http":       {cfchat.Config{Keys: keys, Server: "http://hidden.test"}, "Config.Server:"},
		"user name":        {cfchat.Config{Keys: keys, Server: "https://hidden:pw@h.test"}, "Config.Server:"},
		"query":            {cfchat.Config{Keys: keys, Server: "https://h.test?hidden"}, "Config.Server:"},
		"fragment":         {cfchat.Config{Keys: keys, Server: "https://h.test#hidden"}, "Config.Server:"},
		"no scheme":        {cfchat.Config{Keys: keys, Server: "hidden.test"}, "Config.Server:"},
		"other scheme":     {cfchat.Config{Keys: keys, Server: "ftp://hidden.test"}, "Config.Server:"},
		"no host":          {cfchat.Config{Keys: keys, Server: "https://:80/hidden"}, "Config.Server:"},
		"a page":           {cfchat.Config{Keys: keys, Server: "https://hidden.test/app/accounts/56/dashboard"}, "Config.Server: it goes on"},
		"an operation":     {cfchat.Config{Keys: keys, Server: "https://hidden.test/base/api/v1/accounts/56"}, "Config.Server: it goes on"},
		"the API's path":   {cfchat.Config{Keys: keys, Server: "https://hidden.test/api/v1"}, "Config.Server: it goes on"},
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
	for _, server := range []string{"", "https://h.test", "https://h.test/a/b/", "https://h.test/app", "https://h.test/api/v1/chat", "http://127.0.0.1:1", "http://localhost", "http://[::1]:1"} {
		if _, err := cfchat.New(cfchat.Config{Keys: keys, Server: server}); err != nil {
			t.Errorf("%s: %v", server, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
