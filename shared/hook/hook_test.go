package hook_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/hook"
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
