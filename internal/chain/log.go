package chain

import (
	"context"
	"log/slog"
	"time"
)

// tryRecord is what is logged of a try: no header, no query, no body.
type tryRecord struct {
	operation string
	try       int           // from 1
	wait      time.Duration // before it
	took      time.Duration
	answer    *Answer
	failure   *Failure
}

// logTry writes one Debug record per try. A nil logger writes nothing.
func logTry(ctx context.Context, logger *slog.Logger, describe func(*Failure) string, r tryRecord) {
	if logger == nil || !logger.Enabled(ctx, slog.LevelDebug) {
		return
	}
	status, failure := 0, ""
	if r.answer != nil {
		status = r.answer.StatusCode
	}
	if r.failure != nil {
		status, failure = r.failure.Status, describe(r.failure)
	}
	logger.LogAttrs(ctx, slog.LevelDebug, "cfchat try",
		slog.String("operation", r.operation), slog.Int("attempt", r.try), slog.Duration("wait", r.wait),
		slog.Int("status", status), slog.Duration("duration", r.took), slog.String("error", failure))
}
