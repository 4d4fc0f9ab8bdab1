package chain

import (
	"log/slog"
	"net/http"
	"time"
)

// try starts each try: what the caller keeps of the previous one is forgotten. At the end it is logged.
func try(next Link, logger *slog.Logger, describe func(*Failure) string) Link {
	return func(req *http.Request) (*Answer, *Failure) {
		call, start := callOf(req), time.Now()
		call.Record.begin(call.try)
		a, f := next(req)
		logTry(req, logger, describe, tryRecord{time.Since(start), a, f})
		return a, f
	}
}
