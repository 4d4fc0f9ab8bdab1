// Package auth puts the keys of ClickFunnels Chat on requests.
//
// There are two kinds of key, sent in the same header. Each operation lists the kinds that it accepts, as do the comments of
// its methods and docs/keys.md in the repository; the first one that is set is sent. Without one the call fails with
// [ErrNoKey], and nothing is sent. [WithScheme] chooses for the calls of a context. A [Key] never shows, however it is
// printed.
//
// [cfchat.New] takes the keys in its Config. With the generated client alone, use them as a request editor:
//
//	keys := auth.Keys{User: auth.NewKey(os.Getenv("CFCHAT_USER_API_KEY"))}
//	client, err := cfchat.NewClientWithResponses("https://chat.myclickfunnels.com", cfchat.WithRequestEditorFn(keys.Edit))
//
// That way the key goes wherever the client's http.Client goes, including redirects to other hosts; a client of [cfchat.New]
// follows none.
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
	HeaderUnderscore = "api_access_token" // as documented; nginx drops it by default
	HeaderDash       = "Api-Access-Token" // passes every proxy
)

// ErrNoKey means that no key is set that the operation accepts. Nothing was sent.
var ErrNoKey = errors.New("no key")

// Keys are the keys of an account. The zero value has none. Keys are safe for concurrent use and never show their text.
type Keys struct {
	User     Key // of a person, from the profile page; sees that person's inboxes
	AgentBot Key // of an agent bot; docs/keys.md lists the operations that accept it

	// Header is the spelling of the header: HeaderUnderscore if empty, or HeaderDash. Use HeaderDash if a proxy answers 401
	// "You need to sign in or sign up before continuing." although a key is set.
	Header string
	// Prefix precedes the key, separated by a space, such as "Bearer". Empty means none, as the servers expect.
	Prefix string
}

// Edit sets the key on a request, replacing any that is there. It is a request editor of the generated client. It fails,
// before anything is sent, with [ErrNoKey] or if a key, the Header or the Prefix is invalid; the error names it without
// repeating a key.
func (k Keys) Edit(ctx context.Context, req *http.Request) error {
	if err := k.Check(); err != nil {
		return err
	}
	op, chosen, ok := operation.Chosen(ctx)
	if !ok {
		op = operation.Of(req)
	}
	if op.IsPublic() {
		return nil
	}
	scheme := Scheme(chosen)
	if k.of(scheme).IsZero() {
		var err error
		if scheme, err = k.choose(ctx, op); err != nil {
			return err
		}
	}
	value := k.of(scheme).reveal()
	if k.Prefix != "" {
		value = k.Prefix + " " + value
	}
	for _, name := range HeaderNames(req.Header) {
		delete(req.Header, name)
	}
	if req.Header == nil {
		req.Header = http.Header{}
	}
	name := k.Header
	if name == "" {
		name = HeaderUnderscore
	}
	req.Header[name] = []string{value} // not Set, which would write Api_access_token
	return nil
}

// Check returns what is wrong with the keys, naming the field and never repeating a key: text that cannot be a key, an
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
	if err := NewKey(k.Prefix).check(); err != nil {
		return errors.New("Keys.Prefix: it has a space, a control character or a non-ASCII character; the space after it is added for you")
	}
	return nil
}

// HeaderNames lists the names under which a header carries a key, in any spelling; nil if it carries none.
func HeaderNames(header http.Header) []string {
	var names []string
	for name := range header {
		if len(name) == len(HeaderDash) && strings.EqualFold(strings.ReplaceAll(name, "_", "-"), HeaderDash) {
			names = append(names, name)
		}
	}
	return names
}

// choose returns the scheme: the one that the context names, or the first of the operation's for which there is a key.
func (k Keys) choose(ctx context.Context, op *operation.Operation) (Scheme, error) {
	var fields []string
	for _, name := range op.Schemes(ctx) {
		scheme := Scheme(name)
		if !k.of(scheme).IsZero() {
			return scheme, nil
		}
		fields = append(fields, scheme.field())
	}
	return "", fmt.Errorf("%w for %s: set %s", ErrNoKey, op.ID, strings.Join(fields, " or "))
}

func (k Keys) of(s Scheme) Key {
	switch s {
	case UserAPIKey:
		return k.User
	case AgentBotAPIKey:
		return k.AgentBot
	}
	return Key{}
}

func (s Scheme) field() string {
	switch s {
	case UserAPIKey:
		return "Keys.User"
	case AgentBotAPIKey:
		return "Keys.AgentBot"
	}
	return "a scheme that exists" // it is not repeated: somebody may have passed a key as the scheme
}

// WithScheme makes the calls under a context use this kind of key, regardless of what their operation prefers. The servers
// may refuse it.
func WithScheme(ctx context.Context, scheme Scheme) context.Context {
	return operation.WithScheme(ctx, string(scheme))
}
