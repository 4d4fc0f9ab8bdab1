package chain

import (
	"fmt"
	"net/http"
)

// body makes an answer of what was read. A truncated or oversized body is a failure, unless the status already is one: then
// a part is enough.
func body(next func(*http.Request) (exchange, error)) Link {
	return func(req *http.Request) (*Answer, *Failure) {
		x, err := next(req)
		if err != nil {
			return nil, &Failure{Cause: secretsOf(req).cause(err), abandoned: isAbandoned(err)}
		}
		a := &Answer{x.Response, req, x.body}
		f := judgeBody(req, x)
		record := callOf(req).Record
		record.keep(a.Response, a.body.Bytes())
		if f != nil || a.StatusCode/100 != 2 {
			record.hide(req)
		}
		if f != nil {
			a.Release()
			return nil, f
		}
		return a, nil
	}
}

func judgeBody(req *http.Request, x exchange) *Failure {
	switch {
	case x.StatusCode/100 != 2:
		x.body.Truncate(int(min(int64(x.body.Len()), x.limit)))
		return nil
	case int64(x.body.Len()) > x.limit:
		f := failureOf(req, x.Response, nil)
		f.Cause, f.TooLarge = fmt.Errorf("more than %d bytes (Config.MaxBody, WithMaxBody)", x.limit), true
		return f
	case x.err != nil:
		f := failureOf(req, x.Response, nil)
		f.Cause, f.Cut = fmt.Errorf("the body was cut: %w", secretsOf(req).cause(x.err)), true
		return f
	}
	return nil
}
