package connect

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// Serve serves a handler until the context ends, and then lets open requests finish, for at most the given time.
func Serve(ctx context.Context, listener net.Listener, h http.Handler, atMost time.Duration) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), atMost)
		defer cancel()
		_ = server.Shutdown(last)
	})
	err := server.Serve(listener)
	if errors.Is(err, http.ErrServerClosed) {
		<-ended // server.Serve returns before Shutdown does
		return nil
	}
	stop()
	return err
}
