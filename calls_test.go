package cfchat_test

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// call is one operation as the tests call it, with parameters that are fit to be sent and that carry the searched text where
// they can.
type call struct {
	*operation.Operation

	good      string // the body of a good answer
	taken     string // the field of the answer that Account returns, "" for all of it
	target    string // what it asks for, below the account
	body      string // what it sends
	account   func(context.Context, *cfchat.Account, subject, ...cfchat.CallOption) (any, error)
	generated func(context.Context, *cfchat.ClientWithResponses, subject, ...cfchat.RequestEditorFn) (any, error)
}

// subject is what a call is about.
type subject struct {
	conversation int64
	status       cfchat.Status
	created      cfchat.ConversationCreate
}

const (
	goodConversation = `{"id":42,"status":"open"}`
	goodCounts       = `{"mine_count":0,"assigned_count":0,"unassigned_count":1,"all_count":1}`
	goodPage         = `{"meta":` + goodCounts + `,"payload":[` + goodConversation + `]}`
	goodChange       = `{"payload":{"success":true,"conversation_id":42,"current_status":"resolved","snoozed_until":null}}`
)

var (
	oneSearch  = cfchat.Where(cfchat.Contains(cfchat.AttributeMailSubject, searched))
	oneBody    = cfchat.ConversationCreate{SourceID: "contact-1"}
	oneSubject = subject{42, cfchat.StatusResolved, oneBody}
)

// allCalls is the tests' one table of calls.
var allCalls = []call{
	{
		operation.ConversationList, `{"data":` + goodPage + `}`, "data", "/conversations?q=" + searched, "",
		func(ctx context.Context, a *cfchat.Account, _ subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Conversations.List(ctx, cfchat.ConversationListOptions{Q: searched}, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, _ subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ConversationListWithResponse(ctx, accountID, &cfchat.ConversationListParams{Q: new(searched)}, e...))
		},
	},
	{
		operation.ConversationListMeta, `{"meta":` + goodCounts + `}`, "meta", "/conversations/meta?q=" + searched, "",
		func(ctx context.Context, a *cfchat.Account, _ subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Conversations.Counts(ctx, cfchat.ConversationListOptions{Q: searched}, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, _ subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ConversationListMetaWithResponse(ctx, accountID, &cfchat.ConversationListMetaParams{Q: new(searched)}, e...))
		},
	},
	{
		operation.GetDetailsOfAConversation, goodConversation, "", "/conversations/42", "",
		func(ctx context.Context, a *cfchat.Account, s subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Conversations.Get(ctx, s.conversation, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.GetDetailsOfAConversationWithResponse(ctx, accountID, s.conversation, e...))
		},
	},
	{
		operation.ConversationFilter, goodPage, "", "/conversations/filter?page=1",
		`{"payload":[{"attribute_key":"mail_subject","filter_operator":"contains","query_operator":null,"values":["` + searched + `"]}]}`,
		func(ctx context.Context, a *cfchat.Account, _ subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Conversations.Filter(ctx, oneSearch, 1, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, _ subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ConversationFilterWithResponse(ctx, accountID, nil, cfchat.FilterRequest{Payload: []cfchat.FilterRule{}}, e...))
		},
	},
	{
		operation.NewConversation, goodConversation, "", "/conversations", `{"source_id":"contact-1"}`,
		func(ctx context.Context, a *cfchat.Account, s subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Conversations.Create(ctx, s.created, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, _ subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.NewConversationWithResponse(ctx, accountID, oneBody, e...))
		},
	},
	{
		operation.ToggleStatusOfAConversation, goodChange, "payload", "/conversations/42/toggle_status", `{"status":"resolved"}`,
		func(ctx context.Context, a *cfchat.Account, s subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Conversations.SetStatus(ctx, s.conversation, s.status, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ToggleStatusOfAConversationWithResponse(ctx, accountID, s.conversation, cfchat.ToggleStatusRequest{Status: s.status}, e...))
		},
	},
	{
		operation.ListAllLabelsOfAConversation, `{"payload":["vip"]}`, "payload", "/conversations/42/labels", "",
		func(ctx context.Context, a *cfchat.Account, s subject, e ...cfchat.CallOption) (any, error) {
			labels, err := a.Conversations.Labels(ctx, s.conversation, e...)
			return valueOf(pointerTo(labels), err)
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ListAllLabelsOfAConversationWithResponse(ctx, accountID, s.conversation, e...))
		},
	},
}

