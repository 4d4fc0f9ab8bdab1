package cfchat_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// attributeServer gives the answers in turn to requests about custom attributes, and records the requests in sent. An answer
// is the attributes, a status, "lost", or "none" for a conversation without attributes.
func attributeServer(answers ...string) (over http.RoundTripper, sent *[]string) {
	sent = new([]string)
	return trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		var body []byte
		if req.Body != nil {
			body, _ = io.ReadAll(req.Body)
		}
		*sent = append(*sent, strings.TrimSpace(req.Method+" "+string(body)))
		if len(answers) == 0 {
			return nil, errors.New("unexpected request")
		}
		answer := answers[0]
		switch answers = answers[1:]; answer {
		case "lost":
			return nil, io.ErrUnexpectedEOF
		case "422":
			return trial.Reply(422, "application/json", `{"message":"Custom attributes k length should be < 1500","attributes":["custom_attributes"]}`), nil
		case "500":
			return trial.Reply(500, "application/json", `{"status":500,"error":"Internal Server Error"}`), nil
		}
		if answer == "none" {
			return trial.Reply(200, "application/json", trial.GoodConversation), nil
		}
		if answer = `"custom_attributes":` + answer + "}"; req.Method == http.MethodGet {
			return trial.Reply(200, "application/json", `{"id":42,"status":"open",`+answer), nil
		}
		return trial.Reply(200, "application/json", "{"+answer), nil
	}), sent
}

// posted returns the request that sets attributes, as attributeServer records it.
func posted(attributes string) string { return `POST {"custom_attributes":` + attributes + `}` }

