package main

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/cfchat/cfchat-go"
)

// observe sets up a Config so that its calls, which use a transport, are traced, logged and counted.
func observe(config *cfchat.Config, transport http.RoundTripper, log slog.Handler, tracing trace.TracerProvider, metering metric.MeterProvider) {
	config.HTTPClient = &http.Client{Transport: traced(transport, tracing)}
	config.Logger = slog.New(counted(log, metering.Meter("example")))
}

// operation returns the name for spans and counts. Do has no operation, and its path is too specific to count by.
func operation(ctx context.Context) string {
	if id, ok := cfchat.OperationOf(ctx); ok {
		return id
	}
	return "do"
}

// traced returns a transport that makes a span for each try, with the operation's name. Spans have no headers, and so no
// keys.
func traced(next http.RoundTripper, tracing trace.TracerProvider) http.RoundTripper {
	return otelhttp.NewTransport(withoutQuery{next},
		otelhttp.WithTracerProvider(tracing),
		otelhttp.WithMeterProvider(noop.NewMeterProvider()), // it would count before the body is read, which may be cut off
		otelhttp.WithSpanNameFormatter(func(_ string, req *http.Request) string { return operation(req.Context()) }))
}

// withoutQuery removes the query, which may have people's search texts, from otelhttp's span.
type withoutQuery struct{ next http.RoundTripper }

func (t withoutQuery) RoundTrip(req *http.Request) (*http.Response, error) {
	url := *req.URL
	url.RawQuery = ""
	trace.SpanFromContext(req.Context()).SetAttributes(semconv.URLFull(url.String()))
	return t.next.RoundTrip(req)
}

// counting is a log handler that counts tries, and adds the trace id to their records.
type counting struct {
	slog.Handler

	tries metric.Float64Histogram
}

// counted returns a handler that counts the records of Config.Logger, one for each try. A transport sees only the start of a
// try; whether the answer is complete and valid is known here.
func counted(next slog.Handler, meter metric.Meter) slog.Handler {
	tries, err := meter.Float64Histogram("cfchat.try.duration", metric.WithUnit("s"))
	if err != nil {
		otel.Handle(err) // OpenTelemetry's own errors go here; nothing is counted then
	}
	return counting{next, tries}
}

// Enabled returns true also for records that are not written, because they are counted.
func (counting) Enabled(context.Context, slog.Level) bool { return true }

func (c counting) WithAttrs(attrs []slog.Attr) slog.Handler {
	return counting{c.Handler.WithAttrs(attrs), c.tries}
}

func (c counting) WithGroup(name string) slog.Handler {
	return counting{c.Handler.WithGroup(name), c.tries}
}

// Handle gets the context of the call.
func (c counting) Handle(ctx context.Context, record slog.Record) error {
	var status, failed = int64(0), false
	var took time.Duration
	record.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "status":
			status = a.Value.Int64()
		case "duration":
			took = a.Value.Duration()
		case "error": // present only if there was one
			failed = true
		}
		return true
	})
	c.tries.Record(ctx, took.Seconds(), metric.WithAttributes(attribute.String("cfchat.operation", operation(ctx)),
		semconv.HTTPResponseStatusCode(int(status)), attribute.Bool("failed", failed)))
	if !c.Handler.Enabled(ctx, record.Level) {
		return nil
	}
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		record = record.Clone()
		record.AddAttrs(slog.String("trace_id", span.TraceID().String()))
	}
	return c.Handler.Handle(ctx, record)
}
