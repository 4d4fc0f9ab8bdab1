package cfchat

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// RawResponse is an answer of the generated client: the data and its HTTP response.
type RawResponse[T any] struct {
	JSON200      *T             // the data, a struct{} if there is none; nil if the status is not 200, or the answer is not JSON
	Body         []byte         // as received
	HTTPResponse *http.Response // its Body has been read
}

// Status returns the status line's code and text.
func (r *RawResponse[T]) Status() string {
	if r == nil || r.HTTPResponse == nil {
		return ""
	}
	return r.HTTPResponse.Status
}

// StatusCode returns the HTTP status, 0 without an answer.
func (r *RawResponse[T]) StatusCode() int {
	if r == nil || r.HTTPResponse == nil {
		return 0
	}
	return r.HTTPResponse.StatusCode
}

// parseRaw reads an answer to its end and decodes it.
func parseRaw[T any](resp *http.Response) (*RawResponse[T], error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	parsed := &RawResponse[T]{Body: body, HTTPResponse: resp}
	if resp.StatusCode != http.StatusOK || !strings.Contains(resp.Header.Get("Content-Type"), "json") {
		return parsed, nil
	}
	parsed.JSON200 = new(T)
	if _, none := any(parsed.JSON200).(*struct{}); none {
		return parsed, nil
	}
	return parsed, unmarshal(body, parsed.JSON200)
}

// begin returns the context of a call of the generated client. Until its request is ready, no other request belongs to this
// call.
func begin(ctx context.Context, op *operation.Operation, req *http.Request, editors []RequestEditorFn) (context.Context, error) {
	var input refusal
	input.context(ctx)
	for _, edit := range editors {
		input.editor(edit)
	}
	call := rawCall(op, req)
	if err := input.err(call); err != nil {
		return nil, err
	}
	call.Claim()
	return chain.WithCall(ctx, call), nil
}

// ready returns a call's request, which the editors have seen, for the doer to claim.
func ready(req *http.Request) *http.Request {
	chain.CallOf(req.Context()).Release()
	return req
}

// unsent returns the failure of a call whose request cannot be built.
func unsent(op *operation.Operation, err error) error {
	return errorOf(&chain.Call{Operation: op}, &chain.Failure{Cause: err, NotSent: true})
}

// doer is the generated client's way into the chain.
type doer struct{ chain chain.Link }

// Do sends a request. The call of its context is its own if that call has not been sent yet. Otherwise the request was made
// within another call, or without the generated client, and its address tells its operation.
func (d doer) Do(req *http.Request) (*http.Response, error) {
	call := chain.CallOf(req.Context())
	if !call.Claim() {
		call = rawCall(operation.Of(req), req)
		req = req.WithContext(chain.WithCall(req.Context(), call))
	}
	a, failure := d.chain(req)
	if failure != nil {
		return nil, errorOf(call, failure)
	}
	return a.Open(), nil
}

// decoders judge the answer of each operation, for calls that Raw makes. newCall fills it.
var decoders = map[*operation.Operation]func(body []byte, conversation int64) error{}

// rawCall is a call of Raw, whose answer is decoded by the generated client after the chain has judged it.
func rawCall(op *operation.Operation, req *http.Request) *chain.Call {
	call := &chain.Call{Operation: op, Subject: op.SubjectOf(req)}
	decode, ok := decoders[op]
	if !ok {
		call.AsIs = true
		return call
	}
	call.Decode = func(body []byte) error { return decode(body, call.ConversationID) }
	return call
}