// TestChangeCustomAttributes merges {"a":1.5} or removes "a", on servers with good and bad answers, and checks the requests
// and the result.
func TestChangeCustomAttributes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		remove  bool
		answers []string
		sent    []string
		now     string
		want    error
	}{
		"merged":                  {answers: []string{`{"b":1}`, `{"b":1,"a":1.5}`, `{"a":1.50,"b":1}`}, sent: []string{"GET", posted(`{"a":1.5,"b":1}`), "GET"}, now: `{"a":1.50,"b":1}`},
		"merged into nothing":     {answers: []string{`{}`, `{"a":1.5}`, `{"a":1.5}`}, sent: []string{"GET", posted(`{"a":1.5}`), "GET"}, now: `{"a":1.5}`},
		"merged into a list":      {answers: []string{`[]`, `{"a":1.5}`, `{"a":1.5}`}, sent: []string{"GET", posted(`{"a":1.5}`), "GET"}, now: `{"a":1.5}`},
		"read without attributes": {answers: []string{"none"}, sent: []string{"GET"}, now: "null", want: cfchat.ErrDecode},
		"merged into null":        {answers: []string{`null`, `{"a":1.5}`, `{"a":1.5}`}, sent: []string{"GET", posted(`{"a":1.5}`), "GET"}, now: `{"a":1.5}`},
		"replaced":                {answers: []string{`{"a":{"x":1}}`, `{"a":1.5}`, `{"a":1.5}`}, sent: []string{"GET", posted(`{"a":1.5}`), "GET"}, now: `{"a":1.5}`},
		"every digit is kept":     {answers: []string{`{"b":{"x":[1.10,123456789012345678901,"<"]}}`, `{"a":1.5,"b":{"x":[1.1,123456789012345678901,"<"]}}`, `{"a":1.5}`}, sent: []string{"GET", posted(`{"a":1.5,"b":{"x":[1.10,123456789012345678901,"\u003c"]}}`), "GET"}, now: `{"a":1.5}`},
		"a digit is lost":         {answers: []string{`{"b":[9007199254740993]}`, `{"a":1.5,"b":[9007199254740992]}`}, sent: []string{"GET", posted(`{"a":1.5,"b":[9007199254740993]}`)}, now: `{"a":1.5,"b":[9007199254740992]}`, want: cfchat.ErrRejected},
		"already there":           {answers: []string{`{"b":1,"a":15e-1}`}, sent: []string{"GET"}, now: `{"b":1,"a":15e-1}`},
		"removed":                 {remove: true, answers: []string{`{"a":1,"b":2}`, `{"b":2}`, `{"b":2}`}, sent: []string{"GET", posted(`{"b":2}`), "GET"}, now: `{"b":2}`},
		"the last removed":        {remove: true, answers: []string{`{"a":null}`, `{}`, `{}`}, sent: []string{"GET", posted(`{}`), "GET"}, now: `{}`},
		"not there":               {remove: true, answers: []string{`{"b":1}`}, sent: []string{"GET"}, now: `{"b":1}`},
		"null in a stored list":   {answers: []string{`{"b":{"c":[1,null]}}`}, sent: []string{"GET"}, now: `{"b":{"c":[1,null]}}`, want: cfchat.ErrNotSent},
		"null in the removed one": {remove: true, answers: []string{`{"a":[null],"b":null}`, `{"b":null}`, `{"b":null}`}, sent: []string{"GET", posted(`{"b":null}`), "GET"}, now: `{"b":null}`},
		"the read fails":          {answers: []string{"500"}, sent: []string{"GET"}, now: "null", want: cfchat.ErrServer},
		"refused":                 {answers: []string{`{}`, "422"}, sent: []string{"GET", posted(`{"a":1.5}`)}, now: `{}`, want: cfchat.ErrRejected},
		"set without it":          {answers: []string{`{"b":1}`, `{"b":1}`}, sent: []string{"GET", posted(`{"a":1.5,"b":1}`)}, now: `{"b":1}`, want: cfchat.ErrRejected},
		"set with others":         {answers: []string{`{}`, `{"a":1.5,"c":1}`}, sent: []string{"GET", posted(`{"a":1.5}`)}, now: `{"a":1.5,"c":1}`, want: cfchat.ErrRejected},
		"set differently":         {answers: []string{`{}`, `{"a":"1.5"}`}, sent: []string{"GET", posted(`{"a":1.5}`)}, now: `{"a":"1.5"}`, want: cfchat.ErrRejected},
		"answered with null":      {answers: []string{`{}`, `null`, `{}`}, sent: []string{"GET", posted(`{"a":1.5}`), "GET"}, now: `{}`, want: cfchat.ErrDecode},
		"overwritten":             {answers: []string{`{}`, `{"a":1.5}`, `{"a":2}`}, sent: []string{"GET", posted(`{"a":1.5}`), "GET"}, now: `{"a":2}`, want: cfchat.ErrOverwritten},
		"put back":                {remove: true, answers: []string{`{"a":1}`, `{}`, `{"a":1}`}, sent: []string{"GET", posted(`{}`), "GET"}, now: `{"a":1}`, want: cfchat.ErrOverwritten},
		"lost and stored":         {answers: []string{`{}`, "lost", `{"a":1.5}`}, sent: []string{"GET", posted(`{"a":1.5}`), "GET"}, now: `{"a":1.5}`},
		"lost and not stored":     {answers: []string{`{}`, "lost", `{"b":1}`}, sent: []string{"GET", posted(`{"a":1.5}`), "GET"}, now: `{"b":1}`, want: cfchat.ErrUnknownOutcome},
		"a 500":                   {answers: []string{`{}`, "500", `{"b":1}`}, sent: []string{"GET", posted(`{"a":1.5}`), "GET"}, now: `{"b":1}`, want: cfchat.ErrUnknownOutcome},
		"lost and not known":      {answers: []string{`{"b":1}`, "lost", "500"}, sent: []string{"GET", posted(`{"a":1.5,"b":1}`), "GET"}, now: `{"b":1}`, want: cfchat.ErrUnknownOutcome},
		"the last read fails": {answers: []string{`{}`, `{"a":1.5}`, "500"}, sent: []string{"GET", posted(`{"a":1.5}`), "GET"},
			now: `{"a":1.5}`, want: cfchat.ErrServer},
	} {
		synctest.Test(t, func(t *testing.T) {
			over, sent := attributeServer(c.answers...)
			conversations := trial.Chat(t, over).Account(7).Conversations
			var now cfchat.Attributes
			var err error
			if c.remove {
				now, err = conversations.RemoveCustomAttributes(t.Context(), 42, []string{"a", "z"})
			} else {
				now, err = conversations.MergeCustomAttributes(t.Context(), 42, map[string]any{"a": 1.5})
			}
			if !errors.Is(err, c.want) || now.String() != c.now || !slices.Equal(*sent, c.sent) {
				t.Errorf("%s: sent %q, got %s, %v", name, *sent, now, err)
			}
		})
	}
}

// TestSetCustomAttributes checks that an object is always sent, with every digit of its numbers, and that an answer that
// means the same is accepted.
func TestSetCustomAttributes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		attributes   map[string]any
		sent, answer string
		want         error
	}{
		{map[string]any{"a": json.Number("1.10"), "": nil, "ü": []int{}}, `{"":null,"a":1.10,"ü":[]}`, `{"ü":[],"a":1.1,"":null}`, nil},
		{map[string]any{"a": map[string]any{"b": 1, "c": []any{true, "x"}}}, `{"a":{"b":1,"c":[true,"x"]}}`, `{"a":{"c":[true,"x"],"b":1.0}}`, nil},
		{map[string]any{"a": map[string]any{"b": 1}}, `{"a":{"b":1}}`, `{"a":{"b":1,"c":2}}`, cfchat.ErrRejected},
		{map[string]any{"a": []any{1, 2}}, `{"a":[1,2]}`, `{"a":[2,1]}`, cfchat.ErrRejected},
		{map[string]any{"a": nil}, `{"a":null}`, `{}`, cfchat.ErrRejected},
		{map[string]any{"a": json.Number("1e400")}, `{"a":1e400}`, `{"a":null}`, cfchat.ErrRejected},
		{map[string]any{"a": 0, "b": json.Number("-0")}, `{"a":0,"b":-0}`, `{"a":0,"b":0}`, nil},
		{nil, `{}`, `{}`, nil},
		{nil, `{}`, `{"a":1}`, cfchat.ErrRejected},
		{nil, `{}`, `null`, cfchat.ErrDecode},
	} {
		over, sent := attributeServer(c.answer)
		conversations := trial.Chat(t, over).Account(7).Conversations
		set := func() error { return trial.Second(conversations.SetCustomAttributes(t.Context(), 42, c.attributes)) }
		if c.attributes == nil {
			set = func() error { return conversations.ClearCustomAttributes(t.Context(), 42) }
		}
		if err := set(); !errors.Is(err, c.want) || !slices.Equal(*sent, []string{posted(c.sent)}) {
			t.Errorf("%v: sent %q: %v", c.attributes, *sent, err)
		}
	}
}

// TestRefusedCustomAttributes checks that attributes that servers refuse or would change are refused, and that those just
// within the limits are sent.
func TestRefusedCustomAttributes(t *testing.T) {
	t.Parallel()
	broken := trial.Chat(t, trial.Broken{}).Account(7).Conversations
	of := func(value any) map[string]any { return map[string]any{"a": value} }
	for _, c := range []struct {
		attributes map[string]any
		refused    bool
	}{
		{nil, true},
		{map[string]any{}, true},
		{of(math.NaN()), true},
		{of([]any{1, nil}), true},
		{of(map[string]any{"b": []*int{nil}}), true},
		{of([]any{map[string]any{"b": nil}, "null"}), false},
		{of(nil), false},
		{of(strings.Repeat("ü", 1501)), true},
		{of(strings.Repeat("ü", 1500)), false},
		{of([]any{strings.Repeat("x", 1501)}), false},
		{of(10_000_000_000), true},
		{of(json.Number("12345678901234567890123")), true},
		{of(9_999_999_999), false},
		{of(-99_999_999_999), false},
		{of(99_999_999_999.5), false},
		{of([]int64{99_999_999_999}), false},
		{of("a\x00"), true},
		{map[string]any{"\xff": 1}, true},
	} {
		for _, conversations := range []cfchat.ConversationsService{broken, {}} {
			set := trial.Second(conversations.SetCustomAttributes(t.Context(), 42, c.attributes))
			merged := trial.Second(conversations.MergeCustomAttributes(t.Context(), 42, c.attributes))
			for _, err := range []error{set, merged} {
				refused := c.refused || conversations == cfchat.ConversationsService{}
				if errors.Is(err, cfchat.ErrInvalidInput) != refused {
					t.Errorf("%.60v: %v", c.attributes, err)
				}
			}
		}
	}
	for _, keys := range [][]string{nil, {}, {"\x00"}, {"a", "\xff"}} {
		if _, err := broken.RemoveCustomAttributes(t.Context(), 42, keys); !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("%q: %v", keys, err)
		}
	}
	for name, err := range map[string]error{
		"set":    trial.Second(broken.SetCustomAttributes(t.Context(), 0, of(1))),
		"merge":  trial.Second(broken.MergeCustomAttributes(t.Context(), 0, of(1))),
		"remove": trial.Second(broken.RemoveCustomAttributes(t.Context(), 0, []string{"a"})),
		"clear":  broken.ClearCustomAttributes(t.Context(), 0),
	} {
		if !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("%s of conversation 0: %v", name, err)
		}
	}
}

// TestNullInListIsRefused checks that every call that sends attributes refuses a null in a list, because servers drop it from
// every request.
func TestNullInListIsRefused(t *testing.T) {
	t.Parallel()
	account, null := trial.Chat(t, trial.Broken{}).Account(7), map[string]any{"a": []any{nil}}
	for name, err := range map[string]error{
		"a conversation": trial.Second(account.Conversations.Create(t.Context(), cfchat.ConversationCreate{SourceID: "s", CustomAttributes: null})),
		"a contact":      trial.Second(account.Contacts.Create(t.Context(), cfchat.ContactCreate{Name: "Jo", AdditionalAttributes: null})),
		"an update":      trial.Second(account.Contacts.Update(t.Context(), 77, cfchat.ContactUpdate{CustomAttributes: null})),
	} {
		if !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCustomAttributesOfABot checks that a bot's key can set attributes from 4.2.0 on and read them from 4.14.2 on, unless
// the conversation has a team.
func TestCustomAttributesOfABot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version     string
		team        bool
		set, merged error
		says        string
	}{
		{"4.1.0", false, cfchat.ErrUnauthorized, cfchat.ErrUnauthorized, "4.14.2"},
		{"4.2.0", true, nil, cfchat.ErrUnauthorized, "4.14.2"},
		{"4.14.2", false, nil, nil, ""},
		{"4.14.2", true, nil, cfchat.ErrServer, "a bot's key cannot read a conversation that has a team"},
	} {
		synctest.Test(t, func(t *testing.T) {
			server := cfchattest.New(t, cfchattest.Version(c.version))
			in := cfchattest.Conversation{}
			if c.team {
				in.Team = server.AddTeam(cfchattest.Team{})
			}
			id := server.AddConversation(in)
			account := server.Account(t, func(config *cfchat.Config) { config.HTTPClient = &http.Client{Transport: server.Transport()} })
			asBot := auth.WithScheme(t.Context(), auth.AgentBotAPIKey)
			set := trial.Second(account.Conversations.SetCustomAttributes(asBot, id, map[string]any{"a": 1}))
			merged := trial.Second(account.Conversations.MergeCustomAttributes(asBot, id, map[string]any{"b": 1}))
			if !errors.Is(set, c.set) || !errors.Is(merged, c.merged) || c.says != "" && !strings.Contains(merged.Error(), c.says) {
				t.Errorf("%+v: set: %v; merged: %v", c, set, merged)
			}
		})
	}
}

// TestCustomAttributesWait checks that calls that set attributes wait for their turn, as long as their context lasts.
func TestCustomAttributesWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, s := cfchattest.New(t), &steps{}
		account, _ := s.program(t, server)
		id := server.AddConversation(cfchattest.Conversation{})
		ctx, stop := context.WithCancel(t.Context())
		go func() { _, _ = account.Conversations.MergeCustomAttributes(t.Context(), id, map[string]any{"a": 1}) }()
		synctest.Wait()
		ended := make(chan error)
		go func() { ended <- account.Conversations.ClearCustomAttributes(ctx, id) }()
		synctest.Wait()
		if len(s.held) != 1 {
			t.Errorf("%d requests are in flight, want 1", len(s.held))
		}
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) || !errors.Is(err, cfchat.ErrNotSent) {
			t.Errorf("the waiting call returned %v", err)
		}
		for range 3 {
			first := s.held[0]
			s.held = s.held[1:] // before the next request can be held
			close(first)
			synctest.Wait()
		}
		if now, _ := server.Conversation(id); now.CustomAttributes.String() != `{"a":1}` {
			t.Errorf(`got %s, want {"a":1}`, now.CustomAttributes)
		}
	})
}
