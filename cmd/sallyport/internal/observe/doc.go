// Package observe tells those who run the service how it does: whether it is
// alive and ready, numbers for Prometheus, traces for OpenTelemetry.
//
// Nothing that it gives out holds a name, a path, an identifier or a word that
// somebody wrote: labels are routes, kinds and statuses, of which there are a
// few. Details are served by a listener of their own; the service's own address
// answers only whether it is alive and ready.
package observe
