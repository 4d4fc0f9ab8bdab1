// Package auth puts the keys of ClickFunnels Chat on requests.
//
// There are two kinds of key, and both travel in one header. Which one a request gets is for its operation to say: each
// lists the kinds that it takes, as the comments of its methods and docs/keys.md in the repository do, and the first of them
// for which a key is set is sent. Without one the call fails with [ErrNoKey], and nothing is sent. [With] chooses for the calls of a context. A key made by
// [Key] never shows, however it is printed.
//
// [cfchat.New] takes the keys in its Config. With the generated client alone they are a request editor:
//
//	keys := auth.Keys{User: auth.Key(os.Getenv("CFCHAT_USER_API_KEY"))}
//	client, err := cfchat.NewClientWithResponses("https://chat.myclickfunnels.com", cfchat.WithRequestEditorFn(keys.Edit))
//
// That way the key goes wherever the client's http.Client goes, redirects to other hosts included; a client of
// [cfchat.New] follows none.
//
// [cfchat.New]: https://pkg.go.dev/github.com/cfchat/cfchat-go#New
package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// Scheme is a kind of key, by its name in openapi.yaml.
type Scheme string

// The two kinds of key.
const (
	UserAPIKey     Scheme = operation.UserAPIKey     // Keys.User
	AgentBotAPIKey Scheme = operation.AgentBotAPIKey // Keys.AgentBot
)

// The two spellings of the header that carries the key. The servers read both.
const (
	HeaderUnderscore = "api_access_token" // as documented; nginx, as it comes, drops it
	HeaderDash       = "Api-Access-Token" // passes every proxy
)

// ErrNoKey means that no key is set that the operation takes. Nothing was sent.
var ErrNoKey = errors.New("no key")

// Keys are the keys of an account. The zero value has none. Keys are safe for concurrent use and never show their text.
type Keys struct {
	User     Secret // of a person, from the profile page; sees that person's inboxes
	AgentBot Secret // of an agent bot; creates conversations and sets their status

	// Header is the spelling of the header: HeaderUnderscore when empty, or HeaderDash. Take HeaderDash when a proxy
	// answers 401 "You need to sign in or sign up before continuing." although a key is set.
	Header string
	// Prefix comes before the key, separated by a space, such as "Bearer". Empty for none, which is what the servers want.
	Prefix string
}

// Check reports what is wrong with the keys, naming the field and never repeating a key: text that cannot be a key, an
// unknown Header, or a Prefix that cannot be in a header. No key at all is not an error here.
func (k Keys) Check() error {
	if err := k.User.check(); err != nil {
		return fmt.Errorf("Keys.User: %w", err)
	}
	if err := k.AgentBot.check(); err != nil {
		return fmt.Errorf("Keys.AgentBot: %w", err)
	}
	if !slices.Contains([]string{"", HeaderUnderscore, HeaderDash}, k.Header) {
		return fmt.Errorf("Keys.Header: it is neither %s nor %s", HeaderUnderscore, HeaderDash)
	}
	if err := Key(k.Prefix).check(); err != nil {
		return errors.New("Keys.Prefix: it has a blank, a control or a non-ASCII character; a space follows it by itself")
	}
	return nil
}

// Edit sets the key on a request, in place of any that is there. It is a request editor of the generated client. It
// fails, before anything is sent, with [ErrNoKey] or for the reasons of [Keys.Check].
func (k Keys) Edit(ctx context.Context, req *http.Request) error {
	if err := k.Check(); err != nil {
		return err
	}
	scheme, err := k.choose(ctx, operationOf(req))
	if err != nil {
		return err
	}
	value := k.of(scheme).reveal()
	if k.Prefix != "" {
		value = k.Prefix + " " + value
	}
	for _, name := range Names(req.Header) {
		delete(req.Header, name)
	}
	name := k.Header
	if name == "" {
		name = HeaderUnderscore
	}
	req.Header[name] = []string{value} // not Set, which would write Api_access_token
	return nil
}

// Names lists the names under which a header carries a key, in any spelling; nil when it carries none.
func Names(header http.Header) []string {
	var names []string
	for name := range header {
		if len(name) == len(HeaderDash) && strings.EqualFold(strings.ReplaceAll(name, "_", "-"), HeaderDash) {
			names = append(names, name)
		}
	}
	return names
}

// Scheme is the kind of key that an operation of openapi.yaml, such as "newConversation", gets under a context. It fails
// with [ErrNoKey] when there is none.
func (k Keys) Scheme(ctx context.Context, operationID string) (Scheme, error) {
	op := operation.ByID(operationID)
	if op == nil {
		op = &operation.Operation{ID: operationID, Keys: operation.EitherKey}
	}
	return k.choose(ctx, op)
}

// operationOf returns the operation of a request: of the call that cfchat makes, or by its address.
func operationOf(req *http.Request) *operation.Operation {
	if call := operation.CallOf(req.Context()); call != nil {
		return call.Operation
	}
	return operation.Of(req)
}

// choose picks the scheme: the one that the context names, else the first of the operation's for which there is a key.
func (k Keys) choose(ctx context.Context, op *operation.Operation) (Scheme, error) {
	keys := op.Keys
	if only, ok := ctx.Value(override{}).(Scheme); ok {
		keys = []operation.Key{{Scheme: string(only)}}
	}
	var fields []string
	for _, key := range keys {
		scheme := Scheme(key.Scheme)
		if !k.of(scheme).IsZero() {
			return scheme, nil
		}
		fields = append(fields, scheme.field())
	}
	return "", fmt.Errorf("%w for %s: set %s", ErrNoKey, op.ID, strings.Join(fields, " or "))
}

func (k Keys) of(s Scheme) Secret {
	switch s {
	case UserAPIKey:
		return k.User
	case AgentBotAPIKey:
		return k.AgentBot
	}
	return Secret{}
}

func (s Scheme) field() string {
	switch s {
	case UserAPIKey:
		return "Keys.User"
	case AgentBotAPIKey:
		return "Keys.AgentBot"
	}
	return fmt.Sprintf("a scheme that exists, not %q", string(s))
}

type override struct{}

// With makes the calls under a context use this kind of key, whatever their operation prefers. The servers may refuse it.
func With(ctx context.Context, scheme Scheme) context.Context {
	return context.WithValue(ctx, override{}, scheme)
}
