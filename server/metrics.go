package server

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
)

// metrics are what Prometheus reads. Labels are names of analyzers, queues and routes, never of people.
type metrics struct {
	registry    *prometheus.Registry
	requests    *prometheus.HistogramVec
	pluginCalls *prometheus.HistogramVec
	pluginTexts *prometheus.CounterVec
	drift       drifting
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "finco_http_request_seconds", Help: "Time to answer HTTP requests.", Buckets: prometheus.DefBuckets,
		}, []string{"route", "code"}),
		pluginCalls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "finco_plugin_call_seconds", Help: "Time of batches sent to analyzers.", Buckets: prometheus.ExponentialBuckets(0.0005, 4, 9),
		}, []string{"analyzer", "outcome"}),
		pluginTexts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "finco_plugin_inputs_total", Help: "Messages sent to analyzers.",
		}, []string{"analyzer"}),
	}
	m.registry.MustRegister(m.requests, m.pluginCalls, m.pluginTexts, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) pluginCall(name string, took time.Duration, inputs int, err error) {
	outcome := "ok"
	if err != nil {
		outcome = string(domain.KindOf(err))
	}
	m.pluginCalls.WithLabelValues(name, outcome).Observe(took.Seconds())
	m.pluginTexts.WithLabelValues(name).Add(float64(inputs))
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// driftEvery is how old the drift that Prometheus reads may be: it is counted from weeks of judgements.
const driftEvery = 10 * time.Minute

// drifting is the drift as last counted.
type drifting struct {
	mu   sync.Mutex
	at   time.Time
	rows []app.DriftRow
}

// judgements is how the analyzers' judgements moved, counted now or lately. What could not be counted is not tried again with
// every look of Prometheus: it may be the counting that is too much.
func (p *Parts) judgements(ctx context.Context) []app.DriftRow {
	d := &p.metrics.drift
	d.mu.Lock()
	defer d.mu.Unlock()
	if now := time.Now(); d.at.IsZero() || now.Sub(d.at) > driftEvery {
		var err error
		if d.rows, err = p.App.Drift(ctx, app.DriftInput{}); err != nil {
			p.Log.Warn("the drift of the analyzers is not known", "room", "server", "error", err)
		}
		d.at = now
	}
	return d.rows
}

// gauges reads the state of queues, waits and analyzers when Prometheus asks.
type gauges struct{ parts *Parts }

var (
	jobsWaiting = prometheus.NewDesc("finco_jobs", "Jobs by queue, kind and state.", []string{"queue", "kind", "state"}, nil)
	jobsAge     = prometheus.NewDesc("finco_jobs_oldest_seconds", "Age of the oldest job of a queue that waits or runs.", []string{"queue", "kind", "state"}, nil)
	waitsOpen   = prometheus.NewDesc("finco_waits_open", "Customers waiting for an answer, by whether the target has passed.", []string{"state"}, nil)
	failures    = prometheus.NewDesc("finco_analysis_failures", "Messages that an analyzer could not judge.", []string{"analyzer"}, nil)
	restarts    = prometheus.NewDesc("finco_plugin_restarts_total", "Restarts of an analyzer.", []string{"analyzer"}, nil)
	inService   = prometheus.NewDesc("finco_plugin_in_service", "1 if the analyzer runs, 0 if it is out of service or restarting.", []string{"analyzer"}, nil)
	driftIndex  = prometheus.NewDesc("finco_analyzer_drift", "Population stability index of an analyzer's labels, this week against the four before; above 0.2 is worth a look.", []string{"analyzer", "kind", "language"}, nil)
	confidence  = prometheus.NewDesc("finco_analyzer_confidence", "Mean confidence of an analyzer in the last seven days.", []string{"analyzer", "kind", "language"}, nil)
	pluginBytes = prometheus.NewDesc("finco_plugin_resident_bytes", "Memory of an analyzer's process.", []string{"analyzer"}, nil)
)

// Describe implements prometheus.Collector.
func (g gauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{jobsWaiting, jobsAge, waitsOpen, failures, restarts, inService, pluginBytes, driftIndex, confidence, updatesWaiting, updatesAge, updatesHandled} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (g gauges) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(auth.With(context.Background(), auth.System("scheduler")), 5*time.Second)
	defer cancel()
	load, err := g.parts.App.Load(ctx)
	if err != nil {
		g.parts.Log.Warn("metrics without the database", "room", "server", "error", err)
	}
	for _, q := range load.Queues {
		ch <- prometheus.MustNewConstMetric(jobsWaiting, prometheus.GaugeValue, float64(q.Jobs), q.Queue, q.Kind, q.State)
		ch <- prometheus.MustNewConstMetric(jobsAge, prometheus.GaugeValue, q.Oldest.Seconds(), q.Queue, q.Kind, q.State)
	}
	for state, n := range load.Waits {
		ch <- prometheus.MustNewConstMetric(waitsOpen, prometheus.GaugeValue, float64(n), state)
	}
	for name, n := range load.Failures {
		ch <- prometheus.MustNewConstMetric(failures, prometheus.GaugeValue, float64(n), name)
	}
	for _, d := range g.parts.judgements(ctx) {
		if d.Index != nil {
			ch <- prometheus.MustNewConstMetric(driftIndex, prometheus.GaugeValue, *d.Index, d.Analyzer, d.Kind, d.Language)
		}
		if d.ConfidenceNow != nil {
			ch <- prometheus.MustNewConstMetric(confidence, prometheus.GaugeValue, *d.ConfidenceNow, d.Analyzer, d.Kind, d.Language)
		}
	}
	g.telegramGauges(ctx, ch)
	for _, s := range g.parts.host.Status() {
		running := 0.0
		if s.State == "running" {
			running = 1
		}
		ch <- prometheus.MustNewConstMetric(restarts, prometheus.CounterValue, float64(s.Restarts), s.Name)
		ch <- prometheus.MustNewConstMetric(inService, prometheus.GaugeValue, running, s.Name)
		ch <- prometheus.MustNewConstMetric(pluginBytes, prometheus.GaugeValue, float64(s.Memory), s.Name)
	}
}
