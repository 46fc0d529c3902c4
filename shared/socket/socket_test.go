package socket_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/shared/management"
	"fitkit/shared/socket"
	"fitkit/shared/tenancy"
)

func TestHandshakesByOrigin(t *testing.T) {
	for name, tc := range map[string]struct {
		headers map[string][]string
		want    int
	}{
		"a listed site":               {map[string][]string{"Origin": {"https://app.fitkit.example"}}, 200},
		"a listed site in small":      {map[string][]string{"origin": {"https://app.fitkit.example"}}, 200},
		"no browser":                  {nil, 200},
		"another site":                {map[string][]string{"Origin": {"https://evil.example"}}, 403},
		"another scheme":              {map[string][]string{"Origin": {"http://app.fitkit.example"}}, 403},
		"another port":                {map[string][]string{"Origin": {"https://app.fitkit.example:8443"}}, 403},
		"a site that begins alike":    {map[string][]string{"Origin": {"https://app.fitkit.example.evil.example"}}, 403},
		"a page without a site":       {map[string][]string{"Origin": {"null"}}, 403},
		"an empty one":                {map[string][]string{"Origin": {""}}, 403},
		"a listed site and another":   {map[string][]string{"Origin": {"https://app.fitkit.example", "https://evil.example"}}, 403},
		"two spellings of the header": {map[string][]string{"Origin": {"https://app.fitkit.example"}, "origin": {"https://evil.example"}}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			h := socket.Connect(socket.Op{Name: "socket-test-connect"}, []string{"https://app.fitkit.example"},
				func(context.Context, socket.Handshake) error { return nil })
			got, err := socket.Lambda(h)(t.Context(), events.APIGatewayWebsocketProxyRequest{MultiValueHeaders: tc.headers})
			if err != nil || got.StatusCode != tc.want {
				t.Errorf("%d, %v; want %d", got.StatusCode, err, tc.want)
			}
		})
	}
}

// posts keeps what is posted and fails as told.
type posts struct {
	body string
	err  error
}

func (p *posts) Post(_ context.Context, _ string, body []byte) error {
	p.body = string(body)
	return p.err
}

func TestMessages(t *testing.T) {
	for name, tc := range map[string]struct {
		body   string
		handle func() (any, error)
		to     posts
		status int
		reply  string
	}{
		"an answer is posted": {body: `{}`, handle: func() (any, error) { return map[string]string{"type": "pong"}, nil }, status: 200, reply: `{"type":"pong"}`},
		"a refusal is posted": {body: `{}`, handle: func() (any, error) { return nil, socket.ErrAction }, status: http.StatusNotFound,
			reply: `{"type":"error","code":"socket.action_unknown","title":"There is no such action. Send one JSON object with a known \"action\".","title_he":"אין פעולה כזו. שלחו אובייקט JSON אחד עם \"action\" מוכר.","status":404}`},
		"a client that has left waits for nothing": {body: `{}`, handle: func() (any, error) { return 1, nil }, to: posts{err: management.ErrGone}, status: 200, reply: `1`},
		"an answer that cannot be sent is a failure": {body: `{}`, handle: func() (any, error) { return 1, nil }, to: posts{err: context.DeadlineExceeded},
			status: 500, reply: `1`},
		"a panic is a failure of its message alone": {body: `{}`, handle: func() (any, error) { panic("x") }, status: 500},
	} {
		t.Run(name, func(t *testing.T) {
			h := socket.Message(socket.Op{Name: "socket-test-say"}, &tc.to, func(context.Context, tenancy.Caller, struct{}) (any, error) { return tc.handle() })
			got, err := socket.Lambda(h)(t.Context(), events.APIGatewayWebsocketProxyRequest{Body: tc.body})
			if err != nil || got.StatusCode != tc.status || tc.to.body != tc.reply {
				t.Errorf("%d %s, %v", got.StatusCode, tc.to.body, err)
			}
		})
	}
}
