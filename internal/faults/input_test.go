package faults_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestInputFaults plays "Input" in faults.md: input that the server would misunderstand causes an error, and nothing is
// sent.
func TestInputFaults(t *testing.T) {
	var requests atomic.Int64
	chat := socketChat(t, "https://chat.test", trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		requests.Add(1)
		return nil, errRefused
	}))
	rule := cfchat.Equal("status", "open")
	last := cfchat.RawRule(cfchat.FilterRule{
		AttributeKey: "status", FilterOperator: cfchat.FilterOperatorEqualTo, Values: []any{"open"}, QueryOperator: new(cfchat.QueryOperatorAND),
	})
	create := func(body cfchat.ConversationCreate) func(context.Context, *cfchat.Account) error {
		return func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Create(ctx, body))
		}
	}
	lists := func(params cfchat.ConversationListOptions) func(context.Context, *cfchat.Account) error {
		return func(ctx context.Context, a *cfchat.Account) error {
			err := trial.Second(a.Conversations.List(ctx, params))
			counts := params
			if other := trial.Second(a.Conversations.Counts(ctx, counts)); !errors.Is(other, cfchat.ErrInvalidInput) {
				return fmt.Errorf("Counts: %w", other)
			}
			return err
		}
	}
	filters := func(f cfchat.Filter, page int) func(context.Context, *cfchat.Account) error {
		return func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Filter(ctx, f, page))
		}
	}
	for name, do := range map[string]func(context.Context, *cfchat.Account) error{
		"V1 empty status": func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.SetStatus(ctx, 1, ""))
		},
		"V1 unknown status": func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.SetStatus(ctx, 1, "closed"))
		},
		"V1 status in capitals": func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.SetStatus(ctx, 1, "Open"))
		},
		"V1 status all": func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.SetStatus(ctx, 1, "all"))
		},
		"V2 get 0":  func(ctx context.Context, a *cfchat.Account) error { return trial.Second(a.Conversations.Get(ctx, 0)) },
		"V2 get -1": func(ctx context.Context, a *cfchat.Account) error { return trial.Second(a.Conversations.Get(ctx, -1)) },
		"V2 toggle 0": func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.ToggleStatus(ctx, 0))
		},
		"V2 set status of 0": func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.SetStatus(ctx, 0, "open"))
		},
		"V2 snooze 0": func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Snooze(ctx, 0, time.Time{}))
		},
		"V2 snooze before 1970": func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Snooze(ctx, 1, time.Unix(0, 0)))
		},
		"V2 inbox -1":                     lists(cfchat.ConversationListOptions{InboxID: -1}),
		"V2 team -1":                      lists(cfchat.ConversationListOptions{TeamID: -1}),
		"V6 filter without rule":          filters(cfchat.Filter{}, 1),
		"V6 last operator set":            filters(cfchat.Where(last), 1),
		"V6 last operator set, of two":    filters(cfchat.Where(rule).And(last), 1),
		"V6 rule without attribute":       filters(cfchat.Where(cfchat.Equal("", "open")), 1),
		"V6 rule without value":           filters(cfchat.Where(cfchat.Equal("status")), 1),
		"V6 rule without operator":        filters(cfchat.Where(cfchat.RawRule(cfchat.FilterRule{AttributeKey: "status", Values: []any{"open"}})), 1),
		"V6 rule with unknown operator":   filters(cfchat.Where(cfchat.RawRule(cfchat.FilterRule{AttributeKey: "status", FilterOperator: "eq", Values: []any{"open"}})), 1),
		"V6 zero rule":                    filters(cfchat.Where(cfchat.Rule{}), 1),
		"V6 rule with NaN":                filters(cfchat.Where(cfchat.Equal("score", math.NaN())), 1),
		"V6 rule with a function":         filters(cfchat.Where(cfchat.Equal("score", func() {})), 1),
		"V6 the first of two is the bad":  filters(cfchat.Where(cfchat.Equal("status")).Or(rule), 1),
		"V7 filter page 0":                filters(cfchat.Where(rule), 0),
		"V7 filter page -1":               filters(cfchat.Where(rule), -1),
		"V7 list page -1":                 lists(cfchat.ConversationListOptions{Page: -1}),
		"V8 label with a comma":           lists(cfchat.ConversationListOptions{Labels: []string{"a,b"}}),
		"V8 empty label":                  lists(cfchat.ConversationListOptions{Labels: []string{"a", ""}}),
		"V8 blank label":                  lists(cfchat.ConversationListOptions{Labels: []string{" "}}),
		"V8 updated within half a second": lists(cfchat.ConversationListOptions{UpdatedWithin: time.Second / 2}),
		"V9 nothing":                      create(cfchat.ConversationCreate{}),
		"V9 empty source_id":              create(cfchat.ConversationCreate{SourceID: ""}),
		"V9 inbox alone":                  create(cfchat.ConversationCreate{InboxID: 1}),
		"V9 contact alone":                create(cfchat.ConversationCreate{ContactID: 1}),
		"V9 inbox 0":                      create(cfchat.ConversationCreate{InboxID: 0, ContactID: 1}),
		"V9 contact -1":                   create(cfchat.ConversationCreate{InboxID: 1, ContactID: -1}),
		"V9 assignee -1":                  create(cfchat.ConversationCreate{SourceID: "s", AssigneeID: -1}),
		"V9 team of a bot":                create(cfchat.ConversationCreate{SourceID: "s", TeamID: 1}),
		"V9 snoozed until without status": create(cfchat.ConversationCreate{
			SourceID: "s", SnoozedUntil: time.Unix(1893456000, 0),
		}),
		"V9 snoozed until the year 10000": create(cfchat.ConversationCreate{
			SourceID: "s", Status: cfchat.StatusSnoozed, SnoozedUntil: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
		}),
		"V9 NaN":       create(cfchat.ConversationCreate{SourceID: "s", CustomAttributes: map[string]any{"a": math.NaN()}}),
		"V9 infinite":  create(cfchat.ConversationCreate{SourceID: "s", AdditionalAttributes: map[string]any{"a": []any{math.Inf(1)}}}),
		"V9 a channel": create(cfchat.ConversationCreate{SourceID: "s", CustomAttributes: map[string]any{"a": make(chan int)}}),
		"V3 nil editor": func(ctx context.Context, a *cfchat.Account) error {
			return trial.Second(a.Conversations.Get(ctx, 1, nil))
		},
	} {
		t.Run(name, func(t *testing.T) { checkRefused(t, do(t.Context(), chat.Account(accountID))) })
	}
	for _, c := range trial.Calls {
		do := func(ctx context.Context, chat *cfchat.Chat, account int64) error {
			return trial.Second(c.In(ctx, chat, account, trial.One))
		}
		if c.IsOfAccount() {
			t.Run("V2 account 0, "+c.ID, func(t *testing.T) { checkRefused(t, do(t.Context(), chat, 0)) })
			t.Run("V2 account -1, "+c.ID, func(t *testing.T) { checkRefused(t, do(t.Context(), chat, -1)) })
		}
		t.Run("V3 nil context, "+c.ID, func(t *testing.T) { checkRefused(t, do(nil, chat, accountID)) })
		t.Run("V4 zero account, "+c.ID, func(t *testing.T) {
			checkRefused(t, trial.Second(c.Account(t.Context(), new(cfchat.Account), trial.One)))
		})
		t.Run("V4 nil chat, "+c.ID, func(t *testing.T) { checkRefused(t, do(t.Context(), nil, accountID)) })
		t.Run("V4 zero chat, "+c.ID, func(t *testing.T) {
			defer failOnPanic(t)
			checkRefused(t, do(t.Context(), new(cfchat.Chat), accountID))
		})
	}
	if requests.Load() != 0 {
		t.Errorf("%d requests", requests.Load())
	}
}

