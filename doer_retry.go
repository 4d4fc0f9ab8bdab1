package cfchat

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// retry repeats what may be repeated: that follows from the operation, not from the method.
func retry(next link, policy Retry, logger *slog.Logger) link {
	return func(req *http.Request) (*answer, error) {
		policy, options := policy, settingsOf(req.Context())
		if options.retry != nil {
			policy = *options.retry
		}
		call, wait, begun := operation.CallOf(req.Context()), time.Duration(0), time.Now()
		defer func() { options.response.took(time.Since(begun)) }()
		for try := 1; ; try++ {
			start := time.Now()
			options.response.begin(try)
			a, err := next(req)
			logTry(req.Context(), logger, tryRecord{call.ID, try, wait, time.Since(start), a, err})
			if err == nil {
				return a, nil
			}
			e := named(call.Operation, err)
			if try >= policy.tries() || !mayRepeat(call.Operation, e) || !canRewind(req) || req.Context().Err() != nil {
				return nil, e
			}
			var ok bool
			if wait, ok = waitAfter(req.Context(), e, try, policy.wait()); !ok {
				return nil, e
			}
			if err := sleep(req.Context(), wait); err != nil {
				return nil, e.interrupted(err)
			}
			if req, ok = rewound(req); !ok {
				return nil, e
			}
		}
	}
}

// canRewind reports whether the body can be sent again.
func canRewind(req *http.Request) bool {
	return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
}

// rewound is the request with its body from the start; false if that fails.
func rewound(req *http.Request) (*http.Request, bool) {
	if req.GetBody == nil {
		return req, true
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, false
	}
	again := *req
	again.Body = body
	return &again, true
}

// interrupted is the failure of the last try, with the reason why there was no other.
func (e *Error) interrupted(reason error) *Error {
	if e.Err != nil {
		reason = fmt.Errorf("%w, while waiting to try again after: %w", reason, e.Err)
	} else {
		reason = fmt.Errorf("%w, while waiting to try again", reason)
	}
	e.Err = reason
	return e
}
