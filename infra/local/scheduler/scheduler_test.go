package scheduler

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fitkit/infra/local/host"
	"fitkit/infra/local/template"
)

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestMistakesInExpressionsAreRefused(t *testing.T) {
	for name, expression := range map[string]string{
		"five fields":             "cron(0 4 * * ?)",
		"both days given":         "cron(0 4 1 * 2 *)",
		"neither day given":       "cron(0 4 ? * ? *)",
		"minute 60":               "cron(60 4 * * ? *)",
		"a range that runs back":  "cron(9-3 4 * * ? *)",
		"a step of nothing":       "cron(0/0 4 * * ? *)",
		"a rate of zero":          "rate(0 minutes)",
		"a rate without its unit": "rate(5)",
		"neither cron nor rate":   "at(2026-11-23T00:00:00)",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(Options{Schedules: []template.Schedule{{Name: "close-day", Expression: expression, Zone: "UTC"}}})
			if err == nil || !strings.Contains(err.Error(), "schedule close-day") {
				t.Errorf("got %v", err)
			}
		})
	}
}

type call struct {
	function, payload string
	at                time.Time
}

// recorder fails the first so many calls.
type recorder struct {
	mu    sync.Mutex
	fail  int
	calls []call
}

func (r *recorder) Invoke(_ context.Context, function string, payload []byte) (host.Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, call{function, string(payload), time.Now().UTC()})
	if len(r.calls) <= r.fail {
		return host.Result{FunctionError: "Unhandled", Payload: []byte(`{"errorType":"x"}`)}, nil
	}
	return host.Result{Payload: []byte(`"done"`)}, nil
}

func hourly() template.Schedule {
	return template.Schedule{
		Name: "close-day", Function: "cron-close-day", Expression: "rate(1 hour)", Zone: "UTC", Enabled: true, ARN: "arn:aws:scheduler:x",
		Input: `{"cron":"close-day","slot":"<aws.scheduler.scheduled-time>","execution":"<aws.scheduler.execution-id>","attempt":"<aws.scheduler.attempt-number>","arn":"<aws.scheduler.schedule-arn>"}`,
	}
}

func TestAnEnabledScheduleFiresAtItsSlotsAndADisabledOneNever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		off := hourly()
		off.Name, off.Enabled = "off", false
		s, err := New(Options{Schedules: []template.Schedule{hourly(), off}, Invoker: r})
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		time.Sleep(3 * time.Hour) // the bubble's clock: no time passes
		s.Close()
		// The bubble begins at midnight of 2000-01-01; slots 01:00, 02:00 and perhaps 03:00, which ends it.
		if len(r.calls) < 2 || len(r.calls) > 3 {
			t.Fatalf("%d runs: %v", len(r.calls), r.calls)
		}
		first := r.calls[0]
		for _, want := range []string{`"slot":"2000-01-01T01:00:00Z"`, `"attempt":"1"`, `"arn":"arn:aws:scheduler:x"`} {
			if !strings.Contains(first.payload, want) {
				t.Errorf("payload %s lacks %s", first.payload, want)
			}
		}
		if first.function != "cron-close-day" || strings.Contains(first.payload, "<aws") {
			t.Errorf("got %+v", first)
		}
	})
}

func TestAFailedRunIsRepeatedTwiceWithTheSamePayload(t *testing.T) {
	for name, tc := range map[string]struct{ fails, runs, failures int }{
		"the second try succeeds": {1, 2, 0},
		"every try fails":         {9, 3, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &recorder{fail: tc.fails}
				var failures []Failure
				s, err := New(Options{Schedules: []template.Schedule{hourly()}, Invoker: r, OnFailure: func(f Failure) { failures = append(failures, f) }})
				if err != nil {
					t.Fatal(err)
				}
				s.Start()
				time.Sleep(time.Hour + 30*time.Minute)
				s.Close()
				if len(r.calls) != tc.runs || len(failures) != tc.failures {
					t.Fatalf("%d runs, %d failures", len(r.calls), len(failures))
				}
				for i, c := range r.calls {
					if c.payload != r.calls[0].payload {
						t.Errorf("try %d has another payload", i+1)
					}
				}
				if gap := r.calls[1].at.Sub(r.calls[0].at); gap != time.Minute {
					t.Errorf("the second try came after %s", gap)
				}
			})
		})
	}
}

func TestRunNow(t *testing.T) {
	r := &recorder{}
	off := hourly()
	off.Enabled = false
	s, err := New(Options{Schedules: []template.Schedule{off}, Invoker: r})
	if err != nil {
		t.Fatal(err)
	}
	slot := instant(t, "2026-11-23T04:00:00+02:00")
	for _, name := range []string{"close-day", "cron-close-day"} {
		if got, err := s.RunNow(t.Context(), name, slot); err != nil || string(got.Payload) != `"done"` {
			t.Errorf("%s: %s %v", name, got.Payload, err)
		}
	}
	if !strings.Contains(r.calls[0].payload, `"slot":"2026-11-23T02:00:00Z"`) {
		t.Errorf("payload %s", r.calls[0].payload)
	}
	if _, err := s.RunNow(t.Context(), "nobody", slot); !errors.Is(err, ErrUnknownSchedule) {
		t.Errorf("unknown schedule: %v", err)
	}
}
