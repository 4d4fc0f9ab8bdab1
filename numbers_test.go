package cfchat_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// tooBig is a number that does not fit a float64. Servers check the size of numbers only at the top level of attributes.
var tooBig = strings.Repeat("9", 400)

// TestKeepJSONOfANumberBeyondFloat checks that every byte of such a number is kept.
func TestKeepJSONOfANumberBeyondFloat(t *testing.T) {
	t.Parallel()
	for _, number := range []string{tooBig, "1e400"} {
		body := `{"id":42,"status":"open","custom_attributes":{"a":[` + number + `]}}`
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(http.StatusOK, "application/json", body), nil
		}))
		c, err := chat.Account(7).Conversations.Get(t.Context(), 42, cfchat.KeepJSON())
		if err != nil || string(c.JSON()) != body {
			t.Errorf("%v, %s", err, c.JSON())
		}
	}
}

// TestNullAfterANumberBeyondFloat checks that a null in a list, which servers drop, is found after such a number too.
func TestNullAfterANumberBeyondFloat(t *testing.T) {
	t.Parallel()
	over, sent := attributeServer()
	given := map[string]any{"a": json.RawMessage(`[` + tooBig + `,null]`)}
	if _, err := trial.Chat(t, over).Account(7).Conversations.SetCustomAttributes(t.Context(), 42, given); !errors.Is(err, cfchat.ErrInvalidInput) || len(*sent) > 0 {
		t.Errorf("%q, %v", *sent, err)
	}
	over, sent = attributeServer(`{"b":[1e400,null]}`)
	if _, err := trial.Chat(t, over).Account(7).Conversations.MergeCustomAttributes(t.Context(), 42, map[string]any{"a": 1}); !errors.Is(err, cfchat.ErrNotSent) || len(*sent) != 1 {
		t.Errorf("%q, %v", *sent, err)
	}
}

// TestMergeOfAdjacentNumber sets a whole number that as a float64 equals the one that is stored.
func TestMergeOfAdjacentNumber(t *testing.T) {
	t.Parallel()
	over, sent := attributeServer(`{"a":[9007199254740992.0]}`, `{"a":[9007199254740993]}`, `{"a":[9007199254740993]}`)
	now, err := trial.Chat(t, over).Account(7).Conversations.MergeCustomAttributes(t.Context(), 42, map[string]any{"a": []int64{9007199254740993}})
	if err != nil || len(*sent) != 3 {
		t.Errorf("sent %q, now %s, %v", *sent, now, err)
	}
	over, sent = attributeServer(`{"a":[5.0,5e0,0.0,-0]}`)
	if _, err = trial.Chat(t, over).Account(7).Conversations.MergeCustomAttributes(t.Context(), 42, map[string]any{"a": []int{5, 5, 0, 0}}); err != nil || len(*sent) != 1 {
		t.Errorf("sent %q, %v", *sent, err)
	}
}

// TestSecretsOfAFailedProfile checks that the error of a failed Profile keeps no secret, whatever the status.
func TestSecretsOfAFailedProfile(t *testing.T) {
	t.Parallel()
	const profile = `{"id":1,"accounts":[],"pubsub_token":"s3cret","hmac_identifier":"s3cret"}`
	for status, body := range map[int]string{500: profile, 403: profile, 422: profile, 401: profile, 302: profile, 200: "\ufeff" + profile} {
		_, err := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(status, "application/json", body), nil
		})).Profile(t.Context())
		if e, ok := errors.AsType[*cfchat.Error](err); !ok || strings.Contains(e.Body, "s3cret") || !strings.Contains(e.Body, "accounts") {
			t.Errorf("%d: %v, %s", status, err, e.Body)
		}
	}
}

// TestKeyAfterANumberBeyondFloat checks that a key that a server repeats, escaped, is found after such a number.
func TestKeyAfterANumberBeyondFloat(t *testing.T) {
	t.Parallel()
	const key = "s3cret/key-123456"
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(http.StatusUnprocessableEntity, "application/json", `{"n":1e400,"error":"s3cret\/key-123456"}`), nil
	}), func(c *cfchat.Config) { c.Keys = auth.Keys{User: auth.NewKey(key)} })
	_, err := chat.Profile(t.Context())
	if e, ok := errors.AsType[*cfchat.Error](err); !ok || strings.Contains(e.Body+e.Error(), "s3cret") {
		t.Errorf("%v, %s", err, e.Body)
	}
}

// TestErrorTextsAreBounded checks that an error stays short if there are thousands of refusals, or if a name is as long as a
// response.
func TestErrorTextsAreBounded(t *testing.T) {
	t.Parallel()
	account := trial.Chat(t, trial.Broken{}).Account(7)
	many := map[string]any{}
	for i := range 200 {
		many[strings.Repeat("k", i)] = []any{nil}
	}
	huge := strings.Repeat("ä", 1<<16)
	over, _ := attributeServer(`{"`+huge+`":1}`, `{"`+huge+`":1}`)
	other := trial.Chat(t, over).Account(7)
	for name, err := range map[string]error{
		"attributes":   trial.Second(account.Conversations.MergeCustomAttributes(t.Context(), 42, many)),
		"participants": trial.Second(account.Conversations.AddParticipants(t.Context(), 42, make([]int64, 5000))),
		"a long key":   trial.Second(other.Conversations.SetCustomAttributes(t.Context(), 42, map[string]any{"a": 1})),
	} {
		if err == nil || len(err.Error()) > 4000 || !utf8.ValidString(err.Error()) {
			t.Errorf("%s: the error has %d bytes", name, len(err.Error()))
		}
	}
	e, ok := errors.AsType[*cfchat.Error](trial.Second(account.Conversations.AddParticipants(t.Context(), 42, make([]int64, 30))))
	if !ok || len(e.Fields) != 30 || !strings.HasSuffix(e.Error(), "; and 10 more") {
		t.Errorf("%d fields, %v", len(e.Fields), e)
	}
}
