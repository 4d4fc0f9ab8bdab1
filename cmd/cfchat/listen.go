package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/time/rate"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/webhook"
)

// The environment variables by which the server's deliveries are recognized.
const (
	webhookSecretVariable = "CFCHAT_WEBHOOK_SECRET"
	webhookPathVariable   = "CFCHAT_WEBHOOK_PATH"
)

// signedSince is the first version that signs its deliveries to the webhooks of an account.
const signedSince = "4.12.0"

// receiver receives the deliveries of an account's webhook.
type receiver struct {
	secret webhook.Secret
	signed bool   // with the secret
	path   string // of unsigned deliveries, with its leading "/"
}

// newReceiver returns a receiver of the server's deliveries: it recognizes them by the secret of the webhook, or, if the
// server does not sign, by a path that nobody else knows.
func newReceiver(env func(string) string) (*receiver, error) {
	const shortest = 16
	given := func(variable string) string { return strings.TrimSpace(env(variable)) } // a file or a secret store may append a newline
	r := &receiver{secret: webhook.Unsigned, path: "/" + strings.TrimPrefix(given(webhookPathVariable), "/")}
	switch secret := given(webhookSecretVariable); {
	case strings.ContainsAny(r.path, "?#% ") || strings.Contains(r.path, "://"):
		return nil, fmt.Errorf("--listen: %s must be only the path that the webhook's address ends in, without the server, ?, #, %% and "+
			"spaces; use letters and digits", webhookPathVariable)
	case secret != "":
		r.secret, r.signed = webhook.NewSecret(secret), true
	case len(r.path) <= shortest:
		return nil, fmt.Errorf("--listen: set %s to the webhook's secret; or, if the server is older than %s and does not sign, %s to a random text "+
			"of %d characters or more that the webhook's address ends in", webhookSecretVariable, signedSince, webhookPathVariable, shortest)
	}
	return r, nil
}

// checkListen rejects an invalid address to listen at.
func checkListen(ctx context.Context, address string) error {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.DefaultResolver.LookupPort(ctx, "tcp", port)
	}
	if err != nil {
		return fmt.Errorf("--listen %s: give a port, or an address of this machine and a port, such as :8080 or 127.0.0.1:8080", address)
	}
	return nil
}

// check refuses unsigned deliveries from a server that signs.
func (r *receiver) check(ctx context.Context, chat *cfchat.Chat) error {
	if r.signed {
		return nil
	}
	info, err := chat.ServerInfo(ctx)
	if err != nil {
		return fmt.Errorf("--listen: cannot find out whether the server signs its deliveries: %w", err)
	}
	if info.AtLeast(signedSince) {
		return fmt.Errorf("--listen: the server runs version %s, which signs its deliveries; set %s to the webhook's secret", info.Version, webhookSecretVariable)
	}
	return nil
}

// The limits on connections. No stranger can occupy all of them for longer than these times.
const (
	maxConnections = 100
	readTimeout    = 10 * time.Second
	idleTimeout    = 5 * time.Second
	endTimeout     = 5 * time.Second
)

// serve passes deliveries to take, and returns the address it listens at and a function that stops it. Deliveries that are
// not the server's are reported to failed, at most once a minute.
func (r *receiver) serve(ctx context.Context, address string, account int64, take func(context.Context, webhook.Event) error, failed func(error)) (net.Addr, func(), error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, nil, fmt.Errorf("--listen: %w; stop the program that listens there, or give another address", err)
	}
	return listener.Addr(), r.serveAt(ctx, listener, account, take, failed), nil
}

// serveAt is serve with a given listener.
func (r *receiver) serveAt(ctx context.Context, listener net.Listener, account int64, take func(context.Context, webhook.Event) error, failed func(error)) (stop func()) {
	sometimes := rate.Sometimes{First: 1, Interval: time.Minute}
	told := func(err error) { sometimes.Do(func() { failed(err) }) }
	h := webhook.Handler(webhook.Options{
		Secret: r.secret, AccountID: account, OnError: func(_ context.Context, _ webhook.Event, err error) { told(err) },
	}, take)
	server := &http.Server{
		Handler: r.route(h, told), ReadTimeout: readTimeout, WriteTimeout: readTimeout, IdleTimeout: idleTimeout,
		ErrorLog: log.New(io.Discard, "", 0), // what strangers send needs no attention
	}
	go func() {
		if err := server.Serve(netutil.LimitListener(listener, maxConnections)); !errors.Is(err, http.ErrServerClosed) {
			failed(fmt.Errorf("no more deliveries arrive: %w", err))
		}
	}()
	return func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
		defer cancel()
		_ = server.Shutdown(last)
	}
}

// errOtherPath does not name the path, because it may be almost the right one, which is a secret.
var errOtherPath = errors.New("a delivery arrived at a path other than the one that the webhook's address must end in, " + webhookPathVariable)

// route serves only one path if the path proves who sent a delivery. If signatures prove it, the handler serves every path.
func (r *receiver) route(h http.Handler, failed func(error)) http.Handler {
	if r.signed {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if subtle.ConstantTimeCompare([]byte(q.URL.Path), []byte(r.path)) == 1 {
			h.ServeHTTP(w, q)
			return
		}
		if q.Method == http.MethodPost {
			failed(errOtherPath)
		}
		http.NotFound(w, q)
	})
}
