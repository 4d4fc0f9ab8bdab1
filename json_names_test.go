package cfchat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/api"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/recordings"
	"github.com/cfchat/cfchat-go/internal/redact"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// namesOperations are the operations whose responses contain the types that the lists of names contain.
var namesOperations = []*operation.Operation{
	operation.ListAllInboxes, operation.GetInbox, operation.GetInboxMembers, operation.GetAccountAgents, operation.ListAllAccountAgentBots,
	operation.ListAllTeams, operation.GetDetailsOfASingleTeam, operation.GetTeamMembers, operation.ListAllLabels,
	operation.GetAccountCustomAttribute, operation.ListParticipantsOfAConversation, operation.AddParticipantsToAConversation,
	operation.SetParticipantsOfAConversation, operation.AssignAConversation,
}

// callNames calls the method of an operation.
func callNames(ctx context.Context, a *cfchat.Account, op *operation.Operation, s trial.Subject, e ...cfchat.CallOption) (any, error) {
	switch op {
	case operation.ListAllInboxes:
		return a.Inboxes.List(ctx, e...)
	case operation.GetInbox:
		return a.Inboxes.Get(ctx, s.Inbox, e...)
	case operation.GetInboxMembers:
		return a.Inboxes.Members(ctx, s.Inbox, e...)
	case operation.GetAccountAgents:
		return a.Agents.List(ctx, e...)
	case operation.ListAllAccountAgentBots:
		return a.AgentBots.List(ctx, e...)
	case operation.ListAllTeams:
		return a.Teams.List(ctx, e...)
	case operation.GetDetailsOfASingleTeam:
		return a.Teams.Get(ctx, s.Team, e...)
	case operation.GetTeamMembers:
		return a.Teams.Members(ctx, s.Team, e...)
	case operation.ListAllLabels:
		return a.Labels.List(ctx, e...)
	case operation.GetAccountCustomAttribute:
		return a.AttributeDefinitions.List(ctx, e...)
	case operation.ListParticipantsOfAConversation:
		return a.Conversations.Participants(ctx, s.Conversation, e...)
	case operation.AddParticipantsToAConversation:
		return a.Conversations.AddParticipants(ctx, s.Conversation, s.People, e...)
	case operation.SetParticipantsOfAConversation:
		return a.Conversations.SetParticipants(ctx, s.Conversation, s.People, e...)
	case operation.AssignAConversation:
		return a.Conversations.Assign(ctx, trial.One.Conversation, s.Assigned.Agent.GetID(), e...)
	}
	return nil, errors.ErrUnsupported
}

// namesAccount returns an account of a server that always returns the same body. The lookup before an assignment finds the
// agent to assign.
func namesAccount(t *testing.T, op *operation.Operation, body string) *cfchat.Account {
	t.Helper()
	return trial.Chat(t, trial.RoundTripper(func(r *http.Request) (*http.Response, error) {
		if id, _ := cfchat.OperationOf(r.Context()); id == operation.GetAccountAgents.ID && op == operation.AssignAConversation {
			return trial.Reply(http.StatusOK, "application/json", `[`+body+`]`), nil
		}
		return trial.Reply(http.StatusOK, "application/json", body), nil
	})).Account(trial.AccountID)
}

// keepsJSON is a value whose bytes KeepJSON keeps.
type keepsJSON interface{ JSON() json.RawMessage }

// keepersIn returns the rows of a method's result, or the result itself if it is a single row.
func keepersIn(t *testing.T, returned any) (rows []keepsJSON) {
	t.Helper()
	if one, ok := returned.(keepsJSON); ok {
		return []keepsJSON{one}
	}
	list := reflect.ValueOf(returned)
	for i := range list.Len() {
		row, ok := reflect.TypeAssert[keepsJSON](list.Index(i).Addr())
		if !ok {
			t.Fatalf("%T has rows that keep no JSON", returned)
		}
		rows = append(rows, row)
	}
	return rows
}

// rowsIn returns the rows of a response body as they were received, or the body itself if it is a single row.
func rowsIn(t *testing.T, body string) (rows []json.RawMessage) {
	t.Helper()
	var list struct{ Payload []json.RawMessage }
	switch {
	case strings.HasPrefix(body, "["):
		if err := json.Unmarshal([]byte(body), &rows); err != nil {
			t.Fatal(err)
		}
		return rows
	case json.Unmarshal([]byte(body), &list) == nil && list.Payload != nil:
		return list.Payload
	}
	return []json.RawMessage{json.RawMessage(body)}
}

