package realtime_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"

	"fitkit/shared/management"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/realtime"
	"fitkit/shared/realtime/realtimesocket"
	"fitkit/shared/retry"
	"fitkit/shared/retry/outagetest"
	"fitkit/shared/socket"
)

// TestConnectionsOutliveAnAPIThatFails (T16): while API Gateway does not take messages, a message's invocation fails by itself and
// its connection stays; the schedule that cuts gives up soon and forgets nobody. It was seen red with a schedule that asked for
// each of its connections in turn. Garbage is not told apart: the answer to a cut has no body that could be looked at.
func TestConnectionsOutliveAnAPIThatFails(t *testing.T) {
	t.Parallel()
	outagetest.Each(t, func(t *testing.T, o *outagetest.Outage) {
		w := newWorld(t)
		for i := range 10 {
			w.open(t, w.owner, strconv.Itoa(i))
		}
		to := management.New("ws"+strings.TrimPrefix(o.URL, "http"), "eu-central-1", aws.Credentials{AccessKeyID: "k", SecretAccessKey: "s"})
		ping := socket.Lambda(realtimesocket.Ping(w.store, realtime.NewPosts(w.store, to)))
		got, err := ping(o.Context(t), events.APIGatewayWebsocketProxyRequest{Body: `{"action":"ping"}`,
			RequestContext: events.APIGatewayWebsocketProxyRequestContext{ConnectionID: "0"}})
		if want := 500; err != nil || got.StatusCode != want && !o.Garbage() {
			t.Errorf("a ping: %d, %v", got.StatusCode, err)
		}
		if n := postgrestest.Get[int](t, w.Database, "select count(*) from connections"); n != 10 {
			t.Errorf("%d of 10 connections are left after a ping", n)
		}
		asked := o.Asked()
		w.Exec(t, "update orgs set status = 'suspended'")
		if o.Garbage() {
			return
		}
		if n, err := realtime.NewCutter(w.System, to).Cut(o.Context(t)); n != 0 || err == nil {
			t.Errorf("cut %d, %v", n, err)
		}
		if n := postgrestest.Get[int](t, w.Database, "select count(*) from connections"); n != 10 {
			t.Errorf("%d of 10 connections are left", n)
		}
		if n := o.Asked() - asked; n > retry.Tries {
			t.Errorf("API Gateway was asked %d times", n)
		}
	})
}