// The calls that tests name, and the kinds of them that tests tell apart.
var (
	listCall   = callOf(operation.ConversationList.ID)
	countsCall = callOf(operation.ConversationListMeta.ID)
	getCall    = callOf(operation.GetDetailsOfAConversation.ID)
	filterCall = callOf(operation.ConversationFilter.ID)
	createCall = callOf(operation.NewConversation.ID)
	toggleCall = callOf(operation.ToggleStatusOfAConversation.ID)

	getCalls   = callsThat(func(c call) bool { return c.Method == http.MethodGet })
	readCalls  = callsThat(func(c call) bool { return !c.Write }) // filter is a POST that only reads
	writeCalls = callsThat(func(c call) bool { return c.Write })
)

func callsThat(fit func(call) bool) []call {
	return slices.DeleteFunc(slices.Clone(allCalls), func(c call) bool { return !fit(c) })
}

// callOf finds a call by the id of its operation or the documented name, and panics if there is none.
func callOf(name string) call {
	return callsThat(func(c call) bool { return c.ID == name || c.Documented() == name })[0]
}

// TestTableOfCalls finds the operation of openapi.yaml that the tests do not call.
func TestTableOfCalls(t *testing.T) {
	for _, op := range operation.All {
		if len(callsThat(func(c call) bool { return c.Operation == op })) != 1 {
			t.Errorf("%s: allCalls needs one row for it", op)
		}
	}
}

// do makes the call through Account, on the conversation of the tests.
func (c call) do(ctx context.Context, a *cfchat.Account, editors ...cfchat.RequestEditorFn) (any, error) {
	return c.account(ctx, a, oneSubject, options(editors)...)
}

// raw makes the call through the generated client, on the conversation of the tests.
func (c call) raw(ctx context.Context, client *cfchat.ClientWithResponses, editors ...cfchat.RequestEditorFn) (any, error) {
	return c.generated(ctx, client, oneSubject, editors...)
}

// about is what an error says that the call is about.
func (c call) about() operation.Subject {
	about := operation.Subject{AccountID: accountID}
	if strings.Contains(c.Path, "{conversation_id}") {
		about.ConversationID = oneSubject.conversation
	}
	return about
}

// options are editors as options of a call.
func options(editors []cfchat.RequestEditorFn) []cfchat.CallOption {
	var all []cfchat.CallOption
	for _, edit := range editors {
		all = append(all, edit)
	}
	return all
}

// json200 makes the call through Raw and returns the answer as the generated client has decoded it.
func (c call) json200(t *testing.T, client *cfchat.ClientWithResponses, about subject) (any, error) {
	t.Helper()
	response, err := c.generated(t.Context(), client, about)
	if err != nil {
		return nil, err
	}
	return reflect.ValueOf(response).Elem().FieldByName("JSON200").Interface(), nil
}

// subjectOf is what a recorded answer is about, as far as it says so.
func subjectOf(t *testing.T, answer string) subject {
	t.Helper()
	var about struct {
		ID      int64
		Payload json.RawMessage
	}
	var change struct {
		ID     int64         `json:"conversation_id"`
		Status cfchat.Status `json:"current_status"`
	}
	_ = json.Unmarshal([]byte(answer), &about) // a failure is about nothing
	_ = json.Unmarshal(about.Payload, &change)
	return subject{cmp.Or(about.ID, change.ID, 42), cmp.Or(change.Status, cfchat.StatusResolved), oneBody}
}

// by is a call whose value does not matter.
func by(c call) func(context.Context, *cfchat.Account) error {
	return func(ctx context.Context, a *cfchat.Account) error {
		_, err := c.do(ctx, a)
		return err
	}
}

// pointerTo is nil for a nil list.
func pointerTo[T any](list []T) *[]T {
	if list == nil {
		return nil
	}
	return &list
}

// valueOf drops the type, and a nil pointer with it.
func valueOf[T any](value *T, err error) (any, error) {
	if value == nil {
		return nil, err
	}
	return value, err
}
