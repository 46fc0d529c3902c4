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

func TestNextFiring(t *testing.T) {
	for name, tc := range map[string]struct{ expression, after, want string }{
		"each day in the studio's winter time":              {"cron(0 4 * * ? *)", "2026-11-23T10:00:00Z", "2026-11-24T02:00:00Z"},
		"each day in the studio's summer time":              {"cron(0 4 * * ? *)", "2026-07-01T10:00:00Z", "2026-07-02T01:00:00Z"},
		"a time that the clocks skip in spring is left out": {"cron(30 2 * * ? *)", "2026-03-26T12:00:00Z", "2026-03-27T23:30:00Z"},
		"a time that the clocks repeat fires first":         {"cron(30 1 * * ? *)", "2026-10-24T12:00:00Z", "2026-10-24T22:30:00Z"},
		"a time that the clocks repeat fires once":          {"cron(30 1 * * ? *)", "2026-10-24T22:30:00Z", "2026-10-25T23:30:00Z"},
		"every quarter of an hour":                          {"cron(0/15 * * * ? *)", "2026-11-23T10:01:00Z", "2026-11-23T10:15:00Z"},
		"working days by name":                              {"cron(0 8 ? * SUN-THU *)", "2026-11-26T10:00:00Z", "2026-11-29T06:00:00Z"},
		"the last day of the month":                         {"cron(0 0 L * ? *)", "2027-02-01T00:00:00Z", "2027-02-27T22:00:00Z"},
		"the last Friday of the month":                      {"cron(0 12 ? * 6L *)", "2026-11-23T00:00:00Z", "2026-11-27T10:00:00Z"},
		"the second Monday":                                 {"cron(0 12 ? * MON#2 *)", "2026-11-23T00:00:00Z", "2026-12-14T10:00:00Z"},
		"the working day nearest to the first":              {"cron(0 12 1W * ? *)", "2026-07-15T00:00:00Z", "2026-08-03T09:00:00Z"},
		"certain months and years":                          {"cron(0 0 1 JAN,JUL ? 2030/2)", "2026-11-23T00:00:00Z", "2029-12-31T22:00:00Z"},
		"a rate counts from 1970":                           {"rate(5 minutes)", "2026-11-23T10:01:00Z", "2026-11-23T10:05:00Z"},
		"a rate of one day":                                 {"rate(1 day)", "2026-11-23T10:01:00Z", "2026-11-24T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			zone, err := time.LoadLocation("Asia/Jerusalem")
			if err != nil {
				t.Fatal(err)
			}
			e, err := parse(tc.expression, zone)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := e.next(instant(t, tc.after))
			if !ok || !got.Equal(instant(t, tc.want)) {
				t.Errorf("got %s, want %s", got.UTC(), tc.want)
			}
		})
	}
}

func TestAScheduleOfThePastNeverFires(t *testing.T) {
	e, err := parse("cron(0 0 1 1 ? 2020)", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	if at, ok := e.next(instant(t, "2026-11-23T00:00:00Z")); ok {
		t.Errorf("it fires at %s", at)
	}
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
