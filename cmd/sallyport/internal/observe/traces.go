package observe

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"sallyport/review"
	"sallyport/storage"
)

// Traces sends spans somewhere until it is shut down.
type Traces struct{ provider *sdktrace.TracerProvider }

// OpenTraces sends spans to an OTLP collector at a URL; of all requests, this
// share, from 0 to 1.
func OpenTraces(ctx context.Context, url, version string, share float64) (*Traces, error) {
	out, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(url), otlptracehttp.WithTimeout(10*time.Second))
	if err != nil {
		return nil, err
	}
	return NewTraces(sdktrace.NewBatchSpanProcessor(out), version, share), nil
}

// NewTraces gives spans to a processor. The library keeps one provider for a
// process; a later one takes its place.
func NewTraces(to sdktrace.SpanProcessor, version string, share float64) *Traces {
	t := &Traces{sdktrace.NewTracerProvider(
		sdktrace.WithSpanProcessor(to),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(share))),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "sallyport"), attribute.String("service.version", version))),
	)}
	otel.SetTracerProvider(t.provider)
	return t
}

// Close sends what is left.
func (t *Traces) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return t.provider.Shutdown(ctx)
}

func tracer() trace.Tracer { return otel.Tracer("sallyport") }

// fail marks a span, without the error's text, which may quote.
func fail(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
}

// Requests makes a span of each request. It has no address in it: RequestDone
// names its route. A trace that the sender says it belongs to is not believed.
func Requests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, span := tracer().Start(r.Context(), "request", trace.WithSpanKind(trace.SpanKindServer), trace.WithNewRoot())
		defer span.End()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// RequestDone names the span of a request.
func RequestDone(ctx context.Context, id, method, route string, status int) {
	span := trace.SpanFromContext(ctx)
	method, route = known(method, route)
	span.SetName(method + " " + route)
	span.SetAttributes(attribute.String("http.route", route), attribute.Int("http.response.status_code", status), attribute.String("sallyport.request", id))
	if status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
}

// StatementDone makes a span of a statement within a request.
func StatementDone(ctx context.Context, s storage.Statement) {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return
	}
	_, span := tracer().Start(ctx, s.Kind+" "+s.Table, trace.WithTimestamp(s.Began), trace.WithSpanKind(trace.SpanKindClient))
	fail(span, s.Err)
	span.End(trace.WithTimestamp(s.Began.Add(s.Took)))
}

// Begin makes a span of work within a request, or of a background job, and returns
// what ends it. A refusal is an answer, not an error of the service.
func Begin(ctx context.Context, name string) (context.Context, func(error)) {
	ctx, span := tracer().Start(ctx, name)
	return ctx, func(err error) {
		if kind := review.KindOf(err); kind == review.Internal || kind == review.Unavailable {
			fail(span, err)
		}
		span.End()
	}
}