// checkRefused checks that the error is a refusal that states that nothing was sent.
func checkRefused(t *testing.T, err error) {
	t.Helper()
	e, ok := err.(*cfchat.Error)
	if !ok || !errors.Is(err, cfchat.ErrInvalidInput) || !errors.Is(err, cfchat.ErrNotSent) || errors.Is(err, cfchat.ErrUnknownOutcome) {
		t.Fatalf("got %v", err)
	}
	if e.Operation == "" || e.StatusCode != 0 {
		t.Errorf("operation %q, status %d", e.Operation, e.StatusCode)
	}
}

// TestNoFittingKey checks that an operation without a suitable key fails before anything is sent, and names the key it
// needs.
func TestNoFittingKey(t *testing.T) {
	synctest.Test(t, testNoFittingKey)
}

func testNoFittingKey(t *testing.T) {
	begun := time.Now()
	var requests atomic.Int64
	trip := trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		requests.Add(1)
		return nil, errRefused
	})
	bot, err := cfchat.New(cfchat.Config{Keys: auth.Keys{AgentBot: auth.NewKey(botKey)}, HTTPClient: &http.Client{Transport: trip}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range trial.Keyed {
		for _, scheme := range []auth.Scheme{auth.UserAPIKey, "bearer"} {
			err := trial.By(c)(auth.WithScheme(t.Context(), scheme), bot)
			if !errors.Is(err, auth.ErrNoKey) || !errors.Is(err, cfchat.ErrNotSent) || errors.Is(err, cfchat.ErrUnknownOutcome) {
				t.Errorf("%s with %s: got %v", c.ID, scheme, err)
			}
			checkSecrets(t, err)
		}
	}
	for _, c := range trial.CallsThat(func(c trial.Call) bool { return len(c.Keys) == 1 && c.Keys[0].Scheme == operation.UserAPIKey }) {
		if err := trial.By(c)(t.Context(), bot); !errors.Is(err, auth.ErrNoKey) || !strings.Contains(err.Error(), "Keys.User") {
			t.Errorf("%s: got %v", c.ID, err)
		}
	}
	if requests.Load() != 0 || time.Since(begun) != 0 {
		t.Errorf("%d requests in %v", requests.Load(), time.Since(begun))
	}
}