// secretsOf returns the fields of a type that openapi.yaml marks as secret.
func secretsOf(t *testing.T, name string) []string {
	t.Helper()
	spec, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	var secrets []string
	for field, schema := range spec.Components.Schemas[name].Value.Properties {
		if schema.Value.Extensions["x-secret"] == true {
			secrets = append(secrets, field)
		}
	}
	return slices.Sorted(slices.Values(secrets))
}

// typeName returns the name of a row's type, which is also its name in openapi.yaml.
func typeName(row keepsJSON) string { return reflect.TypeOf(row).Elem().Name() }

func compact(t *testing.T, data []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, data); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	return out.String()
}

// TestKeepJSONOfRecordedNames checks that every recorded row is kept byte for byte except for its secrets, which the
// recordings replace with <secret>. A website's token is not a secret: the website shows it.
func TestKeepJSONOfRecordedNames(t *testing.T) {
	t.Parallel()
	secret := regexp.MustCompile(`"(hmac_token|secret|imap_password|smtp_password)":"[^"]*"`)
	website := regexp.MustCompile(`"website_token":"<secret>"`)
	seen := map[string]int{}
	for _, r := range recordings.All(t, ".") {
		body := r.Response.Body
		switch {
		case !slices.Contains(namesOperations, r.Operation), r.Response.Status != http.StatusOK:
			continue
		case body == "[]": // there is nothing to keep
			continue
		case r.Operation == operation.AssignAConversation && !strings.Contains(body, `"email"`): // nobody, a bot or a team is assigned
			continue
		}
		returned, err := callNames(t.Context(), namesAccount(t, r.Operation, body), r.Operation, trial.SubjectOf(t, body), cfchat.KeepJSON())
		if err != nil {
			t.Fatalf("%s: %v", r.File, err)
		}
		kept, recorded := keepersIn(t, returned), rowsIn(t, body)
		if len(kept) != len(recorded) {
			t.Fatalf("%s: %d rows, want %d", r.File, len(kept), len(recorded))
		}
		for i, row := range kept {
			got, want := compact(t, row.JSON()), secret.ReplaceAllString(compact(t, recorded[i]), `"$1":null`)
			if got != want {
				t.Errorf("%s: row %d is %s, want %s", r.File, i, got, want)
			}
			if strings.Contains(website.ReplaceAllString(got, ""), "<secret>") {
				t.Errorf("%s: row %d shows a secret: %s", r.File, i, got)
			}
			seen[r.Version+" "+typeName(row)]++
		}
	}
	for _, want := range []string{
		"2.16.0 Agent", "4.16.2 Agent", "2.16.0 Team", "4.16.2 Team", "2.16.0 Label", "4.16.2 Label",
		"4.16.2 AttributeDefinition", "4.16.2 Inbox",
	} {
		if seen[want] == 0 {
			t.Errorf("nothing of %s was kept, only of %v", want, slices.Sorted(maps.Keys(seen)))
		}
	}
}

// TestKeepJSONOfNames checks that every method keeps, byte for byte, the fields that no type has, and keeps null in place of
// each secret, whether a string or an object; and that nothing is kept unless KeepJSON is passed.
func TestKeepJSONOfNames(t *testing.T) {
	t.Parallel()
	for _, op := range namesOperations {
		good := trial.CallOf(op.ID).Good
		if op == operation.AssignAConversation {
			good = trial.GoodAgent
		}
		plain, err := callNames(t.Context(), namesAccount(t, op, good), op, namesSubject())
		if err != nil {
			t.Fatalf("%s: %v", op.ID, err)
		}
		name := typeName(keepersIn(t, plain)[0])
		sent, kept := `{ "new":{"a":[1.0]},`, `{ "new":{"a":[1.0]},`
		for i, secret := range secretsOf(t, name) {
			sent += fmt.Sprintf(` "%s": %s ,`, secret, []string{`"tOkEn"`, `{"a":["tOkEn"]}`}[i%2])
			kept += fmt.Sprintf(` "%s": null ,`, secret)
		}
		body := strings.ReplaceAll(good, `{"id":`, sent+`"id":`)
		want := rowsIn(t, strings.ReplaceAll(good, `{"id":`, kept+`"id":`))
		returned, err := callNames(t.Context(), namesAccount(t, op, body), op, namesSubject(), cfchat.KeepJSON())
		if err != nil {
			t.Fatalf("%s: %v", op.ID, err)
		}
		for i, row := range keepersIn(t, returned) {
			if got := string(row.JSON()); got != string(want[i]) {
				t.Errorf("%s kept %s, want %s", op.ID, got, want[i])
			}
			clear(row.JSON())
			if got := string(row.JSON()); got != string(want[i]) {
				t.Errorf("%s: JSON returns its own memory, not a copy", op.ID)
			}
		}
		for i, row := range keepersIn(t, plain) {
			if row.JSON() != nil {
				t.Errorf("%s kept row %d without KeepJSON: %s", op.ID, i, row.JSON())
			}
		}
		if got, before := string(encode(t, returned)), string(encode(t, plain)); got != before {
			t.Errorf("%s encodes to %s, and without KeepJSON to %s", op.ID, got, before)
		}
		if shown := fmt.Sprintf("%+v %#v", returned, returned); strings.Contains(shown, "tOkEn") {
			t.Errorf("%s shows a secret: %s", op.ID, shown)
		}
	}
}

