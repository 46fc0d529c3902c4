package cron_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"fitkit/shared/cron"
	"fitkit/shared/obs"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/run"
)

var op = cron.Op{Name: "cron-room-clean", Schedule: "rate(1 hour)", Timeout: 15 * time.Minute}

// slots is a schedule's function and what its metrics say. Its handler does what next says.
type slots struct {
	*postgrestest.Database
	call func(context.Context, cron.Event) (cron.Result, error)
	next func() (int64, error)
	log  bytes.Buffer
}

// Not parallel: the metrics go where the whole process writes them.
func newSlots(t *testing.T) *slots {
	t.Helper()
	s := &slots{Database: postgrestest.New(t)}
	obs.Redirect(&s.log)
	t.Cleanup(func() { obs.Redirect(os.Stdout) })
	app, err := run.New(op, func(name string) string {
		return map[string]string{"STAGE": "test", "SYSTEM_DATABASE_URL": s.SystemURL, "CRONS_ENABLED": "true"}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	s.call = cron.Lambda(app, cron.New(op, func(context.Context) (int64, error) { return s.next() }))
	return s
}

// deliver brings the slot, and says whether it ran, whether Lambda has to try again, and whether a success was counted.
func (s *slots) deliver(t *testing.T, slot time.Time) string {
	t.Helper()
	s.log.Reset()
	res, err := s.call(context.Background(), cron.Event{Slot: slot})
	var said []string
	if res.Ran {
		said = append(said, "ran")
	}
	if err != nil {
		said = append(said, "fails")
	}
	if strings.Contains(s.log.String(), `"CronSuccess":1`) {
		said = append(said, "success")
	}
	return strings.Join(said, " ")
}

var planned = time.Date(2026, 5, 3, 4, 0, 0, 0, time.UTC)

func works() (int64, error)  { return 3, nil }
func breaks() (int64, error) { return 0, errors.New("the provider is down") }

// TestAFailedRunIsTriedAgainAndIsNoSuccess: Lambda brings a failed slot again after a minute and after three. A handler that failed kept its
// slot for the whole time limit; the next try was told that it runs already, which counted as a success, ended the tries, and
// kept the alarms of silent and of failed schedules quiet. Red without the slot being given back, and with ErrRunning left out.
func TestAFailedRunIsTriedAgainAndIsNoSuccess(t *testing.T) {
	s := newSlots(t)
	for try, tc := range []struct {
		next func() (int64, error)
		want string
	}{{breaks, "fails"}, {breaks, "fails"}, {works, "ran success"}, {breaks, "success"}} { // the last is a copy that comes late
		s.next = tc.next
		if got := s.deliver(t, planned); got != tc.want {
			t.Errorf("try %d: %s, want %s", try+1, got, tc.want)
		}
	}
}

// TestASlotRunsOnce: a copy that comes while the slot runs does nothing, and is no success before the run is; what a process that
// died began is begun anew when its time is over, and if it lived after all it ends nothing.
func TestASlotRunsOnce(t *testing.T) {
	s := newSlots(t)
	var during string
	s.next = func() (int64, error) {
		s.next = works
		log := s.log.String()
		_, err := s.call(context.Background(), cron.Event{Slot: planned})
		if during = s.log.String()[len(log):]; !errors.Is(err, cron.ErrRunning) {
			t.Errorf("the copy was told %v", err)
		}
		return 1, nil
	}
	if got := s.deliver(t, planned); got != "ran success" || strings.Contains(during, "CronSuccess") {
		t.Errorf("%s; the copy wrote %s", got, during)
	}

	late := planned.Add(time.Hour)
	s.next = func() (int64, error) { // its process is frozen until its time is over, and another has its slot
		s.Exec(t, "update cron_runs set lease_until = now() - interval '1 second' where finished_at is null")
		s.next = works
		if got := s.deliver(t, late); got != "ran success" {
			t.Errorf("the second try: %s", got)
		}
		return 1, nil
	}
	s.deliver(t, late)
	if n := postgrestest.Get[int](t, s.Database, "select selected::int from cron_runs where slot = $1", late); n != 3 {
		t.Errorf("the run that lost its slot wrote down that it selected %d", n)
	}
}

// TestAPanicGivesItsSlotBack was seen red with a slot that is given back only after an error.
func TestAPanicGivesItsSlotBack(t *testing.T) {
	s := newSlots(t)
	s.next = func() (int64, error) { panic("a nil map") }
	func() {
		defer func() { _ = recover() }() // as run.App does, whose process ends then
		s.deliver(t, planned)
	}()
	s.next = works
	if got := s.deliver(t, planned); got != "ran success" {
		t.Error(got)
	}
}
