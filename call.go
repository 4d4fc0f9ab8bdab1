package cfchat

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// call is an operation with the type of its answer: one row an operation. A method of Account makes its request through one.
type call[T any] struct {
	operation *operation.Operation
	decode    func(body []byte) (*T, error)
}

// decoders holds how the answer of each operation is judged, for calls that Raw makes. newCall fills it.
var decoders = map[*operation.Operation]func(body []byte) error{}

// newCall binds an operation to the type of its answer. check looks for what every answer of the operation has, because
// a login page, {} or the answer of another operation would decode too, and look like an empty success.
func newCall[T any](op *operation.Operation, check func(answer *T, body []byte) error) call[T] {
	decode := func(body []byte) (*T, error) {
		answer := new(T)
		if err := json.Unmarshal(body, answer); err != nil { // a Decoder would ignore what follows the answer
			return nil, err
		}
		return answer, check(answer, body)
	}
	decoders[op] = func(body []byte) error {
		_, err := decode(body)
		return err
	}
	return call[T]{op, decode}
}

// run is what every call does: refuse what must not be sent, send, and return what the chain has decoded.
func (c call[T]) run(ctx context.Context, a *Account, refused error, editors []RequestEditorFn,
	send func(context.Context, *Client, []RequestEditorFn) (*http.Response, error),
) (*T, error) {
	if err := a.check(ctx, editors); err != nil {
		refused = err
	}
	if refused != nil {
		return nil, named(c.operation, refused)
	}
	var answer *T
	ctx = operation.WithCall(ctx, &operation.Call{Operation: c.operation, Decode: func(body []byte) (err error) {
		answer, err = c.decode(body)
		return err
	}})
	resp, err := send(ctx, a.chat.client, guarded(editors))
	if err != nil {
		return nil, named(c.operation, err)
	}
	return answer, resp.Body.Close()
}

// rawCall is a call of Raw, whose answer is decoded by the generated client after the chain has judged it.
func rawCall(op *operation.Operation) *operation.Call {
	return &operation.Call{Operation: op, Decode: decoders[op]}
}