// namesSubject returns the subject of the calls, with an agent to assign.
func namesSubject() trial.Subject {
	s := trial.One
	s.Assigned = cfchat.Assignment{Agent: &cfchat.Agent{ID: 2}}
	return s
}

// TestSecretsOfNamesAreMarked checks that every field named like a secret is marked as one, because KeepJSON would otherwise
// show it.
func TestSecretsOfNamesAreMarked(t *testing.T) {
	t.Parallel()
	for _, row := range []any{
		cfchat.Inbox{}, cfchat.Agent{}, cfchat.AccountBot{}, cfchat.Team{}, cfchat.Label{}, cfchat.AttributeDefinition{},
	} {
		for field := range reflect.TypeOf(row).Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if redact.ByName(name) && name != "website_token" { // the website shows it
				t.Errorf("%T has %s", row, name)
			}
		}
	}
	for name, want := range map[string][]string{
		"Inbox":      {"account_sid", "auth_token", "hmac_token", "imap_password", "provider_config", "secret", "smtp_password"},
		"AccountBot": {"access_token", "secret"},
	} {
		if got := secretsOf(t, name); !slices.Equal(got, want) {
			t.Errorf("the secrets of %s are %v, want %v", name, got, want)
		}
	}
}

// TestKeptNamesHaveNoSecrets checks that no secret is kept or shown when an administrator, who is sent the secrets of
// inboxes and bots, asks the stand-in.
func TestKeptNamesHaveNoSecrets(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.16.0", "4.16.2"} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		srv.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail})
		srv.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelWebWidget})
		bot, key := srv.AddBot(cfchattest.Bot{})
		account := srv.Account(t)
		inboxSecrets, botSecrets := []string{"hmac-"}, []string{key}
		if atLeast(version, "4.13.0") {
			inboxSecrets = append(inboxSecrets, srv.InboxSecret(1).Reveal())
			botSecrets = append(botSecrets, srv.BotSecret(bot).Reveal())
		}
		for op, secrets := range map[*operation.Operation][]string{
			operation.ListAllInboxes: inboxSecrets, operation.GetInbox: inboxSecrets, operation.ListAllAccountAgentBots: botSecrets,
		} {
			var response cfchat.Response
			about := trial.Subject{Inbox: 1}
			returned, err := callNames(t.Context(), account, op, about, cfchat.KeepJSON(), cfchat.WithResponse(&response))
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range secrets {
				if !strings.Contains(string(response.Body), secret) {
					t.Errorf("%s: the stand-in's response to %s does not contain %q", version, op.ID, secret)
				}
				for _, row := range keepersIn(t, returned) {
					if shown := fmt.Sprintf("%s %+v %#v %s", row.JSON(), row, row, encode(t, row)); strings.Contains(shown, secret) {
						t.Errorf("%s: %s shows %q", version, op.ID, secret)
					}
				}
			}
		}
	}
}

// TestKeptJSONOfNilNames checks that JSON returns nil for nil rows.
func TestKeptJSONOfNilNames(t *testing.T) {
	for _, row := range []keepsJSON{
		(*cfchat.Inbox)(nil), (*cfchat.Agent)(nil), (*cfchat.AccountBot)(nil),
		(*cfchat.Team)(nil), (*cfchat.Label)(nil), (*cfchat.AttributeDefinition)(nil),
	} {
		if row.JSON() != nil {
			t.Errorf("a nil %T has JSON", row)
		}
	}
}
