package hook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/hook"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
)

func TestAWebhookIsRefusedAsEndpointsRefuse(t *testing.T) {
	busy := fail.New(fail.Unavailable, "room.busy", "Busy.", "תפוס.").After(5e9)
	for name, tc := range map[string]struct {
		err    error
		status int
		code   string
		wait   string
	}{
		"a refusal":             {hook.ErrRefused, 401, "hook.refused", ""},
		"one to come back from": {busy, 503, "room.busy", "5"},
		"an error without kind": {errors.New("card 4580"), 500, "internal", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := hook.New(hook.Op{Name: "hook-room-provider", Status: 200}, func(context.Context, hook.Request) error { return tc.err })
			got, err := hook.Lambda(h)(t.Context(), events.APIGatewayV2HTTPRequest{})
			if err != nil {
				t.Fatal(err)
			}
			var p api.Problem
			if err := json.Unmarshal([]byte(got.Body), &p); err != nil {
				t.Fatal(err)
			}
			if got.StatusCode != tc.status || p.Status != tc.status || p.Code != tc.code || p.Type != "https://docs.fitkit.example/errors#"+tc.code ||
				p.Title == "" || p.TitleHe == "" || p.CorrelationID == "" || got.Headers["x-correlation-id"] != p.CorrelationID || got.Headers["retry-after"] != tc.wait || got.Headers["content-type"] != "application/problem+json" {
				t.Errorf("%+v", got)
			}
		})
	}
}

// Red with every refusal a failure: anybody who posts rubbish then rings the alarm and has a deployment taken back. And red
// with no failure at all. (It redirects the log of the whole process, so it runs apart from parallel tests.)
func TestOnlyWhatIsOursRingsTheAlarm(t *testing.T) {
	var log bytes.Buffer
	var reported int
	obs.Redirect(&log)
	obs.ReportTo(func(context.Context, obs.Failure) { reported++ })
	t.Cleanup(func() { obs.Redirect(os.Stdout); obs.ReportTo(nil) })
	h := func(err error) hook.Handler {
		return hook.New(hook.Op{Name: "hook-room-provider", Status: 200}, func(context.Context, hook.Request) error { return err })
	}
	panics := hook.New(hook.Op{Name: "hook-room-provider", Status: 200}, func(context.Context, hook.Request) error { panic("x") })
	for name, tc := range map[string]struct {
		h     hook.Handler
		event events.APIGatewayV2HTTPRequest
		ours  bool
	}{
		"what is accepted":            {h(nil), events.APIGatewayV2HTTPRequest{}, false},
		"a forgery":                   {h(hook.ErrRefused), events.APIGatewayV2HTTPRequest{}, false},
		"an address of nobody":        {h(fail.New(fail.NotFound, "room.no_such", "No.", "לא.")), events.APIGatewayV2HTTPRequest{}, false},
		"no base64":                   {h(nil), events.APIGatewayV2HTTPRequest{Body: "*", IsBase64Encoded: true}, false},
		"too much":                    {h(nil), events.APIGatewayV2HTTPRequest{Body: strings.Repeat("x", hook.MaxBody+1)}, false},
		"a database that is away":     {h(postgres.ErrUnavailable), events.APIGatewayV2HTTPRequest{}, true},
		"an error that has no kind":   {h(errors.New("broken")), events.APIGatewayV2HTTPRequest{}, true},
		"a handler that cannot go on": {panics, events.APIGatewayV2HTTPRequest{}, true},
	} {
		log.Reset()
		reported = 0
		if _, err := hook.Lambda(tc.h)(t.Context(), tc.event); err != nil {
			t.Fatal(err)
		}
		failed, said := strings.Contains(log.String(), `"Failed":1`), strings.Contains(log.String(), `"level":"ERROR"`)
		if failed != tc.ours || said != tc.ours || (reported == 1) != tc.ours {
			t.Errorf("%s: Failed %v, ERROR %v, %d reports\n%s", name, failed, said, reported, log.String())
		}
	}
}
