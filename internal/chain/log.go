package chain

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// maxLogging is how long to wait for a logger.
const maxLogging = 10 * time.Second

// tryRecord describes a try.
type tryRecord struct {
	took    time.Duration
	answer  *Answer
	failure *Failure
}

// logTry writes one Debug record per try. A nil logger writes nothing.
func logTry(req *http.Request, logger *slog.Logger, describe func(*Failure) string, r tryRecord) {
	if logger == nil {
		return
	}
	ctx, cancel := context.WithTimeout(req.Context(), maxLogging)
	defer cancel()
	_ = Run(ctx, "the logger", func() error {
		if logger.Enabled(ctx, slog.LevelDebug) {
			logger.LogAttrs(ctx, slog.LevelDebug, "cfchat try", r.attributes(callOf(req), describe)...)
		}
		return nil
	})
}

// attributes returns what is known about a try: no header, no query, no body.
func (r tryRecord) attributes(call *Call, describe func(*Failure) string) []slog.Attr {
	attrs := []slog.Attr{slog.String("operation", call.ID)}
	attrs = call.AppendAttrs(attrs)
	status, requestID := 0, ""
	switch {
	case r.answer != nil:
		status, requestID = r.answer.StatusCode, requestIDOf(secretsOf(r.answer.asked), r.answer.Response)
	case r.failure != nil:
		status, requestID = r.failure.Status, r.failure.RequestID
	}
	attrs = append(attrs, slog.Int("attempt", call.try), slog.Duration("wait", call.waited), slog.Int("status", status),
		slog.Duration("duration", r.took))
	if requestID != "" {
		attrs = append(attrs, slog.String("request_id", requestID))
	}
	if r.failure != nil {
		attrs = append(attrs, slog.String("error", describe(r.failure)))
	}
	return attrs
}
