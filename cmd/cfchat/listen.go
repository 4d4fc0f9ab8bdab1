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

// The environment that says which deliveries are the server's.
const (
	webhookSecretVariable = "CFCHAT_WEBHOOK_SECRET"
	webhookPathVariable   = "CFCHAT_WEBHOOK_PATH"
)

// signedSince is the first version that signs what it sends to the webhooks of an account.
const signedSince = "4.12.0"

// receiver receives the deliveries of an account's webhook.
type receiver struct {
	secret webhook.Secret
	signed bool   // by the secret
	path   string // that unsigned ones come to, "/" and what follows
}

// newReceiver returns a receiver of what is the server's: by the secret of the webhook, or, where the server does not sign, by a path
// that nobody else knows.
func newReceiver(env func(string) string) (*receiver, error) {
	const shortest = 16
	given := func(variable string) string { return strings.TrimSpace(env(variable)) } // a file, or a store of secrets, ends a line
	r := &receiver{secret: webhook.Unsigned, path: "/" + strings.TrimPrefix(given(webhookPathVariable), "/")}
	switch secret := given(webhookSecretVariable); {
	case strings.ContainsAny(r.path, "?#% ") || strings.Contains(r.path, "://"):
		return nil, fmt.Errorf("--listen: %s is the path alone in which the webhook's address ends, without the server and without ?, #, %% and "+
			"spaces; letters and digits do", webhookPathVariable)
	case secret != "":
		r.secret, r.signed = webhook.NewSecret(secret), true
	case len(r.path) <= shortest:
		return nil, fmt.Errorf("--listen: set %s to the webhook's secret; or, if the server is older than %s and does not sign, %s to a random text "+
			"of %d characters or more, in which the webhook's address ends", webhookSecretVariable, signedSince, webhookPathVariable, shortest)
	}
	return r, nil
}

// checkListen refuses what is no address to listen at.
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

// check refuses to take what is not signed from a server that signs.
func (r *receiver) check(ctx context.Context, chat *cfchat.Chat) error {
	if r.signed {
		return nil
	}
	info, err := chat.ServerInfo(ctx)
	if err != nil {
		return fmt.Errorf("--listen: whether the server signs what it sends is not known: %w", err)
	}
	if info.AtLeast(signedSince) {
		return fmt.Errorf("--listen: the server is of %s and signs what it sends; set %s to the webhook's secret", info.Version, webhookSecretVariable)
	}
	return nil
}

// The bounds of who connects. No stranger keeps all connections for longer than these times.
const (
	maxConnections = 100
	readTimeout    = 10 * time.Second
	idleTimeout    = 5 * time.Second
	endTimeout     = 5 * time.Second
)

// serve has a function take deliveries, and returns where, and what ends it. What is not the server's is told to failed, now and then.
func (r *receiver) serve(ctx context.Context, address string, account int64, take func(context.Context, webhook.Event) error, failed func(error)) (net.Addr, func(), error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, nil, fmt.Errorf("--listen: %w; end what listens there, or give another address", err)
	}
	return listener.Addr(), r.serveAt(ctx, listener, account, take, failed), nil
}

// serveAt is serve for those who connect to a listener.
func (r *receiver) serveAt(ctx context.Context, listener net.Listener, account int64, take func(context.Context, webhook.Event) error, failed func(error)) (stop func()) {
	sometimes := rate.Sometimes{First: 1, Interval: time.Minute}
	told := func(err error) { sometimes.Do(func() { failed(err) }) }
	h := webhook.Handler(webhook.Options{
		Secret: r.secret, AccountID: account, OnError: func(_ context.Context, _ webhook.Event, err error) { told(err) },
	}, take)
	server := &http.Server{
		Handler: r.route(h, told), ReadTimeout: readTimeout, WriteTimeout: readTimeout, IdleTimeout: idleTimeout,
		ErrorLog: log.New(io.Discard, "", 0), // what strangers send is nobody's trouble
	}
	go func() {
		if err := server.Serve(netutil.LimitListener(listener, maxConnections)); !errors.Is(err, http.ErrServerClosed) {
			failed(fmt.Errorf("--listen: %w", err))
		}
	}()
	return func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
		defer cancel()
		_ = server.Shutdown(last)
	}
}

// errOtherPath does not say which, because it may be nearly the right one, which is a secret.
var errOtherPath = errors.New("a delivery came to another path than the one that the webhook's address must end in, " + webhookPathVariable)

// route has a handler for one path where that proves who has sent something, and nothing anywhere else. Where signatures do it has the
// handler for every path.
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
