package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// underscore is the documented spelling. It is a variable because staticcheck knows that net/http would spell it
// differently.
var underscore = auth.HeaderUnderscore

// request returns a request for an operation.
func request(ctx context.Context, id string) *http.Request {
	op := operation.ByID(id)
	return httptest.NewRequest(op.Method, strings.NewReplacer("{", "", "}", "").Replace(op.Path), nil).WithContext(ctx)
}

// TestChoice checks which key each operation sends with each combination of keys set. "" means ErrNoKey.
func TestChoice(t *testing.T) {
	keys := map[string]auth.Keys{
		"": {}, "U": {User: auth.NewKey("U")}, "B": {AgentBot: auth.NewKey("B")}, "UB": {User: auth.NewKey("U"), AgentBot: auth.NewKey("B")},
	}
	preferred := map[string]string{"conversationList": "U", "conversationFilter": "UB", "newConversation": "BU"}
	for _, op := range operation.All {
		kinds := map[string]byte{operation.UserAPIKey: 'U', operation.AgentBotAPIKey: 'B'}
		var letters []byte
		for _, key := range op.Keys {
			letters = append(letters, kinds[key.Scheme])
		}
		order := string(letters)
		if want, ok := preferred[op.ID]; ok && order != want {
			t.Errorf("%s prefers %s, want %s", op, order, want)
		}
		for set, keys := range keys {
			want := ""
			if i := strings.IndexAny(order, set); i >= 0 {
				want = order[i : i+1]
			}
			checkChoice(t, op.ID, keys, want)
		}
	}
}

func checkChoice(t *testing.T, id string, keys auth.Keys, want string) {
	t.Helper()
	req := request(t.Context(), id)
	err := keys.Edit(t.Context(), req)
	if got := strings.Join(req.Header[underscore], "+"); got != want {
		t.Errorf("%s: sent %q, want %q", id, got, want)
	}
	if operation.ByID(id).IsPublic() {
		if err != nil {
			t.Errorf("%s: %v", id, err)
		}
		return
	}
	if (err == nil) != (want != "") || err != nil && !errors.Is(err, auth.ErrNoKey) {
		t.Errorf("%s: %v", id, err)
	}
}

// TestOtherRequests checks which key is sent with a request that is not an operation of openapi.yaml: the user's, or else
// the bot's.
func TestOtherRequests(t *testing.T) {
	user, bot := auth.NewKey("U"), auth.NewKey("B")
	for want, keys := range map[string]auth.Keys{"U": {User: user, AgentBot: bot}, "B": {AgentBot: bot}} {
		req := httptest.NewRequest(http.MethodGet, "/api/v1/profile/availability", nil)
		if err := keys.Edit(t.Context(), req); err != nil || req.Header[underscore][0] != want {
			t.Errorf("sent %q, %v, want %s", req.Header, err, want)
		}
	}
}

// TestNoHeader checks that Edit adds a key to a request whose Header is nil, such as one not made by net/http.
func TestNoHeader(t *testing.T) {
	req := request(t.Context(), "conversationList")
	req.Header = nil
	if err := (auth.Keys{User: auth.NewKey("U")}).Edit(t.Context(), req); err != nil || len(req.Header[underscore]) != 1 || req.Header[underscore][0] != "U" {
		t.Errorf("sent %q, %v", req.Header, err)
	}
}

