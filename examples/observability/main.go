// Command observability shows how a program in production can observe its calls: a span and a log line for each try, and
// counters by operation. OpenTelemetry provides the spans and the counters, log/slog the log.
//
//	go -C examples/observability run .
//
// The code to copy is in observe.go. Where this program prints, yours passes its own exporters, such as otlptracegrpc, to
// sdktrace.NewTracerProvider and metric.NewMeterProvider.
//
// It makes a few calls, each in a span of its own, on a stand-in where some of them fail, with and without retries. With
// CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID it makes them on your account, which they only read, and exits with 1 if one of
// them fails.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "observability:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	flags := flag.NewFlagSet("observability", flag.ContinueOnError)
	flags.Usage = connect.Usage(flags)
	if err := connect.Parse(flags, args, out, connect.Hint); err != nil {
		return err
	}
	seen := newSeen(out)
	account, err := connect.Real(env, func(c *cfchat.Config) { seen.observe(c, cfchat.DefaultTransport()) })
	if err != nil {
		return err
	}
	onStandIn := account == nil
	if onStandIn {
		server := standIn()
		defer server.Close()
		if account, err = seen.accountOf(server); err != nil {
			return err
		}
		_, _ = fmt.Fprint(out, "Using a stand-in server. Set CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID for a real account.\n\n")
	}
	failed := calls(ctx, seen.tracing.Tracer("example"), account)
	if err := seen.print(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted")
	case failed > 0 && !onStandIn:
		return fmt.Errorf("failed calls: %d", failed)
	}
	return nil
}

// seen collects the observations of the calls. A program has one of each of these, or OpenTelemetry's own.
type seen struct {
	out      io.Writer
	spans    *spans
	tracing  *sdktrace.TracerProvider
	counts   *metric.ManualReader
	metering *metric.MeterProvider
}

func newSeen(out io.Writer) *seen {
	s := &seen{out: out, spans: new(spans), counts: metric.NewManualReader()}
	s.tracing = sdktrace.NewTracerProvider(sdktrace.WithSyncer(s.spans)) // use WithBatcher if spans go over a network
	s.metering = metric.NewMeterProvider(metric.WithReader(s.counts))
	return s
}

// observe sets up a Config so that its calls are observed.
func (s *seen) observe(config *cfchat.Config, transport http.RoundTripper) {
	observe(config, transport, logged(s.out), s.tracing, s.metering)
}

// calls makes a call of each kind, each in a span of its own, and returns how many failed.
func calls(ctx context.Context, tracer trace.Tracer, account *cfchat.Account) (failed int) {
	open := cfchat.Where(cfchat.Equal(cfchat.AttributeStatus, cfchat.StatusOpen))
	id := int64(1)
	for _, step := range []struct {
		name string
		call func(context.Context) error
	}{
		{"the latest", func(ctx context.Context) error {
			page, err := account.Conversations.List(ctx, cfchat.ConversationListOptions{})
			if err == nil && len(page.Payload) > 0 {
				id = page.Payload[0].ID
			}
			return err
		}},
		{"search for a refund", func(ctx context.Context) error {
			_, err := account.Conversations.List(ctx, cfchat.ConversationListOptions{Q: "refund"})
			return err
		}},
		{"what is open", func(ctx context.Context) error {
			_, err := account.Conversations.Filter(ctx, open, 1)
			return err
		}},
		{"messages of the latest", func(ctx context.Context) error {
			_, err := account.Messages.List(ctx, id, cfchat.MessageListOptions{})
			return err
		}},
		{"canned responses", func(ctx context.Context) error {
			return account.Do(ctx, http.MethodGet, "canned_responses", nil, nil)
		}},
	} {
		ctx, span := tracer.Start(ctx, step.name)
		if err := step.call(ctx); err != nil {
			failed++
			span.SetStatus(codes.Error, err.Error())
		}
		span.End()
	}
	return failed
}

// accountOf returns the observed account of a stand-in. The server's transport replaces another account's DefaultTransport.
func (s *seen) accountOf(server *cfchattest.Server) (*cfchat.Account, error) {
	config := cfchat.Config{Keys: auth.Keys{User: auth.NewKey(server.AdminKey())}, Server: "http://localhost"}
	s.observe(&config, server.Transport())
	chat, err := cfchat.New(config)
	if err != nil {
		return nil, err
	}
	return chat.Account(server.AccountID()), nil
}

// standIn returns a server on which a list fails once, a filter always fails, and an answer is cut off.
func standIn() *cfchattest.Server {
	server := cfchattest.Start()
	id := server.AddConversation(cfchattest.Conversation{})
	server.AddMessage(id, cfchattest.Message{Content: "I would like a refund."})
	server.Handle("GET /api/v1/accounts/{account_id}/canned_responses", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "[]")
	}))
	server.FailNext("conversationList", cfchattest.Failure{Status: http.StatusServiceUnavailable})
	server.FailNext("conversationFilter", cfchattest.Failure{Status: http.StatusInternalServerError})
	server.FailNext("listAllMessages", cfchattest.Failure{Cut: true})
	return server
}
