package blobcron_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"fitkit/shared/blob"
	"fitkit/shared/blob/blobcron"
	"fitkit/shared/blob/documents"
	"fitkit/shared/cron"
	"fitkit/shared/obs"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/run"
)

type answers struct{ err error }

func (a answers) CheckLock(context.Context) error { return a.err }

// Not parallel: the log and the metrics go where the whole process writes them.
func TestABrokenLockRingsAndASilentStoreDoesNot(t *testing.T) {
	d := postgrestest.New(t)
	environment := map[string]string{"STAGE": "test", "SYSTEM_DATABASE_URL": d.SystemURL, "R2_BUCKET_NAME": "fitkit"}
	app, err := run.New(blobcron.CheckLockOp, func(name string) string { return environment[name] })
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		err  error
		want string // in the log, which holds the metrics
		not  string
	}{
		"proved":            {nil, `"LockNotInForce":0`, `"level":"ERROR"`},
		"broken":            {errors.Join(errors.New("versioning is off"), documents.ErrNotLocked), `"LockNotInForce":1`, `"CronSuccess":1`},
		"nothing was heard": {blob.ErrUnavailable, `"level":"ERROR"`, "LockNotInForce\":"},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			obs.Redirect(&log)
			t.Cleanup(func() { obs.Redirect(os.Stdout) })
			_, err := cron.Lambda(app, blobcron.CheckLock(answers{tc.err}))(t.Context(), cron.Event{})
			if !errors.Is(err, tc.err) {
				t.Errorf("the run ended with %v", err)
			}
			if !strings.Contains(log.String(), tc.want) || strings.Contains(log.String(), tc.not) {
				t.Errorf("logged %s", log.String())
			}
		})
	}
}
