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

// observe has the calls of a Config traced, logged and counted. They go through a transport.
func observe(config *cfchat.Config, transport http.RoundTripper, log slog.Handler, tracing trace.TracerProvider, metering metric.MeterProvider) {
	config.HTTPClient = &http.Client{Transport: traced(transport, tracing)}
	config.Logger = slog.New(counted(log, metering.Meter("example")))
}

// operation returns the name that spans and counts go by. Do has none of its own, and its path is too fine to count by.
func operation(ctx context.Context) string {
	if id, ok := cfchat.OperationOf(ctx); ok {
		return id
	}
	return "do"
}

// traced returns a transport that makes a span of each try, with the operation's name. Headers, and so keys, are in no span.
func traced(next http.RoundTripper, tracing trace.TracerProvider) http.RoundTripper {
	return otelhttp.NewTransport(withoutQuery{next},
		otelhttp.WithTracerProvider(tracing),
		otelhttp.WithMeterProvider(noop.NewMeterProvider()), // it would count before a body is read, which may yet break off
		otelhttp.WithSpanNameFormatter(func(_ string, req *http.Request) string { return operation(req.Context()) }))
}

// withoutQuery takes the query, which may be what people search for, out of the span that otelhttp has put it into.
type withoutQuery struct{ next http.RoundTripper }

func (t withoutQuery) RoundTrip(req *http.Request) (*http.Response, error) {
	url := *req.URL
	url.RawQuery = ""
	trace.SpanFromContext(req.Context()).SetAttributes(semconv.URLFull(url.String()))
	return t.next.RoundTrip(req)
}

// counting is a log handler that counts tries, and adds to their records what trace they are of.
type counting struct {
	slog.Handler

	tries metric.Float64Histogram
}

// counted returns a handler that counts the records of Config.Logger, of which there is one for each try. A transport sees no
// more of a try than its beginning: whether the answer comes to its end, and is what was asked for, is known here.
func counted(next slog.Handler, meter metric.Meter) slog.Handler {
	tries, err := meter.Float64Histogram("cfchat.try.duration", metric.WithUnit("s"))
	if err != nil {
		otel.Handle(err) // where OpenTelemetry's own trouble goes to; nothing is counted then
	}
	return counting{next, tries}
}

// Enabled is true also of what is not written, but counted.
func (counting) Enabled(context.Context, slog.Level) bool { return true }

func (c counting) WithAttrs(attrs []slog.Attr) slog.Handler {
	return counting{c.Handler.WithAttrs(attrs), c.tries}
}

func (c counting) WithGroup(name string) slog.Handler {
	return counting{c.Handler.WithGroup(name), c.tries}
}

// Handle is given the context of the call.
func (c counting) Handle(ctx context.Context, record slog.Record) error {
	var status, failed = int64(0), false
	var took time.Duration
	record.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "status":
			status = a.Value.Int64()
		case "duration":
			took = a.Value.Duration()
		case "error": // is there when there was one
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
