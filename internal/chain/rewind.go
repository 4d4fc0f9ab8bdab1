package chain

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// Watch marks the body of a request that is about to be edited, so that the chain knows whether it still is the one.
func Watch(req *http.Request) {
	call := callOf(req)
	call.stream = isForeign(req)
	switch {
	case req.Body == nil || req.Body == http.NoBody:
	case call.stream:
		req.Body = &watched{req.Body}
	default:
		call.body = req.Body // with something around it net/http would send it in a packet of its own
	}
}

// watched is a body that nobody has put another in place of.
type watched struct{ io.ReadCloser }

// rewind makes every try send what the first one does. Where an editor has put another body in place of the request's own,
// GetBody would still return that, so the editor's is read once and kept.
func rewind(next Link) Link {
	return func(req *http.Request) (*Answer, *Failure) {
		own := *req
		switch given := req.Body.(type) {
		case nil:
			own.GetBody, own.ContentLength = nil, 0
		case *watched:
			own.Body = given.ReadCloser
		default:
			switch call := callOf(req); {
			case call.stream: // with something around it; it can be sent once only
				own.GetBody = nil
			case given != call.body:
				if f := buffer(&own); f != nil {
					return nil, f
				}
			}
		}
		return next(&own)
	}
}

// buffer reads the body of a request, so that it can be sent more than once.
func buffer(req *http.Request) *Failure {
	given := req.Body
	data, err := Foreign(req.Context(), "it", func() ([]byte, error) {
		defer given.Close()
		return io.ReadAll(&untilEnd{given, req.Context()})
	})
	if err != nil {
		return &Failure{Cause: fmt.Errorf("the body of a request editor: %w", Safe(err)), NotSent: true}
	}
	req.ContentLength = int64(len(data))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	req.Body, _ = req.GetBody()
	if len(data) == 0 {
		req.Body, req.GetBody = http.NoBody, nil
	}
	return nil
}
