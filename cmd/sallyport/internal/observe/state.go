package observe

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sallyport/checks/confine"
	"sallyport/review"
	"sallyport/storage"
)

// state is what is looked up when somebody asks: it is the same on every instance
// that shares a database, but for the disks and the children.
type state struct {
	service *review.Service
	store   *storage.Store
	pool    *confine.Pool
	rows    stateRows
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("sallyport_"+name, help, labels, nil)
}

type stateRows struct {
	requests, waiting, failing, dead, oldest, alarms, events, unsigned, signedAge, witness, scanner, disk, backup, queue, deaths, sessions, up *prometheus.Desc
}

func newState(service *review.Service, store *storage.Store, pool *confine.Pool) *state {
	return &state{service, store, pool, stateRows{
		requests:  describe("requests", "Requests, by status.", "status"),
		waiting:   describe("jobs_waiting", "Jobs that wait or are being done, by kind.", "kind"),
		failing:   describe("jobs_failing", "Of those that wait, jobs that failed and are tried again, by kind.", "kind"),
		dead:      describe("jobs_dead", "Jobs that were given up, by kind.", "kind"),
		oldest:    describe("jobs_oldest_seconds", "For how long the job that waits longest has been due."),
		alarms:    describe("integrity_alarms", "Stored files that are not what is on record."),
		events:    describe("record_events", "Events on record."),
		unsigned:  describe("record_unsigned_events", "Events since the newest checkpoint."),
		signedAge: describe("record_signed_seconds", "Age of the newest checkpoint; not there before the first."),
		witness:   describe("record_witness_behind_events", "Signed events that the witness furthest behind has not taken."),
		scanner:   describe("malware_scanner_up", "1 when the malware scanner gives verdicts, or none is configured."),
		disk:      describe("disk_free_bytes", "Bytes that the service may still write, by folder.", "folder"),
		backup:    describe("backup_age_seconds", "Age of the newest backup that is known of; not there when none is."),
		queue:     describe("checks_waiting", "Sets of files that wait for a process to be examined in, on this instance."),
		deaths:    describe("checks_processes_died_total", "Processes that died or were killed while they examined files, on this instance."),
		sessions:  describe("sessions_in_use", "People's sessions that were used within the last quarter of an hour."),
		up:        describe("store_up", "1 when the database answered these questions."),
	}}
}

// Describe sends the descriptions of what Collect sends.
func (s *state) Describe(to chan<- *prometheus.Desc) {
	r := s.rows
	for _, d := range []*prometheus.Desc{
		r.requests, r.waiting, r.failing, r.dead, r.oldest, r.alarms, r.events, r.unsigned, r.signedAge, r.witness, r.scanner, r.disk, r.backup, r.queue, r.deaths, r.sessions, r.up,
	} {
		to <- d
	}
}

// Collect looks everything up.
func (s *state) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	use := s.pool.Use()
	gauge(s.rows.queue, float64(use.Waiting))
	to <- prometheus.MustNewConstMetric(s.rows.deaths, prometheus.CounterValue, float64(use.Deaths))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	v, err := s.service.Vitals(ctx)
	if err != nil {
		gauge(s.rows.up, 0)
		return
	}
	sessions, err := s.store.SessionsInUse(ctx, v.At.Add(-15*time.Minute))
	if err != nil {
		gauge(s.rows.up, 0)
		return
	}
	gauge(s.rows.up, 1)
	gauge(s.rows.sessions, float64(sessions))
	s.work(v, gauge)
	s.keeping(v, gauge)
}

type gaugeFunc func(d *prometheus.Desc, v float64, labels ...string)

// age is how long ago something was, in seconds; none when it never was.
func (s *state) age(d *prometheus.Desc, at, now time.Time, gauge gaugeFunc) {
	if !at.IsZero() {
		gauge(d, max(0, now.Sub(at).Seconds()))
	}
}

func (s *state) work(v *review.Vitals, gauge gaugeFunc) {
	for status, n := range v.Requests {
		gauge(s.rows.requests, float64(n), string(status))
	}
	for _, j := range v.Jobs {
		gauge(s.rows.waiting, float64(j.Waiting), j.Kind)
		gauge(s.rows.failing, float64(j.Failing), j.Kind)
		gauge(s.rows.dead, float64(j.Dead), j.Kind)
	}
	late := 0.0
	if since := v.Late(); !since.IsZero() {
		late = max(0, v.At.Sub(since).Seconds())
	}
	gauge(s.rows.oldest, late)
}

func (s *state) keeping(v *review.Vitals, gauge gaugeFunc) {
	gauge(s.rows.alarms, float64(v.Alarms))
	gauge(s.rows.events, float64(v.Events))
	gauge(s.rows.unsigned, float64(v.Signed.Unsigned))
	s.age(s.rows.signedAge, v.Signed.At, v.At, gauge)
	s.age(s.rows.backup, v.Host.Backup, v.At, gauge)
	behind := int64(0)
	for _, w := range v.Signed.Witnesses {
		behind = max(behind, v.Signed.Newest-w.Size)
	}
	gauge(s.rows.witness, float64(behind))
	for _, d := range v.Host.Disks {
		if d.Problem == "" {
			gauge(s.rows.disk, float64(d.Free), d.Folder)
		}
	}
	up := 1.0
	if v.Scanner != "" {
		up = 0
	}
	gauge(s.rows.scanner, up)
}
