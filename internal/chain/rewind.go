package chain

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// Watch marks the body of a request before it is edited, so that the chain knows whether it was replaced.
func Watch(req *http.Request) {
	call := callOf(req)
	call.stream = isForeign(req)
	switch {
	case req.Body == nil || req.Body == http.NoBody:
	case call.stream:
		req.Body = &watched{req.Body}
	default:
		call.body = req.Body // net/http would send a wrapped body in a packet of its own
	}
}

// watched is a body that nobody has replaced.
type watched struct{ io.ReadCloser }

// rewind makes every try send the same as the first. If an editor has replaced the request's body, GetBody would still
// return the original, so the editor's is read once and kept.
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
			case call.stream: // wrapped by an editor; it can be sent only once
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
