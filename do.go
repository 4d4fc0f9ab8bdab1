package cfchat

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// Do requests anything that has no method yet, through the same chain and with the same errors. The path, with its query, is
// relative to the account: "conversations/42/messages".
//
// The body is a Go value, which is sent as JSON, an [io.Reader], or nil. A reader is sent unchanged, as JSON unless a
// request editor sets another Content-Type, and is not closed. [Config].Timeout and the context bound the upload too: Do
// does not wait for a Read under way when they end, or when the server has already answered.
//
// The answer is a pointer to decode JSON into, an [io.Writer] for the bytes of a success, which must not hang, or nil.
//
// GET and HEAD are reads, which are tried again; anything else is sent once. A 2xx whose JSON does not fit the answer is
// ErrDecode, and the change has been made. A user's key is sent, or else a bot's, unless [auth.WithScheme] chooses one.
//
// [auth.WithScheme]: https://pkg.go.dev/github.com/cfchat/cfchat-go/auth#WithScheme
func (a *Account) Do(ctx context.Context, method, path string, body, answer any, opts ...CallOption) error {
	var input refusal
	core := a.shared()
	core.check(ctx, &input)
	var chat *Chat
	if core != nil {
		chat = core.chat
	}
	return chat.do(ctx, plainRequest{a.ID(), method, fmt.Sprintf("accounts/%d/", a.ID()), path, body, answer}, input, opts)
}

// Do is like [Account.Do], for what belongs to no account, such as "profile/availability". The path is relative to /api/v1/.
func (c *Chat) Do(ctx context.Context, method, path string, body, answer any, opts ...CallOption) error {
	var input refusal
	c.check(ctx, &input)
	return c.do(ctx, plainRequest{0, method, "", path, body, answer}, input, opts)
}

// plainRequest is a request without a method of a service.
type plainRequest struct {
	account      int64 // 0 for none
	method       string
	base, path   string // path is the caller's
	body, answer any
}

func (c *Chat) do(ctx context.Context, r plainRequest, input refusal, opts []CallOption) error {
	options := optionsOf(opts, &input)
	body := r.check(&input)
	call := &chain.Call{Operation: r.operation(input), Subject: operation.Subject{AccountID: r.account}, Decode: decoderInto(r.answer)}
	if err := input.err(call); err != nil {
		return err
	}
	if closer, ok := body.(io.Closer); ok {
		defer closer.Close() // a Transport need not have
	}
	a, err := c.send(ctx, call, options, func(server string) (*http.Request, error) {
		return http.NewRequestWithContext(ctx, r.method, server+"api/v1/"+r.base+r.path, body)
	})
	if err != nil {
		return err
	}
	defer a.Release()
	w, ok := r.answer.(io.Writer)
	if !ok {
		return nil
	}
	n, err := w.Write(a.Bytes())
	if err == nil && n < len(a.Bytes()) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return errorOf(call, a.Failed(&chain.Failure{Cause: fmt.Errorf("the answer could not be written: %w", chain.Safe(err))}))
	}
	return nil
}

// operation names the request. It does not repeat an invalid method or path, which may be anything.
func (r plainRequest) operation(input refusal) *operation.Operation {
	method, path := r.method, ""
	if input.names("method") {
		method = ""
	}
	if !input.names("path") {
		path, _, _ = strings.Cut(r.path, "?")
	}
	return operation.Other(method, path)
}

// check returns the body to send, if nothing is wrong.
func (r plainRequest) check(input *refusal) io.Reader {
	input.method(r.method)
	input.path(r.path)
	body, err := bodyReaderOf(r.body)
	if err != nil {
		input.add("body", "%v", err)
	}
	if body != nil && (r.method == http.MethodGet || r.method == http.MethodHead) {
		input.add("body", "%s has none; put parameters into the query", r.method)
	}
	input.answer(r.method, r.answer)
	return body
}

// methods are the HTTP methods that the API uses.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

func (r *refusal) method(method string) {
	if !slices.Contains(methods, method) {
		r.add("method", "it is not one of %s", strings.Join(methods, ", "))
	}
}

// path refuses a path that leads somewhere else, or could be read so.
func (r *refusal) path(path string) {
	plain, query, _ := strings.Cut(path, "?")
	_, err := url.Parse("/" + path)
	_, badQuery := url.ParseQuery(query)
	scheme, _, hasColon := strings.Cut(plain, ":")
	switch {
	case path == "" || plain == "":
		r.add("path", "it is empty; give what follows the account, such as conversations/42/messages")
	case strings.Contains(path, "#"):
		r.add("path", "it has a fragment, which is not sent; leave it out, or write # as %%23")
	case hasColon && !strings.ContainsAny(scheme, "/%"):
		r.add("path", "it has a scheme; give only what follows the account, such as conversations/42/messages, and write : as %%3A")
	case strings.HasPrefix(path, "/"):
		r.add("path", "it begins with a slash; give only what follows the account, such as conversations/42/messages")
	case err != nil || badQuery != nil || strings.ContainsFunc(path, func(c rune) bool { return c <= ' ' || c == '\\' }):
		r.add("path", "it is not valid; escape spaces and the like as url.PathEscape does, and in a query as url.Values.Encode does")
	case leadsElsewhere(plain):
		r.add("path", "it has //, ., .. or a control character in it; give the path that it leads to")
	}
}

// leadsElsewhere reports whether a path has a step that is not a name, even on a server that unescapes it more than once,
// reads \ as /, or cuts a step at its semicolon.
func leadsElsewhere(path string) bool {
	for path = strings.TrimSuffix(path, "/"); ; {
		if strings.ContainsFunc(path, unicode.IsControl) {
			return true
		}
		for step := range strings.SplitSeq(strings.ReplaceAll(path, `\`, "/"), "/") {
			if name, _, _ := strings.Cut(step, ";"); name == "" || name == "." || name == ".." {
				return true
			}
		}
		plain := chain.Unescaped(path)
		if plain == path {
			return false
		}
		path = plain
	}
}

// answer refuses what nothing can be decoded into.
func (r *refusal) answer(method string, answer any) {
	v := reflect.ValueOf(answer)
	_, isWriter := answer.(io.Writer)
	switch {
	case answer == nil:
	case v.Kind() == reflect.Pointer && v.IsNil():
		r.add("answer", "it is a nil %T; give a plain nil to ignore the answer", answer)
	case !isWriter && v.Kind() != reflect.Pointer:
		r.add("answer", "%T is neither a pointer to decode into nor an io.Writer", answer)
	case !isWriter && method == http.MethodHead:
		r.add("answer", "the answer to HEAD is empty; WithResponse has its header")
	}
}

// decoderInto returns the decoder of an answer, nil if it is not decoded.
func decoderInto(answer any) func([]byte) error {
	if _, isWriter := answer.(io.Writer); isWriter || answer == nil {
		return nil
	}
	return func(body []byte) error { return json.Unmarshal(body, answer) }
}
