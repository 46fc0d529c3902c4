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
				p.Title == "" || p.TitleHe == "" || p.CorrelationID == "" || got.Headers["retry-after"] != tc.wait || got.Headers["content-type"] != "application/problem+json" {
				t.Errorf("%+v", got)
			}
		})
	}
}

// Anybody can post to a webhook's address: were a refusal a failure, they could ring the alarm that takes deployments back. It
// went red when every error was one.
func TestOnlyAFaultOfOursIsAFailure(t *testing.T) {
	for name, tc := range map[string]struct {
		err    error
		failed string
	}{
		"a signature that does not fit": {hook.ErrRefused, `"Failed":0`},
		"an error without kind":         {errors.New("no such column"), `"Failed":1`},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			obs.Redirect(&log)
			t.Cleanup(func() { obs.Redirect(os.Stdout) })
			h := hook.New(hook.Op{Name: "hook-room-provider", Status: 200}, func(context.Context, hook.Request) error { return tc.err })
			if _, err := hook.Lambda(h)(t.Context(), events.APIGatewayV2HTTPRequest{}); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(log.String(), tc.failed) || !strings.Contains(log.String(), `"code":"`+fail.From(tc.err).Code+`"`) {
				t.Errorf("lacks %s: %s", tc.failed, log.String())
			}
		})
	}
}
