package redact_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/internal/redact"
	"github.com/cfchat/cfchat-go/internal/redact/internal/example"
)

var account = reflect.TypeFor[example.Account]()

// TestJSON checks that secret values, and no others, are replaced with null.
func TestJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{}`: `{}`,
		`{"id": 1.50,  "new": {"hmac_token": "kept"} }`: `{"id": 1.50,  "new": {"hmac_token": "kept"} }`, // its type is unknown

		`{"inbox":{"id":1,"hmac_token":"s3cret" ,"id2":2}}`:              `{"inbox":{"id":1,"hmac_token":null ,"id2":2}}`,
		`{"inbox":{"hmac_token": null,"provider_config":{"a":["b"]}}}`:   `{"inbox":{"hmac_token": null,"provider_config":null}}`,
		`{"others":[{"hmac_token":"a"},null,{"hmac_token":["b",{}]}]}`:   `{"others":[{"hmac_token":null},null,{"hmac_token":null}]}`,
		`{"named":{"hmac_token":{"hmac_token":"a","id":1}}}`:             `{"named":{"hmac_token":{"hmac_token":null,"id":1}}}`,
		`{"inbox":{"account":{"inbox":{"hmac_token":"deep"}}}}`:          `{"inbox":{"account":{"inbox":{"hmac_token":null}}}}`,
		`{"inbox":{"hmac_token":"a","hmac_token":"b"}}`:                  `{"inbox":{"hmac_token":null,"hmac_token":null}}`,
		`{"INBOX":{"Hmac\u005fToken":"a"}}`:                              `{"INBOX":{"Hmac\u005fToken":null}}`,
		`{"plain":{"hmac_token":"kept"}}`:                                `{"plain":{"hmac_token":"kept"}}`,
		`{"inbox":5,"others":{"hmac_token":"a"}}`:                        `{"inbox":5,"others":{"hmac_token":null}}`,
		`[{"inbox":{"hmac_token":"a"}},{"inbox":{"hmac_token":"b\"}"}}]`: `[{"inbox":{"hmac_token":null}},{"inbox":{"hmac_token":null}}]`,
		`{"inbox":{"hmac_token":"a"}} {"inbox":{"hmac_token":"b"}}`:      `{"inbox":{"hmac_token":null}} {"inbox":{"hmac_token":null}}`,
		`{"id":1}}{"inbox":{"hmac_token":"a"}}`:                          ``,
		`{"inbox":{"hmac_token":"cut`:                                    ``,
		`{"inbox":{"hmac_token"`:                                         ``,
		`{"inbox":}`:                                                     ``,
		``:                                                               ``,
	} {
		data := []byte(in)
		if got := string(redact.JSON(account, data)); got != want || string(data) != in {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// TestNothingSecret checks that a value of a type without secrets is copied unchanged, even if it is not JSON.
func TestNothingSecret(t *testing.T) {
	for _, in := range []string{`{"hmac_token":"kept"}`, `{"hmac_token":`} {
		data := []byte(in)
		got := redact.JSON(reflect.TypeFor[*example.Plain](), data)
		data[0] = 'x'
		if string(got) != in {
			t.Errorf("got %s, want %s", got, in)
		}
	}
}

// TestRandomJSON checks that of random values with secrets no secret is left, and everything else is.
func TestRandomJSON(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		in, err := json.Marshal(randomAccount(random, 4, "s3cret"))
		if err != nil {
			t.Fatal(err)
		}
		got := redact.JSON(account, in)
		if strings.Contains(string(got), "s3cret") || !json.Valid(got) {
			t.Fatalf("%s: got %s", in, got)
		}
		want := strings.NewReplacer(`"s3cret"`, `null`, `{"s3cret":1}`, `null`).Replace(string(in))
		if string(got) != want {
			t.Fatalf("%s: got %s, want %s", in, got, want)
		}
	}
}

func randomAccount(random *rand.Rand, depth int, secret string) *example.Account {
	if depth == 0 {
		return nil
	}
	account := &example.Account{ID: new(random.Int64N(9)), Plain: &example.Plain{HmacToken: new("kept")}}
	inbox := func() *example.Inbox {
		in := &example.Inbox{HmacToken: &secret, Account: randomAccount(random, depth-1, secret)}
		if random.IntN(2) == 0 {
			in.ProviderConfig = &map[string]any{secret: 1}
		}
		return in
	}
	switch random.IntN(3) {
	case 0:
		account.Inbox = inbox()
	case 1:
		account.Others = &[]example.Inbox{*inbox(), *inbox()}
	default:
		account.Named = &map[string]example.Inbox{"hmac_token": *inbox()}
	}
	return account
}

// TestEverywhere checks that fields are removed by their names, at any depth, and nothing else.
func TestEverywhere(t *testing.T) {
	if got := string(redact.Everywhere(redact.ByName, []byte(`{"free":{"token":1},"a":{"token":1}}`), "free")); got != `{"free":{"token":1},"a":{"token":null}}` {
		t.Errorf("a field within a free one was removed: %s", got)
	}
	secret := func(name string) bool { return name == "key" }
	for in, want := range map[string]string{
		`{"key": "s" ,"a":[{"key":{"key":1},"b":2}]}`: `{"key": null ,"a":[{"key":null,"b":2}]}`,
		`{"Key":"kept","keys":["key"]}`:               `{"Key":"kept","keys":["key"]}`,
		`[1, "key", null]`:                            `[1, "key", null]`,
		`{"a":1,"key":"cut`:                           `{"a":1,"key":`,
		`{"a":1,"b":"cut`:                             `{"a":1,"b":`,
		`{"a":1} {"key":"s"} x`:                       `{"a":1} {"key":null} `,
		`{"key":"s"}}{"key":"t"}`:                     `{"key":null}`,
		`Retry later`:                                 ``,
		``:                                            ``,
	} {
		data := []byte(in)
		if got := string(redact.Everywhere(secret, data)); got != want || string(data) != in {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

type row struct {
	Columns columns `json:"columns"`
}

type columns struct{ json.RawMessage }

var _ = redact.MarkIf[columns](func(name string) bool { return strings.HasSuffix(name, "_key") })

// TestMarkIf checks that the fields that match a type's rule are removed.
func TestMarkIf(t *testing.T) {
	const in, want = `{"a_key":1,"columns":{"a_key":1,"b":{"a_key":2},"c":3}}`, `{"a_key":1,"columns":{"a_key":null,"b":{"a_key":2},"c":3}}`
	if got := string(redact.JSON(reflect.TypeFor[row](), []byte(in))); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
