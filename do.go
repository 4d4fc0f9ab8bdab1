package cfchat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// Do asks for anything that has no method yet, through the same chain and with the same errors. The path, with its query, is
// relative to the account: "conversations/42/messages".
//
// As body it takes a Go value, which is sent as JSON, an [io.Reader], or nil. A reader is sent as it is, and as JSON unless a
// request editor sets another Content-Type; it is not closed. [Config].Timeout bounds the upload too. As answer it takes a pointer to decode JSON into, an [io.Writer] for the bytes of
// a success, or nil.
//
// GET and HEAD are reads, which are tried again; anything else is sent once. A user's key is sent, or else a bot's, unless
// [auth.WithScheme] says which.
//
// [auth.WithScheme]: https://pkg.go.dev/github.com/cfchat/cfchat-go/auth#WithScheme
func (a *Account) Do(ctx context.Context, method, path string, body, answer any, opts ...CallOption) error {
	var input refusal
	var chat *Chat
	if a == nil || a.core == nil {
		(*core)(nil).check(ctx, &input)
	} else {
		chat = a.core.chat
		a.core.check(ctx, &input)
	}
	return chat.do(ctx, input, method, fmt.Sprintf("accounts/%d/", a.ID()), path, body, answer, opts)
}

// Do is [Account.Do] for what belongs to no account, such as "profile". The path is relative to /api/v1/.
func (c *Chat) Do(ctx context.Context, method, path string, body, answer any, opts ...CallOption) error {
	var input refusal
	c.check(ctx, &input)
	return c.do(ctx, input, method, "", path, body, answer, opts)
}

func (c *Chat) do(ctx context.Context, input refusal, method, base, path string, body, answer any, opts []CallOption) error {
	options := optionsOf(opts, &input)
	input.method(method)
	input.path(path)
	if body != nil && (method == http.MethodGet || method == http.MethodHead) {
		input.add("body", "%s has none; put what you ask for into the query", method)
	}
	reader, err := bodyReaderOf(body)
	if err != nil {
		input.add("body", "%v", err)
	}
	input.answer(answer)
	plain, _, _ := strings.Cut(path, "?")
	op := operation.Other(method, plain)
	if err := input.err(op); err != nil {
		return err
	}
	a, err := c.send(ctx, &operation.Call{Operation: op, Decode: decoderInto(answer)}, options, func(server string) (*http.Request, error) {
		return http.NewRequestWithContext(ctx, method, server+"api/v1/"+base+path, reader)
	})
	if err != nil {
		return err
	}
	defer a.Release()
	if w, ok := answer.(io.Writer); ok {
		if _, err := w.Write(a.Bytes()); err != nil {
			return failed(op.ID, fmt.Errorf("the answer could not be written: %w", chain.Safe(err)))
		}
	}
	return nil
}

// method refuses what is no method of HTTP that the API has.
func (r *refusal) method(method string) {
	methods := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	if !slices.Contains(methods, method) {
		r.add("method", "%q is none of %s", method, strings.Join(methods, ", "))
	}
}

// path refuses a path that leads, or could be taken to lead, somewhere else.
func (r *refusal) path(path string) {
	plain, _, _ := strings.Cut(path, "?")
	u, err := url.Parse("/" + path)
	scheme, _, hasColon := strings.Cut(plain, ":")
	switch {
	case path == "" || plain == "":
		r.add("path", "it is empty; give what follows the account, such as conversations/42/messages")
	case strings.Contains(path, "#"):
		r.add("path", "it has a fragment, which is not sent; leave it out, or write # as %%23")
	case hasColon && !strings.ContainsAny(scheme, "/%"):
		r.add("path", "it has a scheme; give only what follows the account, such as conversations/42/messages")
	case strings.HasPrefix(path, "/"):
		r.add("path", "it begins with a slash; give only what follows the account, such as conversations/42/messages")
	case err != nil || strings.ContainsFunc(path, func(c rune) bool { return c <= ' ' || c == '\\' || c == 0x7f }):
		r.add("path", "it is not one; write blanks and the like as url.PathEscape does, and in a query as url.Values.Encode does")
	case strings.Contains(u.Path, "//") || hasDots(u.Path):
		r.add("path", "it has //, . or .. in it; write where it leads")
	}
}

// hasDots reports whether a path has a step that leads elsewhere.
func hasDots(path string) bool {
	steps := strings.FieldsFunc(path, func(c rune) bool { return c == '/' || c == '\\' })
	return slices.Contains(steps, ".") || slices.Contains(steps, "..")
}

// answer refuses what nothing can be decoded into.
func (r *refusal) answer(answer any) {
	if _, isWriter := answer.(io.Writer); isWriter || answer == nil {
		return
	}
	if v := reflect.ValueOf(answer); v.Kind() != reflect.Pointer || v.IsNil() {
		r.add("answer", "%T is neither a pointer to decode into nor an io.Writer", answer)
	}
}

// bodyReaderOf returns what is sent of a body.
func bodyReaderOf(body any) (io.Reader, error) {
	if v := reflect.ValueOf(body); v.Kind() == reflect.Pointer && v.IsNil() && body != nil {
		return nil, fmt.Errorf("it is a nil %T; give nil itself where there is none", body)
	}
	switch body := body.(type) {
	case nil:
		return nil, nil
	case []byte:
		return nil, errors.New("as JSON a []byte would be base64; give json.RawMessage(data) for JSON, or bytes.NewReader(data)")
	case string:
		return nil, errors.New("as JSON a string would be quoted; give json.RawMessage(text) for JSON, or strings.NewReader(text)")
	case io.ReadCloser:
		return struct{ io.Reader }{body}, nil // which is the caller's to close
	case io.Reader:
		return body, nil
	}
	data, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("it cannot be sent as JSON: %w", err)
	}
	return bytes.NewReader(data), nil
}

// decoderInto returns how an answer is decoded, nil where it is not.
func decoderInto(answer any) func([]byte) error {
	if _, isWriter := answer.(io.Writer); isWriter || answer == nil {
		return nil
	}
	return func(body []byte) error {
		if len(bytes.TrimSpace(body)) == 0 {
			return errors.New("the answer is empty; give nil where none is expected")
		}
		return json.Unmarshal(body, answer)
	}
}
