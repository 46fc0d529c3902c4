package outboxcron_test

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"fitkit/shared/cron"
	"fitkit/shared/obs"
	"fitkit/shared/outbox"
	"fitkit/shared/outbox/outboxcron"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/run"
)

// nowhere is an SQS that does not answer.
func nowhere() *outbox.Sender {
	keys := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "x", SecretAccessKey: "x"}, nil
	})
	return outbox.NewSender(outbox.Config{URLPrefix: "http://127.0.0.1:1/0/fitkit-", Endpoint: "http://127.0.0.1:1", Region: "eu-central-1", Credentials: keys})
}

// insert adds a job that became due ten minutes ago, sent at an instant that is given as SQL.
func insert(t *testing.T, d *postgrestest.Database, sent string, resends int) {
	t.Helper()
	d.Exec(t, `insert into jobs (queue, dedupe_key, payload, created_at, available_at, sent_at, resends, attempts)
		values ('billing-resolve-unknown', 'x', '{}', now() - interval '2 hours', now() - interval '10 minutes', `+sent+`, $1, 1)
		on conflict on constraint jobs_once do update set state = 'ready', finished_at = null, sent_at = excluded.sent_at, resends = excluded.resends`, resends)
}

// Not parallel: the log and the metrics go where the whole process writes them. The test went red when the lag was measured
// from created_at, when a failing run did not measure, and when giving up was not counted.
func TestTheRelaySaysWhatItGaveUpAndWhatStillWaits(t *testing.T) {
	d := postgrestest.New(t)
	app, err := run.New(outboxcron.RelayOp, func(name string) string {
		return map[string]string{"STAGE": "test", "SYSTEM_DATABASE_URL": d.SystemURL, "QUEUE_URL_PREFIX": "http://127.0.0.1:1/0/fitkit-"}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	call := cron.Lambda(app, outboxcron.Relay(outbox.NewRelay(postgres.SystemFrom(app), nowhere())))
	for _, tc := range []struct {
		what      string
		sent      string
		resends   int
		dead      string
		from, to  float64 // of the lag, in seconds
		wantError bool
	}{
		{"a job that was sent for the last time half an hour ago", "now() - interval '31 minutes'", 3, "1", 0, 0, false},
		{"a job that was to be sent ten minutes ago, while SQS is down", "null", 0, "", 600, 700, true},
	} {
		t.Run(tc.what, func(t *testing.T) {
			insert(t, d, tc.sent, tc.resends)
			var log bytes.Buffer
			obs.Redirect(&log)
			t.Cleanup(func() { obs.Redirect(os.Stdout) })
			if _, err := call(t.Context(), cron.Event{}); (err != nil) != tc.wantError {
				t.Errorf("the run ended with %v", err)
			}
			lag, err := strconv.ParseFloat(metric(log.String(), "OutboxLagSeconds"), 64)
			if dead := metric(log.String(), "JobDead"); dead != tc.dead || err != nil || lag < tc.from || lag > tc.to {
				t.Errorf("given up %q, lag %g (%v):\n%s", dead, lag, err, log.String())
			}
		})
	}
}

func metric(log, name string) string {
	m := regexp.MustCompile(`"` + name + `":([0-9.e+-]+)`).FindStringSubmatch(log)
	if m == nil {
		return ""
	}
	return m[1]
}