// TestNoKeyNamesTheMissingField checks that the error names the field of Keys to set.
func TestNoKeyNamesTheMissingField(t *testing.T) {
	for id, want := range map[string]string{
		"conversationList": "no key for conversationList: set Keys.User",
		"newConversation":  "no key for newConversation: set Keys.AgentBot or Keys.User",
	} {
		if err := (auth.Keys{}).Edit(t.Context(), request(t.Context(), id)); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestWithSchemeOverridesTheChoice(t *testing.T) {
	both := auth.Keys{User: auth.NewKey("U"), AgentBot: auth.NewKey("B")}
	for _, op := range operation.All {
		if op.IsPublic() {
			continue // covered by TestChoice
		}
		for scheme, want := range map[auth.Scheme]string{auth.UserAPIKey: "U", auth.AgentBotAPIKey: "B"} {
			ctx := auth.WithScheme(t.Context(), scheme)
			req := request(ctx, op.ID)
			if err := both.Edit(ctx, req); err != nil || req.Header[underscore][0] != want {
				t.Errorf("%s with %s: %v, %v", op, scheme, req.Header, err)
			}
		}
	}
	for _, scheme := range []auth.Scheme{auth.AgentBotAPIKey, "nonesuch"} {
		ctx := auth.WithScheme(t.Context(), scheme)
		err := auth.Keys{User: auth.NewKey("U")}.Edit(ctx, request(ctx, "newConversation"))
		if !errors.Is(err, auth.ErrNoKey) {
			t.Errorf("with %s and no such key: %v", scheme, err)
		}
	}
}

// TestHeader checks the exact name and value of the key's header, and that it replaces any others for the key.
func TestHeader(t *testing.T) {
	for _, c := range []struct {
		keys        auth.Keys
		name, value string
	}{
		{auth.Keys{User: auth.NewKey("U")}, "api_access_token", "U"},
		{auth.Keys{User: auth.NewKey("U"), Header: auth.HeaderUnderscore}, "api_access_token", "U"},
		{auth.Keys{User: auth.NewKey("U"), Header: auth.HeaderDash}, "Api-Access-Token", "U"},
		{auth.Keys{User: auth.NewKey("U"), Prefix: "Bearer"}, "api_access_token", "Bearer U"},
	} {
		req := request(t.Context(), "conversationList")
		req.Header = http.Header{"Api_access_token": {"x"}, "Api-Access-Token": {"y", "z"}, "api_access_token": {"w"}, "Other": {"o"}}
		if err := c.keys.Edit(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		names := auth.HeaderNames(req.Header)
		if len(names) != 1 || names[0] != c.name || len(req.Header) != 2 {
			t.Fatalf("got headers %v", req.Header)
		}
		if got := req.Header[c.name]; len(got) != 1 || got[0] != c.value {
			t.Errorf("%s is %q, want %q", c.name, got, c.value)
		}
	}
}

// TestCheck checks that a text that cannot be a key is refused, with the name of the field, and that the error does not
// repeat the text.
func TestCheck(t *testing.T) {
	for _, text := range []string{" ", "a b", "a\n", "\ta", "a\x00", "a\r\nX: y", "schlüssel", "a\x7f", "\u00a0a"} {
		for field, keys := range map[string]auth.Keys{
			"Keys.User":     {User: auth.NewKey(text)},
			"Keys.AgentBot": {AgentBot: auth.NewKey(text)},
		} {
			req := request(t.Context(), "newConversation")
			err := keys.Edit(t.Context(), req)
			if err == nil || !strings.HasPrefix(err.Error(), field+":") {
				t.Errorf("%q: %v", text, err)
			} else if trimmed := strings.TrimSpace(text); len(trimmed) > 3 && strings.Contains(err.Error(), trimmed) {
				t.Errorf("%q is repeated: %v", text, err)
			}
			if len(req.Header) != 0 {
				t.Errorf("%q was put on a request: %v", text, err)
			}
		}
	}
	for want, keys := range map[string]auth.Keys{
		"Keys.Header:": {User: auth.NewKey("U"), Header: "Authorization"},
		"Keys.Prefix:": {User: auth.NewKey("U"), Prefix: "Bearer "},
	} {
		req := request(t.Context(), "newConversation")
		if err := keys.Edit(t.Context(), req); err == nil || !strings.HasPrefix(err.Error(), want) || len(req.Header) != 0 {
			t.Errorf("%s %v", want, err)
		}
	}
	if err := (auth.Keys{}).Edit(t.Context(), request(t.Context(), "newConversation")); !errors.Is(err, auth.ErrNoKey) { // empty Keys are valid
		t.Errorf("no keys: %v", err)
	}
}

// TestKeyNeverShows tries every verb on keys and secrets by themselves and inside other values.
func TestKeyNeverShows(t *testing.T) {
	const text = "s3cr3t-k3y"
	key, secret := auth.NewKey(text), auth.NewSecret(text)
	keys := auth.Keys{User: key, AgentBot: key}
	type holder struct {
		Open   auth.Key
		closed auth.Key
		keys   auth.Keys
		any    any
		secret auth.Secret
	}
	held := holder{key, key, keys, key, secret}
	for _, value := range []any{key, &key, keys, &keys, held, &held, []any{held}, map[string]auth.Key{"a": key}, map[auth.Scheme]*holder{"a": &held}, secret, &secret, []auth.Secret{secret}} {
		for verb := range strings.SplitSeq("%v %+v %#v %s %q %x %X %d %t %p %T %U %08.3f %c %b %o %e", " ") {
			hides(t, text, fmt.Sprintf(verb, value))
		}
		if data, err := json.Marshal(value); err == nil {
			hides(t, text, string(data))
		}
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "value", value)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "value", value)
		hides(t, text, log.String())
	}
	if got := fmt.Sprint(key, auth.NewKey("")); got != "[redacted] " {
		t.Errorf("a key and an empty key printed as %q", got)
	}
	if key.IsZero() || !auth.NewKey("").IsZero() {
		t.Error("IsZero confuses a key and an empty key")
	}
	none := auth.NewSecret("")
	if got := fmt.Sprint(secret, none); got != "[redacted] " || secret.Reveal() != text || none.Reveal() != "" || secret.IsZero() || !none.IsZero() {
		t.Errorf("a secret and an empty secret printed as %q", got)
	}
}

func hides(t *testing.T, secret, text string) {
	t.Helper()
	for _, form := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprintf("%d", []byte(secret))} {
		if strings.Contains(text, form) {
			t.Errorf("secret shown in %q", text)
		}
	}
}
