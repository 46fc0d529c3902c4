package sockets_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/coder/websocket"

	"fitkit/infra/local/host"
	"fitkit/infra/local/sockets"
	"fitkit/infra/local/template"
	"fitkit/shared/management"
)

// functions notes the events that functions get and answers each with 200, or with status at $connect.
type functions struct {
	status string
	events chan events.APIGatewayWebsocketProxyRequest
}

func (f functions) Invoke(_ context.Context, name string, payload []byte) (host.Result, error) {
	var ev events.APIGatewayWebsocketProxyRequest
	if err := json.Unmarshal(payload, &ev); err != nil {
		return host.Result{}, err
	}
	f.events <- ev
	if name == "fails" {
		return host.Result{FunctionError: "Unhandled"}, nil
	}
	return host.Result{Payload: []byte(`{"statusCode":` + f.status + `}`)}, nil
}

// start serves an API whose functions are noted, and gives its address.
func start(t *testing.T, opt sockets.Options, status string, keys ...string) (functions, string) {
	t.Helper()
	f := functions{status, make(chan events.APIGatewayWebsocketProxyRequest, 16)}
	opt.Invoker = f
	for _, key := range keys {
		function := "works"
		if key == "fail" {
			function = "fails"
		}
		opt.Routes = append(opt.Routes, template.SocketRoute{Key: key, Function: function})
	}
	api := sockets.New(opt)
	server := httptest.NewServer(api)
	t.Cleanup(func() { api.Close(); server.Close() })
	return f, "ws" + strings.TrimPrefix(server.URL, "http") + sockets.Path
}

func dial(t *testing.T, address string) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), address, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

func TestFramesBecomeEvents(t *testing.T) {
	f, address := start(t, sockets.Options{}, "200", "$connect", "$disconnect", "$default", "ping")
	conn := dial(t, address+"?ticket=abc")
	connect := <-f.events
	if c := connect.RequestContext; c.RouteKey != "$connect" || c.EventType != "CONNECT" || c.ConnectionID == "" || connect.QueryStringParameters["ticket"] != "abc" {
		t.Errorf("%+v", connect)
	}
	for message, key := range map[string]string{`{"action":"ping"}`: "ping", `{"action":"x"}`: "$default", `no JSON`: "$default", `{"action":"$connect"}`: "$default"} {
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
			t.Fatal(err)
		}
		ev := <-f.events
		if c := ev.RequestContext; c.RouteKey != key || c.EventType != "MESSAGE" || ev.Body != message || c.ConnectionID != connect.RequestContext.ConnectionID ||
			c.MessageID == "" || ev.Headers != nil || ev.QueryStringParameters != nil {
			t.Errorf("%s: %+v", message, ev)
		}
	}
	if err := conn.Close(websocket.StatusNormalClosure, "bye"); err != nil {
		t.Fatal(err)
	}
	if c := (<-f.events).RequestContext; c.RouteKey != "$disconnect" || c.EventType != "DISCONNECT" || c.DisconnectStatusCode != 1000 {
		t.Errorf("%+v", c)
	}
}

func TestARefusedHandshakeGetsTheFunctionsStatus(t *testing.T) {
	_, address := start(t, sockets.Options{}, "403", "$connect")
	_, res, err := websocket.Dial(t.Context(), address, nil)
	if err == nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("%v", err)
	}
}

func TestWhatEndsAConnection(t *testing.T) {
	fill := func(n int) []byte { return bytes.Repeat([]byte("x"), n) }
	for name, tc := range map[string]struct {
		opt   sockets.Options
		speak func(ctx context.Context, conn *websocket.Conn) error
		want  websocket.StatusCode
	}{
		"ten minutes of silence": {sockets.Options{Idle: time.Millisecond}, nil, websocket.StatusGoingAway},
		"two hours of life":      {sockets.Options{Life: time.Millisecond}, nil, websocket.StatusGoingAway},
		"a frame over 32 kB": {sockets.Options{}, func(ctx context.Context, conn *websocket.Conn) error {
			return conn.Write(ctx, websocket.MessageText, fill(32<<10+1))
		}, websocket.StatusMessageTooBig},
		"a message over 128 kB in small frames": {sockets.Options{}, func(ctx context.Context, conn *websocket.Conn) error {
			w, err := conn.Writer(ctx, websocket.MessageText)
			for range 5 {
				_, e := w.Write(fill(32 << 10))
				err = errors.Join(err, e)
			}
			return errors.Join(err, w.Close())
		}, websocket.StatusMessageTooBig},
	} {
		t.Run(name, func(t *testing.T) {
			_, address := start(t, tc.opt, "200", "$default")
			conn := dial(t, address)
			if tc.speak != nil {
				_ = tc.speak(t.Context(), conn) // cut while it speaks, perhaps
			}
			if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != tc.want {
				t.Errorf("it ended with %v, want %d", err, tc.want)
			}
		})
	}
}

func TestAMessageNobodyCanAnswerIsToldSo(t *testing.T) {
	_, address := start(t, sockets.Options{}, "200", "fail")
	conn := dial(t, address)
	for message, want := range map[string]string{`{"action":"fail"}`: "Internal server error", `{"action":"x"}`: "Forbidden"} {
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
			t.Fatal(err)
		}
		if _, body, err := conn.Read(t.Context()); err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s %v", message, body, err)
		}
	}
}

func TestTheManagementAPI(t *testing.T) {
	f, address := start(t, sockets.Options{}, "200", "$connect")
	conn := dial(t, address)
	id := (<-f.events).RequestContext.ConnectionID
	client := management.New(address, "eu-central-1", aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"})
	err := management.ErrGone
	for deadline := time.Now().Add(5 * time.Second); errors.Is(err, management.ErrGone) && time.Now().Before(deadline); { // the client knows that it is open a moment before the server does
		err = client.Post(t.Context(), id, []byte(`{"type":"hello"}`))
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, body, err := conn.Read(t.Context()); err != nil || string(body) != `{"type":"hello"}` {
		t.Errorf("%s %v", body, err)
	}
	if err := client.Post(t.Context(), "other=", nil); !errors.Is(err, management.ErrGone) {
		t.Errorf("a connection that never was: %v", err)
	}
	if err := client.Post(t.Context(), id, make([]byte, 128<<10+1)); err == nil || !strings.Contains(err.Error(), "413") {
		t.Errorf("a message over 128 kB: %v", err)
	}
	res, err := http.Post("http"+strings.TrimPrefix(address, "ws")+"/@connections/"+id, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("without a signature: %s", res.Status)
	}
	if err := client.Cut(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
		t.Errorf("it ended with %v", err)
	}
	if err := client.Cut(t.Context(), id); !errors.Is(err, management.ErrGone) {
		t.Errorf("a second time: %v", err)
	}
}
