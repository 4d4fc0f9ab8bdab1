package cfchat

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// call is an operation with the type of its answer: one row an operation. A method of a service makes its request through
// one.
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
func (c call[T]) run(ctx context.Context, of *core, input refusal, opts []CallOption,
	build func(server string) (*http.Request, error),
) (*T, error) {
	options := optionsOf(opts, &input)
	of.check(ctx, &input)
	if err := input.err(c.operation); err != nil {
		return nil, err
	}
	var answer *T
	decode := func(body []byte) (err error) {
		answer, err = c.decode(body)
		if keeper, ok := any(answer).(jsonKeeper); ok && err == nil && options.keepJSON {
			keeper.keepJSON(body)
		}
		return err
	}
	a, err := of.chat.send(ctx, &chain.Call{Operation: c.operation, Decode: decode}, options, build)
	if err != nil {
		return nil, err
	}
	a.Release()
	return answer, nil
}

// send builds a request, has the editors see it, and sends it through the chain.
func (c *Chat) send(ctx context.Context, call *chain.Call, options callOptions,
	build func(server string) (*http.Request, error),
) (*chain.Answer, error) {
	if begun := time.Now(); options.response != nil {
		defer func() { options.response.Duration = time.Since(begun) }()
	}
	call.Claim()
	call.Keys, call.Retry, call.Record = options.keys, (*chain.Policy)(options.retry), (*chain.Record)(options.response)
	ctx = chain.WithCall(ctx, call)
	req, err := build(c.server)
	if err != nil {
		return nil, unsent(call.Operation, err)
	}
	req = req.WithContext(ctx)
	chain.Watch(req)
	for _, editors := range [][]RequestEditorFn{c.editors, options.editors} {
		for _, edit := range editors {
			if err := edited(ctx, req, edit); err != nil {
				return nil, err
			}
		}
	}
	a, failure := c.chain(req)
	if failure != nil {
		return nil, errorOf(call.ID, failure)
	}
	return a, nil
}

// rawCall is a call of Raw, whose answer is decoded by the generated client after the chain has judged it.
func rawCall(op *operation.Operation) *chain.Call {
	return &chain.Call{Operation: op, Decode: decoders[op], AsIs: !op.Known()}
}
