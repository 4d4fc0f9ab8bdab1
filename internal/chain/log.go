package chain

import (
	"log/slog"
	"net/http"
	"time"
)

// tryRecord is how a try went.
type tryRecord struct {
	took    time.Duration
	answer  *Answer
	failure *Failure
}

// logTry writes one Debug record per try: no header, no query, no body. A nil logger writes nothing.
func logTry(req *http.Request, logger *slog.Logger, describe func(*Failure) string, r tryRecord) {
	if logger == nil {
		return
	}
	ctx, call := req.Context(), callOf(req)
	_, _ = Foreign(ctx, "the logger", func() (any, error) {
		if !logger.Enabled(ctx, slog.LevelDebug) {
			return nil, nil
		}
		status, failure := 0, ""
		if r.answer != nil {
			status = r.answer.StatusCode
		}
		if r.failure != nil {
			status, failure = r.failure.Status, describe(r.failure)
		}
		logger.LogAttrs(ctx, slog.LevelDebug, "cfchat try",
			slog.String("operation", call.ID), slog.Int("attempt", call.try), slog.Duration("wait", call.waited),
			slog.Int("status", status), slog.Duration("duration", r.took), slog.String("error", failure))
		return nil, nil
	})
}
