package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// logged returns a handler that writes a line for each record, without the time, which only a long-running program needs.
func logged(out io.Writer) slog.Handler {
	return slog.NewTextHandler(out, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case slog.TimeKey, slog.LevelKey:
				return slog.Attr{}
			case "duration", "wait":
				return slog.Duration(a.Key, short(a.Value.Duration()))
			}
			return a
		},
	})
}

// spans is an exporter that keeps the ended spans instead of sending them.
type spans struct {
	mu    sync.Mutex
	ended []sdktrace.ReadOnlySpan
}

// ExportSpans keeps more spans.
func (s *spans) ExportSpans(_ context.Context, ended []sdktrace.ReadOnlySpan) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = append(s.ended, ended...)
	return nil
}

// Shutdown does nothing.
func (s *spans) Shutdown(context.Context) error { return nil }

// print writes the spans and the counts below the log.
func (s *seen) print(ctx context.Context) error {
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	s.spans.print(table)
	if err := s.printCounts(ctx, table); err != nil {
		return err
	}
	return table.Flush()
}

// print writes each span with its children.
func (s *spans) print(table io.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortStableFunc(s.ended, func(a, b sdktrace.ReadOnlySpan) int { return a.StartTime().Compare(b.StartTime()) })
	within := map[trace.SpanID][]sdktrace.ReadOnlySpan{}
	for _, span := range s.ended {
		within[span.Parent().SpanID()] = append(within[span.Parent().SpanID()], span)
	}
	_, _ = fmt.Fprint(table, "\nSPAN\tANSWER\tTOOK\tERROR\n")
	for _, call := range within[trace.SpanID{}] {
		printSpan(table, "", call)
		for _, try := range within[call.SpanContext().SpanID()] {
			printSpan(table, "  ", try)
		}
	}
}

// printSpan writes a line for a span, indented if it is part of another.
func printSpan(table io.Writer, indent string, span sdktrace.ReadOnlySpan) {
	answer := ""
	for _, a := range span.Attributes() {
		if a.Key == semconv.HTTPResponseStatusCodeKey {
			answer = a.Value.String()
		}
	}
	_, _ = fmt.Fprintf(table, "%s%s\t%s\t%v\t%s\n", indent, span.Name(), answer, short(span.EndTime().Sub(span.StartTime())), span.Status().Description)
}

// printCounts writes how many tries each operation had, and how many of them failed.
func (s *seen) printCounts(ctx context.Context, table io.Writer) error {
	var now metricdata.ResourceMetrics
	if err := s.counts.Collect(ctx, &now); err != nil {
		return err
	}
	_, _ = fmt.Fprint(table, "\nOPERATION\tANSWER\tTRIES\tFAILED\tSLOWEST\n")
	for _, point := range points(now) {
		failed := uint64(0)
		if value(point, "failed").AsBool() {
			failed = point.Count
		}
		slowest, _ := point.Max.Value()
		_, _ = fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%v\n", value(point, "cfchat.operation").AsString(),
			value(point, "http.response.status_code").AsInt64(), point.Count, failed, short(time.Duration(slowest*float64(time.Second))))
	}
	return nil
}

// points returns the counts, by operation and answer.
func points(now metricdata.ResourceMetrics) []metricdata.HistogramDataPoint[float64] {
	var all []metricdata.HistogramDataPoint[float64]
	for _, scope := range now.ScopeMetrics {
		for _, m := range scope.Metrics {
			if histogram, ok := m.Data.(metricdata.Histogram[float64]); ok {
				all = append(all, histogram.DataPoints...)
			}
		}
	}
	slices.SortFunc(all, func(a, b metricdata.HistogramDataPoint[float64]) int {
		return cmp.Compare(a.Attributes.Encoded(attribute.DefaultEncoder()), b.Attributes.Encoded(attribute.DefaultEncoder()))
	})
	return all
}

// value returns an attribute of a count.
func value(point metricdata.HistogramDataPoint[float64], key attribute.Key) attribute.Value {
	found, _ := point.Attributes.Value(key)
	return found
}

// short returns a duration rounded for reading.
func short(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }
